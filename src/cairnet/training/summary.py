"""The summary of a model, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cairnet.nn.layers import Layer

if TYPE_CHECKING:
    from cairnet.training.model import Model

__all__ = ["print_summary"]


def print_summary(model: Model) -> None:
    """Print a table of the layers that a model is made of."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, title=f"{type(model).__name__} {model.name!r}", show_edge=False)
    table.title_justify = "left"
    table.add_column("layer")
    table.add_column("kind", style="dim")
    table.add_column("output shape")
    table.add_column("parameters", justify="right")
    if model.input_shape is not None:
        table.add_row("", "input", str(model.input_shape), "")
    layers = [part for part in model.parts().values() if isinstance(part, Layer)]
    shapes = getattr(model, "output_shapes", [None] * len(layers))
    for layer, shape in zip(layers, shapes, strict=True):
        known = layer.built or shape is not None
        table.add_row(
            layer.name,
            type(layer).__name__,
            "?" if shape is None else str(shape),
            f"{layer.count_params():,}" if known else "?",
        )
    console = Console(highlight=False)
    console.print(table)
    console.print(_totals(model), markup=False)


def _totals(model: Model) -> str:
    total = model.count_params()
    trainable = sum(variable.data.size for variable in model.trainable_variables)
    size = sum(variable.data.nbytes for variable in model.variables)
    words = f"{total:,} parameters, {shown_bytes(size)}"
    return words if trainable == total else f"{words}, {trainable:,} of them trainable"


def shown_bytes(size: int) -> str:
    """A number of bytes as people say it.

    >>> shown_bytes(512), shown_bytes(246824), shown_bytes(5_000_000)
    ('512 bytes', '241 KiB', '4.8 MiB')
    """
    if size < 1024:
        return f"{size} bytes"
    if size < 1024**2:
        return f"{size / 1024:.0f} KiB"
    return f"{size / 1024**2:.1f} MiB"
