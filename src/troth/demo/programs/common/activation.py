"""Taking a key from a person: read it, show what was corrected, ask, confirm it with the store, keep it."""

from __future__ import annotations

import time

from troth.demo.programs.common.licence import GRACE_DAYS, Keeper, Record, Standing
from troth.demo.programs.common.program import Program
from troth_licence import AnswerNotTrusted, Corrected, Exact, Key, Reading, Refused, ServerUnreachable, read


def activate(program: Program, typed: str | None, *, yes: bool) -> int:
    """Take a key given on the command line, or ask for it; 0 when it is good or will be confirmed later."""
    if typed is None:
        typed = _answer("Licence key (25 characters): ")
    key = _agreed(read(typed), yes=yes)
    if key is None:
        return 1
    keeper = Keeper(program)
    now = int(time.time())
    try:
        answer = keeper.ask(key)
    except ServerUnreachable as error:
        keeper.place(Record(key.text, "unconfirmed", "", now, now))
        print(f"{error}")
        print(f"{program.name} takes the key for now and works in full for {GRACE_DAYS} days;")
        print("it asks again by itself once a day.")
        return 0
    except AnswerNotTrusted as error:
        print(f"{error}")
        print(f"The key was not used. Please check that {program.base_url} is the store you bought from.")
        return 1
    print(answer.detail)
    if not answer.valid:
        print(f"The key {key.display} was not kept. The order page has it once more, to copy from.")
        return 1
    keeper.place(Record(key.text, "confirmed", answer.detail, now, now))
    print(f"{program.name} {program.version} is activated. Thank you.")
    return 0


def show(program: Program) -> int:
    """Say how the program is licensed: 0 with a key, 1 in the trial."""
    keeper = Keeper(program)
    standing = keeper.refresh()
    record = keeper.find()
    print(f"{program.name} {program.version}")
    if record is None:
        print(f"  licence   none yet: trial, {program.trial}")
        print(f"  to buy    {program.base_url}/products/{program.slug}")
        return 1
    print(f"  key       …{record.key[-5:]}")
    print(f"  licence   {_in_words(record, standing)}")
    print(f"  kept in   {keeper.path}")
    return 1 if standing is Standing.TRIAL else 0


def forget(program: Program) -> int:
    """Take the key off this computer: 0 when there was one."""
    had = Keeper(program).erase()
    print("The key was taken off this computer; it stays yours." if had else "There is no key on this computer.")
    return 0 if had else 1


def _in_words(record: Record, standing: Standing) -> str:
    if standing is Standing.LICENSED:
        day = time.strftime("%d %B %Y", time.localtime(record.asked)).lstrip("0")
        return f"good, confirmed on {day}"
    if standing is Standing.GRACE:
        days = record.days_left(time.time())
        return f"not confirmed yet, works in full for {days} more day{'' if days == 1 else 's'}"
    if record.state == "rejected":
        return f"{record.detail} The trial's limits apply."
    return "could not be confirmed in time; run `activate` once with a network. The trial's limits apply."


def _agreed(reading: Reading, *, yes: bool) -> Key | None:
    """Return the key to use: as typed, or corrected, shown and agreed to."""
    if isinstance(reading, Exact):
        return reading.key
    if isinstance(reading, Refused):
        print(reading.explain())
    if isinstance(reading, Corrected):
        print(f"{reading.explain()} The key is most likely")
        print(f"  {reading.key.display}")
        if reading.kind != "extra":
            print("  " + _marks(reading.positions))
        if yes or _answer("Use this key? [y/N] ").lower() in ("y", "yes"):
            return reading.key
        print("Nothing was changed.")
    return None


def _marks(positions: tuple[int, ...]) -> str:
    """Point at the corrected characters of a displayed key (a dash follows every five)."""
    columns = {position + position // 5 for position in positions}
    return "".join("^" if column in columns else " " for column in range(max(columns) + 1))


def _answer(question: str) -> str:
    """Ask the person; no answer is an empty one."""
    try:
        return input(question).strip()
    except EOFError:
        print()
        return ""
