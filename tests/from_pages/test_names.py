"""What the pages mention exists: names of Cairnet's, also in tables that are not run, and links."""

import re
from functools import reduce

import pytest
from tests.from_pages.page import DOCS

import cairnet as cn

PAGES = ("from_keras.md", "from_lasagne.md", "from_theano.md")


@pytest.mark.parametrize("name", PAGES)
def test_every_name_of_cairnets_exists(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    mentioned = set(re.findall(r"\bcn\.([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)", text))
    assert len(mentioned) > 30
    missing = []
    for path in sorted(mentioned):
        try:
            reduce(getattr, path.split("."), cn)
        except AttributeError:
            missing.append(path)
    assert missing == []


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    text = (DOCS / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        page, _, place = target.partition("#")
        linked = DOCS / (page or name)
        assert linked.exists(), target
        headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}
        assert not place or place in anchors, target
