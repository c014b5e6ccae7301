"""How a network learns: models, the fit loop, callbacks, history, saved files."""
