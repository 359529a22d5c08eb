"""A diff applies where its old lines stand once, wherever they moved to, and is refused everywhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.patches import DoesNotApply, apply, read_hunks

PATCH = """Sentence 2, address_unreadable: for the test.

--- a/one.py
+++ b/one.py
@@ -1,3 +1,4 @@
 first
-second
+other
+more
 third
--- a/sub/two.py
+++ b/sub/two.py
@@ -2,2 +2,1 @@
 x
-y
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "one.py").write_text("new line above\nfirst\nsecond\nthird\n")
    (tmp_path / "sub" / "two.py").write_text("x\ny\nz\n")
    return tmp_path


def test_all_hunks_are_applied_though_lines_moved(folder: Path) -> None:
    assert [hunk.path for hunk in read_hunks(PATCH)] == ["one.py", "sub/two.py"]
    assert apply(PATCH, folder) == [folder / "one.py", folder / "sub" / "two.py"]
    assert (folder / "one.py").read_text() == "new line above\nfirst\nother\nmore\nthird\n"
    assert (folder / "sub" / "two.py").read_text() == "x\nz\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [("one.py", "first\nanother\nthird\n"), ("one.py", "first\nsecond\nthird\n" * 2), ("sub/two.py", "x\n")],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content)
    before = {path: path.read_text() for path in folder.rglob("*.py")}
    with pytest.raises(DoesNotApply):
        apply(PATCH, folder)
    assert {path: path.read_text() for path in folder.rglob("*.py")} == before


def test_a_missing_file_and_an_empty_diff_are_refused(folder: Path) -> None:
    (folder / "one.py").unlink()
    for patch in (PATCH, "no change at all\n"):
        with pytest.raises(DoesNotApply):
            apply(patch, folder)
