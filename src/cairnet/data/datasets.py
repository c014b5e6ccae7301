"""Data sets: ready pairs of inputs and targets, and readers of the formats they are kept in.

Each data set is a function that returns `(x_train, y_train), (x_test, y_test)` as NumPy arrays;
images are float32 in [0, 1] with the channels last.

    digits      1,797 handwritten digits that come with scikit-learn; no download
    mnist       70,000 handwritten digits
    load_idx    an array from an IDX file
"""

from cairnet.data.digits import digits
from cairnet.data.idx import load_idx
from cairnet.data.mnist import mnist

__all__ = ["digits", "load_idx", "mnist"]
