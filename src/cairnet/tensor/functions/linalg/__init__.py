"""Linear algebra: `cn.linalg`, the extension of the Python array API standard of that name.

Every function works on the last two axes; the axes before them number a stack of matrices, one
result each. The dtypes are float32 and float64, complex64 and complex128. Where a matrix has no
answer (it is singular, not positive definite, or the iteration does not converge), its result is
NaN and the others of the stack are as they should be: a compiled program has nowhere to stop.

The derivatives are formulas of the same functions, so there are derivatives of any order. They are
not finite where the result is not smooth: eigenvectors of equal eigenvalues, the inverse of a
singular matrix.

>>> import cairnet as cn
>>> a = cn.asarray([[2.0, 1.0], [1.0, 3.0]])
>>> cn.linalg.solve(a, [3.0, 5.0])
Tensor([0.8, 1.4], dtype=float32)
"""

from cairnet.tensor.functions.linalg.factorizations import (
    EighResult,
    QRResult,
    SVDResult,
    cholesky,
    eigh,
    eigvalsh,
    qr,
    svd,
    svdvals,
)
from cairnet.tensor.functions.linalg.matrices import cross, diagonal, outer, trace
from cairnet.tensor.functions.linalg.norms import matrix_norm, vector_norm
from cairnet.tensor.functions.linalg.systems import (
    SlogdetResult,
    det,
    inv,
    matrix_power,
    matrix_rank,
    pinv,
    slogdet,
    solve,
)
from cairnet.tensor.functions.linear_algebra import (
    matmul,
    matrix_transpose,
    tensordot,
    vecdot,
)

__all__ = [
    "EighResult",
    "QRResult",
    "SVDResult",
    "SlogdetResult",
    "cholesky",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "trace",
    "vecdot",
    "vector_norm",
]
