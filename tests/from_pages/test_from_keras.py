"""docs/from_keras.md: both sides of every row and program run, and come to the same numbers.

Without Keras and PyTorch, Cairnet's side runs alone.
"""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.from_pages import page
from tests.from_pages.beside_keras import PAGE, Sides

import cairnet as cn
from cairnet.base.configuration import configure

SETUP, *SECTIONS = page.read(PAGE)
#: Sections in which Cairnet's side begins with what Keras's side has written.
NEEDS_KERAS = ("Moving weights, both ways",)
#: Sections that run as machine code; that the interpreter agrees with it is tested elsewhere, and
#: it needs no time to compile.
NATIVE = ("Sequential models", "Augmentation", "Moving weights, both ways")
#: Arguments of Keras's layers that Cairnet's need not have.
LEFT_OUT = {
    "data_format",
    "dtype",
    "lora_alpha",
    "lora_rank",
    "output_shape",
    "quantization_config",
}
LEFT_OUT |= {"mask", "renorm", "renorm_clipping", "renorm_momentum", "synchronized"}


def keras_if_there() -> Any:
    """Keras on PyTorch, or None."""
    try:
        pytest.importorskip("torch")
        return pytest.importorskip("keras")
    except pytest.skip.Exception:
        return None


def augmentation(names: dict[str, Any]) -> None:
    """In training every picture comes out changed; a layer of one's own draws what it says."""
    images = names["images"]
    changed = names["augment"](images, training=True).numpy()
    assert ((changed != images).any((1, 2, 3))).all()
    bright = names["RandomBrightness"]()(images, training=True).numpy()
    factors = (bright / images).mean((1, 2, 3))
    np.testing.assert_allclose(bright, images * factors[:, None, None, None], rtol=1e-5)
    assert 0.8 <= factors.min() < 0.9
    assert 1.1 < factors.max() <= 1.2


def pictures(names: dict[str, Any]) -> None:
    """The curves and the drawing are written."""
    assert Path("curves.png").read_bytes().startswith(b"\x89PNG")
    assert "dense" in Path("model.svg").read_text(encoding="utf-8")


#: What is checked of Cairnet's side alone.
CHECKS: dict[str, Callable[[dict[str, Any]], None]] = {
    "Augmentation": augmentation,
    "Looking at a model": pictures,
}


@pytest.mark.parity
@pytest.mark.parametrize("section", SECTIONS, ids=str)
def test_both_sides_come_to_the_same(
    section: page.Section, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    keras = keras_if_there()
    if keras is None and section.title in NEEDS_KERAS:
        pytest.skip("begins with what Keras has written")
    before = configure(**({} if section.title in NATIVE else {"backend": "reference"}))
    cn.seed(3)
    sides = Sides(keras)
    try:
        sides.follow(SETUP)
        sides.compared = 0
        sides.follow(section)
    finally:
        configure(backend=before.backend)
    if section.title in CHECKS:
        CHECKS[section.title](sides.ours)
    elif keras is not None and section.items:
        assert sides.compared > 0, "nothing was compared"


@pytest.mark.parametrize("section", SECTIONS, ids=str)
def test_what_is_keras_is_python(section: page.Section) -> None:
    for item in (*section.rows, *section.programs("Keras")):
        code = item.peer if isinstance(item, page.Row) else item.code
        assert page.parses(code), f"{PAGE}, line {item.line}: {code}"


def equal_layers() -> list[str]:
    text = (page.DOCS / PAGE).read_text(encoding="utf-8")
    (block,) = re.findall(r"<!-- equal -->\n((?:`.*\n)+)", text)
    return re.findall(r"`(\w+)`", block)


@pytest.mark.parity
@pytest.mark.parametrize("name", equal_layers())
def test_layers_that_are_called_equal_have_the_same_arguments(name: str) -> None:
    pytest.importorskip("torch")
    keras = pytest.importorskip("keras")
    ours = inspect.signature(getattr(cn.layers, name)).parameters
    theirs = inspect.signature(getattr(keras.layers, name)).parameters
    named = {key: one for key, one in theirs.items() if one.kind is not one.VAR_KEYWORD}
    assert set(named) - set(ours) <= LEFT_OUT
    assert set(ours) - set(named) <= {"name", "trainable"}
    for key in set(named) & set(ours) - {"name"}:
        if named[key].default is not inspect.Parameter.empty:
            defaults = [str(one[key].default).lower() for one in (ours, named)]
            assert defaults[0] == defaults[1], key


def test_the_page_is_as_long_as_it_was() -> None:
    assert sum(len(section.rows) for section in SECTIONS) > 70
    assert sum(len(section.programs()) for section in SECTIONS) > 20
