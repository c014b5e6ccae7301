"""`cairnet evaluate`, `predict` and `summary`: what a saved network is good for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cairnet.base.configuration import configure
from cairnet.base.errors import GraphError
from cairnet.cli.data import load_data
from cairnet.cli.pictures import load_picture
from cairnet.training.files import load_model
from cairnet.training.summary import shown_bytes

__all__ = ["evaluate", "predict", "summary"]


def evaluate(path: Path, data: str, batch_size: int, threads: int | None) -> None:
    """Print loss and metrics on the test part of a data set."""
    if threads is not None:
        configure(threads=threads)
    model = load_model(path)
    if model.compiled is None:
        raise GraphError(
            f"{path}: this model was saved without a loss, so there is nothing to measure; "
            "call compile before save"
        )
    _, (x_test, y_test) = load_data(data)
    measured = model.evaluate(x_test, y_test, batch_size, return_dict=True)
    print(f"{path} on {len(x_test):,} test images of {data}")
    for name, value in measured.items():
        print(f"{name:>10}  {value:.4f}")


def predict(path: Path, images: Sequence[Path], threads: int | None) -> None:
    """Print a line for each picture: the likeliest classes and their probabilities."""
    if threads is not None:
        configure(threads=threads)
    model = load_model(path)
    pictures = [load_picture(image, tuple(model.input_shape[1:])) for image in images]
    outputs = model.predict(np.stack([array for array, _ in pictures]))
    wide = max(len(str(image)) for image in images)
    for image, output, (_, turned) in zip(images, outputs, pictures, strict=True):
        best = np.argsort(-output)[:3]
        answer = f"{best[0]}  {output[best[0]]:7.2%}"
        others = ", ".join(f"{place} {output[place]:.2%}" for place in best[1:])
        note = "  (dark on bright: turned around)" if turned else ""
        print(f"{str(image).ljust(wide)}  {answer}   then {others}{note}")


def summary(path: Path) -> None:
    """Print the layers, and what the network was trained with."""
    model = load_model(path)
    model.summary()
    settings = model.compile_config()
    if settings is not None:
        print(f"optimizer {_words(settings['optimizer'])}, loss {_words(settings['loss'])}")
    print(f"{path}, {shown_bytes(path.stat().st_size)}")


def _words(saved: object) -> str:
    if not isinstance(saved, dict):
        return str(saved)
    arguments = ", ".join(
        f"{name}={value}" for name, value in saved["config"].items() if name != "name"
    )
    return f"{saved['class_name']}({arguments})"
