from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.web.store import Client, make_settings
from troth.kernel.config import BankSettings, PaymentSettings, StripeSettings
from troth.web import health
from troth.web.heartbeat import LATE, Heartbeat
from troth.web.route import Route
from troth.web.site import Site

Make = Callable[..., Site]


def test_ready_means_database_and_jobs(make: Make) -> None:
    late = [False]
    client = Client(make(health.routes(lambda: late[0])))
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"status": "ready", "database": "ok", "jobs": "ok", "payments": "none"}
    late[0] = True
    silent = client.get("/readyz")
    assert (silent.status_code, silent.json()["jobs"]) == (503, "silent")
    assert client.get("/healthz").json() == {"status": "ok"}


def test_a_database_that_does_not_answer_is_told(make: Make, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, extra=f'[database]\nurl = "sqlite:///{tmp_path}/missing/troth.db"\n')
    answer = Client(make(health.routes(lambda: False), settings=settings)).get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (503, "unavailable")


@pytest.mark.parametrize(
    ("payments", "told"),
    [
        (PaymentSettings(), "none"),
        (PaymentSettings(bank=BankSettings("DE02")), "bank"),
        (PaymentSettings(stripe=StripeSettings("sk_test_1", "whsec_1")), "test"),
        (PaymentSettings(stripe=StripeSettings("sk_live_1", "whsec_1")), "live"),
        (PaymentSettings(StripeSettings("sk_live_1", "whsec_1"), BankSettings("DE02")), "live"),
        (PaymentSettings(StripeSettings("sk_test_1", "whsec_1"), BankSettings("DE02")), "test"),
    ],
)
def test_how_the_store_is_paid(payments: PaymentSettings, told: str) -> None:
    assert health.payments_of(payments) == told


def test_robots_are_kept_from_what_is_somebodys(make: Make) -> None:
    client = Client(make(health.routes(lambda: False)))
    text = client.get("/robots.txt").text
    assert "Disallow: /orders/\n" in text
    assert "Sitemap" not in text
    mapped = Route("GET", "/sitemap.xml", health.routes(lambda: False)[0].handler, "sitemap")
    text = Client(make([*health.routes(lambda: False), mapped])).get("/robots.txt").text
    assert "Sitemap: http://localhost:8000/sitemap.xml\n" in text


def test_researchers_find_a_contact(make: Make, tmp_path: Path) -> None:
    text = Client(make(health.routes(lambda: False))).get("/.well-known/security.txt").text
    assert "Contact: mailto:mail@example.com\n" in text
    assert "Canonical: http://localhost:8000/.well-known/security.txt\n" in text
    (tmp_path / "troth.toml").write_text(
        '[store]\nname = "x"\nbase_url = "http://localhost:8000"\n[seller]\nlegal_name = "x"\ncountry = "DE"\n'
        'contact = "+49 431 000"\n'
    )
    unreachable = make(health.routes(lambda: False), settings=make_settings(tmp_path))
    assert Client(unreachable).get("/.well-known/security.txt").status_code == 404


def test_a_heartbeat_ages(tmp_path: Path) -> None:
    heart = Heartbeat(tmp_path)
    told = [heart.late]
    heart.beat()
    told.append(heart.late)
    long_ago = time.time() - LATE - 1
    os.utime(tmp_path / "run" / "jobs", (long_ago, long_ago))
    told.append(heart.late)
    heart.beat()
    told.append(heart.late)
    assert told == [True, False, True, False]
