"""Every picture that is drawn here, and what draws it."""

from __future__ import annotations

from collections.abc import Callable

from activation_curves import activations, rectifiers_in_depth
from digits import augmentations, convolutions, noise, normalizations, poolings, shifts
from kernels import kernel_bars
from looks import Picture
from measures import confusion, losses
from rates import schedules
from recurrent import carries, shapes, skipping, unrolled
from samples import data_sets
from terminal import bars, curves, terminal
from trails import optimizers

__all__ = ["PICTURES"]

PICTURES: dict[str, Callable[[], Picture]] = {
    "activations": activations,
    "initializers": rectifiers_in_depth,
    "convolutions": convolutions,
    "poolings": poolings,
    "noise": noise,
    "augmentations": augmentations,
    "shifts": shifts,
    "normalizations": normalizations,
    "losses": losses,
    "optimizers": optimizers,
    "schedules": schedules,
    "confusion_matrix": confusion,
    "unrolled": unrolled,
    "shapes": shapes,
    "carries": carries,
    "skipping": skipping,
    "data_sets": data_sets,
    "terminal": terminal,
    "lenet5": curves,
    "bars": bars,
    "kernels": kernel_bars,
}
