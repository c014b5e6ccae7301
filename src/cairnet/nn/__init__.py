"""What a network is made of: layers, activations, initializers, losses and metrics.

All of them build graphs, and none of them knows how a graph is run.
"""
