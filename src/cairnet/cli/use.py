"""`cairnet evaluate`, `predict` and `summary`: what a saved network is good for."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

from cairnet import optim
from cairnet.base.configuration import configure
from cairnet.base.errors import GraphError, ShapeError
from cairnet.cli.data import load_data
from cairnet.cli.pictures import load_picture
from cairnet.data.class_names import class_names
from cairnet.nn import losses
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


def predict(
    path: Path,
    images: Sequence[Path],
    threads: int | None,
    plot: Path | None = None,
    data: str | None = None,
) -> None:
    """Print a line for each picture: the likeliest classes and their probabilities.

    Args:
        path: the saved network.
        images: the pictures.
        threads: how many to compute with.
        plot: where to draw the pictures, with a bar for every class beside them.
        data: the data set whose names the classes have; None for their numbers.

    Raises:
        UnknownNameError: the data set is not known.
        DataError: a file is missing, damaged, or cannot be written.
        ShapeError: the network does not take pictures.
    """
    if threads is not None:
        configure(threads=threads)
    model = load_model(path)
    shape = model.input_shape
    if isinstance(shape, list):
        raise ShapeError(f"predict: expected a network with one input, {path} has {len(shape)}")
    pictures = [load_picture(image, tuple(shape[1:])) for image in images]
    outputs = model.predict(np.stack([array for array, _ in pictures]))
    classes = _class_names(data, outputs.shape[-1])
    wide = max(len(str(image)) for image in images)
    for image, output, (_, turned) in zip(images, outputs, pictures, strict=True):
        best = np.argsort(-output)[:3]
        answer = f"{classes[best[0]]}  {output[best[0]]:7.2%}"
        others = ", ".join(f"{classes[place]} {output[place]:.2%}" for place in best[1:])
        note = "  (dark on bright: turned around)" if turned else ""
        then = f"   then {others}" if others else ""
        print(f"{str(image).ljust(wide)}  {answer}{then}{note}")
    if plot is not None:
        from cairnet.cli.bars import draw_bars

        names = [image.name for image in images]
        draw_bars(plot, names, [array for array, _ in pictures], outputs, classes)
        print(f"saved {plot}")


def _class_names(data: str | None, count: int) -> Sequence[str]:
    """What the outputs are called: by the classes of a data set, or by their numbers."""
    if data is None:
        return [str(number) for number in range(count)]
    names = class_names(data)
    if len(names) != count:
        raise ShapeError(
            f"--data: expected a data set of {count} classes, since the network has {count} "
            f"outputs; {data} has {len(names)}"
        )
    return names


def summary(path: Path) -> None:
    """Print the layers, and what the network was trained with."""
    model = load_model(path)
    model.summary()
    settings = model.compile_config()
    if settings is not None:
        optimizer, loss = _words(settings["optimizer"], optim), _words(settings["loss"], losses)
        print(f"optimizer {optimizer}, loss {loss}")
    print(f"{path}, {shown_bytes(path.stat().st_size)}")


def _words(saved: object, module: ModuleType) -> str:
    """What was saved of an optimizer or a loss, without the arguments that are the defaults."""
    if not isinstance(saved, dict) or "class_name" not in saved:
        return str(saved)
    known = getattr(module, saved["class_name"], None)
    usual = {} if known is None else inspect.signature(known).parameters
    arguments = ", ".join(
        f"{name}={value}"
        for name, value in saved["config"].items()
        if name != "name" and (name not in usual or usual[name].default != value)
    )
    return f"{saved['class_name']}({arguments})"
