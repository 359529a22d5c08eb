"""What goes wrong on purpose, set per test: lost, late, doubled and disordered webhooks, outages, lies."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace

from paybox.refusals import DECLINES

ALWAYS = -1
"""A counted fault that does not wear off."""
MOST = 1_000_000
HOURS_MS = 24 * 3_600_000

COUNTED = ("lose", "decline", "down")
RANGES = {
    "duplicate": (1, 100),
    "delay_ms": (0, HOURS_MS),
    "reorder_ms": (0, HOURS_MS),
    "slow_ms": (0, 600_000),
    "parallel": (1, 8),
    "attempts": (1, 100),
    "retry_ms": (0, HOURS_MS),
}
CHOICES = {"decline_code": tuple(DECLINES), "down_how": ("503", "drop", "lost")}
LIE_TYPES: dict[str, type] = {
    "livemode": bool,
    "amount": int,
    "currency": str,
    "client_reference_id": str,
    "payment_status": str,
    "where": str,
}
PLACES = ("everywhere", "api", "webhooks")


@dataclass(frozen=True, slots=True)
class Faults:
    """All faults as they stand; the defaults are a provider that works."""

    duplicate: int = 1
    delay_ms: int = 0
    reorder_ms: int = 0
    lose: int = 0
    hold: bool = False
    decline: int = 0
    decline_code: str = "generic_decline"
    down: int = 0
    down_how: str = "503"
    slow_ms: int = 0
    parallel: int = 1
    attempts: int = 12
    retry_ms: int = 250
    lie: Mapping[str, object] = field(default_factory=dict)


class WrongFault(ValueError):
    """A fault was named or valued wrongly; the message says what is allowed."""


class FaultBoard:
    """Holds the faults for all threads."""

    def __init__(self) -> None:
        """Start with a provider that works."""
        self._lock = threading.Lock()
        self._faults = Faults()

    @property
    def now(self) -> Faults:
        """The faults as they stand."""
        return self._faults

    def set(self, **changes: object) -> Faults:
        """Change the faults named and leave the others; raises `WrongFault`, then nothing is changed."""
        checked = {name: _checked(name, value) for name, value in changes.items()}
        with self._lock:
            self._faults = replace(self._faults, **checked)  # type: ignore[arg-type]  # checked just above
            return self._faults

    def clear(self) -> Faults:
        """Be a provider that works."""
        with self._lock:
            self._faults = Faults()
            return self._faults

    def take(self, name: str) -> bool:
        """Say whether a counted fault strikes now, and count it down."""
        with self._lock:
            left = getattr(self._faults, name)
            if left > 0:
                self._faults = replace(self._faults, **{name: left - 1})
            return bool(left)

    def as_json(self) -> dict[str, object]:
        """Return the faults as they are set over HTTP; `true` stands for a counted one that does not wear off."""
        shown = asdict(self._faults)
        return {name: True if name in COUNTED and value == ALWAYS else value for name, value in shown.items()}

    def lies(self, where: str) -> Mapping[str, object]:
        """Return the false values to tell in `api` answers or in `webhooks`."""
        lie = self._faults.lie
        told = lie.get("where", "everywhere") in ("everywhere", where)
        return {name: value for name, value in lie.items() if name != "where"} if told else {}


def tell(drawn: object, lie: Mapping[str, object]) -> object:
    """Return Stripe objects with the false values in their places, references and lists included."""
    if not lie:
        return drawn
    if isinstance(drawn, list):
        return [tell(member, lie) for member in drawn]
    if not isinstance(drawn, dict):
        return drawn
    told = {name: tell(member, lie) for name, member in drawn.items()}
    kind = told.get("object")
    for name in ("livemode", "client_reference_id", "payment_status"):
        if name in lie and name in told and kind is not None:
            told[name] = lie[name]
    if kind in ("checkout.session", "payment_intent", "charge"):
        told |= {name: lie["amount"] for name in _sums(told) if "amount" in lie}
        if "currency" in lie:
            told["currency"] = lie["currency"]
    return told


def _sums(told: Mapping[str, object]) -> list[str]:
    """Name the fields that state the sum; a zero, such as `amount_received` before the payment, stays true."""
    names = ("amount", "amount_subtotal", "amount_total", "amount_received", "amount_captured")
    return [name for name in names if told.get(name)]


def _checked(name: str, value: object) -> object:
    if name in COUNTED:
        return _count(name, value)
    if name in RANGES:
        return _number(name, value)
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise WrongFault(f"{name} is one of {', '.join(CHOICES[name])}, not {value!r}")
        return value
    if name == "hold":
        if not isinstance(value, bool):
            raise WrongFault(f"hold is true or false, not {value!r}")
        return value
    if name == "lie":
        return _lie(value)
    known = ", ".join(member.name for member in fields(Faults))
    raise WrongFault(f"there is no fault {name!r}; known are {known}")


def _number(name: str, value: object) -> int:
    least, most = RANGES[name]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise WrongFault(f"{name} is a whole number from {least} to {most}, not {value!r}")
    return value


def _count(name: str, value: object) -> int:
    if isinstance(value, bool):
        return ALWAYS if value else 0
    if not isinstance(value, int) or not 0 <= value <= MOST:
        raise WrongFault(f"{name} is how often (0 to {MOST}), true or false, not {value!r}")
    return value


def _lie(value: object) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise WrongFault(f"lie is a table of {', '.join(LIE_TYPES)}, not {value!r}")
    for name, member in value.items():
        kind = LIE_TYPES.get(name)
        if kind is None or not isinstance(member, kind) or (kind is int and isinstance(member, bool)):
            raise WrongFault(f"lie takes {', '.join(LIE_TYPES)} of their own kind, not {name}={member!r}")
    if value.get("where", "everywhere") not in PLACES:
        raise WrongFault(f"lie: where is one of {', '.join(PLACES)}")
    return dict(value)
