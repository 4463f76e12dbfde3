"""The locked query: what it answers, and more than a hundred ways to break out that must fail."""

import hashlib
import itertools
import time
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from screener.errors import InputError
from screener.screen.fields import FIELDS, PREDICATE_COLUMNS
from screener.screen.grammar import _FUNCTIONS, JOINED
from screener.screen.query import (
    MAX_LENGTH,
    Predicate,
    parse_predicate,
    parse_score,
    run_predicate,
    run_score,
)
from tests.support.attacks import attacks, spoken_attacks
from tests.support.soaking import soaked

CANARY = "canary-91c2"


def table(count=3, **columns):
    types = {
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
        "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(),
    }
    default = {
        "listing": [f"{at:06d}.SZ" for at in range(count)],
        "name": ["平安银行"] * count,
        "session": [date(2026, 5, 27)] * count,
    }
    return pa.table(
        {
            name: pa.array(columns.get(name, default.get(name, [None] * count)), types[kind])
            for name, kind in PREDICATE_COLUMNS.items()
        }
    )


ROWS = table(
    4,
    name=["平安银行", "*ST 观典", None, "万科A"],
    pb=[0.5, 2.0, None, 3.0],
    pe_ttm=[5.0, None, 8.0, 30.0],
    pe_ttm_raw=[5.0, -12.0, 8.0, 30.0],
    market_cap=[1e9, 2e9, 3e9, 4e9],
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pb < 2.5", (True, True, None, False)),
        ("PB < 2.5 AND pe_ttm < 10", (True, None, None, False)),
        ("pe_ttm_raw < 0", (False, True, False, False)),
        ("pb IS NULL OR pb < 1", (True, False, True, False)),
        ("coalesce(pb, 9) BETWEEN 2 AND 9", (False, True, True, True)),
        ("name LIKE '%银行%'", (True, False, None, False)),
        ("name NOT LIKE '*ST%'", (True, False, None, True)),
        ("upper(name) ILIKE '万科a'", (False, False, None, True)),
        ("contains(name, 'ST') OR starts_with(name, '万')", (False, True, None, True)),
        ("listing IN ('000000.SZ', '000003.SZ')", (True, False, False, True)),
        ("round(market_cap / 1e9, 0) * 2 = 4", (False, True, False, False)),
        ("CASE WHEN pb > 2 THEN false ELSE true END", (True, True, True, False)),
        ("if(pb > 2, false, true)", (True, True, True, False)),
        ("greatest(pb, 1) = 1", (True, False, True, False)),
        ("CAST(pb AS INTEGER) = 2 OR pb::VARCHAR = '0.5'", (True, True, None, False)),
        ("session >= DATE '2026-05-27' AND session < '2026-06-01'", (True,) * 4),
        ("NOT (pb < 1 OR pe_ttm > 20)", (False, None, None, False)),
        ("nullif(pb, 0.5) IS NULL", (True, False, True, False)),
        ("length(name) = 4", (True, False, None, False)),
        ("sqrt(abs(-pb)) > 1.5 -- a remark", (False, False, None, True)),
        ("pb > 1 /* a remark */", (False, True, None, True)),
        ("name = 'it''s'", (False, False, None, False)),
        ("true", (True,) * 4),
    ],
)
def test_predicate_answers_each_row(text, expected):
    assert run_predicate(parse_predicate(text), ROWS) == expected


def test_columns_are_listed_in_order_once():
    found = parse_predicate("pb < 0.1 * PE_TTM AND (pe_ttm > 1 OR market_cap > 1e9)")
    assert found.columns == ("pb", "pe_ttm", "market_cap")


def test_answers_keep_the_order_of_many_rows():
    count = 10_000
    values = [float(at * 7919 % count) for at in range(count)]
    rows = table(count, pb=values)
    found = run_predicate(parse_predicate("pb < 5000"), rows)
    assert found == tuple(value < 5000 for value in values)


def contents(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    """Run every attack once, in a folder with a canary, and keep what came of each."""
    folder = tmp_path_factory.mktemp("attacked")
    canary = folder / "canary.csv"
    canary.write_text(f"{CANARY}\n", encoding="utf-8")
    before, rows = contents(folder), ROWS.to_pylist()
    outcomes = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HOME", str(folder))
        for text in (*attacks(canary), *spoken_attacks(canary)):
            started = time.monotonic()
            try:
                outcome = run_predicate(parse_predicate(text), ROWS)
            except InputError as error:
                outcome = error
            outcomes[text] = (outcome, time.monotonic() - started)
    assert ROWS.to_pylist() == rows
    return outcomes, before, contents(folder)


def test_every_attack_is_refused(attacked):
    outcomes = attacked[0]
    assert len(outcomes) > 150
    assert [
        text for text, (found, _) in outcomes.items() if not isinstance(found, InputError)
    ] == []


def test_every_refusal_shows_the_predicate_and_lists_the_columns(attacked):
    for text, (error, _) in attacked[0].items():
        assert text[:200] in str(error) or repr(text[:200])[1:-1] in str(error)
        assert "listing, name, session, pe_ttm" in error.fix
        assert error.where == "--where"
        assert error.exit_code == 2


def test_every_attack_is_refused_as_a_ranking_too(attacked):
    """An expression that ranks passes the same lock; what gives a number is no attack on it."""
    numbers = ("pb", "1", "market_cap + 1", "NULL")
    for text in list(attacked[0])[::3]:
        if text in numbers:
            continue
        with pytest.raises(InputError) as error:
            run_score(parse_score(text), ROWS)
        assert error.value.where == "--rank"


def test_an_expression_gives_a_number_for_each_row():
    expression = parse_score("0.5 * pb + 市盈率TTM / 10")
    assert expression.columns == ("pb", "pe_ttm")
    assert run_score(expression, ROWS) == (0.75, None, None, 4.5)
    with pytest.raises(InputError, match="no numbers"):
        run_score(parse_score("pb > 1"), ROWS)


def test_flags_and_texts_can_be_asked_for():
    rows = table(3, st=[True, False, None], industry=["银行", None, "铜"])
    assert run_predicate(parse_predicate("NOT st"), rows) == (False, True, None)
    assert run_predicate(parse_predicate("非 风险警示"), rows) == (False, True, None)
    assert run_predicate(parse_predicate("行业 = '银行'"), rows) == (True, None, False)


def test_memory_is_bounded():
    wide = " || ".join(["name"] * 3)
    with pytest.raises(InputError, match="not allowed"):
        parse_predicate(f"length({wide}) > 1")
    from screener.screen import query

    with query.locked() as held:
        (limit,) = held.connection.execute("SELECT current_setting('memory_limit')").fetchone()
    assert limit == "488.2 MiB"


def test_attacks_read_and_write_no_file(attacked):
    outcomes, before, after = attacked
    assert after == before
    assert all(CANARY not in str(error) for error, _ in outcomes.values())


def test_no_attack_takes_long(attacked):
    slow = {text: took for text, (_, took) in attacked[0].items() if took > 2}
    assert slow == {}


def test_a_predicate_is_checked_again_where_it_runs():
    with pytest.raises(InputError, match="the function 'getenv' is not allowed"):
        run_predicate(Predicate(text="getenv('HOME') <> ''", columns=()), ROWS)


def test_too_long_is_refused():
    with pytest.raises(InputError, match=f"more than {MAX_LENGTH}"):
        parse_predicate("pb > 1 " + " " * MAX_LENGTH)


def test_a_run_beyond_the_time_limit_is_interrupted():
    count = 400_000
    rows = (
        table(1)
        .take(pa.array(np.zeros(count, dtype=int)))
        .set_column(
            list(PREDICATE_COLUMNS).index("pb"), "pb", pa.array(np.arange(count, dtype=float))
        )
    )
    slow = " + ".join(f"sin{at}" for at in range(3)).replace("sin", "ln(pb + 1) ** ")
    text = " OR ".join([f"exp({slow}) < -{at}" for at in range(1, 20)])
    started = time.monotonic()
    with pytest.raises(InputError, match=r"ran longer than 0\.05 s") as error:
        run_predicate(parse_predicate(text), rows, timeout_seconds=0.05)
    assert time.monotonic() - started < 5
    assert "narrow the universe" in error.value.fix


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_a_time_limit_that_is_none_is_refused(seconds):
    with pytest.raises(InputError, match="not positive"):
        run_predicate(parse_predicate("pb > 1"), ROWS, timeout_seconds=seconds)


@pytest.mark.parametrize("subject", ["name", "lower(name)", "upper(trim(name))"])
def test_the_worst_pattern_allowed_is_quick_even_on_long_names(subject):
    rows = table(5_600, name=["a" * 40] * 5_600)
    started = time.monotonic()
    predicate = parse_predicate(f"{subject} ILIKE '%_a%_a%b' OR {subject} LIKE '%a_%a_%b'")
    run_predicate(predicate, rows)
    assert time.monotonic() - started < 5


def test_the_worst_pattern_allowed_is_quick_on_lists_too():
    long = [name for name, f in FIELDS.items() if f.unit.value == "text" and "cards" in f.tables]
    assert set(long) == JOINED
    rows = table(2_000, themes=["a" * 800] * 2_000)
    started = time.process_time()
    predicate = parse_predicate("themes ILIKE '%" + "a" * 96 + "b%'")
    run_predicate(predicate, rows, timeout_seconds=60)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "statement",
    [
        "SET enable_external_access = true",
        "SET memory_limit = '10GB'",
        "SET lock_configuration = false",
        "SELECT * FROM read_text('{path}')",
        "COPY screen_rows TO '{path}.out'",
        "ATTACH '{path}.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM glob('{path}*')",
    ],
)
def test_the_connection_itself_is_locked(statement, tmp_path):
    """Even what got past the allow-list would find no file, extension or setting."""
    import duckdb

    from screener.screen import query

    path = tmp_path / "canary"
    path.write_text(CANARY, encoding="utf-8")
    with (
        query.locked() as held,
        query._rows_on(held.connection, ROWS),
        pytest.raises(duckdb.Error, match="onfiguration"),
    ):
        held.connection.execute(statement.format(path=path)).fetchall()
    assert [item.name for item in tmp_path.iterdir()] == ["canary"]


def test_python_variables_are_out_of_reach():
    import duckdb

    from screener.screen import query

    secret = pa.table({"x": [1]})
    with (
        query.locked() as held,
        query._rows_on(held.connection, ROWS),
        pytest.raises(duckdb.CatalogException),
    ):
        held.connection.execute("SELECT * FROM secret")
    assert secret.num_rows == 1


_ARGUMENTS = {
    **dict.fromkeys(("lower", "upper", "trim", "length"), "name"),
    **dict.fromkeys(("left", "right", "substr", "substring"), "name, 1"),
    **dict.fromkeys(("contains", "ends_with", "prefix", "starts_with", "suffix"), "name, '银'"),
    **dict.fromkeys(("greatest", "least", "nullif", "pow", "power"), "pb, 1"),
}


def test_every_allowed_function_answers_within_the_lock():
    names = sorted(name for name in _FUNCTIONS if name.isidentifier())
    calls = [f"{name}({_ARGUMENTS.get(name, 'pb')}) IS NOT NULL" for name in names]
    assert len(calls) > 20
    for at in range(0, len(calls), 8):
        text = " AND ".join(calls[at : at + 8])
        assert run_predicate(parse_predicate(text), ROWS) == (True, True, False, True)


@soaked
def test_combinations_of_fragments_never_get_through_unseen():
    """Whatever fragments are glued together, the answer is one truth value by row, or a refusal."""
    fragments = ["pb > 1", "(", ")", ";", "--", "/*", "*/", "'", ",", " AS x", " FROM y", "SELECT "]
    for parts in itertools.product(fragments, repeat=2):
        try:
            found = run_predicate(parse_predicate("".join(parts)), ROWS)
        except InputError:
            continue
        assert set(found) <= {True, False, None}
        assert len(found) == 4
