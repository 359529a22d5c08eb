"""Every page and mail, in each state, light and dark, wide and narrow, before judges nobody here wrote."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.preview.render import main

JUDGES = Path(__file__).parents[2] / "judges"
CHROMIUM = Path("/usr/bin/chromium")


@pytest.mark.skipif(not CHROMIUM.exists(), reason="chromium is missing: apt-get install chromium")
@pytest.mark.skipif(shutil.which("java") is None, reason="java is missing: apt-get install default-jre-headless")
@pytest.mark.skipif(
    not (JUDGES / "node_modules").is_dir(), reason="axe-core and vnu-jar are missing: cd tests/judges && npm ci"
)
def test_axe_and_the_html_checker_find_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", str(tmp_path), "--judges", str(JUDGES)]) == 0, capsys.readouterr().out
    assert len(list(tmp_path.glob("*.png"))) > 100
