"""The proofs by the names policies use, with what each does in words; the code behind a name is loaded when it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from troth.policy.phrase import Phrase

if TYPE_CHECKING:
    from troth.promises.finding import Finding
    from troth.promises.stage import Stage

_ = Phrase


@dataclass(frozen=True)
class Probe:
    """One proof: what it does, in words, and where its code stands (a module of `probes` and a function)."""

    words: Phrase
    module: str
    function: str

    def run(self, stage: Stage) -> Finding:
        """Carry it out on a stage."""
        function = getattr(import_module(f"troth.promises.probes.{self.module}"), self.function)
        return cast("Callable[[Stage], Finding]", function)(stage)


PROBES: Final[Mapping[str, Probe]] = {
    name: Probe(words, module, name)
    for module, name, words in (
        (
            "purchase",
            "purchase_end_to_end",
            _(
                "A made-up person buys by the pages' own links and forms, pays, gets key and download by page and "
                "mail, and the key passes the check."
            ),
        ),
        (
            "purchase",
            "fields_declared",
            _("Every form of every page is held against the policy, and a field it does not name is refused."),
        ),
        (
            "address",
            "address_found",
            _("The address, however it is spelled, finds its own orders, and any other address finds none."),
        ),
        (
            "address",
            "address_unreadable",
            _(
                "Every file, log, mail to others, answer to others and all that the payment provider knows is "
                "searched for what made-up people typed, in eight encodings and inside archives and databases."
            ),
        ),
        (
            "key",
            "key_recomputed",
            _(
                "A second program, written from the published format, makes the key again from address, order and "
                "salt and gets the same. In a copy the buyer's own keys are destroyed: the licence key still passes "
                "the check, and is shown to nobody any more."
            ),
        ),
        (
            "key",
            "two_addresses_two_keys",
            _("Two orders never have the same key, another address has another key, and a replaced key is dead."),
        ),
        (
            "key",
            "answers_hold_no_address",
            _("Programs and strangers ask whatever there is to ask about a key; no answer holds what its buyer typed."),
        ),
        (
            "ledger",
            "payments_recorded",
            _(
                "Payments, refunds and transfers are made, with the provider's messages doubled and out of order; "
                "the ledger holds each exactly once."
            ),
        ),
        (
            "ledger",
            "ledger_verifies",
            _(
                "The checksum of each row is computed again from the row and the one before, and found in the "
                "audit log."
            ),
        ),
        (
            "copies",
            "copy_without_keys",
            _(
                "The whole folder is copied without its key file and searched for all that made-up people typed, "
                "and for every key."
            ),
        ),
        (
            "copies",
            "moved_rows",
            _("Sealed values are exchanged between rows of a running copy: every page that would show them refuses."),
        ),
        (
            "running",
            "hash_everywhere",
            _(
                "The policy's checksum is computed from the file and compared with archive, database, receipts, "
                "sealed records and the foot of every page."
            ),
        ),
        (
            "running",
            "changed_policy_refused",
            _(
                "One purpose is reworded in a copy of the program: it refuses to start, says what changed and how "
                "to accept it."
            ),
        ),
    )
}

MUTANTS: Final[Mapping[int, int]] = {1: 3, 2: 4, 3: 4, 5: 4, 8: 3, 28: 4}
"""For each sentence, how many deliberate faults turn its proof red (tests/promises/mutants)."""
