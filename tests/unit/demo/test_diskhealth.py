"""What the system says is read right, what it hides is not guessed, and bad news says what to do."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.demo.programs.common.words import Problem
from troth.demo.programs.diskhealth import verdict
from troth.demo.programs.diskhealth.machine import Disk, Machine, Space, Traffic, space
from troth.demo.programs.diskhealth.main import look
from troth.demo.programs.diskhealth.sampling import SPOT, Speed, Surface, Target, measure_speed, sample_surface, targets
from troth.demo.programs.diskhealth.verdict import Finding, Level

MOUNTS = """\
22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw
23 22 0:21 / /proc rw - proc proc rw
24 22 259:1 / {where}/with\\040space rw shared:2 - xfs /dev/nvme0n1p1 rw
25 22 8:3 / {where} rw - ext4 /dev/sda3 rw
26 22 8:4 / {where} rw - ext4 /dev/sda4 rw
"""
SIGNS: dict[str, Any] = {"io_errors": 31, "celsius": 41.0, "life_used_tenths": None, "missing_members": None}
STATS = """\
   8       0 sda 4510 12 90200 1500 300 7 2400 90 0 1200 1600 0 0 0 0 0 0
   8       2 sda2 1 0 1 0 0 0 0 0 0 0 0
   7       0 loop0 bad
"""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    proc, sys = tmp_path / "proc", tmp_path / "sys"
    disk = sys / "devices" / "pci" / "sda"
    for folder in (proc / "self", disk / "queue", disk / "device" / "hwmon2", disk / "sda4", sys / "dev" / "block"):
        folder.mkdir(parents=True)
    (proc / "self" / "mountinfo").write_text(MOUNTS.format(where=tmp_path))
    (proc / "diskstats").write_text(STATS)
    (disk / "queue" / "rotational").write_text("1\n")
    (disk / "device" / "model").write_text("WDC WD40EFRX-68N32N0 \n")
    (disk / "device" / "ioerr_cnt").write_text("0x1f\n")
    (disk / "device" / "hwmon2" / "temp1_input").write_text("41000\n")
    (disk / "device" / "hwmon2" / "temp2_input").write_text("nonsense\n")
    (disk / "sda4" / "partition").write_text("4\n")
    (sys / "dev" / "block" / "8:4").symlink_to(disk / "sda4")
    errors = sys / "fs" / "ext4" / "sda4"
    errors.mkdir(parents=True)
    (errors / "errors_count").write_text("3\n")
    return Machine(proc, sys)


def test_the_last_and_deepest_mount_counts(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "with space").mkdir()
    for path, device, kind in (
        (tmp_path, "8:4", "ext4"),
        (tmp_path / "with space", "259:1", "xfs"),
        (Path("/"), "8:2", "ext4"),
    ):
        mount = machine.find_mount(path)
        assert mount is not None
        assert (mount.device, mount.kind) == (device, kind)


def test_a_partition_leads_to_its_disk(machine: Machine) -> None:
    assert machine.find_disk("8:4") == Disk("sda", "WDC WD40EFRX-68N32N0", rotating=True, **SIGNS)
    assert machine.find_disk("259:1") is None
    assert machine.find_file_system_errors("8:4") == 3
    assert machine.find_file_system_errors("259:1") is None


def test_traffic_of_the_whole_disk(machine: Machine) -> None:
    assert machine.find_traffic("sda") == Traffic(4510, 90200, 1500, 300, 2400, 90)
    assert machine.find_traffic("loop0") is None


def test_a_report_names_what_must_be_done(machine: Machine, tmp_path: Path) -> None:
    findings = {finding.label: finding for finding in look(tmp_path, machine)}
    assert findings["File system"].level is Level.ACT
    assert findings["Device errors"].level is Level.WATCH
    assert findings["Disk"].seen == f"sda at {tmp_path}, WDC WD40EFRX-68N32N0, rotating disk"
    assert findings["Temperature"].seen == "41 °C"
    assert findings["Since start"].seen == "46.2 MB read, 1.2 MB written"
    assert verdict.sentence(list(findings.values())) == "Act now: File system."


def test_a_machine_that_hides_its_disk_is_not_guessed(tmp_path: Path) -> None:
    findings = look(tmp_path, Machine(tmp_path / "no proc", tmp_path / "no sys"))
    assert [finding.label for finding in findings if finding.label == "Disk"] == ["Disk"]
    assert "not shown" in findings[-1].seen


def test_flash_wear_and_missing_members(tmp_path: Path) -> None:
    disk = tmp_path / "sys" / "dev" / "block" / "179:0"
    for folder in ("queue", "device", "md"):
        (disk / folder).mkdir(parents=True)
    (disk / "device" / "life_time").write_text("0x09 0x02\n")
    (disk / "md" / "degraded").write_text("1\n")
    found = Machine(tmp_path, tmp_path / "sys").find_disk("179:0")
    assert found is not None
    levels = {finding.label: finding.level for finding in verdict.of_disk(found, "/")}
    assert (levels["Wear"], levels["RAID"]) == (Level.WATCH, Level.ACT)


@pytest.mark.parametrize(
    ("free", "level"),
    [(100, Level.GOOD), (11, Level.GOOD), (10, Level.WATCH), (4, Level.WATCH), (3, Level.ACT), (0, Level.ACT)],
)
def test_little_room_matters(free: int, level: Level) -> None:
    first, second = verdict.of_space(Space(100, free, 100, 100))
    assert (first.level, second.level) == (level, Level.GOOD)
    assert len(verdict.of_space(Space(0, 0, 0, 0))) == 1


def test_this_very_machine_has_room(tmp_path: Path) -> None:
    here = space(tmp_path)
    assert 0 < here.free <= here.size


def test_every_byte_is_read_when_all_fits(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(os.urandom(3 * SPOT + 1))
    (tmp_path / "b").write_bytes(b"x")
    (tmp_path / "empty").touch()
    (tmp_path / "link").symlink_to("a")
    found = targets(tmp_path)
    assert [target.path.name for target in found] == ["a", "b"]
    assert sample_surface(found, 10**9, 1).spots == 5
    assert measure_speed(found, 10**9).octets == 3 * SPOT + 2
    assert measure_speed(found, 1000).octets == 1000


@given(st.lists(st.integers(1, 50 * SPOT), min_size=1, max_size=8), st.integers(0, 60 * SPOT), st.integers(0, 99))
def test_a_sample_keeps_its_limit_and_reads_inside_the_files(sizes: list[int], limit: int, seed: int) -> None:
    files = [Target(Path(f"/nowhere/{number}"), size) for number, size in enumerate(sizes)]
    surface = sample_surface(files, limit, seed)
    most = max(1, limit // SPOT) if limit < sum(sizes) else sum(-(-size // SPOT) for size in sizes)
    assert surface.spots == len(surface.failures) == most
    for path, offset in surface.failures:
        assert 0 <= offset < sizes[int(path.name)]


def test_what_cannot_be_read_is_a_reason_to_act(tmp_path: Path) -> None:
    (tmp_path / "gone").write_bytes(b"x")
    found = targets(tmp_path)
    (tmp_path / "gone").unlink()
    surface = sample_surface(found, 10**6, 1)
    assert surface.failures == ((tmp_path / "gone", 0),)
    finding = verdict.of_surface(surface)
    assert finding.level is Level.ACT
    assert "back-up at once" in finding.advice
    assert measure_speed(found, 10**6).octets == 0


def test_a_late_spot_is_worth_watching() -> None:
    assert verdict.of_surface(Surface(2, (0.001, 1.5), ())).level is Level.WATCH
    assert verdict.of_surface(Surface(2, (0.001, 0.002), ())).seen == "2 spots read, none failed, slowest 2.0 ms"
    assert Speed(0, 0.0).per_second == 0.0
    assert verdict.sentence([Finding("Space", "", Level.WATCH)]) == "Keep an eye on: Space."


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="no file with content"):
        targets(tmp_path)
    with pytest.raises(Problem, match="not there"):
        targets(tmp_path / "nowhere")
