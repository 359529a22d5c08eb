"""What people do: buyers with one tab or two, the maker, the provider's own clerk. Each is a script with waits."""

from __future__ import annotations

from dataclasses import dataclass, field

from paybox import Refusal
from tests.faults.world import Unreachable, World
from troth import people
from troth.kernel.errors import Conflict, NotFound
from troth.kernel.ids import new_token
from troth.kernel.work import Database
from troth.shop import payments, service
from troth.shop.errors import ProviderDown
from troth.shop.model import Checkout, Method, Order, State
from troth.shop.service import Placed, place_order

PATIENCE = 6


@dataclass
class Buyer:
    """Somebody with a filled-in form; `token` is the link of the order once the store has answered."""

    name: str
    method: Method = Method.CARD
    deliver_now: bool = True
    once: str = field(default_factory=new_token)
    token: str = ""

    @property
    def checkout(self) -> Checkout:
        """The form as it is sent."""
        return Checkout(
            product="fernside-backup",
            edition="home",
            email=f"{self.name}@example.org",
            country="DE",
            currency="EUR",
            method=self.method,
            deliver_now=self.deliver_now,
            waiver=self.deliver_now,
            once=self.once,
        )


# -- what the store's edges do ---------------------------------------------------------------------------------------


def _place(database: Database, buyer: Buyer) -> Placed:
    with database.begin() as uow:
        placed = place_order(uow, buyer.checkout)
        people.grant(uow, None, "order", placed.order.id)
        return placed


def _order(database: Database, token: str) -> Order:
    with database.read() as uow:
        return service.get_order_by_token(uow, token)


def _return(database: Database, back: str) -> None:
    with database.begin() as uow:
        payments.come_back(uow, back)


def _cancel(database: Database, buyer: Buyer) -> None:
    with database.begin() as uow:
        service.cancel(uow, service.get_order_by_token(uow, buyer.token))


def _confirm(database: Database, buyer: Buyer) -> None:
    with database.begin() as uow:
        payments.confirm_transfer(uow, service.get_order_by_token(uow, buyer.token), country="DE")


def _reissue(database: Database, buyer: Buyer) -> None:
    with database.begin() as uow:
        service.reissue(uow, service.get_order_by_token(uow, buyer.token), f"{buyer.name}.b@example.org", role="buyer")


def _ask_refund(database: Database, buyer: Buyer) -> None:
    with database.begin() as uow:
        payments.ask_refund(uow, service.get_order_by_token(uow, buyer.token))


# -- scripts ---------------------------------------------------------------------------------------------------------


def submit(world: World, buyer: Buyer, *, tries: int = PATIENCE) -> None:
    """Press the button; without an answer press it again."""
    for _ in range(tries):
        try:
            placed = world.ask(_place, buyer)
        except Unreachable:
            world.say(f"{buyer.name}: no answer to the order")
            continue
        world.answered[buyer.once].add(placed.token)
        world.say(f"{buyer.name}: ordered {placed.order.number}")
        buyer.token = placed.token
        return


def open_tab(world: World, buyer: Buyer) -> str:
    """Go to the provider's page; return its session, or nothing if the store sends nobody there."""
    for _ in range(PATIENCE):
        try:
            return world.ask(payments.open_payment, buyer.token).rsplit("/", 1)[1]
        except (Unreachable, ProviderDown):
            world.say(f"{buyer.name}: no payment page yet")
        except Conflict:
            world.say(f"{buyer.name}: nothing to pay")
            return ""
    return ""


def at_the_till(world: World, buyer: Buyer, session: str, *, outcome: str, country: str = "DE") -> str:
    """Use the provider's page; return where it leads back to, or nothing."""
    book = world.box.book
    try:
        done = book.pay(session, country=country) if outcome == "pay" else book.decline(session)
    except Refusal:
        world.say(f"{buyer.name}: the page is over")
        return ""
    world.say(f"{buyer.name}: {outcome} {session[-6:]}")
    return done.terms.success_url.rsplit("/", 1)[1] if outcome == "pay" else ""


def come_back(world: World, buyer: Buyer, back: str) -> None:
    """Follow the way back."""
    try:
        world.ask(_return, back)
        world.say(f"{buyer.name}: came back")
    except Unreachable:
        world.say(f"{buyer.name}: no answer to coming back")
    except NotFound:
        world.say(f"{buyer.name}: came back once more")


def buy(world: World, buyer: Buyer) -> None:
    """Go to the payment and do what people do there, each choice the schedule's."""
    rng = world.rng
    if not buyer.token:
        return
    session = open_tab(world, buyer)
    if not session:
        return
    for outcome in rng.choice((("pay",), ("pay",), ("pay",), ("decline", "pay"), ("decline",), ())):
        world.loom.pause()
        back = at_the_till(world, buyer, session, outcome=outcome, country=rng.choice(("DE", "DE", "FR")))
        for _ in range(rng.choice((0, 1, 1, 2)) if back else 0):
            world.loom.pause()
            come_back(world, buyer, back)


def act(world: World, buyer: Buyer, what: str) -> None:
    """Cancel or reissue as the buyer, confirm or refund as the maker; what the order's state forbids is refused."""
    action = {"cancel": _cancel, "confirm": _confirm, "refund": _ask_refund, "reissue": _reissue}[what]
    for _ in range(PATIENCE):
        world.loom.pause()
        if not buyer.token:
            continue
        try:
            world.ask(action, buyer)
        except Unreachable:
            world.say(f"{buyer.name}: no answer to {what}")
            continue
        except Conflict:
            world.say(f"{buyer.name}: {what} is not possible")
            continue
        world.say(f"{buyer.name}: {what}")
        return


def refund_at_the_provider(world: World, _buyer: Buyer) -> None:
    """Give a payment back on the provider's own page, behind the store's back."""
    for _ in range(PATIENCE):
        world.loom.pause()
        charges = [one for one in world.state()["charges"] if one["paid"] and not one["amount_refunded"]]
        if charges:
            charge = world.rng.choice(charges)
            world.box.book.refund(charge["id"])
            world.say(f"provider: refunded {charge['id'][-6:]} by hand")
            return


def state_of(world: World, token: str) -> State:
    """Return where an order stands."""
    return world.ask(_order, token).state
