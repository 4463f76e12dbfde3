"""Saved screens: read strictly, found by name or title, written whole; their checks as marks."""

import json
from dataclasses import fields
from datetime import date, timedelta

import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from screener.data.lake.batch import Batch
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.errors import ConfigError, InputError, NotFoundError
from screener.language import Language, speaking
from screener.screen.query import parse_predicate, parse_score
from screener.workspace.screens import SavedScreen, list_screens, saved_screen, write_screen
from tests.support.lake_rows import bar, table
from tests.support.report_lake import empty_workspace
from tests.support.soaking import soaked

DAY = date(2026, 5, 27)
BEFORE = date(2026, 5, 20)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return a workspace of five names; its third one has no industry, its fifth is suspended."""
    place = empty_workspace(tmp_path / "w")
    ids = [f"60000{at}.SH" for at in range(5)]
    names = ["甲股份", "*ST乙", "丙科技", "丁银行", "戊电子"]
    values = [
        {"listing": item, "session": day, "pb": pb if day == DAY else 0.9, "pe_ttm": pe}
        for item, pb, pe in zip(ids, (0.5, 0.6, 3.0, 0.8, 0.7), (5, 6, -3, 8, 9), strict=True)
        for day in (BEFORE, DAY)
    ]
    masters = [
        {"listing": item, "kind": "stock", "board": "main", "currency": "CNY", "list_date": start}
        for item, start in zip(ids, [date(2001, 1, 2)] * 3 + [date(2026, 1, 5)] * 2, strict=True)
    ]
    named = [
        {"listing": item, "valid_from": date(2026, 1, 5), "name": name}
        for item, name in zip(ids, names, strict=True)
    ]
    spells = [
        {"listing": ids[at], "valid_from": date(2020, 1, 1), "industry": name}
        for at, name in ((0, "铜"), (1, "铜"), (3, "银行"), (4, "铜"))
    ]
    bars = [{**bar(item, DAY), "volume": 0.0 if item == ids[4] else 9.0} for item in ids]
    tables = {
        TableName.VALUATION: table(TableName.VALUATION, values),
        TableName.LISTINGS: table(TableName.LISTINGS, masters),
        TableName.NAMES: table(TableName.NAMES, named),
        TableName.INDUSTRIES: table(TableName.INDUSTRIES, spells),
        TableName.BARS: table(TableName.BARS, bars),
    }
    with Store.create(place.data_cache) as store:
        store.commit(Batch(tables=tables), message="test")
    monkeypatch.setenv("SCREENER_WORKSPACE", str(place.root))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("LANGUAGE", "en")  # a command sets it: this puts it back
    return place


def run(*words, code=0):
    with speaking(Language.EN):  # what a command binds is let go
        done = CliRunner().invoke(app, ["screen", *words])
    assert done.exit_code == code, done.output
    return done.stdout


def test_a_screen_is_saved_and_asked_again(place):
    asked = ("--universe", "a", "--pb", "..1", "--exclude", "st,new", "--top", "3")
    first = run(*asked, "--as-of", "2026-05-27", "--save", "mine")
    assert "600000.SH" in first
    assert run("mine", "--as-of", "2026-05-27") == first
    held = (place.root / "screens/mine.toml").read_text(encoding="utf-8")
    assert held == ('universe = "a"\ntop = 3\nexclude = ["st", "new"]\n\n[ranges]\npb = "..1"\n')
    run(*asked, "--as-of", "2026-05-27", "--save", "mine", code=2)
    assert (place.root / "screens/mine.toml").read_text(encoding="utf-8") == held


def test_what_is_refused_is_not_saved(place):
    run("--universe", "a", "--where", "nothing < 1", "--as-of", "2026-05-27", "--save", "x", code=2)
    assert not (place.root / "screens").exists()


def test_exclusions_and_industry_tell_why(place):
    shown = run(
        *("--universe", "a", "--as-of", "2026-05-27", "--exclude", "st,suspended,new"),
        *("--industry", "铜", "--csv", "-"),
    )
    rows = [line.split(",", 1) for line in shown.splitlines()[1:]]
    assert [row[1].split(",")[0] for row in rows if row[0]] == ["600000.SH"]
    text = {row[1][:9]: row[1] for row in rows}
    assert "not ST: failed" in text["600001.SH"]
    assert "industry 铜: cannot be told (industry missing)" in text["600002.SH"]
    assert "listed for a year: failed" in text["600003.SH"]
    assert "not suspended: failed" in text["600004.SH"]
    assert ",✓✓✓✓," in text["600000.SH"]
    assert ",✗✓✓✓," in text["600001.SH"]
    assert ",✓✓✓·," in text["600002.SH"]


def test_checks_are_marks_and_what_is_undefined_is_no_cross(place):
    (place.root / "screens").mkdir()
    (place.root / "screens/two.toml").write_text(
        'title_zh = "两项"\nuniverse = "a"\nrank = "pb desc"\n'
        '[checks]\ncheap = "市净率 < 0.75"\nearns = "pe_ttm < 8"\n',
        encoding="utf-8",
    )
    shown = run("两项", "--as-of", "2026-05-27", "--csv", "-")
    marks = {line.split(",")[1]: line.split(",")[5] for line in shown.splitlines()[1:]}
    assert marks == {
        "600000.SH": "✓✓",
        "600001.SH": "✓✓",
        "600002.SH": "✗·",
        "600003.SH": "✗✗",
        "600004.SH": "✓✗",
    }
    assert [line.split(",")[1] for line in shown.splitlines()[1:3]] == ["600001.SH", "600000.SH"]


def test_who_entered_and_who_left_since_a_day(place):
    shown = run(
        "--universe", "a", "--pb", "..0.75", "--as-of", "2026-05-27", "--since", "2026-05-20"
    )
    assert "Since 2026-05-20: 3 entered, 0 left" in shown
    back = run(
        "--universe", "a", "--pb", "0.85..", "--as-of", "2026-05-27", "--since", "2026-05-20"
    )
    assert "Since 2026-05-20: 0 entered, 4 left" in back
    assert "pb 0.50 below 0.85" in back


def test_typed_options_go_before_saved_ones():
    saved = SavedScreen(universe="a", sort="pb", ranges={"pb": "..1", "pe_ttm": "..9"}, top=5)
    found = saved.with_typed(SavedScreen(basket="copper", rank="pb desc", ranges={"pb": "..2"}))
    assert (found.universe, found.basket, found.sort, found.rank) == (
        None,
        "copper",
        None,
        "pb desc",
    )
    assert found.ranges == {"pb": "..2", "pe_ttm": "..9"}
    assert found.top == 5


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("universes = 'a'", "there is no key 'universes'"),
        ("top = true", "True is no value of top"),
        ("top = '3'", "'3' is no value of top"),
        ("universe = 3", "3 is no value of universe"),
        ("exclude = 'st'", "'st' is no value of exclude"),
        ("exclude = ['st,new']", "is no value of exclude"),
        ("checks = ['pb < 1']", "is no value of checks"),
        ("[checks]\na = 1", "is no value of checks"),
        ("universe = ", "not valid TOML"),
    ],
)
def test_a_file_that_breaks_its_rules_is_refused(place, content, match):
    (place.root / "screens").mkdir()
    (place.root / "screens/bad.toml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=match) as info:
        saved_screen(place, "bad")
    assert info.value.where == "screens/bad.toml"


def test_an_unknown_screen_and_a_bad_name(place):
    with pytest.raises(NotFoundError, match="no saved screen 'dividnd'") as info:
        saved_screen(place, "dividnd")
    assert info.value.where == "there are dividend"
    for name in ("../x", "A", "a b", ""):
        with pytest.raises(InputError, match="is no name of a screen"):
            write_screen(place, name, SavedScreen(universe="a"))


def test_a_condition_of_a_saved_file_meets_the_same_lock(place, tmp_path):
    (place.root / "screens").mkdir()
    for number, text in enumerate(
        (
            "getenv('HOME') <> ''",
            "(SELECT count(*) FROM glob('/*')) > 0",
            "pb > 1) OR (1=1",
            "1=1; --",
        )
    ):
        path = place.root / f"screens/attack-{number}.toml"
        path.write_text(f'universe = "a"\n[checks]\nx = "{text}"\n', encoding="utf-8")
        done = CliRunner().invoke(app, ["screen", f"attack-{number}", "--as-of", "2026-05-27"])
        assert done.exit_code == 2
        assert "is refused" in done.output


def test_the_shipped_screens_are_whole_and_said_in_both_languages(place):
    found = {name: item for name, item, where in list_screens(place)}
    assert len(found) == 6
    for item in found.values():
        assert item.title_zh
        assert item.title_en
        assert set(item.checks_zh) == set(item.checks)
        for condition in item.checks.values():
            parse_predicate(condition)
        if item.rank:
            parse_score(item.rank)
    with speaking(Language.ZH):
        assert saved_screen(place, "便宜的好公司").title == "便宜的好公司"
        assert "盈利能力强" in saved_screen(place, "cheap-quality").arguments()["checks"]


def test_a_shipped_screen_tells_which_table_lacks_and_what_to_fetch(place):
    done = CliRunner().invoke(app, ["screen", "dividend", "--as-of", "2026-05-27"])
    assert done.exit_code == 0
    assert "profit_years is missing for every name: table fundamentals holds nothing" in done.stderr
    assert "`screener data update --only fundamentals`" in " ".join(done.stderr.split())
    assert "0 of 5 passed" in done.stdout


def test_a_screen_of_prices_needs_no_valuation(tmp_path, monkeypatch):
    place = empty_workspace(tmp_path / "w")
    days = [
        DAY - timedelta(days=at) for at in range(16) if (DAY - timedelta(days=at)).weekday() < 5
    ]
    rows = [bar("600000.SH", day, 10 + at) for at, day in enumerate(days)]
    rows += [bar("600001.SH", day, 30 - at) for at, day in enumerate(days)]
    masters = [
        {"listing": item, "kind": "stock", "board": "main", "currency": "CNY"}
        for item in ("600000.SH", "600001.SH")
    ]
    tables = {
        TableName.BARS: table(TableName.BARS, rows),
        TableName.LISTINGS: table(TableName.LISTINGS, masters),
    }
    with Store.create(place.data_cache) as store:
        store.commit(Batch(tables=tables), message="bars")
    monkeypatch.setenv("SCREENER_WORKSPACE", str(place.root))
    shown = run("--universe", "a", "--return-5", "0..", "--as-of", "2026-05-27", "--csv", "-")
    assert shown.splitlines()[1].startswith("1,600001.SH,")
    assert "return_5 -0.3333 below 0" in shown


def test_fields_are_listed_by_word(place):
    assert "roe_ttm" in run("--list-fields")
    assert "pe_ttm_pct" not in run("--list-fields")
    assert "pe_ttm_pct" in run("--list-fields", "pct")
    assert "股息率" in run("--list-fields", "股息", "--lang", "zh")


def test_every_saved_key_is_an_option_or_a_table():
    assert {item.name for item in fields(SavedScreen)} >= {"universe", "checks", "rank", "exclude"}


def told_today(*words, code):
    with speaking(Language.EN):
        done = CliRunner().invoke(app, ["today", *words])
    assert done.exit_code == code, done.output
    return done.stdout


def screened(text):
    """Return the rows that today tells of saved screens, as (change, listing)."""
    part = (
        text.split("saved screens")[1].split("Stale, missing")[0] if "saved screens" in text else ""
    )
    return [
        (line.split()[1], line.split()[2]) for line in part.splitlines() if line.startswith("mine ")
    ]


@soaked
def test_today_tells_who_entered_and_left_since_the_last_look_and_since_a_day(place):
    run("--universe", "a", "--pb", "..0.65", "--as-of", "2026-05-27", "--save", "mine")
    told_today(code=10)
    assert not screened(told_today(code=0))  # who passed when first seen did not enter
    # The next day the first name is dear and the fourth is cheap.
    later = DAY + timedelta(days=1)
    pbs = {"600000.SH": 0.9, "600001.SH": 0.6, "600003.SH": 0.5}
    rows = [
        {"listing": item, "session": later, "pb": pb, "pe_ttm": 5.0} for item, pb in pbs.items()
    ]
    with Store.create(place.data_cache) as store:
        batch = Batch(tables={TableName.VALUATION: table(TableName.VALUATION, rows)})
        store.commit(batch, message="later")
    changes = [("entered", "600003.SH"), ("left", "600000.SH")]
    page = told_today("--json", str(place.root / "today.json"), code=10)
    assert screened(page) == changes
    assert "0.90" in page  # why it left
    found = json.loads((place.root / "today.json").read_text(encoding="utf-8"))["screened"]
    assert [(row["screen"], row["change"], row["listing"]) for row in found] == [
        ("mine", *change) for change in changes
    ]
    assert [row["name"] for row in found] == ["丁银行", "甲股份"]
    assert not screened(told_today(code=0))
    # Since the day before all five are at 0.9: the two that pass now entered, and nobody left.
    since = screened(told_today("--since", str(BEFORE), code=10))
    assert since == [("entered", "600003.SH"), ("entered", "600001.SH")]
    # A screen that asks otherwise than at the last look is compared from now on.
    run("--universe", "a", "--pb", "..5", "--as-of", "2026-05-27", "--save", "mine", "--force")
    assert not screened(told_today(code=0))
    # One that breaks its rules is told, and ends nothing else.
    (place.root / "screens/broken.toml").write_text("universe = 3", encoding="utf-8")
    assert not screened(told_today(code=2))
