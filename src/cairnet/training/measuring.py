"""Passes over data that is not learned from: measuring it, and computing the outputs for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cairnet.runtime import Function
from cairnet.training.callbacks import Callback
from cairnet.training.callbacks.base import tell, wants_batches
from cairnet.training.data import Data
from cairnet.training.engine import Engine
from cairnet.training.interrupt import BetweenRuns
from cairnet.training.objective import Compiled
from cairnet.training.progress import PassReport
from cairnet.training.totals import Totals

__all__ = ["measure", "outputs_for"]


def measure(
    compiled: Compiled,
    engine: Engine,
    data: Data,
    batch_size: int,
    interrupts: BetweenRuns,
    callbacks: Sequence[Callback] = (),
    report: PassReport | None = None,
) -> dict[str, float]:
    """Loss and metrics on data that is not learned from."""
    totals = Totals(compiled.metrics, compiled.losses)
    function = engine.evaluator(compiled, data)
    single = wants_batches(callbacks, "test")
    tell(callbacks, "on_test_begin")
    if single:
        tell(callbacks, "on_test_batch_begin", 0)
    done, seen, batches = 0, 0, -(-len(data) // batch_size)
    for rows, outputs in engine.batches(function, data.arrays, batch_size, single=single):
        totals.add(outputs, rows)
        done += len(outputs["loss"])
        seen += rows * len(outputs["loss"])
        if single:
            tell(callbacks, "on_test_batch_end", done - 1, logs=totals.logs())
            if done < batches:
                tell(callbacks, "on_test_batch_begin", done)
        if report is not None and report.moves:
            report.move(seen, totals.logs())
        interrupts.check()
    logs = totals.logs()
    tell(callbacks, "on_test_end", logs=logs)
    return logs


def outputs_for(
    engine: Engine,
    function: Function,
    inputs: Sequence[np.ndarray],
    batch_size: int,
    callbacks: Sequence[Callback],
    report: PassReport,
) -> list[np.ndarray]:
    """The outputs for all rows, one array for each output."""
    steps = -(-len(inputs[0]) // batch_size)
    single = wants_batches(callbacks, "predict")
    parts: list[list[np.ndarray]] = []
    seen = 0
    tell(callbacks, "on_predict_begin")
    if single:
        tell(callbacks, "on_predict_batch_begin", 0)
    with BetweenRuns() as interrupts:
        batches = engine.batches(function, inputs, batch_size, single=single)
        for number, (rows, outputs) in enumerate(batches):
            parts.append([output.reshape(-1, *output.shape[2:]) for output in outputs])
            seen += rows * len(outputs[0])
            if single:
                tell(callbacks, "on_predict_batch_end", number)
                if number + 1 < steps:
                    tell(callbacks, "on_predict_batch_begin", number + 1)
            report.move(seen, {})
            interrupts.check()
    tell(callbacks, "on_predict_end")
    return [
        several[0] if len(several) == 1 else np.concatenate(several)
        for several in zip(*parts, strict=True)
    ]
