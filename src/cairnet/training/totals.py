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

    Args:
        metrics: by the names under which they are reported.
        losses: the names of the losses of single outputs.
    """

    def __init__(self, metrics: Mapping[str, Metric], losses: Sequence[str] = ()) -> None:
        self._metrics = metrics
        means = {"loss": "loss", **{name: f"part/{name}" for name in losses}}
        self._means = {name: (entry, []) for name, entry in means.items()}
        self._sums: dict[str, list[np.ndarray]] = {name: [] for name in metrics}
        #: Where samples are weighted or masked: how much each step's sums are sums of.
        self._counted: dict[str, list[np.ndarray]] = {}
        self._count = 0

    _means: dict[str, tuple[str, list[np.ndarray]]]

    def add(self, outputs: Mapping[str, np.ndarray], rows: int) -> None:
        """Take what consecutive steps of `rows` samples each reported, stacked."""
        steps = len(outputs["loss"])
        for entry, kept in self._means.values():
            kept.append(outputs[entry].astype(np.float64) * rows)
        for name, sums in self._sums.items():
            sums.append(outputs[f"metric/{name}"].astype(np.float64))
            if f"count/{name}" in outputs:
                self._counted.setdefault(name, []).append(outputs[f"count/{name}"])
        self._count += steps * rows

    def logs(self) -> dict[str, float]:
        """The mean loss, and every metric, by name."""
        result = {
            name: float(np.concatenate(kept).sum()) / self._count
            for name, (_, kept) in self._means.items()
        }
        for name, metric in self._metrics.items():
            total = np.concatenate(self._sums[name]).sum(axis=0)
            counted = self._counted.get(name)
            count = np.concatenate(counted).sum().item() if counted else self._count
            # Of nothing that counts the sums are 0, and so is the metric.
            result[name] = metric.result(total, count or 1)
        return result
