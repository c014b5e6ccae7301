"""A graph on its way to LLVM IR: the result of each pass, worked out when it is first asked for.

The same graph gives the same text every time and in every process, so what is shown of a program
that came from the disk is what its code was made of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from cairnet.backends.native.machine import Machine, host
from cairnet.backends.native.module import Module, build_module
from cairnet.compiler.pipeline import Lowered, lower
from cairnet.compiler.rewrite import rewrite
from cairnet.compiler.schedule import Target
from cairnet.compiler.specialize import specialize
from cairnet.tensor.core import Input, Tensor, Variable
from cairnet.tensor.extent import Extent

__all__ = ["Passes"]


class Passes:
    """The passes for one graph and one machine.

    Args:
        inputs: the placeholders.
        outputs: the results wanted.
        updates: variables and the expressions of their new values.
        fixed: the unknown extents that are compiled as numbers; the others stay run-time numbers.
        timed: whether the program adds up the time spent in each kernel.
        checked: whether every load and store is tested before it happens.
        tuned: whether ways to walk a nest are timed rather than weighed.
        machine: what the code is for; default: this machine.
    """

    def __init__(
        self,
        inputs: Sequence[Input],
        outputs: Sequence[Tensor],
        updates: Sequence[tuple[Variable, Tensor]],
        fixed: Mapping[Extent, int],
        timed: bool = False,
        checked: bool = False,
        tuned: bool = False,
        machine: Machine | None = None,
    ) -> None:
        self._count = len(outputs)
        self._variables = [variable for variable, _ in updates]
        self._timed = timed
        self._checked = checked
        self._tuned = tuned
        self._machine = machine or host()
        self._given = (inputs, [*outputs, *(value for _, value in updates)], fixed)

    @cached_property
    def specialized(self) -> tuple[list[Input], list[Tensor]]:
        """The placeholders and the results, with known extents as numbers."""
        return specialize(*self._given)

    @cached_property
    def rewritten(self) -> list[Tensor]:
        """The outputs and the new values after rewriting."""
        return rewrite(self.specialized[1])

    @cached_property
    def lowered(self) -> Lowered:
        """The scheduled nests."""
        results = self.rewritten
        updates = list(zip(self._variables, results[self._count :], strict=True))
        machine = self._machine
        target = Target(
            machine.vector_bytes,
            machine.registers,
            machine.l1d_bytes,
            machine.l2_bytes,
            machine.l3_bytes,
        )
        choose = None
        if self._tuned:
            from cairnet.backends.native.tuning import Tuner

            choose = Tuner(machine, target).choose
        inputs, outputs = self.specialized[0], results[: self._count]
        return lower(inputs, outputs, updates, target, choose=choose)

    @cached_property
    def module(self) -> Module:
        """The LLVM IR and what its tables hold."""
        architecture = self._machine.architecture
        return build_module(self.lowered, self._timed, architecture, self._checked)
