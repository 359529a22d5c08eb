"""The five sections of the policy: what we collect and why, how it is stored, who sees it, how long, your rights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from troth.policy import said
from troth.policy.language import Basis, CookieCategory, OnErase, Topic
from troth.policy.phrase import Phrase, lifetime, listed
from troth.policy.structure import Fact, Item, Section

if TYPE_CHECKING:
    from troth.policy.lock import Lock, LockedCookie, LockedFile, LockedRecord, LockedTable

_ = Phrase
_TOPICS = {
    Topic.EMAIL: _("Your e-mail address"),
    Topic.PURCHASE: _("Your purchases"),
    Topic.VISIT: _("Cookies and your IP address"),
    Topic.FILES: _("Files you upload"),
    Topic.OTHER: _("What we note down ourselves"),
}
_BASES = {
    Basis.CONTRACT: _("needed for the contract with you (GDPR Art. 6(1)(b))"),
    Basis.LEGAL: _("a law asks for it (GDPR Art. 6(1)(c))"),
    Basis.CONSENT: _("you agreed, and may take that back (GDPR Art. 6(1)(a))"),
    Basis.INTEREST: _("our legitimate interest, to which you may object (GDPR Art. 6(1)(f))"),
}
_CATEGORIES = {
    CookieCategory.MANDATORY: _("the site needs it"),
    CookieCategory.ANALYTICAL: _("to count and analyse visits, only with your consent"),
    CookieCategory.TARGET: _("to show what suits you, only with your consent"),
}
_ON_ERASE = {
    OnErase.DELETE: _("the rows are deleted"),
    OnErase.SEVER: _("the rows stay without you"),
    OnErase.KEEP: _("the rows stay"),
}


# -- what we collect and why -------------------------------------------------------------------------------------------


def collected(lock: Lock) -> Section:
    """Return what we collect, by topic, and the reasons with their legal basis."""
    topics = tuple(_topic(lock, topic) for topic in Topic)
    shown = tuple(one for one in topics if one.items or one.lead)
    reasons = Section("reasons", _("Our reasons, and what allows them"), items=tuple(_reasons(lock)))
    return Section("collected", _("What we collect, and why"), sections=(*shown, reasons))


def _topic(lock: Lock, topic: Topic) -> Section:
    items = [
        _record_item(lock, name, record, topic)
        for name, record in sorted(lock.records.items())
        if any(field.topic is topic for field in record.fields.values())
    ]
    lead: list[Phrase] = []
    if topic is Topic.VISIT:
        if not items:
            lead.append(_("No record of ours has a place for your IP address."))
        if not lock.cookies:
            lead.append(_("We set no cookies."))
        items += [_cookie_item(name, cookie) for name, cookie in sorted(lock.cookies.items())]
    if topic is Topic.FILES:
        places = [(name, store) for name, store in sorted(lock.files.items()) if store.uploads]
        if not places and not items:
            lead.append(_("We take no files from you: there is no place in this store where you could leave any."))
        items += [Item(f"upload:{name}", _(name), tuple(_file_facts(store))) for name, store in places]
    return Section(topic.value, _TOPICS[topic], tuple(lead), tuple(items))


def _record_item(lock: Lock, name: str, record: LockedRecord, topic: Topic) -> Item:
    fields = [field for field in record.fields.values() if field.topic is topic]
    facts = [
        Fact(
            _("%(field)s (you may leave it out)", field=_(field.label)) if field.optional else _(field.label),
            _(field.why),
        )
        for field in fields
    ]
    purposes = tuple(_(lock.purposes[purpose].text) for purpose in record.purposes)
    facts += [
        Fact(_("We use it"), listed(purposes)),
        Fact(_("How long"), said.kept(lock.retention_of(name))),
        Fact(_("Who sees it"), said.seen_by(lock, name)),
    ]
    return Item(f"record:{name}/{topic}", listed(tuple(_(field.label) for field in fields)), tuple(facts))


def _cookie_item(name: str, cookie: LockedCookie) -> Item:
    facts = (
        Fact(_("Kind"), _CATEGORIES[cookie.category]),
        Fact(_("Why"), _(cookie.why)),
        Fact(_("How long"), lifetime(cookie.max_age)),
    )
    return Item(f"cookie:{name}", _(name), facts)


def _reasons(lock: Lock) -> Iterable[Item]:
    for name, purpose in sorted(lock.purposes.items()):
        facts = [Fact(_("Basis"), _BASES[purpose.basis])]
        labels = said.labels(lock, (key for key, record in lock.records.items() if name in record.purposes))
        if labels:
            facts.append(Fact(_("What for it"), listed(labels)))
        if purpose.category is not None:
            facts.append(Fact(_("Cookies"), _CATEGORIES[purpose.category]))
        if purpose.mail is not None:
            facts.append(Fact(_("Kind of mail"), _(purpose.mail)))
        yield Item(f"purpose:{name}", _("We use it %(text)s", text=_(purpose.text)), tuple(facts))


# -- how it is stored --------------------------------------------------------------------------------------------------


def stored(lock: Lock) -> Section:
    """Return how records are sealed, what stands beside them unsealed and why, and where else bytes rest."""
    tables = tuple(_table_item(lock, name, table) for name, table in sorted(lock.tables.items()))
    files = tuple(Item(f"file:{name}", _(name), tuple(_file_facts(one))) for name, one in sorted(lock.files.items()))
    lead = (
        _("What you tell us is sealed: encrypted (AES-256-GCM) with keys of your own, one per class of keeping."),
        _("When its time is over the record is deleted."),
    )
    inner = (
        Section("tables", _("Tables, and why some columns stand unsealed"), items=tables),
        Section("places", _("Places outside the database"), items=files),
    )
    return Section("stored", _("How it is stored"), lead, sections=inner)


def _table_item(lock: Lock, name: str, table: LockedTable) -> Item:
    facts = [
        Fact(_(column), _("sealed: %(fields)s", fields=said.labels(lock, (record,))))
        for column, record in sorted(table.sealed.items())
    ]
    facts += [
        Fact(_(column), _("a keyed fingerprint, to find: %(field)s", field=_(said.label(lock, target))))
        for column, target in sorted(table.indexed.items())
    ]
    facts += [Fact(_(column), _(reason)) for column, reason in sorted(table.plain.items())]
    if table.subject is not None:
        facts.append(Fact(_("When you are erased"), _ON_ERASE[table.on_erase]))
    return Item(f"table:{name}", _(name), tuple(facts))


def _file_facts(store: LockedFile) -> Iterable[Fact]:
    yield Fact(_("What lies there"), _(store.holds))
    yield Fact(_("How long"), _(store.kept))
    yield Fact(_("About people"), _("yes") if store.personal else _("no"))


# -- who sees it -------------------------------------------------------------------------------------------------------


def seen(lock: Lock) -> Section:
    """Return every role with what it may open and why, and every recipient with what it receives."""
    roles = tuple(_role_items(lock))
    recipients = tuple(_recipient_items(lock))
    none = () if recipients else (_("This store has no recipient outside."),)
    inner = (
        Section("roles", _("In this store"), items=roles),
        Section("recipients", _("Outside this store"), none, recipients),
    )
    return Section("seen", _("Who sees it"), sections=inner)


def _role_items(lock: Lock) -> Iterable[Item]:
    for role, text in sorted(lock.roles.items()):
        read = [(name, record) for name, record in sorted(lock.records.items()) if role in record.readers]
        facts = tuple(
            Fact(
                listed(said.labels(lock, (name,))), listed(tuple(_(lock.purposes[one].text) for one in record.purposes))
            )
            for name, record in read
        )
        if facts:
            yield Item(f"role:{role}", _(text), facts)


def _recipient_items(lock: Lock) -> Iterable[Item]:
    for name, recipient in sorted(lock.recipients.items()):
        facts = [Fact(_("Its step"), _(recipient.step)), Fact(_("Receives"), _(recipient.receives))]
        if recipient.where:
            facts.append(Fact(_("Where"), _(recipient.where)))
        if recipient.hosts:
            facts.append(Fact(_("We connect to"), listed(tuple(_(host) for host in recipient.hosts))))
        yield Item(f"recipient:{name}", _(name), tuple(facts))


# -- how long ----------------------------------------------------------------------------------------------------------


def kept(lock: Lock) -> Section:
    """Return every class of keeping with what it holds and why, and what outlives an erasure."""
    classes = tuple(
        Item(
            f"retention:{name}",
            said.kept(retention),
            (
                Fact(_("What"), listed(said.labels(lock, said.records_kept(lock, name)))),
                Fact(_("Why so long"), _(retention.reason)),
            ),
        )
        for name, retention in sorted(lock.retentions.items())
    )
    staying = tuple(
        Item(f"stays:{name}", _(name), (Fact(_ON_ERASE[table.on_erase], _(table.because)),))
        for name, table in sorted(lock.tables.items())
        if table.on_erase is not OnErase.DELETE
    )
    inner = (Section("stays", _("What stays when you are erased"), items=staying),) if staying else ()
    return Section("kept", _("How long we keep it"), items=classes, sections=inner)


# -- your rights -------------------------------------------------------------------------------------------------------


def rights(lock: Lock) -> Section:
    """Return the rights that apply to what this store does, and how to use them."""
    bases = {purpose.basis for purpose in lock.purposes.values()}
    lead = _(
        "To use any of them, write to %(contact)s; it costs nothing, and you hear from us within one month.",
        contact=said.contact(lock),
    )
    items = [
        _right("access", _("See it"), _("You may ask what we hold about you and get a copy (GDPR Art. 15).")),
        _right("correct", _("Correct it"), _("You may have what is wrong put right (Art. 16).")),
        _right("erase", _("Erase it"), _erasure(lock)),
        _right("restrict", _("Pause it"), _("You may have us keep it without using it (Art. 18).")),
    ]
    if bases & {Basis.CONTRACT, Basis.CONSENT}:
        told = _("You may have what you gave us in a form a program can read (Art. 20).")
        items.append(_right("take", _("Take it"), told))
    if Basis.INTEREST in bases:
        told = _("You may object to our using it %(reasons)s (Art. 21).", reasons=_reasons_on(lock, Basis.INTEREST))
        items.append(_right("object", _("Object"), told))
    if Basis.CONSENT in bases:
        told = _(
            "You may take back your consent to our using it %(reasons)s, as easily as you gave it (Art. 7(3)).",
            reasons=_reasons_on(lock, Basis.CONSENT),
        )
        items.append(_right("withdraw", _("Change your mind"), told))
    told = _("You may complain to a data protection authority, where you live or where we are (Art. 77).")
    items.append(_right("complain", _("Complain"), told))
    return Section("rights", _("Your rights"), (lead,), tuple(items))


def _right(key: str, title: Phrase, told: Phrase) -> Item:
    return Item(f"right:{key}", title, lead=(told,))


def _erasure(lock: Lock) -> Phrase:
    by_law = said.labels_kept_by_law(lock)
    if not by_law:
        return _("You may have it erased (Art. 17).")
    return _("You may have it erased (Art. 17), but for what a law makes us keep: %(fields)s.", fields=by_law)


def _reasons_on(lock: Lock, basis: Basis) -> tuple[Phrase, ...]:
    return tuple(_(purpose.text) for _name, purpose in sorted(lock.purposes.items()) if purpose.basis is basis)
