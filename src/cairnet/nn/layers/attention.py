"""Attention: every query reads what the values say, most from those whose keys are like it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cairnet.base.errors import ShapeError, UnknownNameError
from cairnet.nn.layers.arguments import fraction
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
from cairnet.tensor.core import Tensor
from cairnet.tensor.functions import expand_dims, matmul, matrix_transpose, tanh, where
from cairnet.tensor.functions import sum as total
from cairnet.tensor.functions.arguments import floating, stretch

__all__ = ["Attention"]

_MODES = ("dot", "concat")


@registry.add
class Attention(Layer):
    r"""Attention without weights of its own, of queries q to values v by their keys k.

        s[i, j] = q[i] · k[j],  or  Σ tanh(q[i] + k[j])  for "concat"
        y[i] = Σⱼ a[i, j] · v[j],   a[i, ·] = softmax(s[i, ·])

    so that y[i] is a mean of the values, weighted by how well their keys fit the query.

    Args:
        use_scale: whether a trained number multiplies the scores (or, for "concat", q + k).
        score_mode: "dot" or "concat"; the latter has a trained factor before the sum.
        dropout: the share of the weights a that is silenced in training, from 0 to 1.
        seed: of the layer's own random numbers; None for the next stream of `cn.seed`.
        name, trainable: see `Layer`.

    Call arguments:
        inputs: a list [query, value] or [query, value, key]; the key is the value by default.
        mask: a list of the masks of query and value, bool [batch, time] or None. Values that are
            masked are not looked at, and where a query is masked the output is 0. Default: the
            masks of the inputs.
        return_attention_scores: whether to give the weights a as well.
        use_causal_mask: whether a query looks at no value after its own place.

    Shapes:
        query [batch, queries, dim], key [batch, values, dim], value [batch, values, out]; y [batch,
        queries, out], with `return_attention_scores` a list of it and a [batch, queries, values].

    Raises:
        UnknownNameError: another score_mode.
        ArgumentError: dropout is not from 0 to 1, or the seed is no seed.
        ShapeError: not two or three sequences, or sequences that do not fit each other.

    Source:
        M. Luong, H. Pham, C. Manning: Effective approaches to attention-based neural machine
        translation. EMNLP 2015; "concat" after D. Bahdanau, K. Cho, Y. Bengio: Neural machine
        translation by jointly learning to align and translate. ICLR 2015. Arguments as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> keys = cn.asarray([[[9.0, 0.0], [0.0, 9.0]]])
        >>> values = cn.asarray([[[1.0], [2.0]]])
        >>> cn.layers.Attention()([cn.asarray([[[0.0, 3.0]]]), values, keys]).numpy()
        array([[[2.]]], dtype=float32)
    """

    takes_list = True

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        if score_mode not in _MODES:
            raise UnknownNameError("score_mode", score_mode, _MODES)
        self.use_scale = use_scale
        self.score_mode = score_mode
        self.dropout = fraction("dropout", dropout)
        self.seed = check_seed(seed)

    def build(self, input_shape: Sequence[Shape]) -> None:
        """Make the scale and the factor, if there are any, and the stream of random keys."""
        if len(input_shape) not in (2, 3) or any(len(shape) != 3 for shape in input_shape):
            raise ShapeError(
                "expected a list [query, value] or [query, value, key] of shapes (batch, time, "
                f"features), got {[tuple(shape) for shape in input_shape]}"
            )
        if self.use_scale:
            self.scale = self.add_weight((), "ones")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight((), "ones")
        if self.dropout:
            self.random = RandomKeys(self.seed)

    def call(
        self,
        inputs: Sequence[Tensor],
        mask: Any = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """The graph of the output; with the weights, a list of both."""
        query, value, *rest = (floating("Attention", x) for x in inputs)
        query_mask, value_mask, *_ = mask or (None, None)
        scores = self._scores(query, rest[0] if rest else value)
        pairs = pairs_that_count(
            [
                None if value_mask is None else along_values(value_mask),
                causal_pairs(*scores.extents[1:]) if use_causal_mask else None,
            ]
        )
        weights = attention_weights(scores, pairs)
        if training and self.dropout:
            weights = silenced(weights, self.dropout, weights.extents, self.random.next())
        y = matmul(weights, value)
        if query_mask is not None:
            y = where(stretch(along_queries(query_mask), y.extents), y, 0)
        return [y, weights] if return_attention_scores else y

    def _scores(self, query: Tensor, key: Tensor) -> Tensor:
        if self.score_mode == "dot":
            scores = matmul(query, matrix_transpose(key))
            return scores * self.scale if self.use_scale else scores
        pairs = expand_dims(query, axis=2) + expand_dims(key, axis=1)
        if self.use_scale:
            pairs = pairs * self.scale
        return self.concat_score_weight * total(tanh(pairs), axis=-1)

    def compute_mask(self, inputs: Any, mask: Any) -> Tensor | None:
        """That of the query."""
        first: Tensor | None = mask[0] if mask else None
        return first
