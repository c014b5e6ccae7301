"""MultiHeadAttention: attention that several heads pay at once, each in a space of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cairnet.nn import constraints, initializers, regularizers
from cairnet.nn.layers.arguments import fraction, positive
from cairnet.nn.layers.attended_axes import AttendedAxes, checked_axes
from cairnet.nn.layers.attention_scores import (
    along_queries,
    along_values,
    attention_weights,
    causal_pairs,
    pairs_that_count,
)
from cairnet.nn.layers.base import Layer, Shape, registry
from cairnet.nn.layers.dropout import silenced
from cairnet.nn.layers.random_keys import RandomKeys, check_seed
from cairnet.nn.masks import mask_of
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import einsum, expand_dims, tensordot
from cairnet.tensor.functions.arguments import floating
from cairnet.tensor.source import scope

__all__ = ["MultiHeadAttention"]


class _Projection(Layer):
    """y = x · kernel + bias, over the last axes of x, to axes of any number."""

    supports_masking = True

    def make(
        self,
        inputs: Sequence[int | None],
        outputs: Sequence[int | None],
        kernel: dict[str, Any],
        bias: dict[str, Any] | None,
    ) -> None:
        """Make kernel [*inputs, *outputs] and bias [*outputs], if there is to be one."""
        self.added = len(inputs)
        with scope(self.name):
            self.kernel = self.add_weight((*inputs, *outputs), **kernel)
            self.bias = None if bias is None else self.add_weight(outputs, **bias)
        self.built = True

    def call(self, x: Tensor) -> Tensor:
        """The graph of the output."""
        y = tensordot(x, self.kernel, axes=self.added)
        return y if self.bias is None else y + self.bias


@registry.add
class MultiHeadAttention(Layer):
    r"""Attention that several heads pay at once, each to another side of things.

        Q, K, V = query · W_q + b_q,  key · W_k + b_k,  value · W_v + b_v,   for each head
        head = softmax(Q Kᵀ / √key_dim) V
        y = Σ over heads of head · W_o, + b_o

    Args:
        num_heads: the number of heads.
        key_dim: the number of features of queries and keys in each head.
        value_dim: that of values; None for key_dim.
        dropout: the share of the attention weights that is silenced in training, from 0 to 1.
        use_bias: whether biases are added.
        output_shape: the number of features of y; None for that of the query.
        attention_axes: along which axes of the query attention goes, a number or several; None for
            all between batch and features. What lies along the others is attended to apart, as if
            it were samples of its own.
        kernel_initializer: how the four kernels start, a name or an initializer.
        bias_initializer: how the biases start.
        kernel_regularizer: a penalty on each kernel, a name or a regularizer; None for none.
        bias_regularizer: a penalty on each bias.
        activity_regularizer: a penalty on the output, divided by the number of samples.
        kernel_constraint: what each kernel must meet after every step, a name or a constraint.
        bias_constraint: what each bias must meet.
        seed: of the layer's own random numbers; None for the next stream of `cn.seed`.
        name, trainable: see `Layer`.

    Call arguments:
        query, value: sequences; the same one twice for self-attention. With further axes, as
            images have them, they are attended to along `attention_axes`.
        key: what queries are compared with; the value by default.
        query_mask, value_mask, key_mask: bool [batch, time], False where a step does not count;
            default: the masks of the sequences. With further axes, [batch, …] likewise.
        attention_mask: bool [batch, queries, values], or what broadcasts to it, with an axis of
            heads behind the batch or without: which query may look at which value. Of several
            attended axes, [batch, *queries, *values].
        return_attention_scores: whether to give the attention weights as well.
        use_causal_mask: whether a query looks at no value after its own place, as in a network that
            predicts the next step. Places along several axes are counted in row-major order.

    Shapes:
        query [batch, queries, features], value and key [batch, values, …], W_q and W_k [features,
        num_heads, key_dim], W_v [features, num_heads, value_dim], W_o [num_heads, value_dim,
        output_shape]; y [batch, queries, output_shape], with `return_attention_scores` a list of it
        and the weights [batch, num_heads, queries, values]. With more axes y is like the query but
        for its last axis, and the weights are [batch, *others, num_heads, *queries, *values].

    Raises:
        ArgumentError: a number is not whole or below 1, or dropout is not from 0 to 1.
        ShapeError: no sequences, axes that they do not have, or masks that do not fit them.

    Source:
        A. Vaswani and others: Attention is all you need. NIPS 2017, section 3.2. Arguments and
        weights as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> layer = cn.layers.MultiHeadAttention(num_heads=2, key_dim=8)
        >>> x = cn.ones((3, 10, 16))
        >>> layer(x, x, use_causal_mask=True).shape
        (3, 10, 16)
    """

    supports_masking = True

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | None = None,
        attention_axes: int | Sequence[int] | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        seed: int | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        self.num_heads = positive("num_heads", num_heads)
        self.key_dim = positive("key_dim", key_dim)
        self.value_dim = None if value_dim is None else positive("value_dim", value_dim)
        self.dropout = fraction("dropout", dropout)
        self.use_bias = use_bias
        self.output_shape = None if output_shape is None else positive("output_shape", output_shape)
        self.attention_axes = checked_axes(attention_axes)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.seed = check_seed(seed)
        self.query_dense = _Projection(name="query")
        self.key_dense = _Projection(name="key")
        self.value_dense = _Projection(name="value")
        self.output_dense = _Projection(name="attention_output")

    def build(self, query_shape: Shape, value_shape: Shape, key_shape: Shape | None = None) -> None:
        """Make the kernels and biases of the four projections, and the stream of random keys."""
        keys = value_shape if key_shape is None else key_shape
        shapes = {"query": query_shape, "value": value_shape, "key": keys}
        self.axes = AttendedAxes(self.attention_axes, shapes)
        heads, values = self.num_heads, self.value_dim or self.key_dim
        out = self.output_shape or query_shape[-1]
        self._make(self.query_dense, query_shape[-1:], (heads, self.key_dim))
        self._make(self.key_dense, keys[-1:], (heads, self.key_dim))
        self._make(self.value_dense, value_shape[-1:], (heads, values))
        self._make(self.output_dense, (heads, values), (out,))
        if self.dropout:
            self.random = RandomKeys(self.seed)

    def _make(
        self, part: _Projection, inputs: Sequence[int | None], outputs: Sequence[int | None]
    ) -> None:
        kernel = {
            "initializer": self.kernel_initializer,
            "regularizer": self.kernel_regularizer,
            "constraint": self.kernel_constraint,
            "dtype": self.dtype,
        }
        bias = {
            "initializer": self.bias_initializer,
            "regularizer": self.bias_regularizer,
            "constraint": self.bias_constraint,
            "dtype": self.dtype,
        }
        part.make(inputs, outputs, kernel, bias if self.use_bias else None)

    def call(
        self,
        query: Tensor,
        value: Tensor,
        key: Tensor | None = None,
        query_mask: Tensor | None = None,
        value_mask: Tensor | None = None,
        key_mask: Tensor | None = None,
        attention_mask: Tensor | None = None,
        return_attention_scores: bool = False,
        training: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """The graph of the output; with the weights, a list of both."""
        axes = self.axes
        if key_mask is None and key is not None:
            key_mask = mask_of(key)
        key = value if key is None else key
        masks = [
            axes.fold_mask(
                "query_mask", mask_of(query) if query_mask is None else query_mask, query
            ),
            axes.fold_mask(
                "value_mask", mask_of(value) if value_mask is None else value_mask, value
            ),
            axes.fold_mask("key_mask", key_mask, key),
        ]
        queries = self.query_dense(axes.fold(floating("MultiHeadAttention", query)))
        keys, values = self.key_dense(axes.fold(key)), self.value_dense(axes.fold(value))
        pairs = pairs_that_count(
            [
                _mapped(along_queries, masks[0]),
                _mapped(along_values, masks[1]),
                _mapped(along_values, masks[2]),
                causal_pairs(queries.extents[1], values.extents[1]) if use_causal_mask else None,
            ]
        )
        pairs = None if pairs is None else expand_dims(pairs, axis=1)
        if attention_mask is not None:
            pairs = pairs_that_count([pairs, axes.fold_pairs(attention_mask, query)])
        scores = einsum("btnk,bsnk->bnts", queries * (1 / math.sqrt(self.key_dim)), keys)
        weights = attention_weights(scores, pairs)
        kept = weights
        if training and self.dropout:
            kept = silenced(weights, self.dropout, weights.extents, self.random.next())
        y = axes.unfold(self.output_dense(einsum("bnts,bsnv->btnv", kept, values)), query)
        if not return_attention_scores:
            return y
        return [y, axes.unfold_weights(weights, query, value)]


def _mapped(function: Any, mask: Tensor | None) -> Tensor | None:
    return None if mask is None else function(mask)
