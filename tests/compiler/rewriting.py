"""How the rules of graph rewriting are tested: a record of what each does and what it refuses.

    cases = Cases("algebra")

    @cases.shows("multiply by one")
    def _() -> Any:
        return cn.input((64,), name="x") * 1.0

    @cases.refuses("multiply integers by zero")
    def a_float_may_be_infinite() -> Any:
        return cn.input((64,), name="x") * 0.0

A record builds a graph. The rule, applied alone, must change it (or not), the graph before and
after stands in a golden file, and the values must be what the rule promises: where it promises
bits they are compared on NaN, infinities, signed zeros and the bounds of integers too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tests.golden import check_golden

from cairnet.base.dtypes import is_floating
from cairnet.compiler.rewrite import Keeps, all_rules, rewrite
from cairnet.tensor.core import Input, Tensor, topological_order
from cairnet.tensor.interpreter import evaluate
from cairnet.tensor.printer import format_graph
from cairnet.tensor.verifier import verify

Build = Callable[[], Any]
#: Values at the corners of floating-point arithmetic.
CORNERS = (0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1e-30, -1e30, np.inf, -np.inf, np.nan, 2.0, 0.1)


@dataclass
class Case:
    """One graph that a rule changes, or refuses to change.

    Attributes:
        rule: the rule's name.
        build: returns the output, or the output and some feeds; other inputs are fed at random.
        about: what is special about this graph, if anything.
        beyond: feeds by name with which the original goes wrong, and the right result, which the
            graph rewritten by all rules must give.
    """

    rule: str
    build: Build
    about: str = ""
    beyond: list[tuple[Mapping[str, Any], Any]] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.rule}: {self.about}" if self.about else self.rule

    def graph(self) -> tuple[Tensor, dict[Tensor, np.ndarray]]:
        """The output and the feeds the record insists on."""
        built = self.build()
        return built if isinstance(built, tuple) else (built, {})

    def rewritten(self, output: Tensor) -> tuple[Tensor, bool]:
        """The output rewritten by this rule alone, and whether the rule applied."""
        applied: list[str] = []
        (after,) = rewrite(
            [output], rules=[self.rule], observe=lambda rule, _, __: applied.append(rule.name)
        )
        return after, bool(applied)

    def check(self) -> None:
        """The rule changes the graph and keeps the values."""
        output, given = self.graph()
        alone, applied = self.rewritten(output)
        assert applied, "the rule does not apply"
        (whole,) = rewrite([output])
        verify([alone, whole])
        keeps = all_rules()[self.rule].keeps
        for seed in range(3):
            plain = feeds_for(output, given, seed, corners=False)
            compare(output, alone, plain, keeps)
            compare(output, whole, plain, Keeps.BETTER)
            if keeps in (Keeps.BITS, Keeps.VALUE):
                compare(output, alone, feeds_for(output, given, seed, corners=True), keeps)
        for values, expected in self.beyond:
            named = {t.name: t for t in topological_order([output]) if isinstance(t, Input)}
            feeds = {named[name]: np.asarray(v, named[name].dtype) for name, v in values.items()}
            (value,) = evaluate([whole], feeds)
            np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-30)

    def check_refusal(self) -> None:
        """The rule leaves the graph alone."""
        output, given = self.graph()
        alone, applied = self.rewritten(output)
        assert not applied, "the rule applies"
        (whole,) = rewrite([output])
        verify([alone, whole])
        compare(output, whole, feeds_for(output, given, 0, corners=False), Keeps.BETTER)

    def listing(self) -> str:
        """The graph before and after, as text."""
        output, _ = self.graph()
        (after,) = rewrite([output], rules=[self.rule])
        parts = ["before", format_graph(output, remarks=False), "after"]
        return "\n".join([f"== {self}", *parts, format_graph(after, remarks=False)])


class Cases:
    """The records of one family of rules."""

    def __init__(self, family: str) -> None:
        self.family = family
        self.shown: list[Case] = []
        self.refused: list[Case] = []

    def shows(self, rule: str, about: str = "", beyond: Any = ()) -> Callable[[Build], Build]:
        """Record a graph that a rule changes."""

        def enter(build: Build) -> Build:
            self.shown.append(Case(rule, build, about, list(beyond)))
            return build

        return enter

    def refuses(self, rule: str) -> Callable[[Build], Build]:
        """Record a graph that a rule leaves alone; the function's name says why."""

        def enter(build: Build) -> Build:
            self.refused.append(Case(rule, build, build.__name__.replace("_", " ")))
            return build

        return enter

    def check_golden(self) -> None:
        """Compare the graphs before and after with the family's golden file."""
        text = "\n\n".join(case.listing() for case in self.shown)
        check_golden(f"rewrite_{self.family}.txt", text)


def feeds_for(
    output: Tensor, given: Mapping[Tensor, np.ndarray], seed: int, corners: bool
) -> dict[Tensor, np.ndarray]:
    """An array for every input below an output; unknown extents become 3."""
    random = np.random.default_rng(seed)
    feeds = dict(given)
    for tensor in topological_order([output]):
        if isinstance(tensor, Input) and tensor not in feeds:
            shape = tuple(3 if size is None else size for size in tensor.shape)
            feeds[tensor] = values_of(tensor.dtype, shape, random, corners)
    return feeds


def values_of(
    dtype: np.dtype[Any], shape: tuple[int, ...], random: np.random.Generator, corners: bool
) -> np.ndarray:
    """Random values of a dtype, moderate or at the corners of its range."""
    if dtype == np.bool_:
        return random.integers(0, 2, shape).astype(bool)
    if is_floating(dtype):
        drawn = random.choice(CORNERS, shape) if corners else random.normal(0, 2, shape)
        return np.asarray(drawn, dtype)
    if corners:
        bounds = np.iinfo(dtype)
        few = np.array([bounds.min, bounds.max, 0, 1, 2, bounds.max - 1], dtype)
        return random.choice(few, shape)
    return random.integers(0, 5, shape).astype(dtype)


def compare(
    before: Tensor, after: Tensor, feeds: Mapping[Tensor, np.ndarray], keeps: Keeps
) -> None:
    """Assert that a rewritten graph has the values that its rule promises."""
    (expected,), (actual,) = evaluate([before], feeds), evaluate([after], feeds)
    assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
    np.testing.assert_equal(np.isnan(actual), np.isnan(expected))
    if keeps is Keeps.BITS or not is_floating(expected.dtype):
        np.testing.assert_array_equal(actual, expected)
        if is_floating(expected.dtype):
            number = ~np.isnan(expected)
            np.testing.assert_array_equal(np.signbit(actual[number]), np.signbit(expected[number]))
    elif keeps is Keeps.VALUE:
        np.testing.assert_array_equal(actual, expected)
    else:
        finite = np.isfinite(expected)
        np.testing.assert_array_equal(actual[~finite], expected[~finite])
        allowed = 20 * float(np.finfo(expected.dtype).eps)
        allowed *= 1 + float(np.abs(expected[finite]).max(initial=0))
        np.testing.assert_allclose(actual[finite], expected[finite], rtol=0, atol=allowed)
