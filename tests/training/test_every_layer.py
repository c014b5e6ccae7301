"""Every layer in a model: built from tensors, trained, summed up, saved and loaded."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.nn.layer_records import RECORDS, Record
from tests.nn.peers import inputs_of

import cairnet as cn

# One record of each kind, the first.
KINDS = {record.kind: record for record in reversed(RECORDS)}


def model_of(record: Record) -> cn.Model:
    """The layer between placeholders and one sigmoid unit."""
    dtype = "int64" if record.classes else "float32"
    places = [cn.Input(sample, dtype, name=f"x{i}") for i, sample in enumerate(record.samples)]
    hidden = record.make()(*record.given(places))
    if hidden.ndim > 2:
        hidden = cn.layers.Flatten()(hidden)
    return cn.Model(places, cn.layers.Dense(1, activation="sigmoid")(hidden))


@pytest.mark.filterwarnings("ignore:layer 'flatten'")  # behind it masks are lost
@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"InputLayer"}))
def test_a_layer_in_a_model(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = KINDS[kind]
    arrays: Any = inputs_of(record, np.random.default_rng(0))
    dtype = np.int64 if record.classes else np.float32
    arrays = [array.astype(dtype) for array in arrays]
    given = arrays if len(arrays) > 1 else arrays[0]
    model = model_of(record)
    model.compile("sgd", "mean_squared_error")
    before = model.get_weights()
    model.fit(given, np.ones((3, 1), np.float32), batch_size=3, epochs=2, verbose=0)
    assert any((old != new).any() for old, new in zip(before, model.get_weights(), strict=True))
    predicted = model.predict(given)
    assert np.isfinite(predicted).all()
    model.summary()
    assert kind[:8] in capsys.readouterr().out  # long names are cut in a narrow terminal
    model.save(tmp_path / "model.safetensors")
    again = cn.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(given), predicted)
    for mine, other in zip(again.variables, model.variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), other.numpy())
