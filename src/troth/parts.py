"""The parts of a store: the only place that knows them all.

A part brings what it declares, and, if it has them, routes, jobs and templates. app.py assembles a store from this
tuple.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from troth.consent import policy as consent_policy
from troth.kernel.jobs import Handler
from troth.licences import policy as licences_policy
from troth.mail import policy as mail_policy
from troth.office import policy as office_policy
from troth.people import policy as people_policy
from troth.policy import own
from troth.policy.language import PartPolicy
from troth.promises import policy as promises_policy
from troth.shop import policy as shop_policy
from troth.vault import policy as vault_policy
from troth.web import policy as web_policy

if TYPE_CHECKING:
    from troth.web.forms import FormSpec
    from troth.web.route import Route


@dataclass(frozen=True)
class Part:
    """One part: its declaration, and the modules that hold its tables, routes and jobs ("" for none)."""

    name: str
    policy: PartPolicy
    records: str = ""
    web: str = ""
    jobs: str = ""

    def tables(self) -> None:
        """Load the part's tables into the schema."""
        if self.records:
            import_module(self.records)

    def routes(self) -> tuple[Route, ...]:
        """Return the part's routes; loads its web module."""
        return import_module(self.web).ROUTES if self.web else ()

    def forms(self) -> tuple[FormSpec, ...]:
        """Return the forms the part's pages draw."""
        return getattr(import_module(self.web), "FORMS", ()) if self.web else ()

    def handlers(self) -> Mapping[str, Handler]:
        """Return the part's job handlers; loads its jobs module."""
        return import_module(self.jobs).HANDLERS if self.jobs else {}

    def periodic(self) -> tuple[str, ...]:
        """Return the kinds of jobs that are always queued."""
        return getattr(import_module(self.jobs), "PERIODIC", ()) if self.jobs else ()


PARTS = (
    Part("house", own.POLICY, records="troth.kernel.jobs"),
    Part("vault", vault_policy.POLICY, records="troth.vault.records"),
    Part("web", web_policy.POLICY, records="troth.web.records"),
    Part("people", people_policy.POLICY, records="troth.people.records", jobs="troth.people.jobs"),
    Part("consent", consent_policy.POLICY, records="troth.consent.records"),
    Part("mail", mail_policy.POLICY, records="troth.mail.records", jobs="troth.mail.jobs"),
    Part("licences", licences_policy.POLICY, records="troth.licences.records", web="troth.licences.web"),
    Part("shop", shop_policy.POLICY, records="troth.shop.records", web="troth.shop.web", jobs="troth.shop.jobs"),
    Part("office", office_policy.POLICY, web="troth.office.web"),
    Part("promises", promises_policy.POLICY, web="troth.promises.web"),
)
