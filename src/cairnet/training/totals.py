"""Adding up what the steps of an epoch report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cairnet.nn.metrics import Metric

__all__ = ["Totals"]


class Totals:
    """Loss and metrics over the samples seen so far.

    What every step reports is kept, and added up from the beginning each time: the result then
    does not depend on how the steps were grouped into runs, which follows the clock.
    """

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics
        self._losses: list[np.ndarray] = []
        self._sums: dict[str, list[np.ndarray]] = {metric.name: [] for metric in metrics}
        self._count = 0

    def add(self, outputs: Mapping[str, np.ndarray], rows: int) -> None:
        """Take what consecutive steps of `rows` samples each reported, stacked."""
        steps = len(outputs["loss"])
        self._losses.append(outputs["loss"].astype(np.float64) * rows)
        for name, sums in self._sums.items():
            sums.append(outputs[f"metric/{name}"].astype(np.float64))
        self._count += steps * rows

    def logs(self) -> dict[str, float]:
        """The mean loss, and every metric, by name."""
        result = {"loss": float(np.concatenate(self._losses).sum()) / self._count}
        for metric in self._metrics:
            total = np.concatenate(self._sums[metric.name]).sum(axis=0)
            result[metric.name] = metric.result(total, self._count)
        return result
