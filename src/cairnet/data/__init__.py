"""What a network learns from: data sets and splits, as NumPy arrays."""
