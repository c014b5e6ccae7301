"""A saved model: one safetensors file that holds the weights and says what to make of them.

The weights are the tensors of the file, by the path of their layer ("conv2d/kernel"); what the
optimizer remembers stands beside them, under "optimizer/" ("optimizer/first_moment/conv2d/kernel").
The header's metadata has one entry, "cairnet", whose text is JSON:

    format      1; a newer format has a larger number
    version     of the Cairnet that wrote the file
    model       the architecture: class and constructor's arguments; null for weights alone
    compile     what `compile` was given, or null
    order       what the order of the rows in every epoch hangs on, or null
    sha256      of all of the above and of the weights, so that damage is noticed

Nothing in the file is run. A model is built from the names of classes that Cairnet or the caller
knows, and nothing else. The same model gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError, CairnetError, DataError, GraphError
from cairnet.base.files import written_whole
from cairnet.base.registry import custom_objects as known_objects
from cairnet.base.registry import serialize
from cairnet.base.version import __version__
from cairnet.nn.layers.base import registry
from cairnet.training.model import Model
from cairnet.training.state import PREFIX, optimizer_state, restore_optimizer
from cairnet.training.stored import Stored

__all__ = ["load_model", "load_weights", "save_model", "save_weights"]

_ENTRY = "cairnet"
_FORMAT = 1


def save_model(
    model: Stored, path: str | os.PathLike[str], *, include_optimizer: bool = True
) -> None:
    """Write a model to a safetensors file; see `Model.save`."""
    weights = _weights_of(model, path)
    if model.input_shape is None:
        raise GraphError(
            f"model {model.name!r} ({type(model).__name__}) cannot be saved as a whole: its input "
            "shape is not known; save_weights keeps its weights"
        )
    header: dict[str, Any] = {
        "model": serialize(model),
        "compile": model.compile_config(),
        "order": None if model.order_key is None else str(model.order_key),
    }
    if include_optimizer and model.compiled is not None:
        weights.update(optimizer_state(model))
    _write(path, header, weights)


def save_weights(model: Stored, path: str | os.PathLike[str]) -> None:
    """Write the weights of a model alone to a safetensors file; see `Model.save_weights`."""
    _write(path, {"model": None}, _weights_of(model, path))


def load_weights(model: Stored, path: str | os.PathLike[str]) -> None:
    """Give a model the weights in a file; see `Model.load_weights`."""
    if model.input_shape is None and not model.built:
        raise GraphError(_no_weights_yet(model, "loaded"))
    header, weights = _read(Path(path))
    _check(path, header, weights)
    kept = {name: array for name, array in weights.items() if not name.startswith(PREFIX)}
    _assign(path, model, kept)


def _weights_of(model: Stored, path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Copies of all variables by name, if they can be written there."""
    if Path(path).suffix != ".safetensors":
        raise ArgumentError(
            f"path: expected a name that ends in .safetensors, got {os.fspath(path)!r}"
        )
    if model.input_shape is None and not model.built:
        raise GraphError(_no_weights_yet(model, "saved"))
    return {name: variable.numpy() for name, variable in model.named_variables().items()}


def _no_weights_yet(model: Stored, what: str) -> str:
    return (
        f"model {model.name!r} cannot be {what} yet: its weights are made when its input shape "
        "is known; begin it with cn.Input(shape), or give it data"
    )


def _write(
    path: str | os.PathLike[str], header: dict[str, Any], weights: dict[str, np.ndarray]
) -> None:
    from safetensors.numpy import save

    header = {"format": _FORMAT, "version": __version__, **header}
    header["sha256"] = _digest(weights, header)
    # All in one entry: safetensors writes the entries of the metadata in no particular order.
    content = save(weights, {_ENTRY: json.dumps(header)})
    with written_whole(path) as temporary:
        temporary.write_bytes(content)


def load_model(
    path: str | os.PathLike[str], custom_objects: Mapping[str, Any] | None = None
) -> Any:
    """Read a model that `save` wrote, ready to predict, to evaluate and to be trained further.

    Args:
        path: the file.
        custom_objects: what names in the file stand for that Cairnet does not know: layers,
            activations, losses and so on of one's own, `{name: class or function}`.

    Returns:
        The model, of the class that was saved.

    Raises:
        DataError: the file is missing, damaged, of a newer format, or not a model of Cairnet's;
            the message names it, and says what was expected and what was found.

    Example:
        >>> import cairnet as cn
        >>> model = cn.Sequential([cn.Input((2,)), cn.layers.Dense(1)])
        >>> model.save("line.safetensors")
        >>> again = cn.load_model("line.safetensors")
        >>> bool((again.predict([[1.0, 2.0]]) == model.predict([[1.0, 2.0]])).all())
        True
    """
    header, weights = _read(Path(path))
    _check(path, header, weights)
    if header.get("model", False) is None:
        raise DataError(
            f"{path}: expected a whole model, found weights alone; build the model, and give them "
            "to it with model.load_weights(path)"
        )
    try:
        with known_objects(custom_objects or {}):
            model = registry.get(header.get("model"))
            if header.get("compile") is not None and isinstance(model, Model):
                model.compile(**header["compile"])
    except (CairnetError, TypeError, KeyError, AttributeError) as error:
        raise DataError(
            f"{path}: this model cannot be built: {error}. Layers and functions of your own have "
            "to be given: cn.load_model(path, custom_objects={name: it})"
        ) from None
    if not isinstance(model, Model):
        raise DataError(f"{path}: expected a model, found a {type(model).__name__}")
    remembered = {name: weights.pop(name) for name in list(weights) if name.startswith(PREFIX)}
    _assign(path, model, weights)
    try:
        restore_optimizer(model, remembered)
        model.order_key = None if header.get("order") is None else int(header["order"])
    except (CairnetError, ValueError) as error:
        raise DataError(f"{path}: the state of training does not fit the model: {error}") from None
    return model


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    try:
        with safe_open(path, framework="np") as file:
            metadata = dict(file.metadata() or {})
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise DataError(
            f"{path}: expected a whole safetensors file, found {path.stat().st_size} bytes that "
            f"are not one ({error})"
        ) from None
    if _ENTRY not in metadata:
        raise DataError(
            f"{path}: expected a model saved by Cairnet, with an entry {_ENTRY!r} in its header, "
            f"found the entries {sorted(metadata) or 'none'}"
        )
    try:
        header = json.loads(metadata[_ENTRY])
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"{path}: the file is damaged: its header is not JSON ({error})") from None
    if not isinstance(header, dict):
        raise DataError(
            f"{path}: the file is damaged: expected a JSON object in its header, found a "
            f"{type(header).__name__}"
        )
    return header, weights


def _check(
    path: str | os.PathLike[str], header: Mapping[str, Any], weights: Mapping[str, np.ndarray]
) -> None:
    if header.get("format") != _FORMAT:
        raise DataError(
            f"{path}: expected format {_FORMAT}, found {header.get('format')!r}, written by "
            f"Cairnet {header.get('version', 'unknown')}; this is Cairnet {__version__}"
        )
    expected, found = header.get("sha256"), _digest(weights, header)
    if expected != found:
        raise DataError(
            f"{path}: the file is damaged: expected a content of SHA-256 {expected}, found {found}"
        )


def _assign(path: str | os.PathLike[str], model: Stored, weights: Mapping[str, np.ndarray]) -> None:
    variables = model.named_variables()
    expected = {name: (v.data.shape, v.data.dtype.name) for name, v in variables.items()}
    found = {name: (array.shape, array.dtype.name) for name, array in weights.items()}
    if expected != found:
        name = min(set(expected.items()) ^ set(found.items()))[0]
        raise DataError(
            f"{path}: the weights do not fit the model: expected {name!r} to be "
            f"{expected.get(name, 'absent')}, found {found.get(name, 'none')}"
        )
    for name, variable in variables.items():
        variable.assign(weights[name])


def _digest(weights: Mapping[str, np.ndarray], header: Mapping[str, Any]) -> str:
    """SHA-256 over everything in the file that matters."""
    said = {name: value for name, value in header.items() if name != "sha256"}
    hasher = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    for name in sorted(weights):
        array = np.ascontiguousarray(weights[name])
        hasher.update(f"{name} {array.dtype.name} {array.shape}\n".encode())
        hasher.update(array.tobytes())
    return hasher.hexdigest()
