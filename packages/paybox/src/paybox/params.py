"""Every parameter of every endpoint spoken, and by name those that Stripe knows and paybox refuses."""

from __future__ import annotations

from paybox.shapes import Address, Currency, Either, Flag, Pairs, Rows, Shape, Table, Text, Whole

SHORT = Text(longest=255)
EXPAND: dict[str, Shape] = {"expand": Rows(Text(longest=200), most=20)}
CREATED = Either(Whole(), Table(dict.fromkeys(("gt", "gte", "lt", "lte"), Whole())))
PAGING: dict[str, Shape] = {
    "limit": Whole(1, 100),
    "starting_after": SHORT,
    "ending_before": SHORT,
    "created": CREATED,
    **EXPAND,
}
RETRIEVE = Table(EXPAND)
CARDS = Rows(Text(("card",)))  # `payment_method_types` was its name before API version 2026-10-28

PRODUCT_DATA = Table(
    {
        "name": Text(longest=1500),
        "description": Text(),
        "metadata": Pairs(),
        "images": Rows(Address(), 8),
        "tax_code": SHORT,
        "unit_label": SHORT,
    },
    required=("name",),
    unspoken=("tax_details",),
)
PRICE_DATA = Table(
    {
        "currency": Currency(),
        "unit_amount": Whole(0, 99_999_999),
        "product_data": PRODUCT_DATA,
        "tax_behavior": Text(("inclusive", "exclusive", "unspecified")),
    },
    required=("currency", "product_data", "unit_amount"),
    unspoken=("product", "recurring", "unit_amount_decimal"),
)
LINE_ITEM = Table(
    {"price_data": PRICE_DATA, "quantity": Whole(1, 999_999), "metadata": Pairs()},
    required=("price_data", "quantity"),
    unspoken=("price", "adjustable_quantity", "tax_rates"),
)

# Kept, answered as they were sent, and otherwise without effect.
SESSION_ECHO: dict[str, Shape] = {
    "allow_promotion_codes": Flag(),
    "automatic_tax": Table({"enabled": Flag(only=False)}, ("enabled",), ("liability",)),
    "billing_address_collection": Text(("auto", "required")),
    "customer_creation": Text(("always", "if_required")),
    "locale": Text(longest=10),
    "allowed_payment_method_types": CARDS,
    "payment_method_types": CARDS,
    "phone_number_collection": Table({"enabled": Flag(only=False)}, ("enabled",)),
    "submit_type": Text(("auto", "book", "donate", "pay")),
    "tax_id_collection": Table({"enabled": Flag(only=False)}, ("enabled",), ("required",)),
}
INTENT_ECHO: dict[str, Shape] = {
    "receipt_email": Text(longest=512),
    "statement_descriptor": Text(longest=22),
    "statement_descriptor_suffix": Text(longest=22),
    "transfer_group": SHORT,
}
SESSION_CREATE = Table(
    {
        "mode": Text(("payment",)),
        "ui_mode": Text(("hosted_page", "hosted")),
        "line_items": Rows(LINE_ITEM, 100),
        "success_url": Address(),
        "cancel_url": Address(),
        "client_reference_id": Text(longest=200),
        "customer_email": Text(longest=800),
        "currency": Currency(),
        "expires_at": Whole(),
        "metadata": Pairs(),
        "payment_intent_data": Table(
            {
                "description": Text(longest=1000),
                "metadata": Pairs(),
                "capture_method": Text(("automatic", "automatic_async")),
                **INTENT_ECHO,
            },
            unspoken=(
                "application_fee_amount",
                "on_behalf_of",
                "setup_future_usage",
                "shipping",
                "transfer_data",
            ),
        ),
        **SESSION_ECHO,
        **EXPAND,
    },
    required=("mode", "line_items", "success_url"),
    unspoken=(
        "adaptive_pricing",
        "after_expiration",
        "branding_settings",
        "consent_collection",
        "custom_fields",
        "custom_text",
        "customer",
        "customer_account",
        "customer_update",
        "discounts",
        "excluded_payment_method_types",
        "integration_identifier",
        "invoice_creation",
        "managed_payments",
        "name_collection",
        "optional_items",
        "origin_context",
        "payment_method_collection",
        "payment_method_configuration",
        "payment_method_data",
        "payment_method_options",
        "permissions",
        "redirect_on_completion",
        "return_url",
        "saved_payment_method_options",
        "setup_intent_data",
        "shipping_address_collection",
        "shipping_options",
        "subscription_data",
        "wallet_options",
    ),
)
SESSION_LIST = Table(
    {"payment_intent": SHORT, "status": Text(("open", "complete", "expired")), **PAGING},
    unspoken=("customer", "customer_account", "customer_details", "payment_link", "subscription"),
)
LINE_ITEM_LIST = Table({name: PAGING[name] for name in ("limit", "starting_after", "ending_before", "expand")})

INTENT_CONFIRM = Table(
    {
        "payment_method": SHORT,
        "allowed_payment_method_types": CARDS,
        "return_url": Address(),
        "receipt_email": INTENT_ECHO["receipt_email"],
        "off_session": Flag(),
        "error_on_requires_action": Flag(),
        "use_stripe_sdk": Flag(),
        "capture_method": Text(("automatic", "automatic_async")),
        **EXPAND,
    },
    unspoken=(
        "amount_details",
        "amount_to_confirm",
        "confirmation_token",
        "excluded_payment_method_types",
        "hooks",
        "mandate",
        "mandate_data",
        "payment_details",
        "payment_method_data",
        "payment_method_options",
        "radar_options",
        "setup_future_usage",
        "shipping",
    ),
)
INTENT_CREATE = Table(
    {
        **INTENT_CONFIRM.known,
        **INTENT_ECHO,
        "amount": Whole(),
        "currency": Currency(),
        "automatic_payment_methods": Table(
            {"enabled": Flag(), "allow_redirects": Text(("always", "never"))}, ("enabled",)
        ),
        "confirm": Flag(),
        "confirmation_method": Text(("automatic",)),
        "description": Text(longest=1000),
        "metadata": Pairs(),
        "payment_method_types": CARDS,
    },
    required=("amount", "currency"),
    unspoken=(
        *(name for name in INTENT_CONFIRM.unspoken if name != "amount_to_confirm"),
        "application_fee_amount",
        "customer",
        "customer_account",
        "on_behalf_of",
        "payment_method_configuration",
        "transfer_data",
    ),
)
INTENT_CANCEL = Table(
    {
        "cancellation_reason": Text(("abandoned", "duplicate", "fraudulent", "requested_by_customer")),
        **EXPAND,
    }
)
INTENT_LIST = Table(PAGING, unspoken=("customer", "customer_account"))
CHARGE_LIST = Table({"payment_intent": SHORT, **PAGING}, unspoken=("customer", "transfer_group"))
REFUND_CREATE = Table(
    {
        "amount": Whole(),
        "charge": SHORT,
        "payment_intent": SHORT,
        "reason": Text(("duplicate", "fraudulent", "requested_by_customer")),
        "metadata": Pairs(),
        **EXPAND,
    },
    unspoken=(
        "currency",
        "customer",
        "instructions_email",
        "origin",
        "refund_application_fee",
        "reverse_transfer",
    ),
)
REFUND_LIST = Table({"charge": SHORT, "payment_intent": SHORT, **PAGING})
EVENT_LIST = Table({"type": SHORT, "types": Rows(SHORT, 20), "delivery_success": Flag(), **PAGING})
