"""Pass 1, graph rewriting: one walk from the leaves to the outputs that leaves normal forms.

    rewrite: outputs -> outputs, of the same extents, dtypes and (see `Keeps`) values

Every node is visited after its inputs. It is first rebuilt on their normal forms and looked up
among the nodes built so far (common subexpressions, `sharing`), then the rules for its primitive
are tried in order. What the first one that applies returns is walked in turn, so a node is left
only when no rule applies to it or to anything below it. Rules look downwards only, therefore one
walk reaches the fixed point; dead code is whatever the outputs no longer reach. The walk keeps
its own stack: graphs are deep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from cairnet.base.configuration import configuration
from cairnet.base.errors import CompileError
from cairnet.compiler.rewrite.rule import Rule, all_rules, rules_by_root, select
from cairnet.compiler.rewrite.sharing import Shared, rebuilt
from cairnet.tensor.core import Tensor, topological_order
from cairnet.tensor.primitive import Primitive
from cairnet.tensor.primitives import WATCH
from cairnet.tensor.primitives.loops import SCAN, Body
from cairnet.tensor.verifier import verify

__all__ = ["Observer", "rewrite", "watches"]

#: Called with a rule, the node it applied to and the replacement.
Observer = Callable[[Rule, Tensor, Tensor], None]

#: Replacements allowed for each node of the graph, on average, before the rules are taken to
#: chase each other in circles. Real graphs need less than one.
_REPLACEMENTS_PER_NODE = 50


def rewrite(
    outputs: Sequence[Tensor],
    *,
    rules: Iterable[str] | None = None,
    observe: Observer | None = None,
) -> list[Tensor]:
    """Rewrite the graph below `outputs` into its normal form.

    Inputs and variables stay the objects they are; other nodes are built anew where they change
    and carry the source and path of the node they replace.

    A `watch` among the outputs is kept. Anywhere else it is looked through, so that watching a
    value cannot change a bit of any other; pass `[*outputs, *watches(outputs)]` to keep them all.
    The steps of scans are rewritten too.

    Args:
        outputs: the tensors wanted.
        rules: names of the only rules to apply; default: all of them.
        observe: called for every rule that applies.

    Returns:
        One tensor for each output, of the same extents and dtype.

    Raises:
        CompileError: a rule changed the dtype of a node, or the rules do not come to an end.
        UnknownNameError: there is no rule of that name.

    Example:
        >>> import cairnet as cn
        >>> x = cn.input((3,), name="x")
        >>> (y,) = rewrite([cn.log(cn.softmax(x * 1.0))])
        >>> y.primitive
        subtract
    """
    checked = configuration().verify
    if checked:
        verify(outputs)
    walk = _Walk(_table(None if rules is None else tuple(rules)), outputs, observe)
    results = [walk.output(item) for item in outputs]
    if checked:
        verify(results)
    return results


def watches(outputs: Sequence[Tensor]) -> list[Tensor]:
    """Every `watch` below the outputs, those among them included, in order of computation."""
    return [item for item in topological_order(outputs) if item.primitive is WATCH]


@lru_cache(maxsize=64)
def _table(names: tuple[str, ...] | None) -> dict[Primitive, tuple[Rule, ...]]:
    chosen = all_rules().values() if names is None else select(names)
    return dict(rules_by_root(chosen))


class _Walk:
    """One rewriting of one graph: the normal forms found so far."""

    def __init__(
        self,
        rules: dict[Primitive, tuple[Rule, ...]],
        outputs: Sequence[Tensor],
        observe: Observer | None,
    ) -> None:
        self.rules = rules
        self.observe = observe
        self.shared = Shared()
        #: The normal form of every node that has one; a normal form is its own.
        self.normal: dict[Tensor, Tensor] = {}
        #: What a node was replaced by, while the replacement has no normal form yet.
        self.replaced: dict[Tensor, Tensor] = {}
        #: The normal form of the step of every scan.
        self.bodies: dict[Body, Body] = {}
        self.left = _REPLACEMENTS_PER_NODE * (20 + len(topological_order(outputs)))

    def output(self, node: Tensor) -> Tensor:
        """The normal form of an output; a watch stays on top of its input's."""
        if node.primitive is not WATCH:
            return self.reduce(node)
        below = self.reduce(node.inputs[0])
        return node if below is node.inputs[0] else rebuilt(node, (below,))

    def reduce(self, root: Tensor) -> Tensor:
        """The normal form of one node and everything below it."""
        normal = self.normal
        stack = [root]
        while stack:
            node = stack[-1]
            if node in normal:
                stack.pop()
                continue
            waiting = [item for item in node.inputs if item not in normal]
            if waiting:
                stack.extend(waiting)
                continue
            inputs = tuple([normal[item] for item in node.inputs])
            inside = node if node.primitive is not SCAN else self._loop(node)
            candidate = self.shared.find(inside, inputs)
            found = normal.get(candidate)
            if found is None:
                found = self._step(candidate, stack)
                if found is None:
                    continue
            normal[node] = found
            stack.pop()
        return normal[root]

    def _loop(self, node: Tensor) -> Tensor:
        """A scan with the normal form of its step."""
        body = node.parameters["body"]
        after = self._body(body)
        if after is body:
            return node
        known = dict(zip(body.symbols, node.parameters["sizes"], strict=True))
        sizes = tuple(known[symbol] for symbol in after.symbols)
        return rebuilt(node, node.inputs, {**node.parameters, "body": after, "sizes": sizes})

    def _body(self, body: Body) -> Body:
        """The body whose outputs are in normal form; one for each body, as scans compare them."""
        if body not in self.bodies:
            self.left += _REPLACEMENTS_PER_NODE * len(topological_order(body.outputs))
            outputs = [self.reduce(item) for item in body.outputs]
            extends = None if body.extends is None else self._body(body.extends)
            same = all(new is old for new, old in zip(outputs, body.outputs, strict=True))
            after = body
            if not same or extends is not body.extends:
                after = Body(body.inputs, outputs, body.carries, body.sequences, extends)
            self.bodies[body] = self.bodies[after] = after
        return self.bodies[body]

    def _step(self, candidate: Tensor, stack: list[Tensor]) -> Tensor | None:
        """The normal form of a node whose inputs are normal, or None: first do what was pushed."""
        after = self.replaced.get(candidate)
        if after is None:
            after = self._first(candidate)
            if after is None:
                self.normal[candidate] = candidate
                return candidate
            self.replaced[candidate] = after
        found = self.normal.get(after)
        if found is None:
            self._spend(candidate)
            stack.append(after)
            return None
        self.normal[candidate] = found
        return found

    def _first(self, node: Tensor) -> Tensor | None:
        """What the first rule that applies makes of a node."""
        for item in self.rules.get(node.primitive, ()):
            after = item.rewrite(node)
            if after is None or after is node:
                continue
            if after.dtype != node.dtype:
                raise CompileError(
                    f"the rewriting rule {item.name!r} made {after.describe()} of "
                    f"{node.primitive.name} {node.describe()}, written at {node.source}"
                )
            if after.extents != node.extents:
                # The node knows more about its extents than the replacement would: where
                # unknown extents meet known ones, the knowledge is in the node that is left out.
                continue
            if self.observe is not None:
                self.observe(item, node, after)
            return after
        return None

    def _spend(self, node: Tensor) -> None:
        self.left -= 1
        if self.left < 0:
            raise CompileError(
                f"the rewriting rules do not come to an end at {node.primitive.name} "
                f"{node.describe()}, written at {node.source}"
            )
