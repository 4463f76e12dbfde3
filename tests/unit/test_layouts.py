"""Header recognition: every layout that is promised, its units, and what goes wrong."""

from __future__ import annotations

import pytest

from screener.data.sources.files.columns.columns import check_fields, map_columns
from screener.data.sources.files.columns.exports import LAYOUTS
from screener.data.sources.files.columns.layouts import COMMON, FIELDS
from screener.data.sources.files.columns.units import UNITS, normal_header
from screener.data.sources.files.request import ImportKind, parse_column_map
from screener.domain.listing import Currency
from screener.errors import InputError, SchemaMismatch


def mapped(
    headers: str, kind: ImportKind, column_map: str = "", *, absent: str = ""
) -> dict[str, tuple[str, float]]:
    """Field -> (header, scale on the mainland)."""
    found = map_columns(
        tuple(headers.split("|")),
        kind,
        parse_column_map(column_map) if column_map else (),
        file="f.csv",
        absent=frozenset(absent.split()),
    )
    return {name: (column.header, column.scale) for name, column in found.columns.items()}


PRICES = {name: (name, 1.0) for name in ("open", "high", "low", "close")}


def test_headers_of_rules_are_in_normal_form_and_fields_exist() -> None:
    layouts = [(kind, rule) for item in LAYOUTS for kind in item.kinds for rule in item.rules]
    common = [(kind, rule) for kind, rules in COMMON.items() for rule in rules]
    known = {name.name for fields in FIELDS.values() for name in fields}
    for _, rule in [*layouts, *common]:
        assert rule.field in known
        assert all(header == normal_header(header) for header in rule.headers)
    for kind, rule in layouts:
        assert rule.field in {field.name for field in FIELDS[kind]}
    assert all(name == normal_header(name) for name in UNITS)


def test_plain_english_bars() -> None:
    found = mapped("code|date|open|high|low|close|volume|suspended", ImportKind.BARS)
    assert found == {
        "listing": ("code", 1.0),
        "session": ("date", 1.0),
        **PRICES,
        "volume": ("volume", 1.0),
        "suspended": ("suspended", 1.0),
    }


def test_capitals_spaces_and_wide_letters_do_not_matter() -> None:
    found = mapped(" Date |Ｃｌｏｓｅ|HIGH|Low|Open|Volume", ImportKind.BARS, absent="listing")
    assert found["close"] == ("Ｃｌｏｓｅ", 1.0)
    assert "listing" not in found


def test_tushare_daily_counts_lots_and_thousands() -> None:
    headers = "ts_code|trade_date|open|high|low|close|pre_close|change|pct_chg|vol|amount"
    found = map_columns(tuple(headers.split("|")), ImportKind.BARS, file="f.csv")
    assert found.layout == "tushare daily"
    assert (found.columns["volume"].scale, found.columns["volume"].hong_kong) == (100.0, 1.0)
    assert (found.columns["amount"].scale, found.columns["amount"].hong_kong) == (1000.0, 1.0)
    assert found.ignored == ("pre_close", "change", "pct_chg")


def test_tushare_daily_basic() -> None:
    headers = (
        "ts_code|trade_date|close|turnover_rate|pe|pe_ttm|pb|ps|ps_ttm|dv_ratio|dv_ttm"
        "|total_share|total_mv|circ_mv"
    )
    found = mapped(headers, ImportKind.VALUATION)
    assert found["pe_static"] == ("pe", 1.0)
    assert found["pe_ttm"] == ("pe_ttm", 1.0)
    assert found["ps_ttm"] == ("ps_ttm", 1.0)
    assert found["dividend_yield"] == ("dv_ratio", 0.01)
    assert found["market_cap"] == ("total_mv", 10_000.0)
    assert found["float_cap"] == ("circ_mv", 10_000.0)


def test_akshare_daily() -> None:
    headers = "日期|股票代码|开盘|收盘|最高|最低|成交量|成交额|振幅|涨跌幅|涨跌额|换手率"
    found = map_columns(tuple(headers.split("|")), ImportKind.BARS, file="f.csv")
    volume = found.columns["volume"]
    assert (volume.scale, volume.hong_kong, volume.stated) == (100.0, 1.0, False)
    assert found.columns["amount"].scale == 1.0
    assert found.ignored == ("振幅", "涨跌幅", "涨跌额")
    assert found.columns["turnover_rate"].field.proof


def test_akshare_valuation() -> None:
    headers = "数据日期|当日收盘价|总市值|流通市值|总股本|PE(TTM)|PE(静)|市净率|PEG值|市现率|市销率"
    found = mapped(headers, ImportKind.VALUATION, absent="listing")
    assert found["pe_ttm"][0] == "PE(TTM)"
    assert found["pe_static"][0] == "PE(静)"
    assert found["pcf_ttm"][0] == "市现率"
    assert found["ps_ttm"][0] == "市销率"
    assert found["market_cap"] == ("总市值", 1.0)


def test_wind_units_in_brackets_decide() -> None:
    headers = (
        "代码|名称|日期|开盘价（元）|最高价(元)|最低价[元]|收盘价【元】|成交量(万股)|成交额(亿元)"
    )
    found = map_columns(tuple(headers.split("|")), ImportKind.BARS, file="f.csv")
    assert found.columns["volume"].scale == 10_000.0
    assert found.columns["amount"].scale == 1e8
    assert found.columns["close"].stated
    assert found.ignored == ("名称",)


@pytest.mark.parametrize(
    ("header", "field", "scale", "currency"),
    [
        ("总市值(万元)", "market_cap", 1e4, None),
        ("总市值(亿港元)", "market_cap", 1e8, Currency.HKD),
        ("总市值(亿人民币元)", "market_cap", 1e8, Currency.CNY),
        ("总市值(百万)", "market_cap", 1e6, None),
        ("市盈率(TTM)", "pe_ttm", 1.0, None),
        ("市净率(LF)(倍)", "pb", 1.0, None),
        ("股息率(近12个月)(%)", "dividend_yield", 0.01, None),
    ],
)
def test_valuation_headers_with_units(
    header: str, field: str, scale: float, currency: Currency | None
) -> None:
    found = map_columns(("证券代码", "交易日期", header), ImportKind.VALUATION, file="f.csv")
    column = found.columns[field]
    assert (column.header, column.scale, column.currency) == (header, scale, currency)


def test_a_multiple_that_does_not_say_its_period_is_not_guessed() -> None:
    found = map_columns(("代码", "日期", "市盈率", "市净率"), ImportKind.VALUATION, file="f.csv")
    assert found.ignored == ("市盈率",)


def test_traditional_headers() -> None:
    found = mapped("股份代號|日期|開市價|最高價|最低價|收市價|成交股數|成交金額", ImportKind.BARS)
    assert found["close"][0] == "收市價"
    assert found["volume"][0] == "成交股數"


@pytest.mark.parametrize(
    ("headers", "cash", "scale"),
    [
        (
            "报告期|送转股份-送转总比例|现金分红-现金分红比例|预案公告日|除权除息日",
            "现金分红-现金分红比例",
            0.1,
        ),
        ("实施方案公告日期|送股比例|转增比例|派息比例|股权登记日|除权日|派息日", "派息比例", 0.1),
        ("公告日期|送股|转增|派息|进度|除权除息日|股权登记日", "派息", 0.1),
        ("ts_code|ann_date|stk_div|cash_div|cash_div_tax|ex_date", "cash_div_tax", 1.0),
    ],
)
def test_dividends_per_ten_shares(headers: str, cash: str, scale: float) -> None:
    assert mapped(headers, ImportKind.ACTIONS, absent="listing")["cash"] == (cash, scale)


def test_the_lakes_own_columns_come_back() -> None:
    for kind, fields in FIELDS.items():
        names = "|".join(field.name for field in fields)
        assert {name: column[0] for name, column in mapped(names, kind).items()} == {
            field.name: field.name for field in fields
        }


def test_map_overrides_and_keeps_a_printed_unit() -> None:
    found = mapped(
        "id|date|open|high|low|close|adj|手数(手)",
        ImportKind.BARS,
        "id=listing,adj=close,手数(手)=volume",
    )
    assert found["close"] == ("adj", 1.0)
    assert found["volume"] == ("手数(手)", 100.0)


def test_map_of_a_recognised_column_keeps_its_unit() -> None:
    found = mapped("ts_code|trade_date|total_mv", ImportKind.VALUATION, "total_mv=market_cap")
    assert found["market_cap"] == ("total_mv", 10_000.0)


def test_missing_column_names_file_column_columns_and_fix() -> None:
    with pytest.raises(
        SchemaMismatch, match="no column for close; the columns are code, date"
    ) as e:
        map_columns(("code", "date", "open", "high", "low"), ImportKind.BARS, file="f.csv")
    assert e.value.where == "f.csv"
    assert e.value.fix == 'name it: --map "COLUMN=close"'


def test_missing_listing_offers_the_option() -> None:
    with pytest.raises(SchemaMismatch, match="no column for listing") as error:
        map_columns(("date", "open", "high", "low", "close"), ImportKind.INDEX, file="f.csv")
    assert "--listing ID" in error.value.fix


def test_a_needed_column_twice() -> None:
    headers = ("code", "date", "open", "high", "low", "close", "Close")
    with pytest.raises(SchemaMismatch, match="column 'close' comes more than once"):
        map_columns(headers, ImportKind.BARS, file="f.csv")


def test_map_of_an_unknown_column() -> None:
    with pytest.raises(SchemaMismatch, match="no column 'clse'; the columns are code, date"):
        mapped("code|date|open|high|low|close", ImportKind.BARS, "clse=close")


def test_map_of_an_unknown_field() -> None:
    with pytest.raises(InputError, match="bars have no field 'price'") as error:
        check_fields(ImportKind.BARS, (("x", "price"),))
    assert "close" in error.value.fix


def test_parse_column_map() -> None:
    assert parse_column_map("收盘 = close, a=b=volume") == (("收盘", "close"), ("a=b", "volume"))


@pytest.mark.parametrize("text", ["", "close", "=close", "x=", "a=close,"])
def test_parse_column_map_refuses(text: str) -> None:
    with pytest.raises(InputError, match="is not COLUMN=FIELD") as error:
        parse_column_map(text)
    assert "收盘=close" in error.value.fix


@pytest.mark.parametrize("text", ["a=close,b=close", "a=close,a=open"])
def test_parse_column_map_refuses_twice(text: str) -> None:
    with pytest.raises(InputError, match="more than once"):
        parse_column_map(text)
