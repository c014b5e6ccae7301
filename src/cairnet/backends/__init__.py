"""Where graphs run: the NumPy interpreter, and native code through LLVM."""
