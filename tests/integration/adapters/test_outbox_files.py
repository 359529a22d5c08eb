"""The folder that mail is delivered to in a demonstration: one whole file per mail, whatever happens."""

from __future__ import annotations

from pathlib import Path

import pytest

from troth.adapters.outbox_files import FileOutbox, SinkFull
from troth.mail.errors import DeliveryDelayed

ID = "0123456789abcdef0123456789abcdef"


def deliver(folder: Path, message: bytes = b"To: ada@example.com\r\n\r\nhello\r\n", mail_id: str = ID) -> None:
    FileOutbox(folder).deliver(message, sender="shop@localhost", recipient="ada@example.com", mail_id=mail_id)


def test_a_mail_is_one_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "outbox"
    deliver(folder)
    (file,) = folder.iterdir()
    assert file.name == f"{ID}.eml"
    assert file.read_bytes() == b"To: ada@example.com\r\n\r\nhello\r\n"
    assert (file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)


def test_the_same_mail_twice_is_one_file_and_the_first_stays(tmp_path: Path) -> None:
    deliver(tmp_path, b"first")
    deliver(tmp_path, b"second")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"first"]


def test_what_a_crash_left_half_written_is_no_mail_and_is_written_again(tmp_path: Path) -> None:
    (tmp_path / f".{ID}.part").write_bytes(b"x" * 10_000)
    assert list(tmp_path.glob("*.eml")) == []
    deliver(tmp_path, b"whole")
    assert [path.name for path in tmp_path.iterdir()] == [f"{ID}.eml"]
    assert (tmp_path / f"{ID}.eml").read_bytes() == b"whole"


@pytest.mark.parametrize("mail_id", ["../../etc/x", "", "a" * 31, "A" * 32, "a" * 32 + "\n"])
def test_no_other_name_makes_a_file(tmp_path: Path, mail_id: str) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        deliver(tmp_path / "outbox", mail_id=mail_id)
    assert list(tmp_path.rglob("*")) == []


def test_a_folder_that_cannot_be_written_keeps_the_mail(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file, not a folder")
    with pytest.raises(SinkFull) as caught:
        deliver(tmp_path / "outbox")
    assert isinstance(caught.value, DeliveryDelayed)
    assert "ada" not in str(caught.value)


def test_a_full_disk_leaves_no_half_mail(tmp_path: Path) -> None:
    # /dev/full takes no byte: what a full disk answers, without filling one.
    (tmp_path / f".{ID}.part").symlink_to("/dev/full")
    with pytest.raises(SinkFull):
        deliver(tmp_path)
    assert list(tmp_path.glob("*.eml")) == []
