"""OnBatch: single steps of training, measuring and using, for loops of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cairnet.base.errors import ArgumentError
from cairnet.base.seeds import generator
from cairnet.runtime import Function, Profile, profile
from cairnet.training.arrays import whole
from cairnet.training.learner import Learner
from cairnet.training.totals import Totals

__all__ = ["OnBatch"]


class OnBatch(Learner):
    """`train_on_batch` and its kin, and a look at the functions behind them; see `Model`."""

    def train_on_batch(
        self,
        x: Any,
        y: Any,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        *,
        return_dict: bool = False,
    ) -> Any:
        """Do one step of training on the rows given.

        A step has the costs of a call of its own; `fit` does runs of steps in one call.

        Args:
            x: inputs, see `fit`.
            y: targets.
            sample_weight: what each sample counts in the loss.
            class_weight: what the samples of each class count.
            return_dict: whether to return the numbers by name.

        Returns:
            The loss of the batch before the step; with metrics, a list of loss and metrics; or a
            dict of them.

        Raises:
            GraphError, ShapeError, DTypeError, NonFiniteError: see `fit`.

        Example:
            >>> import cairnet as cn
            >>> model = cn.Sequential(
            ...     [cn.Input((1,)), cn.layers.Dense(1, kernel_initializer="ones")]
            ... )
            >>> model.compile(cn.optimizers.SGD(0.25), "mean_squared_error")
            >>> [model.train_on_batch([[1.0]], [[3.0]]) for _ in range(2)]
            [4.0, 0.0]
        """
        compiled = self._checked_compiled()
        data = self._data(compiled, x, y, sample_weight, class_weight)
        outputs = self._engine.stepper(compiled, data)(*data.arrays)
        return self._of_batch(outputs, len(data), return_dict)

    def test_on_batch(
        self, x: Any, y: Any, sample_weight: Any = None, *, return_dict: bool = False
    ) -> Any:
        """Measure loss and metrics on the rows given, as one batch.

        Args:
            x: inputs, see `evaluate`.
            y: targets.
            sample_weight: what each sample counts in the loss.
            return_dict: whether to return the numbers by name.

        Returns:
            As `evaluate`.

        Raises:
            GraphError, ShapeError, DTypeError, NonFiniteError: see `evaluate`.

        Example:
            >>> import cairnet as cn
            >>> model = cn.Sequential(
            ...     [cn.Input((1,)), cn.layers.Dense(1, kernel_initializer="ones")]
            ... )
            >>> model.compile("sgd", "mean_squared_error")
            >>> model.test_on_batch([[1.0]], [[3.0]])
            4.0
        """
        compiled = self._checked_compiled()
        data = self._data(compiled, x, y, sample_weight)
        outputs = self._engine.evaluator(compiled, data)(*data.arrays)
        return self._of_batch(outputs, len(data), return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for the rows given, as one batch.

        Args:
            x: inputs, see `predict`.

        Returns:
            As `predict`.

        Raises:
            ShapeError, DTypeError, NonFiniteError: data that does not fit.

        Example:
            >>> import cairnet as cn
            >>> model = cn.Sequential(
            ...     [cn.Input((1,)), cn.layers.Dense(1, kernel_initializer="ones")]
            ... )
            >>> model.predict_on_batch([[2.0]])
            array([[2.]], dtype=float32)
        """
        inputs = self._inputs("x", x)
        return self._formed(self._engine.predictor(inputs)(*inputs))

    def profile(
        self,
        x: Any,
        y: Any,
        batch_size: int = 32,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        *,
        seconds: float = 0.5,
    ) -> Profile:
        """Measure a step of `fit` kernel by kernel; the model stays as it is.

        Args:
            x: inputs, see `fit`; the step takes rows from all over them, as `fit` does.
            y: targets.
            batch_size: rows in a step.
            sample_weight: what each sample counts in the loss.
            class_weight: what the samples of each class count.
            seconds: how long to repeat the step, at least four times.

        Returns:
            A `Profile`, see `cn.profile`. The layer of a kernel is the name of the model's layer,
            followed by "/gradient" for its part of the backward pass; what belongs to no layer is
            in "loss", in the name of a metric or in "optimizer".

        Raises:
            GraphError, ShapeError, DTypeError, NonFiniteError: see `fit`.
            ArgumentError: the backend is not "native".

        Example:
            >>> import cairnet as cn
            >>> model = cn.Sequential([cn.Input((8,)), cn.layers.Dense(4, name="dense")])
            >>> model.compile("sgd", "mean_squared_error")
            >>> x, y = cn.ones((64, 8)).numpy(), cn.ones((64, 4)).numpy()
            >>> measured = model.profile(x, y, seconds=0.01)
            >>> "dense/gradient" in [part.layer for part in measured.by_layer()]
            True
        """
        whole("batch_size", batch_size, 1)
        compiled = self._checked_compiled()
        data = self._data(compiled, x, y, sample_weight, class_weight)
        rows = generator(0).permutation(len(data))[:batch_size]
        step, arrays = self._engine.trainer(compiled, data)
        return profile(step, rows, *arrays, seconds=seconds)

    def function_for(self, *data: Any) -> tuple[Function, tuple[np.ndarray, ...]]:
        """The compiled function behind `predict`, or behind a step of training, with its arguments.

        It is an ordinary function of `cn.function`: it can be called, explained
        (`cn.explain(model, level, *data)` asks here) and measured. Called, the one for training
        changes the weights.

        Args:
            data: x, inputs as for `predict`, for the function of `predict`; or x and y, and if
                need be the weights of the samples, as for `fit`, for a step of training on them.
                Nothing for the function of `predict`, and a batch of one row of zeros.

        Returns:
            The function, and the arrays that it is to be called with, checked and converted.

        Raises:
            ArgumentError: more than three arguments; or none, and an extent of the input is not
                known.
            GraphError, ShapeError, DTypeError, NonFiniteError: see `fit`.

        Example:
            >>> import cairnet as cn
            >>> model = cn.Sequential([cn.Input((1,)), cn.layers.Dense(1)])
            >>> model.compile("sgd", "mean_squared_error")
            >>> step, arrays = model.function_for([[1.0]], [[2.0]])
            >>> sorted(step(*arrays))
            ['loss']
            >>> len(step.graph.updates)
            3
        """
        if len(data) > 3:
            raise ArgumentError(f"data: expected x, y and sample_weight at most, got {len(data)}")
        if len(data) > 1:
            compiled = self._checked_compiled()
            checked = self._data(compiled, *data)
            return self._engine.stepper(compiled, checked), checked.arrays
        inputs = self._inputs("x", data[0]) if data else self._zeros()
        return self._engine.predictor(inputs), inputs

    def _zeros(self) -> tuple[np.ndarray, ...]:
        """A row of zeros for every input."""
        arrays = []
        for place in self.places or ():
            if place.sample is None or None in place.sample:
                raise ArgumentError(
                    f"data: expected inputs, since the extents of {place.name!r} are not all "
                    f"known: {(None, *(place.sample or ()))}"
                )
            sizes = [size for size in place.sample if size is not None]
            arrays.append(np.zeros((1, *sizes), place.dtype))
        if not arrays:
            raise ArgumentError("data: expected inputs, since the model's shapes are not known yet")
        return tuple(arrays)

    def _of_batch(self, outputs: Mapping[str, np.ndarray], rows: int, return_dict: bool) -> Any:
        compiled = self._checked_compiled()
        totals = Totals(compiled.metrics, compiled.losses)
        totals.add({name: value[np.newaxis] for name, value in outputs.items()}, rows)
        return self._numbers(totals.logs(), return_dict)
