"""The days on which other stores lost or doubled orders, played in ours (saleor, medusa, dokan), and our own."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from tests.faults import people
from tests.faults.people import Buyer
from tests.faults.schedule import check, drain, rest, settle
from tests.faults.world import Message, World
from troth.shop.model import Method, State


def state(world: World, buyer: Buyer) -> State:
    return people.state_of(world, buyer.token)


def letters(world: World) -> Counter[str]:
    """Return how many letters of each kind lie in the outbox, by their subject."""
    subjects = [
        next(line for line in path.read_text().splitlines() if line.startswith("Subject:"))
        for path in world.process.outbox.glob("*.eml")
    ]
    return Counter(subject.split()[1] for subject in subjects)


def test_saleor_19220_two_tabs_open_one_payment_not_two(world: World) -> None:
    """saleor/saleor#19220: a reload while the payment was being made gave a second PaymentIntent; both were paid."""
    buyer = Buyer("ada")
    people.submit(world, buyer)
    opened: list[str] = []
    tabs = [world.loom.spawn("tab", lambda: opened.append(people.open_tab(world, buyer))) for _ in range(3)]
    while any(not tab.done for tab in tabs):
        for tab in tabs:
            if not tab.done:
                tab.step()
    assert len(set(opened)) == 1
    for session in opened:
        people.at_the_till(world, buyer, session, outcome="pay")
    assert len(world.state()["intents"]) == len(world.state()["charges"]) == 1
    assert settle(world) == []
    assert state(world, buyer) is State.FULFILLED


def test_saleor_19220_the_answer_was_lost_and_the_page_is_asked_for_again(world: World) -> None:
    """The same by a provider that did its work and whose answer never arrived, or a store that died before it."""
    buyer = Buyer("ada")
    people.submit(world, buyer)
    world.box.faults(down=2, down_how="lost")
    session = people.open_tab(world, buyer)
    assert len(world.state()["sessions"]) == 1
    people.at_the_till(world, buyer, session, outcome="pay")
    assert settle(world) == []


def test_medusa_13301_a_paid_order_is_there_though_nobody_told_us(world: World) -> None:
    """medusajs/medusa#13301: paid, and no order in the office.

    Here every webhook is lost and the buyer never returns.
    """
    world.copies = lambda _event: 0
    buyers = [Buyer(name) for name in ("ada", "ben", "cleo")]
    for buyer in buyers:
        people.submit(world, buyer)
        people.at_the_till(world, buyer, people.open_tab(world, buyer), outcome="pay")
    world.advance(minutes=1)
    drain(world.process.jobs())
    assert [state(world, buyer) for buyer in buyers] == [State.FULFILLED] * 3
    assert check(world) == []


def test_medusa_13301_one_order_that_cannot_be_settled_keeps_no_other_from_it(world: World) -> None:
    """The sweep that should find lost payments must get past the one it stumbles over."""
    world.copies = lambda _event: 0
    buyers = [Buyer(name) for name in ("ada", "ben")]
    for buyer in buyers:
        people.submit(world, buyer)
        people.at_the_till(world, buyer, people.open_tab(world, buyer), outcome="pay")
        world.advance(seconds=1)
    real = world.process.stripe.look_up
    stumbled: list[str] = []

    def stumble(reference: str) -> object:
        if not stumbled or reference in stumbled:
            stumbled.append(reference)
            raise KeyError(reference)
        return real(reference)

    world.process.stripe.look_up = stumble  # type: ignore[method-assign, assignment]
    world.advance(minutes=1)
    drain(world.process.jobs())
    assert [state(world, buyer) for buyer in buyers] == [State.INITIATED, State.FULFILLED]
    world.process.stripe.look_up = real  # type: ignore[method-assign]
    rest(world)
    assert [state(world, buyer) for buyer in buyers] == [State.FULFILLED] * 2
    assert check(world) == []


def test_dokan_2994_webhook_return_and_sweep_together_send_each_letter_once(world: World) -> None:
    """getdokan/dokan#2994: the same mails twice, as two ways of hearing of a payment ran at the same time."""
    world.copies = lambda _event: 3
    buyer = Buyer("ada")
    people.submit(world, buyer)
    session = people.open_tab(world, buyer)
    back = people.at_the_till(world, buyer, session, outcome="pay")
    world.advance(minutes=1)
    hearing = [world.loom.spawn("post", partial(world.deliver, message)) for message in world.bag]
    hearing += [world.loom.spawn("return", partial(people.come_back, world, buyer, back)) for _ in range(2)]
    # Two job processes at once, which a store never has: even they may double nothing.
    hearing += [world.loom.spawn("jobs", lambda: drain(world.process.jobs())) for _ in range(2)]
    world.bag.clear()
    while any(not actor.done for actor in hearing):
        for actor in hearing:
            if not actor.done:
                actor.step()
    rest(world)
    assert letters(world) == {"Receipt": 1, "Your": 1}
    assert check(world) == []


def test_webhooks_in_the_wrong_order_and_long_after_change_nothing(world: World) -> None:
    buyer = Buyer("ada")
    people.submit(world, buyer)
    session = people.open_tab(world, buyer)
    people.at_the_till(world, buyer, session, outcome="decline")
    people.at_the_till(world, buyer, session, outcome="pay")
    events = [message.event for message in world.bag]
    for event in (*reversed(events), *events):
        world.deliver(Message(event))
        drain(world.process.jobs())
    world.advance(days=3)
    for event in events:
        world.deliver(Message(event))
    assert settle(world) == []
    assert letters(world) == {"Receipt": 1, "Your": 1}


def test_a_refund_told_before_the_payment_is_heard_of(world: World) -> None:
    world.copies = lambda event: 1 if event.type == "charge.refunded" else 0
    buyer = Buyer("ada")
    people.submit(world, buyer)
    people.at_the_till(world, buyer, people.open_tab(world, buyer), outcome="pay")
    world.box.book.refund(world.state()["charges"][0]["id"])
    world.deliver(world.bag.pop())
    drain(world.process.jobs())
    assert state(world, buyer) is State.REFUNDED
    assert settle(world) == []


def test_paying_while_the_provider_is_down_is_found_when_it_is_back(world: World) -> None:
    buyer = Buyer("ada")
    people.submit(world, buyer)
    people.at_the_till(world, buyer, people.open_tab(world, buyer), outcome="pay")
    world.box.faults(down=True)
    for message in world.bag:
        world.deliver(message)
    runner = world.process.jobs()
    for _ in range(48):
        world.advance(hours=1)
        drain(runner)
    assert state(world, buyer) is State.INITIATED
    world.box.faults(down=False)
    world.advance(minutes=1)
    drain(runner)
    assert state(world, buyer) is State.FULFILLED
    assert settle(world) == []


@pytest.mark.parametrize("method", [Method.CARD, Method.BANK])
def test_an_order_that_waits_for_day_15_is_delivered_then_and_once(world: World, method: Method) -> None:
    buyer = Buyer("ada", method, deliver_now=False)
    people.submit(world, buyer)
    if method is Method.BANK:
        people.act(world, buyer, "confirm")
    else:
        people.at_the_till(world, buyer, people.open_tab(world, buyer), outcome="pay")
    assert settle(world, days=0) == []
    assert state(world, buyer) is State.PAID
    assert settle(world, days=16) == []
    assert state(world, buyer) is State.FULFILLED


def test_hundreds_of_abandoned_pages_keep_no_paid_order_waiting(world: World) -> None:
    world.copies = lambda _event: 0
    for number in range(220):
        buyer = Buyer(f"guest{number}")
        people.submit(world, buyer)
        people.open_tab(world, buyer)
    world.advance(hours=1)
    people.submit(world, buyer := Buyer("ada"))
    people.at_the_till(world, buyer, people.open_tab(world, buyer), outcome="pay")
    world.advance(minutes=1)
    drain(world.process.jobs())
    assert state(world, buyer) is State.FULFILLED


def test_sessions_of_an_account_we_left_are_let_go_of(world: World) -> None:
    """Going live changes the key: the provider then knows nothing of what test mode left open."""
    buyer = Buyer("ada")
    people.submit(world, buyer)
    people.open_tab(world, buyer)
    world.box.reset()
    assert settle(world, days=5) == []
    assert settle(world, days=31) == []
    assert state(world, buyer) is State.EXPIRED
    assert "before look up" not in world.points.passed[-40:]
