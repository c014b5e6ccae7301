"""Running both sides of docs/from_keras.md, and comparing what they come to."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from tests.from_pages.page import OURS, Program, Row, Section, compare, run, value

import cairnet as cn

PAGE = "from_keras.md"
#: Rounding in float32, over some steps of training.
TOLERANCE = 1e-4
_WHOSE = {"Keras": ("Keras",), OURS: (OURS,), "Both": ("Keras", OURS)}


class Sides:
    """The names of Keras's programs, if it is to be run, and those of Cairnet's.

    Models of one name are one model: after the programs that make them, the weights of Keras's are
    given to Cairnet's.

    Args:
        keras: the module, or None to run Cairnet's programs alone.
    """

    def __init__(self, keras: Any) -> None:
        self.keras = keras
        self.ours: dict[str, Any] = {}
        self.theirs: dict[str, Any] = {}
        self.compared = 0
        self._run: set[str] = set()
        self._synchronized: dict[str, Any] = {}
        self._seen: dict[str, Any] = {}

    def follow(self, section: Section) -> None:
        """Run and compare everything in a section, in order."""
        for item in section.items:
            if isinstance(item, Row):
                self._row(item)
            else:
                self._program(item)

    def _program(self, program: Program) -> None:
        whose = _WHOSE[program.whose]
        if "Keras" in whose and self.keras is not None:
            with quietly():
                code = "\n" * program.line + program.code
                exec(compile(code, PAGE, "exec"), self.theirs)
        if OURS in whose:
            run(PAGE, program, self.ours)
        self._run.update(whose)
        if self._run == {"Keras", OURS}:
            self._run.clear()
            if self.keras is not None:
                with quietly():
                    self._compare_names(f"{PAGE}, line {program.line}")
                    self._synchronize()

    def _row(self, row: Row) -> None:
        ours = looked_at(value(PAGE, row, self.ours, {}))
        if self.keras is not None:
            with quietly():
                theirs = self._plain(looked_at(eval(row.peer, self.theirs)))
            compare(ours, theirs, f"{PAGE}, line {row.line}: {row.ours}", TOLERANCE)
            self.compared += 1

    def _compare_names(self, where: str) -> None:
        """Numbers that both sides have given the same name since the last comparison."""
        for name, theirs in self.theirs.items():
            known = is_data(self.ours.get(name)) and is_data(self._plain(theirs))
            if known and self._seen.get(name) is not theirs:
                compare(self.ours[name], self._plain(theirs), f"{where}: {name}", TOLERANCE)
                self.compared += 1
            self._seen[name] = theirs

    def _synchronize(self) -> None:
        for name, ours in self.ours.items():
            if not isinstance(ours, cn.Model) or self._synchronized.get(name) is ours:
                continue
            if name not in self.theirs:
                continue
            self._synchronized[name] = ours
            if ours.input_shape is not None:
                ours.set_weights(self.theirs[name].get_weights())

    def _plain(self, value: Any) -> Any:
        """Keras's tensors as arrays, also inside lists and dicts."""
        if isinstance(value, list | tuple):
            return type(value)(self._plain(item) for item in value)
        if isinstance(value, dict):
            return {name: self._plain(item) for name, item in value.items()}
        if self.keras.ops.is_tensor(value) and not isinstance(value, self.keras.KerasTensor):
            return self.keras.ops.convert_to_numpy(value)
        return value


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """What Keras prints and warns of is not the subject."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def is_data(value: Any) -> bool:
    """Numbers, arrays, and lists, tuples and dicts of them."""
    if isinstance(value, list | tuple):
        return all(map(is_data, value))
    if isinstance(value, dict):
        return all(map(is_data, value.values()))
    return isinstance(value, int | float | np.ndarray | np.generic)


def looked_at(value: Any) -> Any:
    """An optimizer as the weights after three of its steps, a schedule as its rate at step 7."""
    if isinstance(value, cn.optimizers.Optimizer):
        weights, slope = cn.Variable(np.ones(2), name="w"), cn.input((2,), "float64", "slope")
        step = cn.function([slope], [], value.updates([weights], [slope]), backend="reference")
        for size in (1.0, 2.0, 3.0):
            step(np.full(2, size))
        return weights.numpy()
    if isinstance(value, cn.optimizers.schedules.LearningRateSchedule):
        return value(cn.asarray(7.0)).numpy()
    kind = type(value).__module__
    if kind.startswith("keras.") and ".schedules." in kind:
        return value(7)
    if kind.startswith("keras.") and ".optimizers." in kind:
        return _keras_steps(value)
    return value


def _keras_steps(optimizer: Any) -> np.ndarray:
    import keras

    weights = keras.Variable(np.ones(2), dtype="float32", name="w")
    for size in (1.0, 2.0, 3.0):
        optimizer.apply([keras.ops.full((2,), size)], [weights])
    return keras.ops.convert_to_numpy(weights)
