"""Dates in text: every written form, missing years, and what each date speaks of."""

from __future__ import annotations

from datetime import date, time

import pytest

from screener.reports.dates.dates import dates_in
from screener.reports.dates.found import DateKind, FoundDate
from screener.reports.text.text import make_text

TODAY = date(2026, 11, 21)
FILLER = "公司深耕液冷设备多年,订单充足。" * 30


def only(words: str, today: date = TODAY) -> FoundDate:
    (found,) = dates_in(make_text(words), today=today, year_of=today)
    return found


@pytest.mark.parametrize(
    "words",
    [
        "2026/05/14",
        "2026年05月14日",
        "2026-5-14",
        "2026.05.14",
        "20260514",
        "26年5月14日",
        "26年5月14號",
        "二零二六年五月十四日",
        "二〇二六年五月十四日",
        "14 May 2026",
        "14th May, 2026",
        "May 14, 2026",
        "14-May-26",
        "14/5/2026",
        "5/14/2026",
        "MAY 14 2026",
        "2 0 2 6 年 5 月 1 4 日",
        "２０２６．０５．１４",
    ],
)
def test_forms_of_a_day(words: str) -> None:
    found = only(words)
    assert (found.start, found.end) == (date(2026, 5, 14), date(2026, 5, 14))


@pytest.mark.parametrize(
    ("words", "start", "end"),
    [
        ("2026年4月", "2026-04-01", "2026-04-30"),
        ("2026年2月底", "2026-02-24", "2026-02-28"),
        ("2026年4月上旬", "2026-04-01", "2026-04-10"),
        ("26Q1营收", "2026-01-01", "2026-03-31"),
        ("1Q26营收", "2026-01-01", "2026-03-31"),
        ("2026年第一季度收入", "2026-01-01", "2026-03-31"),
        ("1H26收入", "2026-01-01", "2026-06-30"),
        ("2025年前三季度收入", "2025-01-01", "2025-09-30"),
        ("2026年1-4月收入", "2026-01-01", "2026-04-30"),
        ("2026年5月18日-5月22日", "2026-05-18", "2026-05-22"),
        ("2026年5月18-22日", "2026-05-18", "2026-05-22"),
        ("2026年6月9日至15日", "2026-06-09", "2026-06-15"),
        ("5月18日(周一)-5月22日", "2026-05-18", "2026-05-22"),
        ("2026/5/18-2026/5/22", "2026-05-18", "2026-05-22"),
        ("2026.05.18-05.22", "2026-05-18", "2026-05-22"),
        ("20260518-20260522", "2026-05-18", "2026-05-22"),
        ("周报（0518-0522）", "2026-05-18", "2026-05-22"),
        ("周报（5.18-5.22）", "2026-05-18", "2026-05-22"),
        ("2025年12月29日-1月2日", "2025-12-29", "2026-01-02"),
    ],
)
def test_forms_of_a_span(words: str, start: str, end: str) -> None:
    found = only(words)
    assert (found.start, found.end) == (date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.parametrize(
    "words",
    [
        "2026年13月40日",
        "2026-02-30",
        "持有6个月",
        "未来3-6月",
        "12月内",
        "近3月涨幅",
        "3月期国债",
        "区间5.18-5.22元",
        "比例9.11-9.13",
        "S0680526010001",
        "电话021-20260514999",
        "规模20260514万元",
        "到2030年",
        "1月2月3月4月5月6月7月8月9月10月11月12月",
    ],
)
def test_what_is_no_date(words: str) -> None:
    found = dates_in(make_text(words), today=TODAY)
    assert len(found) <= (1 if "1月2月" in words else 0)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("2026/05/14 19:48", ("2026-05-14", "19:48")),
        ("2026/5/1 9:48", ("2026-05-01", "09:48")),
        ("2026/5/11 9:48", ("2026-05-01", "19:48")),  # glued, an hour of two digits is likelier
        ("2026/05/11 9:48", ("2026-05-11", "09:48")),
        ("2026年5月14日 晚上 7时48分", ("2026-05-14", "19:48")),
    ],
)
def test_a_time_glued_to_its_day(words: str, expected: tuple[str, str]) -> None:
    found = only(words)
    assert (found.start, found.time) == (
        date.fromisoformat(expected[0]),
        time.fromisoformat(expected[1]),
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("2026年3月6日发布。12月30日", "2025-12-30"),
        ("2025年12月20日发布。1月5日", "2026-01-05"),
        ("2026年3月6日发布。今年1月5日", "2026-01-05"),
        ("2026年3月6日发布。去年1月5日", "2025-01-05"),
        ("11月25日", "2025-11-25"),
        ("5月14日（星期三）", "2025-05-14"),
        ("给出2024E和2025E预测。3月5日", "2024-03-05"),
    ],
)
def test_a_missing_year_is_the_nearest(words: str, expected: str) -> None:
    found = dates_in(make_text(words), today=TODAY, year_of=TODAY)
    assert found[-1].start == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("11月25日", None),
        ("2024年与2026年相比。11月25日", None),
        ("2024年景气上行。11月25日", "2024-11-25"),
        ("5月14日（星期三）", None),
    ],
)
def test_a_year_that_no_text_tells_is_not_guessed(words: str, expected: str | None) -> None:
    found = dates_in(make_text(words), today=TODAY)
    assert [one.start.isoformat() for one in found] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("发布日期：2026年5月14日", DateKind.PRINTED),
        (FILLER + "对外发布时间:2026年5月14日", DateKind.PRINTED),
        (FILLER + "预计发布日期:2026年5月14日", DateKind.SCHEDULED),
        (FILLER + "《液冷专题》-2026.05.14", DateKind.PAST_REPORT),
        (FILLER + "相关报告 液冷迎来拐点 2026.05.14", DateKind.PAST_REPORT),
        (FILLER + "研报来源：东山证券，甲某，液冷专题。2026年5月14日", DateKind.OWN_NOTE),
        (FILLER + "截至2026年5月14日", DateKind.DATA),
        (FILLER + "收盘价（2026年5月14日）", DateKind.DATA),
        (FILLER + "按2026年5月14日收市价计算", DateKind.DATA),
        (FILLER + "截至2026年3月31日，在手订单", DateKind.PERIOD),
        (FILLER + "2026年5月14日，公司公告中标", DateKind.EVENT),
        (FILLER + "2026年5月14日晚间", DateKind.EVENT),
        (FILLER + "展会2026年5月14日", DateKind.MENTION),
        (FILLER + "将于2026年5月14日召开", DateKind.SCHEDULED),
        (FILLER + "2026年5月14日将召开大会", DateKind.SCHEDULED),
        (FILLER + "自2026年5月14日起上调报价", DateKind.SCHEDULED),
        (FILLER + "下周重要事件：2026年5月14日 大会", DateKind.SCHEDULED),
        (FILLER + "预计2026年5月投产", DateKind.FORECAST),
        ("公司计划2026年5月14日投产", DateKind.SCHEDULED),
        ("公司预计2026年5月14日召开大会", DateKind.FORECAST),
        (FILLER + "2026年12月投产", DateKind.FORECAST),
        (FILLER + "26Q2E收入", DateKind.FORECAST),
        (FILLER + "26Q2收入", DateKind.PERIOD),
        (FILLER + "办法》于2017年7月1日起正式实施", DateKind.LEGAL),
    ],
)
def test_what_a_date_speaks_of(words: str, kind: DateKind) -> None:
    assert only(words).kind is kind


def test_places_lead_back_to_the_text() -> None:
    text = make_text("星河液冷\n2026年\n5月14日 公告")
    (found,) = dates_in(text, today=TODAY)
    assert text.clean[slice(*found.place)] == "2026年5月14日"
    assert text.printed(found.place) == "2026年5月14日"
