"""What holds of the store of a lake in a folder, on a lake for many: word for word."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from screener.data.lake.shared.objects import bytes_of
from screener.data.lake.store import Store
from screener.files.place import Place
from tests.support.desk import Desk
from tests.unit import test_store as laws

FILES = {"folder", "empty_folder", "full_folder", "tmp_path"}
"""What a test asks for that concerns the files of a lake in a folder."""

HELD = {
    name: law
    for name, law in vars(laws).items()
    if name.startswith("test_") and not FILES & set(inspect.signature(law).parameters)
}
globals().update(HELD)

store = laws.store

_CATALOG = (
    "SELECT tablename, md5(query_to_xml('TABLE ' || tablename, true, false, '')::text) "
    "FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
)


@pytest.fixture
def empty_lake(desk: Desk, empty_desk: Place) -> Place:
    return empty_desk


@pytest.fixture
def fresh(desk: Desk, empty_desk: Place, tmp_path: Path) -> Callable[[], Place]:
    turn = count()
    return lambda: desk.lake(tmp_path / f"{next(turn)}" / "data_cache", like=empty_desk)


@pytest.fixture(scope="module")
def full_desk(servers: Desk, empty_desk: Place, tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = servers.lake(tmp_path_factory.mktemp("full"), like=empty_desk)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in servers.environ.items():
            patch.setenv(name, value)
        laws.fill(place)
    return place


@pytest.fixture
def root(desk: Desk, full_desk: Place, tmp_path: Path) -> Place:
    return desk.lake(tmp_path / "data_cache", like=full_desk)


@pytest.fixture
def stored(desk: Desk, root: Place, store: Store) -> Callable[[], dict[str, bytes]]:
    return lambda: {
        name: bytes_of(root, store._connection, name.partition("/")[2]) or b""
        for name in desk.objects(root)
    }


@pytest.fixture
def fingerprint(desk: Desk, root: Place) -> Callable[[], dict[str, str]]:
    database = root.catalog.rpartition("=")[2]
    return lambda: {
        "catalog": desk.sql(_CATALOG, database),
        "objects": " ".join(desk.objects(root)),
    }


def test_what_is_held_here_is_most_of_what_there_is() -> None:
    assert len(HELD) > 30
