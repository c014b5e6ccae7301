"""Layers agree with Keras or PyTorch, values and gradients, in float64.

Keras's own Dense is of no use here: on PyTorch its matrix product rounds float64 to float32.
"""

import numpy as np
import pytest
from tests.nn.layer_records import RECORDS, Record
from tests.nn.peers import compare, inputs_of, keras_in_float64, keras_peer, weights_like

import cairnet as cn

pytestmark = pytest.mark.parity

# Layers that Keras has not, in which its PyTorch backend differs from its others, or whose training
# it takes for granted.
NOT_IN_KERAS = (
    "Random",
    "LpPooling2D",
    "LocalResponseNormalization",
    "AveragePooling1D same",
    "AveragePooling2D same",
    "InputLayer",
)


@pytest.mark.parametrize("record", RECORDS, ids=str)
def test_a_layer_agrees_with_its_peer(record: Record) -> None:
    random = np.random.default_rng(len(str(record)))
    with keras_in_float64() as keras:
        peer = record.peer or keras_peer(record, keras, "float64")
        compare(record.make(), inputs_of(record, random), record.given, peer, random)


@pytest.mark.parametrize(
    "record",
    [
        record
        for record in RECORDS
        if record.peer is not None
        and record.kind != "Lambda"
        and not str(record).startswith(NOT_IN_KERAS)
    ],
    ids=str,
)
def test_where_the_peer_is_a_formula_keras_agrees_in_float32(record: Record) -> None:
    torch = pytest.importorskip("torch")
    keras = pytest.importorskip("keras")
    random = np.random.default_rng(len(str(record)))
    layer, arrays = record.make(), [x.astype("float32") for x in inputs_of(record, random)]
    y = layer(*record.given([cn.asarray(x) for x in arrays]))
    layer.set_weights([weight.astype("float32") for weight in weights_like(layer, random)])
    weights = [torch.tensor(weight) for weight in layer.get_weights()]
    peer = keras_peer(record, keras, "float32")
    theirs = peer(*record.given([torch.tensor(x) for x in arrays]), *weights)
    np.testing.assert_allclose(y.numpy(), theirs.detach().numpy(), rtol=1e-4, atol=1e-5)
