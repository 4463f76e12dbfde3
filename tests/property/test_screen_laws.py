"""Laws of the screen, on random markets."""

from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from screener.data.lake.schema import TABLES, TableName
from screener.errors import DataError
from screener.screen.criteria import Criterion, Order, parse_criterion
from screener.screen.evaluate import Questions, evaluate, row_schema
from screener.screen.fields import FIELDS
from screener.screen.query import parse_predicate
from screener.workflows.screen.run import ScreenRequest, Universe, run_screen
from tests.support.laws import laws

LAWS = laws(40)
STORED = [field.name for field in FIELDS.values() if field.stored]
SCHEMA = row_schema(FIELDS[name] for name in STORED)
PREDICATE = parse_predicate("pb < 5 OR pe_ttm_raw < 0")

values = st.one_of(
    st.none(),
    st.sampled_from([0.0, 1.5, -3.0, float("nan")]),
    st.floats(-100, 1e12, allow_nan=False),
)
markets = st.lists(st.fixed_dictionaries(dict.fromkeys(STORED, values)), min_size=1, max_size=12)
bounds = st.floats(-50, 100).map(lambda value: round(value, 2))


def table(market):
    blank = dict.fromkeys(SCHEMA.names) | {"session": date(2026, 5, 27)}
    items = [
        blank | {"listing": f"{at:06d}.SZ", "name": f"名{at}"} | item
        for at, item in enumerate(market)
    ]
    return pa.Table.from_pylist(items, schema=SCHEMA)


def criterion(name, low, high):
    return Criterion(
        field=FIELDS[name], low=low, high=high, low_text=repr(low), high_text=repr(high)
    )


def passed(rows, questions):
    return {row.listing for row in evaluate(rows, questions).passes}


@LAWS
@given(markets, st.randoms(use_true_random=False), bounds, st.booleans())
def test_the_order_of_the_rows_is_irrelevant(market, random, high, descending):
    questions = Questions(
        criteria=(criterion("pb", None, high),),
        predicate=PREDICATE,
        order=Order(field=FIELDS["pe_ttm"], descending=descending),
    )
    rows = table(market)
    order = list(range(len(market)))
    random.shuffle(order)
    assert evaluate(rows.take(pa.array(order)), questions) == evaluate(rows, questions)


@LAWS
@given(markets, bounds, bounds, bounds, bounds)
def test_a_tighter_range_never_adds_a_pass(market, low, high, cut_low, cut_high):
    rows = table(market)
    wide = Questions(criteria=(criterion("pe_ttm", low, high),))
    tight = Questions(criteria=(criterion("pe_ttm", low + abs(cut_low), high - abs(cut_high)),))
    assert passed(rows, tight) <= passed(rows, wide)


@LAWS
@given(markets, bounds, bounds)
def test_another_question_never_adds_a_pass(market, pb_high, pe_high):
    rows = table(market)
    one = Questions(criteria=(criterion("pb", None, pb_high),))
    two = Questions(criteria=(*one.criteria, criterion("pe_ttm", None, pe_high)))
    three = Questions(criteria=two.criteria, predicate=PREDICATE)
    assert passed(rows, three) <= passed(rows, two) <= passed(rows, one)


@LAWS
@given(markets, bounds)
def test_a_range_and_the_same_predicate_agree(market, high):
    rows = table(market)
    by_range = passed(rows, Questions(criteria=(criterion("pcf_ttm", None, high),)))
    by_predicate = passed(
        rows, Questions(predicate=parse_predicate(f"pcf_ttm <= CAST('{high!r}' AS DOUBLE)"))
    )
    assert by_range == by_predicate


@LAWS
@given(markets, st.sampled_from([2.0, 0.5, 1024.0]), st.integers(1, 10**9))
def test_scaling_amounts_and_their_bound_changes_nothing(market, factor, bound):
    scaled = [
        item | {"market_cap": None if item["market_cap"] is None else item["market_cap"] * factor}
        for item in market
    ]
    before = Questions(criteria=(criterion("market_cap", float(bound), None),))
    after = Questions(criteria=(criterion("market_cap", bound * factor, None),))
    first, second = evaluate(table(market), before), evaluate(table(scaled), after)
    assert [(row.rank, row.listing) for row in first.rows] == [
        (row.rank, row.listing) for row in second.rows
    ]


@LAWS
@given(markets, st.sampled_from(sorted(STORED)))
def test_nothing_undefined_or_missing_passes_and_ranks_count_up(market, name):
    found = evaluate(table(market), Questions(criteria=(criterion(name, -1e300, 1e300),)))
    for row in found.passes:
        assert row.values[name] is not None
        assert row.values[name] > 0 or not FIELDS[name].positive_only
    assert [row.rank for row in found.passes] == list(range(1, len(found.passes) + 1))
    ranked = [row.values[name] for row in found.passes]
    assert ranked == sorted(ranked)
    assert len(found.rows) == len(market)
    assert all(row.reasons for row in found.rows)


@LAWS
@given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_a_range_holds_both_its_ends(low, width):
    found = parse_criterion("dividend_yield", f"{low:.6f}..{low + width:.6f}")
    ends = (found.low, found.high)
    rows = table([dict.fromkeys(STORED) | {"dividend_yield": end} for end in ends])
    assert len(passed(rows, Questions(criteria=(found,)))) == 2


class Tables:
    """Rows by table behind the reading methods of a store."""

    version = 1

    def __init__(self, rows):
        self.rows = rows

    def simulated(self):
        return False

    def read(self, table, *, listings=None, start=None, end=None):
        spec = TABLES[table]
        day = next((name for name in ("session", "valid_from") if name in spec.column_names), None)
        kept = [
            dict.fromkeys(spec.column_names) | row
            for row in self.rows.get(table, [])
            if (listings is None or row["listing"] in listings)
            and (start is None or row[day] >= start)
            and (end is None or row[day] <= end)
        ]
        kept.sort(key=lambda row: [row[name] for name in spec.sort])
        types = {"VARCHAR": pa.string(), "DATE": pa.date32(), "DOUBLE": pa.float64()}
        schema = [(item.name, types.get(item.type, pa.string())) for item in spec.columns]
        return pa.Table.from_pylist(kept, schema=pa.schema(schema))

    def last_session(self, table, *, on_or_before=None, suffixes=()):
        days = [
            row["session"]
            for row in self.rows.get(table, [])
            if (on_or_before is None or row["session"] <= on_or_before)
            and row["listing"].endswith(tuple(suffixes))
        ]
        return max(days, default=None)


AS_OF = date(2026, 5, 27)
IDS = ["000001.SZ", "600000.SH", "00700.HK", "09988.HK", "920002.BJ", "000002.SZ", "01024.HK"]


def screened(facts):
    """Screen a market made of (day, listing, pb and name, HKD fixing)."""
    seen = {(day, at): (value, rate) for day, at, value, rate in facts}
    valuations = [
        {"listing": IDS[at], "session": day, "pb": value, "market_cap": value}
        for (day, at), (value, _) in seen.items()
    ]
    names = [
        {"listing": IDS[at], "valid_from": day, "name": f"{value}"}
        for (day, at), (value, _) in seen.items()
    ]
    fixings = {day: rate for (day, _), (_, rate) in seen.items()}
    steady = {AS_OF - timedelta(days=back): 0.9 for back in range(60)}
    fx = [
        {"pair": "HKDCNY", "session": day, "rate": rate}
        for day, rate in ({**fixings, **steady}).items()
    ]
    listings = [
        {"listing": item, "kind": "stock", "currency": "CNY"}
        for item in IDS[:5]
        if not item.endswith("HK")
    ]
    tables = {
        TableName.VALUATION: valuations,
        TableName.NAMES: names,
        TableName.FX: fx,
        TableName.LISTINGS: listings,
    }
    request = ScreenRequest(
        as_of=AS_OF,
        universe=Universe.ALL,
        criteria=(criterion("pb", None, 50.0),),
        where="market_cap > 1 OR name LIKE '%1%'",
        sort=Order(field=FIELDS["market_cap"], descending=True),
    )
    try:
        result = run_screen(Tables(tables), request)
    except DataError:
        return "no snapshot yet"
    known = {row["listing"] for row in names if row["valid_from"] <= AS_OF}
    # Names first known later are shown and said to be so; they decide nothing.
    rows = [row if row.listing in known else replace(row, name="") for row in result.rows]
    remarks = [line for line in result.remarks if not line.startswith("names of ")]
    return result.sessions, rows, remarks


facts_until = st.tuples(
    st.integers(0, 30).map(lambda back: AS_OF - timedelta(days=back)),
    st.integers(0, 4),
    values,
    st.floats(0.5, 1.5),
)
facts_after = st.tuples(
    st.integers(1, 30).map(lambda on: AS_OF + timedelta(days=on)),
    st.integers(0, 6),
    values,
    st.floats(0.5, 1.5),
)


@laws(25)
@given(st.lists(facts_until, max_size=25), st.lists(facts_after, max_size=15))
def test_adding_later_rows_changes_no_screen_of_the_past(before, after):
    """The look-ahead law: later valuations, names, fixings and listings are not seen."""
    assert screened([*before, *after]) == screened(before)
