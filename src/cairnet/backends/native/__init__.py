"""Loops to LLVM IR to machine code, run by a team of threads."""
