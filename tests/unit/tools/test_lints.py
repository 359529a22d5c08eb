"""Each lint of the house finds what it forbids and lets pass what it allows."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from textwrap import dedent

import pytest

from tools.lints import Rule, Source, places, rooms, sealed, sizes
from tools.lints.__main__ import RULES, check

ROOT = Path(__file__).resolve().parents[3]


def lines_found(rule: Rule, path: str, text: str) -> list[int]:
    return [finding.line for finding in rule(Source(PurePosixPath(path), dedent(text)))]


@pytest.mark.parametrize(
    "statement",
    [
        "from starlette.requests import Request",
        "import starlette",
        "def late():\n    import starlette.routing",
        "import importlib\nimportlib.import_module('starlette.responses')",
    ],
)
def test_starlette_in_a_service_is_found(statement: str) -> None:
    assert lines_found(places.framework_in_its_place, "src/troth/shop/service.py", statement)


@pytest.mark.parametrize(
    "path",
    [
        "src/troth/shop/web.py",
        "src/troth/shop/web/checkout.py",
        "src/troth/web/routes.py",
        "src/troth/app.py",
        "packages/paybox/src/paybox/server.py",
    ],
)
def test_starlette_in_a_web_room_passes(path: str) -> None:
    assert not lines_found(places.framework_in_its_place, path, "import starlette")


@pytest.mark.parametrize(
    "text",
    [
        "from sqlalchemy import select",
        "import sqlite3",
        "uow.db.exec_driver_sql(statement)",
        "STATEMENT = 'CREATE TABLE basket (id INTEGER)'",
        "STATEMENT = '  select id from orders '",
        "STATEMENT = f'DELETE FROM {table}'",
    ],
)
def test_sql_in_a_service_is_found_and_in_records_passes(text: str) -> None:
    assert lines_found(places.sql_in_its_place, "src/troth/shop/service.py", text)
    assert not lines_found(places.sql_in_its_place, "src/troth/shop/records.py", text)
    assert not lines_found(places.sql_in_its_place, "src/troth/migrations/store/0001_first.py", text)


def test_a_docstring_may_speak_of_sql() -> None:
    text = '''
        """Select nothing from anybody."""
        def claim():
            """UPDATE job SET state, as the records do."""
            return "Select a country from the list"
    '''
    assert lines_found(places.sql_in_its_place, "src/troth/shop/service.py", text) == [5]


@pytest.mark.parametrize(
    "text",
    [
        "response.set_cookie('a', 'b')",
        "response.delete_cookie('a')",
        "headers = {'Set-Cookie': 'a=b'}",
        "h = b'set-cookie'",
    ],
)
def test_a_cookie_set_past_the_gate_is_found(text: str) -> None:
    assert lines_found(places.cookies_in_their_place, "src/troth/shop/web.py", text) == [1]
    assert not lines_found(places.cookies_in_their_place, "src/troth/web/cookies.py", text)
    assert not lines_found(places.cookies_in_their_place, "src/troth/people/web.py", text)


def test_a_probe_may_read_cookies_but_not_set_one() -> None:
    text = "seen = response.headers['set-cookie']\nresponse.set_cookie('a')\n"
    assert lines_found(places.cookies_in_their_place, "src/troth/promises/browser.py", text) == [2]


def test_a_service_that_commits_is_found() -> None:
    assert lines_found(places.commit_in_its_place, "src/troth/shop/service.py", "uow.db.commit()") == [1]
    assert not lines_found(places.commit_in_its_place, "src/troth/kernel/work.py", "transaction.commit()")


def test_async_outside_a_web_room_is_found() -> None:
    text = "async def place_order(): ..."
    assert lines_found(places.async_in_its_place, "src/troth/shop/service.py", text) == [1]
    assert not lines_found(places.async_in_its_place, "src/troth/shop/web.py", text)


def test_production_code_that_knows_a_canary_is_found() -> None:
    text = "if address.startswith('canary-'):\n    pass\n"
    assert lines_found(places.canaries_in_their_place, "src/troth/mail/service.py", text) == [1]
    assert not lines_found(places.canaries_in_their_place, "src/troth/promises/people.py", text)
    assert not lines_found(places.canaries_in_their_place, "src/troth/shop/rates.py", "# not the Canary Islands")


def test_opening_outside_a_purpose_is_found() -> None:
    text = """
        def show(uow, order):
            with purpose(uow, FULFIL, role="job"):
                name = order.buyer.open().name
                later = lambda: order.buyer.open()
            with path.open("rb") as file:
                file.read()
            return order.buyer.open()
    """
    assert lines_found(sealed.opened_for_a_purpose, "src/troth/shop/service.py", text) == [5, 8]
    assert not lines_found(sealed.opened_for_a_purpose, "src/troth/vault/session.py", text)


def test_opening_in_another_with_block_is_found() -> None:
    text = """
        with database.begin() as uow, vault.purpose(uow, FULFIL, role="job"):
            row.open()
        with database.begin() as uow:
            row.open()
    """
    assert lines_found(sealed.opened_for_a_purpose, "src/troth/mail/jobs.py", text) == [5]


@pytest.mark.parametrize(
    "call",
    [
        "logger.info(row.open())",
        "logger.info('%s', row.open().address)",
        "logger.warning(f'failed for {row.open().address}')",
        "logging.error('{}'.format(row.open()))",
        "print(row.open())",
        "buyer = row.open()\nlogger.info(buyer.address)",
        "buyer = row.open()\nline = f'to {buyer.address}'\nlogger.info(line)",
        "for one in [row.open()]:\n    logger.debug(one)",
        "if (buyer := row.open()):\n    logger.exception(buyer)",
    ],
)
def test_an_opened_value_on_its_way_into_a_log_is_found(call: str) -> None:
    assert lines_found(sealed.opened_is_not_logged, "src/troth/mail/jobs.py", call)


def test_logging_beside_an_opened_value_passes() -> None:
    text = """
        def send(row, logger):
            buyer = row.open()
            logger.info("sent %s", row.id)
            return buyer
        def other(buyer, logger):
            logger.info(buyer)
    """
    assert not lines_found(sealed.opened_is_not_logged, "src/troth/mail/jobs.py", text)


def test_a_room_that_is_not_in_the_plan_is_found(tmp_path: Path) -> None:
    shop = tmp_path / "src" / "troth" / "shop"
    for folder in ("service", "templates", "helpers"):
        (shop / folder).mkdir(parents=True)
    for name in ("__init__.py", "policy.py", "records.py", "web.py", "utils.py", "rates.csv", "notes.md"):
        (shop / name).touch()
    found = [finding.path for finding in rooms.only_known_rooms(tmp_path)]
    assert found == [f"src/troth/shop/{name}" for name in ("helpers", "notes.md", "utils.py")]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("shop/tax.py", "from troth.shop import service"),
        ("shop/tax.py", "from troth.shop.records import find"),
        ("shop/model.py", "from troth.shop import payments"),
        ("shop/records.py", "from troth.shop.letters import write"),
        ("shop/service.py", "import troth.shop.web"),
        ("shop/service/orders.py", "def late():\n    from troth.shop.jobs import HANDLERS"),
    ],
)
def test_a_room_that_knows_a_higher_one_is_found(path: str, text: str) -> None:
    assert lines_found(rooms.rooms_know_only_lower_ones, f"src/troth/{path}", text)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("shop/tax.py", "from troth.shop.rates import rate_on"),
        ("shop/payments.py", "from troth.shop import letters, records, service"),
        ("shop/web.py", "from troth.shop import service"),
        ("shop/model.py", "from troth.people.address import normalise"),
        ("shop/__init__.py", "from troth.shop.service import place_order"),
    ],
)
def test_a_room_that_knows_lower_ones_passes(path: str, text: str) -> None:
    assert not lines_found(rooms.rooms_know_only_lower_ones, f"src/troth/{path}", text)


def test_long_modules_and_functions_are_found() -> None:
    fits = "def short():\n" + "    x = 1\n" * 49
    assert not lines_found(sizes.functions_fit, "src/troth/a.py", fits)
    longer = fits + "    x = 2\n"
    assert lines_found(sizes.functions_fit, "src/troth/a.py", longer) == [1]
    assert not lines_found(sizes.functions_fit, "src/troth/migrations/store/versions/0001_first.py", longer)
    assert not lines_found(sizes.module_fits, "src/troth/a.py", "x = 1\n\n" * 400)
    assert lines_found(sizes.module_fits, "src/troth/a.py", "x = 1\n" * 401) == [1]


def test_every_rule_is_run_and_the_whole_repository_is_read(tmp_path: Path) -> None:
    service = tmp_path / "src" / "troth" / "shop" / "service.py"
    service.parent.mkdir(parents=True)
    service.write_text("import starlette\nimport sqlite3\nasync def a(): logger.info(row.open())\n", encoding="utf-8")
    found = {finding.rule for finding in check(tmp_path)}
    assert found == {"web-place", "sql-place", "async-place", "open-without-purpose", "opened-logged"}
    public = [
        rule
        for module in (places, rooms, sealed, sizes)
        for name, rule in vars(module).items()
        if callable(rule) and getattr(rule, "__module__", "") == module.__name__ and not name.startswith("_")
    ]
    assert set(RULES) == set(public) - {rooms.only_known_rooms}


def test_every_explained_exception_still_exists() -> None:
    for path in rooms.BESIDE:
        assert (ROOT / "src" / "troth" / f"{path}.py").is_file()
    for place in sizes.LARGER_FOR_A_REASON:
        assert (ROOT / place.partition(":")[0]).is_file()
