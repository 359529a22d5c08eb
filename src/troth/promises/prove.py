"""A run: every probe of some sentences on one twin, red ones once more on a fresh one."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from troth.kernel.clock import SystemClock
from troth.kernel.codec import canonical_json
from troth.promises.evidence import Book, Proof
from troth.promises.finding import Finding
from troth.promises.formats import DoesNotOpen
from troth.promises.names import PROBES
from troth.promises.paybox import ToolMissing
from troth.promises.program import DidNotStart
from troth.promises.stage import JourneyFailed, NothingToSell, Stage
from troth.promises.twin import Twin, running_twin
from troth.promises.visitor import LeftTheMachine

if TYPE_CHECKING:
    from troth.policy.lock import LockedSentence

TRIES: Final = 2
_USUAL_SECONDS: Final = 3.0
_START_SECONDS: Final = 6.0
_MOST_TOLD: Final = 300


@dataclass(frozen=True)
class Step:
    """What a run just did, and about how many seconds are left."""

    text: str
    seconds_left: float


class Run:
    """Proves sentences on twins of one store."""

    def __init__(self, source: Path, *, known: Book, tries: int = TRIES, tell: Callable[[Step], None]) -> None:
        """Take the store's folder, what earlier runs took (to tell the time left) and whom to tell of each step."""
        self._source, self._tries, self._tell = source, tries, tell
        proofs = (proof for record in known.sentences.values() for proof in record.proofs)
        self._usual = {proof.probe: proof.seconds for proof in proofs}

    def prove(self, sentences: Iterable[LockedSentence]) -> dict[int, list[Proof]]:
        """Return the proofs of each sentence whose probes are all known; raises `ConfigError` or `NotALiveStore`."""
        wanted = [sentence for sentence in sentences if set(sentence.probes) <= PROBES.keys()]
        proofs = {proof.probe: proof for proof in self.carry_out({name for one in wanted for name in one.probes})}
        return {sentence.number: [proofs[name] for name in sentence.probes] for sentence in wanted}

    def carry_out(self, probes: Collection[str]) -> list[Proof]:
        """Return what single probes found."""
        # In the order of the table, which lets each probe use what the one before it left on the stage.
        names = [name for name in PROBES if name in probes]
        proofs = self._play(names)
        for number in range(2, self._tries + 1):
            red = [name for name in names if not proofs[name].green and not proofs[name].missing]
            if red:
                self._tell(Step("once more, on a fresh twin", self._left(red)))
                proofs |= {name: msgspec.structs.replace(one, tries=number) for name, one in self._play(red).items()}
        return [proofs[name] for name in names]

    def _play(self, names: Sequence[str]) -> dict[str, Proof]:
        """Carry out probes on one twin."""
        if not names:
            return {}
        self._tell(Step("starting a twin", self._left(names)))
        try:
            with running_twin(self._source) as twin:
                return self._on(twin, names)
        except ToolMissing as missing:
            return {name: _proof(name, 0.0, missing=missing.detail) for name in names}
        except DidNotStart as failure:
            faults = [f"the twin did not start: {_shortened(str(failure))}"]
            return {name: _proof(name, 0.0, finding=Finding(faults=faults)) for name in names}

    def _on(self, twin: Twin, names: Sequence[str]) -> dict[str, Proof]:
        stage = Stage(twin)
        proofs: dict[str, Proof] = {}
        for place, name in enumerate(names):
            started = time.monotonic()
            missing, finding = _carry_out(name, stage)
            proofs[name] = _proof(name, time.monotonic() - started, finding=finding, missing=missing)
            self._tell(Step(f"{name}: {describe(proofs[name])}", self._left(names[place + 1 :], started=True)))
        return {name: _clean(proof, stage) for name, proof in proofs.items()}

    def _left(self, names: Sequence[str], *, started: bool = False) -> float:
        return (0.0 if started else _START_SECONDS) + sum(self._usual.get(name, _USUAL_SECONDS) for name in names)


def describe(proof: Proof) -> str:
    """Say in a word or two how a proof ended."""
    if proof.missing:
        return f"not possible here: {proof.missing}"
    return "green" if proof.green else "red"


def _clean(proof: Proof, stage: Stage) -> Proof:
    """Return a proof fit to be kept and published: one that held a value of anybody is red and says no more."""
    if not stage.needles().find(canonical_json(proof)):
        return proof
    return _proof(proof.probe, proof.seconds, finding=Finding(faults=["the evidence itself held what somebody typed"]))


def _carry_out(name: str, stage: Stage) -> tuple[str, Finding]:
    """Run one probe; whatever it meets is a finding."""
    try:
        return "", PROBES[name].run(stage)
    except (ToolMissing, NothingToSell) as missing:
        return str(missing), Finding()
    except (JourneyFailed, DidNotStart, DoesNotOpen, LeftTheMachine) as failure:
        return "", Finding(faults=[_shortened(str(failure)) or type(failure).__name__])
    except Exception as error:  # noqa: BLE001 - a proof that breaks proves nothing, and must not end the others
        return "", Finding(faults=[f"the proof itself broke: {type(error).__name__} at {_place(error)}"])


def _shortened(text: str) -> str:
    """Return the first and the last line of what a process said; the rest is for its own log."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " … ".join(line[:_MOST_TOLD] for line in dict.fromkeys(lines[:1] + lines[-1:]))


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"


def _proof(name: str, seconds: float, *, finding: Finding | None = None, missing: str = "") -> Proof:
    found = finding or Finding()
    return Proof(
        probe=name,
        green=found.green and not missing,
        at=SystemClock().now(),
        seconds=round(seconds, 2),
        counts=found.counts,
        digests=found.digests,
        faults=tuple(found.faults),
        missing=missing,
    )
