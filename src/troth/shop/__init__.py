"""The shop: products, prices with tax, checkout, orders, payments and the ledger.

`place_order` records an initiated purchase, `open_payment` sends the buyer to a provider, `settle` acts on what the
provider says when asked, `fulfil` gives key and download once. States and moves stand as a table in `shop.model`.
"""

from troth.shop.catalogue import import_products, quote
from troth.shop.model import Checkout, Order, Product, Release, State
from troth.shop.payments import Provider, Providers, ask_refund, confirm_transfer, first_bad_row, open_payment
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
    "confirm_transfer",
    "find_orders",
    "first_bad_row",
    "get_order_by_number",
    "import_products",
    "open_payment",
    "place_order",
    "quote",
    "resend",
]
