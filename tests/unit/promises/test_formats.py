"""The second reading of our formats agrees with their published vectors, which the store is held to as well."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from troth.promises.formats import DoesNotOpen, KeyOrigin, Keys, Seat, revision_of

FORMATS = Path(__file__).parents[3] / "docs" / "formats"
SEALED: dict[str, Any] = json.loads((FORMATS / "sealed-record.vectors.json").read_bytes())
LICENCES: dict[str, Any] = json.loads((FORMATS / "licence-key.vectors.json").read_bytes())


def _seat(**change: Any) -> Seat:
    place = SEALED["record"]["place"] | change
    return Seat(
        place["store"],
        place["record"],
        place["row"],
        place["person"],
        place["retention"],
        bytes.fromhex(place["schema"]),
    )


def test_a_wrapped_key_opens_for_its_person_only() -> None:
    given = SEALED["key"]
    keys = Keys(given["store"], {given["kek_number"]: bytes.fromhex(given["kek"])}, {}, ())
    wrapped = bytes.fromhex(given["wrapped"])
    assert keys.unwrap(wrapped, given["person"], given["retention"]).hex() == given["key"]
    for person, retention in ((given["person"][::-1], given["retention"]), (given["person"], "tax")):
        with pytest.raises(DoesNotOpen):
            keys.unwrap(wrapped, person, retention)
    with pytest.raises(DoesNotOpen):
        Keys(given["store"], {}, {}, ()).unwrap(wrapped, given["person"], given["retention"])


def test_a_sealed_record_opens_in_its_place_only() -> None:
    key, blob = bytes.fromhex(SEALED["key"]["key"]), bytes.fromhex(SEALED["record"]["blob"])
    assert _seat().read(key, blob) == SEALED["record"]["fields"]
    assert revision_of(blob) == SEALED["record"]["place"]["revision"]
    moved = [case["change"] for case in SEALED["moved"] if "revision" not in case["change"]]
    assert len(moved) >= 5
    for change in moved:
        with pytest.raises(DoesNotOpen):
            _seat(**change).read(key, blob)


def test_licence_keys_are_those_of_the_vectors() -> None:
    cases = LICENCES["encoding"]
    for case in cases:
        origin = KeyOrigin(
            case["store"],
            case["product"],
            case["line"],
            case["issue"],
            salt=bytes.fromhex(case["salt"]),
            address=case["address"],
        )
        assert origin.make(bytes.fromhex(case["master"]), epoch=case["epoch"], tag=case["tag"]) == case["display"]
    assert cases


def test_every_key_of_a_key_file_is_known(tmp_path: Path) -> None:
    one, two, seed = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3))
    content = {
        "store_id": "0" * 32,
        "kek": {"1": one},
        "licence": {"0": two},
        "signing": {"answers": {"kid": "answers-1", "seed": seed, "since": "2026-05-04"}},
    }
    path = tmp_path / "store.key"
    path.write_text(json.dumps(content))
    keys = Keys.read(path)
    assert keys.kek == {1: b"\1" * 32}
    assert set(keys.all) == {b"\1" * 32, b"\2" * 32, b"\3" * 32}
    assert "\\x01" not in repr(keys)
