"""docs/from_lasagne.md: every row and every program runs, and comes to what NumPy says."""

from pathlib import Path

import pytest
from tests.from_pages import lasagne, page
from tests.from_pages.beside_numpy import check_section

PAGE = "from_lasagne.md"
SETUP, *SECTIONS = page.read(PAGE)


@pytest.mark.parametrize("section", SECTIONS, ids=str)
def test_a_section_comes_to_what_numpy_says(
    section: page.Section, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check_section(PAGE, SETUP, section, lasagne)


def test_what_is_checked_is_on_the_page() -> None:
    assert lasagne.ROWS.keys() == {str(section) for section in SECTIONS if section.rows}
    assert lasagne.SECTIONS.keys() <= {str(section) for section in SECTIONS}
    assert sum(len(section.rows) for section in SECTIONS) > 80


@pytest.mark.parametrize("section", SECTIONS, ids=str)
def test_what_is_lasagnes_is_python(section: page.Section) -> None:
    for item in (*section.rows, *section.programs("Lasagne")):
        code = item.peer if isinstance(item, page.Row) else item.code
        assert page.parses(code), f"{PAGE}, line {item.line}: {code}"
