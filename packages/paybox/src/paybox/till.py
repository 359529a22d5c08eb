"""What happens on the hosted page: show it, pay, let the card decline, lead back to the shop."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, quote

from paybox.faults import FaultBoard
from paybox.http import Answer, Request
from paybox.ledger import Book
from paybox.objects import Session
from paybox.page import COUNTRY, HEADERS, Trouble, missing_page, over_page, pay_page
from paybox.refusals import DECLINES, Refusal

PLACE = "/c/pay/"
TWO_LETTERS = re.compile(r"[A-Z]{2}\Z")
SEE_OTHER = 303
NOT_ALLOWED = 405
NO_ENTRY = Trouble("The country of the card has to be two letters,", "such as DE. Nothing was charged.", country=True)
NO_BUTTON = Trouble("Please choose one of the two buttons.", "Nothing was charged.")


@dataclass(frozen=True, slots=True)
class Till:
    """Serves `/c/pay/{session}`."""

    book: Book
    board: FaultBoard

    def answer(self, request: Request) -> Answer:
        """Show the page, or do what its form says."""
        session = self.book.find(Session, request.path.removeprefix(PLACE))
        if session is None:
            return missing_page()
        if request.method == "POST":
            return self._submit(session, request.text())
        if request.method != "GET":
            return Answer(NOT_ALLOWED, b"", {"Allow": "GET, POST"})
        return pay_page(session) if session.status == "open" else over_page(session)

    def _submit(self, session: Session, form: str) -> Answer:
        fields = parse_qs(form, max_num_fields=20)
        country = fields.get("card_country", [COUNTRY])[0].strip().upper()
        outcome = fields.get("outcome", [""])[0]
        if session.status != "open":
            return _return(session) if session.status == "complete" else over_page(session)
        if not TWO_LETTERS.match(country):
            return pay_page(session, trouble=NO_ENTRY, country=country[:2])
        if outcome not in ("pay", "decline"):
            return pay_page(session, trouble=NO_BUTTON, country=country)
        try:
            return self._finish(session, outcome, country)
        except Refusal as refusal:  # somebody was faster in another window, or the book is full
            now = self.book.get(Session, session.id)
            if now.status == "complete":
                return _return(now)
            trouble = Trouble("That did not work.", f"{refusal.message} Nothing was charged.")
            return over_page(now) if now.status == "expired" else pay_page(now, trouble=trouble)

    def _finish(self, session: Session, outcome: str, country: str) -> Answer:
        reason = self.board.now.decline_code
        if outcome == "pay" and not self.board.take("decline"):
            return _return(self.book.pay(session.id, country=country))
        session = self.book.decline(session.id, country=country, reason=reason)
        message = DECLINES[reason].message
        rest = "Nothing was charged. You can try again, or go back to the shop."
        return pay_page(session, trouble=Trouble(message, rest), country=country)


def _return(session: Session) -> Answer:
    url = session.terms.success_url.replace("{CHECKOUT_SESSION_ID}", session.id)
    url = "".join(mark if mark.isascii() else quote(mark) for mark in url)  # a header holds ASCII
    return Answer(SEE_OTHER, b"", {**HEADERS, "Location": url})
