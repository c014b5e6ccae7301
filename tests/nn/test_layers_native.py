"""Compiled layers, in training and in use, come to what the interpreter says; gradients too."""

from typing import Any

import numpy as np
import pytest
from tests.nn.layer_records import RECORDS, Record
from tests.nn.peers import inputs_of, weights_like

import cairnet as cn


def steps(record: Record, layer: cn.layers.Layer, arrays: list[np.ndarray], training: bool) -> Any:
    """Functions for both backends: output, gradients and new states, with an unknown batch."""
    batch = cn.input((None,)).extents[0]
    inputs = [cn.input((batch, *array.shape[1:]), array.dtype) for array in arrays]
    with cn.layers.Effects() as effects:
        y = layer(*record.given(inputs), training=training)
    random = np.random.default_rng(5)
    layer.set_weights(weights_like(layer, random))
    sources = [*inputs, *layer.trainable_variables]
    gradients = cn.grad(cn.sum(cn.sin(y)), sources, disconnected="zero")
    outputs = [y, *gradients, *effects.updates.values()]
    return [cn.function(inputs, outputs, backend=name) for name in ("native", "reference")]


RANDOM_OR_MEASURED = (
    "BatchNormalization",
    "Dropout",
    "SpatialDropout2D",
    "GaussianNoise",
    "GaussianDropout",
    "RandomFlip",
    "RandomTranslation",
    "RandomRotation",
    "RandomZoom",
)
CASES = [
    (record, training)
    for record in RECORDS
    for training in ((True, False) if record.kind in RANDOM_OR_MEASURED else (False,))
]


@pytest.mark.parametrize(("record", "training"), CASES, ids=str)
def test_compiled_and_interpreted_layers_agree(record: Record, training: bool) -> None:
    arrays = inputs_of(record, np.random.default_rng(3))
    native, reference = steps(record, record.make(), arrays, training)
    for mine, expected in zip(native(*arrays), reference(*arrays), strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-10, atol=1e-12)
