"""The version of Cairnet, stated once: the package, its files and its cache all read it here."""

__all__ = ["__version__"]

__version__ = "0.1.0"
