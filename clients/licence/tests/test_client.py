"""A program asks over real HTTP and believes the store alone; everything else is 'no answer'."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from clients.licence.tests.store import CREATED, DOCUMENT, Handler, Store, running_store
from nacl.signing import SigningKey

from troth_licence.client import Answer, AnswerNotTrusted, LicenceClient, LicenceError, ServerUnreachable
from troth_licence.key import parse
from troth_licence.signature import pins

KEY = parse("402JZ-MD9HJ-QMPRP-NT1DQ-AHJVD")
README = Path(__file__).parents[1] / "README.md"


@pytest.fixture(scope="module")
def server() -> Iterator[Store]:
    with running_store() as store:
        yield store


@pytest.fixture
def store(server: Store) -> Store:
    server.good = {KEY.display}
    server.questions.clear()
    server.twist = None
    return server


def client(store: Store, timeout: float = 5.0) -> LicenceClient:
    return LicenceClient(store.base_url, pins(DOCUMENT), timeout=timeout)


def test_a_good_key_and_an_unknown_one(store: Store) -> None:
    assert client(store).validate(KEY) == Answer(valid=True, code="VALID", detail="This key is valid.", created=CREATED)
    store.good.clear()
    assert client(store).validate(KEY).code == "NOT_FOUND"


def test_nothing_is_sent_but_key_nonce_and_product(store: Store) -> None:
    client(store).validate(KEY, product="fernside-backup")
    client(store).validate(KEY)
    first, second = store.questions
    assert set(first) == {"key", "nonce", "product"}
    assert set(second) == {"key", "nonce"}
    assert first["nonce"] != second["nonce"]
    assert re.fullmatch("[A-Za-z0-9_-]{22}", first["nonce"])


def with_status(status: int) -> Callable[[Handler, bytes], bool]:
    def twist(handler: Handler, body: bytes) -> bool:
        handler.reply(handler.server.answer(json.loads(body)), handler.headers["Content-Digest"], status=status)
        return True

    return twist


def with_another_key(handler: Handler, body: bytes) -> bool:
    answer = handler.server.answer(json.loads(body))
    handler.reply(answer, handler.headers["Content-Digest"], key=SigningKey(bytes(32)))
    return True


def with_an_older_nonce(handler: Handler, body: bytes) -> bool:
    question = {**json.loads(body), "nonce": "older"}
    handler.reply(handler.server.answer(question), handler.headers["Content-Digest"])
    return True


def to_another_question(handler: Handler, body: bytes) -> bool:
    handler.reply(handler.server.answer(json.loads(body)), "sha-256=:AAAA:")
    return True


def with_other_text(text: bytes) -> Callable[[Handler, bytes], bool]:
    def twist(handler: Handler, _: bytes) -> bool:
        handler.reply(text, handler.headers["Content-Digest"])
        return True

    return twist


def unsigned(handler: Handler, body: bytes) -> bool:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(handler.server.answer(json.loads(body)))
    return True


@pytest.mark.parametrize(
    "twist",
    [
        with_another_key,
        with_an_older_nonce,
        to_another_question,
        unsigned,
        pytest.param(with_other_text(b""), id="nothing"),
        pytest.param(with_other_text(b"[]"), id="a list"),
        pytest.param(with_other_text(b"{}"), id="an empty object"),
        pytest.param(with_other_text(b'{"valid":1,"code":"","detail":"","nonce":""}'), id="a number"),
        pytest.param(with_other_text(b"x" * 70_000), id="far too much"),
    ],
)
def test_an_answer_that_is_not_the_stores_is_not_used(store: Store, twist: Callable[[Handler, bytes], bool]) -> None:
    store.twist = twist
    with pytest.raises(AnswerNotTrusted):
        client(store).validate(KEY)


@pytest.mark.parametrize("status", [400, 404, 429, 500, 502, 503])
def test_another_status_is_no_answer(store: Store, status: int) -> None:
    store.twist = with_status(status)
    with pytest.raises(ServerUnreachable, match=f"status {status}"):
        client(store).validate(KEY)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(store: Store, status: int) -> None:
    with running_store() as other:
        other.good = {KEY.display}

        def twist(handler: Handler, _: bytes) -> bool:
            handler.send_response(status)
            handler.send_header("Location", f"http://127.0.0.1:{other.port}/api/v1/licences/validate")
            handler.end_headers()
            return True

        store.twist = twist
        with pytest.raises(ServerUnreachable, match=f"status {status}"):
            client(store).validate(KEY)
        assert other.questions == []


def test_a_store_that_is_not_there(store: Store) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    nobody = LicenceClient(f"http://store.localhost:{port}", pins(DOCUMENT))
    with pytest.raises(ServerUnreachable, match="refused"):
        nobody.validate(KEY)
    assert store.questions == []


def test_a_store_that_says_nothing(store: Store) -> None:
    def twist(_: Handler, __: bytes) -> bool:
        time.sleep(0.6)
        return True

    store.twist = twist
    with pytest.raises(ServerUnreachable, match="in time"):
        client(store, timeout=0.2).validate(KEY)


def test_a_store_that_talks_nonsense(store: Store) -> None:
    def twist(handler: Handler, _: bytes) -> bool:
        handler.wfile.write(b"SSH-2.0-nonsense\r\n\r\n")
        return True

    store.twist = twist
    with pytest.raises(ServerUnreachable):
        client(store).validate(KEY)


def test_an_encrypted_connection_is_checked(store: Store) -> None:
    with pytest.raises(ServerUnreachable, match="encrypted"):
        LicenceClient(f"https://store.localhost:{store.port}", pins(DOCUMENT)).validate(KEY)


def test_a_name_on_this_computer_needs_no_name_server_and_no_proxy(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    address = f"http://any.name.at.all.localhost:{store.port}"
    assert LicenceClient(address, pins(DOCUMENT)).validate(KEY).valid


def test_a_store_that_listens_on_the_other_loopback(store: Store) -> None:
    del store
    assert issubclass(ServerUnreachable, LicenceError)
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:
        listener.settimeout(5)
        port = listener.getsockname()[1]
        with pytest.raises(ServerUnreachable, match="in time"):
            LicenceClient(f"http://localhost:{port}", pins(DOCUMENT), timeout=0.2).validate(KEY)
        connection, _ = listener.accept()
        connection.close()


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com",
        "ftp://localhost",
        "https://",
        "localhost:8000",
        "https://example.com/shop",
        "https://example.com/?a",
        "https://example.com/#a",
        "https://user:word@example.com",
        "http://localhost.example.com",
    ],
)
def test_an_address_that_is_not_a_store(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        LicenceClient(address, pins(DOCUMENT))


def test_the_example_in_the_readme(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)[0]
    assert len(example.strip().splitlines()) <= 10
    (tmp_path / "troth-keys.json").write_bytes(DOCUMENT)
    monkeypatch.chdir(tmp_path)
    code = compile(example.replace("https://shop.example", store.base_url), "README.md", "exec")
    replies = iter(["4" + KEY.display[1:6] + "U" + KEY.display[7:], "y"])
    monkeypatch.setattr("builtins.input", lambda _: next(replies))
    exec(code, {})  # noqa: S102 - the example is ours
    assert "This key is valid." in capsys.readouterr().out
