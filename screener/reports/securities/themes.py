"""Themes: from the words of a heading, a label or a title to the slug that a basket follows."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from screener.reports.authors.brokers import broker_named
from screener.reports.text.text import clean_name
from screener.reports.text.vocabulary import WordList, pieces, read_table

__all__ = [
    "Theme",
    "ThemeIndex",
    "bundled_themes",
    "label_words",
    "make_slug",
    "says_nothing",
    "theme_index",
]

_FILLER = re.compile(
    r"(?:产业链|板块|行业|领域|方向|环节|赛道|主线|概念|方面|相关|公司|标的|龙头|企业|个股|股票|上市|"
    r"包括|例如|分别为|分别是|主要有|以及|如下|受益|推荐|关注|建议|重点|持续|投资|核心|国内|我们|看好|积极|机会|其他|其它|此外|另外|公告|方面|有关|首推|弹性|的|等|链|端|类|股|产业)"
)
_EDGE = re.compile(r"^(?!\d[A-Za-z])[\W_\d一二三四五六七八九十、.()]+|(?<![\W_])[\W_]+$")
_LONGEST_LABEL = 8
_LABELS = 4096  # that are remembered: one text has the same ones above many names
_ADVICE = re.compile(r"建议(?:重点|积极|持续)?关注|推荐(?:关注)?|重点关注|看好")
_INDUSTRY = re.compile(r"([一-龥A-Za-z]{2,8}?)(?:行业|产业链|产业|板块|概念)")
_SECTORS = ("板块", "领域", "赛道", "行业", "方向")
_REACH = 80
_NO_THEME = re.compile(
    r"涨幅|跌幅|涨跌|风险|提示|回顾|行情|要闻|点评|资讯|声明|观点|摘要|正文|来源|注意|研究所|究所|研究院|证券|"
    r"代码|评级|目标价|大行|研报|报告|数据来|免责|执业|编号|邮箱|电话|页码"
)
_NUMBERED = re.compile(r"^.{0,12}?[一二三四五六七八九十]、(?=.)")
"""What stands before the number of a heading belongs to what stands above it."""
_SENTENCE = re.compile(r"我们|认为|仍|将|已|了|是|可|会|不|就|都|更|有望|上升|下降|提升|增长")


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """A theme.

    Parameters
    ----------
    slug
        Id that cards and baskets use.
    words
        Words that name it, clean; the first is its title.
    together
        Words that name it together only; empty if there are none.
    title_en
        English title.
    labels
        Words that name it alone as a label, and not inside a sentence.
    """

    slug: str
    words: tuple[str, ...]
    together: tuple[str, ...] = ()
    title_en: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class ThemeIndex:
    """All themes, found by their words."""

    themes: Mapping[str, Theme]
    by_word: Mapping[str, str]
    words: WordList

    def exactly(self, label: str, *, wider: str = "") -> str:
        """Return the slug of a label that is one of a theme's words, or empty.

        Parameters
        ----------
        label
            Label of a list.
        wider
            Text under it, in which the rest of words that go together may stand.
        """
        upper, plain = clean_name(label).upper(), label_words(label).upper()
        together = self._together(upper, wider) if plain in self.by_word else ""
        return together or self.by_word.get(upper) or self.by_word.get(plain, "")

    def within(self, heading: str, *, wider: str = "") -> str:
        """Return the slug of the theme that a heading names, or empty.

        Of several, the one of which the text under it speaks most is meant; a longer word says
        more than a short one.
        """
        together = self._together(heading.upper(), wider)
        if together:
            return together
        named = self.ranked(heading)
        if len(named) < 2 or not wider:
            return named[0] if named else ""
        weights: dict[str, float] = defaultdict(float)
        for part, weight in ((heading, 2.0), (wider[:3000], 1.0)):
            for word, _, _ in self.words.find(part.upper()):
                weights[self.by_word[word]] += weight * len(word) ** 1.5
        return max(named, key=lambda slug: weights[slug])

    def advised(self, clean: str) -> tuple[str, ...]:
        """Return the slugs of the sectors that a text advises: 建议关注服务器、IDC等板块."""
        found: list[str] = []
        for cue in _ADVICE.finditer(clean):
            stop = clean.find("。", cue.end(), cue.end() + _REACH)
            sentence = clean[cue.end() : stop if stop >= 0 else cue.end() + _REACH]
            sectors = max((sentence.rfind(word) for word in _SECTORS), default=-1)
            hits = self.words.find(sentence[: max(sectors, 0)].upper())
            found += [self.by_word[word] for word, _, _ in hits]
        return tuple(dict.fromkeys(found))

    def titled(self, title: str, *, wider: str = "") -> str:
        """Return the slug of a title: of a theme that it names, else of its industry; or empty."""
        words = clean_name(title)
        named = self.within(words, wider=wider) if words else ""
        match = None if named else _INDUSTRY.search(words)
        return named or (make_slug(match[1]) if match else "")

    def ranked(self, text: str) -> tuple[str, ...]:
        """Return the slugs of the themes named in a text: longer words first, then earlier ones."""
        found = self.words.find(text.upper())
        hits = [(len(word), -start, self.by_word[word]) for word, start, _ in found]
        hits.sort(reverse=True)
        return tuple(dict.fromkeys(slug for _, _, slug in hits))

    @cached_property
    def _joined(self) -> tuple[Theme, ...]:
        return tuple(theme for theme in self.themes.values() if theme.together)

    def _together(self, heading: str, wider: str) -> str:
        for theme in self._joined:
            first, *rest = theme.together
            if first in heading and all(word in heading or word in wider for word in rest):
                return theme.slug
        return ""


def theme_index(extra: Iterable[Theme] = ()) -> ThemeIndex:
    """Return the index of the bundled themes and of the workspace's own, which come first."""
    themes: dict[str, Theme] = {}
    for theme in (*extra, *bundled_themes()):
        known = themes.get(theme.slug)
        words = (*known.words, *theme.words) if known else theme.words
        themes[theme.slug] = Theme(
            slug=theme.slug,
            words=tuple(dict.fromkeys(words)),
            together=theme.together or (known.together if known else ()),
            title_en=(known.title_en if known else "") or theme.title_en,
            labels=theme.labels or (known.labels if known else ()),
        )
    by_word: dict[str, str] = {}
    for theme in themes.values():
        for word in theme.words:
            by_word.setdefault(clean_name(word).upper(), theme.slug)
    in_sentences = WordList(by_word)
    for theme in themes.values():
        for word in theme.labels:
            by_word.setdefault(clean_name(word).upper(), theme.slug)
    return ThemeIndex(themes, by_word, in_sentences)


@cache
def bundled_themes() -> tuple[Theme, ...]:
    """Return the themes of `tables/themes.toml`."""
    return tuple(
        Theme(
            slug=entry["slug"],
            words=tuple(clean_name(word) for word in entry["words"]),
            together=tuple(clean_name(word) for word in entry.get("all", ())),
            title_en=entry.get("en", ""),
            labels=tuple(clean_name(word) for word in entry.get("labels", ())),
        )
        for entry in read_table("themes")["themes"]
    )


@lru_cache(maxsize=_LABELS)
def label_words(label: str) -> str:
    """Return a label without numbering, asides and words that every label has."""
    text = re.sub(r"\([^()]*\)", "", clean_name(label))
    text = _EDGE.sub("", _NUMBERED.sub("", text))
    shorter = _EDGE.sub("", _FILLER.sub("", text))
    return shorter or text


@lru_cache(maxsize=_LABELS)
def says_nothing(label: str) -> bool:
    """Tell whether a label has only words that every list has: 核心公司, 建议关注."""
    if _NO_THEME.search(label):
        return True
    return len(_EDGE.sub("", _FILLER.sub("", _NUMBERED.sub("", clean_name(label))))) < 2


def make_slug(label: str) -> str:
    """Return a slug for a label that no theme knows, from its pinyin; empty if it is no label."""
    from pypinyin import lazy_pinyin

    words = label_words(label)
    if not words or len(words) > _LONGEST_LABEL or _SENTENCE.search(words):
        return ""
    if _NO_THEME.search(words) or broker_named(words) is not None:
        return ""
    parts = ["".join(lazy_pinyin(piece)) for piece in pieces(words)]
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")
