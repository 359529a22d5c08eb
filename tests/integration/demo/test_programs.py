"""The sold files, run as a buyer runs them: their own processes, a real store on this machine, real folders."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from clients.licence.tests.store import DOCUMENT, Store, running_store

from troth.demo.build import BuiltProgram, build_programs

KEY = "402JZ-MD9HJ-QMPRP-NT1DQ-AHJVD"
SLUGS = ("fernside-backup", "fernside-recover", "fernside-diskhealth")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with running_store() as running:
        running.good = {KEY}
        yield running


@pytest.fixture(scope="module")
def built(store: Store, tmp_path_factory: pytest.TempPathFactory) -> dict[str, BuiltProgram]:
    folder = tmp_path_factory.mktemp("programs")
    return {program.slug: program for program in build_programs(folder, base_url=store.base_url, public_keys=DOCUMENT)}


@pytest.fixture
def run(built: dict[str, BuiltProgram], tmp_path: Path) -> Run:
    environment = {"PATH": os.environ["PATH"], "XDG_CONFIG_HOME": str(tmp_path / "config"), "LC_ALL": "C.UTF-8"}

    def run(slug: str, *arguments: object, typed: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-W", "error", str(built[slug].path), *map(str, arguments)]
        return subprocess.run(
            command, input=typed, text=True, capture_output=True, env=environment, cwd=tmp_path, check=False, timeout=60
        )

    return run


@pytest.mark.parametrize("slug", SLUGS)
def test_help_names_the_limit_and_every_command(run: Run, slug: str) -> None:
    done = run(slug, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("activate", "licence", "trial", "Exit codes"):
        assert word in done.stdout
    for arguments in (("activate", "--help"), ("licence", "--help")):
        assert run(slug, *arguments).returncode == 0


@pytest.mark.parametrize("slug", SLUGS)
def test_a_mistyped_key_is_corrected_shown_agreed_to_and_used(run: Run, store: Store, slug: str) -> None:
    store.questions.clear()
    done = run(slug, "activate", typed=f"{KEY.lower().replace('9', '8').replace('mp', 'pm')}\ny\n")
    assert done.returncode == 1  # three wrong characters are too many, and nothing was sent
    assert store.questions == []
    done = run(slug, "activate", KEY.replace("9", "8"), typed="n\n")
    assert (done.returncode, store.questions) == (1, [])
    assert KEY in done.stdout
    done = run(slug, "activate", *KEY.replace("9", "8").split("-"), typed="y\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert "is activated" in done.stdout
    assert [(question["key"], question["product"]) for question in store.questions] == [(KEY, slug)]
    status = run(slug, "licence")
    assert status.returncode == 0
    assert "AHJVD" in status.stdout
    assert KEY not in status.stdout
    assert run(slug, "licence", "--remove").returncode == 0
    assert run(slug, "licence").returncode == 1


def test_wrong_use_is_two_and_an_unknown_key_is_one(run: Run) -> None:
    for slug in SLUGS:
        assert run(slug).returncode == 2
        assert run(slug, "sing").returncode == 2
        done = run(slug, "activate", "5Z7XD-K1YXZ-QNK83-NJNZ4-G64E4", "--yes")
        assert done.returncode == 1
        assert "Traceback" not in done.stderr


def test_a_store_out_of_reach_is_said_and_the_program_works_on(
    tmp_path: Path, store: Store, run: Run, built: dict[str, BuiltProgram]
) -> None:
    del store
    away = build_programs(tmp_path / "away", base_url="http://localhost:1", public_keys=DOCUMENT)
    built_here = dict(built)
    built.update({program.slug: program for program in away})
    try:
        done = run("fernside-backup", "activate", KEY)
        assert done.returncode == 0
        assert "could not be reached" in done.stdout
        assert "30 days" in done.stdout
        assert run("fernside-backup", "licence").returncode == 0
    finally:
        built.update(built_here)


def test_back_up_verify_and_restore(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "letters").mkdir(parents=True)
    (source / "letters" / "one.txt").write_text("one")
    done = run("fernside-backup", "backup", source, tmp_path / "store")
    assert done.returncode == 0
    assert done.stdout.count("\n") == 1
    assert "1 file changed, 3 bytes copied" in done.stdout
    assert run("fernside-backup", "backup", source, tmp_path / "store", "--daily").stdout == ""
    for command in ("status", "list", "verify"):
        assert run("fernside-backup", command, tmp_path / "store").returncode == 0
    assert run("fernside-backup", "restore", tmp_path / "store", tmp_path / "back").returncode == 0
    assert (tmp_path / "back" / "letters" / "one.txt").read_text() == "one"
    done = run("fernside-backup", "restore", tmp_path / "store", tmp_path / "back")
    assert done.returncode == 1
    assert "not an empty folder" in done.stderr
    piece = next(path for path in (tmp_path / "store" / "objects").rglob("*") if path.is_file())
    piece.write_bytes(b"rot")
    done = run("fernside-backup", "verify", tmp_path / "store")
    assert done.returncode == 1
    assert "letters/one.txt" in done.stdout


def test_recover_from_an_image_within_the_trial_and_beyond(run: Run, tmp_path: Path) -> None:
    image = bytearray(os.urandom(5000))
    for number in range(12):
        part = tmp_path / "part.zip"
        with zipfile.ZipFile(part, "w") as archive:
            archive.writestr("text.txt", str(number))
        image += part.read_bytes() + bytes(512)
    (tmp_path / "disk.img").write_bytes(image)
    assert "12 whole files found: 12 zip." in run("fernside-recover", "scan", tmp_path / "disk.img").stdout
    done = run("fernside-recover", "recover", tmp_path / "disk.img", tmp_path / "trial")
    assert len(list((tmp_path / "trial").iterdir())) == 3
    assert "with a key it recovers them all" in done.stdout
    run("fernside-recover", "activate", KEY)
    done = run("fernside-recover", "recover", tmp_path / "disk.img", tmp_path / "all")
    assert done.returncode == 0
    texts = [zipfile.ZipFile(path).read("text.txt") for path in sorted((tmp_path / "all").iterdir())]
    assert texts == [str(number).encode() for number in range(12)]
    (tmp_path / "empty.img").touch()
    assert run("fernside-recover", "scan", tmp_path / "empty.img").returncode == 1


def test_salvage_a_short_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"x" * 700)
    assert run("fernside-recover", "salvage", tmp_path / "short", tmp_path / "copy").returncode == 0
    done = run("fernside-recover", "salvage", tmp_path / "short", tmp_path / "longer", "--bytes", "2000")
    assert done.returncode == 1
    assert "1.3 kB could not be read" in done.stdout
    assert (tmp_path / "longer").read_bytes() == b"x" * 700 + bytes(1300)
    assert "there already" in run("fernside-recover", "salvage", tmp_path / "short", tmp_path / "copy").stderr


def test_disk_health_of_this_machine(run: Run, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "file").write_bytes(os.urandom(300_000))
    done = run("fernside-diskhealth", "report", tmp_path / "data")
    assert done.returncode in (0, 1)  # a machine that runs this test may truly be out of room
    for label in ("Space", "Disk", "Reading", "Surface"):
        assert label in done.stdout
    assert "5 spots read, none failed" in done.stdout
    done = run("fernside-diskhealth", "surface", tmp_path / "data", "--all")
    assert done.returncode == 0
    assert "99% of the spots" in done.stdout
    assert "not there" in run("fernside-diskhealth", "report", tmp_path / "nowhere").stderr


def test_a_closed_pipe_is_no_traceback(built: dict[str, BuiltProgram], tmp_path: Path) -> None:
    (tmp_path / "empty.img").touch()
    command = [sys.executable, str(built["fernside-recover"].path), "scan", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
