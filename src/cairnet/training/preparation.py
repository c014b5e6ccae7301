"""From what a user gives to `Data`: every array checked and named before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from cairnet.base.dtypes import float32
from cairnet.base.errors import ArgumentError, CairnetError
from cairnet.nn.layers.base import Shape
from cairnet.tensor.core import Tensor
from cairnet.training.arrays import (
    check_inputs,
    check_lengths,
    check_rows_of_table,
    check_targets,
    check_weights,
)
from cairnet.training.data import Data, class_weights, listed
from cairnet.training.objective import Compiled

__all__ = ["Place", "data_of", "inputs_of"]


class Place(NamedTuple):
    """An input of a model: what `fit` is to be given there.

    Attributes:
        name: of the input.
        sample: the shape of one sample, None for an extent that varies; None if it is not known.
        dtype: what the values are converted to.
    """

    name: str
    sample: Shape | None
    dtype: np.dtype[Any]


def inputs_of(
    places: Sequence[Place] | None, name: str, x: Any, limits: Sequence[int | None] = ()
) -> tuple[np.ndarray, ...]:
    """One array for each input of a model.

    Args:
        places: the inputs; None where the model does not know them: a tuple is then taken for
            several inputs, anything else for one.
        name: of the argument.
        x: what was given.
        limits: for inputs that are numbers of rows in a table, how many rows; None for others.

    Raises:
        ArgumentError, UnknownNameError: not one array for each input, or a number that no row has.
        ShapeError, DTypeError, NonFiniteError: an array that does not fit.
    """
    if places is None:
        several = list(x) if isinstance(x, tuple) else [x]
        places = [Place(f"input_{i}", None, float32) for i in range(len(several))]
    else:
        several = listed(name, x, [place.name for place in places])
    names = [name] if len(places) == 1 else [f"{name}[{one.name!r}]" for one in places]
    arrays = tuple(
        check_inputs(label, value, place.sample, place.dtype)
        for label, value, place in zip(names, several, places, strict=True)
    )
    for label, array in zip(names, arrays, strict=True):
        check_lengths((names[0], arrays[0]), (label, array))
    for label, array, limit in zip(names, arrays, limits, strict=False):
        if limit is not None:
            check_rows_of_table(label, array, limit)
    return arrays


def data_of(
    compiled: Compiled,
    inputs: tuple[np.ndarray, ...],
    predictions: Sequence[Tensor],
    y: Any,
    sample_weight: Any,
    class_weight: Mapping[int, float] | None,
) -> Data:
    """Inputs, targets and weights of the same rows.

    Args:
        compiled: what the model was compiled with.
        inputs: the inputs, checked.
        predictions: the graphs of the outputs.
        y: the targets that were given, see `fit`.
        sample_weight: what each sample counts; None for nothing given.
        class_weight: what the samples of each class count; None for nothing given.

    Raises:
        ArgumentError, ShapeError, DTypeError, NonFiniteError: what does not fit.
    """
    chosen = compiled.objectives
    targets = []
    given = listed("y", y, [one.output for one in chosen])
    for objective, value, prediction in zip(chosen, given, predictions, strict=True):
        label = f"y[{objective.output!r}]" if objective.output else "y"
        try:
            array = check_targets(value, prediction, objective.loss, label)
        except CairnetError as error:
            if not objective.output or str(error).startswith(label):
                raise
            raise type(error)(f"output {objective.output!r}: {error}") from None
        check_lengths(("x", inputs[0]), (label, array))
        targets.append(array)
    weights = None
    if sample_weight is not None:
        weights = check_weights("sample_weight", sample_weight, len(inputs[0]))
    if class_weight is not None:
        if len(targets) > 1:
            raise ArgumentError("class_weight: expected a model with one output; use sample_weight")
        scale = class_weights(class_weight, targets[0], predictions[0].shape[-1])
        weights = scale if weights is None else weights * scale
    return Data(inputs, tuple(targets), weights)
