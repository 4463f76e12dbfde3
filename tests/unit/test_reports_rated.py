"""Ratings where they stand: which name each belongs to, and the part that it gives it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.domain.report import Role
from screener.reports.ratings.ratings import Stance, rating_in, stances
from screener.reports.roles.levelled import levelled
from screener.reports.roles.runs import Run
from screener.reports.securities.mentions import mentions_in
from screener.reports.text.layout import lay_out
from screener.reports.text.related import related_headlines
from screener.reports.text.text import make_text
from tests.support.laws import laws
from tests.support.mentions import DAY, whole
from tests.support.roles import ADVISED, MOVER, NAMED, RISK, A, B, C, D, runs


def parts(original: str) -> dict[str, Role]:
    """Return each printed name with the weightiest part that it plays."""
    rank = (NAMED, Role.EXAMPLE, Role.COMPARED, MOVER, RISK, ADVISED)
    found: dict[str, Role] = {}
    clean, every = runs(original)
    for run in every:
        for one in run.mentions:
            name = clean[slice(*one.place)]
            found[name] = max(found.get(name, NAMED), run.role, key=rank.index)
    return found


def given_ratings(original: str) -> dict[str, str]:
    clean, found = runs(original)
    return {
        clean[slice(*one.place)]: run.ratings[0].rating
        for run in found
        for one in run.mentions
        if run.ratings
    }


def test_every_rating_advises_something() -> None:
    assert set(stances().values()) == set(Stance)
    assert stances()["买入"] is stances()["BUY"] is Stance.GOOD
    assert stances()["沽售"] is stances()["Sell"] is Stance.POOR
    assert stances()["持有"] is stances()["Hold"] is Stance.NEUTRAL


THREE = {A: ADVISED, B: NAMED, C: RISK}


@pytest.mark.parametrize(
    "text",
    [
        f"代码\t公司\t评级\n301990.SZ\t{A}\t买入\n301991.SZ\t{B}\t中性\n920990.BJ\t{C}\t卖出",
        f"评级\t公司\t目标价\n买入\t{A}\t30.5\n中性\t{B}\t12.0\n卖出\t{C}\t8.0",
        f"| 公司 | 评级 |\n|---|---|\n| {A} | 买入 |\n| {B} | 中性 |\n| {C} | 卖出 |",
        f"评级 | 公司 | 目标价\n买入 | {A} | 30\n中性 | {B} | 12\n卖出 | {C} | 8",
        f"公司 股价 EPS PE 评级\n{A} 20.1 1.0 20 买入\n{B} 12.5 0.6 21 中性\n{C} 9.3 0.2 46 卖出",
        f"{A}（301990.SZ，买入）、{B}（301991.SZ，中性）、{C}（920990.BJ，卖出）",
        f"{A}（买入）、{B}（中性）、{C}（卖出）",
        f"{A}（301990）中性->买入；{B}（301991）买入->中性；{C}（920990）增持→卖出",
        f"维持{A}“买入”评级；下调{B}至“中性”；{C}评级由“持有”下调至“卖出”。",
        f"{A}（301990）：订单饱满。维持“买入”。\n■{B}（301991）：订单走平。维持“中性”。\n"
        f"■{C}（920990）：订单下滑。下调至“卖出”。",
        f"买入评级：{A}；中性评级：{B}；卖出评级：{C}。",
        f"We keep Buy on {A}（301990）. {B}（301991）stays Neutral. We cut {C}（920990） to Sell.",
        f"{A} (301990): BUY. {B} (301991): HOLD. {C} (920990): SELL.",
        f"<td>{A}</td><td>买入</td><td>{B}</td><td>中性</td><td>{C}</td><td>卖出</td>",
    ],
)
def test_each_name_has_the_rating_of_its_row(text: str) -> None:
    assert parts(text) == THREE


def test_a_rating_never_goes_to_the_row_below() -> None:
    text = f"公司\t评级\n{A}\t卖出\n{B}\t买入\n{C}\t中性"
    assert given_ratings(text) == {A: "卖出", B: "买入", C: "中性"}


def test_of_two_ratings_in_a_row_the_last_counts() -> None:
    head = "公司 代码 评级（上期） 评级（本期） 目标价"
    text = f"{head}\n{A} 301990 中性 买入 30\n{B} 301991 买入 中性 12"
    assert parts(text) == {A: ADVISED, B: NAMED}


def test_a_list_is_rated_as_a_whole() -> None:
    assert parts(f"给予{A}、{B}“增持”评级，给予{C}“持有”评级。") == {
        A: ADVISED,
        B: ADVISED,
        C: NAMED,
    }
    assert parts(f"两家公司均获“买入”评级：{A}、{B}。") == {A: ADVISED, B: ADVISED}


@pytest.mark.parametrize(
    "grade", ["增持-A", "跑赢大市", "強於大市", "優於大市", "Outperform", "强推"]
)
def test_grades_of_every_house(grade: str) -> None:
    assert parts(f"{A}（301990）：维持“{grade}”评级。") == {A: ADVISED}


@pytest.mark.parametrize(
    "words", ["此前曾给予“买入”评级", "未给予“买入”评级", "维持行业“增持”评级"]
)
def test_what_rates_no_company_now(words: str) -> None:
    assert parts(f"{A}与{B}发布新品。{words}。") == {A: NAMED, B: NAMED}


def test_the_house_that_rates_is_not_the_one_rated() -> None:
    assert given_ratings(f"{A}（301990）获中信证券给予“买入”评级。")[A] == "买入"


@pytest.mark.parametrize(
    "text",
    [
        f"{A}（301990）年报点评：订单饱满\n评级：买入（维持）\n客户{B}需求增长。",
        f"公司点评\n强烈推荐（维持）\n目标价：30元\n{A} 301990.SZ\n需求增长，客户{B}扩产。",
        f"免责声明和披露以及分析师声明是报告的一部分。{A}（301990）评级：买入（首次）。客户{B}扩产。",
        f"{A}（301990）：新股研究\n我们建议申购。同业{B}估值较高。",
        f"首次覆盖{A}，给予“买入”评级。{B}为其客户。",
        f"投資建議 買入\n{A}（301990）\n現價20元，目標價30元。{B}為其客戶。",
    ],
)
def test_a_stock_notes_subject_wherever_its_rating_stands(text: str) -> None:
    found = parts(text)
    assert found[A] is ADVISED
    assert found[B] is NAMED


def test_a_poor_rating_of_the_subject_is_a_risk() -> None:
    assert parts(f"{A}（301990）：订单下滑。公司产能收缩。下调至“减持”评级。") == {A: RISK}


def test_a_rating_in_two_languages_is_one() -> None:
    found = rating_in(make_text("首次覆盖优于大市。Initiate with OUTPERFORM 评级").clean)
    assert found is not None
    assert found.rating == "优于大市"


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("投资评级**买入**（维持）", "买入"),
        ("投资评级投资评级(维持维持):买入买入", "买入"),
        ("行业投资评级[2]\n- 看好[3]", "看好"),
        ("评级为“优于大市”", "优于大市"),
        ("行业周报 2025年8月10日\n强于大市\n需求回升", "强于大市"),
        ("Initiation (700 HK): BUY, TP HK$600", "BUY"),
        ("評(píng)級(jí)：買(mǎi)入", "买入"),
        ("评级从“增持”调高至“买入”", "买入"),
    ],
)
def test_the_reports_own_rating(text: str, rating: str) -> None:
    found = rating_in(make_text(text).clean)
    assert found is not None
    assert found.rating == rating
    clean = make_text(text).clean
    assert clean[slice(*found.place)].startswith(rating[0])


def test_a_companys_rating_is_not_the_reports() -> None:
    clean = make_text("上调某公司评级至“买入”。").clean
    found = rating_in(clean)
    assert found is not None
    assert rating_in(clean, (found.place,)) is None


@pytest.mark.parametrize(
    ("plain", "marked"),
    [
        ("。", "[3]。"),
        ("。", "[2][5]"),
        ("：", "-"),
        ("、", "、 "),
        ("建议关注", "**建议关注**"),
    ],
)
def test_marks_change_no_part(plain: str, marked: str) -> None:
    text = f"光伏：建议关注{A}、{B}。风电：{C}、{D}涨幅居前。"
    assert parts(text.replace(plain, marked)) == parts(text)


def test_blanks_part_the_clauses_of_a_text_without_commas() -> None:
    text = (
        f"行业需求持续增长 龙头份额稳步提升 我们继续看好板块 建议关注{A}、{B} 海外产能加快建设 " * 2
    )
    assert parts(text) == {A: ADVISED, B: ADVISED}


def test_bold_print_that_is_copied_twice() -> None:
    text = f"建议关注{A}、{B}{A}、{B}、{C}{C[2:]}；风电龙头{D}{D}。"
    assert parts(text) == {A: ADVISED, B: ADVISED, C: ADVISED, D: ADVISED}


def test_the_way_back_from_the_levelled_text() -> None:
    text = make_text(f"光伏-建议关注{A}、{B}[3] 风电需求增长[12]，{C}发布新品[1]。")
    found, _ = mentions_in(text, lay_out(text.clean), whole(), day=DAY, brokers=frozenset())
    level = levelled(text, found)
    assert "[" not in level.text.clean
    for before, after in zip(found, level.mentions, strict=True):
        assert level.text.clean[slice(*after.place)] == text.clean[slice(*before.place)]
        assert level.back(after.place) == before.place
        assert level.text.printed(after.place) == text.printed(before.place)


SENTENCES = (
    f"建议关注{A}、{B}。",
    f"本周{C}上涨5.20%。",
    f"{D}与{A}发布新品。",
    f"维持{B}“买入”评级。",
    f"客户包括{C}、{D}。",
    f"警惕{D}。",
    "行业需求增长，价格平稳。",
)


@laws(60)
@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=4), st.sampled_from(SENTENCES))
def test_what_follows_changes_no_part_read_before(first: list[str], after: str) -> None:
    before = "".join(first)
    length = len(make_text(before).clean)
    clean, every = runs(before)
    _, more = runs(before + after)

    def told(found: tuple[Run, ...]) -> list[tuple[int, Role]]:
        return [
            (one.place.start, run.role)
            for run in found
            for one in run.mentions
            if one.place.end <= length and run.cue is not None
        ]

    assert set(told(every)) <= set(told(more)), re.sub(r"\s", "", clean)


# A site's headline of other news, in the middle of a table and of a text.
_OTHER_NEWS = "相關內容《大行》某行升沐川精工（920990.BJ）目標價至80元"


def test_a_headline_of_other_news_does_not_part_a_row_from_its_rating() -> None:
    rows = [f"{A}（301990.SZ） | 买入", f"{B}（301991.SZ） | 中性"]
    told = {A: "买入", B: "中性"}
    assert given_ratings("股份 | 投资评级" + "".join(rows)) == told
    assert given_ratings("股份 | 投资评级" + _OTHER_NEWS.join(rows)) == told
    assert given_ratings("股份 | 投资评级" + "".join(rows) + _OTHER_NEWS) == told


@pytest.mark.parametrize("price", [" -0.040 (-0.300%)", " 1.200 (2.310%)"])
def test_a_row_of_live_prices_ends_a_headline_of_other_news(price: str) -> None:
    text = make_text(
        f"{A}值得关注。相關內容某公司首季銷售額按年跌8%衡屿智能（07990.HK）{price} | 买入"
    )
    (place,) = related_headlines(text)
    assert text.clean[slice(*place)].startswith("相关内容某公司首季销售额按年跌8%")
    assert "07990" not in text.clean[slice(*place)]


@pytest.mark.parametrize("said", ["与本报告相关内容请见附录", "相关内容见第二章"])
def test_what_a_report_says_of_its_own_content_is_no_headline(said: str) -> None:
    assert related_headlines(make_text(f"{said}，{A}维持“买入”评级。")) == ()
