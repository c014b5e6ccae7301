"""Training that is interrupted, saved, loaded and continued comes to the same bits."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import DataError

X = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
Y = X[:, :3].argmax(axis=1)

OPTIMIZERS = {
    "sgd": lambda: cn.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    "adam": lambda: cn.optimizers.Adam(0.01),
    "nadam": lambda: cn.optimizers.Nadam(0.01),
    "rmsprop": lambda: cn.optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    "adagrad": lambda: cn.optimizers.Adagrad(0.1),
    "schedule": lambda: cn.optimizers.Adam(
        cn.optimizers.schedules.ExponentialDecay(0.05, decay_steps=3, decay_rate=0.5)
    ),
}


def network(optimizer: str) -> cn.Sequential:
    cn.seed(5)
    model = cn.Sequential(
        [
            cn.Input((6,)),
            cn.layers.Dense(9, "relu", kernel_regularizer="l2"),
            cn.layers.BatchNormalization(),
            cn.layers.Dropout(0.3),
            cn.layers.Dense(3, "softmax"),
        ]
    )
    model.compile(OPTIMIZERS[optimizer](), "sparse_categorical_crossentropy", ["accuracy"])
    return model


def everything(model: cn.Model) -> dict[str, np.ndarray]:
    state = {name: variable.numpy() for name, variable in model.named_variables().items()}
    slots = {f"optimizer {slot.name}": slot.numpy() for slot in model.optimizer.variables}
    assert len(slots) == len(model.optimizer.variables)
    return {**state, **slots}


@pytest.mark.parametrize(
    "optimizer",
    [
        pytest.param(name, marks=[pytest.mark.slow] * (name not in ("sgd", "schedule")))
        for name in OPTIMIZERS
    ],
)
def test_interrupted_training_comes_to_the_same_bits(optimizer: str, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"batch_size": 8, "validation_split": 0.2, "verbose": 0}
    whole = network(optimizer)
    whole_history = whole.fit(X, Y, epochs=5, **settings).history
    first = network(optimizer)
    first.fit(X, Y, epochs=2, **settings)
    first.save(tmp_path / "model.safetensors")
    # Another process has drawn other random numbers meanwhile.
    cn.seed(99)
    second = cn.load_model(tmp_path / "model.safetensors")
    history = second.fit(X, Y, epochs=5, initial_epoch=2, **settings).history
    for name, values in history.items():
        assert values == whole_history[name][2:], name
    expected, found = everything(whole), everything(second)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(value, found[name], err_msg=name)


def test_a_model_goes_on_in_the_same_process_too() -> None:
    whole, parts = network("adam"), network("adam")
    whole.fit(X, Y, epochs=3, verbose=0)
    parts = network("adam")
    parts.fit(X, Y, epochs=1, verbose=0)
    parts.fit(X, Y, epochs=3, initial_epoch=1, verbose=0)
    for one, other in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_optimizer_can_be_left_out(tmp_path: Path) -> None:
    model = network("adam")
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "with.safetensors")
    model.save(tmp_path / "without.safetensors", include_optimizer=False)
    sizes = [(tmp_path / f"{name}.safetensors").stat().st_size for name in ("with", "without")]
    assert sizes[0] > sizes[1]
    assert int(cn.load_model(tmp_path / "with.safetensors").optimizer.iterations) == 2
    assert int(cn.load_model(tmp_path / "without.safetensors").optimizer.iterations) == 0


def test_state_that_does_not_fit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cairnet.training import files

    model = network("adam")
    honest = files.optimizer_state

    def wrong(of: Any) -> dict[str, np.ndarray]:
        return {**honest(of), "optimizer/first_moment/elsewhere": np.zeros(3, np.float32)}

    monkeypatch.setattr(files, "optimizer_state", wrong)
    model.save(tmp_path / "model.safetensors")
    with pytest.raises(DataError, match="first_moment/elsewhere', and the model has no such weigh"):
        cn.load_model(tmp_path / "model.safetensors")
