"""The same seed gives the same weights, bit for bit, for any number of threads and any process."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import cairnet as cn
from cairnet.base.configuration import configure

PROGRAM = """
import test_determinism
print(test_determinism.digest_of("{network}"))
"""


@pytest.fixture(autouse=True)
def native() -> Iterator[None]:
    before = configure(backend="native")
    yield
    configure(backend=before.backend, threads=before.threads)


def networks() -> dict[str, cn.Sequential]:
    return {
        "dense": cn.Sequential(
            [
                cn.Input((12, 12, 1)),
                cn.layers.Flatten(),
                cn.layers.Dense(37, "sigmoid"),
                cn.layers.Dense(10, "softmax"),
            ]
        ),
        "convolutional": cn.Sequential(
            [
                cn.Input((12, 12, 1)),
                cn.layers.Conv2D(5, 3, activation="relu"),
                cn.layers.MaxPooling2D(),
                cn.layers.Conv2D(7, 3, padding="same", activation="relu"),
                cn.layers.Flatten(),
                cn.layers.Dense(10, "softmax"),
            ]
        ),
        "random and normalized": cn.Sequential(
            [
                cn.Input((12, 12, 1)),
                cn.layers.GaussianNoise(0.1),
                cn.layers.Conv2D(5, 3, kernel_regularizer="l2"),
                cn.layers.BatchNormalization(momentum=0.9),
                cn.layers.Activation("relu"),
                cn.layers.SpatialDropout2D(0.2),
                cn.layers.AveragePooling2D(),
                cn.layers.Flatten(),
                cn.layers.Dropout(0.5),
                cn.layers.Dense(10, "softmax", kernel_constraint="max_norm"),
            ]
        ),
    }


def digest_of(network: str) -> str:
    """Train on real digits; a digest of the weights and of what was reported."""
    configure(backend="native")
    (x, y), (x_test, y_test) = cn.datasets.digits(size=12)
    cn.seed(3)
    model = networks()[network]
    model.compile(cn.optimizers.Adam(0.01), "sparse_categorical_crossentropy", ["accuracy"])
    history = model.fit(x[:333], y[:333], batch_size=25, epochs=3, verbose=0).history
    measured = model.evaluate(x_test, y_test, batch_size=50)
    digest = hashlib.sha256(repr((history, measured)).encode())
    for weight in model.get_weights():
        digest.update(weight.tobytes())
    assert history["loss"][-1] < 0.8 * history["loss"][0]
    return digest.hexdigest()


@pytest.mark.parametrize(
    "network",
    ["dense", "convolutional", pytest.param("random and normalized", marks=pytest.mark.slow)],
)
def test_the_number_of_threads_changes_no_bit(network: str) -> None:
    digests = []
    for threads in (1, 2, 3):
        configure(threads=threads)
        digests.append(digest_of(network))
    assert digests[0] == digests[1] == digests[2]


@pytest.mark.parametrize(
    "network",
    [
        "dense",
        pytest.param("convolutional", marks=pytest.mark.slow),
        pytest.param("random and normalized", marks=pytest.mark.slow),
    ],
)
def test_another_process_comes_to_the_same_bits(network: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(network=network)],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout.strip() == digest_of(network)
