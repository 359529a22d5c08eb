"""What the policy refuses.

TrothError
└── PolicyError
    ├── DoesNotCompile      every problem of one compile, together
    ├── Problem             one thing that does not fit; names the part, the thing and what to write
    │   ├── Undeclared      it exists and nobody declares it
    │   ├── Missing         it is declared and does not exist
    │   ├── Incomplete      the declaration leaves out what a reader must be told
    │   ├── Contradiction   two declarations, or a declaration and what it speaks of, disagree
    │   └── Loosened        troth.toml asks for more than the program's policy allows
    ├── PolicyChanged       the program's policy is not the one this store accepted
    ├── LockDamaged         the lock file or an archived revision is not what was written
    └── NoSuchRevision      no policy was archived under this number
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from troth.kernel.errors import TrothError

if TYPE_CHECKING:
    from troth.policy.difference import Difference


class PolicyError(TrothError):
    """The policy cannot be used."""


class Problem(PolicyError):
    """Something about the policy does not fit."""

    def __init__(self, part: str, thing: str, detail: str, *, mend: str) -> None:
        """Say in which part, about which thing, what is wrong, and what to write to mend it."""
        super().__init__(f"{part}: {thing} {detail}. {mend}")
        self.part, self.thing, self.mend = part, thing, mend


def spot(part: str, thing: str) -> Callable[[type[Problem], str, str], Problem]:
    """Return the maker of problems about one thing: called with the kind, what is wrong and how to mend it."""
    return lambda kind, detail, mend: kind(part, thing, detail, mend=mend)


class Undeclared(Problem):
    """It exists and nobody declares it."""


class Missing(Problem):
    """It is declared and does not exist."""


class Incomplete(Problem):
    """The declaration leaves out what a reader must be told."""


class Contradiction(Problem):
    """Two declarations, or a declaration and what it speaks of, disagree."""


class Loosened(Problem):
    """The configuration may tighten the policy or word it differently, never loosen it."""


class DoesNotCompile(PolicyError):
    """The policy does not compile."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep every problem, in the order of their texts; the message lists them all."""
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.part, problem.detail)))
        lines = "".join(f"\n  - {problem.detail}" for problem in self.problems)
        super().__init__(f"The policy does not compile, so nothing was started or changed:{lines}")


class PolicyChanged(PolicyError):
    """The program's policy is not the one this store accepted."""

    def __init__(self, difference: Difference, *, accepted: int) -> None:
        """Show what changed since revision `accepted` (0: none was accepted yet) and the command that accepts it."""
        told = f"The policy differs from revision {accepted}, which this store published" if accepted else (
            "This store has not accepted a policy yet"
        )  # fmt: skip
        super().__init__(
            f"{told}. It does not start, and nothing was lost:\n{difference}\n"
            "If this is what you want to promise your visitors, accept it with: troth policy lock"
        )
        self.difference = difference


class LockDamaged(PolicyError):
    """The policy's lock file was changed by hand or damaged; `troth policy lock` writes it again."""


class NoSuchRevision(PolicyError):
    """No policy was archived under this number; put the folder `policy/revisions` back from a back-up."""
