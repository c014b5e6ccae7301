"""A loop that begins with the product with which it used to end.

    c := 0;  every turn:  d = f(c, item);  give d;  c := d·w
    →
    b := 0;  every turn:  c = b·w;  give d = f(c, item);  b := d

Loops that back-propagation makes are of the first form: the slopes d of a step, of which all are
wanted in the end for the gradients of the weights, times the weights make the cotangent c of the
state before. What a turn does with c then stands behind the product in the same turn, and not
before that of the next: it is done in the registers that hold the product, and the threads meet
once a turn instead of twice. Both forms take as many products: the first of the second form is
0·w = 0, the last of the first one is not wanted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cairnet.compiler.storage import is_leaf
from cairnet.tensor.core import Input, Tensor, topological_order
from cairnet.tensor.primitives import DOT, RESHAPE, TRANSPOSE
from cairnet.tensor.substitution import substitute

__all__ = ["rotate"]


def rotate(
    placeholders: Sequence[Input],
    results: Sequence[Tensor],
    changing: int,
    carries: Collection[int],
    outputs: Collection[int],
) -> tuple[list[Input], list[Tensor], dict[int, int]]:
    """Let the carries be what they are products of, where that is given out at every turn.

    Args:
        placeholders: the inputs of a loop's body.
        results: the new carries, then the outputs of a turn.
        changing: how many inputs, the first ones, are not the same at every turn.
        carries: the carries that are zero at first and not wanted at last.
        outputs: the results that are outputs of a turn and wanted.

    Returns:
        The placeholders and the results, and for each carry that is another now the result that
        it repeats.
    """
    inputs, given = list(placeholders), list(results)
    found: dict[int, int] = {}
    for position in carries:
        factor = _factor(given[position], set(inputs[:changing]), [given[n] for n in outputs])
        if factor is None or inputs[position] not in set(topological_order([factor])):
            continue
        number = next(n for n in outputs if given[n] is factor)
        before = Input(factor.extents, factor.dtype, inputs[position].name)
        before.source, before.path = factor.source, factor.path
        (carry,) = substitute([given[position]], {factor: before})
        given = substitute(given, {inputs[position]: carry})
        given[position] = given[number]
        inputs[position] = before
        found[position] = number
    return inputs, given, found


def _factor(carry: Tensor, changing: set[Input], outputs: Sequence[Tensor]) -> Tensor | None:
    """The output of a turn whose product with what never changes a new carry is."""
    node, products = carry, 0
    while not any(node is output for output in outputs):
        if node.primitive is DOT:
            products += 1
            fixed = [changing.isdisjoint(topological_order([item])) for item in node.inputs]
            if fixed.count(False) != 1:
                return None
            node = node.inputs[fixed.index(False)]
        elif node.primitive in (RESHAPE, TRANSPOSE):
            node = node.inputs[0]
        else:
            return None
    return node if products and not is_leaf(node) else None
