"""Who receives something, and which hosts we connect to: read from the store's configuration, never written twice."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import msgspec

from troth.kernel.config import Settings
from troth.policy.declared import Declared
from troth.policy.errors import Incomplete, Problem, Undeclared
from troth.policy.language import Recipient
from troth.policy.lock import LockedRecipient

_NETWORK_SCHEMES = ("http", "https", "smtp", "smtps", "smtp+starttls")
_OUR_DISK = "file:"


def recipients_of(declared: Declared, settings: Settings) -> tuple[dict[str, LockedRecipient], list[Problem]]:
    """Return the recipients this store has, and the declarations that name a setting nobody can write."""
    found: dict[str, LockedRecipient] = {}
    problems: list[Problem] = []
    for name, one in declared.recipients.items():
        recipient = one.thing
        named = [path for path in (recipient.setting, recipient.host_setting) if path]
        unknown = [path for path in named if not _can_be_set(path)]
        problems += [_unknown(one.part, name, path) for path in unknown]
        if not unknown and _is_configured(recipient, settings):
            hosts = _hosts(recipient, settings)
            if recipient.host_setting is not None and not hosts:
                problems.append(_hostless(one.part, name, recipient.host_setting))
            found[name] = LockedRecipient(
                part=one.part,
                step=recipient.step,
                receives=recipient.receives,
                fields=tuple(sorted(recipient.fields)),
                where=recipient.where,
                hosts=hosts,
            )
    return found, problems


def _is_configured(recipient: Recipient, settings: Settings) -> bool:
    if not recipient.setting:
        return True
    value = _value(settings, recipient.setting)
    return bool(value) and not str(value).startswith(_OUR_DISK)


def _hosts(recipient: Recipient, settings: Settings) -> tuple[str, ...]:
    """Return the host without its port: a port says nothing about who receives."""
    if recipient.host_setting is None:
        return (recipient.default_host,) if recipient.default_host else ()
    parts = urlsplit(str(_value(settings, recipient.host_setting) or ""))
    endpoint = parse_qs(parts.query).get("endpoint", [""])[-1]
    if endpoint:
        host = urlsplit(endpoint).hostname
    else:
        host = parts.hostname if parts.scheme in _NETWORK_SCHEMES else recipient.default_host
    return (host,) if host else ()


def _value(settings: Settings, path: str) -> object:
    value: object = settings
    for step in path.split("."):
        value = getattr(value, step, None)
    return value


def _can_be_set(path: str) -> bool:
    """Whether a dotted path leads through the structs of `Settings`, whatever this store has configured."""
    kind: object = Settings
    for step in path.split("."):
        kinds = getattr(kind, "__args__", (kind,))
        known = [
            field.type
            for one in kinds
            if isinstance(one, type) and issubclass(one, msgspec.Struct)
            for field in msgspec.structs.fields(one)
            if field.name == step
        ]
        if not known:
            return False
        kind = known[0]
    return True


def _hostless(part: str, name: str, path: str) -> Incomplete:
    mend = "Write default_host= with the host that is meant."
    return Incomplete(part, f"recipient {name}", f"is connected to, but {path} names no host", mend=mend)


def _unknown(part: str, name: str, path: str) -> Undeclared:
    mend = "Name a setting of troth.toml like payments.stripe, or leave it empty for a recipient every store has."
    return Undeclared(part, f"recipient {name}", f"depends on {path}, which is no setting", mend=mend)
