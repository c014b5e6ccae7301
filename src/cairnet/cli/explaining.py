"""`cairnet explain`: what a saved network has been made into, from graph to assembly."""

from __future__ import annotations

from pathlib import Path

from cairnet.base.configuration import configure
from cairnet.base.errors import GraphError
from cairnet.cli.batches import one_or_list, random_inputs, random_targets
from cairnet.runtime import explain
from cairnet.tensor.source import Source, standing_for
from cairnet.training.files import load_model

__all__ = ["explain_model"]


def explain_model(
    path: Path,
    level: str,
    batch: tuple[int, int],
    kernel: int | None,
    threads: int | None,
    *,
    training: bool = False,
) -> None:
    """Print a saved network for batches of one size, at one level.

    Args:
        path: the saved network.
        level: see `cn.explain`.
        batch: rows, and the steps of each where the network takes sequences of any length.
        kernel: the number of a kernel; None for all.
        threads: how many to compile for; None for as many as are fastest.
        training: whether to show a step of training, with its gradients and updates, instead of
            the forward pass.

    Raises:
        ArgumentError: the shape of the network's input is not known.
        GraphError: a step of training, of a network that was saved without a loss.
        UnknownNameError: there is no such level.
    """
    if threads is not None:
        configure(threads=threads)
    # No line of the user's made the network: it stands in the file.
    with standing_for(Source(str(path), 0), ""):
        print(_explained(path, level, batch, kernel, training=training))


def _explained(
    path: Path, level: str, batch: tuple[int, int], kernel: int | None, *, training: bool
) -> str:
    model = load_model(path)
    inputs = random_inputs(model, *batch)
    data = [one_or_list(inputs)]
    if training:
        if model.compiled is None:
            raise GraphError(
                f"{path}: this model was saved without a loss, so there is no step of training to "
                "show; call compile before save, or leave --training out"
            )
        data.append(one_or_list(random_targets(model, inputs)))
    return explain(model, level, *data, kernel=kernel)
