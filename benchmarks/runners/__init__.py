"""How each library trains a network: one file a library.

A workload states its network once for each library, as a loss of parameters and a batch; what is
here turns that into a `Runner`. The libraries are imported inside functions, in the worker alone.
"""
