"""The primitives, by family. Importing this package enters all of them in the table."""

from cairnet.tensor.primitives.contractions import (
    CONVOLVE,
    CONVOLVE_INPUT_GRADIENT,
    CONVOLVE_WEIGHT_GRADIENT,
    DOT,
)
from cairnet.tensor.primitives.elementwise import ELEMENTWISE
from cairnet.tensor.primitives.indexing import ARGSORT, GATHER, SCATTER_ADD
from cairnet.tensor.primitives.linalg_factorizing import EIGH, QR, SVD
from cairnet.tensor.primitives.linalg_parts import COMPLEX_MATRICES
from cairnet.tensor.primitives.linalg_solving import (
    CHOLESKY,
    DETERMINANT,
    PINV,
    SOLVE,
    SOLVE_TRIANGULAR,
)
from cairnet.tensor.primitives.loops import SCAN
from cairnet.tensor.primitives.markers import STOP_GRADIENT, WATCH
from cairnet.tensor.primitives.movement import (
    BROADCAST,
    CONCATENATE,
    IOTA,
    PAD,
    RESHAPE,
    SIZE,
    SLICE,
    TRANSPOSE,
)
from cairnet.tensor.primitives.reductions import (
    ARGMAX,
    ARGMIN,
    CUMULATIVE_PRODUCT,
    CUMULATIVE_SUM,
    MAX,
    MIN,
    PRODUCT,
    SUM,
)
from cairnet.tensor.primitives.threefry import Threefry
from cairnet.tensor.primitives.windows import (
    WINDOW_ARGMAX,
    WINDOW_PUT,
    WINDOW_SUM,
    WINDOW_TAKE,
)

__all__ = [
    "ARGMAX",
    "ARGMIN",
    "ARGSORT",
    "BROADCAST",
    "CHOLESKY",
    "COMPLEX_MATRICES",
    "CONCATENATE",
    "CONVOLVE",
    "CONVOLVE_INPUT_GRADIENT",
    "CONVOLVE_WEIGHT_GRADIENT",
    "CUMULATIVE_PRODUCT",
    "CUMULATIVE_SUM",
    "DETERMINANT",
    "DOT",
    "EIGH",
    "ELEMENTWISE",
    "GATHER",
    "IOTA",
    "MAX",
    "MIN",
    "PAD",
    "PINV",
    "PRODUCT",
    "QR",
    "RESHAPE",
    "SCAN",
    "SCATTER_ADD",
    "SIZE",
    "SLICE",
    "SOLVE",
    "SOLVE_TRIANGULAR",
    "STOP_GRADIENT",
    "SUM",
    "SVD",
    "TRANSPOSE",
    "WATCH",
    "WINDOW_ARGMAX",
    "WINDOW_PUT",
    "WINDOW_SUM",
    "WINDOW_TAKE",
    "Threefry",
]
