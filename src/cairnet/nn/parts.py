"""Part: what owns variables, directly or through other parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from cairnet.tensor.core import Variable

__all__ = ["Owned", "Part"]


class Owned(NamedTuple):
    """A variable, with its place among the parts.

    Attributes:
        path: the attributes that lead to it, as "block/conv/kernel".
        variable: itself.
        trainable: whether an optimizer may change it: neither it nor any owner is frozen.
        owner: the part that holds it directly.
    """

    path: str
    variable: Variable
    trainable: bool
    owner: Part


class Part:
    """Base of layers, and of the pieces that layers are put together from.

    Variables and parts that are kept in attributes, or in lists, tuples and dicts there, are found
    by themselves.
    """

    #: Whether the variables are weights: numbers that are learned or measured, and that
    #: `get_weights` gives and `count_params` counts. The state of random numbers is none.
    holds_weights: ClassVar[bool] = True
    #: Whether an optimizer may change the variables.
    trainable: bool = True

    def parts(self) -> Mapping[str, Part | Variable]:
        """The variables and parts that this one owns directly, each by its name here."""
        found: dict[str, Part | Variable] = {}
        for attribute, value in vars(self).items():
            found.update(_parts_of(attribute, value))
        return found

    def owned(self) -> list[Owned]:
        """All variables, those of inner parts included; a shared one comes once."""
        return list(self._walk(True))

    def _walk(self, free: bool) -> Iterator[Owned]:
        seen: set[int] = set()
        free = free and self.trainable
        for name, part in self.parts().items():
            if isinstance(part, Variable):
                inside = [Owned(name, part, free and part.trainable, self)]
            else:
                inside = [one._replace(path=f"{name}/{one.path}") for one in part._walk(free)]
            for one in inside:
                if id(one.variable) not in seen:
                    seen.add(id(one.variable))
                    yield one

    def named_variables(self) -> dict[str, Variable]:
        """All variables, those of inner parts included, by their path, as "block/conv/kernel".

        Example:
            >>> import cairnet as cn
            >>> model = cn.Sequential([cn.Input((4,)), cn.layers.Dense(3)])
            >>> list(model.named_variables())
            ['dense/kernel', 'dense/bias']
        """
        return {one.path: one.variable for one in self.owned()}

    @property
    def variables(self) -> list[Variable]:
        """All variables, those of inner parts included."""
        return [one.variable for one in self.owned()]

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that an optimizer may change."""
        return [one.variable for one in self.owned() if one.trainable]

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The other variables: frozen weights, moving statistics, the state of random numbers."""
        return [one.variable for one in self.owned() if not one.trainable]

    @property
    def weights(self) -> list[Variable]:
        """The variables without the state of random numbers: what `get_weights` gives."""
        return [one.variable for one in self.owned() if one.owner.holds_weights]


def _parts_of(name: str, value: Any) -> Iterator[tuple[str, Part | Variable]]:
    if isinstance(value, Part | Variable):
        yield name, value
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _parts_of(f"{name}/{index}", item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _parts_of(f"{name}/{key}", item)
