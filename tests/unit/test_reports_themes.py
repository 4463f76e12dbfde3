"""Themes by label and heading, the workspace's own first, and slugs for what no theme knows."""

from __future__ import annotations

import re

import pytest

from screener.reports.securities.themes import (
    Theme,
    bundled_themes,
    label_words,
    make_slug,
    says_nothing,
    theme_index,
)
from tests.support.each import of_each

INDEX = theme_index()


@pytest.mark.parametrize(
    ("label", "slug"),
    [
        ("液冷", "liquid-cooling"),
        ("液冷板块", "liquid-cooling"),
        ("液冷产业链相关标的", "liquid-cooling"),
        ("1）液冷", "liquid-cooling"),
        ("（一）液冷：", "liquid-cooling"),
        ("液冷（温控）", "liquid-cooling"),
        ("算力租赁/IDC", "compute-leasing"),
        ("算力租赁", "compute-leasing"),
        ("InP", "inp-substrates"),
        ("inp", "inp-substrates"),
        ("Ｉｎｐ", "inp-substrates"),
        ("铜", "copper"),
        ("AI Agent", "ai-applications"),
        ("钙钛矿", ""),
        ("", ""),
    ],
)
def test_a_label_that_is_a_themes_word(label: str, slug: str) -> None:
    assert INDEX.exactly(label) == slug


def test_a_heading_names_the_theme_of_its_longest_word() -> None:
    assert INDEX.within("算力租赁景气上行") == "compute-leasing"
    assert INDEX.within("半导体设备国产化提速") == "semiconductor-equipment"
    assert INDEX.within("钙钛矿量产提速") == ""
    assert INDEX.within("") == ""


def test_of_several_the_one_that_the_text_speaks_of_is_meant() -> None:
    heading = "黄金与白酒：需求回升"
    assert INDEX.within(heading, wider="高端白酒批价企稳，白酒库存下降，高端白酒提价。") == "baijiu"
    assert INDEX.within(heading, wider="黄金首饰量价齐升，金价上行，黄金投资需求旺盛。") == "gold"


def test_words_that_name_a_theme_together_only() -> None:
    assert INDEX.within("家电企业跨界算力") == "crossover-appliance"
    assert INDEX.within("家电", wider="厂商跨界布局。") == "crossover-appliance"
    assert INDEX.within("家电内销平稳") == "home-appliances"
    assert INDEX.exactly("家电", wider="厂商跨界布局。") == "crossover-appliance"


def test_a_workspaces_own_theme_comes_first() -> None:
    own = theme_index(
        [
            Theme(slug="my-cooling", words=("液冷",)),
            Theme(slug="copper", words=("红色金属",), title_en="Mine"),
        ]
    )
    assert own.exactly("液冷") == "my-cooling"
    assert own.exactly("红色金属") == own.exactly("铜矿") == "copper"
    assert own.themes["copper"].words[0] == "红色金属"
    assert own.themes["copper"].title_en == "Mine"
    assert own.exactly("温控") == "liquid-cooling"  # its other words stay


def test_the_bundled_themes_are_whole() -> None:
    themes = bundled_themes()
    slugs = [theme.slug for theme in themes]
    assert len(set(slugs)) == len(slugs)
    for theme in themes:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", theme.slug)
        assert theme.words
        assert all(theme.words)
        assert theme.title_en


@of_each(bundled_themes(), lambda theme: theme.slug)
def test_every_theme_is_found_by_its_title(theme: Theme) -> None:
    assert INDEX.exactly(theme.words[0]) == theme.slug


@pytest.mark.parametrize(
    ("label", "slug"),
    [
        ("钙钛矿", "gaitaikuang"),
        ("钙钛矿板块", "gaitaikuang"),
        ("2）钙钛矿：", "gaitaikuang"),
        ("人参 种植", "renshen-zhongzhi"),
        ("XYZ", "xyz"),
        ("", ""),
        ("。", ""),
        ("需求平稳增长而供给相对偏紧的方向", ""),  # no label
    ],
)
def test_a_slug_for_what_no_theme_knows(label: str, slug: str) -> None:
    assert make_slug(label) == slug


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("3）液冷板块：", "液冷"),
        ("液冷（含温控）", "液冷"),
        ("相关标的", "相关标的"),  # nothing would be left
        ("一、液冷", "液冷"),
    ],
)
def test_the_words_of_a_label(label: str, words: str) -> None:
    assert label_words(label) == words


@pytest.mark.parametrize(
    "label",
    ["究所五", "某某研究所", "汇丰", "国金证券", "A股证券代码", "机构评级", "目标价", "相关报告"],
)
def test_no_theme_is_made_of_a_footer_a_house_or_a_column(label: str) -> None:
    assert make_slug(label) == ""


def test_the_number_of_a_heading_ends_what_stands_above_it() -> None:
    assert says_nothing("某证券研究所五、相关标的")
    assert label_words("某证券研究所五、液冷") == "液冷"
    assert label_words("5G主设备") == "5G主设备"
    assert make_slug("PVC包括") == "pvc"


def test_sectors_that_are_advised_stand_in_their_order() -> None:
    index = theme_index()
    said = "建议关注明年放量的服务器、IDC板块，以及出口占优的服务器、光模块领域。芯片涨价。"
    assert index.advised(said) == ("servers", "idc", "optical-modules")
    assert index.advised("我们建议关注甲股份的液冷业务。") == ()


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("液冷行业周报：机柜功率上行", "liquid-cooling"),
        ("虚构光学行业点评：需求回暖", "xugou-guangxue"),
        ("今日推介与市场回顾", ""),
        ("", ""),
    ],
)
def test_the_theme_of_a_title(title: str, slug: str) -> None:
    assert INDEX.titled(title) == slug
