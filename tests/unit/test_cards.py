"""Report cards: the facts of the five that ship, and what a card that breaks its rules is told."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from screener.domain.report import Precision, Report, Role
from screener.errors import BasketDefinitionError
from screener.workspace.cards.reading import read_card
from screener.workspace.locate import Workspace
from tests.support.strict_reading import read_cards

ROOT = Path(__file__).resolve().parents[2]
CHINA = timezone(timedelta(hours=8))

# Typed by hand from the reports, not from the cards.
RECOMMENDED = {
    ("R1", "compute-leasing"): "300857.SZ 301396.SZ",
    ("R1", "copper"): "601899.SH 603993.SH 01208.HK 01258.HK",
    ("R1", "inp-substrates"): "002428.SZ 002975.SZ",
    ("R1", "crossover-appliance"): ("002429.SZ 002841.SZ 001308.SZ 600060.SH 002290.SZ 600839.SH"),
    ("R2", "compute-leasing"): (
        "301396.SZ 000967.SZ 002929.SZ 300857.SZ 603629.SH 600589.SH 600673.SH 300166.SZ "
        "300442.SZ 603881.SH 300738.SZ"
    ),
    ("R2", "cloud-services"): (
        "03896.HK 688158.SH 688316.SH 300017.SZ 300846.SZ 300454.SZ 300895.SZ"
    ),
    ("R2", "large-models"): "00100.HK 02513.HK",
    ("R2", "im-gateways"): "09988.HK 00700.HK",
    ("R2", "compute-hardware"): "688256.SH 688041.SH 09903.HK 06082.HK 001339.SZ",
    ("R4", "domestic-compute"): (
        "600673.SH 688256.SH 688041.SH 300442.SZ 001896.SZ 300857.SZ 688629.SH 600589.SH "
        "603629.SH 300017.SZ 000034.SZ 688343.SH 002929.SZ 300911.SZ 002335.SZ 688981.SH "
        "688347.SH 603019.SH 002290.SZ 300738.SZ 688158.SH 300846.SZ 600602.SH 688215.SH "
        "000977.SZ 000880.SZ 300870.SZ"
    ),
    ("R5", "compute-leasing"): "300857.SZ 301396.SZ 603629.SH",
}
COUNTS = {
    ("R1", "compute-leasing"): 2,
    ("R2", "compute-leasing"): 11,
    ("R5", "compute-leasing"): 3,
    ("R1", "copper"): 4,
    ("R1", "inp-substrates"): 2,
    ("R1", "crossover-appliance"): 6,
    ("R2", "cloud-services"): 7,
    ("R2", "large-models"): 2,
    ("R2", "im-gateways"): 2,
    ("R2", "compute-hardware"): 5,
    ("R4", "domestic-compute"): 27,
}
ANALYSTS = {
    "R1-1": ("国盛证券", "孙行臻 S0680526010001", date(2026, 5, 14)),
    "R1-2": ("银河证券", "华立 S0130516080004", date(2026, 5, 12)),
    "R1-3": ("东吴证券", "王紫敬 S0600521080005", date(2026, 5, 13)),
    "R1-4": ("太平洋证券", "孟昕 S1190524020001", date(2026, 5, 13)),
    "R2-1": ("中邮证券", "李佩京 S1340525080003, 王思 S1340525080002", date(2026, 4, 21)),
    "R3-1": ("国金证券", "张真桢 S1130524060002", date(2026, 5, 24)),
    "R4-1": (
        "国金证券",
        "刘高畅 S1130525120005, 陈芷婧 S1130525120008, 鲍淑娴 S1130526020002",
        date(2026, 3, 8),
    ),
    "R5-1": ("滙富 Sunwah Kingsway", "王學宏, 李旭佳", date(2026, 4, 29)),
}
RANGES = {
    "R3": (date(2026, 5, 24), date(2026, 5, 23), date(2026, 5, 25)),
    "R4": (date(2026, 3, 8), date(2026, 3, 7), date(2026, 3, 9)),
    "R5": (date(2026, 4, 29), datetime(2026, 4, 29, tzinfo=CHINA), date(2026, 4, 29)),
}
CLAIMS = {
    "R1": {
        ("600060.SH", "PE"): 11.63,
        ("300857.SZ", "revenue"): 6.085e9,
        ("300857.SZ", "revenue growth, year on year"): 1.9290,
        ("300857.SZ", "net profit"): 750e6,
        ("300857.SZ", "net profit growth, year on year"): 3.4345,
        ("301396.SZ", "operating cash flow"): 256e6,
        ("301396.SZ", "operating cash flow growth, year on year"): 18.5469,
        ("", "PE, low end"): 11,
        ("", "PE, high end"): 12,
    },
    "R2": {
        ("", "level at writing"): 5179.19,
        ("", "52-week low"): 4368.05,
        ("", "52-week high"): 6151.34,
    },
    "R3": {
        ("688143.SH", "return over the week to that day"): 0.2798,
        ("002881.SZ", "return over the week to that day"): 0.17,
        ("300959.SZ", "return over the week to that day"): 0.1163,
        ("688668.SH", "return over the week to that day"): 0.1098,
        ("300603.SZ", "return over the week to that day"): 0.1076,
        ("002902.SZ", "return over the week to that day"): -0.0922,
        ("002929.SZ", "return over the week to that day"): -0.0931,
        ("603118.SH", "return over the week to that day"): -0.1073,
        ("688159.SH", "return over the week to that day"): -0.1283,
        ("301139.SZ", "return over the week to that day"): -0.1958,
        ("", "return over the week to that day"): -0.0097,
    },
    "R4": {},
    "R5": {
        ("300857.SZ", "price"): 264.18,
        ("300857.SZ", "market cap"): 128e9,
        ("300857.SZ", "EV/revenue"): 7.8,
        ("301396.SZ", "price"): 335.99,
        ("301396.SZ", "market cap"): 51.6e9,
        ("301396.SZ", "EV/revenue"): 17.4,
        ("603629.SH", "price"): 119.35,
        ("603629.SH", "market cap"): 31.2e9,
        ("603629.SH", "EV/revenue"): 9.0,
        ("000300.SH", "close"): 4758,
        ("", "investment"): 7e9,
        ("", "investment in servers"): 6e9,
        ("", "investment in infrastructure"): 1e9,
        ("", "share of equity"): 0.1,
        ("", "share of debt"): 0.9,
        ("", "interest on debt"): 0.04,
        ("", "rent a year, low end"): 1.4e9,
        ("", "rent a year, high end"): 1.5e9,
        ("", "payback, in years of rent"): 3,
    },
}


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    return {report.id: report for report in read_cards(Workspace(root=ROOT))}


def test_the_five_cards_are_there_in_order(reports: dict[str, Report]) -> None:
    assert list(reports) == ["R1", "R2", "R3", "R4", "R5"]


def test_names_recommended_under_each_theme(reports: dict[str, Report]) -> None:
    found = {
        (report.id, theme): " ".join(item.listing.id for item in report.recommended(theme))
        for report in reports.values()
        for theme in report.themes
    }
    assert found == RECOMMENDED
    assert {key: len(text.split()) for key, text in found.items()} == COUNTS


def test_brokers_analysts_licences_and_dates(reports: dict[str, Report]) -> None:
    found = {
        note.id: (
            note.broker,
            ", ".join(f"{who.name} {who.licence}".strip() for who in note.analysts),
            note.published.day,
        )
        for report in reports.values()
        for note in report.notes
    }
    assert found == ANALYSTS


def test_the_digest_has_its_own_exact_time(reports: dict[str, Report]) -> None:
    published = reports["R1"].published
    assert published.precision is Precision.EXACT
    assert published.value == datetime(2026, 5, 14, 19, 48, tzinfo=CHINA)
    assert published.text() == "2026-05-14T19:48+08:00"
    assert {note.published.precision for note in reports["R1"].notes} == {Precision.DAY}
    assert [note.themes for note in reports["R1"].notes] == [
        ("compute-leasing",),
        ("copper",),
        ("inp-substrates",),
        ("crossover-appliance",),
    ]


@pytest.mark.parametrize("report_id", RANGES)
def test_estimated_dates_have_range_and_evidence(
    reports: dict[str, Report], report_id: str
) -> None:
    published = reports[report_id].published
    assert published.precision is Precision.ESTIMATED
    assert (published.value, published.range_start, published.range_end) == RANGES[report_id]
    assert published.evidence
    assert reports[report_id].notes[0].published == published


def test_the_industry_note_has_the_day_under_which_it_is_listed(
    reports: dict[str, Report],
) -> None:
    published = reports["R2"].published
    assert (published.value, published.precision) == (date(2026, 4, 21), Precision.DAY)
    assert "2026-04-22 07:43" in published.evidence
    assert reports["R2"].notes[0].published == published


@pytest.mark.parametrize("report_id", CLAIMS)
def test_claims(reports: dict[str, Report], report_id: str) -> None:
    found = {
        (claim.listing.id if claim.listing else "", claim.measure): claim.value
        for claim in reports[report_id].claims
    }
    assert found == pytest.approx(CLAIMS[report_id])
    assert len(found) == len(reports[report_id].claims)


def test_the_stale_price_of_the_morning_note_bears_its_own_date(
    reports: dict[str, Report],
) -> None:
    prices = {
        str(claim.listing): claim.as_of
        for claim in reports["R5"].claims
        if claim.measure == "price"
    }
    assert prices == {
        "300857.SZ": "2026-04-24",
        "301396.SZ": "2026-04-28",
        "603629.SH": "2026-04-28",
    }


def test_names_printed_and_canonical(reports: dict[str, Report]) -> None:
    different = {
        (report.id, item.printed, item.name)
        for report in reports.values()
        for item in report.securities
        if item.printed != item.name
    }
    assert different == {
        ("R2", "腾讯", "腾讯控股"),
        ("R3", "润健股份", "润建股份"),
        ("R4", "华虹半导体", "华虹公司"),
        ("R5", "協創數據", "协创数据"),
        ("R5", "利通電子", "利通电子"),
    }


def test_a_listing_has_one_name_in_all_cards(reports: dict[str, Report]) -> None:
    names: dict[str, set[tuple[str, str]]] = {}
    for report in reports.values():
        for item in report.securities:
            names.setdefault(item.listing.id, set()).add((item.name, item.name_en))
    assert {listing: found for listing, found in names.items() if len(found) > 1} == {}


def test_the_communications_weekly_has_movers_and_indices_and_recommends_nothing(
    reports: dict[str, Report],
) -> None:
    report = reports["R3"]
    assert report.themes == ()
    roles = [item.role for item in report.securities]
    assert (roles.count(Role.MOVER), roles.count(Role.MENTIONED)) == (10, 1)
    assert [(i.code, i.week, i.month_to_date) for i in report.indices] == [
        ("8841058.WI", 0.0086, 0.1147),
        ("8841258.WI", 0.0030, 0.1516),
        ("866052.WI", -0.0261, 0.0799),
        ("", -0.0097, None),
    ]
    outlooks = [outlook for _, outlook in report.climate]
    assert (len(outlooks), outlooks.count("稳健向上"), outlooks.count("加速向上")) == (8, 5, 2)


def test_ratings(reports: dict[str, Report]) -> None:
    found = {
        report.id: (note.rating, note.rating_change, str(note.rating_level))
        for report in reports.values()
        for note in report.notes
        if note.rating
    }
    assert found == {
        "R2": ("强于大市", "maintained", "industry"),
        "R3": ("买入", "maintained", "industry"),
        "R4": ("买入", "maintained", "industry"),
    }


def test_rating_definitions(reports: dict[str, Report]) -> None:
    youzheng = reports["R2"].rating_definitions[0]
    assert (youzheng.broker, youzheng.months_low, youzheng.months_high) == ("中邮证券", 6, 6)
    assert youzheng.benchmarks == (
        ("A", "沪深300"),
        ("HK", "恒生指数"),
        ("US", "标普500"),
        ("US", "纳斯达克综合指数"),
        ("NEEQ", "三板成指"),
        ("convertible", "中信标普可转债"),
    )
    assert [(str(b.level), b.rating, b.low, b.high) for b in youzheng.bands] == [
        ("stock", "买入", 0.2, None),
        ("stock", "增持", 0.1, 0.2),
        ("stock", "中性", -0.1, 0.1),
        ("stock", "回避", None, -0.1),
        ("industry", "强于大市", 0.1, None),
        ("industry", "中性", -0.1, 0.1),
        ("industry", "弱于大市", None, -0.1),
        ("convertible", "推荐", 0.1, None),
        ("convertible", "谨慎推荐", 0.05, 0.1),
        ("convertible", "中性", -0.05, 0.05),
        ("convertible", "回避", None, -0.05),
    ]
    guojin = reports["R3"].rating_definitions[0]
    assert (guojin.broker, guojin.months_low, guojin.months_high) == ("国金证券", 3, 6)
    assert [(b.rating, b.low, b.high) for b in guojin.bands] == [
        ("买入", 0.15, None),
        ("增持", 0.05, 0.15),
        ("中性", -0.05, 0.05),
        ("减持", None, -0.05),
    ]
    assert reports["R4"].rating_definitions == reports["R3"].rating_definitions


def test_no_text_of_a_card_is_as_long_as_a_sentence(reports: dict[str, Report]) -> None:
    for report in reports.values():
        for text in _texts(report):
            chinese = sum("\u4e00" <= sign <= "\u9fff" for sign in text)
            assert chinese < 24, text


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for item in value for text in _texts(item)]
    if is_dataclass(value):
        return [text for item in fields(value) for text in _texts(getattr(value, item.name))]
    return []


GOOD = """
id = "T1"
title = "t"
publisher = "p"
language = "en"
published.value = 2026-05-14
published.precision = "day"
securities = [
  { listing = "300857.SZ", printed = "协创数据", role = "recommended", theme = "chips" },
]
claims = [{ subject = "s", measure = "m", value = 1.5, unit = "x" }]
[[notes]]
id = "T1-1"
broker = "b"
themes = ["chips"]
[[rating_definitions]]
broker = "b"
months_low = 3
months_high = 6
bands = [{ level = "stock", rating = "buy", low = 0.1, high = 0.2 }]
"""


def _read(folder: Path, text: str) -> Report:
    path = folder / "seeds" / "T1.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return read_card(path, root=folder)


def test_no_shipped_note_repeats_or_reiterates_another(reports: dict[str, Report]) -> None:
    notes = [note for report in reports.values() for note in report.notes]
    assert {(note.repeats, note.reiterates) for note in notes} == {("", "")}
    assert {report.text_hash for report in reports.values()} == {""}


def test_links_and_hash_of_a_card(tmp_path: Path) -> None:
    text = GOOD.replace('broker = "b"\nthemes', 'broker = "b"\nrepeats = "elsewhere-1"\nthemes')
    text = text.replace('language = "en"', f'language = "en"\ntext_sha256 = "{"ab" * 32}"')
    report = _read(tmp_path, text)
    assert report.notes[0].repeats == "elsewhere-1"
    assert report.text_hash == "ab" * 32


def test_a_good_card_and_its_defaults(tmp_path: Path) -> None:
    report = _read(tmp_path, GOOD)
    assert report.securities[0].name == "协创数据"
    assert report.notes[0].published == report.published
    assert report.published.precision is Precision.DAY


def test_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    assert _read(tmp_path, "\ufeff" + GOOD).id == "T1"


@pytest.mark.parametrize(
    ("old", "new", "key", "what"),
    [
        ('"recommended"', '"buy"', "securities[1].role", "securities[1].role = 'buy'"),
        ('role = "rec', 'rolle = "rec', "securities[1].role", "key securities[1].role is missing"),
        ('id = "T1"', 'id = "T 1"', "id", "id = 'T 1'"),
        ('"300857.SZ"', '"300857"', "securities[1].listing", "'300857' is not a whole"),
        ('"300857.SZ"', '"300857.SH"', "securities[1].listing", "'300857.SH': 300857 is a code"),
        ('"300857.SZ"', '"000001"', "securities[1].listing", "both a Shenzhen share"),
        ('"300857.SZ"', '"000300.SH"', "securities[1].listing", "000300.SH is an index"),
        ('theme = "chips"', 'theme = "copper"', "", "securities[1].theme = 'copper'"),
        ('["chips"]', '["Chips!"]', "notes[1].themes[1]", "'Chips!'"),
        ("value = 1.5", 'value = "1.5"', "claims[1].value", "claims[1].value = '1.5'"),
        ("value = 1.5", "value = nan", "claims[1].value", "claims[1].value = nan"),
        ('unit = "x"', 'unit = "apples"', "claims[1].unit", "claims[1].unit = 'apples'"),
        ("2026-05-14\n", '"2026-05-14"\n', "published.value", "'2026-05-14' is no date"),
        ("2026-05-14\n", "20260514\n", "published.value", "20260514 is no date"),
        ("2026-05-14\n", "2026-05-14T09:00:00\n", "published", "has no zone"),
        ('"day"', '"exact"', "published", "value = 2026-05-14, precision = 'exact'"),
        ('"day"', '"estimated"', "published", "needs a range and its evidence"),
        ("low = 0.1", "low = 0.3", "rating_definitions[1].bands[1]", "low 0.3 is not below"),
        (", low = 0.1, high = 0.2", "", "rating_definitions[1].bands[1]", "buy has no bound"),
        ("months_low = 3", "months_low = 9", "rating_definitions[1]", "months_low 9 is after"),
        ("months_low = 3", "months_low = 0", "rating_definitions[1].months_low", "= 0"),
        ('language = "en"', 'language = "en"\ncolour = "red"', "colour", "unknown key colour"),
        ('language = "en"', 'language = "en"\ntext_sha256 = "AB"', "text_sha256", "= 'AB'"),
        ('id = "T1-1"', 'id = "T1-1"\nrepeats = "a b"', "notes[1].repeats", "= 'a b'"),
        ('id = "T1-1"', 'id = "T1-1"\nrepeats = "T1-1"', "notes[1]", "refers to itself"),
        ('id = "T1-1"', 'id = "T1-1"\nreiterates = "T1-1"', "notes[1]", "refers to itself"),
        (
            'id = "T1-1"',
            'id = "T1-1"\nrepeats = "a"\nreiterates = "b"',
            "notes[1]",
            "repeats a and reiterates b",
        ),
    ],
)
def test_a_card_that_breaks_a_rule_is_told_file_key_and_value(
    tmp_path: Path, old: str, new: str, key: str, what: str
) -> None:
    assert old in GOOD
    with pytest.raises(BasketDefinitionError) as caught:
        _read(tmp_path, GOOD.replace(old, new, 1))
    assert what in caught.value.what
    assert caught.value.where.startswith("seeds/T1.toml")
    assert key in caught.value.where
    assert caught.value.fix
    assert caught.value.exit_code == 2


def test_a_security_named_twice_under_a_theme(tmp_path: Path) -> None:
    line = GOOD.splitlines()[8]
    assert line.startswith("  { listing")
    with pytest.raises(BasketDefinitionError, match=r"300857\.SZ, chips is given 2 times"):
        _read(tmp_path, GOOD.replace(line, f"{line}\n{line}"))


def test_several_faults_are_counted(tmp_path: Path) -> None:
    text = GOOD.replace('"recommended"', '"buy"').replace('unit = "x"', 'unit = "y"')
    with pytest.raises(BasketDefinitionError, match=r"and 1 more in this file"):
        _read(tmp_path, text)


def test_not_toml_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(BasketDefinitionError, match=r"not valid TOML.*line 2.*seeds/T1\.toml"):
        _read(tmp_path, "id = 'T1'\ntitle = \n")


def test_wrong_encoding(tmp_path: Path) -> None:
    path = tmp_path / "T1.toml"
    path.write_bytes('title = "算力"'.encode("gb18030"))
    with pytest.raises(BasketDefinitionError, match=r"not UTF-8.*T1\.toml.*save the file as UTF-8"):
        read_card(path, root=tmp_path)


def test_two_cards_with_one_id(tmp_path: Path) -> None:
    _read(tmp_path, GOOD)
    other = GOOD.replace('id = "T1"', 'id = "t1"', 1)
    (tmp_path / "seeds" / "T2.toml").write_text(other, encoding="utf-8")
    with pytest.raises(
        BasketDefinitionError, match=r"id = 't1' is also the id of seeds/T1\.toml.*seeds/T2\.toml"
    ):
        read_cards(Workspace(root=tmp_path))


def test_ten_comes_after_two(tmp_path: Path) -> None:
    (tmp_path / "seeds").mkdir()
    for number in (10, 2, 1):
        text = GOOD.replace('id = "T1"', f'id = "T{number}"', 1)
        (tmp_path / "seeds" / f"T{number}.toml").write_text(text, encoding="utf-8")
    assert [item.id for item in read_cards(Workspace(root=tmp_path))] == ["T1", "T2", "T10"]
