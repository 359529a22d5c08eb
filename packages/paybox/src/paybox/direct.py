"""The official SDK without a socket, against a box in the same process: nothing to bind, wait for or time out.

    client = stripe.StripeClient(box.key, http_client=DirectClient(box), base_addresses={"api": box.url})

Needs the `stripe` package (`pip install paybox[direct]`); nothing else here does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import stripe

from paybox.box import Paybox
from paybox.http import Request
from paybox.marks import override

_dropped: Callable[..., Exception] = stripe.APIConnectionError  # the SDK leaves its constructor untyped


class DirectClient(stripe.HTTPClient):
    """Carries the SDK's requests to a box by calling it; a dropped connection is an `APIConnectionError`."""

    name = "paybox"

    def __init__(self, box: Paybox) -> None:
        """Talk to this box, started or not."""
        super().__init__()
        self._box = box

    @override
    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,  # noqa: ANN401 - as the SDK declares it
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Carry one request."""
        body = (post_data or "").encode()
        answer = self._box.answer(Request.to(url, method=method, headers=headers, body=body))
        if answer.dropped:
            raise _dropped("the connection was dropped", should_retry=True)
        return answer.body.decode(), answer.status, answer.headers

    @override
    def close(self) -> None:
        """Do nothing: there is no connection."""
