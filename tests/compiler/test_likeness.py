"""Nests that are alike: what is carried from one to another is what it would have had itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from tests.compiler.passes import TARGET
from tests.training_steps import STEPS, TrainingStep, deep

import cairnet as cn
from cairnet.backends.native.emit import emit_kernel
from cairnet.backends.native.module import build_module
from cairnet.backends.native.passes import Passes
from cairnet.compiler.likeness import carried, form_of, plain_form
from cairnet.compiler.loops import Affine, Axis, Buffer, Compute, Literal, Load, Nest, Store
from cairnet.compiler.tile import tile
from cairnet.tensor.core import Tensor

FLOAT = np.dtype(np.float32)


def itself(buffer: Buffer) -> Buffer:
    return buffer


def double(
    name: str = "x", size: int = 5, stride: int = 1, factor: float = 2.0, kind: str = "arena"
) -> Nest:
    """y[i] := factor · x[stride · i]."""
    x: Tensor = cn.input((size,), name=name)
    axis = Axis("i", size)
    read, written = (Buffer(n, FLOAT, (size,), x, kind) for n in (name, "y"))
    value = Compute(
        FLOAT,
        "multiply",
        (Load(FLOAT, read, Affine.of(axis) * stride), Literal(FLOAT, np.float32(factor))),
    )
    return Nest((axis,), (), (), (Store(written, Affine.of(axis), value),), (x,))


def test_nests_over_other_memory_are_alike() -> None:
    first, second = form_of(double("x"), itself), form_of(double("z"), itself)
    assert first.key == second.key
    assert hash(first.key) == hash(second.key)
    assert not set(first.parts) & set(second.parts)


@pytest.mark.parametrize(
    "other",
    [
        double(size=6),
        double(stride=-1),
        double(factor=3.0),
        double(factor=-0.0),
        double(kind="variable"),
    ],
)
def test_nests_that_differ_are_not_alike(other: Nest) -> None:
    keys = {form_of(nest, itself).key for nest in (double(), double(factor=0.0))}
    assert form_of(other, itself).key not in keys


def test_memory_that_is_shared_is_told() -> None:
    nest = double()
    read, written = nest.loads()[0].buffer, nest.written()[0]
    apart = form_of(nest, itself)
    together = form_of(nest, lambda buffer: read if buffer is written else buffer)
    assert apart.key != together.key


def test_values_are_carried_over() -> None:
    one, other = double("x"), double("z")
    first, second = form_of(one, itself), form_of(other, itself)
    schedule = tile(one, TARGET)
    assert plain_form(schedule, first) == plain_form(tile(other, TARGET), second)
    assert carried(schedule, first, second) == tile(other, TARGET)
    buffers = (one.loads()[0].buffer, one.written()[0], 7)
    assert carried(buffers, first, second) == (other.loads()[0].buffer, other.written()[0], 7)


@pytest.mark.parametrize("make", [*STEPS.values(), deep])
def test_every_step_has_its_own_schedule_and_kernel(make: Callable[[], TrainingStep]) -> None:
    graph = make().function().graph
    lowered = Passes(graph.inputs, graph.outputs, graph.updates, {}).lowered
    module = build_module(lowered)
    for step, kernel in zip(module.steps, module.kernels, strict=True):
        own = emit_kernel(step.nest, step.schedule, lowered.memory).text
        named = own.replace("define void @KERNEL(", f"define private void @{kernel}(")
        assert named in module.text


def test_equal_layers_share_their_kernels() -> None:
    graph = deep(layers=8).function().graph
    module = Passes(graph.inputs, graph.outputs, graph.updates, {}).module
    assert len(set(module.kernels)) <= len(module.kernels) / 2
