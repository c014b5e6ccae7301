"""Checking a page whose peer cannot be installed any more: NumPy says what each row comes to."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
from tests.from_pages.page import Row, Section, compare, run, shown, value

from cairnet.tensor.core import Variable


def check_section(page: str, setup: Section, section: Section, record: ModuleType) -> None:
    """Run a section from a fresh start, and compare it with the record of what it comes to.

    Args:
        page: the name of the file.
        setup: what is run first.
        section: what is checked.
        record: a module with FEEDS, NAMES, ROWS and SECTIONS; see `tests/from_pages/theano.py`.
    """
    names: dict[str, Any] = {}
    for program in setup.programs():
        run(page, program, names)
    expectations = list(record.ROWS.get(section.title, []))
    assert len(section.rows) == len(expectations), "one expectation for each row"
    for item in section.items:
        if not isinstance(item, Row):
            if item in section.programs():
                run(page, item, names)
            continue
        expected, where = expectations.pop(0), f"{page}, line {item.line}: {item.ours}"
        found = value(page, item, names, record.FEEDS)
        if callable(expected):
            expected(found)
        else:
            known = {**names, **record.NAMES, **arrays(names), **record.FEEDS}
            compare(found, eval(expected, known), where)
    check = record.SECTIONS.get(section.title)
    if check is not None:
        check(names)
    checked = section.rows or check or any(shown(one.code) for one in section.programs())
    assert checked or not section.programs(), f"{page}: nothing is checked in {section.title!r}"


def arrays(names: dict[str, Any]) -> dict[str, Any]:
    """The values of the variables and arrays among the names of a page."""
    found = {name: one.numpy() for name, one in names.items() if isinstance(one, Variable)}
    plain = {name: one for name, one in names.items() if isinstance(one, np.ndarray)}
    return {**found, **plain}
