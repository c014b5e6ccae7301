"""Files appear whole or not at all."""

from pathlib import Path

import pytest

from cairnet.base.errors import DataError
from cairnet.base.files import written_whole


def test_the_content_replaces_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_text("old")
    with written_whole(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".txt"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("existed", [False, True])
def test_an_error_leaves_what_was_there(existed: bool, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    if existed:
        path.write_text("old")

    def write() -> None:
        with written_whole(path) as temporary:
            temporary.write_text("ha")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert [p.read_text() for p in tmp_path.iterdir()] == (["old"] if existed else [])


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "note.txt"
    with pytest.raises(DataError, match=r"note\.txt: the folder '.*nowhere' .* does not exist"):
        written_whole(path).__enter__()
