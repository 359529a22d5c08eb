"""A page is read as a browser reads it: what a form sends, where links lead, what stands where."""

from __future__ import annotations

from troth.promises.page import Page
from troth.promises.stage import find_key

HTML = """
<p>One<p>Two <a href="/products/a">A</a> <a href="https://elsewhere.example/">B</a>
<form method="post" action="/checkout/a">
<input type="hidden" name="once" value="x&amp;y">
<input type="radio" name="edition" value="home" checked>
<input type="radio" name="edition" value="studio">
<input type="checkbox" name="news" value="yes">
<input type="checkbox" name="kept" value="yes" checked>
<label>Mail <input type="email" name="email" id="checkout-email"></label>
<select name="country"><option value="AT">Austria<option value="DE" selected>Germany</select>
<select name="currency"><option value="EUR">€</select>
<textarea name="address">
Street 1
Town</textarea>
<button name="step" value="price">Sum</button> <button name="step" value="order">Order</button>
</form>
<form action="/search"><input name="q"><input type="submit" value="Go"></form>
<p><code id="key"><span>402JZ</span>-<wbr><span>MD9HJ</span>-<span>QMPRP</span>-NT1DQ-<b>AHJVD</b></code>
<code>abc</code>
"""


def test_a_form_sends_what_a_browser_would() -> None:
    form = Page(HTML).forms[0]
    assert (form.method, form.action, form.buttons) == ("post", "/checkout/a", [("step", "price"), ("step", "order")])
    assert form.filled({}) == {
        "once": "x&y",
        "edition": "home",
        "kept": "yes",
        "email": "",
        "country": "DE",
        "currency": "EUR",
        "address": "Street 1\nTown",
    }


def test_typed_values_and_the_pressed_button_are_sent_and_what_is_not_asked_is_not() -> None:
    form = Page(HTML).forms[0]
    sent = form.filled({"email": "a@b.example", "news": "yes", "phone": "1"}, button=("step", "order"))
    assert sent["email"] == "a@b.example"
    assert sent["news"] == "yes"
    assert sent["step"] == "order"
    assert "phone" not in sent


def test_links_texts_and_ids_are_found() -> None:
    page = Page(HTML)
    assert page.links == ["/products/a", "https://elsewhere.example/"]
    assert "Two" in page.text
    assert page.forms[0].controls["email"].id == "checkout-email"
    assert page.find_form(action="/checkout/a") is page.forms[0]
    assert page.find_form(action="/nowhere") is None


def test_the_key_is_read_from_the_page() -> None:
    assert find_key(Page(HTML)) == "402JZ-MD9HJ-QMPRP-NT1DQ-AHJVD"
    assert find_key(Page("<p>no key</p>")) == ""
    assert Page(HTML).codes[-1] == "abc"
