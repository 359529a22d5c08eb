"""What the office asks: a query, and why somebody is to be shown. It keeps nothing of its own."""

from __future__ import annotations

from troth.policy.language import Form, PartPolicy

POLICY = PartPolicy(
    part="office",
    forms=(
        Form(
            name="search",
            fields={"query": None},
            transient={"query": "An order number or an exact address; used for this one search and not kept."},
        ),
        Form(
            name="show",
            fields={"reason": None},
            transient={"reason": "Why the maker looks; the look itself is written to the audit log."},
        ),
        Form(name="act", fields={"confirm": None}, transient={"confirm": "It says that the button was pressed."}),
        Form(name="enter", fields={"confirm": None}, transient={"confirm": "It says that the button was pressed."}),
    ),
)
