"""The README's examples are run, and its tables are held against the code."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from paybox.cli import _parser
from paybox.faults import CHOICES, LIE_TYPES, Faults
from paybox.refusals import DECLINES

README = (Path(__file__).parents[1] / "README.md").read_text()
EXAMPLES = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if " ...  " not in block]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_run_and_print_what_they_say(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(example, "README.md", "exec"), {})  # noqa: S102 - our own README
    printed = capsys.readouterr().out
    for said in re.findall(r"# (paid .*|\[.*\])$", example, re.MULTILINE):
        assert said in printed


def test_there_are_two_examples() -> None:
    assert len(EXAMPLES) == 2


def test_the_faults_table_names_every_fault_and_nothing_else() -> None:
    table = README.split("## Faults")[1].split("\n## ")[0]
    rows = [cell for line in table.splitlines() if line.startswith("| `") for cell in line.split("|")[1].split(",")]
    assert {row.strip().strip("`") for row in rows} == {fault.name for fault in fields(Faults)}
    for word in (*DECLINES, *LIE_TYPES, *CHOICES["down_how"]):
        assert f"`{word}`" in table


def test_the_options_table_names_every_option() -> None:
    table = README.split("## As a program")[1].split("\n## ")[0]
    options = {text for action in _parser()._actions for text in action.option_strings if text != "-h"}
    assert set(re.findall(r"\| `(--[a-z-]+)", table)) == options - {"--help"}


def test_the_control_table_names_every_command(box_commands: set[str]) -> None:
    table = README.split("## Control over HTTP")[1].split("\n## ")[0]
    assert set(re.findall(r"\| `([A-Z]+ /_paybox/[a-z]+)`", table)) == box_commands


@pytest.fixture
def box_commands() -> set[str]:
    from paybox import Paybox, Request  # noqa: PLC0415

    answer = Paybox().answer(Request.to("/_paybox/help"))
    return set(re.findall(r"[A-Z]+ /_paybox/[a-z]+", answer.body.decode())) - {"GET /_paybox/help"}
