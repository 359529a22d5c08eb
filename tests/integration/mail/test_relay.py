"""From the outbox to a real mail server, with what it may answer in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.support.letters import KEY, install, make_letter
from tests.support.relay import Authority, Relay, running_relay
from tests.support.store import Store
from troth import mail
from troth.adapters.smtp import Relay as RelayAddress
from troth.adapters.smtp import SmtpRelay
from troth.kernel.jobs import Runner
from troth.vault import policy as vault_policy

PARTS = (vault_policy.POLICY, mail.POLICY)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.trusted))
    return made


@pytest.fixture
def relay(authority: Authority) -> Iterator[Relay]:
    with running_relay(authority.context("127.0.0.1")) as running:
        yield running


def runner_of(store: Store, port: int) -> Runner:
    return install(store, SmtpRelay(RelayAddress("127.0.0.1", port, implicit_tls=False), own_name="localhost"))


def queue(store: Store, **changes: object) -> None:
    with store.database.begin() as uow:
        assert mail.queue(uow, make_letter(**changes))


def state(store: Store) -> tuple[str, int, str | None]:
    with store.database.read() as uow:
        (one,) = mail.list_mail(uow)
    return one.state, one.tries, one.failure


def test_a_key_reaches_its_buyer_after_a_server_asked_to_come_back(store: Store, relay: Relay) -> None:
    runner = runner_of(store, relay.port)
    queue(store, to="Ada.Lovelace@bücher.example")
    relay.on_rcpt = "450 4.7.1 greylisted, words of the server about <$address>"
    runner.run_due()
    assert state(store) == ("queued", 1, "DeliveryDelayed 450")
    relay.on_rcpt = ""
    store.clock.advance(timedelta(seconds=29))
    assert runner.run_due() == 0
    store.clock.advance(timedelta(seconds=1))
    assert runner.run_due() == 1
    assert state(store) == ("sent", 2, None)
    (received,) = relay.received
    read = message_from_bytes(received.content, policy=policy.SMTP)
    assert isinstance(read, EmailMessage)
    assert received.recipients == ["Ada.Lovelace@xn--bcher-kva.example"]
    assert received.encrypted
    text = read.get_body(("plain",))
    assert text is not None
    assert KEY in text.get_content()


def test_a_server_with_a_strange_certificate_gets_nothing_and_the_mail_waits(
    store: Store, authority: Authority, tmp_path: Path
) -> None:
    with running_relay(Authority(tmp_path, "stranger").context("127.0.0.1")) as strange:
        runner = runner_of(store, strange.port)
        queue(store)
        runner.run_due()
    assert state(store) == ("queued", 1, "RelayUnsafe")
    assert strange.commands == []
    with running_relay(authority.context("127.0.0.1")) as right:
        runner = runner_of(store, right.port)
        store.clock.advance(timedelta(minutes=1))
        runner.run_due()
    assert state(store)[0] == "sent"
    assert len(right.received) == 1


def test_an_address_that_is_refused_is_never_tried_again(
    store: Store, relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    relay.on_rcpt = "550 5.1.1 <$address>: nobody of that name"
    runner = runner_of(store, relay.port)
    queue(store)
    runner.run_due()
    relay.on_rcpt = ""
    store.clock.advance(timedelta(days=1))
    assert runner.run_due() == 0
    assert state(store) == ("failed", 1, "DeliveryRefused 550")
    assert relay.commands == ["MAIL", "RCPT"]
    assert "Lovelace" not in caplog.text
    assert "nobody of that name" not in caplog.text
