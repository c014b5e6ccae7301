"""Embedding: a learned vector for each of a number of words, or other things."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from cairnet.base.dtypes import bool_, int64
from cairnet.base.errors import DTypeError, ShapeError
from cairnet.base.registry import serialize
from cairnet.nn import constraints, initializers, regularizers
from cairnet.nn.layers.arguments import positive
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.tensor.core import Tensor, apply
from cairnet.tensor.functions import expand_dims, nan, where
from cairnet.tensor.functions.arguments import cast_to, stretch
from cairnet.tensor.primitives import GATHER

__all__ = ["Embedding"]


@registry.add
class Embedding(Layer):
    r"""A table of vectors, read by number: y[…] = embeddings[x[…]].

    It is `Dense` without a bias on one-hot vectors, without the products with zero.

    Args:
        input_dim: how many different numbers there are: x is from 0 to input_dim − 1.
        output_dim: the length of the vectors.
        embeddings_initializer: how the table starts, a name or an initializer.
        embeddings_regularizer: a penalty on the table, a name or a regularizer; None for none.
        embeddings_constraint: what the table must meet after every step, a name or a constraint.
        mask_zero: whether 0 stands for padding: the layers behind are told by a mask which steps
            count (see `mask_of`).
        weights: the table itself, an array or a list with it, such as `cn.text.word_vectors` reads
            from a file of pretrained vectors; it is not part of the configuration that is saved.
        name, trainable: see `Layer`.

    Shapes:
        x of any shape, embeddings [input_dim, output_dim], y [*shape of x, output_dim].

    Raises:
        ArgumentError: a number is not whole or below 1.
        ShapeError: weights of another shape than [input_dim, output_dim].
        DTypeError: x is of dtype bool.

    Notes:
        Floating x, as a model without `cn.Input(shape, dtype="int64")` gives it, is rounded towards
        zero, as in Keras. Data with a number outside the table is refused by models that read it
        here first; inside a graph, where nothing can be refused, such a number reads NaN.

    Source:
        Y. Bengio, R. Ducharme, P. Vincent, C. Jauvin: A neural probabilistic language model.
        Journal of Machine Learning Research 3, 2003. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.Embedding(3, 2, embeddings_initializer="identity")
        >>> layer([[0, 2], [1, 1]]).shape
        (2, 2, 2)
        >>> layer([0, 1, 2]).numpy()
        array([[1., 0.],
               [0., 1.],
               [0., 0.]], dtype=float32)
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        self.input_dim = positive("input_dim", input_dim)
        self.output_dim = positive("output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self._given = None if weights is None else self._table(weights)

    def _table(self, weights: Any) -> np.ndarray:
        """The table that was given, once its shape is known to be right."""
        table = np.asarray(weights[0] if isinstance(weights, list | tuple) else weights)
        if table.shape != (self.input_dim, self.output_dim):
            raise ShapeError(
                f"weights: expected a table of shape {(self.input_dim, self.output_dim)}, got "
                f"{table.shape}"
            )
        return table

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments by name; a table that was given is saved as a weight."""
        names = [name for name in inspect.signature(type(self)).parameters if name != "weights"]
        return {name: serialize(getattr(self, name)) for name in names}

    def build(self, input_shape: Shape) -> None:
        """Make the table."""
        self.embeddings = self.add_weight(
            (self.input_dim, self.output_dim),
            self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
        )
        if self._given is not None:
            self.embeddings.assign(self._given)

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        if x.dtype == bool_:
            raise DTypeError("expected whole numbers, got bool")
        numbers = cast_to(x, int64)
        inside = (numbers >= 0) & (numbers < self.input_dim)
        vectors = apply(GATHER, self.embeddings, where(inside, numbers, 0), axes=(0,))
        return where(stretch(expand_dims(inside, axis=-1), vectors.extents), vectors, nan)

    def input_limits(self) -> list[int | None]:
        """The number of rows of the table."""
        return [self.input_dim]

    def compute_mask(self, inputs: Any, mask: Any) -> Tensor | None:
        """Where the input is not 0, with `mask_zero`."""
        return inputs != 0 if self.mask_zero else None
