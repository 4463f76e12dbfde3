"""Lists of picks and rows of ratings as house after house prints them, and what only looks so."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from screener.domain.report import Role
from screener.reports.roles.roles import runs_with_roles
from screener.reports.securities.candidates import in_use
from screener.reports.securities.listing_lines import speaks_of_hong_kong
from screener.reports.securities.mentions import mentions_in
from screener.reports.securities.name_index import NameIndex, NameRow, build_index
from screener.reports.text.layout import lay_out
from screener.reports.text.text import make_text

DAY = date(2026, 5, 28)
A, B, C = "澄岳科技", "启沅股份", "沐川精工"
ROWS = (
    ("301990.SZ", A, ""),
    ("301991.SZ", B, ""),
    ("301992.SZ", C, ""),
    ("00700.HK", "腾讯控股", "TENCENT"),
    ("01810.HK", "小米集团", "XIAOMI-W"),
    ("02057.HK", "中通快递", "ZTO EXPRESS-W"),
    ("00799.HK", "IGG", "IGG"),
    ("00596.HK", "浪潮数字企业", ""),
    ("601186.SH", "中国铁建", ""),
    ("01186.HK", "中国铁建", "CHINA RAIL CONS"),
    ("02899.HK", "紫金矿业", "ZIJIN MINING"),
    ("09901.HK", "新东方", "NEW ORIENTAL-S"),
)
RANK = (*(Role.MENTIONED, Role.EXAMPLE, Role.COMPARED), Role.MOVER, Role.RISK, Role.RECOMMENDED)
ADVISED, MOVER, RISK, NAMED = Role.RECOMMENDED, Role.MOVER, Role.RISK, Role.MENTIONED


@cache
def names() -> NameIndex:
    return build_index(NameRow(listing=i, name=name, name_en=en) for i, name, en in ROWS)


def parts(original: str) -> dict[str, Role]:
    """Return the weightiest part that each listing plays, by its id."""
    text = make_text(original)
    layout = lay_out(text.clean)
    mentions, _ = mentions_in(text, layout, names(), day=DAY, brokers=frozenset())
    found: dict[str, Role] = {}
    for run in runs_with_roles(text, layout, mentions):
        for one in run.mentions:
            listing = one.listings[0].id
            found[listing] = max(found.get(listing, NAMED), run.role, key=RANK.index)
    return found


def advised(original: str) -> set[str]:
    return {listing for listing, role in parts(original).items() if role is ADVISED}


@pytest.mark.parametrize("head", ["focus list", "conviction list", "Top picks"])
def test_every_row_under_an_english_head_of_picks_is_advised(head: str) -> None:
    rows = "Tencent (700.HK) | 18%\nXiaomi (1810.HK) | 30%\nZijin Mining (2899.HK) | 9%"
    table = f"Stock | Upside\n\n{rows}"
    assert advised(f"Our June {head} (table)\n\n{table}") == {"00700.HK", "01810.HK", "02899.HK"}
    assert advised(f"Our June prices (table)\n\n{table}") == set()


def test_what_leaves_such_a_list_is_not_advised() -> None:
    rows = "Stock | Upside\n\nTencent (700.HK) | 18%\n\nRemoved this month: Xiaomi (1810.HK)."
    assert advised(f"Our focus list\n\n{rows}") == {"00700.HK"}


@pytest.mark.parametrize(
    ("line", "listing", "role"),
    [
        ("• Xiaomi (1810 HK): margin ahead, guidance up, Buy", "01810.HK", ADVISED),
        ("• Xiaomi (1810 HK): margin ahead | Neutral", "01810.HK", NAMED),
        ("• ZTO Express Q2 Results: price war goes on | AVOID", "02057.HK", RISK),
        (f"SZ301990 {A}：首次看到样机，增持", "301990.SZ", ADVISED),
        (f"- {A}(301990)：订单延后，减持", "301990.SZ", RISK),
    ],
)
def test_a_rating_at_the_end_of_a_line_is_that_of_the_name_at_its_head(
    line: str, listing: str, role: Role
) -> None:
    found = parts(f"Daily notes\n{line}\n• Tencent (700 HK) opens a new campus\n")
    assert found[listing] is role
    assert found["00700.HK"] is NAMED


def test_ratings_of_both_lines_of_a_company() -> None:
    text = "我们对中国铁建A股(601186 CH)和H股(1186 HK)均维持“买入”评级"
    assert advised(text) == {"601186.SH", "01186.HK"}


def test_a_rating_after_the_target_price_of_another_company() -> None:
    text = (
        "小米集团新车交付顺利，小米集团毛利率回升。某证券把澄岳科技目标价升至25元，维持“买入”评级。"
    )
    assert "301990.SZ" in advised(text)


def test_a_house_may_stand_between_a_name_and_its_rating() -> None:
    found = parts(
        "今日精选\n腾讯控股(00700) 高盛 买入 701\n小米集团(01810) 花旗 中性 48\n"
        "紫金矿业(02899) 摩通 减持 20"
    )
    assert found == {"00700.HK": ADVISED, "01810.HK": NAMED, "02899.HK": RISK}


@pytest.mark.parametrize(
    "text",
    [
        "涉足这一行的A股公司不少于60家，有卖茶的澄岳科技、修桥的启沅股份。",
        "重点公司业绩：澄岳科技、启沅股份本周公布。",
        "基金三季报：增持澄岳科技、启沅股份。",
        "增持最多的为澄岳科技、启沅股份。",
        "参考可比公司澄岳科技、启沅股份，给予“增持”评级。",
    ],
)
def test_counts_news_funds_and_peers_are_no_advice(text: str) -> None:
    assert advised(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "我们看好澄岳科技(301990)多于启沅股份(301991)。",
        "We prefer 澄岳科技 (301990 CH) over 启沅股份 (301991 CH).",
    ],
)
def test_one_that_is_liked_more_than_another(text: str) -> None:
    assert advised(text) == {"301990.SZ"}


@pytest.mark.parametrize(
    "text",
    [
        "澄岳科技、启沅股份各被推荐5次。",
        "澄岳科技、启沅股份值得重点关注。",
        "澄岳科技、启沅股份估值见底，可逐步左侧布局。",
        "重视澄岳科技、启沅股份的机会。",
        "推荐次数最多的是澄岳科技、启沅股份。",
        "Key beneficiaries: 澄岳科技 (301990 CH), 启沅股份 (301991 CH)",
    ],
)
def test_more_ways_to_put_companies_forward(text: str) -> None:
    assert advised(text) == {"301990.SZ", "301991.SZ"}


@pytest.mark.parametrize(
    "text",
    [
        "一周里涨得最多的是澄岳科技、启沅股份和沐川精工，分别上涨41%、30%和12%。",
        "澄岳科技、启沅股份、沐川精工等汽车零部件股跌逾6%。",
    ],
)
def test_movers_of_more_makes(text: str) -> None:
    assert set(parts(text).values()) == {MOVER}


def test_codes_that_touch_the_price_of_their_row() -> None:
    found = parts("游戏IGG799HK11.2013041.3%平均4.0%软件浪潮国际596HK3.153120.3%-5.1%")
    assert set(found) == {"00799.HK", "00596.HK"}


def test_a_word_is_a_name_before_its_target_price_or_rating() -> None:
    assert "09901.HK" in parts("某行：下调新东方目标价至41元")
    assert "09901.HK" in parts("某行维持新东方“中性”评级")
    assert "09901.HK" not in parts("这是新东方美学的表达")


def test_names_of_a_line_of_sources_are_no_securities() -> None:
    assert parts("数据来源：Wind，澄岳科技，启沅股份\n沐川精工订单饱满") == {"301992.SZ": NAMED}


def test_a_company_bore_its_name_before_it_was_warned_of() -> None:
    rows = [
        NameRow(listing="300536.SZ", name="*ST农尚", valid_from=date(2024, 12, 16)),
        NameRow(listing="300536.SZ", name="农尚环境", valid_from=date(2025, 6, 18)),
    ]
    index = build_index(rows)
    (way,) = in_use(index.ways["农尚环境"], index, date(2024, 2, 20))
    assert way.listing.id == "300536.SZ"


def test_a_text_in_traditional_characters_with_mainland_codes_is_of_the_mainland() -> None:
    def market(original: str) -> bool:
        text = make_text(original)
        found, _ = mentions_in(text, lay_out(text.clean), names(), day=DAY, brokers=frozenset())
        return speaks_of_hong_kong(text, found, names())

    assert market("中國鐵建（1186 HK）訂單飽滿，維持買入評級，目標價八港元。")
    assert not market("中國鐵建（601186 CH）訂單飽滿，維持買入評級，目標價八元。")


@pytest.mark.parametrize("ticker", ["(XIA US)", "（XIA.US）", "(NASDAQ: XIA)"])
def test_an_american_line_is_none_of_ours(ticker: str) -> None:
    assert "01810.HK" not in parts(f"小米集团{ticker}公布业绩。")
    assert "01810.HK" in parts("小米集团(XIA US/1810 HK)公布业绩。")


def test_the_parent_of_a_mainland_company_is_not_the_company() -> None:
    index = build_index([NameRow(listing="600031.SH", name="三一重工")])

    def found(original: str) -> int:
        text = make_text(original)
        return len(mentions_in(text, lay_out(text.clean), index, day=DAY, brokers=frozenset())[0])

    assert found("三一重工、三一集团") == 1
    assert found("三一重工") == 1


def test_a_company_may_have_its_say() -> None:
    index = build_index(
        [
            NameRow(listing="000725.SZ", name="京东方A"),
            NameRow(listing="09618.HK", name="京东集团", name_en="JD-SW"),
        ]
    )
    text = make_text("京东方面表示，京东方新线量产。")
    found, _ = mentions_in(text, lay_out(text.clean), index, day=DAY, brokers=frozenset())
    assert [one.listings[0].id for one in found] == ["09618.HK", "000725.SZ"]


def test_a_rating_may_head_its_row() -> None:
    rows = (
        f"评级 代码 公司\n买入 301990.SZ {A} 6000\n买入 301991.SZ {B} 4000\n中性 301992.SZ {C} 500"
    )
    assert advised(rows) == {"301990.SZ", "301991.SZ"}


def test_a_cell_a_line_is_no_row_that_its_rating_heads() -> None:
    cells = (
        f"代码\n名称\n评级\n301990\n{A}\n10.1\n买入\n301991\n{B}\n8.2\n增持\n301992\n{C}\n3.3\n持有"
    )
    assert advised(cells) == {"301990.SZ", "301991.SZ"}


def test_of_two_columns_of_ratings_the_newest_is_in_force() -> None:
    rows = f"{A}|买入|增持\n{B}|中性|增持"
    assert advised(f"公司名称|最新评级|前次评级\n{rows}") == {"301990.SZ"}
    assert advised(f"公司名称|前次评级|最新评级\n{rows}") == {"301990.SZ", "301991.SZ"}


@pytest.mark.parametrize(
    ("text", "listings"),
    [
        ("建议买入的公司有澄岳科技（301990），持有启沅股份（301991）。", {"301990.SZ"}),
        ("长仓建议：澄岳科技；短仓建议：启沅股份。", {"301990.SZ"}),
        ("超配互联网（澄岳科技、启沅股份）；低配地产（沐川精工）。", {"301990.SZ", "301991.SZ"}),
        ("推荐腾讯控股(700)；小米集团(1810)中性。", {"00700.HK"}),
        ("澄岳科技(301990)：增持，目标价 120 元（某行）", {"301990.SZ"}),
        ("近90天共有12家机构给出评级，买入评级10家。澄岳科技目标均价18元。", set()),
    ],
)
def test_what_is_held_against_what_is_advised(text: str, listings: set[str]) -> None:
    assert advised(text) == listings


@pytest.mark.parametrize(
    ("text", "listings"),
    [
        ("Our preferred names are Tencent (700 HK), Xiaomi (1810 HK).", {"00700.HK", "01810.HK"}),
        ("Review\nTencent (700 HK; Buy): beat\nXiaomi (1810 HK; Hold): miss", {"00700.HK"}),
        ("We like Tencent (700 HK); we dislike Xiaomi (1810 HK).", {"00700.HK"}),
        ("A house adds Tencent (700.HK) to its focus list", {"00700.HK"}),
        ("Tencent (700.HK): a house raises TP to HK$700; Buy.", {"00700.HK"}),
        ("We see Tencent (700 HK) and Xiaomi (1810 HK) as best placed.", {"00700.HK", "01810.HK"}),
        ("Tencent (700.HK) +5.1%, Xiaomi (1810.HK) -3.2%", set()),
    ],
)
def test_english_advice(text: str, listings: set[str]) -> None:
    assert advised(text) == listings
