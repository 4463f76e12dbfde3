import pytest

from screener.errors import InputError
from screener.screen.criteria import parse_criteria, parse_criterion, parse_fields, parse_order


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("0..15", 0.0, 15.0),
        ("..1.5", None, 1.5),
        ("10e9..", 10e9, None),
        (" 1 .. 2 ", 1.0, 2.0),
        (".5..1E1", 0.5, 10.0),
        ("1...5e1", 1.0, 5.0),
        ("-3..+4", -3.0, 4.0),
        ("5..5", 5.0, 5.0),
        ("３．５..５倍", 3.5, 5.0),
    ],
)
def test_range_is_read(text, low, high):
    found = parse_criterion("pb", text)
    assert (found.low, found.high) == (low, high)


def test_range_keeps_what_the_user_wrote():
    assert parse_criterion("market-cap", "10e9 ..").text == "10e9.."


@pytest.mark.parametrize(
    ("text", "match", "fix"),
    [
        ("15..0", "reversed: 15 is above 0", "write 0..15"),
        ("..", "has no end", "both ends included"),
        ("15", "one number, not a range", r"write ..15 for at most, 15.. for at least"),
        ("", "not a range", "0..15"),
        ("nan..5", "not a range of plain finite numbers", "0..15"),
        ("0..inf", "not a range of plain finite numbers", "0..15"),
        ("0..1e999", "1e999 is not finite", "0..15"),
        ("1,000..", "not a range", "0..15"),
        ("1_0..", "not a range", "0..15"),
        ("3%..", "'3%' is no number", "0..15"),  # a multiple is no percentage
        ("3²..", "not a range", "0..15"),
        ("1..2..3", "not a range", "0..15"),
        ("0..-1", "reversed", "-1..0"),
        ("-9..-1", "is empty: pb is undefined at 0 and below", "pb_raw <= 0"),
        ("..0", "is empty", "pb_raw <= 0"),
        ("0..1; DROP TABLE x", "not a range", "0..15"),
    ],
)
def test_bad_range_is_refused(text, match, fix):
    with pytest.raises(InputError, match=match) as error:
        parse_criterion("pb", text)
    assert fix in error.value.fix
    assert error.value.exit_code == 2


def test_a_field_that_may_be_zero_takes_any_range():
    assert parse_criterion("dividend_yield", "..0").high == 0.0


@pytest.mark.parametrize(
    ("field", "text", "low", "high"),
    [
        ("market_cap", "20亿..1.5万亿元", 2e9, 1.5e12),
        ("market-cap", "..０.３億", None, 3e7),
        ("总市值", "100亿 .. 5千亿", 1e10, 5e11),
        ("股息率", "3%..", 0.03, None),
        ("dividend_yield", "２％..0.07", 0.02, 0.07),
    ],
)
def test_a_range_takes_the_amounts_of_chinese_readers(field, text, low, high):
    found = parse_criterion(field, text)
    assert (found.low, found.high) == (low, high)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("市盈率TTM", "pe_ttm"),
        ("市盈率（ttm）", "pe_ttm"),
        ("滚动市盈率", "pe_ttm"),
        (" 市净率", "pb"),
    ],
)
def test_a_field_is_called_in_chinese(text, name):
    assert parse_criterion(text, "..3").field.name == name
    assert parse_order(f"{text.strip()} 降序").field.name == name
    assert parse_order(f"{text.strip()} 降序").descending


def test_unknown_field_is_refused():
    with pytest.raises(InputError, match="'pe' is not a field") as error:
        parse_criterion("pe", "0..1")
    assert "pe_ttm, pe_static, pb" in error.value.fix


def test_criteria_keep_their_order_and_skip_what_is_not_asked():
    found = parse_criteria({"pb": "..3", "pe_ttm": None, "market_cap": "1e9.."})
    assert [item.field.name for item in found] == ["pb", "market_cap"]


@pytest.mark.parametrize(
    ("text", "name", "descending"),
    [
        ("pe_ttm", "pe_ttm", False),
        ("-pe-ttm", "pe_ttm", True),
        ("PB desc", "pb", True),
        ("pb ASC", "pb", False),
    ],
)
def test_order_is_read(text, name, descending):
    found = parse_order(text)
    assert (found.field.name, found.descending) == (name, descending)


@pytest.mark.parametrize("text", ["pb down", "-pb desc", "pb desc nulls", "-pb asc"])
def test_bad_order_is_refused(text):
    with pytest.raises(InputError, match="is not an order") as error:
        parse_order(text)
    assert "-pe_ttm" in error.value.fix


@pytest.mark.parametrize("text", ["", "name", "pb_raw", "--pb"])
def test_order_by_no_field_is_refused(text):
    with pytest.raises(InputError, match="is not a field") as error:
        parse_order(text)
    assert "market_cap" in error.value.fix


def test_list_of_fields():
    found = parse_fields("pe-ttm, PB，pe_ttm", parameter="--allow-missing")
    assert [field.name for field in found] == ["pe_ttm", "pb"]
    assert parse_fields(None, parameter="--allow-missing") == ()
    with pytest.raises(InputError, match="--allow-missing is empty"):
        parse_fields(" , ", parameter="--allow-missing")
