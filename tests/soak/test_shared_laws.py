"""The laws of the store, on a lake for many: those of a lake in a folder, word for word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from screener.data.lake import compaction
from screener.data.lake.store import Store
from screener.files.place import Place
from tests.property import test_store_laws as merging
from tests.property import test_versions_laws as versions
from tests.support.desk import Desk
from tests.support.soaking import share

EXAMPLES = share(2, 20)
TURN = count()


def on_servers(law: Any) -> Callable[..., None]:
    """Return a law with examples of its own, fewer than it has on a lake in a folder."""
    again = given(**law.hypothesis._given_kwargs)(law.hypothesis.inner_test)
    unchecked = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)
    few: Callable[..., None] = settings(
        max_examples=EXAMPLES,
        suppress_health_check=unchecked,
        phases=(Phase.explicit, Phase.generate),
    )(again)
    return few


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    with Store.create(place) as opened:
        yield opened


@pytest.fixture
def fresh(desk: Desk, empty_desk: Place, tmp_path: Path) -> Callable[[], Place]:
    return lambda: desk.lake(tmp_path / f"{next(TURN)}" / "data_cache", like=empty_desk)


@pytest.fixture(autouse=True)
def soon_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "MANY_FILES", 5)


test_disjoint_batches = on_servers(merging.test_disjoint_batches_merge_in_any_order)
test_merging_twice = on_servers(merging.test_merging_twice_changes_nothing)
test_the_last_writer_wins = on_servers(merging.test_the_last_writer_wins_and_the_counts_add_up)
test_a_version_stays = on_servers(merging.test_a_version_stays_as_it_was)
test_compaction_and_expiry = on_servers(
    versions.test_compaction_and_expiry_change_no_row_of_a_kept_version
)
test_compacting_twice = on_servers(versions.test_compacting_twice_does_nothing_the_second_time)
test_differences = on_servers(versions.test_differences_are_those_of_the_rows)
