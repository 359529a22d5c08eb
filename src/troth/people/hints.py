"""A hint for a mistyped mail domain: "did you mean gmail.com?".

It never blocks and never changes what was typed. A domain is compared with a few large providers by
optimal string alignment (Damerau-Levenshtein without repeated edits on one place): one slip in a short
name, two in a long one, one in the ending. Domains of real providers, also small ones near a large one
(gmx.net, ymail.com, mail.com), are never questioned.
"""

from __future__ import annotations

from typing import Final

_LARGE_NAMES: Final = (
    "gmail.com hotmail.com outlook.com yahoo.com icloud.com web.de gmx.de gmx.net t-online.de freenet.de "
    "googlemail.com live.com msn.com aol.com me.com protonmail.com proton.me hotmail.co.uk hotmail.fr "
    "hotmail.de hotmail.it hotmail.es outlook.de outlook.fr outlook.es outlook.it yahoo.co.uk yahoo.fr "
    "yahoo.de yahoo.it yahoo.es yahoo.ca btinternet.com orange.fr free.fr wanadoo.fr laposte.net "
    "libero.it seznam.cz bluewin.ch mailbox.org posteo.de fastmail.com gmx.at gmx.ch comcast.net "
    "verizon.net"
)
_LARGE: Final = tuple(_LARGE_NAMES.split())  # the most used first
_ALSO_REAL_NAMES: Final = (
    "mail.com email.com ymail.com rocketmail.com gmx.com gmx.us gmx.eu gmx.fr gmx.co.uk mac.com pm.me "
    "hey.com live.de live.fr live.it live.nl live.co.uk live.ca aol.de aol.fr aol.co.uk yahoo.co.jp "
    "yahoo.com.br yahoo.com.au yahoo.in yahoo.co.in yahoo.at yahoo.gr yahoo.pl yahoo.se yahoo.dk yahoo.no "
    "yahoo.ie hotmail.nl hotmail.be hotmail.ch hotmail.se hotmail.dk hotmail.no hotmail.com.br outlook.be "
    "outlook.at outlook.pt outlook.dk outlook.ie outlook.com.br protonmail.ch tutanota.com tuta.io "
    "tuta.com fastmail.fm zoho.com mail.de mail.ru inbox.ru bk.ru list.ru yandex.ru yandex.com rambler.ru "
    "ukr.net abv.bg mail.bg inbox.lv inbox.com wp.pl o2.pl onet.pl interia.pl centrum.cz email.cz post.cz "
    "volny.cz azet.sk freemail.hu citromail.hu t-online.hu alice.it tin.it tiscali.it virgilio.it "
    "aruba.it sfr.fr neuf.fr bbox.fr telenet.be skynet.be proximus.be ziggo.nl kpnmail.nl xs4all.nl "
    "planet.nl home.nl hetnet.nl sunrise.ch hispeed.ch arcor.de vodafone.de 1und1.de online.de "
    "kabelmail.de o2online.de ewe.net ewetel.net netcologne.de unitymedia.de mailbox.de posteo.net "
    "riseup.net disroot.org systemli.org aon.at chello.at a1.net sky.com virginmedia.com talktalk.net "
    "ntlworld.com blueyonder.co.uk eircom.net online.no telia.com bredband.net comhem.se spray.se "
    "tele2.se luukku.com kolumbus.fi sapo.pt uol.com.br bol.com.br terra.com.br att.net cox.net "
    "charter.net bellsouth.net sbcglobal.net earthlink.net optonline.net juno.com rogers.com shaw.ca "
    "bell.net telus.net sympatico.ca bigpond.com optusnet.com.au iinet.net.au xtra.co.nz qq.com 163.com "
    "126.com sina.com naver.com daum.net hanmail.net rediffmail.com duck.com free.de webmail.de cloud.com "
    "hotmail.cz"
)
_ALSO_REAL: Final = frozenset(_ALSO_REAL_NAMES.split())
_REAL: Final = _ALSO_REAL | frozenset(_LARGE)
_ENDINGS: Final = frozenset(domain.partition(".")[2] for domain in _REAL)
_LONGEST: Final = 40
_SHORT_NAME: Final = 4
_LONG_NAME: Final = 7


def suggest_domain(address: str) -> str | None:
    """Return the large provider's domain that the address probably meant, or None.

    Takes anything a person may type; bounded in time by the length it looks at.
    """
    domain = address.rpartition("@")[2].strip().lower()
    if not domain or len(domain) > _LONGEST or domain in _REAL or "@" not in address:
        return None
    best: tuple[int, str] | None = None
    for large in _LARGE:
        slips = _slips(domain, large)
        if slips is not None and (best is None or slips < best[0]):
            best = slips, large
    return best[1] if best else None


def _slips(typed: str, meant: str) -> int | None:
    """Count the slips that lead from one to the other, None if there are too many to believe in."""
    name, _, ending = typed.partition(".")
    meant_name, _, meant_ending = meant.partition(".")
    if not ending:  # the point was forgotten: gmailcom
        return 1 if name == meant_name + meant_ending else None
    if ending != meant_ending and ending in _ENDINGS:
        return None  # a real ending: a provider of that country, perhaps
    allowed = _allowed(name, meant_name)
    if abs(len(name) - len(meant_name)) > allowed or abs(len(ending) - len(meant_ending)) > 1:
        return None
    in_name, in_ending = _distance(name, meant_name), _distance(ending, meant_ending)
    return None if in_name > allowed or in_ending > 1 else in_name + in_ending


def _allowed(typed: str, meant: str) -> int:
    """Short names have many honest neighbours, so that only swapped letters count as a slip there.

    Two letters changed make another word (outdoor, outlook); two left out, doubled or swapped make a slip.
    """
    same_letters = sorted(typed) == sorted(meant)
    if len(meant) <= _SHORT_NAME:
        return int(same_letters and len(meant) > 2)  # noqa: PLR2004 - me.com
    return 2 if len(meant) >= _LONG_NAME and (same_letters or len(typed) != len(meant)) else 1


def _distance(one: str, other: str) -> int:
    """Optimal string alignment distance: insertions, deletions, changes, and swaps of neighbours."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for index, char in enumerate(one, start=1):
        last, before, row = before, row, [index]
        for column, wanted in enumerate(other, start=1):
            steps = min(before[column] + 1, row[-1] + 1, before[column - 1] + (char != wanted))
            if last and column > 1 and char == other[column - 2] and one[index - 2] == wanted:
                steps = min(steps, last[column - 2] + 1)
            row.append(steps)
    return row[-1]
