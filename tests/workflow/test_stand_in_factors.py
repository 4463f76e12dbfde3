"""Factors of ex-days that a source gives in place of terms."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.panels.price_panel import read_panel, read_trading
from screener.data.sources.files import ImportKind, ImportRequest
from screener.domain.listing import parse_listing
from screener.errors import DataError
from screener.workflows.data.importing import ImportOutcome, import_files
from screener.workflows.data.verify import verify
from screener.workspace.locate import Workspace

NOW = datetime(2026, 6, 30, tzinfo=UTC)
BARS = (
    "code,date,open,high,low,close,volume\n"
    "600000.SH,2026-05-18,10,10.1,9.9,10,1000\n"
    "600000.SH,2026-05-19,8.1,8.2,8,8.1,1000\n"
    "600000.SH,2026-05-20,8.2,8.3,8.1,8.2,1000\n"
    "600000.SH,2026-05-21,4.2,4.3,4.1,4.2,1000\n"
)
FACTORS = "code,ex_date,factor\n600000.SH,2026-05-19,1.25\n600000.SH,2026-05-21,2\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "baskets").mkdir()
    return Workspace(root=tmp_path)


def load(
    workspace: Workspace, text: str, kind: ImportKind, basis: Basis | None = None
) -> ImportOutcome:
    path = workspace.root / "given.csv"
    path.write_text(text, encoding="utf-8")
    request = ImportRequest(
        paths=(path,), kind=kind, fetched_at=NOW, today=NOW.date(), basis=basis, as_of=NOW.date()
    )
    return import_files(workspace, request)


def factors(workspace: Workspace) -> list[float]:
    with Store.open(workspace.data_cache) as store:
        return [row["factor"] for row in store.read(TableName.FACTORS).to_pylist()]


def test_factors_stand_in_and_terms_come_first(workspace: Workspace) -> None:
    load(workspace, FACTORS, ImportKind.FACTORS)
    load(workspace, BARS, ImportKind.BARS, Basis.RAW)
    assert factors(workspace) == [pytest.approx(1.25), pytest.approx(2.5)]
    assert not [item for item in verify(workspace).findings if item.table == TableName.FACTORS]
    # by hand: 10 - 2 = 8, 10 / 8 = 1.25 as given; then 0.9 new shares where a factor of 2 is given
    actions = "code,ex_date,cash,bonus\n600000.SH,2026-05-19,2,\n600000.SH,2026-05-21,,0.9\n"
    done = load(workspace, actions, ImportKind.ACTIONS)
    assert factors(workspace) == [pytest.approx(1.25), pytest.approx(1.25 * 1.9)]
    assert any("2026-05-21 make a factor of 1.9, the one given is 2" in t for t in done.remarks)
    causes = [item.cause for item in verify(workspace).findings]
    assert any("make a factor of 1.9, the one given is 2" in cause for cause in causes)


def test_money_takes_a_factor_as_new_shares(workspace: Workspace) -> None:
    load(workspace, BARS, ImportKind.BARS, Basis.RAW)
    load(workspace, FACTORS, ImportKind.FACTORS)
    load(workspace, "code,ex_date,cash\n600000.SH,2026-05-19,2\n", ImportKind.ACTIONS)
    with Store.open(workspace.data_cache) as store:
        day = date(2026, 5, 18)
        panel = read_panel(store, [parse_listing("600000.SH")], first_entry=day, last_entry=day)
        trading = read_trading(store, panel)
    row = panel.row(date(2026, 5, 19))
    assert trading.dividend[row, 0] == 2
    assert trading.share_ratio[row, 0] == 1
    assert trading.share_ratio[panel.row(date(2026, 5, 21)), 0] == 2


def test_cumulative_factors_are_asked_about(workspace: Workspace) -> None:
    days = ("2020-06-10", "2021-06-10", "2022-06-10", "2023-06-09", "2024-06-11", "2025-06-10")
    rows = [f"600000.SH,{day},{1.1**at:.6f}\n" for at, day in enumerate(days, 2)]
    with pytest.raises(DataError, match="factors are cumulative") as caught:
        load(workspace, "code,ex_date,factor\n" + "".join(rows), ImportKind.FACTORS)
    assert "divide each cumulative factor by the one before it" in str(caught.value.fix)


def test_factors_that_no_action_makes_are_rejected(workspace: Workspace) -> None:
    text = "code,ex_date,factor\n600000.SH,2026-05-19,1.25\n600000.SH,2026-05-20,1\n"
    text += "600000.SH,2026-05-21,-2\n600000.SH,2026-05-16,2\n"
    done = load(workspace, text, ImportKind.FACTORS)
    assert [item.reason for item in done.rejects] == [
        "a factor of 1 changes nothing",
        "factor is not positive",
        "not a session of SH (calendar XSHG)",
    ]
