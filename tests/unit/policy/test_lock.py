"""One lock has one hash, whatever order it was declared in; it answers fast and notices every change."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.policy.sample import PARTS, SCHEMA, compiled
from troth.kernel.codec import canonical_json
from troth.policy.errors import LockDamaged, Undeclared
from troth.policy.language import CookieCategory, PartPolicy
from troth.policy.lock import Lock, Note, hash_of, lock_bytes, parse_lock, read_lock, write_lock

WORDS = frozenset(
    {
        "because",
        "counts_from",
        "dpv",
        "holds",
        "kept",
        "label",
        "plain",
        "reason",
        "receives",
        "step",
        "text",
        "where",
        "why",
    }
)


def shuffled(value: Any, chance: random.Random, done: dict[int, Any] | None = None) -> Any:
    """Return the same declarations with every tuple and mapping in another order; what is shared stays shared."""
    done = {} if done is None else done
    if id(value) not in done:
        done[id(value)] = turned(value, chance, done)
    return done[id(value)]


def turned(value: Any, chance: random.Random, done: dict[int, Any]) -> Any:
    if isinstance(value, tuple):
        items = [shuffled(one, chance, done) for one in value]
        chance.shuffle(items)
        return tuple(items)
    if isinstance(value, Mapping):
        pairs = [(key, shuffled(one, chance, done)) for key, one in value.items()]
        chance.shuffle(pairs)
        return dict(pairs)
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value)]
        return replace(value, **{name: shuffled(getattr(value, name), chance, done) for name in names})
    return value


@given(st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_the_hash_does_not_depend_on_the_order_of_declarations(chance: random.Random) -> None:
    parts: tuple[PartPolicy, ...] = shuffled(PARTS, chance)
    other = compiled(*parts, schema=shuffled(SCHEMA, chance))
    assert other.hash == compiled().hash
    assert lock_bytes(other) == lock_bytes(compiled())


def sayings(value: Any) -> Iterator[str]:
    """Yield every text a reader is told."""
    if isinstance(value, tuple):
        for one in value:
            yield from sayings(one)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from sayings(one)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            inner = getattr(value, field.name)
            if field.name in WORDS and isinstance(inner, str) and inner:
                yield inner
            yield from sayings(inner)


def reworded(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return new if value == old else value
    if isinstance(value, tuple):
        return tuple(reworded(one, old, new) for one in value)
    if isinstance(value, Mapping):
        return {key: reworded(one, old, new) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: reworded(getattr(value, field.name), old, new) for field in fields(value)})
    return value


@pytest.mark.parametrize("text", sorted(set(sayings(PARTS))))
def test_one_word_in_one_declaration_changes_the_hash(text: str) -> None:
    assert compiled(*reworded(PARTS, text, text + " now")).hash != compiled().hash


def changed_leaves(value: Any) -> Iterator[Any]:
    """Yield copies of a JSON value, each with one leaf changed or one entry added."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from ({**value, key: other} for other in changed_leaves(inner))
        yield {key + "x": inner for key, inner in value.items()} if value else {"x": "x"}
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from ([*value[:place], other, *value[place + 1 :]] for other in changed_leaves(inner))
        yield [*value, value[0] if value else "x"]
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    else:
        yield "x" if value is None else value + "x"


def test_any_change_in_the_file_is_noticed() -> None:
    content = msgspec.json.decode(lock_bytes(compiled()))
    changes = [one for one in changed_leaves(content) if one.get("revision") == 0]
    assert len(changes) > 200
    for other in changes:
        with pytest.raises(LockDamaged):
            parse_lock(msgspec.json.encode(other), where="a file")


def test_the_file_is_sorted_indented_and_read_back(tmp_path: Path) -> None:
    lock, path = compiled(), tmp_path / "policy.lock.json"
    assert read_lock(path) is None
    write_lock(path, lock)
    assert read_lock(path) == lock
    assert list(tmp_path.iterdir()) == [path]
    lines = path.read_text().splitlines()
    assert lines[1] == '  "controller": {'
    assert max(map(len, lines)) < 200
    assert read_lock(path) == lock


def test_the_hash_is_the_same_in_every_process() -> None:
    program = "from tests.unit.policy.sample import compiled; print(compiled().hash)"
    for seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        assert told.stdout.strip() == compiled().hash


def test_the_revision_is_no_part_of_the_hash() -> None:
    assert hash_of(msgspec.structs.replace(compiled(), revision=7)) == compiled().hash


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"revision": "a"}'])
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "policy.lock.json"
    path.write_bytes(data)
    with pytest.raises(LockDamaged, match=r"policy\.lock\.json"):
        read_lock(path)


def test_a_lock_written_by_another_version_keeps_its_own_hash() -> None:
    content = msgspec.json.decode(lock_bytes(compiled()))
    content["later_section"] = {"a": 1}
    declared = {key: value for key, value in content.items() if key not in {"revision", "hash"}}
    content["hash"] = hashlib.sha256(canonical_json(declared)).hexdigest()
    assert parse_lock(msgspec.json.encode(content), where="a file").hash == content["hash"] != compiled().hash


def test_who_may_open_what_for_which_purpose() -> None:
    lock = compiled()
    assert lock.may_open("shop.buyer", "fulfil", "job")
    assert not lock.may_open("shop.buyer", "tax", "maker")
    assert not lock.may_open("shop.paid", "tax", "job")
    assert not lock.may_open("nothing", "fulfil", "job")
    assert len(lock.openings) == 2 * 4 + 1 * 2 + 2 * 2


def test_a_record_is_known_by_its_fields() -> None:
    lock = compiled()
    assert lock.record("shop.buyer").schema_id == bytes.fromhex(lock.record("shop.buyer").schema)
    assert len(lock.record("shop.buyer").schema_id) == 8
    assert lock.retention_of("shop.paid").days == 3650
    with pytest.raises(Undeclared, match=r"record shop\.lost is not in the lock"):
        lock.record("shop.lost")
    with pytest.raises(Undeclared, match="retention class ever"):
        lock.retention("ever")


def test_a_cookie_is_found_with_and_without_its_prefix() -> None:
    lock = compiled()
    found = lock.cookie("__Host-troth_visit")
    assert found is not None
    assert found == lock.cookie("troth_visit")
    assert (found.name, found.category) == ("troth_visit", CookieCategory.ANALYTICAL)
    assert lock.cookie("tracker") is None


def test_a_form_and_its_notes() -> None:
    lock = compiled()
    assert lock.form("survey") is None
    assert set(lock.form("checkout") or ()) == {"email", "name", "total"}
    assert lock.note("checkout", "email") == Note(
        why="So that your key reaches you",
        kept="1 year from the end of the year you ordered in",
        seen_by="You, who helps the maker, our program by itself, the maker of this store, the mail relay",
    )
    name = lock.note("checkout", "name")
    assert name is not None
    assert "mail relay" not in name.seen_by
    assert lock.note("checkout", "total") == Note(
        "To see that the sum did not change", "It is not kept", "Nobody: it is gone once the page is answered"
    )
    assert lock.note("checkout", "phone") is None
    assert lock.note("survey", "age") is None


class Backwards:
    """A language in which every message is the other way round."""

    def gettext(self, message: str) -> str:
        return message if "%(" in message else message[::-1]

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return f"<{singular if count == 1 else plural}>"


def test_a_note_is_said_in_another_language() -> None:
    note = compiled().note("checkout", "email", Backwards())
    assert note == Note(
        why="U" + "so that your key reaches you"[::-1][1:],
        kept="<1 year> from " + "the end of the year you ordered in"[::-1],
        seen_by=", ".join(
            one[::-1]
            for one in (
                "you",
                "who helps the maker",
                "our program by itself",
                "the maker of this store",
                "the mail relay",
            )
        ).replace("uoy", "Uoy", 1),
    )


def test_a_lock_is_read_and_asked_fast(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "import troth.policy\n"
        "slow = {'sqlalchemy', 'babel', 'jinja2', 'starlette', 'cryptography', 'asyncio', 'stripe'}\n"
        "print(sorted(slow & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert told.stdout.strip() == "[]"


def test_lock_is_a_value() -> None:
    lock: Lock = compiled()
    with pytest.raises(AttributeError):
        lock.revision = 3  # type: ignore[misc]
