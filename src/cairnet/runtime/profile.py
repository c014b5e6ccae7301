"""`cn.profile`: how long each kernel of a function takes, and how near that is to the possible."""

from __future__ import annotations

import itertools
import math
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cairnet.base.configuration import configure
from cairnet.base.errors import ArgumentError
from cairnet.runtime.function import Call, Function
from cairnet.runtime.profiled import KernelProfile, Profile
from cairnet.tensor.core import CONSTANT, INPUT, VARIABLE, Tensor
from cairnet.tensor.extent import Extent, evaluate

if TYPE_CHECKING:
    from cairnet.backends.native.program import NativeProgram
    from cairnet.compiler.loops import Nest
    from cairnet.compiler.pipeline import LoopStep, Step

__all__ = ["profile"]

#: However long a call takes, each part of the measurement has no fewer calls than this.
_FEWEST_CALLS = 2
#: The peak is sampled before, between and after this many parts.
_PARTS = 2


def profile(function: Function, *arguments: Any, seconds: float = 0.5) -> Profile:
    """Measure a function kernel by kernel.

    The function is compiled once more, with a reading of the processor's counter after every
    kernel, and called again and again with the same arguments. For every kernel the result holds
    its time t, the mean of the fastest quarter of all calls, and what it achieved in it:

        operations / t    floating-point operations in a second, a multiply-add counting as two
        bytes / t         memory touched in a second, every element counted once for reading and
                          once for writing
        share of peak     operations / t, divided by what a loop of multiply-adds that touches no
                          memory reached on as many threads, sampled between the calls

    Operations and bytes are those that the computation needs, not those that the processor
    happened to carry out, so waste lowers the rates. The time of a kernel is that of the thread
    with the largest share in it; what threads wait for each other afterwards is kept apart.

    Args:
        function: a function made by `cn.function`, on the native backend.
        arguments: values for its inputs, as in a call.
        seconds: how long to repeat the call, at least four times. Compiling, warming up and
            samples of the peak and of the memory (some 0.3 s) come on top.

    Returns:
        A `Profile`. It prints itself as a table; `show()` prints it in colour where there is a
        terminal, `by_layer()` adds the kernels of each layer up, `cn.plots.kernel_times` draws
        the times and `cn.plots.roofline` what could be reached.

    Raises:
        ArgumentError: not such a function, or not a positive number of seconds.
        ShapeError, DTypeError: arguments that do not fit.

    Notes:
        A training function takes its steps, but when the measurement is over, its variables have
        the values from before. A model's own step is measured by `Model.profile`.

        What memory and caches deliver is sampled too, for `cn.plots.roofline`: the share of the
        peak is the distance to the flat part of its roof.

    Example:
        >>> import cairnet as cn
        >>> x, w = cn.input((64, 32), name="x"), cn.Variable(cn.ones((32, 16)).numpy())
        >>> with cn.scope("layer"):
        ...     y = cn.relu(x @ w)
        >>> f = cn.function([x], y, name="forward", backend="native")
        >>> measured = cn.profile(f, cn.ones((64, 32)).numpy(), seconds=0.01)
        >>> [(kernel.layer, kernel.title, kernel.operations) for kernel in measured.kernels]
        [('layer', 'dot, maximum', 66560)]
        >>> measured.kernels[0].seconds < measured.seconds
        True
    """
    _check(function, seconds)
    from cairnet.backends.native.bandwidth import cache_bandwidth, memory_bandwidth
    from cairnet.backends.native.clock import Clock
    from cairnet.backends.native.program import compile_program

    call, graph = function.call_of(*arguments), function.graph
    program = compile_program(graph.inputs, graph.outputs, graph.updates, call.fixed, timed=True)
    variables = [variable for variable, _ in graph.updates]
    old = [variable.data.copy() for variable in variables]
    clock = Clock()
    try:
        threads, samples, peak = _measured(program, call, seconds)
        memory, caches = memory_bandwidth(threads).sample(), cache_bandwidth(threads).sample()
    finally:
        for variable, value in zip(variables, old, strict=True):
            variable.data[...] = value
    ticks = _fastest(np.array([sample.ticks for sample in samples]))
    return Profile(
        name=function.name,
        sizes={str(size): call.sizes[size] for size in graph.counted},
        threads=threads,
        calls=len(samples),
        seconds=float(_fastest(np.array([sample.seconds for sample in samples]))),
        peak=peak,
        memory=memory,
        caches=caches,
        kernels=tuple(_kernels(program, call.sizes, ticks * clock.seconds_per_tick(), peak)),
    )


def _check(function: Any, seconds: Any) -> None:
    if not isinstance(function, Function):
        raise ArgumentError(
            f"profile: expected a function made by cn.function, got {type(function).__name__}; "
            "a model's training step is measured by model.profile(x, y)"
        )
    if function.backend != "native":
        raise ArgumentError(
            f"profile: {function.name} runs on the {function.backend} backend, which has no "
            'kernels; make the function with backend="native"'
        )
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise ArgumentError(f"seconds: expected a positive number, got {seconds!r}")


# -- measuring -------------------------------------------------------------------------------------


class _Sample(NamedTuple):
    """One call: its time by the clock on the wall, and the ticks of each thread and kernel."""

    seconds: float
    ticks: np.ndarray


def _measured(
    program: NativeProgram, call: Call, seconds: float
) -> tuple[int, list[_Sample], float]:
    """The number of threads, the calls, and the peak sampled between them."""
    from cairnet.backends.native.peak import Peak

    # A program that is told no number of threads tries several at first, and now and then again.
    tried: dict[int, float] = {}
    for sample in _calls(program, call, seconds / 4):
        tried[program.threads] = min(sample.seconds, tried.get(program.threads, math.inf))
    threads = min(tried, key=lambda number: tried[number])
    # Tries as short as kernels, so that both fall between what other processes do.
    peak = Peak(threads, seconds=0.001, tries=50)
    peaks = [peak.sample()]
    samples: list[_Sample] = []
    before = configure(threads=threads)
    try:
        for _ in range(_PARTS):
            samples += _calls(program, call, seconds / _PARTS)
            peaks.append(peak.sample())
    finally:
        configure(threads=before.threads)
    return threads, samples, statistics.median(peaks)


def _calls(program: NativeProgram, call: Call, seconds: float) -> Iterator[_Sample]:
    """Call a program for some time, at least twice."""
    end = time.perf_counter() + seconds
    for number in itertools.count(1):
        ticks = program.times.copy()
        start = time.perf_counter()
        program.run(call.arrays, call.sizes)
        now = time.perf_counter()
        yield _Sample(now - start, (program.times - ticks)[: program.threads])
        if now > end and number >= _FEWEST_CALLS:
            return


def _fastest(samples: np.ndarray) -> np.ndarray:
    """The mean of the fastest quarter of the samples.

    Whatever else happens on a machine makes a call slower and never faster. A mean is finer than
    a tick, which is long beside the smallest kernels.
    """
    fastest: np.ndarray = np.sort(samples, axis=0)[: -(-len(samples) // 4)].mean(axis=0)
    return fastest


# -- what was measured -----------------------------------------------------------------------------


def _kernels(
    program: NativeProgram, sizes: Mapping[Extent, int], seconds: np.ndarray, peak: float
) -> Iterator[KernelProfile]:
    from cairnet.compiler.listing import primitives, source_line
    from cairnet.compiler.nest_listing import axis_names
    from cairnet.compiler.work import work_of

    lowered = program.lowered
    for number, (step, turns) in enumerate(_turning(lowered.steps, 1, sizes)):
        work = work_of(step.nest, sizes, lowered.memory)
        computing, waiting = seconds[:, number].T
        longest = float(computing.max())
        heart = _heart(step.nest)
        yield KernelProfile(
            number=number,
            title=primitives(step.nest),
            layer=heart.path,
            layers=tuple(dict.fromkeys((heart.path, *(t.path for t in step.nest.tensors)))),
            line=source_line(heart),
            schedule=step.schedule.describe(axis_names(step.nest)),
            shared=not step.serial,
            turns=turns,
            seconds=longest,
            busy=float(computing.mean()) / longest if longest else 1.0,
            waiting=float(waiting.mean()),
            operations=turns * work.operations,
            bytes=turns * work.bytes,
            width=work.width,
            peak=peak * 4 / work.width,
        )


def _turning(
    steps: Sequence[Step | LoopStep], turns: int, sizes: Mapping[Extent, int]
) -> Iterator[tuple[Step, int]]:
    """The steps that call kernels, in their order, and how often each does in a call."""
    from cairnet.compiler.pipeline import LoopStep

    for step in steps:
        if isinstance(step, LoopStep):
            length = int(evaluate(step.nest.length, sizes))
            yield from _turning(step.body, turns * length, sizes)
        else:
            yield step, turns


def _heart(nest: Nest) -> Tensor:
    """The node that decides what a kernel is: its contraction or reduction, if it has one."""
    from cairnet.compiler.storage import HEAVY

    inner = [t for t in nest.tensors if t.primitive not in (INPUT, VARIABLE, CONSTANT)]
    heavy = [tensor for tensor in inner if tensor.primitive.name in HEAVY]
    return (heavy or inner or list(nest.tensors))[0]
