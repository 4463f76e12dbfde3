"""Imported bars and actions beside their neighbours: what cannot be true, what is doubted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from screener.backtest.run import Settings
from screener.data.doctor import Check, Severity
from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.sources.files import ImportKind, ImportRequest
from screener.domain.basket import Event, Member, Weighting
from screener.domain.listing import Exchange, parse_listing
from screener.domain.report import Precision, Publication
from screener.errors import DataError, InputError
from screener.workflows.backtest.requests import BacktestRequest
from screener.workflows.backtest.run import run_events
from screener.workflows.data.importing import ImportOutcome, import_files
from screener.workflows.data.repair import apply_repairs, plan_repairs
from screener.workflows.data.verify import verify
from screener.workspace.locate import Workspace
from tests.support.panels import sessions

NOW = datetime(2025, 9, 1, tzinfo=UTC)
START = date(2025, 3, 3)
NAME, HK = "601899.SH", "02020.HK"
STEADY = [10.0] * 12
BOTH = pytest.mark.parametrize("basis", list(Basis))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "baskets").mkdir()
    return Workspace(root=tmp_path)


def days_of(listing: str, count: int) -> list[date]:
    return sessions(Exchange(listing[-2:]), START, count)


def bars(listing: str, closes: Sequence[float], first: int = 0) -> str:
    days = days_of(listing, first + len(closes))[first:]
    lines = [
        f"{listing},{day},{close:.10g},{close:.10g},{close:.10g},{close:.10g},100000"
        for day, close in zip(days, closes, strict=True)
    ]
    return "\n".join(["code,date,open,high,low,close,volume", *lines])


def run(
    workspace: Workspace,
    text: str,
    kind: ImportKind = ImportKind.BARS,
    *,
    basis: Basis | None = None,
    name: str = "file.csv",
    dedupe: bool = False,
) -> ImportOutcome:
    path = workspace.root / name
    path.write_text(text, encoding="utf-8")
    request = ImportRequest(
        paths=(path,),
        kind=kind,
        fetched_at=NOW,
        today=NOW.date(),
        basis=basis,
        dedupe=dedupe,
    )
    return import_files(workspace, request)


def act(workspace: Workspace, text: str, *, dedupe: bool = False) -> ImportOutcome:
    return run(workspace, text, ImportKind.ACTIONS, name="actions.csv", dedupe=dedupe)


def read(workspace: Workspace, table: TableName) -> list[dict[str, object]]:
    with Store.open(workspace.data_cache) as store:
        return store.read(table).to_pylist()


def closes(workspace: Workspace) -> list[object]:
    return [row["close"] for row in read(workspace, TableName.BARS)]


def reasons(workspace: Workspace) -> list[str]:
    return [str(row["reason"]) for row in read(workspace, TableName.QUARANTINE)]


# Rows that cannot be true


@BOTH
@pytest.mark.parametrize("listing", [NAME, "300857.SZ", HK])
@pytest.mark.parametrize("close", [1000.0, 0.1])
def test_a_row_that_leaves_and_comes_back_goes_to_quarantine(
    workspace: Workspace, listing: str, close: float, basis: Basis
) -> None:
    done = run(workspace, bars(listing, [*STEADY, close, 10.2, 10.1]), basis=basis)
    assert closes(workspace) == [*STEADY, 10.2, 10.1]
    (told,) = done.reasons
    assert told[0].startswith("bad tick: ")
    assert told[1:] == (1, f"{listing} {days_of(listing, 13)[12]}")
    (row,) = read(workspace, TableName.QUARANTINE)
    assert (row["listing"], row["session"]) == (listing, days_of(listing, 13)[12])
    assert not any("doubt" in text for text in done.remarks)  # nor is the way back a jump
    gap, quarantine = verify(workspace).findings
    assert (gap.check, quarantine.check) == (Check.GAP, Check.REJECTED)


@BOTH
def test_a_range_that_no_reference_allows_goes_to_quarantine(
    workspace: Workspace, basis: Basis
) -> None:
    text = bars(NAME, [*STEADY, 10.0, 10.0])
    day = days_of(NAME, 13)[12]
    done = run(workspace, text.replace(f"{day},10,10,", f"{day},10,1000,"), basis=basis)
    assert len(done.rejects) == 1
    assert "high of 1000 with a low of 10" in done.rejects[0].reason


@BOTH
def test_bad_ticks_of_one_file_are_told_in_one_line(workspace: Workspace, basis: Basis) -> None:
    files = [bars(name, [*STEADY, 1000.0, 10.0]) for name in (NAME, "600000.SH")]
    text = files[0] + files[1].partition("volume")[2]
    done = run(workspace, text, basis=basis)
    ((reason, count, _),) = done.reasons
    assert (reason[:8], count) == ("bad tick", 2)


@BOTH
def test_the_last_row_is_kept_with_a_doubt_and_a_stored_row_is_never_taken_out(
    workspace: Workspace, basis: Basis
) -> None:
    run(workspace, bars(NAME, [*STEADY, 1000.0]), basis=basis)
    assert closes(workspace)[-1] == 1000.0
    assert reasons(workspace)[0].startswith("kept: ")
    if basis is Basis.RAW:
        run(workspace, bars(NAME, [10.1, 10.0], first=13), basis=basis, name="later.csv")
        assert closes(workspace)[-3:] == [1000.0, 10.1, 10.0]
        (doubt,) = reasons(workspace)
        assert doubt.startswith("kept: bad tick: ")


# Lasting jumps


@BOTH
@pytest.mark.parametrize(
    ("listing", "jumped", "cause"),
    [
        (NAME, 7.15, "missed split 1.4×"),
        (NAME, 2.15, "unexplained"),
        ("300857.SZ", 5.0, "missed split 2×"),
        (HK, 100.0, "missed reverse split 10×"),
        (HK, 0.5, "missed split 20×"),
    ],
)
def test_a_lasting_jump_is_stored_with_a_doubt_told_found_and_marked(
    workspace: Workspace, listing: str, jumped: float, cause: str, basis: Basis
) -> None:
    prices = [*STEADY, *[jumped] * 6]
    done = run(workspace, bars(listing, prices), basis=basis)
    assert closes(workspace) == prices
    (remark,) = [text for text in done.remarks if "with a doubt" in text]
    day = days_of(listing, 13)[12]
    assert remark.startswith("1 bars stored with a doubt, ")
    assert f"{listing} on {day}" in remark
    assert cause in remark
    jump, quarantine = verify(workspace).findings
    assert (jump.session, jump.check, jump.cause) == (day, Check.PRICE_LIMIT, cause)
    assert jump.severity is Severity.ERROR
    assert "stored with a doubt" in quarantine.cause
    (mark,) = marks(workspace, listing, day)
    assert cause in mark
    assert marks(workspace, listing, days_of(listing, 18)[16]) == []


def marks(workspace: Workspace, listing: str, day: date) -> list[str]:
    """Run a window of two sessions from the one after the third before a day."""
    known = days_of(listing, 30)
    event = Event(
        basket="mine",
        report="",
        published=Publication(value=known[known.index(day) - 2], precision=Precision.DAY),
        members=(Member(listing=parse_listing(listing), name="x"),),
        weighting=Weighting.EQUAL,
    )
    request = BacktestRequest(events=(event,), settings=Settings(horizons=(2,)), benchmark="none")
    with Store.create(workspace.data_cache) as store:
        store.commit(batch_of_fixings(), message="fixings")
        remarks = run_events(store, request, program_version="test").remarks
    return [text for text in remarks if "touches a quarantined row" in text]


def batch_of_fixings() -> Batch:
    days = sessions(Exchange.HK, START, 30)
    rows = make_rows(
        TableName.FX,
        {"pair": "HKDCNY", "session": days, "rate": [0.92] * len(days)},
        source="fixings",
        fetched_at=NOW,
    )
    return Batch(tables={TableName.FX: rows})


def test_a_doubt_goes_when_an_action_explains_it_and_comes_when_one_is_denied(
    workspace: Workspace,
) -> None:
    day = days_of(HK, 13)[12]
    run(workspace, bars(HK, [*STEADY, 50.0, 50.0]), basis=Basis.RAW)
    (missed,) = reasons(workspace)
    assert missed.endswith("missed reverse split 5×")
    act(workspace, f"code,ex_date,split\n{HK},{day},5\n")
    (denied,) = reasons(workspace)
    assert denied.endswith("moved +2400% from 2: the action or factor of that day says otherwise")
    found = verify(workspace).findings
    errors = {item.check for item in found if item.severity is Severity.ERROR}
    assert errors == {Check.EX_MOVE, Check.PRICE_LIMIT}
    done = act(workspace, f"code,ex_date,split\n{HK},{day},0.2\n")
    assert reasons(workspace) == []
    assert verify(workspace).findings == ()
    assert any(f"{HK} {day}: split 0.2, was split 5" in text for text in done.remarks)


def test_an_action_that_comes_before_the_bars_is_held_against_them_too(
    workspace: Workspace,
) -> None:
    day = days_of(NAME, 13)[12]
    act(workspace, f"code,ex_date,bonus\n{NAME},{day},1\n")
    done = run(workspace, bars(NAME, [*STEADY, 10.1, 10.1]), basis=Basis.RAW)
    assert any("the action or factor of that day says otherwise" in text for text in done.remarks)
    assert closes(workspace)[-1] == 10.1


def test_an_action_denied_after_a_halt_is_doubted_by_itself(workspace: Workspace) -> None:
    days = days_of(NAME, 16)
    text = bars(NAME, [*STEADY, 10.0, 10.0, 10.1, 10.1])
    halted = "\n".join(line for line in text.split("\n") if str(days[12]) not in line)
    run(workspace, halted, basis=Basis.RAW)
    done = act(workspace, f"code,ex_date,bonus\n{NAME},{days[13]},1\n")
    assert any(text.startswith("1 actions stored with a doubt") for text in done.remarks)
    (row,) = read(workspace, TableName.QUARANTINE)
    assert (row["table_name"], row["session"]) == ("actions", days[13])


def test_a_repair_takes_its_doubt_away(workspace: Workspace) -> None:
    run(workspace, bars(NAME, [*STEADY, 5.0, 5.0]), basis=Basis.RAW)
    plan = plan_repairs(workspace, verify(workspace))
    apply_repairs(workspace, plan, now=NOW)
    assert reasons(workspace) == []


def test_later_files_change_no_verdict_on_earlier_sessions(workspace: Workspace) -> None:
    run(workspace, bars(NAME, [*STEADY, 7.15, 7.2, 7.2]), basis=Basis.RAW)
    before = read(workspace, TableName.QUARANTINE)
    run(workspace, bars(NAME, [7.1, 7.3], first=15), basis=Basis.RAW, name="later.csv")
    assert read(workspace, TableName.QUARANTINE) == before


def test_prices_in_32_bits_are_stored_as_quoted(workspace: Workspace) -> None:
    text = bars(NAME, [10.0, 11.00000038, 11.02])
    done = run(workspace, text, basis=Basis.RAW)
    assert closes(workspace) == [10.0, 11.0, 11.02]
    assert any("first 601899.SH 2025-03-04, open 11.00000038 to 11" in t for t in done.remarks)


# Several actions on one ex-date

CUM = [*STEADY, 9.0, 9.0]


@pytest.mark.parametrize(
    ("rows", "factor"),
    [
        ("cash\n{0},0.7\n{0},0.3\n", 10 / 9),
        ("cash,bonus\n{0},0.5,0\n{0},0,0.1\n", 10 / (9.5 / 1.1)),
        ("cash,kind\n{0},0.5,final\n{0},0.5,special\n", 10 / 9),
        ("cash,rights,rights_price\n{0},0.5,,\n{0},,0.2,5\n", 10 / ((10 - 0.5 + 1) / 1.2)),
    ],
)
def test_actions_of_one_ex_date_are_all_taken(
    workspace: Workspace, rows: str, factor: float
) -> None:
    run(workspace, bars(HK, CUM), basis=Basis.RAW)
    key = f"{HK},{days_of(HK, 13)[12]}"
    done = act(workspace, "code,ex_date," + rows.format(key))
    (row,) = read(workspace, TableName.FACTORS)
    assert row["factor"] == pytest.approx(factor)
    assert any("1 ex-dates have several actions, taken together" in t for t in done.remarks)


@pytest.mark.parametrize(
    "rows",
    [
        "cash\n{0},0.5\n{0},0.5\n",
        "cash,announced\n{0},0.5,2025-01-02\n{0},0.5,2025-02-03\n",  # a plan, and carried out
        "cash,kind\n{0},0.5,final\n{0},0.5,Final\n",
        "cash,kind\n{0},0.5,final\n{0},0.5,\n",
    ],
)
def test_equal_actions_are_asked_about_and_taken_once_where_the_user_says_so(
    workspace: Workspace, rows: str
) -> None:
    run(workspace, bars(HK, CUM), basis=Basis.RAW)
    text = "code,ex_date," + rows.format(f"{HK},{days_of(HK, 13)[12]}")
    with pytest.raises(DataError, match=r"2 rows of 02020\.HK .*cash 0\.5.*told 2 times") as error:
        act(workspace, text)
    assert "--dedupe" in error.value.fix
    assert "column `kind`" in error.value.fix
    assert read(workspace, TableName.ACTIONS) == []
    done = act(workspace, text, dedupe=True)
    (row,) = read(workspace, TableName.ACTIONS)
    assert row["cash"] == 0.5
    assert any("were taken once" in remark for remark in done.remarks)


def test_dedupe_is_for_actions(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="--dedupe is for actions, not for bars") as error:
        run(workspace, bars(NAME, STEADY), basis=Basis.RAW, dedupe=True)
    assert error.value.fix.startswith("drop --dedupe")
