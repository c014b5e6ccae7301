"""Learner: a layer that can be trained on arrays, measured on them, and used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cairnet.base.errors import GraphError, ShapeError
from cairnet.base.registry import serialize
from cairnet.nn.layers import Layer
from cairnet.optim import get as get_optimizer
from cairnet.tensor.core import Tensor, input
from cairnet.training import fitting
from cairnet.training.arrays import whole
from cairnet.training.callbacks import Callback, History
from cairnet.training.callbacks.base import begin
from cairnet.training.data import Data, split_off, unpacked
from cairnet.training.engine import Engine
from cairnet.training.interrupt import BetweenRuns
from cairnet.training.measuring import measure, outputs_for
from cairnet.training.objective import Compiled, objectives
from cairnet.training.preparation import Place, data_of, inputs_of
from cairnet.training.progress import PassReport, ProgressReport

__all__ = ["Learner"]


class Learner(Layer):
    """A layer with `compile`, `fit`, `evaluate` and `predict`; see `Model`."""

    def __init__(self, *, name: str | None = None, trainable: bool = True) -> None:
        super().__init__(name=name, trainable=trainable)
        self.stop_training = False
        self.history: History | None = None
        #: What the order of the rows in every epoch hangs on; saved, so that training goes on.
        self.order_key: int | None = None
        self._compiled: Compiled | None = None
        self._engine = Engine(self)
        self._form: Any = Tensor

    @property
    def places(self) -> list[Place] | None:
        """The inputs; None if they are not known."""
        return None

    @property
    def output_names(self) -> list[str]:
        """The names of the outputs, if there are several and they are known."""
        return []

    @property
    def rows(self) -> int | None:
        """The number of samples in every batch, if it is always the same; None if it varies."""
        return None

    def compute_mask(self, inputs: Any, mask: Any) -> None:
        """Nothing: the layers inside say what becomes of a mask, and note it on the output."""
        return

    def forward(self, inputs: Sequence[Tensor], training: bool) -> list[Tensor]:
        """The graphs of the outputs, for one tensor for each input."""
        given = [list(inputs)] if self.takes_list else list(inputs)
        output = self.trace(*given, training=training)
        if isinstance(output, Tensor):
            self._form = Tensor
            return [output]
        if isinstance(output, Mapping):
            self._form = tuple(output)
            return list(output.values())
        self._form = list
        return list(output)

    def outputs_for(self, inputs: Sequence[np.ndarray]) -> list[Tensor]:
        """The graphs of the outputs for arrays like these; makes the variables if need be."""
        batch = [input((None, *array.shape[1:]), array.dtype, "x") for array in inputs]
        return self.forward(batch, training=False)

    def compile(
        self,
        optimizer: Any,
        loss: Any,
        metrics: Any = (),
        *,
        loss_weights: Any = None,
        weighted_metrics: Any = None,
    ) -> None:
        """Say how the model is to be trained and measured.

        Args:
            optimizer: a name such as "adam", or an optimizer from `cn.optimizers`.
            loss: a name such as "sparse_categorical_crossentropy", a loss from `cn.losses`, or a
                function `f(y_true, y_pred)` of two tensors. For a model with several outputs also
                a list, or a dict by the outputs' names.
            metrics: a list of names such as "accuracy", metrics from `cn.metrics`, or functions.
                For several outputs a list of lists, or a dict of lists.
            loss_weights: for several outputs, what each loss counts in their sum.
            weighted_metrics: like `metrics`, for means over the samples that count each sample by
                its weight, as the loss does; one that stands in `metrics` too is reported with
                "weighted_" before its name.

        Raises:
            UnknownNameError: a name is not known; the nearest that is, is offered.
            ArgumentError: two metrics have the same name, there is not one loss an output, or a
                weighted metric is no mean over the samples.

        Example:
            >>> import cairnet as cn
            >>> model = cn.Sequential([cn.Input((4,)), cn.layers.Dense(3, "softmax")])
            >>> model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        """
        given = {"optimizer": optimizer, "loss": loss, "metrics": metrics}
        if loss_weights is not None:
            given["loss_weights"] = loss_weights
        if weighted_metrics is not None:
            given["weighted_metrics"] = weighted_metrics
        names = self.output_names or _names_in(loss)
        chosen = objectives(names, loss, metrics, loss_weights, weighted_metrics)
        self._compiled = Compiled(get_optimizer(optimizer), chosen, given)

    def fit(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Sequence[Callback] | Callback = (),
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        *,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
        split: str = "stratified",
        exact_metrics: bool = False,
    ) -> History:
        """Train the model on arrays.

        An epoch takes every row once, `batch_size` rows a step, unless `steps_per_epoch` says
        otherwise. Runs of some tens of milliseconds of steps are one native call each. Ctrl-C is
        heard between two runs: it raises KeyboardInterrupt, and the model keeps what it has
        learned.

        Args:
            x: inputs, one row for each sample; for several inputs a list of arrays, or a dict by
                the inputs' names.
            y: targets, one row for each sample; for several outputs a list or a dict.
            batch_size: rows in a step; the last step of an epoch has what is left over.
            epochs: the number of the epoch to stop before.
            verbose: "auto" or 1 for a progress bar (lines only where there is no terminal), 2 for
                a line for each epoch, 0 for nothing.
            callbacks: see `cn.callbacks`.
            validation_split: this share of the rows is not trained on but measured after every
                epoch.
            validation_data: a pair (x, y), or (x, y, sample_weight), to measure after every epoch.
            shuffle: whether every epoch takes the rows in another order.
            class_weight: what the samples of a class count in the loss, `{class: weight}`; classes
                that are not mentioned count 1.
            sample_weight: what each sample counts in the loss; with `class_weight`, the product.
            initial_epoch: the number of the first epoch, above 0 to resume. A loaded model goes on
                exactly as if it had not been interrupted: weights, the optimizer's memory, the
                state of random numbers and the order of the rows are all in the file.
            steps_per_epoch: how many steps an epoch has, each of `batch_size` rows; the next epoch
                goes on where this one stopped, and rows come again, in a new order, when all have
                been taken. None for as many as take every row once.
            validation_batch_size: rows in a step of validation; default: `batch_size`.
            validation_freq: validation follows every so many epochs.
            split: how `validation_split` chooses: "stratified" gives every class its share, drawn
                from a fixed seed; "tail" takes the last rows, as Keras does.
            exact_metrics: whether the numbers for the training data are measured anew at the end
                of every epoch, so that they equal what `evaluate` gives; it costs a pass over the
                data.

        Returns:
            The history: loss and metrics for every epoch. Without `exact_metrics` the training
            numbers are averages over the epoch, while the weights changed; the validation numbers
            are taken at its end. Penalties of regularizers are part of the loss; weights of
            samples are part of the loss and of `weighted_metrics`, and not of the metrics.

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
        plan = fitting.Plan(
            batch_size,
            epochs,
            initial_epoch,
            shuffle,
            exact_metrics,
            validation_batch_size,
            validation_freq,
            steps_per_epoch,
        )
        report = [] if verbose == 0 else [ProgressReport(verbose)]
        data = self._data(compiled, x, y, sample_weight, class_weight)
        self._check_rows(batch_size, len(data))
        validation = None
        if validation_data is not None:
            validation = self._data(compiled, *unpacked("validation_data", validation_data))
        elif validation_split:
            data, validation = split_off(data, validation_split, split)
        several = [callbacks] if isinstance(callbacks, Callback) else list(callbacks or ())
        return fitting.fit(self, compiled, self._engine, data, validation, plan, several, report)

    def evaluate(
        self,
        x: Any,
        y: Any,
        batch_size: int = 32,
        verbose: int | str = 0,
        sample_weight: Any = None,
        callbacks: Sequence[Callback] | Callback = (),
        *,
        return_dict: bool = False,
    ) -> Any:
        """Measure loss and metrics on arrays, without learning from them.

        Args:
            x: inputs, one row for each sample; for several inputs a list or a dict.
            y: targets, one row for each sample; for several outputs a list or a dict.
            batch_size: rows in a step; it does not change the result beyond rounding.
            verbose: 0 for nothing; "auto" or 1 for a line with the results, and a bar before it
                where there is a terminal; 2 for the line only.
            sample_weight: what each sample counts in the loss.
            callbacks: their `on_test_…` hooks are called.
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
        data = self._data(compiled, x, y, sample_weight)
        self._check_rows(batch_size, len(data))
        told = begin(callbacks, self, {"steps": -(-len(data) // batch_size)})
        with PassReport(verbose, len(data)) as report, BetweenRuns() as interrupts:
            logs = measure(compiled, self._engine, data, batch_size, interrupts, told, report)
            report.finish(logs)
        return self._numbers(logs, return_dict)

    def predict(
        self,
        x: Any,
        batch_size: int = 32,
        verbose: int | str = 0,
        callbacks: Sequence[Callback] | Callback = (),
    ) -> Any:
        """The outputs for arrays of inputs.

        Args:
            x: inputs, one row for each sample; for several inputs a list or a dict.
            batch_size: rows in a step.
            verbose: as in `evaluate`.
            callbacks: their `on_predict_…` hooks are called.

        Returns:
            One row for each sample; for several outputs a list, or a dict, of such arrays.

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
        self._check_rows(batch_size, len(inputs[0]))
        function = self._engine.predictor(inputs)
        told = begin(callbacks, self, {"steps": -(-len(inputs[0]) // batch_size)})
        with PassReport(verbose, len(inputs[0])) as report:
            outputs = outputs_for(self._engine, function, inputs, batch_size, told, report)
            report.finish({})
        return self._formed(outputs)

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

    def _check_rows(self, batch_size: int, count: int) -> None:
        """Refuse batches of other than the number of samples that the model is made for."""
        if self.rows is not None and (batch_size != self.rows or count % self.rows):
            raise ShapeError(
                f"model {self.name!r} is made for batches of {self.rows} samples "
                f"(cn.Input(…, batch_size={self.rows})): expected batch_size={self.rows} and a "
                f"multiple of {self.rows} samples, got batch_size={batch_size} and {count} samples"
            )

    def _formed(self, outputs: Sequence[Any]) -> Any:
        """One array, a list or a dict, as `call` gives its tensors."""
        if self._form is Tensor:
            return outputs[0]
        return list(outputs) if self._form is list else dict(zip(self._form, outputs, strict=True))

    def _numbers(self, logs: dict[str, float], return_dict: bool) -> Any:
        if return_dict:
            return logs
        return list(logs.values()) if len(logs) > 1 else logs["loss"]

    def _inputs(self, name: str, x: Any) -> tuple[np.ndarray, ...]:
        return inputs_of(self.places, name, x, self.input_limits())

    def _data(
        self,
        compiled: Compiled,
        x: Any,
        y: Any,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
    ) -> Data:
        inputs = self._inputs("x", x)
        predictions = self.outputs_for(inputs)
        if len(predictions) != len(compiled.objectives):
            count = len(compiled.objectives)
            raise GraphError(
                f"model {self.name!r} has {len(predictions)} outputs, and compile was given "
                f"{count} loss{'es' if count > 1 else ''}; give a list, one for each"
            )
        return data_of(compiled, inputs, predictions, y, sample_weight, class_weight)


def _names_in(loss: Any) -> list[str]:
    """The names of outputs that a list or a dict of losses implies."""
    if isinstance(loss, Mapping) and "class_name" not in loss:
        return [str(name) for name in loss]
    return [f"output_{i}" for i in range(len(loss))] if isinstance(loss, list | tuple) else []
