"""The symbolic expression graph: what a computation is."""
