"""What a screen would have earned: the same names as the screen, no look-ahead, planted biases."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import screener
from screener.cli.main import app
from screener.domain.listing import Exchange
from screener.errors import DataError, DateRangeError, InputError
from screener.language import Language, speaking
from screener.results import screen_backtest as tables
from screener.results.tables import fits
from screener.workflows.screen.backtest import rows
from screener.workflows.screen.backtest.dates import Every, rebalancing_days
from tests.support import screen_worlds as planted
from tests.support.report_lake import empty_workspace
from tests.support.soaking import SOAK, soaked

SPAN = {"first": "2025-01-01", "last": "2025-06-30"}
MONEY = {"capital": 1e7, "participation": 1.0, "benchmark": planted.INDEX}
COST = 0.002  # of commission and stamp duty over the span, of the money


@pytest.fixture(scope="module")
def ws(tmp_path_factory):
    """Return the planted market."""
    place = empty_workspace(tmp_path_factory.mktemp("planted") / "w")
    planted.fill(place)
    return screener.open(place.root)


def held(ws, **asked):
    return ws.screen_backtest(**{**SPAN, **MONEY, "universe": "a", **asked})


# --- when


def test_dates_are_the_first_sessions_and_are_decided_the_session_before():
    found = rebalancing_days([Exchange.SH], date(2025, 1, 1), date(2025, 4, 30), Every.MONTH)
    assert [(str(one.decided), str(one.traded)) for one in found] == [
        ("2024-12-31", "2025-01-02"),
        ("2025-01-27", "2025-02-05"),
        ("2025-02-28", "2025-03-03"),
        ("2025-03-31", "2025-04-01"),
    ]
    quarters = rebalancing_days([Exchange.SH], date(2025, 1, 15), date(2025, 8, 30), Every.QUARTER)
    assert [str(one.traded) for one in quarters] == ["2025-01-15", "2025-04-01", "2025-07-01"]
    # Both must be open: the mainland is closed until 8 October, Hong Kong opens on the 2nd.
    both = rebalancing_days(
        [Exchange.SH, Exchange.HK], date(2025, 10, 1), date(2025, 10, 31), Every.MONTH
    )
    assert [(str(one.decided), str(one.traded)) for one in both] == [("2025-10-08", "2025-10-09")]
    with pytest.raises(DateRangeError, match="no session from 2025-10-01 to 2025-10-05"):
        rebalancing_days([Exchange.SH], date(2025, 10, 1), date(2025, 10, 5), Every.MONTH)


# --- whom


def test_each_date_names_whom_the_screen_names_on_it(ws):
    asked = {
        "universe": "a",
        "where": "pb < 1.06 AND NOT delisting",
        "checks": {"there": "pb > 0 AND industry IS NOT NULL"},
        "exclude": ["st", "suspended"],
        "rank": "pb desc",
        "top": 3,
        "pb": (None, 1.055),
    }
    run = held(ws, **asked, first="2025-01-01" if SOAK else "2025-04-01")
    names = run.names
    assert names["decided"].nunique() == (6 if SOAK else 3)
    for day, some in names.groupby("decided"):
        screened = ws.screen(as_of=day.date(), **asked).result
        wanted = [row.listing for row in screened.passes[:3]]
        assert some.sort_values("rank")["listing"].to_list() == wanted
        row = run.rebalances.set_index("decided").loc[day]
        assert row["n_passed"] == len(screened.passes)
        assert row["n_looked"] == len(screened.rows)
    assert planted.DELISTED in set(names["listing"])
    later = names[names["decided"] >= pd.Timestamp(planted.GONE)]
    assert planted.DELISTED not in set(later["listing"])


def test_what_was_recorded_later_changes_no_earlier_row(ws, tmp_path):
    """Data, delistings, statements and industries after April leave the rows up to it alone."""
    place = empty_workspace(tmp_path / "early")
    planted.fill(place, date(2025, 4, 30))
    early = held(screener.open(place.root), pb=(None, 3), last="2025-04-30")
    late = held(ws, pb=(None, 3))
    n = len(early.rebalances)
    assert n == 4
    drop = ["run_id"]
    pd.testing.assert_frame_equal(
        early.rebalances.drop(columns=drop), late.rebalances[:n].drop(columns=drop)
    )
    pd.testing.assert_frame_equal(
        early.names.drop(columns=drop), late.names[: len(early.names)].drop(columns=drop)
    )
    pd.testing.assert_frame_equal(
        early.curve.drop(columns=drop), late.curve[: len(early.curve)].drop(columns=drop)
    )


# --- what it comes to


@soaked
def test_the_ledger_sums_to_the_equity_and_the_rows_to_the_curve(ws):
    run = held(ws, pb=(None, 3), delisting_recovery=0.0)
    last = run.curve.iloc[-1]
    orders = run.orders
    assert last["cash"] == pytest.approx(1e7 + orders["cash_cny"].sum(), abs=1e-4)
    compounded = (1 + run.rebalances["period_return"]).prod()
    assert compounded == pytest.approx(last["equity"] / 1e7, rel=1e-12)
    assert run.rebalances["fees"].sum() == pytest.approx(orders["fees_cny"].sum(), abs=1e-6)
    closes = dict.fromkeys(planted.MOVES, 10.0)
    for name, move in planted.MOVES.items():
        for day in planted.days():
            closes[name] = round(closes[name] * (1 + move(day)), 2)
    filled = orders[orders["status"].isin(["filled", "partial"])]
    signed = filled["shares"] * np.where(filled["side"] == "buy", 1, -1)
    shares = signed.groupby(filled["listing"]).sum()
    worth = sum(shares[name] * closes[name] for name in shares.index)
    assert last["equity"] == pytest.approx(last["cash"] + worth, abs=1e-3)
    assert shares[planted.DELISTED] == pytest.approx(0)


@soaked
def test_one_flat_name_earns_its_costs_and_no_more(ws):
    run = held(ws, listings=planted.FLAT, universe=None, pb=(None, 3))
    first = run.orders.iloc[0]
    # 250 basis points of a percent of 10 CNY a share, in lots of a hundred.
    assert first["session"] == pd.Timestamp("2025-01-02")
    assert first["price"] == 10.0
    assert first["shares"] % 100 == 0
    assert (run.rebalances["n_entered"] == [1, 0, 0, 0, 0, 0]).all()
    assert run.measures["total_return"].iloc[0] == pytest.approx(
        -run.measures["fees"].iloc[0] / 1e7, rel=1e-9
    )
    assert 0 < run.measures["fees"].iloc[0] < 1e7 * 0.0005


def test_a_delisted_name_stands_at_its_last_close_or_is_paid_out(ws):
    asked = {"listings": planted.DELISTED, "universe": None, "pb": (None, 3)}
    stands, paid = held(ws, **asked), held(ws, **asked, delisting_recovery=0.0)
    assert any("stands at its last close" in line for line in stands.run.remarks)
    assert stands.curve["n_held"].iloc[-1] == 1
    assert paid.curve["n_held"].iloc[-1] == 0
    assert paid.curve["equity"].iloc[-1] < 0.01 * 1e7
    last = paid.orders.iloc[-1]
    assert last["session"] == pd.Timestamp(planted.GONE)
    assert "paid out" in last["reason"]
    # Fifteen days of -5 % from 10.00.
    price = 10.0
    for day in planted.days():
        price = round(price * (1 + planted.MOVES[planted.DELISTED](day)), 2)
    assert stands.measures["total_return"].iloc[0] == pytest.approx(price / 10 - 1, abs=COST)


@soaked
def test_a_suspended_name_is_bought_once_it_trades(ws):
    asked = {
        "listings": planted.HALTED,
        "universe": None,
        "pb": (None, 3),
        "first": "2025-03-01",
    }
    first = held(ws, **asked).orders.iloc[0]
    assert first["scheduled_session"] == pd.Timestamp("2025-03-03")
    assert first["session"] == pd.Timestamp("2025-03-06")
    assert "suspended" in first["reason"]
    missed = held(ws, **asked, max_wait=2, last="2025-03-31")
    assert missed.orders["status"].to_list() == ["unfilled"]
    assert missed.names["state"].to_list() == ["missed"]
    assert any("1 purchase was not made" in line for line in missed.run.remarks)


def test_where_nobody_passes_the_account_holds_cash(ws):
    run = held(ws, pb=(90, None))
    assert (run.curve["equity"] == 1e7).all()
    assert any("6 rebalancings no name passed" in line for line in run.run.remarks)


@soaked
def test_rows_fit_their_tables(ws):
    run = held(ws, pb=(None, 3), top=2, bias_check=True).run
    for spec, made in (
        (tables.REBALANCES, rows.rebalance_rows(run)),
        (tables.NAMES, rows.name_rows(run)),
        (tables.CURVE, rows.curve_rows(run)),
        (tables.ORDERS, [tables.ORDERS.row(row) for row in rows.order_rows(run)]),
        (tables.MEASURES, [rows.measure_row(run)]),
        (tables.BIASES, rows.bias_rows(run)),
    ):
        assert made
        assert not fits(spec, made)


# --- what look-ahead would have added


def biased(ws, **asked):
    found = held(ws, bias_check=True, every="quarter", **asked)
    return found.biases.set_index("bias"), found.measures["total_return"].iloc[0]


def grown(name, first, last):
    """Return what a name returns from the open of one day to the open of another."""
    price = {}
    value = 10.0
    for day in planted.days():
        price[day] = value
        value = round(value * (1 + planted.MOVES[name](day)), 2)
    return price[last] / price[first] - 1


def test_statements_known_at_their_period_s_end_add_what_happened_before_they_were(ws):
    """It grew by a percent a day until it told why: who knew in March had it, who waited had not.

    With the statement known on 31 March it is bought on 1 April; else, told on 28 April, in July.
    """
    found, plain = biased(ws, where="revenue_yoy > 0.5")
    expected = grown(planted.GROWING, date(2025, 4, 1), date(2025, 6, 30))
    assert expected > 0.2
    assert plain == pytest.approx(0, abs=COST)
    assert found["added"]["period_end"] == pytest.approx(expected, abs=COST)
    assert found["n_changed"]["period_end"] == 1
    assert found["added"][["survivors", "labels"]].to_list() == [0, 0]


@soaked
def test_survivors_alone_leave_out_the_loss_of_who_was_delisted(ws):
    asked = {"listings": None, "where": "listing IN ('600000.SH', '600002.SH')"}
    found, plain = biased(ws, **asked, delisting_recovery=0.0)
    assert plain < -0.3  # what was put into it until April is lost
    assert found["added"]["survivors"] == pytest.approx(-plain, abs=COST)
    assert found["n_changed"]["survivors"] == 2
    assert found["added"][["period_end", "labels"]].to_list() == [0, 0]


@soaked
def test_today_s_industries_add_what_a_name_did_before_it_was_there(ws):
    found, plain = biased(ws, industry="铜")
    expected = grown(planted.MOVING, date(2025, 1, 2), date(2025, 3, 10))
    assert expected > 0.15
    assert plain == pytest.approx(0, abs=COST)
    assert found["added"]["labels"] == pytest.approx(expected, abs=COST)
    assert found["n_changed"]["labels"] == 1  # in January; it moved on 10 March


@soaked
def test_a_session_early_adds_what_happened_while_it_was_decided(ws):
    """It is bought anew each month only where it left: so once, and the first jump is added."""
    found, plain = biased(
        ws, listings=planted.JUMPING, universe=None, pb=(None, 3), last="2025-01-20"
    )
    assert plain == pytest.approx(0, abs=COST)
    assert found["added"]["early_entry"] == pytest.approx(0.05, abs=COST)
    assert found["n_changed"]["early_entry"] == 0
    assert found["added"]["all"] == pytest.approx(0.05, abs=COST)


# --- on the command line


def typed(ws, *words, code=0):
    with speaking(Language.EN):  # what a command binds is let go
        done = CliRunner().invoke(app, ["screen", *words, "--workspace", str(ws.place.root)])
    assert done.exit_code == code, done.output
    return done


SPANNED = ("--universe", "a", "--pb", "..3", "--backtest", "--from", "2025-01-01")


def test_the_command_writes_what_the_library_returns(ws, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("LANGUAGE", "en")
    files = {name: tmp_path / f"{name}.x" for name in ("csv", "json", "paths", "ledger", "metrics")}
    options = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    page = tmp_path / "p.html"
    done = typed(
        ws,
        *SPANNED,
        "--to",
        "20250630",
        "--every",
        "quarter",
        "--top",
        "2",
        "--capital",
        "1e7",
        "--benchmark",
        planted.INDEX,
        "--bias-check",
        *options,
        "--html",
        str(page),
    )
    assert "the 2 best names, chosen anew each quarter" in done.stdout
    assert "traded a session early" in done.stdout
    run = ws.screen_backtest(
        universe="a",
        pb=(None, 3),
        every="quarter",
        top=2,
        bias_check=True,
        capital=1e7,
        benchmark=planted.INDEX,
        **SPAN,
    )
    written = pd.read_csv(files["csv"], parse_dates=["decided", "traded"])
    drop = {"columns": ["run_id"]}  # it says how a range was written, too
    pd.testing.assert_frame_equal(
        written.drop(**drop), run.rebalances.drop(**drop), check_dtype=False
    )
    assert len(pd.read_csv(files["paths"])) == len(run.curve)
    assert len(pd.read_csv(files["ledger"])) == len(run.orders)
    document = json.loads(files["json"].read_text(encoding="utf-8"))
    assert [row["listing"] for row in document["names"]] == run.names["listing"].to_list()
    assert [row["bias"] for row in document["biases"]][-1] == "all"
    text = page.read_text(encoding="utf-8")
    assert "http" not in text.replace("http-equiv", "")
    assert "Content-Security-Policy" in text


def test_what_makes_no_sense_is_refused(ws):
    for words, told in (
        (("--every", "month"), "--every is read with --backtest alone"),
        (("--slippage-bps", "5"), "--slippage-bps is read with --backtest alone"),
        (("--backtest",), "--backtest needs a span"),
        ((*SPANNED[4:], "--to", "2024-12-01"), "--to 2024-12-01 comes before"),
        ((*SPANNED[4:], "--to", "2025-06-30", "--every", "week"), "--every 'week' is not one of"),
        ((*SPANNED[4:], "--to", "2025-06-30", "--as-of", "2025-01-01"), "exclude each other"),
    ):
        done = typed(ws, "--universe", "a", "--pb", "..3", *words, code=2)
        assert told in " ".join(done.stderr.split()), done.stderr
    with pytest.raises(DataError, match="the tables hold no session from 2025-07-01 on"):
        held(ws, pb=(None, 3), first="2025-07-01", last="2025-07-31")
    with pytest.raises(InputError, match="rebalance is not read"):
        held(ws, pb=(None, 3), rebalance="monthly")
