"""Money that comes twice, late, in another sum or back: nothing lost, no good key withdrawn, the maker told."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.faults import people
from tests.faults.people import Buyer
from tests.faults.schedule import check, drain, rest
from tests.faults.world import Message, World
from troth.kernel.jobs import job
from troth.kernel.work import UnitOfWork
from troth.shop import payments, records, service
from troth.shop.errors import ProviderDown, WrongState
from troth.shop.model import Method, Order, State


def ordered(world: World, **changes: object) -> Buyer:
    buyer = Buyer("ada", **changes)  # type: ignore[arg-type]
    people.submit(world, buyer)
    return buyer


def two_sessions(world: World, buyer: Buyer) -> tuple[str, str]:
    """Open two pages to pay on, as a store of an earlier version could."""
    first = people.open_tab(world, buyer)
    with world.process.database.begin() as uow:
        attempt = records.list_attempts(uow.db, order=_order(uow, buyer).id)[0]
        records.change_attempt(uow.db, attempt.id, expires_at=uow.now)
    return first, people.open_tab(world, buyer)


def paid(world: World, buyer: Buyer, session: str) -> None:
    people.at_the_till(world, buyer, session, outcome="pay")
    world.advance(minutes=1.1)
    drain(world.process.jobs())


def _order(uow: UnitOfWork, buyer: Buyer) -> Order:
    return service.get_order_by_token(uow, buyer.token)


def order_of(world: World, buyer: Buyer) -> Order:
    with world.process.database.read() as uow:
        return _order(uow, buyer)


def events_of(world: World, buyer: Buyer) -> list[str]:
    with world.process.database.read() as uow:
        return [kind for kind, _, _ in records.list_events(uow.db, _order(uow, buyer).id)]


def refund_by_hand(world: World, number: int) -> None:
    world.box.book.refund(world.state()["charges"][number]["id"])
    while world.bag:
        world.deliver(world.bag.pop())
    drain(world.process.jobs())


# -- twice -----------------------------------------------------------------------------------------------------------


def test_giving_back_what_came_twice_leaves_the_order_and_its_key(world: World) -> None:
    buyer = ordered(world)
    first, second = two_sessions(world, buyer)
    world.box.pay(first)
    world.box.pay(second)
    paid(world, buyer, first)
    assert "refund" in order_of(world, buyer).flag
    refund_by_hand(world, 1)
    order = order_of(world, buyer)
    assert (order.state, order.flag) == (State.FULFILLED, "")
    assert check(world) == []


def test_what_came_twice_is_given_back_by_the_maker_without_touching_the_order(world: World) -> None:
    buyer = ordered(world)
    first, second = two_sessions(world, buyer)
    world.box.pay(first)
    world.box.pay(second)
    paid(world, buyer, first)
    for _ in range(2):
        with world.process.database.begin() as uow:
            payments.ask_repayment(uow, _order(uow, buyer))
    rest(world)
    order = order_of(world, buyer)
    assert (order.state, order.flag) == (State.FULFILLED, "")
    assert [one["amount_refunded"] for one in world.state()["charges"]] == [0, order.sum.total.minor]
    with world.process.database.begin() as uow, pytest.raises(WrongState):
        payments.ask_repayment(uow, order)
    assert check(world) == []


def test_once_paid_the_other_page_closes(world: World) -> None:
    buyer = ordered(world)
    first, second = two_sessions(world, buyer)
    paid(world, buyer, first)
    people.at_the_till(world, buyer, second, outcome="pay")
    assert len(world.state()["charges"]) == 1
    assert check(world) == []


# -- too late --------------------------------------------------------------------------------------------------------


def test_a_cancelled_order_cannot_be_paid_any_more(world: World) -> None:
    buyer = ordered(world)
    session = people.open_tab(world, buyer)
    people.act(world, buyer, "cancel")
    drain(world.process.jobs())
    people.at_the_till(world, buyer, session, outcome="pay")
    assert world.state()["charges"] == []
    assert check(world) == []


def test_a_payment_faster_than_the_closing_is_flagged_and_can_be_given_back(world: World) -> None:
    buyer = ordered(world)
    session = people.open_tab(world, buyer)
    people.act(world, buyer, "cancel")
    paid(world, buyer, session)
    assert (order_of(world, buyer).state, "refund" in order_of(world, buyer).flag) == (State.CANCELLED, True)
    with world.process.database.begin() as uow:
        payments.ask_repayment(uow, _order(uow, buyer))
    drain(world.process.jobs())
    assert order_of(world, buyer).flag == ""
    assert world.state()["charges"][0]["amount_refunded"] == order_of(world, buyer).sum.total.minor
    assert check(world) == []


def test_a_payment_in_the_hour_after_the_30_days_is_flagged_not_stuck(world: World) -> None:
    buyer = ordered(world)
    world.advance(days=29, hours=23, minutes=50)
    session = people.open_tab(world, buyer)
    world.advance(minutes=20)
    world.box.pay(session)
    with world.process.database.begin() as uow:
        attempt = records.list_attempts(uow.db, order=_order(uow, buyer).id)[0]
        provider = world.process.stripe
    truth = provider.look_up(session)
    with world.process.database.begin() as uow:
        payments.settle(uow, attempt, truth, provider)
    order = order_of(world, buyer)
    assert (order.state, "refund" in order.flag) == (State.EXPIRED, True)


def test_a_transfer_is_not_confirmed_for_an_order_whose_time_is_over(world: World) -> None:
    buyer = ordered(world, method=Method.BANK)
    world.advance(days=30, minutes=1)
    with pytest.raises(WrongState), world.process.database.begin() as uow:
        payments.confirm_transfer(uow, _order(uow, buyer))
    assert order_of(world, buyer).state is State.INITIATED


# -- another sum, mode or order --------------------------------------------------------------------------------------


@pytest.mark.parametrize("lie", [{"amount": 1}, {"currency": "usd"}])
def test_another_sum_buys_nothing_and_is_told_once(world: World, lie: dict[str, object]) -> None:
    buyer = ordered(world)
    session = people.open_tab(world, buyer)
    world.box.faults(lie=lie)
    for _ in range(3):
        paid(world, buyer, session)
        for event in world.box.book.events:
            world.deliver(Message(event.id))
    order = order_of(world, buyer)
    assert (order.state, order.flag) == (State.INITIATED, "paid another amount: refund it")
    assert events_of(world, buyer).count("flagged") == 1


@pytest.mark.parametrize("lie", [{"livemode": True}, {"client_reference_id": "somebody-elses"}])
def test_money_of_another_mode_or_order_moves_nothing_here(world: World, lie: dict[str, object]) -> None:
    buyer = ordered(world)
    session = people.open_tab(world, buyer)
    world.box.faults(lie=lie)
    paid(world, buyer, session)
    refund_by_hand(world, 0)
    with world.process.database.read() as uow:
        assert records.list_payments(uow.db) == []
    order = order_of(world, buyer)
    assert (order.state, order.flag) == (State.INITIATED, "payment of another mode or order")
    assert events_of(world, buyer).count("flagged") == 1


def test_the_other_country_does_not_hide_that_money_must_go_back(world: World) -> None:
    buyer = ordered(world)
    first, second = two_sessions(world, buyer)
    world.box.pay(first, country="FR")
    world.box.pay(second)
    paid(world, buyer, first)
    assert order_of(world, buyer).flag == "paid twice or too late: refund it; country differs"
    refund_by_hand(world, 1)
    assert order_of(world, buyer).flag == "country differs"


def test_a_part_given_back_at_the_provider_is_told(world: World) -> None:
    buyer = ordered(world)
    paid(world, buyer, people.open_tab(world, buyer))
    world.box.book.refund(world.state()["charges"][0]["id"], amount=100)
    while world.bag:
        world.deliver(world.bag.pop())
    drain(world.process.jobs())
    order = order_of(world, buyer)
    assert (order.state, order.flag) == (State.FULFILLED, "refunded in part at the provider")


# -- back ------------------------------------------------------------------------------------------------------------


def test_a_refund_outlasts_an_outage_of_a_week(world: World) -> None:
    buyer = ordered(world)
    paid(world, buyer, people.open_tab(world, buyer))
    people.act(world, buyer, "refund")
    world.box.faults(down=True)
    runner = world.process.jobs()
    for _ in range(7 * 24):
        world.advance(hours=1)
        drain(runner)
    world.box.faults(down=False)
    world.advance(hours=1)
    drain(runner)
    assert order_of(world, buyer).state is State.REFUNDED
    assert check(world) == []


def test_a_refund_that_the_provider_made_already_is_found_out(world: World) -> None:
    buyer = ordered(world)
    paid(world, buyer, people.open_tab(world, buyer))
    world.copies = lambda _event: 0
    world.box.book.refund(world.state()["charges"][0]["id"])
    people.act(world, buyer, "refund")
    rest(world)
    assert order_of(world, buyer).state is State.REFUNDED
    assert check(world) == []


def test_a_refund_that_the_provider_refuses_is_told(world: World) -> None:
    buyer = ordered(world)
    paid(world, buyer, people.open_tab(world, buyer))
    world.copies = lambda _event: 0
    world.box.book.refund(world.state()["charges"][0]["id"], amount=100)
    people.act(world, buyer, "refund")
    drain(world.process.jobs())
    order = order_of(world, buyer)
    assert order.state is State.FULFILLED
    assert "the provider refused the refund" in order.flag
    with world.process.database.read() as uow:
        assert not uow.db.execute(select(job).where(job.c.kind == "shop.refund")).all()


# -- what else can be in the way -------------------------------------------------------------------------------------


def test_a_paid_order_stands_although_its_edition_is_gone(world: World) -> None:
    buyer = ordered(world)
    session = people.open_tab(world, buyer)
    with world.process.database.begin() as uow:
        offered = records.find_product(uow.db, "fernside-backup")
        assert offered
        gone = type(offered)(**{name: getattr(offered, name) for name in offered.__struct_fields__} | {
            "editions": offered.editions[1:]
        })  # fmt: skip
        records.put_product(uow.db, gone, position=0, updated_at=uow.now)
    paid(world, buyer, session)
    order = order_of(world, buyer)
    assert (order.state, order.flag) == (State.PAID, "its edition is no longer offered")
    with world.process.database.begin() as uow:
        records.put_product(uow.db, offered, position=0, updated_at=uow.now)
    world.advance(hours=1)
    drain(world.process.jobs())
    order = order_of(world, buyer)
    assert (order.state, order.flag) == (State.FULFILLED, "")
    assert check(world) == []


def test_a_page_that_was_not_answered_is_asked_for_again_not_opened_twice(world: World) -> None:
    buyer = ordered(world)
    world.box.faults(down=1, down_how="lost")
    with pytest.raises(ProviderDown):
        payments.open_payment(world.process.database, buyer.token)
    world.advance(minutes=1)
    people.open_tab(world, buyer)
    assert len(world.state()["sessions"]) == 1


def test_a_page_asked_for_long_ago_is_not_waited_for(world: World) -> None:
    buyer = ordered(world)
    world.box.faults(down=1)
    with pytest.raises(ProviderDown):
        payments.open_payment(world.process.database, buyer.token)
    world.advance(hours=1)
    assert people.open_tab(world, buyer)
    with world.process.database.read() as uow:
        assert len(records.list_attempts(uow.db, order=_order(uow, buyer).id)) == 2
