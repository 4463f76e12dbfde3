"""A predicate as Chinese readers write it, turned into SQL word by word.

`市盈率TTM < 20 且 总市值 不低于 100亿` becomes `pe_ttm < 20 AND market_cap >= 1e+10`. Nothing is
allowed here: what comes out is checked by the lock of `query` like any other predicate.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

from screener.domain.amounts import AMOUNT, plain_signs, scaled
from screener.language import say
from screener.screen.fields import COLUMN_WORDS
from screener.screen.grammar import Refused

__all__ = ["as_sql"]

_WORDS = {
    **dict.fromkeys(("且", "并且", "而且", "同时", "以及", "和", "与", "至", "到"), "AND"),
    **dict.fromkeys(("或", "或者", "或是"), "OR"),
    **dict.fromkeys(("非", "并非"), "NOT"),
    **dict.fromkeys(("大于", "高于", "超过", "多于"), ">"),
    **dict.fromkeys(("小于", "低于", "少于", "不足"), "<"),
    **dict.fromkeys(("大于等于", "大于或等于", "不低于", "不小于", "不少于", "至少", "≥"), ">="),
    **dict.fromkeys(
        ("小于等于", "小于或等于", "不高于", "不大于", "不超过", "不多于", "至多"), "<="
    ),
    "≤": "<=",
    **dict.fromkeys(("等于", "为", "是"), "="),
    **dict.fromkeys(("不等于", "不为", "不是", "≠"), "<>"),
    **dict.fromkeys(("为空", "缺失", "无数据"), "IS NULL"),
    **dict.fromkeys(("不为空", "不缺失", "有数据"), "IS NOT NULL"),
    **dict.fromkeys(("属于",), "IN"),
    **dict.fromkeys(("不属于",), "NOT IN"),
    **dict.fromkeys(("介于",), "BETWEEN"),
    **dict.fromkeys(("之间", "的"), ""),
    **dict.fromkeys(("加", "加上"), "+"),
    **dict.fromkeys(("减", "减去"), "-"),
    **dict.fromkeys(("乘", "乘以"), "*"),
    **dict.fromkeys(("除以",), "/"),
    "，": ",",
    "、": ",",
    "真": "true",
    "假": "false",
}
_HAS = {"包含": "LIKE", "含有": "LIKE", "不包含": "NOT LIKE", "不含": "NOT LIKE"}
_SIGNS = re.compile(r"[！＜＞＝（）％＋－＊／０-９．　−]+")
_NEAR = 3


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _spaced(word: str) -> str:
    """Return the pattern of a field's name: spaces may stand where Latin meets Chinese."""
    parts = re.findall(r"[\u3400-\u9fff]+|[A-Z0-9]+|.", word)
    return r"\s*".join(re.escape(part) for part in parts)


_FIELD = "|".join(_spaced(word) for word in sorted(COLUMN_WORDS, key=len, reverse=True))
_TOKEN = re.compile(
    rf"""
    (?P<quoted>'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/)
    | (?P<cited>“[^”]*” | 「[^」]*」)
    | (?P<field>(?<![0-9.])(?:{_FIELD})(?![A-Za-z0-9_]))
    | (?P<has>{_any_of(_HAS)}) \s* (?:'(?P<part>[^']*)' | “(?P<cited_part>[^”]*)”)
    | (?P<word>{_any_of(_WORDS)})
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<amount>{AMOUNT})
    | (?P<unknown>[\u3400-\u9fff]+)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_PERCENT_ENDS = re.compile(
    rf"\s*(?:$|[),<>=!*/]|(?:and|or|then|else|end|is|not|between|in|like|ilike|when)\b|{_any_of(_WORDS)})",
    re.IGNORECASE,
)
_SIGNED = re.compile(r"\s*[+-]")


def as_sql(text: str) -> str:
    """Return a predicate with Chinese words, wide signs and amounts as SQL.

    A text without them comes back as it is. Between quotation marks nothing is changed.

    Raises
    ------
    screener.screen.grammar.Refused
        If a Chinese word is neither a field's name nor an operator, or a percent sign may be read
        in two ways.
    """
    return "".join(_pieces(text))


def _pieces(text: str) -> Iterator[str]:
    at = 0
    plain = _widths(text)
    for match in _TOKEN.finditer(plain):
        yield plain[at : match.start()]
        yield _piece(match)
        at = match.end()
    yield plain[at:]


def _widths(text: str) -> str:
    """Make wide signs and digits usual ones, each in its place; not between quotation marks."""
    quoted = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|“[^”]*”|「[^」]*」)""")
    return "".join(
        part if at % 2 else _SIGNS.sub(lambda wide: plain_signs(wide[0]), part)
        for at, part in enumerate(quoted.split(text))
    )


def _piece(match: re.Match[str]) -> str:
    text = match[0]
    if match["has"]:
        held = match["part"] if match["cited_part"] is None else match["cited_part"]
        return f" {_HAS[match['has']]} {_pattern(held)} "
    if match["cited"]:
        return _string(text[1:-1])
    if match["field"]:
        return f" {COLUMN_WORDS[_tight(text)]} "
    if match["word"]:
        return f" {_WORDS[text]} "
    if match["amount"]:
        return _amount(match)
    if match["unknown"]:
        raise _unknown(match["unknown"])
    return text


def _amount(match: re.Match[str]) -> str:
    number, power, unit = re.fullmatch(AMOUNT, match["amount"]).groups()  # type: ignore[union-attr]
    if unit == "%":
        rest = match.string[match.end() :]
        if _SIGNED.match(rest):
            raise Refused(
                say("{text} may be a percentage or a division; write 0.03 for 3 %", text=match[0])
            )
        if not _PERCENT_ENDS.match(rest):
            unit = None
            if power is None:
                return match[0]
            return f"{scaled(number, power, ''):e} %"
    if power is None and unit != "%":
        return str(number)
    return f"{scaled(number, power or '', unit or '').normalize():e}"


def _string(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _pattern(text: str) -> str:
    if re.search(r"[%_\\]", text):
        raise Refused(say("{text} holds a wildcard; write it with LIKE", text=repr(text)))
    return _string(f"%{text}%")


def _tight(text: str) -> str:
    return re.sub(r"\s", "", text).upper()


def _unknown(word: str) -> Refused:
    names = [item for item in COLUMN_WORDS if re.search(r"[\u3400-\u9fff]", item)]
    near = [item for item in names if word in item or item in word]
    near = near or difflib.get_close_matches(word, names, n=_NEAR, cutoff=0.5)
    if near:
        return Refused(
            say(
                "{word} is neither a field nor an operator; did you mean {near}?",
                word=word,
                near=", ".join(near[:_NEAR]),
            )
        )
    return Refused(say("{word} is neither a field nor an operator", word=word))
