"""Words of the score page, in English and in Chinese."""

from __future__ import annotations

import re

from screener.language import Language, Said, speaking

__all__ = ["Language", "sentence", "word"]


_ZH = {
    "rank": "名次",
    "broker": "券商",
    "analyst": "分析师",
    "theme": "主题",
    "rating": "评级",
    "calls": "评级数",
    "mature": "到期",
    "hit %": "胜率%",
    "interval": "区间",
    "base %": "基准胜率%",
    "shrunk %": "收缩后%",
    "active %": "超额%",
    "median": "中位",
    "worst": "最差",
    "trade %": "可交易%",
    "base": "基准胜率",
    "any time %": "期内%",
    "first %": "首次%",
    "repeat %": "重申%",
    "q": "q",
    "call": "评级",
    "date": "日期",
    "due": "到期日",
    "to date %": "至今%",
    "status": "结果",
    "met": "达标",
    "missed": "未达标",
    "pending": "未到期",
    "cannot be judged": "无法判断",
    "all": "全部",
    "names": "代表组合",
    "place on the theme within 90 days": "90天内同主题第几篇",
    "n": "数量",
    "stock": "个股",
    "industry": "行业",
    "est.": "估计",
    "and more like it": "以及类似原因",
    "proxy": "代表组合",
    "years": "年份",
    "groups": "组数",
    "correlation": "秩相关",
    "all pairs": "合计",
}

_SENTENCES: tuple[tuple[str, str], ...] = (
    (
        r"no definition of (.+) known before (\S+) for a rating of an? (\w+)",
        r"\2之前没有\1的评级定义",
    ),
    (r"no definition of (.+) known for a rating of an? (\w+)", r"没有\1对该类评级的定义"),
    (r"no definition of (.+) known", r"没有\1的评级定义"),
    (r"no rating given", "未给出评级"),
    (r"(.+) does not define (.+) as a rating of an? \w+", r"\1的定义中没有“\2”"),
    (r"no index of industry (.+) in the tables", r"数据表中没有“\1”行业的指数"),
    (r"no index of its industry in the tables", "数据表中没有该行业的指数"),
    (r"it names no security", "没有指明证券"),
    (
        r"no definition of (.+) known for a rating of an? \w+, only one of (.+), "
        r"as it was called before",
        r"没有\1对该类评级的定义，只有其曾用名\2的定义",
    ),
    (
        r"no definition of (.+) known for a rating of an? \w+ after (\S+)",
        r"\2之后没有\1对该类评级的定义",
    ),
    (
        r"the definition of (.+) seen on (\S+) is against a required return that no table holds",
        r"\2所见\1的定义以要求回报率为基准，数据表中没有",
    ),
    (r"the definition of (.+) seen on (\S+) is doubtful", r"\2所见\1的定义存疑"),
    (r"the definition of (.+) seen on (\S+) was not seen whole", r"\2所见\1的定义不完整"),
    (r"(.+) prints no figure for (.+)", r"\1没有为“\2”给出数值"),
    (
        r"(.+) defines (.+) by kinds of \w+, and the call tells none",
        r"\1按类别定义“\2”，而该评级未说明类别",
    ),
    (r"no prices of its market in the tables", "数据表中没有该市场的行情"),
    (r"no bars of (\S+) in the tables", r"数据表中没有\1的行情"),
    (r"prices of its market begin on (\S+), after (\S+)", r"该市场行情从\1开始，晚于\2"),
    (r"no close of (\S+) on (\S+)", r"\1在\2没有收盘价"),
    (
        r"no bar of (\S+) on (\S+), and no suspension or delisting recorded",
        r"\1在\2没有行情，也没有停牌或退市记录",
    ),
    (r"benchmark (\S+) has no bar on (\S+)", r"基准\1在\2没有行情"),
    (r"published before the first session of its exchange", "早于交易所首个交易日"),
    (
        r"(\d[\d,]*) calls: (\d[\d,]*) mature, (\d[\d,]*) pending, (\d[\d,]*) cannot be judged\.",
        r"共\1条评级：\2条到期，\3条未到期，\4条无法判断。",
    ),
    (
        r"No call is mature: the hit rate is empty, and nobody can be ranked\.",
        "没有到期的评级：胜率为空，不作排名。",
    ),
    (r"The first one falls due on (\S+) \((.+)\)\.", r"最早的到期日是\1（\2）。"),
    (
        r"The ratings were met in (\S+) % of (\S+) matured calls \[(\S+) to (\S+)\], "
        r"against a base rate of (\S+) %\.",
        r"到期的\2条评级有\1%达标［\3至\4］，基准胜率为\5%。",
    ),
    (
        r"(\d+) of (\d+) groups have (\d+) matured calls or more: (\d+) trials; "
        r"q is the false discovery rate\.",
        r"\2组中有\1组到期评级不少于\3条：共\4次检验；q为错误发现率。",
    ),
    (
        r"No rank is shown for fewer calls, or where an interval overlaps those of all others\.",
        "到期数不足，或区间与其余各组都重叠的，不给名次。",
    ),
    (
        r"Groups differ no more than chance lets them: no one is told apart\.",
        "各组差异不超过随机波动，无法区分高下。",
    ),
    (
        r"Met: at least the promised active return at the horizon's end, from the close of the "
        r"note's own date; tradable: from the open at which a reader could buy\.",
        "达标：自报告日收盘起，到期时超额收益不低于所承诺的下限；可交易：自读者最早能买入的开盘价起。",
    ),
    (
        r"Returns are in the direction of the rating, dividends included; "
        r"base rate: all listings that traded that day, same sessions, same rule\.",
        "收益按评级方向计、含分红；随机：当日可交易的全部证券，同期同规则。",
    ),
    (
        r"Does one year's rank tell of the next one's\? Rank correlation (\S+) over (\d+) groups "
        r"\(p (\S+)\)\.",
        r"前一年的名次能否预示后一年？秩相关\1，\2组（p \3）。",
    ),
    (
        r"Does one year's rank tell of the next one's\? Not enough calls to say\.",
        "前一年的名次能否预示后一年？评级太少，无法判断。",
    ),
    (
        r"proxy, never counted: (\d+) of (\d+) recommended names, equal weights, (\S+) % against "
        r"their benchmarks, (met|missed|pending)",
        r"代表组合（不计入）：推荐的\2只证券中的\1只等权，相对基准\3%，\4",
    ),
)


def word(text: str, language: Language) -> str:
    """Return a word of the page in a language; what has no translation stays as it is."""
    return _ZH.get(text, text) if language is Language.ZH else text


def sentence(text: str, language: Language) -> str:
    """Return a sentence of the page, or a reason, in a language; unknown ones stay as they are."""
    if isinstance(text, Said):
        with speaking(language):
            return text.again()
    if language is Language.EN:
        return text
    for pattern, translated in _SENTENCES:
        match = re.fullmatch(pattern, text)
        if match:
            return _statuses(match.expand(translated))
    return text


def _statuses(text: str) -> str:
    ending = text.rpartition("，")
    return f"{ending[0]}，{_ZH[ending[2]]}" if ending[2] in ("met", "missed", "pending") else text
