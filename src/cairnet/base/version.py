"""The version of Cairnet, stated once: the package, its files and its cache all read it here."""

import time

__all__ = ["LOADED_AT", "__version__"]

__version__ = "0.1.0"
#: When this process loaded Cairnet, in seconds since the epoch: what is in memory may be older
#: than source files that were changed since.
LOADED_AT = time.time()
