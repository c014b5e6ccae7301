"""The peers that take part in most workloads, by the names that stand in the tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.contest import Contestant
from benchmarks.problem import Optimizer
from benchmarks.runners import with_jax, with_keras, with_torch

__all__ = ["EAGER", "jax_peers", "keras_peers", "torch_peers"]

#: torch's plain loop of steps, on all threads and on one.
EAGER = ("torch, eager", "torch, eager, one thread")


def torch_peers(
    loss: with_torch.Loss,
    optimizer: Optimizer,
    layout: with_torch.Layout = with_torch.transposed,
    *,
    images: bool = False,
    alone: bool = False,
    compiled: bool = True,
) -> tuple[Contestant, ...]:
    """torch as it comes, and compiled by torch.compile.

    Args:
        loss: see `with_torch.Loss`.
        optimizer: the update rule.
        layout: see `with_torch.calls`.
        images: whether to try images whose channels come last too.
        alone: whether to try the plain loop on one thread too.
        compiled: whether to try what torch.compile makes of it.
    """

    def peer(name: str, **options: bool) -> Contestant:
        build = with_torch.calls(loss, optimizer, layout=layout, **options)
        return Contestant(name, "torch", build, ("torch",), options.get("compiled", False))

    eager = peer(EAGER[0])
    return (
        eager,
        *((eager.alone(),) if alone else ()),
        *((peer("torch, channels last", channels_last=True),) if images else ()),
        *((peer("torch, compiled", compiled=True),) if compiled else ()),
    )


def jax_peers(loss: with_jax.Loss, optimizer: Optimizer, unit: int) -> tuple[Contestant, ...]:
    """JAX with steps under lax.scan, `unit` in a call, and with a jitted step."""
    scan = with_jax.scan(loss, optimizer, unit)
    return (
        Contestant("JAX, lax.scan", "jax", scan, ("jax",), unit=unit),
        Contestant("JAX, jitted step", "jax", with_jax.calls(loss, optimizer), ("jax",)),
    )


def keras_peers(
    model: Callable[[], Any], loss: str, optimizer: Optimizer, unit: int
) -> tuple[Contestant, ...]:
    """Keras on each of its backends; a call of `fit` takes a multiple of `unit` steps."""
    return tuple(
        Contestant(
            f"Keras on {name}",
            "keras",
            with_keras.fit(model, loss, optimizer),
            ("keras", backend),
            unit=unit,
            environment={"KERAS_BACKEND": backend},
        )
        for backend, name in (("torch", "torch"), ("jax", "JAX"), ("tensorflow", "TensorFlow"))
    )
