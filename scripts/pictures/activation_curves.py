"""Activations with their slopes, and what starting weights do to a signal in depth."""

from __future__ import annotations

import numpy as np
from looks import BLUE, GREY, INK, VERMILION, curves_axes, panels
from matplotlib.figure import Figure

import cairnet as cn

__all__ = ["activations", "rectifiers_in_depth"]

# In families: none and thresholds, sigmoids, rectifiers, their smooth kin, and the rest.
NAMES = [
    *("linear", "step", "sigmoid", "hard_sigmoid", "tanh", "softsign", "relu", "relu6"),
    *("leaky_relu", "elu", "celu", "selu", "softplus", "silu", "hard_silu", "gelu", "mish"),
    *("exp", "log_sigmoid"),
]


def activations() -> Figure:
    """A panel for each activation: the function, and its derivative dashed."""
    figure, axes = panels(4, 5, 1.75, 1.55)
    at = np.linspace(-4, 8, 601)
    x = cn.input((None,), "float64", "x")
    for panel, name in zip(axes.flat, NAMES, strict=False):
        f = getattr(cn.activations, name)
        curves_axes(panel, name)
        panel.plot(at, cn.function([x], f(x))(at), color=BLUE, linewidth=1.6)
        if name != "step":
            slope = cn.function([x], cn.grad(cn.sum(f(x)), x))(at)
            panel.plot(at, slope, color=VERMILION, linewidth=1.0, dashes=(3, 1.5))
        # The ceiling of relu6 is higher than the others' panels.
        top = 8 if name == "relu6" else 4
        panel.set_xlim(-4, top)
        panel.set_ylim(-2.2, 1.05 * top)
        panel.set_xticks(range(-4, top + 1, 4))
        panel.set_yticks(range(-2, top + 1, 2))
    last = axes.flat[len(NAMES)]
    curves_axes(last, "softmax of 2, 1, 0, −1")
    scores = np.array([2.0, 1.0, 0.0, -1.0])
    last.bar(["2", "1", "0", "−1"], cn.softmax(scores).numpy(), color=BLUE, width=0.6)
    last.set_ylim(0, 1)
    return figure


def rectifiers_in_depth() -> Figure:
    """How large a signal still is after each of thirty layers with rectifiers."""
    figure, axes = panels(1, 1, 6.2, 3.0)
    panel = axes[0, 0]
    curves_axes(panel, "standard deviation of the signal behind each of 30 Dense layers with relu")
    starts = {
        "he_normal": cn.initializers.HeNormal(seed=1),
        "orthogonal, gain √2": cn.initializers.Orthogonal(gain=2**0.5, seed=1),
        "glorot_uniform": cn.initializers.GlorotUniform(seed=1),
        "normal, 0.05": cn.initializers.RandomNormal(stddev=0.05, seed=1),
        "normal, 0.1": cn.initializers.RandomNormal(stddev=0.1, seed=1),
    }
    signal = np.random.default_rng(0).standard_normal((200, 300)).astype(np.float32)
    for name, start in starts.items():
        x, sizes = signal, [1.0]
        for layer in range(30):
            again = type(start)(**{**start.get_config(), "seed": layer})
            x = np.maximum(x @ np.asarray(again((300, 300))), 0)
            sizes.append(float(x.std()))
        good = name.startswith(("he", "orth"))
        colour = BLUE if good else VERMILION
        panel.plot(range(31), sizes, color=colour, linewidth=1.6)
        panel.annotate(
            name,
            (30, sizes[-1]),
            xytext=(4, 5 if name.startswith("orth") else -5 if name.startswith("he") else 0),
            textcoords="offset points",
            fontsize=8.5,
            color=colour,
            va="center",
        )
    panel.axhline(1, color=GREY, linewidth=0.8)
    panel.set_yscale("log")
    panel.minorticks_off()
    panel.set_xlim(0, 30)
    panel.set_xlabel("layer", fontsize=8.5, color=INK)
    return figure
