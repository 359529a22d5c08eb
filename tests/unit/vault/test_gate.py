"""A sealed container leaks into nothing: no text, log, traceback, file or message holds what it holds."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from troth.policy.language import Basis, FieldRule, Personal, Purpose, Retention, SealedRecord
from troth.vault import Sealed
from troth.vault.errors import NoPurpose

SECRET = "ada.lovelace@example.com"
MARKER = "<sealed order.buyer>"


class Buyer(Personal, frozen=True):
    """Who bought."""

    email: str
    note: str = ""


BUYER: SealedRecord[Buyer] = SealedRecord(
    name="order.buyer",
    struct=Buyer,
    retention=Retention("order", 30, "the order", "so that it can be delivered"),
    purposes=(Purpose("deliver", Basis.CONTRACT, "to deliver it"),),
    readers=("job",),
    fields={"email": FieldRule("e-mail", "to deliver"), "note": FieldRule("note", "to deliver")},
)
BLOB = b"\x01\x00\x00\x00\x07ciphertext-that-stays-in-the-box"


@pytest.fixture
def sealed() -> Sealed[Buyer]:
    return Sealed(BUYER, "p" * 32, "r" * 32, BLOB)


TEXTS: dict[str, Callable[[Any], str]] = {
    "str": str,
    "repr": repr,
    "percent": lambda box: "%s %r" % (box, box),  # noqa: UP031 - the very thing to be tried
    "f-string with !r": lambda box: f"{box!r} {[box]} { ({'buyer': box}) }",
    "list": lambda box: str([box, {"a": (box,)}]),
    "pprint": pprint.pformat,
    "json by str": lambda box: json.dumps({"buyer": box}, default=str),
    "msgspec by str": lambda box: msgspec.json.encode(box, enc_hook=str).decode(),
    "print": lambda box: (out := io.StringIO(), print(box, file=out))[0].getvalue(),
}


@pytest.mark.parametrize("to_text", TEXTS.values(), ids=TEXTS.keys())
def test_a_text_of_it_is_a_marker(sealed: Sealed[Buyer], to_text: Callable[[Any], str]) -> None:
    text = to_text(sealed)
    assert MARKER in text
    assert "ciphertext" not in text


REFUSALS: dict[str, Callable[[Any], object]] = {
    "f-string": lambda box: f"{box}",
    "format": "{}".format,
    "format with a width": lambda box: format(box, ">40"),
    "format_map": lambda box: "{buyer}".format_map({"buyer": box}),
    "join": lambda box: ", ".join(iter((box, box))),
    "plus": lambda box: "to " + box,
    "json": json.dumps,
    "msgspec json": msgspec.json.encode,
    "msgspec msgpack": msgspec.msgpack.encode,
    "to builtins": msgspec.to_builtins,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "deepcopy in a list": lambda box: copy.deepcopy([box]),
    "bytes": bytes,
    "iter": iter,
    "vars": vars,
    "pickle": pickle.dumps,
    "old pickle": lambda box: pickle.dumps(box, protocol=0),
    "newest pickle": lambda box: pickle.dumps(box, protocol=pickle.HIGHEST_PROTOCOL),
}


@pytest.mark.parametrize("use", REFUSALS.values(), ids=REFUSALS.keys())
def test_what_would_carry_it_away_is_refused(sealed: Sealed[Buyer], use: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError) as caught:
        use(sealed)
    assert "ciphertext" not in str(caught.value)


def test_a_log_line_with_it_is_written_and_holds_the_marker(
    sealed: Sealed[Buyer], caplog: pytest.LogCaptureFixture
) -> None:
    log = logging.getLogger("test")
    log.warning("buyer %s", sealed)
    log.warning("buyer %r", sealed, extra={"buyer": sealed})
    log.warning(sealed)
    assert caplog.text.count(MARKER) == 3
    assert "ciphertext" not in caplog.text


def test_a_traceback_with_locals_shows_the_marker(sealed: Sealed[Buyer]) -> None:
    def fail(buyer: Sealed[Buyer]) -> None:
        held = {"buyer": buyer}
        raise LookupError(buyer, held)

    with pytest.raises(LookupError) as caught:
        fail(sealed)
    told = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert MARKER in told
    assert "ciphertext" not in told


def test_it_opens_in_no_purpose_only(sealed: Sealed[Buyer]) -> None:
    with pytest.raises(NoPurpose):
        sealed.open()


def test_it_is_there_whatever_it_holds_and_takes_no_attribute(sealed: Sealed[Buyer]) -> None:
    assert sealed
    with pytest.raises(AttributeError):
        sealed.opened = SECRET  # type: ignore[attr-defined]


OPENED: dict[str, Callable[[Any], str]] = TEXTS | {
    "f-string": lambda value: f"{value} {value!s}",
    "format": "{}".format,
    "rich": lambda value: repr(value) + str(list(value.__rich_repr__())),
    "exception": lambda value: repr(ValueError(value)) + str(ValueError(value)),
}
del OPENED["json by str"], OPENED["msgspec by str"]


@pytest.mark.parametrize("to_text", OPENED.values(), ids=OPENED.keys())
def test_an_opened_value_is_not_shown_by_accident(to_text: Callable[[Any], str]) -> None:
    text = to_text(Buyer(email=SECRET, note="likes tea"))
    assert "<personal Buyer>" in text
    assert SECRET not in text
    assert "tea" not in text


def test_an_opened_value_in_a_log_or_a_traceback_is_a_marker(caplog: pytest.LogCaptureFixture) -> None:
    def fail(buyer: Buyer) -> None:
        logging.getLogger("test").warning("buyer %s %r", buyer, [buyer], extra={"buyer": buyer})
        raise LookupError(buyer)

    with pytest.raises(LookupError) as caught:
        fail(Buyer(email=SECRET))
    told = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert told.count("<personal Buyer>") >= 2
    assert SECRET not in told + caplog.text


def test_an_opened_value_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Buyer(email=SECRET).email = "eve@example.com"  # type: ignore[misc]
