"""The hosted page on which a person pays or lets a card decline: plain HTML, no script, light and dark."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from paybox.http import Answer
from paybox.money import written
from paybox.objects import Session

COUNTRY = "DE"

STYLE = """
:root { color-scheme: light dark; --paper: #f6f4ef; --sheet: #fffdf9; --ink: #23262b; --soft: #5b6068;
  --line: #d9d4c9; --mark: #1d5c63; --on-mark: #ffffff; --alarm: #8f2d1f; --alarm-sheet: #fbeeea; }
@media (prefers-color-scheme: dark) { :root { --paper: #17191c; --sheet: #1f2226; --ink: #eceae5; --soft: #a9adb4;
  --line: #3a3e44; --mark: #7cc4c9; --on-mark: #10191a; --alarm: #f0a495; --alarm-sheet: #33211e; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; align-content: start; justify-items: center; gap: 1.25rem;
  padding: clamp(1rem, 6vh, 4rem) 1rem 3rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main, footer { width: min(100%, 28rem); }
main { background: var(--sheet); border: 1px solid var(--line); border-radius: .75rem;
  padding: clamp(1.25rem, 5vw, 2rem); }
.test { margin: 0 0 1.25rem; font-size: .9rem; color: var(--soft); }
.test strong { color: var(--ink); }
h1, .hint, .alert { text-wrap: balance; }
h1 { margin: 0; font: 500 2.1rem/1.2 Georgia, "Noto Serif", serif; font-variant-numeric: tabular-nums; }
.to { margin: .25rem 0 1.25rem; color: var(--soft); overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; margin: 0 0 1.5rem; font-variant-numeric: tabular-nums; }
caption { text-align: start; font-size: .9rem; color: var(--soft); padding-bottom: .25rem; }
th, td { padding: .6rem 0; border-top: 1px solid var(--line); text-align: start; font-weight: 400;
  vertical-align: top; overflow-wrap: anywhere; }
td { text-align: end; white-space: nowrap; padding-inline-start: 1rem; }
tfoot th, tfoot td { font-weight: 600; }
label { display: block; font-weight: 600; }
.hint { margin: 0 0 .35rem; font-size: .9rem; color: var(--soft); }
input { width: 5rem; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--soft);
  border-radius: .4rem; padding: .5rem .7rem; text-transform: uppercase; }
.buttons { display: grid; gap: .75rem; margin-top: 1.5rem; }
button { font: inherit; font-weight: 600; padding: .8rem 1rem; border-radius: .5rem; cursor: pointer;
  border: 1px solid var(--mark); background: var(--mark); color: var(--on-mark); }
button.second { background: transparent; color: var(--ink); border-color: var(--soft); font-weight: 400; }
:is(a, button, input):focus-visible { outline: 3px solid var(--mark); outline-offset: 3px; }
a { color: var(--mark); text-underline-offset: .2em; }
.back { margin: 1.25rem 0 0; text-align: center; }
.alert { margin: 0 0 1.25rem; padding: .8rem 1rem; border-inline-start: 4px solid var(--alarm);
  background: var(--alarm-sheet); border-radius: .3rem; }
.alert strong { color: var(--alarm); }
footer { font-size: .85rem; color: var(--soft); text-align: center; }
@media (forced-colors: active) { main { border: 1px solid; } }
@media print { body { background: none; } .buttons, .back { display: none; } }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    # Without form-action: browsers apply it to the redirect after the form, too, and that leads to the shop.
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: with it the form would be sent with `Origin: null`.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong at the last try: a bold half-sentence, the rest, and whether the country was at fault."""

    head: str
    rest: str
    country: bool = False


def pay_page(session: Session, *, trouble: Trouble | None = None, country: str = COUNTRY) -> Answer:
    """Ask for the payment; after a declined card or a wrong entry say so and keep what was typed."""
    terms = session.terms
    total = written(terms.amount, terms.currency)
    wrong = trouble is not None and trouble.country
    described = "country-hint trouble" if wrong else "country-hint"
    body = f"""{_alert(trouble)}
<h1>Pay {escape(total)}</h1>
<p class="to">to {escape(_shop(terms.success_url))}</p>
{_lines(session)}
<form method="post">
<label for="card_country">Country of the card</label>
<p class="hint" id="country-hint">Two letters, such as DE, FR or US. The card itself is made up.</p>
<input id="card_country" name="card_country" value="{escape(country)}" maxlength="2" autocomplete="off"
 spellcheck="false" aria-describedby="{described}"{' aria-invalid="true"' if wrong else ""}>
<div class="buttons">
<button name="outcome" value="pay">Pay {escape(total)}</button>
<button class="second" name="outcome" value="decline">Let the card be declined</button>
</div>
</form>
{_back(terms.cancel_url, "Back to the shop without paying")}"""
    failed = "Not paid: " if trouble else ""
    status = 400 if wrong else 200
    return _page(f"{failed}Pay {total}", body, status=status)


def over_page(session: Session) -> Answer:
    """Say that a session is paid or expired, and lead back."""
    terms = session.terms
    if session.status == "complete":
        text = "This order is paid. Nothing more is charged, however often you come back here."
        back = _back(terms.success_url.replace("{CHECKOUT_SESSION_ID}", session.id), "Back to the shop")
        return _page("Already paid", f'<h1>Already paid</h1>\n<p class="to">{text}</p>\n{back}')
    text = (
        "This payment page was open for too long, or the shop closed it. Nothing was charged. Start again in the shop."
    )
    return _page(
        "Payment page expired",
        f'<h1>Expired</h1>\n<p class="to">{text}</p>\n{_back(terms.cancel_url, "Back to the shop")}',
        status=410,
    )


def missing_page() -> Answer:
    """Say that there is no such payment."""
    text = "No payment waits at this address. Nothing was charged. Go back to the shop and try again from there."
    return _page("No such payment", f'<h1>No such payment</h1>\n<p class="to">{text}</p>', status=404)


def _page(title: str, body: str, *, status: int = 200) -> Answer:
    text = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · Test payment</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<p class="test"><strong>Test payment: no money moves.</strong> No card number is asked for.</p>
{body}
</main>
<footer>paybox, a stand-in for a payment provider on this machine</footer>
</body>
</html>
"""
    return Answer(status, text.encode(), HEADERS)


def _alert(trouble: Trouble | None) -> str:
    if trouble is None:
        return ""
    return (
        f'<p class="alert" id="trouble" role="alert"><strong>{escape(trouble.head)}</strong> {escape(trouble.rest)}</p>'
    )


def _lines(session: Session) -> str:
    currency = session.terms.currency
    rows = "\n".join(
        f'<tr><th scope="row">{escape(line.name)}{f" × {line.quantity}" if line.quantity > 1 else ""}</th>'
        f"<td>{escape(written(line.unit_amount * line.quantity, currency))}</td></tr>"
        for line in session.terms.lines
    )
    total = escape(written(session.terms.amount, currency))
    return (
        f"<table>\n<caption>Your order</caption>\n<tbody>\n{rows}\n</tbody>\n"
        f'<tfoot><tr><th scope="row">Total</th><td>{total}</td></tr></tfoot>\n</table>'
    )


def _back(url: str | None, words: str) -> str:
    return "" if url is None else f'<p class="back"><a href="{escape(url)}">{escape(words)}</a></p>'


def _shop(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]
