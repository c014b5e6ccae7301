"""StackedRNNCells: cells on top of each other, as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cairnet.base.errors import ArgumentError
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.nn.layers.recurrent_cells import StepCell
from cairnet.tensor.core import Tensor, input
from cairnet.tensor.extent import Size
from cairnet.tensor.source import scope

__all__ = ["StackedRNNCells"]


@registry.add
class StackedRNNCells(StepCell):
    r"""Recurrent cells on top of each other: each reads what the one below gives, step by step.

    As `RNN(StackedRNNCells(cells))` they are run in one loop; a layer for each cell, with
    `return_sequences=True`, gives the same numbers in a loop for each.

    Args:
        cells: the cells, the lowest first: `SimpleRNNCell`, `LSTMCell`, `GRUCell`.
        name, trainable: see `Layer`.

    Call arguments:
        inputs: [batch, inputs].
        states: a list with the states of each cell.

    Shapes:
        the output of the highest cell [batch, units], and a list of the new states of each.

    Raises:
        ArgumentError: not a list of cells.
        ShapeError: an input, or states, that do not fit.

    Source:
        A. Graves, A. Mohamed, G. Hinton: Speech recognition with deep recurrent neural networks.
        ICASSP 2013. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> cells = cn.layers.StackedRNNCells([cn.layers.GRUCell(4), cn.layers.GRUCell(3)])
        >>> cn.layers.RNN(cells)(cn.ones((2, 7, 5))).shape
        (2, 3)
    """

    def __init__(
        self, cells: Sequence[Any], *, name: str | None = None, trainable: bool = True
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        if not isinstance(cells, list | tuple) or not cells:
            raise ArgumentError(f"cells: expected a list of cells, got {cells!r}")
        made = [cell if isinstance(cell, Layer) else registry.get(cell) for cell in cells]
        for place, cell in enumerate(made):
            if not isinstance(cell, StepCell):
                raise ArgumentError(
                    f"cells[{place}]: expected a cell such as cn.layers.LSTMCell(units), got "
                    f"{cell!r}"
                )
        self.cells: list[StepCell] = [cell for cell in made if isinstance(cell, StepCell)]
        self.state_size = [cell.state_size for cell in self.cells]
        self.output_size = self.cells[-1].output_size

    def build(self, input_shape: Shape, states_shape: Any = None) -> None:
        """Make the variables of all cells."""
        shape = tuple(input_shape)
        for place, cell in enumerate(self.cells):
            with scope(f"{place}/{cell.name}"):
                cell.build_for(input(shape, self.dtype, "step"))
            shape = (shape[0], cell.output_size)

    def project(self, x: Tensor, training: bool) -> Tensor:
        """The products of the lowest cell with the inputs."""
        return self.cells[0].project(x, training)

    def advance(self, projected: Tensor, states: Any, training: bool) -> tuple[Tensor, Any]:
        """One step of every cell, from the lowest to the highest."""
        new = []
        output = projected
        for place, (cell, own) in enumerate(zip(self.cells, states, strict=True)):
            given = cell.project(output, training) if place else projected
            output, after = cell.advance(given, own, training)
            new.append(after)
        return output, new

    def get_initial_state(self, batch_size: Size, dtype: Any = None) -> Any:
        """A list with the zero states of each cell."""
        return [cell.get_initial_state(batch_size, dtype or self.dtype) for cell in self.cells]
