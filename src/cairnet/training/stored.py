"""Stored: a model on disk, as a whole or its weights alone."""

from __future__ import annotations

import os
from typing import Any

from cairnet.training.on_batch import OnBatch

__all__ = ["Stored"]


class Stored(OnBatch):
    """`save`, `save_weights` and `load_weights`; see `Model`."""

    @property
    def input_shape(self) -> Any:
        """The shape of a batch, with None for extents that vary; None if it is not known yet.

        For several inputs a list of shapes.
        """
        places = self.places
        if places is None:
            return None
        shapes = [None if one.sample is None else (None, *one.sample) for one in places]
        return shapes[0] if len(shapes) == 1 else shapes

    def save(self, path: str | os.PathLike[str], *, include_optimizer: bool = True) -> None:
        """Write the model to one safetensors file: weights, architecture, state of training.

        The file appears under its name when it is whole, or not at all.

        Args:
            path: a name that ends in ".safetensors".
            include_optimizer: whether to save what the optimizer remembers, so that training can
                go on exactly as if it had not been interrupted; for Adam this is two more numbers
                for each weight.

        Raises:
            ArgumentError: another ending, or something in the model cannot be saved.
            GraphError: the model has no variables yet, since its input shape is not known.
            DataError: the file cannot be written.

        Example:
            >>> import cairnet as cn
            >>> model = cn.Sequential([cn.Input((4,)), cn.layers.Dense(3)])
            >>> model.save("small.safetensors")
            >>> cn.load_model("small.safetensors").output_shape
            (None, 3)
        """
        from cairnet.training.files import save_model

        save_model(self, path, include_optimizer=include_optimizer)

    def save_weights(self, path: str | os.PathLike[str]) -> None:
        """Write the weights alone to a safetensors file, without layers and state of training.

        Args:
            path: a name that ends in ".safetensors".

        Raises:
            ArgumentError: another ending.
            GraphError: the model has no variables yet, since its input shape is not known.
            DataError: the file cannot be written.

        Example:
            >>> import cairnet as cn
            >>> model = cn.Sequential([cn.Input((4,)), cn.layers.Dense(3)])
            >>> model.save_weights("weights.safetensors")
            >>> other = cn.Sequential([cn.Input((4,)), cn.layers.Dense(3)])
            >>> other.load_weights("weights.safetensors")
            >>> bool((other.get_weights()[0] == model.get_weights()[0]).all())
            True
        """
        from cairnet.training.files import save_weights

        save_weights(self, path)

    def load_weights(self, path: str | os.PathLike[str]) -> None:
        """Take the weights from a file that `save_weights` or `save` wrote.

        The layers must have the names and shapes of those that were saved. What the optimizer
        remembers stays as it is.

        Args:
            path: the file.

        Raises:
            GraphError: the model has no variables yet, since its input shape is not known.
            DataError: the file is missing, damaged, or its weights do not fit; then the model
                keeps its own.

        Example:
            See `save_weights`.
        """
        from cairnet.training.files import load_weights

        load_weights(self, path)
