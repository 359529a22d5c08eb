"""The steps of both databases: from nothing to what the parts declare, down and up again, on SQLite and PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, inspect, text
from sqlalchemy.schema import CreateTable

from tests.support.selling import Template
from tests.support.store import START
from troth import app, migrations
from troth.adapters.engines import open_engine
from troth.kernel.schema import metadata, vault_metadata
from troth.migrations import NEWEST, STORE, VAULT, NotMade, OtherVersion
from troth.parts import PARTS

DECLARED = {STORE: metadata, VAULT: vault_metadata}
Facts = dict[str, dict[str, Any]]


@pytest.fixture(params=["sqlite", "postgresql"])
def urls(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/troth.db", f"sqlite:///{tmp_path}/vault.db"
    server = request.getfixturevalue("postgres_server")
    return server.new_url(), server.new_url()


@pytest.fixture
def engines(urls: tuple[str, str]) -> Iterator[dict[str, Engine]]:
    for part in PARTS:
        part.tables()
    made = {STORE: open_engine(urls[0]), VAULT: open_engine(urls[1])}
    yield made
    for engine in made.values():
        engine.dispose()


def upgrade(engines: dict[str, Engine]) -> None:
    migrations.upgrade(engines[STORE], engines[VAULT])


def downgrade(engines: dict[str, Engine]) -> None:
    for name, engine in engines.items():
        with engine.connect() as connection:
            settings = migrations.configuration(name)
            settings.attributes["connection"] = connection
            command.downgrade(settings, "base")
            connection.commit()


def facts(engine: Engine) -> Facts:
    """Describe what stands in a database: columns, keys, indexes and CHECKs, in the database's own words."""
    found: Facts = {}
    seen = inspect(engine)
    for table in set(seen.get_table_names()) - {"alembic_version"}:
        found[table] = {
            "columns": {
                one["name"]: (str(one["type"]), one["nullable"], one.get("default")) for one in seen.get_columns(table)
            },
            "key": seen.get_pk_constraint(table),
            "unique": sorted((one["name"] or "", one["column_names"]) for one in seen.get_unique_constraints(table)),
            "foreign": seen.get_foreign_keys(table),
            "indexes": sorted(
                (one["name"] or "", one["column_names"], one["unique"]) for one in seen.get_indexes(table)
            ),
            "checks": sorted((one["name"] or "", _plain(one["sqltext"])) for one in seen.get_check_constraints(table)),
        }
    return found


def _plain(sql: str) -> str:
    return re.sub(r"[\s()]", "", sql)


def test_a_new_store_gets_exactly_what_the_parts_declare(engines: dict[str, Engine]) -> None:
    upgrade(engines)
    stepped = {name: facts(engine) for name, engine in engines.items()}
    downgrade(engines)
    for name, engine in engines.items():
        DECLARED[name].create_all(engine)
        assert stepped[name] == facts(engine)
    assert set(stepped[STORE]) == set(metadata.tables)
    assert any(one["checks"] for one in stepped[STORE].values())


def test_every_check_a_part_declares_is_among_the_facts_compared(engines: dict[str, Engine]) -> None:
    upgrade(engines)
    for name, declared in DECLARED.items():
        found = facts(engines[name])
        for table in declared.sorted_tables:
            ddl = str(CreateTable(table).compile(engines[name]))
            assert ddl.count("CHECK (") == len(found[table.name]["checks"]), table.name


def test_down_and_up_again_leaves_nothing_and_then_the_same(engines: dict[str, Engine]) -> None:
    upgrade(engines)
    before = {name: facts(engine) for name, engine in engines.items()}
    downgrade(engines)
    for name, engine in engines.items():
        assert facts(engine) == {}
        with pytest.raises(OtherVersion):
            migrations.require_current(name, engine)
    upgrade(engines)
    assert {name: facts(engine) for name, engine in engines.items()} == before


def test_going_up_twice_changes_nothing(engines: dict[str, Engine]) -> None:
    upgrade(engines)
    upgrade(engines)
    for name, engine in engines.items():
        migrations.require_current(name, engine)


@pytest.mark.parametrize("name", [STORE, VAULT])
def test_the_newest_version_is_the_last_step(name: str) -> None:
    steps = ScriptDirectory.from_config(migrations.configuration(name))
    assert steps.get_heads() == [NEWEST[name]]
    assert [step.revision for step in steps.walk_revisions()][-1] == "0001"


@pytest.mark.parametrize("name", [STORE, VAULT])
def test_a_database_that_was_never_made_is_told_so(engines: dict[str, Engine], name: str) -> None:
    with pytest.raises(NotMade, match="`troth init DIR` makes a store"):
        migrations.require_current(name, engines[name])


@pytest.mark.parametrize("url", ["database", "vault"])
def test_a_store_of_another_version_does_not_start(sqlite_template: Template, tmp_path: Path, url: str) -> None:
    folder = sqlite_template.copy(tmp_path / "store")
    app.open_store(folder).close()
    file = folder / ("troth.db" if url == "database" else "vault.db")
    engine = open_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(OtherVersion, match="Nothing was changed; start the version they belong to"):
        app.open_store(folder)


def test_what_is_sealed_by_declaration_refuses_plain_bytes_after_the_steps(engines: dict[str, Engine]) -> None:
    """The CHECKs are not only named the same: they hold."""
    upgrade(engines)
    checked = [
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if column.name.endswith("_sealed")
    ]
    assert len(checked) >= 7
    for table, column in checked:
        with pytest.raises(Exception, match=f"{column}_is_sealed"), engines[STORE].begin() as connection:
            connection.execute(_filled(metadata, table, column))


def _filled(declared: MetaData, table: str, column: str) -> Any:
    """Insert a row that is right but for one column, which holds an address in plain bytes."""
    values: dict[str, Any] = {}
    sealed = b"\1" + b"\0" * 60
    for one in declared.tables[table].columns:
        if one.name.endswith("_sealed"):
            values[one.name] = b"mira@meadow.example" * 4 if one.name == column else sealed
        elif one.name.endswith("_index"):
            values[one.name] = b"\1" + b"\0" * 16
        elif one.name == "state":
            values[one.name] = "queued"
        elif not one.nullable and one.autoincrement is not True:
            kind = one.type.python_type
            values[one.name] = {int: 1, str: "x", bytes: b"x", bool: False}.get(kind)
            if values[one.name] is None:
                values[one.name] = START
    return declared.tables[table].insert().values(values)
