"""Mail leaves over TLS to a server that proves its name, or it stays; and no error tells what a server said."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.support.relay import PASSWORD, USER, Authority, Relay, running_relay
from troth.adapters.smtp import Relay as RelayAddress
from troth.adapters.smtp import SmtpRelay, make_delivery, read_relay
from troth.kernel import config
from troth.kernel.errors import ConfigError, TrothError
from troth.mail.errors import DeliveryDelayed, DeliveryRefused, RelayDenied, RelayDown, RelayUnsafe

ADDRESS = "ada.secret@example.com"
MESSAGE = b"To: ada.secret@example.com\r\nSubject: x\r\n\r\n.\r\n..\r\nbody\r\n"


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.trusted))
    return made


@pytest.fixture
def relay(authority: Authority) -> Iterator[Relay]:
    with running_relay(authority.context("127.0.0.1")) as running:
        yield running


def client(port: int, *, user: str = "", password: str = "", implicit: bool = False, seconds: float = 10) -> SmtpRelay:
    address = RelayAddress("127.0.0.1", port, implicit_tls=implicit, user=user, password=password)
    return SmtpRelay(address, own_name="shop.example.com", answer_seconds=seconds)


def deliver(sending: SmtpRelay, *, recipient: str = ADDRESS, sender: str = "shop@example.com") -> None:
    sending.deliver(MESSAGE, sender=sender, recipient=recipient, mail_id="0" * 32)


def refusal(sending: SmtpRelay, *, recipient: str = ADDRESS) -> TrothError:
    """Deliver, and return the typed error after looking for what it must not tell."""
    with pytest.raises(TrothError) as caught:
        deliver(sending, recipient=recipient)
    error = caught.value
    assert error.__context__ is None
    assert error.__cause__ is None
    frames = traceback.TracebackException.from_exception(error)
    told = "".join(frames.format()) + repr(error) + str(error) + repr(vars(error))
    for secret in (ADDRESS, "secret", PASSWORD, "words of the server"):
        assert secret not in told
    return error


def test_mail_travels_encrypted_and_arrives_byte_for_byte(relay: Relay) -> None:
    deliver(client(relay.port))
    (received,) = relay.received
    assert (received.sender, received.recipients, received.encrypted) == ("shop@example.com", [ADDRESS], True)
    assert received.content == MESSAGE
    assert received.greeting == "shop.example.com"


def test_implicit_tls_does_as_well(authority: Authority) -> None:
    with running_relay(authority.context("127.0.0.1"), implicit=True) as relay:
        deliver(client(relay.port, implicit=True))
    assert [(one.recipients, one.encrypted) for one in relay.received] == [([ADDRESS], True)]


def test_it_signs_in_after_encryption(authority: Authority) -> None:
    with running_relay(authority.context("127.0.0.1"), sign_in=True) as relay:
        deliver(client(relay.port, user=USER, password=PASSWORD))
    assert relay.sign_ins == [True]
    assert len(relay.received) == 1


def test_a_wrong_password_is_our_own_fault_and_stays_secret(authority: Authority) -> None:
    with running_relay(authority.context("127.0.0.1"), sign_in=True) as relay:
        error = refusal(client(relay.port, user=USER, password=PASSWORD + "x"))
        assert isinstance(error, RelayDenied)
        assert error.code == 535
        forgotten = refusal(client(relay.port))
    assert isinstance(forgotten, RelayDenied)
    assert forgotten.code == 530
    assert set(relay.sign_ins) == {False}
    assert relay.received == []


def test_a_server_that_knows_no_sign_in_is_told_from_one_that_refuses(relay: Relay) -> None:
    assert isinstance(refusal(client(relay.port, user=USER, password=PASSWORD)), RelayDenied)


def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path, authority: Authority) -> None:
    assert authority.trusted.exists()
    stranger = Authority(tmp_path, "stranger")
    with running_relay(stranger.context("127.0.0.1"), sign_in=True) as relay:
        assert isinstance(refusal(client(relay.port, user=USER, password=PASSWORD)), RelayUnsafe)
    assert relay.commands == []
    assert relay.sign_ins == []


@pytest.mark.parametrize("implicit", [False, True])
def test_a_certificate_for_another_name_is_refused(authority: Authority, *, implicit: bool) -> None:
    with running_relay(authority.context("127.0.0.2", "relay.example"), implicit=implicit) as relay:
        assert isinstance(refusal(client(relay.port, implicit=implicit)), RelayUnsafe)
    assert relay.commands == []


def test_a_server_without_encryption_gets_nothing(authority: Authority) -> None:
    assert authority.trusted.exists()
    with running_relay(None) as relay:
        assert isinstance(refusal(client(relay.port)), RelayUnsafe)
        assert isinstance(refusal(client(relay.port, implicit=True)), RelayUnsafe)
    assert relay.commands == []


@pytest.mark.parametrize("step", ["on_mail", "on_rcpt", "on_data"])
def test_a_temporary_no_is_for_later(relay: Relay, step: str) -> None:
    setattr(relay, step, "451 words of the server")
    error = refusal(client(relay.port))
    assert type(error) is DeliveryDelayed
    assert error.code == 451


@pytest.mark.parametrize("step", ["on_rcpt", "on_data"])
def test_a_final_no_is_for_good_and_repeats_nothing(relay: Relay, step: str) -> None:
    setattr(relay, step, "550 5.1.1 <$address> words of the server")
    error = refusal(client(relay.port))
    assert isinstance(error, DeliveryRefused)
    assert error.code == 550


@pytest.mark.parametrize(
    ("step", "answer"), [("on_mail", "550 not from here"), ("on_rcpt", "530 sign in"), ("on_data", "538 no")]
)
def test_a_no_to_ourselves_keeps_the_mail(relay: Relay, step: str, answer: str) -> None:
    setattr(relay, step, answer)
    assert isinstance(refusal(client(relay.port)), RelayDenied)


def test_nobody_there_is_for_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert isinstance(refusal(client(port)), RelayDown)


def test_a_server_that_says_nothing_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert isinstance(refusal(client(mute.getsockname()[1], seconds=0.2)), RelayDown)


@pytest.mark.parametrize("greeting", [b"554 words of the server\r\n", b"x" * 10_000 + b"\r\n", b"\xff\r\n", b""])
def test_a_server_that_greets_badly_is_for_later(greeting: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(greeting)

        thread = threading.Thread(target=greet)
        thread.start()
        assert isinstance(refusal(client(server.getsockname()[1], seconds=2)), DeliveryDelayed)
        thread.join()


def test_a_server_that_hangs_up_before_it_answers_is_for_later(relay: Relay) -> None:
    relay.on_data = "hang up"
    assert isinstance(refusal(client(relay.port)), RelayDown)


def test_a_server_may_think_longer_before_it_takes_a_message(relay: Relay) -> None:
    relay.pause = 0.8
    deliver(client(relay.port, seconds=0.4))
    assert len(relay.received) == 1


def test_an_address_in_other_letters_needs_a_server_that_knows_them(authority: Authority, relay: Relay) -> None:
    deliver(client(relay.port), recipient="дима@xn--e1afmkfd.example")
    (received,) = relay.received
    assert received.recipients == ["дима@xn--e1afmkfd.example"]
    assert {"SMTPUTF8", "BODY=8BITMIME"} <= set(received.options)
    with running_relay(authority.context("127.0.0.1"), utf8=False) as old:
        error = refusal(client(old.port), recipient="дима@xn--e1afmkfd.example")
    assert isinstance(error, DeliveryRefused)
    assert old.commands == []


@pytest.mark.parametrize("recipient", ["a!#$%&'*+-/=?^_`{|}~@example.com", "a.b+c@example.com"])
def test_odd_but_true_addresses_go_through_unchanged(relay: Relay, recipient: str) -> None:
    deliver(client(relay.port), recipient=recipient)
    assert relay.received[0].recipients == [recipient]


@pytest.mark.parametrize("recipient", ["ada@example.com>\r\nRCPT TO:<eve@example.com", "ada@example.com\nDATA"])
def test_no_address_becomes_a_command(relay: Relay, recipient: str) -> None:
    with pytest.raises(ValueError, match="newline"):
        deliver(client(relay.port), recipient=recipient)
    assert relay.received == []


# -- the configured address ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp+starttls://relay.example", RelayAddress("relay.example", 587, implicit_tls=False)),
        ("smtps://relay.example/", RelayAddress("relay.example", 465, implicit_tls=True)),
        ("smtps://u:p%40ss%2F@[::1]:2465", RelayAddress("::1", 2465, implicit_tls=True, user="u", password="p@ss/")),
        (
            "smtp+starttls://me%40x.example:p@relay:25",
            RelayAddress("relay", 25, implicit_tls=False, user="me@x.example", password="p"),
        ),
    ],
)
def test_an_address_of_a_relay_is_read(url: str, expected: RelayAddress) -> None:
    found = read_relay(url)
    assert found == expected
    assert "p%40" not in repr(found)
    assert "p@ss" not in repr(found)


@pytest.mark.parametrize(
    "url",
    [
        "smtp://u:tops3cret@relay.example",
        "smtp+starttls://u:tops3cret@relay.example:port",
        "smtp+starttls://u:tops3cret@relay.example:99999",
        "smtp+starttls://u:tops3cret@",
        "smtp+starttls://u:tops3cret@relay.example/path",
        "smtp+starttls://u:tops3cret/x@relay.example",
        "smtps://u:tops3cret%0d%0a@relay.example",
        "smtps://u:tops3cretü@relay.example",
        "smtps://u:tops3cret@relay.example?tls=no",
        "smtps://u:tops3cret@[relay",
        "http://u:tops3cret@relay.example",
    ],
)
def test_any_other_address_is_refused_without_its_secret(url: str, tmp_path: Path) -> None:
    settings = configured(tmp_path, "smtps://x")
    with pytest.raises(ConfigError) as caught:
        make_delivery(with_url(settings, url))
    told = "".join(traceback.TracebackException.from_exception(caught.value).format())
    assert "tops3cret" not in told
    assert caught.value.__context__ is None


def test_settings_choose_the_way_out(tmp_path: Path) -> None:
    assert isinstance(make_delivery(configured(tmp_path, "smtp+starttls://relay.example")), SmtpRelay)
    sink = make_delivery(configured(tmp_path, "file:outbox"))
    sink.deliver(MESSAGE, sender="shop@localhost", recipient=ADDRESS, mail_id="a" * 32)
    elsewhere = make_delivery(configured(tmp_path, f"file://{tmp_path}/other"))
    elsewhere.deliver(MESSAGE, sender="shop@localhost", recipient=ADDRESS, mail_id="b" * 32)
    found = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.eml"))
    assert found == [f"other/{'b' * 32}.eml", f"outbox/{'a' * 32}.eml"]


def test_a_sender_that_is_no_address_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        make_delivery(configured(tmp_path, "file:outbox", sender="Shop<shop@example.com>"))


def test_a_web_process_does_not_load_the_mail_driver() -> None:
    code = "import sys, troth.adapters.smtp, troth.mail.jobs; print('smtplib' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"


def configured(folder: Path, url: str, *, sender: str = "shop@example.com") -> config.Settings:
    (folder / config.FILE).write_text(
        f'[store]\nname = "Fernside"\nbase_url = "http://localhost:8000"\n[mail]\nurl = "{url}"\nfrom = "{sender}"\n'
    )
    return config.load(folder, {})


def with_url(settings: config.Settings, url: str) -> config.Settings:
    """Put an address in place that the configuration would refuse already."""
    return msgspec.structs.replace(settings, mail=msgspec.structs.replace(settings.mail, url=url))


def test_the_default_checks_certificates() -> None:
    context = client(1)._tls
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
