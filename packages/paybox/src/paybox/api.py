"""The endpoints under `/v1`: who may ask, which parameters are known, what the book does, what is answered.

Stripe's order is kept: key, parameters' encoding, idempotency key, parameters' sense, then the work itself.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from paybox import endpoints
from paybox.faults import FaultBoard, tell
from paybox.forms import pairs, tree
from paybox.http import Answer, Request
from paybox.idempotency import Kept, Replays, fingerprint
from paybox.ledger import CAUSE, Book
from paybox.objects import Cause, Ids
from paybox.refusals import API, InvalidParameter, Refusal
from paybox.wire import API_VERSION, Json, Wire

TOO_MANY = 429
DROPPED = Answer(0, dropped=True)
DOWN = Refusal("paybox was told to be down.", status=503, kind=API)
JSON_TYPE = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asked, the headers every answer to them carries, and the idempotency key claimed, if any."""

    cause: Cause
    headers: Mapping[str, str]
    key: str | None = None


@dataclass
class Api:
    """Answers requests to `/v1`; `stopping` cuts a slow answer short when the server closes."""

    book: Book
    wire: Wire
    board: FaultBoard
    key: str
    replays: Replays = field(default_factory=Replays)
    stopping: threading.Event = field(default_factory=threading.Event)
    ids: Ids = field(default_factory=Ids)

    def answer(self, request: Request) -> Answer:
        """Answer one request; what Stripe refuses is an answer too."""
        cause = Cause(self.ids.new("req_", 14), request.headers.get("idempotency-key"))
        headers = {"Request-Id": str(cause.request), "Stripe-Version": API_VERSION}
        how = self.board.now.down_how if self.board.take("down") else "up"
        if how == "drop":
            return DROPPED
        if how == "503":
            return self._refuse(DOWN, headers)
        try:
            self._check_key(request.headers.get("authorization", ""))
            answer = self._route(request, cause, headers)
        except Refusal as refusal:
            answer = self._refuse(refusal, headers)
        return DROPPED if how == "lost" else answer

    def _check_key(self, authorization: str) -> None:
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() == "basic":
            given = _basic_user(given)
        if not given:
            raise Refusal(
                "You did not provide an API key. You need to provide your API key in the Authorization header, "
                "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
                status=401,
            )
        if not hmac.compare_digest(given.encode(), self.key.encode()):
            raise Refusal(f"Invalid API Key provided: {given[:8]}****{given[-4:]}", status=401)

    def _route(self, request: Request, cause: Cause, headers: dict[str, str]) -> Answer:
        for endpoint in endpoints.ALL:
            found = endpoint.path.fullmatch(request.path)
            if found is not None and endpoint.method == request.method:
                names = tuple(unquote(part) for part in found.groups())
                if request.method == "POST" and cause.key is not None:
                    return self._once(endpoint, names, request, _Asked(cause, headers))
                return self._do(endpoint, names, request, _Asked(cause, headers))
        raise Refusal(
            f"Unrecognized request URL ({request.method}: {request.path}). If Stripe knows it, paybox does not "
            "speak it: see the table in its README.",
            status=404,
        )

    def _once(self, endpoint: endpoints.Endpoint, names: tuple[str, ...], request: Request, asked: _Asked) -> Answer:
        """Do it, or replay what was answered when it was done."""
        key = str(asked.cause.key)
        kept = self.replays.claim(key, Kept(request.path, fingerprint(pairs(request.text())), self.book.now()))
        headers = {**asked.headers, "Idempotency-Key": key, "Original-Request": str(asked.cause.request)}
        if kept is not None:
            headers |= {"Original-Request": kept.request, "Idempotent-Replayed": "true"}
            return Answer(int(kept.status or 0), kept.body.encode(), {**JSON_TYPE, **headers})
        try:
            return self._do(endpoint, names, request, _Asked(asked.cause, headers, key))
        except BaseException:
            self.replays.release(key)
            raise

    def _do(self, endpoint: endpoints.Endpoint, names: tuple[str, ...], request: Request, asked: _Asked) -> Answer:
        sent = request.text() if request.method == "POST" else request.query
        params = endpoint.params.read(tree(sent))
        endpoints.check_expandable(endpoint, params)
        self.stopping.wait(self.board.now.slow_ms / 1000)
        token = CAUSE.set(asked.cause)
        try:
            with self.book.lock:  # a snapshot sees the work and the kept answer together, or neither
                answer = self._work(endpoint, names, params, asked.headers)
                if asked.key is not None and answer.status != TOO_MANY:
                    self.replays.keep(asked.key, answer.status, answer.body.decode(), str(asked.cause.request))
                elif asked.key is not None:
                    self.replays.release(asked.key)
        finally:
            CAUSE.reset(token)
        return answer

    def _work(
        self,
        endpoint: endpoints.Endpoint,
        names: tuple[str, ...],
        params: Mapping[str, object],
        headers: Mapping[str, str],
    ) -> Answer:
        desk = endpoints.Desk(self.book, self.wire, self.board)
        try:
            done = endpoint.work(desk, names, params)
        except InvalidParameter:
            raise
        except Refusal as refusal:
            return self._refuse(refusal, headers)
        return Answer.of(tell(done, self.board.lies("api")), headers=headers)

    def _refuse(self, refusal: Refusal, headers: Mapping[str, str]) -> Answer:
        error: Json = {
            "code": refusal.code,
            "decline_code": refusal.decline_code,
            "doc_url": refusal.code and f"https://docs.stripe.com/error-codes#{refusal.code.replace('_', '-')}",
            "message": refusal.message,
            "param": refusal.param,
            "charge": refusal.charge,
            "payment_intent": None if refusal.intent is None else self.wire.render(refusal.intent),
            "type": refusal.kind,
        }
        body = {"error": {name: value for name, value in error.items() if value is not None}}
        retry = {"Stripe-Should-Retry": "true"} if refusal.code == "idempotency_key_in_use" else {}
        return Answer.of(body, status=refusal.status, headers={**headers, **retry})


def _basic_user(given: str) -> str:
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
