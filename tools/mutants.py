"""Checks the proofs: `python -m tools.mutants [NAME…]`, exit 1 unless every deliberate fault turns its proof red.

Each file in tests/promises/mutants is a small diff to our source. Its first line names the sentence and the probe that
must notice: `Sentence 2, address_unreadable: the local part of an address is written to the log.` The probe must be
green on the source as it is and red on a copy with the diff. A diff that no longer applies, or a program that does not
even start with it, is a failure of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tools.patches import DoesNotApply, apply

ROOT = Path(__file__).resolve().parents[1]
MUTANTS = ROOT / "tests" / "promises" / "mutants"
_TITLE = re.compile(r"Sentence (\d+), (\w+): (.+)")
_MAKE_STORE: Final = """
import sys
from pathlib import Path
from troth.demo.store import make_demo, stock
from troth.kernel.clock import SystemClock
folder = Path(sys.argv[1])
make_demo(folder, port=8000, paybox=8001, clock=SystemClock())
stock(folder, "http://localhost:8000")
"""
_NO_PROOF: Final = ("the twin did not start", "the proof itself broke")
_PATIENCE: Final = 300.0


@dataclass(frozen=True)
class Mutant:
    """A deliberate fault: the sentence it breaks, the probe that must notice, and what it does."""

    name: str
    sentence: int
    probe: str
    told: str
    patch: str

    @classmethod
    def read(cls, path: Path) -> Mutant:
        """Read a file; raises ValueError without its first line."""
        patch = path.read_text(encoding="utf-8")
        title = _TITLE.match(patch)
        if title is None:
            raise ValueError(f"{path.name}: the first line is not `Sentence N, probe: what it breaks`")
        return cls(path.stem, int(title[1]), title[2], title[3], patch)


@dataclass(frozen=True)
class Verdict:
    """How a mutant ended: `killed`, or why not; `why` is the first fault the probe named."""

    mutant: Mutant
    killed: bool
    why: str
    seconds: float


def read_all(names: Sequence[str] = ()) -> list[Mutant]:
    """Return the mutants of these names, or all, by sentence; raises ValueError for a name there is not."""
    found = sorted((Mutant.read(path) for path in MUTANTS.glob("*.patch")), key=lambda one: (one.sentence, one.name))
    unknown = set(names) - {one.name for one in found}
    if unknown:
        raise ValueError(f"there is no mutant {', '.join(sorted(unknown))}")
    return [one for one in found if not names or one.name in names]


class Bench:
    """A scratch folder with an example store, on which copies of the program are tried."""

    def __init__(self, scratch: Path) -> None:
        """Make the store with the program as it is."""
        self._scratch, self.store = scratch, scratch / "store"
        made = self._python(ROOT / "src", "-c", _MAKE_STORE, str(self.store))
        if made.returncode:
            raise RuntimeError(made.stderr)

    def prove(self, source: Path, probes: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return what the probes find on the program in `source`, by name."""
        command = ["-m", "troth.cli", "promises", "--dir", str(self.store), "--json", "--tries", "1", "--probe"]
        done = self._python(source, *command, *probes)
        try:
            found: list[dict[str, Any]] = json.loads(done.stdout)
        except ValueError:
            raise RuntimeError(done.stderr or "troth promises said nothing") from None
        return {one["probe"]: one for one in found}

    def judge(self, mutant: Mutant) -> Verdict:
        """Try a mutant on a copy of the source."""
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"{mutant.name}-", dir=self._scratch) as folder:
            source = Path(folder)
            # With the compiled files: they stay valid for what is not changed, and a start costs half.
            shutil.copytree(ROOT / "src", source / "src")
            try:
                for path in apply(mutant.patch, source):
                    shutil.rmtree(path.parent / "__pycache__", ignore_errors=True)
                proof = self.prove(source / "src", [mutant.probe])[mutant.probe]
                killed, why = _verdict(proof)
            except DoesNotApply as error:
                killed, why = False, f"does not apply any more: {error}"
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                killed, why = False, f"could not be tried: {str(error).strip()[-300:]}"
        return Verdict(mutant, killed, why, time.monotonic() - started)

    def _python(self, source: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, "PYTHONPATH": str(source)}
        return subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, *arguments],
            env=environ,
            cwd=self._scratch,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )


def _verdict(proof: dict[str, Any]) -> tuple[bool, str]:
    if proof["missing"]:
        return False, f"its proof is not possible here: {proof['missing']}"
    if proof["green"]:
        return False, "SURVIVED: the proof stayed green"
    why = str(proof["faults"][0]) if proof["faults"] else "red"
    return not why.startswith(_NO_PROOF), why.splitlines()[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Try mutants, two at a time; print one line for each."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description="Break promises on purpose.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="these mutants only")
    parser.add_argument("--parallel", type=int, default=2, help="how many at a time (default: 2)")
    asked = parser.parse_args(arguments)
    mutants, started = read_all(asked.names), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="troth-mutants-") as scratch:
        bench = Bench(Path(scratch))
        probes = sorted({one.probe for one in mutants})
        before = bench.prove(ROOT / "src", probes)
        red = [name for name in probes if not before[name]["green"]]
        for name in red:
            print(f"not green before: {name}: {before[name]['missing'] or before[name]['faults']}", flush=True)
        if red:
            return 1
        print(f"{len(probes)} proofs are green on the source as it is", flush=True)
        with ThreadPoolExecutor(asked.parallel) as pool:
            verdicts = []
            for verdict in pool.map(bench.judge, mutants):
                verdicts.append(verdict)
                print(_line(verdict), flush=True)
    killed = sum(verdict.killed for verdict in verdicts)
    print(f"{killed} of {len(verdicts)} mutants turned their proof red ({time.monotonic() - started:.0f} s)")
    return 0 if killed == len(verdicts) else 1


def _line(verdict: Verdict) -> str:
    mutant = verdict.mutant
    mark = "red" if verdict.killed else "NOT RED"
    return f"{mark:<7}  {mutant.sentence:>2} {mutant.name} ({verdict.seconds:.0f} s)\n           {verdict.why}"


if __name__ == "__main__":
    sys.exit(main())
