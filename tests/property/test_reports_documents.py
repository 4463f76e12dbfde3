"""Laws of documents: no encoding, wrapping or layout changes what a report says."""

from __future__ import annotations

import gzip
import html
import io
import random

import opencc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from screener.errors import InputError
from screener.reports.documents.reading import read_bytes
from tests.support.laws import laws

SENTENCES = (
    "星河证券研究所认为，云帆数据作为服务器龙头，一季度营业收入同比增长32%，超出市场预期。",
    "我们维持买入评级，目标价85元，对应明年28倍市盈率。\n",
    "本周电子行业指数下跌1.2%，跑输沪深300指数0.8个百分点，在三十一个行业中排名第二十四位；",
    "储能方面，海外订单持续落地，建议关注：青松电气（300999.SZ）、海岳新能、蓝湾储能等。",
    "煤炭价格在迎峰度夏前企稳，港口库存降至同期低位；黄金因避险需求上涨。\r\n",
    "渠道调研显示，交换机交付周期延长，客户愿意接受更高的预付比例来锁定产能。",
    "|名称|代码|市值（亿元）\t",
    "● 风险提示：下游需求不及预期，原材料价格波动，行业竞争加剧，汇率大幅变动。",
    "分析师声明：保证报告所采用的数据均来自合规渠道，结论不受任何第三方的授意或影响。",
)
TO_TRADITIONAL = opencc.OpenCC("s2hk")
LAW = laws(60)
pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))

prose = st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=40).map("".join)
words = st.text(st.sampled_from("云帆数据青松电气算力租赁AI 3.5%"), min_size=1, max_size=12).filter(
    str.strip
)


def closed_up(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize("traditional", [False, True])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "big5hkscs", "cp950"]
)
@LAW
@given(text=prose, start=st.integers(0, 20), size=st.integers(12, 5000))
def test_every_encoding_round_trips(
    traditional: bool, encoding: str, text: str, start: int, size: int
) -> None:
    cut = text[min(start, len(text) - 12) :][:size]
    if encoding in {"big5hkscs", "cp950"} or traditional:
        cut = TO_TRADITIONAL.convert(cut).encode("gb18030").decode("gb18030")
    known = cut.encode(encoding, "ignore").decode(encoding)
    if closed_up(known):
        alike = known.replace("\r\n", "\n").replace("\r", "\n")
        assert read_bytes(known.encode(encoding)).text.replace("\ufeff", "") == alike


@LAW
@given(text=prose)
def test_gzip_and_marks_change_nothing(text: str) -> None:
    plain = read_bytes(text.encode(), name="a.txt").text
    assert read_bytes(gzip.compress(text.encode(), mtime=0), name="a.txt.gz").text == plain
    assert read_bytes(text.encode("utf-8-sig"), name="a.txt").text == plain


@LAW
@given(content=st.binary(min_size=1, max_size=300), name=st.sampled_from(["-", "a.htm", "a.md"]))
def test_any_bytes_are_read_or_refused(content: bytes, name: str) -> None:
    refused = ""
    read = ""
    try:
        read = read_bytes(content, name=name).text
    except InputError as error:
        refused = error.fix
    assert bool(read.strip()) != bool(refused)


@LAW
@given(text=words, cuts=st.lists(st.integers(0, 12), max_size=4), seed=st.integers(0, 99))
def test_inline_tags_and_breaks_never_change_the_letters(
    text: str, cuts: list[int], seed: int
) -> None:
    pick = random.Random(seed)
    pieces = []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(text)], strict=True):
        tag = pick.choice(["b", "span", "a", "em", "font", "strong"])
        pieces.append(f"<{tag}>{html.escape(text[start:end])}</{tag}>")
    body = pick.choice(["", "<br>"]).join(pieces)
    assert closed_up(read_bytes(f"<html><p>{body}</p></html>".encode()).text) == closed_up(text)


@LAW
@given(table=st.lists(st.lists(words, min_size=3, max_size=3), min_size=1, max_size=6))
def test_table_keeps_every_cell_in_html_and_markdown(table: list[list[str]]) -> None:
    rows = ["".join(f"<td>{html.escape(cell)}" for cell in row) for row in table]
    page = f"<html><table>{''.join(f'<tr>{row}' for row in rows)}</table></html>"
    markdown = ["|".join(("", *row, "")) for row in table]
    markdown.insert(1, "|---|---|---|")
    expected = [[" ".join(cell.split()) for cell in row] for row in table]
    flat = read_bytes(page.encode()).text
    assert [line.split("\t") for line in flat.split("\n")] == expected
    plain = read_bytes("\n".join(markdown).encode(), name="a.md").text
    assert [
        [" ".join(cell.split()) for cell in line.split("\t")] for line in plain.splitlines()
    ] == (expected)


@laws(15)
@given(
    text=prose.map(closed_up),
    pages=st.integers(1, 6),
    width=st.integers(8, 40),
    head=st.sampled_from(["", "深度报告 2026年5月14日"]),
)
def test_sentences_join_over_the_pages_of_a_pdf(
    text: str, pages: int, width: int, head: str
) -> None:
    lines = [text[start : start + width] for start in range(0, len(text), width)]
    per_page = max(1, -(-len(lines) // pages))
    chunks = [lines[start : start + per_page] for start in range(0, len(lines), per_page)]
    target = io.BytesIO()
    canvas = Canvas(target, invariant=1)
    for number, chunk in enumerate(chunks, 1):
        canvas.setFont("STSong-Light", 5)
        canvas.drawString(300, 25, f"{number} / {len(chunks)}")
        canvas.drawString(50, 815, head)
        for row, line in enumerate(chunk):
            canvas.drawString(50, 700 - 5.5 * row, line)
        canvas.showPage()
    canvas.save()
    read = closed_up(read_bytes(target.getvalue()).text)
    if len(chunks) >= 3:
        assert read == f"{closed_up(head)}{text}"
    else:
        assert all("".join(chunk) in read for chunk in chunks)
