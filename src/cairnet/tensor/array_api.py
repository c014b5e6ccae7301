"""The Python array API standard's namespace: version 2024.12, and two functions of the next.

Code written against the standard asks an array for it, `xp = x.__array_namespace__()`, and then
runs on tensors as on arrays. They stay expressions: what the code computes with inputs is a graph,
which `cn.function` compiles and `cn.grad` differentiates; what it computes with constants has its
value whenever that is asked for. docs/array_api.md says what is left out, and why.

>>> from cairnet import array_api as xp
>>> xp.linspace(0.0, 1.0, 3) + xp.ones(3)
Tensor([1. , 1.5, 2. ], dtype=float32)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cairnet.base.dtypes import bool_ as bool
from cairnet.base.dtypes import (
    complex64,
    complex128,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)
from cairnet.tensor.conversions import DEVICE, check_device
from cairnet.tensor.functions import (
    abs,
    acos,
    acosh,
    add,
    all,
    any,
    arange,
    argmax,
    argmin,
    argsort,
    asarray,
    asin,
    asinh,
    astype,
    atan,
    atan2,
    atanh,
    bitwise_and,
    bitwise_invert,
    bitwise_left_shift,
    bitwise_or,
    bitwise_right_shift,
    bitwise_xor,
    broadcast_arrays,
    broadcast_shapes,
    broadcast_to,
    can_cast,
    ceil,
    clip,
    concat,
    conj,
    copysign,
    cos,
    cosh,
    count_nonzero,
    cumulative_prod,
    cumulative_sum,
    diff,
    divide,
    e,
    empty,
    empty_like,
    equal,
    exp,
    expand_dims,
    expm1,
    eye,
    finfo,
    flip,
    floor,
    floor_divide,
    from_dlpack,
    full,
    full_like,
    greater,
    greater_equal,
    hypot,
    iinfo,
    imag,
    inf,
    isdtype,
    isfinite,
    isin,
    isinf,
    isnan,
    less,
    less_equal,
    linspace,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    matmul,
    matrix_transpose,
    max,
    maximum,
    mean,
    meshgrid,
    min,
    minimum,
    moveaxis,
    multiply,
    nan,
    negative,
    newaxis,
    nextafter,
    nonzero,
    not_equal,
    ones,
    ones_like,
    permute_dims,
    pi,
    positive,
    pow,
    prod,
    real,
    reciprocal,
    remainder,
    repeat,
    reshape,
    result_type,
    roll,
    round,
    searchsorted,
    sign,
    signbit,
    sin,
    sinh,
    sort,
    sqrt,
    square,
    squeeze,
    stack,
    std,
    subtract,
    sum,
    take,
    take_along_axis,
    tan,
    tanh,
    tensordot,
    tile,
    tril,
    triu,
    trunc,
    unique_all,
    unique_counts,
    unique_inverse,
    unique_values,
    unstack,
    var,
    vecdot,
    where,
    zeros,
    zeros_like,
)
from cairnet.tensor.functions.data_types import dtypes_of_kind

__array_api_version__ = "2024.12"
SUPPORTED_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")


class Info:
    """What this library can do, as the standard asks; `__array_namespace_info__` gives one."""

    __slots__ = ()

    def capabilities(self) -> dict[str, Any]:
        """Two abilities by name, and the largest number of axes (None: no limit of ours).

        Both are False, since they are there for values known when the graph is built alone.
        """
        return {
            "boolean indexing": False,
            "data-dependent shapes": False,
            "max dimensions": _MAX_DIMENSIONS,
        }

    def default_device(self) -> str:
        """Where tensors are: "cpu"."""
        return DEVICE

    def devices(self) -> list[str]:
        """All devices there are."""
        return [DEVICE]

    def default_dtypes(self, *, device: str | None = None) -> dict[str, np.dtype[Any]]:
        """The dtypes that tensors get where none is named."""
        check_device(device)
        return {
            "real floating": float32,
            "complex floating": complex64,
            "integral": int64,
            "indexing": int64,
        }

    def dtypes(self, *, device: str | None = None, kind: Any = None) -> dict[str, np.dtype[Any]]:
        """The dtypes of a kind by name, or all of them; kinds are those of `isdtype`."""
        check_device(device)
        return dtypes_of_kind(kind)


# NumPy's, which holds the values.
_MAX_DIMENSIONS = 64


def __array_namespace_info__() -> Info:
    """What this library can do: devices, dtypes, capabilities.

    >>> from cairnet import array_api as xp
    >>> xp.__array_namespace_info__().default_dtypes()["real floating"]
    dtype('float32')
    """
    return Info()


__all__ = [
    "__array_api_version__",
    "__array_namespace_info__",
    "abs",
    "acos",
    "acosh",
    "add",
    "all",
    "any",
    "arange",
    "argmax",
    "argmin",
    "argsort",
    "asarray",
    "asin",
    "asinh",
    "astype",
    "atan",
    "atan2",
    "atanh",
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "bool",
    "broadcast_arrays",
    "broadcast_shapes",
    "broadcast_to",
    "can_cast",
    "ceil",
    "clip",
    "complex64",
    "complex128",
    "concat",
    "conj",
    "copysign",
    "cos",
    "cosh",
    "count_nonzero",
    "cumulative_prod",
    "cumulative_sum",
    "diff",
    "divide",
    "e",
    "empty",
    "empty_like",
    "equal",
    "exp",
    "expand_dims",
    "expm1",
    "eye",
    "finfo",
    "flip",
    "float32",
    "float64",
    "floor",
    "floor_divide",
    "from_dlpack",
    "full",
    "full_like",
    "greater",
    "greater_equal",
    "hypot",
    "iinfo",
    "imag",
    "inf",
    "int8",
    "int16",
    "int32",
    "int64",
    "isdtype",
    "isfinite",
    "isin",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "linspace",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "matmul",
    "matrix_transpose",
    "max",
    "maximum",
    "mean",
    "meshgrid",
    "min",
    "minimum",
    "moveaxis",
    "multiply",
    "nan",
    "negative",
    "newaxis",
    "nextafter",
    "nonzero",
    "not_equal",
    "ones",
    "ones_like",
    "permute_dims",
    "pi",
    "positive",
    "pow",
    "prod",
    "real",
    "reciprocal",
    "remainder",
    "repeat",
    "reshape",
    "result_type",
    "roll",
    "round",
    "searchsorted",
    "sign",
    "signbit",
    "sin",
    "sinh",
    "sort",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "subtract",
    "sum",
    "take",
    "take_along_axis",
    "tan",
    "tanh",
    "tensordot",
    "tile",
    "tril",
    "triu",
    "trunc",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "unique_all",
    "unique_counts",
    "unique_inverse",
    "unique_values",
    "unstack",
    "var",
    "vecdot",
    "where",
    "zeros",
    "zeros_like",
]
