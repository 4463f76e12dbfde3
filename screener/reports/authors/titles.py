"""A document's headline, as its head prints it: whole, and never what stands around it.

It is told by a mark or a label before it, by the signature or the stamp under it, or as the first
line of the head that is no furniture of the page. Where the text has no lines, blanks part it, and
the words that begin what follows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from screener.reports.authors.brokers import brokers_in
from screener.reports.ratings.ratings import industry_in
from screener.reports.text.text import Text, clean_name
from screener.reports.text.vocabulary import alternatives, read_table

__all__ = ["file_title", "headline_of", "is_front_page", "marked_title"]

_HEAD = 2_400  # characters as printed
_LINES = 40
_LONGEST, _SHORTEST = 80, 6
_LONG_LINE = 120  # a line with more than this is a paragraph, or a page without lines
_SEPARATOR = re.compile(r"[\r\n]+|(?:^|(?<=\s))#{1,6}\s|\s#{1,6}(?=\s|$)")
_BLANKS = re.compile(r"[ \t\u3000]+")
_HAN = re.compile(r"[一-龥]")
_WORD = re.compile(r"[A-Za-z][A-Za-z'’&-]+")
_SPELLED = re.compile(r"\((?<=[一-龥].)[a-zA-Zà-üā-ǜ]{1,8}\)")  # how a copied character is spoken
_FILE = re.compile(r"\.(?:pdf|docx?|pptx?)\b.{0,12}$", re.IGNORECASE)
_DAY = r"20\d\d[年/.-]\s?\d{1,2}\s?[月/.-]\s?\d{1,2}日?"
_STAMP = re.compile(rf"^\W{{0,3}}{_DAY}\s*\d{{1,2}}:\d\d")
_SIGNATURE = re.compile(rf"^\W{{0,3}}(?P<house>[^\d|·]{{2,24}})\s*[·|]\s*{_DAY}")
_ONLY_DATE = re.compile(
    rf"^\W*(?:{_DAY}|(?:19|20)\d{{6}})\W*(?:星期.|周.)?(?:\s*\d{{1,2}}:\d\d(?::\d\d)?)?\W*$"
)
_BOOK = re.compile(r"《(?P<title>[^《》]{4,90})》")
_EDGES = " \t\u3000*#>▶▌📢📈●■◆|·•-—–_:：,，;；"
_SENTENCE = re.compile(r"。")
_NUMBERED = re.compile(
    r"^(?:\d{1,2}[、.)]|[(（][一二三四五六七八九十\d]+[)）]|[一二三四五六七八九十]{1,2}、)"
)
_PREFIX = re.compile(
    r"^(?:[【\[(（](?:公司研究|行业研究|来源[^】\])）]{0,20}|研报|报告|原?报告在线阅读和下载|[A-Za-z.]{4,20})[】\])）][:：]?"
    r"|20\d{6}(?=【))+"
)
_RATED = re.compile(
    r"^[一-龥A-Za-z]{2,12}\s?[(（|·-]\s?(?:维持|首次|上调|下调|重申|调高|调低|[Mm]aintain)"
)
_FIGURE = re.compile(r"\d\.\d|--")
_LAW = re.compile(r"(?:办法|通知|意见|规定|条例|纲要)》")
_OPEN_END, _OPEN_START = re.compile(r"[:：,，A-Za-z\d—-]$"), re.compile(r"[A-Za-z\d—-]")
_LISTED = re.compile(rf"^\W*{_DAY}")
_AGAIN, _INDEX = re.compile(r"[-_](20\d{6})$"), re.compile(r"(?<=\s)HSI:?\s{0,2}[\d,.]{1,12}$")
_ENGLISH_KIND = re.compile(
    r"Industry Focus|Equity Research|Research Report|Company (?:Update|Report|Guide)|Flash Note|"
    r"Group Research|Global Research|Morning Note|Daily Note|Market Wrap|Sector$|"
    r"Initiat\w{1,5} Coverage$"
)
_HOUSE = re.compile(r"(?:证券|经济|金融)*研究[所院部]?|(?:股份|责任)*有限(?:责任)?公司|报告|[\W_]")
_MATHS = re.compile(r"\$([^$]{1,12}%)\$")
_SITE = re.compile(
    r"\s[|_]\s?[^|_]{2,12}$|[-_|–—·]\s?[一-龥A-Za-z]{2,8}(?:网|财经|资讯|频道|之星|APP)$"
)
_FILED = re.compile(r"20\d{6}[-_][一-龥]")
_GOES_ON = re.compile(r"[,，、]$")
_DEFINED = re.compile(r"[涨跌]幅\D{0,8}\d{1,3}%\D{0,2}(?:以上|以下|之间)")  # what a rating means
_TORN = re.compile(
    r"[^(（\[【《“]{0,80}?[)）\]】》”]|[.。、!！?？%]"
)  # begins in the middle of something


@dataclass(frozen=True, slots=True)
class _Words:
    openings: re.Pattern[str]
    inside: re.Pattern[str]
    kind: re.Pattern[str]
    any_kind: re.Pattern[str]
    label: re.Pattern[str]
    marks: tuple[str, ...]
    stop: re.Pattern[str]
    page: re.Pattern[str]


def headline_of(text: Text) -> str:
    """Return the headline that a document's head prints; empty if nothing in it is one.

    Parameters
    ----------
    text
        The document.
    """
    head = text.original[:_HEAD]
    lines = [line for line in _lines(head) if line][:_LINES]
    for find in (_marked, _labelled, _signed):
        if title := _shown(find(lines)):
            return title
    weak = ""
    for line, after in pairwise([*lines, ""]):
        found = "" if len(line) > _LONG_LINE else _candidate(line)
        if not found and is_front_page(line):
            found = next(_chunks(line), "")
        if found and not _is_kind(found):
            more = _candidate(after) if _GOES_ON.search(line) and _HAN.search(line) else ""
            return _shown(found + line[-1] + more if more else found)
        weak = weak or found
        if len(line) > _LONG_LINE or _SENTENCE.search(line):
            break  # the text has begun
    return _shown(weak)


def marked_title(text: Text) -> str:
    """Return the title that a page builder's mark stands before; empty if there is none."""
    return _shown(_marked([line for line in _lines(text.original[:_HEAD]) if line][:_LINES]))


def file_title(name: str) -> str:
    """Return what a file's name says of the title: without days, pages, sizes and the suffix."""
    stem = re.sub(r"\.(?:pdf|docx?|pptx?|txt|html?|md)(?![a-z]).*$", "", name, flags=re.IGNORECASE)
    stem = re.sub(r"[_-]?\d{2,5}\s?kb$", "", stem, flags=re.IGNORECASE)
    stem = re.sub(r"[_(（\[【-]{1,2}\d{1,4}[页頁][^)）\]】]{0,8}[)）\]】]?", "", stem)
    stem = re.sub(r"[-_](?:20)?\d{6}$|^(?:20)?\d{6}[-_]", "", stem)
    for mention in brokers_in(clean_name(stem)):
        if mention.place.start == 0 and stem[mention.place.end : mention.place.end + 1] in (
            "-",
            "_",
        ):
            stem = stem[mention.place.end + 1 :]
            break
    return _PREFIX.sub("", stem).strip(_EDGES)


def _lines(head: str) -> Iterator[str]:
    for line in _SEPARATOR.split(head):
        yield _SPELLED.sub("", line).strip().lstrip(_EDGES).rstrip(" \t\u3000*#|")


def _marked(lines: list[str]) -> str:
    for mark in _words().marks:
        for line in lines:
            at = line.casefold().find(mark.casefold())
            if at >= 0:
                return _until_stop(_spaced(line[at + len(mark) :].lstrip("0123456789] ")))
    return ""


def _labelled(lines: list[str]) -> str:
    for line in lines:
        if match := _words().label.match(line):
            title = line[match.end() :]
            own = re.split(r"[:：]", title)[-1].strip()
            return own if own in lines else title  # the headline itself, beside the page's label
    return ""


def _signed(lines: list[str]) -> str:
    """Return the line above a signature, `某证券· 2026-05-14 08:16`, or above a stamp."""
    for above, line in pairwise(lines):
        house = _SIGNATURE.match(line)
        signed = house is not None and bool(brokers_in(clean_name(house["house"])))
        if (signed or _STAMP.match(line)) and not _is_furniture(above):
            return above.rsplit("——", 1)[-1] if len(above) <= _LONGEST else ""
    return ""


def _candidate(line: str) -> str:
    """Return what of a line may be a headline; empty if it is furniture or a sentence."""
    if _TORN.match(line) or _DEFINED.search(line):
        return ""
    if book := _BOOK.match(line):
        rest = line[book.end() :]
        if _LISTED.match(rest):
            return ""  # an earlier report
        line = book["title"] if not rest or _FILE.search(book["title"]) else line
    if _FILE.search(line) or _FILED.match(line):
        return file_title(line)
    line = _SITE.sub("", _PREFIX.sub("", line)).strip(_EDGES)
    han, words = len(_HAN.findall(line)), len(_WORD.findall(line))
    if len(line) + han > 2 * _LONGEST or _is_furniture(line) or _is_row(line):
        return ""
    digits = sum(letter.isdigit() for letter in line)
    if han > 1 and han + 2 * words >= _SHORTEST and digits <= len(line) // 2:
        return line
    return line if words >= _SHORTEST - 2 and digits <= len(line) // 4 and not han else ""


def _is_row(line: str) -> bool:
    """Tell whether a line is a row of a table or a list, a date, a rating or a sentence."""
    parts = line.split()
    if len(parts) > 3 and max(map(len, parts)) <= 4 and _HAN.search(line):
        return True  # what a page can be turned to
    if (
        "@" in line
        or line.count("*") > 1
        or line.count("|") > 1
        or line.count(">") > 1
        or len(_FIGURE.findall(line)) > 3
    ):
        return True
    row = (
        _ONLY_DATE.match(line),
        _RATED.match(_spaced(line)),
        _NUMBERED.match(line),
        _LAW.search(line),
    )
    return any(row) or bool(_SENTENCE.search(line))


def _chunks(line: str) -> Iterator[str]:
    """Yield what may be a headline in a line that holds a whole page: blanks part it."""
    parts = _BLANKS.split(line[: 4 * _LONG_LINE])
    for first, part in enumerate(parts):
        joined = part
        for later in parts[first + 1 : first + 4]:
            goes_on = _OPEN_END.search(joined) or _OPEN_START.match(later)
            if not goes_on or _ONLY_DATE.match(later):
                break
            joined += later
        found = _candidate(_until_stop(joined))
        if found and not _is_kind(found) and len(_HAN.findall(found)) > _SHORTEST:
            yield found


def _until_stop(line: str) -> str:
    match = _words().stop.search(line)
    return line[: match.start()] if match else line


def _is_furniture(line: str) -> bool:
    low = clean_name(line).lower()
    told = _words().openings.match(low) or _words().inside.search(low)
    return bool(told) or low.endswith("评级") or _is_house(clean_name(line))


def _is_house(clean: str) -> bool:
    """Tell whether a line is the name of a broker, or of its institute."""
    rest, end = "", 0
    for mention in brokers_in(clean):
        rest, end = rest + clean[end : mention.place.start], mention.place.end
    return end > 0 and len(_HOUSE.sub("", rest + clean[end:])) <= 2


def is_front_page(head: str) -> bool:
    """Tell whether a long line is a front page without line ends, and no paragraph."""
    low = clean_name(head[: 3 * _LONG_LINE]).lower()
    return bool(_words().inside.search(low) or _words().page.search(low))


def _is_kind(line: str) -> bool:
    """Tell whether a line only says what kind of text follows: 通信行业研究, 行业周报."""
    if _ENGLISH_KIND.search(line):
        return True
    low = re.sub(r"[\W_]", "", clean_name(line))
    if len(low) > 3 * _SHORTEST or _words().kind.search(low) is None:
        return False
    rest = _words().any_kind.sub("", low)
    return len(rest) <= 2 or rest == industry_in(clean_name(line))


def _shown(title: str) -> str:
    """Return a title as it is shown: blanks only between Latin words, nothing at its edges."""
    one = _INDEX.sub("", title)
    if (again := _AGAIN.search(one)) and again[1] in one[: again.start()]:
        one = one[: again.start()]  # the page adds the day that the headline has
    one = _spaced(_MATHS.sub(r"\1", one).replace("\\%", "%")).strip(_EDGES)
    return one if len(one) <= 2 * _LONGEST else ""


def _spaced(line: str) -> str:
    one = re.sub(r"\s+", " ", line)
    return re.sub(r" (?=[^\x21-\x7e])|(?<=[^\x21-\x7e]) ", "", one)


@cache
def _words() -> _Words:
    table = read_table("titles")

    def lower(name: str) -> str:
        return alternatives([word.lower() for word in table[name]])

    return _Words(
        openings=re.compile(lower("openings")),
        inside=re.compile(lower("inside")),
        kind=re.compile(rf"(?:{alternatives(table['kinds'])})$"),
        any_kind=re.compile(alternatives([*table["kinds"], "行业"])),
        label=re.compile(rf"(?:{alternatives(table['labels'])})\s*[:：]\s*"),
        marks=tuple(table["marks"]),
        page=re.compile(lower("pages")),
        stop=re.compile(alternatives(table["stops"]).replace(r"\(", "[(（]")),
    )
