"""From a graph to scheduled loops: one module a pass, each with one entry point."""
