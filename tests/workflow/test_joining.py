"""Later files beside what is stored: joined, continued, replaced or refused; nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.sources.files import ImportKind, ImportRequest
from screener.domain.listing import parse_listing
from screener.errors import DataError, InputError
from screener.market.calendars import calendar_of
from screener.workflows.data.importing import ImportOutcome, import_files
from screener.workspace.locate import Workspace

NOW = datetime(2026, 6, 30, tzinfo=UTC)
DAYS = [
    day.item()
    for day in calendar_of(parse_listing("600000.SH").exchange).between(
        date(2026, 3, 2), date(2026, 6, 12)
    )
]
LEVEL = 20 * np.cumprod(1 + 0.01 * np.sin(np.arange(len(DAYS))))

Import = Callable[..., ImportOutcome]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "baskets").mkdir()
    return Workspace(root=tmp_path)


@pytest.fixture
def load(workspace: Workspace, tmp_path: Path) -> Import:
    def run(
        text: str,
        basis: Basis | None = Basis.ADJUSTED,
        *,
        kind: ImportKind = ImportKind.BARS,
        continues: bool = False,
        name: str = "bars.csv",
        dry_run: bool = False,
    ) -> ImportOutcome:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        request = ImportRequest(
            paths=(path,),
            kind=kind,
            fetched_at=NOW,
            today=NOW.date(),
            basis=basis,
            as_of=NOW.date(),
            continues=continues,
        )
        return import_files(workspace, request, dry_run=dry_run)

    return run


def rows(
    places: Iterable[int], *, scale: float = 1.0, code: str = "600000.SH", alone: bool = False
) -> str:
    found = []
    for at in places:
        close = round(LEVEL[at] * scale, 4)
        middle = ",,," if alone else f"{close},{close * 1.001:.4f},{close * 0.999:.4f},"
        found.append(f"{code},{DAYS[at]},{middle}{close},{1000 + at}\n")
    return "".join(found)


HEAD = "code,date,open,high,low,close,volume\n"


def stored(workspace: Workspace, code: str = "600000.SH") -> dict[date, dict[str, object]]:
    with Store.open(workspace.data_cache) as store:
        found = store.read(TableName.BARS, listings=[code]).to_pylist()
    return {row["session"]: row for row in found}


def test_a_later_anchor_joins_at_its_ratio_and_moves_nothing_stored(
    workspace: Workspace, load: Import
) -> None:
    load(HEAD + rows(range(40)))
    before = stored(workspace)
    done = load(HEAD + rows(range(30, 60), scale=0.8))
    after = stored(workspace)
    assert {day: after[day] for day in before} == before
    assert list(after) == DAYS[:60]
    closes = [float(after[day]["close"]) for day in DAYS[:60]]  # type: ignore[arg-type]
    assert closes == pytest.approx(LEVEL[:60], rel=2e-5)
    # by hand: both sides are rounded to 4 decimals, so the ratio is 0.8 to some 1e-6
    (told,) = [text for text in done.remarks if "joined to the stored history" in text]
    assert re.search(r"600000\.SH divided by 0\.(8|79999\d|80000\d) \(10 sessions shared\)", told)
    assert not any(change.removed for change in done.changes)


@pytest.mark.parametrize("shared", [0, 4])
def test_too_few_shared_sessions_are_refused(
    workspace: Workspace, load: Import, shared: int
) -> None:
    load(HEAD + rows(range(40)))
    with pytest.raises(DataError, match=f"share {shared} sessions .* 5 are needed") as caught:
        load(HEAD + rows(range(40 - shared, 60)))
    assert "--continues" in str(caught.value.fix)
    assert str(DAYS[35]) in str(caught.value.fix)
    assert list(stored(workspace)) == DAYS[:40]


def test_ratios_that_drift_are_refused(workspace: Workspace, load: Import) -> None:
    load(HEAD + rows(range(40)))
    text = HEAD + rows(range(25, 40), scale=0.9) + rows(range(40, 60), scale=0.9)
    lines = text.splitlines()
    broken = []
    for line in lines[1:]:  # a dividend subtracted: 0.40 off every price
        cells = line.split(",")
        broken.append(",".join([*cells[:2], *(f"{float(c) - 0.4:.4f}" for c in cells[2:6]), "9"]))
    with pytest.raises(DataError, match="at no one ratio") as caught:
        load("\n".join([lines[0], *broken]) + "\n")
    assert "subtracts" in str(caught.value.fix)
    assert list(stored(workspace)) == DAYS[:40]


def test_a_file_that_covers_all_of_it_replaces_it(workspace: Workspace, load: Import) -> None:
    load(HEAD + rows(range(10, 40)))
    done = load(HEAD + rows(range(45), scale=0.5))
    assert float(stored(workspace)[DAYS[20]]["close"]) == pytest.approx(  # type: ignore[arg-type]
        LEVEL[20] / 2, rel=1e-4
    )
    assert any("replaced as a whole" in text for text in done.remarks)
    again = load(HEAD + rows(range(45), scale=0.5))
    assert not any("replaced" in text for text in again.remarks)


def test_a_session_without_trading_is_no_loss(workspace: Workspace, load: Import) -> None:
    text = rows(range(10)).replace(",1004\n", ",0\n")
    load(HEAD + text)
    load(HEAD + rows([0, 1, 2, 3, 5, 6, 7, 8, 9, 10], scale=0.5))
    assert DAYS[4] not in stored(workspace)
    assert DAYS[10] in stored(workspace)


def test_continues_takes_a_step_within_the_limit_alone(workspace: Workspace, load: Import) -> None:
    load(HEAD + rows(range(40)))
    done = load(HEAD + rows(range(40, 60)), continues=True)
    assert list(stored(workspace)) == DAYS[:60]
    (told,) = [text for text in done.remarks if "continue the stored history" in text]
    assert f"{DAYS[39]}" in told
    assert f"{DAYS[40]}" in told
    # 10 % is the limit of the main board, 20 % that of ChiNext
    for code, scale, fits in (
        ("600001.SH", 1.15, False),
        ("600002.SH", 0.85, False),
        ("300001.SZ", 1.15, True),
    ):
        load(HEAD + rows(range(40), code=code))
        later = HEAD + rows(range(40, 60), code=code, scale=scale)
        if fits:
            load(later, continues=True)
            assert len(stored(workspace, code)) == 60
            continue
        with pytest.raises(DataError, match="do not go on at the stored level") as caught:
            load(later, continues=True)
        assert "5 sessions" in str(caught.value.fix)
        assert len(stored(workspace, code)) == 40


def test_continues_is_for_adjusted_bars(load: Import) -> None:
    with pytest.raises(InputError, match="--continues is for adjusted bars") as caught:
        load(HEAD + rows(range(5)), Basis.RAW, continues=True)
    assert caught.value.fix == "drop --continues"


@pytest.mark.parametrize(("first", "second"), [*zip(Basis, reversed(Basis), strict=True)])
def test_raw_and_adjusted_never_join(
    workspace: Workspace, load: Import, first: Basis, second: Basis
) -> None:
    load(HEAD + rows(range(40)), first)
    with pytest.raises(DataError, match=f"{second} prices do not join {first} ones") as caught:
        load(HEAD + rows(range(1, 60)), second)
    assert f"import {second} prices from {DAYS[0]}" in str(caught.value.fix)
    assert {row["basis"] for row in stored(workspace).values()} == {first}
    load(HEAD + rows(range(60)), second)
    assert {row["basis"] for row in stored(workspace).values()} == {second}


def test_a_listing_that_cannot_join_stops_no_other(workspace: Workspace, load: Import) -> None:
    load(HEAD + rows(range(40)) + rows(range(40), code="600004.SH"))
    text = HEAD + rows(range(30, 60), scale=2.0) + rows(range(50, 60), code="600004.SH")
    done = load(text)
    assert (len(stored(workspace)), len(stored(workspace, "600004.SH"))) == (60, 40)
    ((reason, count, _),) = done.reasons
    assert count == 1
    assert "--continues" in reason
    with Store.open(workspace.data_cache) as store:
        (row,) = store.read(TableName.QUARANTINE).to_pylist()
    assert (row["listing"], row["session"]) == ("600004.SH", DAYS[50])


def test_closes_alone_extend_and_take_no_open_away(workspace: Workspace, load: Import) -> None:
    load(HEAD + rows(range(40)))
    done = load(HEAD + rows(range(30, 60), alone=True, scale=1.25))
    held = stored(workspace)
    assert held[DAYS[35]]["open"] is not None
    assert [held[DAYS[50]][name] for name in ("open", "high", "low")] == [None] * 3
    assert float(held[DAYS[50]]["close"]) == pytest.approx(LEVEL[50], rel=1e-4)  # type: ignore[arg-type]
    assert any("nothing can be bought at the open" in text for text in done.remarks)
    load(HEAD + rows(range(45, 60), scale=1.25))  # with opens: at a ratio to the closes
    assert stored(workspace)[DAYS[50]]["open"] == pytest.approx(LEVEL[50], rel=1e-4)


def test_raw_closes_alone_leave_whole_rows_as_they_are(workspace: Workspace, load: Import) -> None:
    load(HEAD + rows(range(10)), Basis.RAW)
    before = stored(workspace)
    text = "code,date,close\n" + "".join(
        f"600000.SH,{DAYS[at]},{round(LEVEL[at] * (0.99 if at == 9 else 1), 4)}\n"
        for at in range(5, 12)
    )
    done = load(text, Basis.RAW)
    after = stored(workspace)
    assert {day: after[day] for day in before} == before
    assert list(after) == DAYS[:12]
    assert any("600000.SH 5, 1 of them at another close" in text for text in done.remarks)


def test_a_row_that_lacks_one_price_of_its_file_is_rejected(load: Import) -> None:
    text = HEAD + rows(range(3)) + f"600000.SH,{DAYS[3]},,20,19,19.5,1\n"
    done = load(text, Basis.RAW)
    assert [item.reason for item in done.rejects] == ["open is missing"]


def test_dry_run_tells_the_same_and_changes_nothing(workspace: Workspace, load: Import) -> None:
    load(HEAD + rows(range(40)))
    later = HEAD + rows(range(30, 60), scale=0.8)
    foreseen = load(later, dry_run=True)
    assert list(stored(workspace)) == DAYS[:40]
    done = load(later)
    assert (foreseen.changes, foreseen.remarks) == (done.changes, done.remarks)


def test_suspensions_keep_what_is_known_of_special_treatment(
    workspace: Workspace, load: Import
) -> None:
    text = f"code,date,suspended,st\n600000.SH,{DAYS[2]},0,1\n600000.SH,{DAYS[3]},0,0\n"
    load(text, None, kind=ImportKind.STATUS)
    load(f"code,date,suspended\n600000.SH,{DAYS[2]},1\n", None, kind=ImportKind.STATUS)
    with Store.open(workspace.data_cache) as store:
        found = store.read(TableName.STATUS).to_pylist()
    assert [(row["suspended"], row["st"]) for row in found] == [(True, True), (False, False)]
