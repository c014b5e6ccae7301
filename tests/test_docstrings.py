"""Every public docstring is a small paper: equation, arguments, shapes, errors, source, example."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

import cairnet as cn

#: What the docstrings of a namespace must hold.
PAPER = {"equation", "arguments", "shapes", "errors", "source", "example"}
DEMANDS: dict[str, set[str]] = {
    "activations": PAPER,
    "augment": PAPER,
    "callbacks": {"arguments", "errors", "source", "example"},
    "constraints": PAPER,
    "datasets": {"arguments", "shapes", "errors", "source", "example"},
    "initializers": PAPER,
    "layers": PAPER,
    "losses": PAPER,
    "metrics": PAPER,
    "optimizers": PAPER - {"shapes"},
    "optimizers.schedules": PAPER - {"shapes"},
    "regularizers": PAPER,
}
#: Bases of classes of one's own, and what these are written with: what they compute, and where it
#: is from, is for those who write them to say.
BASES = {
    "Callback",
    "Constraint",
    "Effects",
    "Initializer",
    "Layer",
    "LearningRateSchedule",
    "Loss",
    "MeanMetric",
    "Merge",
    "Metric",
    "Optimizer",
    "RandomKeys",
    "Regularizer",
    "add_loss",
    "add_update",
    "constrained",
    "get",
    "latest",
    "mask_of",
}
#: What single docstrings need not hold, and why.
EXEMPT: dict[str, tuple[set[str], str]] = {
    "activations.exp": ({"arguments", "shapes", "errors", "source"}, "the standard's function"),
    "activations.tanh": ({"arguments", "shapes", "errors", "source"}, "the standard's function"),
    "callbacks.History": ({"errors"}, "it takes no arguments"),
    "callbacks.TerminateOnNaN": ({"errors"}, "it takes no arguments"),
    "constraints.NonNeg": ({"errors"}, "it takes no arguments"),
    "constraints.non_neg": ({"errors"}, "it takes no arguments"),
    "datasets.class_names": ({"shapes"}, "it gives names"),
    "datasets.load_idx": ({"shapes", "source"}, "the file says the shape; the format has no paper"),
    "datasets.tail_split": ({"shapes"}, "it gives indices"),
    "initializers.Constant": ({"errors"}, "it takes any number and any shape"),
    "initializers.Ones": ({"errors"}, "it takes any shape"),
    "initializers.Zeros": ({"errors"}, "it takes any shape"),
    "layers.Input": ({"equation"}, "it computes nothing"),
    "layers.InputLayer": ({"equation"}, "it computes nothing"),
}


def public() -> Iterator[tuple[str, Any]]:
    for namespace in DEMANDS:
        module: Any = cn
        for name in namespace.split("."):
            module = getattr(module, name)
        for name in module.__all__:
            value = getattr(module, name)
            if not inspect.ismodule(value):
                yield f"{namespace}.{name}", value


def parameters(value: Any) -> list[str]:
    """The names of all parameters but those that take any number of arguments."""
    try:
        found = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in found if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def missing(value: Any, demanded: set[str]) -> list[str]:
    """What the docstring of a thing lacks of what is demanded."""
    text = inspect.getdoc(value) or ""
    before = re.split(r"^(?:Args|Example|Raises):", text, flags=re.MULTILINE)[0]
    lacking = []
    if "equation" in demanded and not re.search(r"[=←√~Σ·/|²ˣ>≤−]|max\(", before):
        lacking.append("equation")
    if "arguments" in demanded:
        unsaid = [
            name
            for name in parameters(value)
            if not re.search(rf"^ +(?:\w+, )*{name}\b[\w, ]*:", text, flags=re.MULTILINE)
        ]
        lacking += [f"argument {name}" for name in unsaid]
    if "shapes" in demanded and not re.search(r"^Shapes:|\bshapes?\b", text, re.MULTILINE):
        lacking.append("shapes")
    if "errors" in demanded and "\nRaises:\n    " not in text:
        lacking.append("errors")
    if "source" in demanded and "\nSource:\n    " not in text:
        lacking.append("source")
    if "example" in demanded and not re.search(r"^Example:\n|^>>> ", text, re.MULTILINE):
        lacking.append("example")
    return lacking


PUBLIC = dict(public())


@pytest.mark.parametrize("name", PUBLIC)
def test_a_docstring_is_a_small_paper(name: str) -> None:
    namespace, _, last = name.rpartition(".")
    demanded = {"arguments", "example"} if last in BASES else DEMANDS[namespace]
    demanded = demanded - EXEMPT.get(name, (set(), ""))[0]
    assert missing(PUBLIC[name], demanded) == [], name


#: What users call on models, beside the constructor.
METHODS = [
    *("add_weight", "compile", "count_params", "evaluate", "fit", "function_for", "get_layer"),
    *("get_weights", "load_weights", "named_variables", "predict", "predict_on_batch", "profile"),
    *("save", "save_weights", "set_weights", "summary", "test_on_batch", "train_on_batch", "add"),
]


@pytest.mark.parametrize("name", METHODS)
def test_the_methods_of_models_have_arguments_and_examples(name: str) -> None:
    method = getattr(cn.Sequential, name)
    lacking = missing(method, {"arguments", "example"})
    assert [part for part in lacking if part != "argument self"] == []


def test_no_exemption_is_left_over() -> None:
    """Each names something that is there, and that still lacks what it is exempt from."""
    for name, (parts, reason) in EXEMPT.items():
        lacking = {part.split()[0] for part in missing(PUBLIC[name], parts)}
        plural = {"argument": "arguments"}
        assert {plural.get(part, part) for part in lacking} == parts, name
        assert reason
    names = {name.rpartition(".")[2] for name in PUBLIC}
    assert names >= BASES


def test_a_thin_docstring_is_found() -> None:
    def thin(x: Any, rate: float = 1.0) -> Any: ...

    thin.__doc__ = "Something.\n\n    Args:\n        x: anything.\n    "
    assert missing(thin, PAPER) == [
        *("equation", "argument rate", "shapes", "errors", "source", "example"),
    ]
