"""Linear algebra of complex matrices in real numbers: what the compiler works with.

A complex matrix is two real ones. The primitive here is any of those of linear algebra with complex
inputs, each given as a real and an imaginary part, and with its outputs in parts likewise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import complex_of
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.extent import Size
from cairnet.tensor.primitive import Primitive, register
from cairnet.tensor.primitives.elementwise import ELEMENTWISE
from cairnet.tensor.primitives.linalg_factorizing import EIGH, QR, SVD
from cairnet.tensor.primitives.linalg_matrices import MatrixPrimitive
from cairnet.tensor.primitives.linalg_solving import (
    CHOLESKY,
    DETERMINANT,
    SOLVE,
    SOLVE_TRIANGULAR,
)
from cairnet.tensor.primitives.movement import filled

__all__ = ["COMPLEX_MATRICES", "places_of"]

#: For each primitive which of its outputs are complex.
_OUTPUTS: dict[MatrixPrimitive, tuple[bool, ...]] = {
    CHOLESKY: (True,),
    DETERMINANT: (True, True, False),
    EIGH: (False, True),
    QR: (True, True),
    SOLVE: (True,),
    SOLVE_TRIANGULAR: (True,),
    SVD: (True, False, True),
}
_BY_NAME = {primitive.name: primitive for primitive in _OUTPUTS}


def places_of(name: str) -> tuple[tuple[int, int], ...]:
    """For each output in real numbers, of which output it is which part: 0 real, 1 imaginary."""
    kinds = enumerate(_OUTPUTS[_BY_NAME[name]])
    return tuple((i, part) for i, is_complex in kinds for part in ((0, 1) if is_complex else (0,)))


class ComplexMatrices(Primitive):
    """A primitive of linear algebra, of complex matrices in parts.

    Parameters: `of` names it, `given` are its own parameters, as pairs of name and value.
    """

    name = "complex_matrices"
    joint = True

    def infer(
        self, *parts: Tensor, of: str, given: tuple[tuple[str, Any], ...], output: int
    ) -> tuple[tuple[Size, ...], np.dtype[Any]]:
        primitive, parameters = _BY_NAME[of], dict(given)
        if primitive.joint:
            parameters["output"] = places_of(of)[output][0]
        return primitive.infer(*parts[::2], **parameters)

    def meaning(self, *parts: np.ndarray, output: int, **parameters: Any) -> np.ndarray:
        return self.meanings(*parts, **parameters)[output]

    def meanings(
        self, *parts: np.ndarray, of: str, given: tuple[tuple[str, Any], ...]
    ) -> Sequence[np.ndarray]:
        primitive, parameters = _BY_NAME[of], dict(given)
        whole = [_joined(*pair) for pair in zip(parts[::2], parts[1::2], strict=True)]
        if primitive.joint:
            values = primitive.meanings(*whole, **parameters)
        else:
            values = [primitive.meaning(*whole, **parameters)]
        return [np.imag(values[i]) if part else np.real(values[i]) for i, part in places_of(of)]

    def joint_vjp(
        self,
        cotangents: Mapping[int, Tensor | None],
        wanted: Sequence[bool],
        *parts: Tensor,
        of: str,
        given: tuple[tuple[str, Any], ...],
    ) -> Sequence[Tensor | None]:
        # A change t of a complex tensor changes the cost by Re(g·t), with g = g_re - i·g_im.
        primitive, parameters = _BY_NAME[of], dict(given)
        pairs = zip(parts[::2], parts[1::2], strict=True)
        whole = [apply(ELEMENTWISE["complex"], *pair) for pair in pairs]
        slopes: dict[int, Tensor | None] = {}
        for output, (i, part) in enumerate(places_of(of)):
            slope = cotangents.get(output)
            if slope is None:
                continue
            if _OUTPUTS[primitive][i]:
                zero = filled(0, slope)
                slope = apply(ELEMENTWISE["complex"], *((zero, -slope) if part else (slope, zero)))
            known = slopes.get(i)
            slopes[i] = slope if known is None else known + slope
        if primitive.joint:
            shares = primitive.joint_vjp(slopes, wanted[::2], *whole, **parameters)
        else:
            value = apply(primitive, *whole, **parameters)
            shares = primitive.vjp(slopes[0], value, *whole, **parameters)
        return [part for share in shares for part in _split(share)]


def _joined(real: np.ndarray, imag: np.ndarray) -> np.ndarray:
    whole = np.empty(real.shape, complex_of(real.dtype))
    whole.real, whole.imag = real, imag
    return whole


def _split(share: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
    if share is None:
        return None, None
    return apply(ELEMENTWISE["real"], share), -apply(ELEMENTWISE["imag"], share)


COMPLEX_MATRICES = register(ComplexMatrices())
