"""What a rewriting rule is: a small function from a node to the node that should replace it.

A rule looks at one node and at what lies below it, never at who uses it. So the normal form of a
node depends on the node alone: adding an output to a graph changes nothing about the others, and
a graph that has been rewritten once stays as it is when it is rewritten again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from cairnet.base.errors import GraphError, UnknownNameError
from cairnet.tensor.core import Tensor
from cairnet.tensor.primitive import Primitive

__all__ = ["Keeps", "Rewrite", "Rule", "all_rules", "rule", "rules_by_root", "select"]

Rewrite = Callable[[Tensor], "Tensor | None"]


class Keeps(Enum):
    """What a rule promises about the values of the node it replaces.

    Whatever it promises, it never makes a NaN or an infinity out of finite arithmetic.
    """

    #: The same bits for every input, except that one NaN may stand for another.
    BITS = "the same bits"
    #: The same values, NaN and infinities included; a zero may change its sign.
    VALUE = "the same values up to the sign of zero"
    #: Another order of operations, or one rounding less; exact for integers.
    ROUNDING = "the same values within rounding"
    #: Within rounding where the original is finite; right also where the original overflows.
    BETTER = "the same values within rounding, and right ones where the original overflowed"


@dataclass(frozen=True)
class Rule:
    """A named rewriting.

    Attributes:
        name: what others call it.
        roots: the primitives of the nodes it can replace.
        keeps: what it promises about values.
        rewrite: returns the replacement, of the same extents and dtype, or None.
    """

    name: str
    roots: tuple[Primitive, ...]
    keeps: Keeps
    rewrite: Rewrite

    @property
    def family(self) -> str:
        """The module that states the rule, as "algebra"."""
        return self.rewrite.__module__.rpartition(".")[2]

    @property
    def text(self) -> str:
        """The rule's docstring: before -> after, then its side conditions."""
        return self.rewrite.__doc__ or ""

    def __repr__(self) -> str:
        return self.name


_registry: dict[str, Rule] = {}


def rule(name: str, *roots: Primitive, keeps: Keeps = Keeps.BITS) -> Callable[[Rewrite], Rewrite]:
    """Enter the decorated function as a rule for nodes of the given primitives.

    Rules are tried in the order in which they are entered.
    """

    def enter(function: Rewrite) -> Rewrite:
        if name in _registry or not roots or not (function.__doc__ or "").strip():
            raise GraphError(f"rule {name!r} needs a name of its own, roots, and a docstring")
        _registry[name] = Rule(name, roots, keeps, function)
        return function

    return enter


def all_rules() -> dict[str, Rule]:
    """Every rule by name, in the order in which they are tried."""
    return dict(_registry)


def select(names: Iterable[str]) -> list[Rule]:
    """The rules of the given names.

    Raises:
        UnknownNameError: there is no such rule; the message offers the nearest name.
    """
    chosen = []
    for name in names:
        if name not in _registry:
            raise UnknownNameError("rewriting rule", name, _registry)
        chosen.append(_registry[name])
    return chosen


def rules_by_root(rules: Iterable[Rule]) -> Mapping[Primitive, tuple[Rule, ...]]:
    """For each primitive the rules that may replace its nodes."""
    table: dict[Primitive, list[Rule]] = {}
    for item in rules:
        for root in item.roots:
            table.setdefault(root, []).append(item)
    return {root: tuple(items) for root, items in table.items()}
