"""How files name their columns and in what units: a table, to be corrected here and nowhere else.

Headers are written as `units.normal_header` makes them. A bracket at the end that is one of
`units.UNITS` decides the unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from screener.data.sources.files.columns.units import Measure
from screener.data.sources.files.request import ImportKind
from screener.language import say

__all__ = [
    "COMMON",
    "FIELDS",
    "VENDORS",
    "Field",
    "Form",
    "Rule",
]


class Form(StrEnum):
    """What the cells of a column are."""

    CODE = "code"
    EXCHANGE = "exchange"
    DAY = "date"
    NUMBER = "number"
    FLAG = "yes or no"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a kind of file; one that is only a proof is checked against, never stored."""

    name: str
    form: Form
    measure: Measure = Measure.PLAIN
    required: bool = False
    proof: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Headers that mean one field.

    Parameters
    ----------
    field
        Our field.
    headers
        Headers, the preferred one first.
    scale
        Multiplier from the file's unit to ours.
    hong_kong
        Multiplier for Hong Kong listings where it differs; `None` where it does not.
    unit
        The file's unit in words, said to the user when it was not printed in the header.
    vendor
        Vendor whose words the cells are, where the header says so; empty where it does not.
    """

    field: str
    headers: tuple[str, ...]
    scale: float = 1.0
    hong_kong: float | None = None
    unit: str = ""
    vendor: str = ""


def _rated(*names: str) -> tuple[str, ...]:
    ends = ("评级", "投资评级", "标准评级", "評級", "投資評級", "標準評級", "rating")
    return tuple(f"{name}{end}" for name in names for end in ends)


VENDORS: dict[str, tuple[str, ...]] = {
    "eastmoney": (*_rated("东财", "東財", "东方财富", "東方財富", "choice"), "emratingname"),
    "cninfo": _rated("巨潮", "巨潮资讯", "cninfo"),
    "ths": _rated("同花顺", "同花順", "ifind"),
    "wind": _rated("wind", "万得", "萬得"),
}
"""Headers of ratings by the vendor that sorts into its own words what brokers say."""


def _field(name: str, form: Form, measure: Measure = Measure.PLAIN, *, must: bool = False) -> Field:
    return Field(name=name, form=form, measure=measure, required=must)


_CODE = _field("listing", Form.CODE, must=True)
_EXCHANGE = _field("exchange", Form.EXCHANGE)
_DAY = _field("session", Form.DAY, must=True)
_PRICES = tuple(
    _field(name, Form.NUMBER, Measure.MONEY, must=name == "close")
    for name in ("open", "high", "low", "close")
)
_TRADED = (
    _field("volume", Form.NUMBER, Measure.SHARES),
    _field("amount", Form.NUMBER, Measure.MONEY),
)
_PROOFS = tuple(
    Field(name=name, form=Form.NUMBER, measure=measure, proof=True)
    for name, measure in (
        ("turnover_rate", Measure.FRACTION),
        ("float_shares", Measure.SHARES),
        ("float_cap", Measure.MONEY),
    )
)

FIELDS: dict[ImportKind, tuple[Field, ...]] = {
    ImportKind.BARS: (
        *(_CODE, _EXCHANGE, _DAY, *_PRICES, *_TRADED, _field("suspended", Form.FLAG)),
        *_PROOFS,
    ),
    ImportKind.INDEX: (_CODE, _EXCHANGE, _DAY, *_PRICES, *_TRADED),
    ImportKind.VALUATION: (
        _CODE,
        _EXCHANGE,
        _DAY,
        *(_field(name, Form.NUMBER) for name in ("pe_ttm", "pe_static", "pb", "ps_ttm", "pcf_ttm")),
        *(_field(name, Form.NUMBER, Measure.MONEY) for name in ("market_cap", "float_cap")),
        _field("dividend_yield", Form.NUMBER, Measure.FRACTION),
    ),
    ImportKind.LISTINGS: (
        _CODE,
        _EXCHANGE,
        *(_field(name, Form.TEXT) for name in ("name", "name_en", "industry", "type")),
        _field("board_lot", Form.NUMBER, Measure.SHARES),
        *(
            _field(name, Form.DAY)
            for name in ("list_date", "delist_date", "as_of", "last_seen", "missing_by")
        ),
    ),
    ImportKind.NAMES: (
        _CODE,
        _EXCHANGE,
        _field("name", Form.TEXT, must=True),
        _field("as_of", Form.DAY),
    ),
    ImportKind.FX: (_DAY, _field("rate", Form.NUMBER, must=True), _field("pair", Form.TEXT)),
    ImportKind.ACTIONS: (
        _CODE,
        _EXCHANGE,
        _field("ex_session", Form.DAY, must=True),
        _field("cash", Form.NUMBER, Measure.MONEY),
        *(
            _field(name, Form.NUMBER)
            for name in ("bonus", "bonus_shares", "transfer_shares", "split", "rights")
        ),
        _field("rights_price", Form.NUMBER, Measure.MONEY),
        *(_field(name, Form.DAY) for name in ("announced", "record_date", "pay_date")),
        _field("kind", Form.TEXT),
    ),
    ImportKind.FACTORS: (
        _CODE,
        _field("ex_session", Form.DAY, must=True),
        _field("factor", Form.NUMBER, must=True),
    ),
    ImportKind.FUNDAMENTALS: (
        _CODE,
        _field("period_end", Form.DAY, must=True),
        _field("known_at", Form.DAY, must=True),
        *(
            _field(name, Form.NUMBER, Measure.MONEY)
            for name in (
                *("revenue", "net_profit", "net_profit_deducted", "operating_cash_flow"),
                *("equity", "eps", "bps", "ebit", "income_tax", "depreciation"),
                *("interest_expense", "total_assets", "total_liabilities"),
                *("cash_equivalents", "debt", "minorities"),
            )
        ),
        *(_field(name, Form.NUMBER, Measure.FRACTION) for name in ("roe", "gross_margin")),
        *(_field(name, Form.TEXT) for name in ("currency", "known_by")),
    ),
    ImportKind.CALENDAR: (
        _field("exchange", Form.TEXT, must=True),
        _DAY,
        _field("open", Form.FLAG),
        _field("half_day", Form.FLAG),
    ),
    ImportKind.STATUS: (
        _CODE,
        _DAY,
        _field("suspended", Form.FLAG, must=True),
        _field("st", Form.FLAG),
    ),
    ImportKind.INDUSTRIES: (
        _CODE,
        _field("industry", Form.TEXT, must=True),
        _field("valid_from", Form.DAY, must=True),
        _field("valid_to", Form.DAY),
    ),
    ImportKind.ELIGIBILITY: (
        _CODE,
        _field("programme", Form.TEXT),
        _field("valid_from", Form.DAY, must=True),
        _field("valid_to", Form.DAY),
    ),
    ImportKind.ESTIMATES: (
        _CODE,
        _field("fiscal_year", Form.NUMBER, must=True),
        _field("known_at", Form.DAY, must=True),
        *(_field(name, Form.TEXT) for name in ("broker", "currency")),
        *(_field(name, Form.NUMBER, Measure.MONEY) for name in ("eps", "profit", "revenue")),
    ),
    ImportKind.RATINGS: (
        _CODE,
        _EXCHANGE,
        _field("published", Form.DAY, must=True),
        _field("broker", Form.TEXT, must=True),
        _field("rating", Form.TEXT, must=True),
        *(_field(name, Form.TEXT) for name in ("analyst", "title", "rating_level", "initiated")),
        _field("target_price", Form.NUMBER, Measure.MONEY),
        *(_field(name, Form.TEXT) for name in ("industry", "vendor")),
    ),
}
"""Fields of each kind; a field's own name is always a header that means it."""


def _bars_rules() -> tuple[Rule, ...]:
    # Bare 成交量 is in lots at most mainland vendors and in shares for Hong Kong; amount tells.
    lots = say("in lots of 100 shares (shares for Hong Kong)")
    return (
        Rule(
            field="listing",
            headers=(
                *("ts_code", "股票代码", "证券代码", "指数代码", "代码", "股票代碼", "證券代號"),
                *("代號", "代碼", "股份代號", "wind代码", "windcode", "wind_code", "code"),
                *("order_book_id", "sec_code", "stock_code", "symbol", "ticker"),
            ),
        ),
        Rule(
            field="exchange",
            headers=(
                *("交易所", "上市交易所", "证券交易所", "交易所代码", "exchange_code", "exch"),
                *("市场", "交易市场", "上市市场", "市场代码", "市場", "market", "mkt"),
            ),
        ),
        Rule(
            field="session",
            headers=(
                *("trade_date", "tradedate", "trade_dt", "date", "日期", "交易日期", "交易日"),
                *("数据日期", "數據日期", "时间", "時間", "datetime", "time", "timestamp"),
            ),
        ),
        Rule(field="open", headers=("开盘", "开盘价", "開盤", "開盤價", "開市價", "今开", "开")),
        Rule(field="high", headers=("最高", "最高价", "最高價", "高")),
        Rule(field="low", headers=("最低", "最低价", "最低價", "低")),
        Rule(field="close", headers=("收盘", "收盘价", "收盤", "收盤價", "收市價", "latest", "收")),
        Rule(
            field="volume",
            headers=("成交量", "成交股數", "成交量_手", "交易量", "总手", "總手"),
            scale=100.0,
            hong_kong=1.0,
            unit=lots,
        ),
        Rule(field="volume", headers=("vol",)),
        Rule(
            field="amount",
            headers=(
                *("成交额", "成交金额", "成交額", "成交金額", "money"),
                *("交易金额", "交易额", "金额", "金額"),
            ),
        ),
        Rule(field="suspended", headers=("is_suspended", "停牌", "是否停牌", "交易状态")),
        Rule(
            field="turnover_rate",
            headers=("换手率", "换手", "換手率", "换手%", "换手率%", "turnover_rate", "turn"),
            scale=0.01,
        ),
        Rule(
            field="float_shares",
            headers=("流通股本", "流通股", "流通股数", "流通a股", "outstanding_share"),
        ),
        Rule(field="float_cap", headers=("流通市值", "a股流通市值", "流通市值(a股)")),
    )


_BARS = _bars_rules()
_KEYS = _BARS[:3]
_ID = _BARS[:2]

COMMON: dict[ImportKind, tuple[Rule, ...]] = {
    ImportKind.BARS: _BARS,
    ImportKind.INDEX: _BARS,
    ImportKind.VALUATION: (
        *_KEYS,
        Rule(
            field="pe_ttm",
            headers=(
                *("pe(ttm)", "市盈率(ttm)", "市盈率ttm", "滚动市盈率", "pettm", "ttm市盈率"),
                *("市盈率(滚动)", "市盈率_ttm", "市盈率-ttm", "市盈率pe(ttm)"),
            ),
        ),
        Rule(
            field="pe_static",
            headers=(
                "pe(静)",
                "pe(静态)",
                "市盈率(静)",
                "市盈率(静态)",
                "静态市盈率",
                *("市盈率(lyr)", "pe(lyr)", "市盈率静", "市盈率lyr", "市盈率pe(lyr)"),
            ),
        ),
        Rule(
            field="pb",
            headers=(
                *("市净率", "市净率(lf)", "市净率(mrq)", "pb(lf)", "pb(mrq)", "pbmrq", "市帳率"),
                *("市净率pb(lf)", "市净率pb(mrq)"),
            ),
        ),
        Rule(field="ps_ttm", headers=("市销率(ttm)", "ps(ttm)", "市销率ttm", "psttm")),
        Rule(
            field="pcf_ttm",
            headers=(
                *("市现率(ttm)", "市现率(经营现金流ttm)", "市现率(经营现金流,ttm)"),
                *("市现率(ttm,经营现金流)", "pcf(ocf,ttm)", "pcf(ocfttm)", "pcf_ocf_ttm"),
            ),
        ),
        Rule(
            field="market_cap", headers=("总市值", "总市值1", "總市值", "marketcap", "market_value")
        ),
        Rule(field="float_cap", headers=("流通市值", "a股流通市值", "流通市值(a股)")),
        Rule(field="market_cap", headers=("total_mv",), scale=1e4, unit=say("in 10,000 (万元)")),
        Rule(field="float_cap", headers=("circ_mv",), scale=1e4, unit=say("in 10,000 (万元)")),
        Rule(
            field="dividend_yield",
            headers=(
                *("股息率", "股息率(ttm)", "股息率(近12个月)", "股息率ttm", "dv_ratio", "dv_ttm"),
                *("股息率%", "股息率ttm%"),
            ),
            scale=0.01,
            unit=say("in percent"),
        ),
    ),
    ImportKind.LISTINGS: (
        *_ID,
        Rule(
            field="name",
            headers=(
                *("name_zh_hans", "name", "名称", "证券简称", "股票简称", "股票名称", "证券名称"),
                *("中文名称", "名稱", "股份名稱", "證券簡稱"),
            ),
        ),
        Rule(field="name_en", headers=("英文名称", "enname", "英文名稱")),
        Rule(field="industry", headers=("行业", "所属行业", "行業")),
        Rule(field="type", headers=("证券类型", "类型", "證券類型")),
        Rule(field="board_lot", headers=("每手股数", "每手股數", "lot", "lot_size", "买卖单位")),
        Rule(field="list_date", headers=("上市日期", "上市日", "listing_date", "ipo_date")),
        Rule(field="delist_date", headers=("退市日期", "终止上市日期", "摘牌日期")),
    ),
    ImportKind.NAMES: (
        *_ID,
        Rule(
            field="name",
            headers=("name_zh_hans", "name", "名称", "证券简称", "股票简称", "名稱", "證券簡稱"),
        ),
        Rule(field="as_of", headers=("日期", "date", "start_date", "valid_from", "snapshot_date")),
    ),
    ImportKind.FX: (
        Rule(field="session", headers=("date", "日期", "trade_date", "交易日期")),
        Rule(field="rate", headers=("央行中间价", "中间价", "最新价", "收盘", "收盘价", "close")),
        Rule(field="pair", headers=("货币对", "代码", "ts_code", "code", "symbol")),
    ),
    ImportKind.ACTIONS: (
        *_ID,
        Rule(field="ex_session", headers=("ex_date", "除权除息日", "除权日", "除息日", "除净日")),
        Rule(field="cash", headers=("每股派息", "每股现金红利", "cash_per_share")),
        Rule(field="announced", headers=("ann_date", "公告日期", "announcement_date")),
        Rule(field="record_date", headers=("股权登记日", "登记日")),
        Rule(field="pay_date", headers=("派息日", "红利发放日")),
        Rule(
            field="kind",
            headers=("分红类型", "派息类型", "股息类型", "dividend_type", "div_type", "type"),
        ),
    ),
    ImportKind.FACTORS: (
        _KEYS[0],
        Rule(field="ex_session", headers=("ex_date", "除权除息日", "除权日", "除息日", "除净日")),
        Rule(field="factor", headers=("ex_factor", "除权因子", "单次复权因子")),
    ),
    ImportKind.FUNDAMENTALS: (
        _KEYS[0],
        Rule(field="period_end", headers=("end_date", "报告期", "报告日期", "截止日期", "period")),
        Rule(
            field="known_at",
            headers=("ann_date", "f_ann_date", "公告日期", "最新公告日期", "announcement_date"),
        ),
        Rule(field="revenue", headers=("营业总收入", "营业收入", "total_revenue")),
        Rule(
            field="net_profit",
            headers=("归母净利润", "归属于母公司所有者的净利润", "n_income_attr_p"),
        ),
        Rule(field="net_profit_deducted", headers=("扣非净利润", "profit_dedt")),
        Rule(
            field="operating_cash_flow",
            headers=("经营活动产生的现金流量净额", "经营现金流", "n_cashflow_act"),
        ),
        Rule(
            field="equity",
            headers=("归母净资产", "归属于母公司所有者权益合计", "total_hldr_eqy_exc_min_int"),
        ),
        Rule(field="eps", headers=("每股收益", "基本每股收益", "basic_eps")),
        Rule(field="bps", headers=("每股净资产",)),
        Rule(field="roe", headers=("净资产收益率", "加权净资产收益率", "roe_waa")),
        Rule(field="gross_margin", headers=("销售毛利率", "毛利率", "grossprofit_margin")),
        Rule(field="ebit", headers=("息税前利润", "除息税前利润")),
        Rule(field="income_tax", headers=("所得税费用", "所得税", "减:所得税费用", "减:所得税")),
        Rule(
            field="depreciation",
            headers=("折旧与摊销", "折旧和摊销", "当期计提折旧与摊销", "daa", "da"),
        ),
        Rule(
            field="interest_expense",
            headers=("利息费用", "利息支出", "其中:利息费用", "fin_exp_int_exp", "int_exp"),
        ),
        Rule(field="total_assets", headers=("资产总计", "资产合计", "总资产", "资产总额")),
        Rule(
            field="total_liabilities",
            headers=("负债合计", "负债总计", "总负债", "负债总额", "total_liab"),
        ),
        Rule(
            field="cash_equivalents",
            headers=(
                *("现金及现金等价物", "期末现金及现金等价物余额", "c_cash_equ_end_period"),
                *("货币资金", "money_cap", "monetaryfunds"),
            ),
        ),
        Rule(
            field="debt",
            headers=("有息负债", "带息债务", "带息负债", "有息债务", "interestdebt"),
        ),
        Rule(
            field="minorities",
            headers=("少数股东权益", "minority_int", "minority_equity", "非控股权益"),
        ),
        Rule(field="currency", headers=("币种", "货币")),
    ),
    ImportKind.CALENDAR: (
        Rule(field="exchange", headers=("交易所", "市场", "market")),
        Rule(field="session", headers=("cal_date", "date", "日期", "trade_date", "交易日")),
        Rule(field="open", headers=("is_open", "是否开市", "是否交易")),
        Rule(field="half_day", headers=("is_half_day", "半日市")),
    ),
    ImportKind.STATUS: (
        *_KEYS,
        Rule(field="suspended", headers=("is_suspended", "停牌", "是否停牌", "交易状态")),
        Rule(field="st", headers=("is_st", "是否st")),
    ),
    ImportKind.INDUSTRIES: (
        _KEYS[0],
        Rule(field="industry", headers=("行业", "所属行业", "行业名称", "industry_name", "行業")),
        Rule(field="valid_from", headers=("from", "in_date", "纳入日期", "开始日期", "start_date")),
        Rule(field="valid_to", headers=("to", "out_date", "剔除日期", "结束日期", "end_date")),
    ),
    ImportKind.ELIGIBILITY: (
        _KEYS[0],
        Rule(field="programme", headers=("program", "通道", "类型", "类别")),
        Rule(
            field="valid_from",
            headers=("from", "in_date", "调入日期", "纳入日期", "生效日期", "开始日期"),
        ),
        Rule(field="valid_to", headers=("to", "out_date", "调出日期", "剔除日期", "结束日期")),
    ),
    ImportKind.ESTIMATES: (
        _KEYS[0],
        Rule(field="fiscal_year", headers=("year", "预测年度", "年度", "会计年度", "财政年度")),
        Rule(
            field="known_at",
            headers=("report_date", "publish_date", "发布日期", "报告日期", "预测日期", "date"),
        ),
        Rule(field="broker", headers=("机构", "机构名称", "券商", "研究机构", "org_name")),
        Rule(field="eps", headers=("每股收益", "预测每股收益", "预测eps")),
        Rule(field="profit", headers=("净利润", "预测净利润", "归母净利润", "net_profit")),
        Rule(
            field="revenue",
            headers=("营业收入", "营业总收入", "预测营业收入", "预测营收", "total_revenue"),
        ),
        Rule(field="currency", headers=("币种", "货币")),
    ),
    ImportKind.RATINGS: (
        *_ID,
        Rule(
            field="published",
            headers=(
                *("发布日期", "发布日", "报告日期", "研报日期", "日期", "發佈日期", "報告日期"),
                *("report_date", "publish_date", "publishdate", "published_at", "ann_date", "date"),
            ),
        ),
        Rule(
            field="broker",
            headers=(
                *("研究机构简称", "机构", "机构名称", "研究机构", "券商", "评级机构", "研究機構"),
                *("機構", "券商名稱", "org_name", "orgsname", "org", "institution", "firm"),
            ),
        ),
        Rule(
            field="analyst",
            headers=(
                *("研究员名称", "研究员", "分析师", "作者", "分析師", "研究員"),
                *("author_name", "author", "analysts", "researcher"),
            ),
        ),
        Rule(
            field="rating",
            headers=(
                *("投资评级", "评级", "最新评级", "研报评级", "投資評級", "評級"),
                *("sratingname", "recommendation"),
            ),
        ),
        *(
            Rule(field="rating", headers=headers, unit=say("in the vendor's words"), vendor=vendor)
            for vendor, headers in VENDORS.items()
        ),
        Rule(field="rating_level", headers=("评级对象", "评级类型", "level")),
        Rule(
            field="target_price",
            headers=("目标价格-下限", "目标价下限", "目标价", "目标价格", "目標價", "min_price"),
        ),
        Rule(field="title", headers=("报告名称", "研报标题", "标题", "report_title", "報告名稱")),
        Rule(field="initiated", headers=("是否首次评级", "首次评级", "是否首次")),
        Rule(field="industry", headers=("行业", "所属行业", "行業", "indvinduname")),
    ),
}
"""Headers understood in any file of a kind, after those of its export."""
