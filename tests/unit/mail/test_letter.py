"""A letter's rules: where it goes, what its subject is, and what it cannot hold."""

from __future__ import annotations

import logging

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.letters import make_letter
from troth.mail.errors import LetterRefused
from troth.mail.model import check_letter, deliverable
from troth.mail.model.letter import MAX_BODY, MAX_SUBJECT, clean_body, split_subject
from troth.people.address import AddressRefused, normalise


@pytest.mark.parametrize(
    ("typed", "delivered"),
    [
        ("ada@example.com", "ada@example.com"),
        ("  Ada.Lovelace@Example.COM\n", "Ada.Lovelace@example.com"),
        ("Ada@bücher.example", "Ada@xn--bcher-kva.example"),
        ("Jo\u0308rg@example.com", "Jörg@example.com"),
        ("\ufeffA@example.com", "A@example.com"),
    ],
)
def test_mail_goes_to_the_local_part_as_typed_and_the_domain_in_ascii(typed: str, delivered: str) -> None:
    assert deliverable(typed) == delivered


@given(st.text(max_size=40), st.sampled_from(["example.com", "Bücher.Example", "xn--bcher-kva.example"]))
def test_whatever_is_deliverable_is_the_same_person_and_one_bare_address(local: str, domain: str) -> None:
    typed = f"{local}@{domain}"
    try:
        delivered = deliverable(typed)
    except AddressRefused:
        return
    assert normalise(delivered) == normalise(typed)
    assert delivered.count("@") == 1
    assert not set(delivered) & set(' \t\r\n\0<>,;:"()[]\\')


@pytest.mark.parametrize(
    "typed",
    [
        "ada@example.com\nBcc: eve@example.com",
        "a@b.example, eve@c.example",
        "<a@b.example>",
        "=?utf-8?q?eve=40c.example=3e?=@b.example",
    ],
)
def test_an_address_that_would_be_more_than_one_is_refused(typed: str) -> None:
    with pytest.raises(AddressRefused):
        deliverable(typed)


def test_the_first_line_of_a_text_is_its_subject() -> None:
    assert split_subject("\n Your  key \n\nDear Ada,\r\nhere it is.\n\n") == ("Your key", "Dear Ada,\nhere it is.\n")


def test_a_long_subject_is_cut_and_an_empty_one_refused() -> None:
    subject, text = split_subject("x" * 1000 + "\n\nbody")
    assert (len(subject), subject[-1], text) == (MAX_SUBJECT, "…", "body\n")
    with pytest.raises(LetterRefused):
        split_subject(" \n\x00\n")


@given(st.text())
def test_a_body_ends_its_lines_in_one_way_and_holds_no_control_character(rendered: str) -> None:
    body = clean_body(rendered)
    assert body.endswith("\n")
    assert not any(char < " " or char in "\x7f\x85\u2028\u2029" for char in body.replace("\n", ""))
    body.encode()
    assert clean_body(body) == body


def test_a_body_has_a_limit() -> None:
    with pytest.raises(LetterRefused):
        clean_body("x" * MAX_BODY)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "a key"},
        {"template": "../key"},
        {"template": "a/b"},
        {"language": "en\n"},
        {"kind": "k" * 33},
        {"once": ""},
        {"once": "a b"},
        {"once": "x" * 129},
        {"headers": {"Bcc": "eve@example.com"}},
        {"headers": {"List-Unsubscribe": "<https://a.example>\r\nBcc: eve@example.com"}},
        {"headers": {"List-Unsubscribe": "x" * 1000}},
        {"headers": {"List-Unsubscribe": ""}},
    ],
)
def test_what_this_program_would_not_write_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(LetterRefused):
        check_letter(make_letter(**change))


def test_a_letter_may_add_the_one_click_headers() -> None:
    check_letter(
        make_letter(
            headers={
                "List-Unsubscribe": "<https://shop.example.com/stop/x>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            }
        )
    )


def test_a_letter_shows_nobody_in_a_log(caplog: pytest.LogCaptureFixture) -> None:
    letter = make_letter()
    logging.getLogger("test").warning("queued %s %r", letter, letter)
    assert "<personal Letter>" in caplog.text
    assert "Ada" not in caplog.text + str(letter) + repr([letter]) + f"{letter}"
    assert msgspec.structs.astuple(letter)[1] == "Ada.Lovelace@example.com"
