"""The same form sent twice, at once or later, by a double click, a reload or a lost answer: one order."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from tests.faults import people
from tests.faults.people import Buyer
from tests.faults.world import World
from tests.support.selling import Selling, checkout
from troth.kernel.errors import Conflict
from troth.kernel.ids import new_token
from troth.kernel.work import Database
from troth.shop import payments, records, service
from troth.shop.errors import WrongState
from troth.shop.model import Checkout, Method, State
from troth.shop.service import Placed, place_order


def place(database: Database, wanted: Checkout) -> Placed:
    with database.begin() as uow:
        return place_order(uow, wanted)


def count(database: Database) -> int:
    with database.read() as uow:
        return len(records.list_orders(uow.db))


def at_once(number: int, action: object) -> list[BaseException | None]:
    """Let threads do something at the same time; return what each raised."""
    raised: list[BaseException | None] = []
    gate = threading.Barrier(number)

    def run() -> None:
        gate.wait()
        try:
            action()  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001 - looked at by the test
            raised.append(error)
        else:
            raised.append(None)

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_eight_at_once_are_one_order(shop: Selling) -> None:
    wanted = checkout(once=new_token())
    tokens: set[str] = set()
    raised = at_once(8, lambda: tokens.add(place(shop.database, wanted).token))
    assert raised == [None] * 8
    assert (len(tokens), count(shop.database)) == (1, 1)


def test_eight_programs_at_once_with_one_key_are_one_order(shop: Selling) -> None:
    wanted = checkout(once=new_token(), form="api")
    raised = at_once(8, lambda: place(shop.database, wanted))
    assert raised == [None] * 8
    assert count(shop.database) == 1


def test_a_transfer_confirmed_in_two_windows_at_once_is_one_payment(shop: Selling) -> None:
    order = shop.place(method=Method.BANK).order

    def confirm() -> None:
        with shop.database.begin() as uow:
            payments.confirm_transfer(uow, order)

    raised = at_once(4, confirm)
    assert sorted(type(one).__name__ for one in raised) == ["NoneType", "WrongState", "WrongState", "WrongState"]
    assert isinstance(next(one for one in raised if one), WrongState)
    with shop.database.read() as uow:
        assert len(records.list_payments(uow.db)) == 1


def test_a_form_changed_and_sent_twice_is_one_more_order(shop: Selling) -> None:
    first = checkout(once=new_token())
    changed = replace(first, deliver_now=False, waiver=False)
    tokens = {place(shop.database, one).token for one in (first, changed, changed, first)}
    assert (len(tokens), count(shop.database)) == (2, 2)


def test_a_form_sent_again_after_the_order_was_called_off_orders_once_more(shop: Selling) -> None:
    wanted = checkout(once=new_token())
    called_off = place(shop.database, wanted)
    with shop.database.begin() as uow:
        service.cancel(uow, called_off.order)
    tokens = {place(shop.database, wanted).token for _ in range(3)}
    assert (len(tokens), count(shop.database)) == (1, 2)
    assert called_off.token not in tokens


def test_a_form_sent_again_after_the_address_was_put_right_is_the_same_order(world: World) -> None:
    buyer = Buyer("ada", Method.BANK)
    people.submit(world, buyer)
    people.act(world, buyer, "confirm")
    people.act(world, buyer, "reissue")
    token = buyer.token
    people.submit(world, buyer)
    assert buyer.token == token
    assert people.state_of(world, token) is State.FULFILLED


def test_a_program_that_uses_its_key_for_something_else_is_refused(shop: Selling) -> None:
    wanted = checkout(once=new_token(), form="api")
    place(shop.database, wanted)
    with pytest.raises(Conflict, match="Nothing was ordered"):
        place(shop.database, replace(wanted, email="somebody.else@example.org"))
    assert count(shop.database) == 1
