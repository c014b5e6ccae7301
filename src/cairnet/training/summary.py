"""The summary of a model, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cairnet.training.costs import Cost, costs

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
    table.add_column("operations", justify="right")
    for place in model.places or []:
        if place.sample is not None:
            table.add_row(_input_name(model, place.name), "input", str((None, *place.sample)))
    listed = costs(model)
    for cost in listed:
        known = cost.layer.built or cost.shape is not None
        table.add_row(
            cost.name,
            type(cost.layer).__name__,
            "?" if cost.shape is None else str(cost.shape),
            f"{cost.layer.count_params():,}" if known else "?",
            "?" if cost.operations is None else f"{cost.operations:,}",
        )
    console = Console(highlight=False)
    console.print(table)
    console.print(_totals(model), markup=False)
    line = _for_one_sample(listed)
    if line:
        console.print(line, markup=False)


def _input_name(model: Model, name: str) -> str:
    return name if len(model.places or ()) > 1 else ""


def _totals(model: Model) -> str:
    total = model.count_params()
    trainable = sum(variable.data.size for variable in model.trainable_variables)
    size = sum(variable.data.nbytes for variable in model.weights)
    words = f"{total:,} parameters, {shown_bytes(size)}"
    return words if trainable == total else f"{words}, {trainable:,} of them trainable"


def _for_one_sample(listed: Sequence[Cost]) -> str:
    """What a forward pass of one sample computes and keeps; empty where it is not known."""
    operations = [cost.operations for cost in listed if cost.operations is not None]
    sizes = [cost.output_bytes for cost in listed if cost.output_bytes is not None]
    if not listed or len(operations) < len(listed) or len(sizes) < len(listed):
        return ""
    return (
        f"{sum(operations):,} floating-point operations and {shown_bytes(sum(sizes))} of layer "
        "outputs for one sample"
    )


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
