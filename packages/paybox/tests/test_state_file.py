"""The state file: everything survives a restart, and a broken file is left alone."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import stripe

from paybox import Paybox, Place, WrongState
from paybox.objects import Charge, Intent

Order = Callable[..., Any]
Shop: TypeAlias = Any
Connect = Callable[..., stripe.StripeClient]


def test_everything_survives_a_restart(tmp_path: Path, connect: Connect, order: Order) -> None:
    file = tmp_path / "state.json"
    with Paybox(place=Place(state=file)) as box:
        client = connect(box)
        session = client.v1.checkout.sessions.create(
            order(metadata={"a": "b"}, locale="de", payment_intent_data={"metadata": {"c": "d"}}),
            {"idempotency_key": "k"},
        )
        box.decline(session.id)
        intent = str(box.pay(session.id, country="FR").intent)
        client.v1.payment_intents.create({"amount": 900, "currency": "usd", "payment_method": "pm_card_de"})
        client.v1.refunds.create({"payment_intent": intent, "amount": 100})
        box.advance(3600)
        before, now = box.book.everything(), box.book.now()

    assert oct(file.stat().st_mode)[-3:] == "600"
    with Paybox(place=Place(state=file)) as box:
        assert box.book.everything() == before
        assert box.book.now() - now < 60
        client = connect(box)
        again = client.v1.checkout.sessions.create(
            order(metadata={"a": "b"}, locale="de", payment_intent_data={"metadata": {"c": "d"}}),
            {"idempotency_key": "k"},
        )
        assert again.id == session.id
        client.v1.refunds.create({"payment_intent": intent})
        charge = box.book.find_charge(intent)
        assert charge is not None
        assert charge.refunded == 4641


def test_every_answer_is_on_disk_before_it_is_given(tmp_path: Path, connect: Connect, order: Order) -> None:
    file = tmp_path / "state.json"
    with Paybox(place=Place(state=file)) as box:
        session = connect(box).v1.checkout.sessions.create(order(), {"idempotency_key": "k"})
        state = json.loads(file.read_text())  # as a crash at this moment would leave it
        assert session.id in file.read_text()
        assert "k" in state["keys"]
        with pytest.raises(stripe.InvalidRequestError):
            connect(box).v1.refunds.create({"charge": "ch_none"}, {"idempotency_key": "refused"})
        assert "refused" in json.loads(file.read_text())["keys"]


def test_webhooks_not_yet_delivered_are_delivered_after_the_restart(
    tmp_path: Path, shop: Shop, connect: Connect, order: Order
) -> None:
    file = tmp_path / "state.json"
    with Paybox(webhook="http://127.0.0.1:1/", secret="whsec_of_the_tests", place=Place(state=file)) as box:
        box.faults(lose=1)
        box.pay(connect(box).v1.checkout.sessions.create(order()).id)
    with Paybox(webhook=shop.url, secret="whsec_of_the_tests", place=Place(state=file)) as box:
        assert box.settle()
    assert shop.types == ["checkout.session.completed"]


def test_sessions_opened_before_the_restart_still_expire(tmp_path: Path, connect: Connect, order: Order) -> None:
    file = tmp_path / "state.json"
    with Paybox(place=Place(state=file)) as box:
        name = connect(box).v1.checkout.sessions.create(order()).id
    with Paybox(place=Place(state=file)) as box:
        assert box.advance(86_401) == [name]


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"format": 2}', '{"format": 1, "things": [["Session", {}]], "delivery": {}, "keys": {}}']
)
def test_a_file_that_is_no_state_is_refused_and_left_as_it_is(tmp_path: Path, text: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(text)
    with pytest.raises(WrongState, match="state file"):
        Paybox(place=Place(state=file))
    assert file.read_text() == text


def test_a_crash_while_writing_leaves_the_old_file(
    tmp_path: Path, connect: Connect, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "state.json"
    with Paybox(place=Place(state=file)) as box:
        connect(box).v1.checkout.sessions.create(order())
        before = file.read_text()

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(stripe.APIError, match=r"could not save its state.*No space"):
                connect(box).v1.payment_intents.create({"amount": 900, "currency": "eur"}, {"idempotency_key": "k"})
        assert file.read_text() == before
        intent = connect(box).v1.payment_intents.create({"amount": 900, "currency": "eur"}, {"idempotency_key": "k"})
        assert intent.id in file.read_text()
        assert len(box.book.listed(Intent)) == 1


def test_saves_that_come_together_lose_nothing(tmp_path: Path, connect: Connect) -> None:
    file = tmp_path / "state.json"
    with Paybox(place=Place(state=file)) as box:
        threads = [
            threading.Thread(target=lambda: connect(box).v1.payment_intents.create(
                {"amount": 900, "currency": "eur", "payment_method": "pm_card_de", "confirm": True}
            ))
            for _ in range(12)
        ]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(Paybox(place=Place(state=file)).book.listed(Charge)) == 12
