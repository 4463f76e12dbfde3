"""The lake admits the two extensions of its wheels, and then nothing else that anybody asks for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from screener.data.lake import lake
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.errors import InputError
from screener.screen.query import parse_predicate
from tests.support.lake_rows import bar, bars

MONDAY = date(2026, 5, 11)
SMUGGLED = (
    "LOAD '{}'",
    "LOAD httpfs",
    "INSTALL '{}'",
    "INSTALL httpfs",
    "FORCE INSTALL httpfs FROM community",
    "UPDATE EXTENSIONS",
)
HOSTILE = (
    *SMUGGLED,
    *(f"SELECT 1; {statement}" for statement in SMUGGLED),
    "SET allow_unsigned_extensions = true",
    "SET enable_external_access = true",
    "SET lock_configuration = false",
    "SET allowed_directories = ['/']",
    "SET custom_extension_repository = '/'",
    "RESET enable_external_access",
    "PRAGMA autoload_known_extensions = true",
    "SELECT * FROM read_text('{}')",
    "COPY (SELECT 1) TO '{}.csv'",
    "ATTACH '{}.db' AS other",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "work" / "data_cache"
    (tmp_path / "work" / "baskets").mkdir(parents=True)
    with Store.create(root) as store:
        store.commit(bars(bar("600000.SH", MONDAY)), message="day")
    return root


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """Give an extension that would be loaded were it allowed: the same bytes by another name."""
    file = tmp_path / "planted.duckdb_extension"
    file.symlink_to(lake._extension_file("duckdb_extension_ducklake"))
    return file


@pytest.fixture(params=["open", "create"])
def store(request: pytest.FixtureRequest, root: Path) -> Iterator[Store]:
    with getattr(Store, request.param)(root) as store:
        yield store


def test_the_connection_refuses_to_load_and_to_reach_outside(store: Store, planted: Path) -> None:
    for statement in HOSTILE:
        with pytest.raises(duckdb.Error, match=r"(?i)disabled|locked|cannot change"):
            store._connection.execute(statement.format(planted))
    assert store.read(TableName.BARS).num_rows == 1


def test_a_file_by_the_name_of_an_extension_is_not_looked_at(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "ducklake.duckdb_extension"
    file.write_bytes(b"no library")
    store._connection.execute(f"LOAD '{file}'")  # the name is taken: nothing is opened
    assert store.read(TableName.BARS).num_rows == 1


@pytest.mark.parametrize("around", ["{}", "pb < 3; {}", "pb < 3) FROM screen_rows; {}; --"])
def test_no_predicate_loads_anything(around: str, planted: Path) -> None:
    for statement in SMUGGLED:
        with pytest.raises(InputError, match="refused"):
            parse_predicate(around.format(statement.format(planted)))


@pytest.mark.parametrize(
    "arguments",
    [
        ("rules", "--at", "2026-05-11", "--listing", "{}"),
        ("rules", "--at", "{}", "--listing", "600000.SH"),
        ("data", "status", "--listing", "{}"),
        ("data", "export", "out", "--table", "{}"),
        ("data", "export", "out", "--listing", "{}"),
        ("screen", "--universe", "{}", "--pb", "0..2"),
        ("screen", "--basket", "{}", "--pb", "0..2"),
        ("screen", "--universe", "a", "--pb", "{}"),
        ("screen", "--universe", "a", "--sort", "{}"),
        ("screen", "--universe", "a", "--allow-missing", "{}"),
        ("screen", "--universe", "a", "--where", "{}"),
    ],
)
def test_no_option_loads_anything(arguments: tuple[str, ...], root: Path, planted: Path) -> None:
    hostile = f"600000.SH'; LOAD '{planted}'; --"
    done = CliRunner().invoke(
        app, [*(item.format(hostile) for item in arguments), "--workspace", str(root.parent)]
    )
    assert done.exit_code in (2, 3), done.output


def test_listings_and_messages_are_text_whatever_they_hold(root: Path, planted: Path) -> None:
    hostile = f"x'); LOAD '{planted}'; --"
    with Store.create(root) as store:
        assert store.read(TableName.BARS, listings=[hostile, "600000.SH"]).num_rows == 1
        assert store.spans([hostile]) == {}
        assert store.last_values([hostile], before=MONDAY) == {}
        assert store.last_session(TableName.BARS, suffixes=[hostile]) is None
        store.commit(bars(bar("600519.SH", MONDAY)), message=hostile)
    with Store.open(root) as store:
        assert store.read(TableName.BARS).num_rows == 2


def test_a_folder_by_a_hostile_name_and_data_on_another_disk_are_read(tmp_path: Path) -> None:
    root = tmp_path / "a'; LOAD httpfs; --" / ".." / "b'c" / "data_cache"
    root.parent.parent.parent.mkdir()
    other = tmp_path / "other disk"
    other.mkdir()
    root.mkdir(parents=True)
    (root / "data").symlink_to(other)
    with Store.create(root) as store:
        store.commit(bars(bar("600000.SH", MONDAY)), message="day")
    assert list(other.rglob("*.parquet"))
    with Store.open(root) as store:
        assert store.read(TableName.BARS).num_rows == 1


@pytest.mark.parametrize("record", ["no", "of another size", "right"])
def test_only_what_a_wheel_has_installed_is_loaded(
    record: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"planted/extensions/v{duckdb.__version__}/planted.duckdb_extension"
    file = tmp_path / name
    file.parent.mkdir(parents=True)
    file.write_bytes(b"twelve bytes")
    (tmp_path / "planted" / "__init__.py").touch()
    if record != "no":
        place = tmp_path / "planted-1.0.dist-info" / "RECORD"
        place.parent.mkdir()
        size = 12 if record == "right" else 13
        place.write_text(f"planted/__init__.py,,\n{name},sha256=abc,{size}\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    if record == "right":
        assert lake._extension_file("planted") == file
        return
    with pytest.raises(InputError, match="is not installed"):
        lake._extension_file("planted")
