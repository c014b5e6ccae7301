"""Model: a network that can be trained, measured, used and saved."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from cairnet.base.dtypes import float32
from cairnet.base.errors import ArgumentError, GraphError
from cairnet.base.registry import serialize
from cairnet.nn import losses, metrics
from cairnet.nn.layers import Layer
from cairnet.nn.layers.base import Shape
from cairnet.optim import get as get_optimizer
from cairnet.tensor.core import Tensor, input
from cairnet.training import fitting
from cairnet.training.arrays import check_inputs, check_lengths, check_targets, whole
from cairnet.training.callbacks import Callback, History
from cairnet.training.engine import Compiled, Engine
from cairnet.training.interrupt import BetweenRuns
from cairnet.training.progress import ProgressReport, shown

__all__ = ["Model"]


class Model(Layer):
    """Base of the models: a layer that knows how to be trained.

    Most models are a `Sequential`. A class of one's own keeps its layers in attributes and states
    its output in `call`, as every layer does.

    Args:
        name: shown in summaries and errors.

    Attributes:
        history: the `History` of the last `fit`.
        stop_training: set to True, ends `fit` after the epoch.

    Example:
        >>> import cairnet as cn
        >>> class Twice(cn.Model):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.inner = cn.layers.Dense(1, kernel_initializer="ones")
        ...
        ...     def call(self, x):
        ...         return self.inner(self.inner(x))
        >>> Twice().predict([[3.0]])
        array([[3.]], dtype=float32)
    """

    def __init__(self, *, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name=name, trainable=trainable)
        self.stop_training = False
        self.history: History | None = None
        self._compiled: Compiled | None = None
        self._engine = Engine(self)

    @property
    def input_shape(self) -> Shape | None:
        """The shape of a batch, with None for extents that vary; None if it is not known yet."""
        return None

    @property
    def input_dtype(self) -> np.dtype[Any]:
        """What `fit`, `evaluate` and `predict` convert their inputs to."""
        return float32

    def output_for(self, x: np.ndarray) -> Tensor:
        """The graph of the output for arrays like x; makes the variables if need be."""
        return self.trace(input((None, *x.shape[1:]), x.dtype, "x"))

    def compile(self, optimizer: Any, loss: Any, metrics: Sequence[Any] = ()) -> None:
        """Say how the model is to be trained and measured.

        Args:
            optimizer: a name such as "adam", or an optimizer from `cn.optimizers`.
            loss: a name such as "sparse_categorical_crossentropy", a loss from `cn.losses`, or a
                function `f(y_true, y_pred)` of two tensors.
            metrics: names such as "accuracy", metrics from `cn.metrics`, or functions.

        Raises:
            UnknownNameError: a name is not known; the nearest that is, is offered.
            ArgumentError: two metrics have the same name.

        Example:
            >>> import cairnet as cn
            >>> model = cn.Sequential([cn.Input((4,)), cn.layers.Dense(3, "softmax")])
            >>> model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        """
        if isinstance(metrics, str):
            raise ArgumentError(f"metrics: expected a list such as [{metrics!r}], got {metrics!r}")
        listed = tuple(_metric(each) for each in metrics)
        names = ["loss", *(metric.name for metric in listed)]
        for name in names:
            if names.count(name) > 1:
                raise ArgumentError(f"metrics: expected different names, got {name!r} twice")
        self._compiled = Compiled(
            get_optimizer(optimizer),
            losses.get(loss),
            listed,
            {"optimizer": optimizer, "loss": loss, "metrics": list(metrics)},
        )

    def fit(
        self,
        x: Any,
        y: Any,
        batch_size: int = 32,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Sequence[Callback] = (),
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        *,
        initial_epoch: int = 0,
        split: str = "stratified",
    ) -> History:
        """Train the model on arrays.

        An epoch takes every row once, `batch_size` rows a step. Runs of some tens of milliseconds
        of steps are one native call each. Ctrl-C is heard between two runs: it raises
        KeyboardInterrupt, and the model keeps what it has learned.

        Args:
            x: inputs, one row for each sample.
            y: targets, one row for each sample.
            batch_size: rows in a step; the last step of an epoch has what is left over.
            epochs: the number of the epoch to stop before.
            verbose: "auto" or 1 for a progress bar (lines only where there is no terminal), 2 for
                a line for each epoch, 0 for nothing.
            callbacks: see `cn.callbacks`.
            validation_split: this share of the rows is not trained on but measured after every
                epoch.
            validation_data: a pair (x, y) to measure after every epoch.
            shuffle: whether every epoch takes the rows in another order.
            initial_epoch: the number of the first epoch, above 0 to resume.
            split: how `validation_split` chooses: "stratified" gives every class its share, drawn
                from a fixed seed; "tail" takes the last rows, as Keras does.

        Returns:
            The history: loss and metrics for every epoch. The training numbers are averages over
            the epoch, while the weights changed; the validation numbers are taken at its end.

        Raises:
            GraphError: `compile` has not been called, or there is nothing to train.
            ShapeError, DTypeError, NonFiniteError: data that does not fit; the message names the
                argument, what was expected and what was given.

        Notes:
            With the same seed (`cn.seed`), data and version, the weights come out the same to the
            last bit, whatever the number of threads.

        Example:
            >>> import cairnet as cn
            >>> cn.seed(0)
            >>> model = cn.Sequential([cn.Input((1,)), cn.layers.Dense(1)])
            >>> model.compile(cn.optimizers.SGD(0.1), "mean_squared_error")
            >>> history = model.fit([[0.0], [1.0]], [[1.0], [3.0]], epochs=300, verbose=0)
            >>> model.predict([[2.0]]).round(2)
            array([[5.]], dtype=float32)
        """
        compiled = self._checked_compiled()
        plan = fitting.Plan(batch_size, epochs, initial_epoch, shuffle)
        report = [] if verbose == 0 else [ProgressReport(verbose)]
        data = self._pair(compiled, x, y)
        validation = None
        if validation_data is not None:
            validation = self._pair(compiled, *fitting.pair_of("validation_data", validation_data))
        elif validation_split:
            data, validation = fitting.split_off(*data, validation_split, split)
        return fitting.fit(
            self, compiled, self._engine, data, validation, plan, [*report, *callbacks]
        )

    def evaluate(
        self,
        x: Any,
        y: Any,
        batch_size: int = 32,
        verbose: int | str = 0,
        *,
        return_dict: bool = False,
    ) -> Any:
        """Measure loss and metrics on arrays, without learning from them.

        Args:
            x: inputs, one row for each sample.
            y: targets, one row for each sample.
            batch_size: rows in a step; it does not change the result beyond rounding.
            verbose: 0 for nothing, else a line with the results.
            return_dict: whether to return the numbers by name.

        Returns:
            The loss; with metrics, a list of the loss and the metrics; or a dict of them.

        Raises:
            GraphError: `compile` has not been called.
            ShapeError, DTypeError, NonFiniteError: data that does not fit.

        Example:
            >>> import cairnet as cn
            >>> layer = cn.layers.Dense(1, kernel_initializer="ones")
            >>> model = cn.Sequential([cn.Input((1,)), layer])
            >>> model.compile("sgd", "mean_squared_error")
            >>> model.evaluate([[1.0], [2.0]], [[2.0], [4.0]])
            2.5
        """
        compiled = self._checked_compiled()
        whole("batch_size", batch_size, 1)
        data = self._pair(compiled, x, y)
        with BetweenRuns() as interrupts:
            logs = fitting.measure(compiled, self._engine, data, batch_size, interrupts)
        if verbose:
            from rich.console import Console

            words = "  ".join(f"{name} {shown(value)}" for name, value in logs.items())
            Console(highlight=False).print(f"{len(data[0])} samples  {words}", markup=False)
        if return_dict:
            return logs
        return list(logs.values()) if compiled.metrics else logs["loss"]

    def predict(self, x: Any, batch_size: int = 32) -> np.ndarray:
        """The outputs for arrays of inputs.

        Args:
            x: inputs, one row for each sample.
            batch_size: rows in a step.

        Returns:
            One row for each sample.

        Raises:
            ShapeError, DTypeError, NonFiniteError: data that does not fit.

        Example:
            >>> import cairnet as cn
            >>> layer = cn.layers.Dense(1, kernel_initializer="ones")
            >>> model = cn.Sequential([cn.Input((2,)), layer])
            >>> model.predict([[1.0, 2.0], [3.0, 4.0]])
            array([[3.],
                   [7.]], dtype=float32)
        """
        whole("batch_size", batch_size, 1)
        inputs = self._inputs("x", x)
        function = self._engine.predictor(inputs)
        parts = []
        with BetweenRuns() as interrupts:
            for _, output in self._engine.batches(function, (inputs,), batch_size):
                parts.append(output.reshape(-1, *output.shape[2:]))
                interrupts.check()
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def summary(self) -> None:
        """Print the layers, their output shapes and how many parameters each has."""
        from cairnet.training.summary import print_summary

        print_summary(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one safetensors file: weights, architecture, compile settings.

        The file appears under its name when it is whole, or not at all.

        Args:
            path: a name that ends in ".safetensors".

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

        save_model(self, path)

    @property
    def optimizer(self) -> Any:
        """The optimizer that `compile` was given."""
        return self._checked_compiled().optimizer

    @property
    def compiled(self) -> Compiled | None:
        """What `compile` was given, or None."""
        return self._compiled

    def compile_config(self) -> dict[str, Any] | None:
        """What `compile` was given, as JSON can hold it; None if it was not called.

        Settings that were changed since, such as the learning rate, are those of now.
        """
        if self._compiled is None:
            return None
        settings = {**self._compiled.given, "optimizer": self._compiled.optimizer}
        return {name: serialize(value) for name, value in settings.items()}

    def _checked_compiled(self) -> Compiled:
        if self._compiled is None:
            raise GraphError(
                f"model {self.name!r}: call compile(optimizer, loss) first, for instance "
                'model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])'
            )
        return self._compiled

    def _inputs(self, name: str, x: Any) -> np.ndarray:
        known = self.input_shape
        return check_inputs(name, x, None if known is None else known[1:], self.input_dtype)

    def _pair(self, compiled: Compiled, x: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        inputs = self._inputs("x", x)
        targets = check_targets(y, self.output_for(inputs), compiled.loss)
        check_lengths(("x", inputs), ("y", targets))
        return inputs, targets


def _metric(metric: Any) -> metrics.Metric:
    return metrics.get(metric)
