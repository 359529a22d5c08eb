"""The shop: products, prices with tax, checkout, orders, payments and the ledger.

`place_order` records an initiated purchase, `open_payment` sends the buyer to a provider, `settle` acts on what the
provider says when asked, `fulfil` gives key and download once. States and moves stand as a table in `shop.model`.
"""

from troth.shop.catalogue import keep_pictures, offer_products, quote, read_products
from troth.shop.ledger import first_bad_row, list_owed
from troth.shop.model import Checkout, Order, Product, Release, State
from troth.shop.payments import (
    Provider,
    Providers,
    ask_refund,
    ask_repayment,
    confirm_transfer,
    open_payment,
)
from troth.shop.service import find_orders, get_order_by_number, place_order, resend

__all__ = [
    "Checkout",
    "Order",
    "Product",
    "Provider",
    "Providers",
    "Release",
    "State",
    "ask_refund",
    "ask_repayment",
    "confirm_transfer",
    "find_orders",
    "first_bad_row",
    "get_order_by_number",
    "keep_pictures",
    "list_owed",
    "offer_products",
    "open_payment",
    "place_order",
    "quote",
    "read_products",
    "resend",
]
