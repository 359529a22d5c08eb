"""A hint for mistyped mail domains: it finds the common slips and leaves real domains alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from troth.people.hints import suggest_domain

TYPOS = {
    "gmail.com": (
        "gmial.com gmai.com gmil.com gmal.com gmaill.com gmali.com gamil.com gnail.com gmail.con "
        "gmail.co gmail.cm gmail.om gmail.cim gmail.vom gmail.comm gmail.ocm gmaul.com gmaiil.com "
        "ggmail.com gmsil.com gmail.cmo gmailcom gmaik.com fmail.com gmail.coom gmal.con"
    ),
    "hotmail.com": (
        "hotmial.com hotmai.com hotmil.com hotmal.com homail.com hotmaill.com hotmail.con "
        "hotmail.co hitmail.com hotamil.com htomail.com hotmali.com hormail.com hoymail.com "
        "hotmailcom htmail.com hotmaik.cm hotmsil.com"
    ),
    "outlook.com": ("outlok.com outloo.com oulook.com outllook.com outlook.con outlokk.com outlool.com outlook.co"),
    "yahoo.com": "yaho.com yahooo.com yhaoo.com yahoo.con yahho.com yaoo.com tahoo.com yahoo.cm yahoocom",
    "icloud.com": "iclod.com icoud.com iclould.com icluod.com icloud.con icloud.co",
    "web.de": "wbe.de web.dee web.d webde",
    "gmx.de": "gxm.de gmx.dd gmxde gmx.ed",
    "t-online.de": "tonline.de t-onlin.de t-onine.de t-online.d t-onlien.de",
    "freenet.de": "frenet.de freenett.de freent.de",
    "googlemail.com": "googlemial.com googelmail.com goglemail.com googlemail.con",
    "protonmail.com": "protonmal.com protomail.com protonmail.con",
    "hotmail.co.uk": "hotmial.co.uk hotmai.co.uk hotmail.co.ik",
    "orange.fr": "oragne.fr orage.fr",
    "wanadoo.fr": "wandoo.fr wanadooo.fr",
    "laposte.net": "lapost.net la-poste.net",
    "libero.it": "libreo.it",
    "btinternet.com": "btinternt.com btintenet.com",
}

# Real providers and plausible domains of people and firms, many a letter or two from a large provider.
NOT_TYPOS = (
    "gmail.com hotmail.com gmx.de gmx.net gmx.at gmx.ch gmx.com gmx.us ymail.com mail.com email.com "
    "mail.de me.com mac.com pm.me proton.me protonmail.ch live.com live.nl aol.com aol.de msn.com qq.com "
    "163.com 126.com web.de yahoo.fr yahoo.co.uk yahoo.ca yahoo.se hotmail.nl hotmail.fr outlook.de "
    "outlook.pt free.fr free.de sfr.fr t-online.de t-online.hu posteo.de posteo.net mailbox.org inbox.lv "
    "inbox.ru bk.ru tuta.com hey.com fastmail.fm o2.pl wp.pl tin.it sky.com cox.net att.net gm.de mx.de "
    "gmp.de wob.de we.de ab.de web.nl web.se gmx.se aob.com mcn.com mse.com ms.com em.com love.com "
    "fire.com olive.com tree.fr fernside.example example.com example.org troth.test company.co startup.io "
    "snail.com cloud.com look.com outdoor.com hotels.com hushmail.com mymail.com free.org freenode.net "
    "uni-kiel.de kiel.de ox.ac.uk cam.ac.uk mit.edu gov.uk bund.de fernside-software.de orange.com "
    "münchen.de xn--mnchen-3ya.de 例え.jp"
)


@pytest.mark.parametrize(
    ("typed", "meant"), [(typed, meant) for meant, listed in TYPOS.items() for typed in listed.split()]
)
def test_a_slip_is_noticed(typed: str, meant: str) -> None:
    assert suggest_domain(f"someone@{typed}") == meant
    assert suggest_domain(f" Someone@{typed.upper()} ") == meant


@pytest.mark.parametrize("domain", NOT_TYPOS.split())
def test_a_real_domain_is_left_alone(domain: str) -> None:
    assert suggest_domain(f"someone@{domain}") is None
    assert suggest_domain(f"someone@{domain.upper()}") is None


@pytest.mark.parametrize("typed", ["", "@", "someone", "gmial.com", "someone@", "a@b", "@@", "a@.com", "a@."])
def test_what_is_no_address_gets_no_hint(typed: str) -> None:
    assert suggest_domain(typed) is None


@given(st.text(max_size=300))
def test_any_text_gets_a_known_domain_or_none(typed: str) -> None:
    hint = suggest_domain(typed)
    assert hint is None or suggest_domain(f"a@{hint}") is None


def test_a_long_text_costs_no_time() -> None:
    typed = "a@" + "gmail." * 200_000
    began = time.perf_counter()
    assert suggest_domain(typed) is None
    assert suggest_domain("a@" + "o" * 40) is None
    assert time.perf_counter() - began < 1
