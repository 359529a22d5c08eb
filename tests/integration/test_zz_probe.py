from tests.support.selling import Selling
def test_buy(shop: Selling) -> None:
    order = shop.buy()
    assert order.state == "fulfilled"
    print(shop.key(order), shop.jobs(), [str(l["Subject"]) for l in shop.letters()])
