"""Who receives something follows from the configuration, and so do the hosts we connect to."""

from __future__ import annotations

import msgspec
import pytest

from tests.unit.policy.sample import SETTINGS, compiled, with_shop
from troth.kernel.config import MailSettings, ObjectSettings, PaymentSettings, Settings
from troth.policy.errors import DoesNotCompile
from troth.policy.language import Recipient

EVERYBODY = {"Stripe", "the maker's bank", "the mail relay", "the object store"}


def having(**sections: object) -> Settings:
    return msgspec.structs.replace(SETTINGS, **sections)


@pytest.mark.parametrize(
    ("settings", "absent"),
    [
        (SETTINGS, set()),
        (having(payments=PaymentSettings(bank=SETTINGS.payments.bank)), {"Stripe"}),
        (having(payments=PaymentSettings()), {"Stripe", "the maker's bank"}),
        (having(mail=MailSettings("file:outbox", "shop@shop.example")), {"the mail relay"}),
        (having(objects=ObjectSettings("file:objects")), {"the object store"}),
    ],
)
def test_only_who_is_configured_is_a_recipient(settings: Settings, absent: set[str]) -> None:
    lock = compiled(settings=settings)
    assert set(lock.recipients) == EVERYBODY - absent


def test_the_hosts_are_those_of_the_settings_without_ports_users_or_secrets() -> None:
    lock = compiled()
    assert {name: one.hosts for name, one in lock.recipients.items()} == {
        "Stripe": ("api.stripe.example",),
        "the maker's bank": (),
        "the mail relay": ("relay.example",),
        "the object store": ("s3.example",),
    }
    assert lock.hosts == {"api.stripe.example", "relay.example", "s3.example"}
    assert b"secret" not in msgspec.json.encode(lock)


@pytest.mark.parametrize(
    ("recipient", "hosts"),
    [
        (Recipient("x", "", "a step", "a thing"), ()),
        (Recipient("x", "", "a step", "a thing", default_host="x.example"), ("x.example",)),
        (Recipient("x", "", "a step", "a thing", "objects.url", "x.example"), ("x.example",)),
        (Recipient("x", "", "a step", "a thing", "mail.url", "x.example"), ("relay.example",)),
    ],
)
def test_a_recipient_without_a_setting_is_always_there(recipient: Recipient, hosts: tuple[str, ...]) -> None:
    lock = compiled(*with_shop(recipients=(recipient,)))
    assert lock.recipients["x"].hosts == hosts


def test_an_endpoint_is_the_host_of_an_object_store() -> None:
    settings = having(objects=ObjectSettings("s3://bucket?endpoint=https://objects.example:9000"))
    assert compiled(settings=settings).recipients["the object store"].hosts == ("objects.example",)


@pytest.mark.parametrize("setting", ["objects.url", "mail.dkim"])
def test_a_connection_to_a_host_nobody_names_is_refused(setting: str) -> None:
    with pytest.raises(DoesNotCompile, match=f"recipient x is connected to, but {setting} names no host"):
        compiled(*with_shop(recipients=(Recipient("x", "", "a step", "a thing", setting),)))


def test_another_host_is_another_policy() -> None:
    moved = having(mail=replace_url("smtp+starttls://other.example"))
    assert compiled(settings=moved).hash != compiled().hash


def replace_url(url: str) -> MailSettings:
    return msgspec.structs.replace(SETTINGS.mail, url=url)


def test_a_new_port_is_not_another_policy() -> None:
    moved = having(mail=replace_url("smtp+starttls://relay.example:25"))
    assert compiled(settings=moved).hash == compiled().hash
