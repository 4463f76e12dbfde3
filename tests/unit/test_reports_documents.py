"""Documents to text: kinds, encodings, pages, and an error for everything that cannot be read."""

from __future__ import annotations

import gzip
import io
import logging
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from screener.errors import InputError, NotFoundError, ScreenerError, StorageError
from screener.reports.documents import reading as documents
from screener.reports.documents import word as word_documents
from screener.reports.documents.bounds import BOUNDS
from screener.reports.documents.encoding import plausibility
from screener.reports.documents.reading import Document, Media, read_bytes, read_document

SIMPLIFIED = (
    "星河证券研究所认为，云帆数据（300999.SZ）今年一季度营业收入同比增长32%，"
    "归母净利润6.4亿元，维持买入评级。"
)
TRADITIONAL = (
    "星河證券研究部認為，雲帆數據（09998.HK）首季營業額按年上升32%，"
    "純利6.4億元人民幣，維持買入評級。"
)
for font in ("STSong-Light", "MSung-Light"):
    pdfmetrics.registerFont(UnicodeCIDFont(font))

Draw = Callable[[Canvas], None]


def pdf(pages: Iterable[Draw], **options: object) -> bytes:
    """Make a PDF of pages, each drawn by a function."""
    target = io.BytesIO()
    canvas = Canvas(target, invariant=1, **options)
    for draw in pages:
        canvas.setFont("STSong-Light", 10)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def lines(*texts: str, left: float = 60, top: float = 700) -> Draw:
    """Draw lines one under the other."""

    def draw(canvas: Canvas) -> None:
        for number, text in enumerate(texts):
            canvas.drawString(left, top - 16 * number, text)

    return draw


def framed(body: Draw, *, head: str = "", foot: str = "") -> Draw:
    """Draw a page with a running head and foot, the foot first."""

    def draw(canvas: Canvas) -> None:
        if foot:
            canvas.drawString(250, 30, foot)
        body(canvas)
        if head:
            canvas.drawString(60, 810, head)

    return draw


def closed_up(text: str) -> str:
    """Return text without white space: how the reader sees it."""
    return "".join(text.split())


def page(body: str, head: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()


def text_of(body: str) -> str:
    return read_bytes(page(body)).text


class TestKinds:
    @pytest.mark.parametrize(
        ("name", "content", "media"),
        [
            ("a.txt", SIMPLIFIED, Media.TEXT),
            ("-", SIMPLIFIED, Media.TEXT),
            ("no-ending", SIMPLIFIED, Media.TEXT),
            ("a.MD", SIMPLIFIED, Media.MARKDOWN),
            ("-", "见[云帆数据](https://example.org/a)", Media.MARKDOWN),
            ("a.txt", "名称|PE\n---|---\n云帆数据|11\n", Media.MARKDOWN),
            ("a.htm", f"{SIMPLIFIED}<br>", Media.HTML),
            ("a.txt", f"\n<!-- x --><!doctype HTML><p>{SIMPLIFIED}", Media.HTML),
            ("-", f'<?xml version="1.0" encoding="gbk"?><html><p>{SIMPLIFIED}</html>', Media.HTML),
            ("-", f"<section>{SIMPLIFIED}</section>", Media.HTML),
            ("-", "<5%的跌幅不足为虑，云帆数据仍可关注", Media.TEXT),
        ],
    )
    def test_kind_is_told_from_content_and_ending(
        self, name: str, content: str, media: Media
    ) -> None:
        read = read_bytes(content.encode(), name=name)
        assert (read.name, read.media, read.encoding) == (name, media, "utf-8")
        assert "云帆数据" in read.text

    def test_plain_text_comes_out_as_it_went_in(self) -> None:
        text = " 云帆\r\n数据\t强于大市|维持\n\n\f　２０２６年 \r"
        assert read_bytes(text.encode()).text == (
            " 云帆\n数据\t强于大市|维持\n\n\n　２０２６年 \n"  # but for how lines end
        )

    def test_pdf_is_known_by_its_mark_alone(self) -> None:
        made = pdf([lines(SIMPLIFIED)])
        read = read_bytes(b"\r\nnoise\n" + made, name="report.txt")
        assert (read.media, read.encoding) == (Media.PDF, "")
        assert closed_up(read.text) == closed_up(SIMPLIFIED)

    def test_gzip_is_unpacked_and_the_inner_ending_counts(self) -> None:
        packed = gzip.compress("[云帆数据](https://example.org)".encode())
        read = read_bytes(packed, name="a.md.gz")
        assert read == Document(
            name="a.md.gz", media=Media.MARKDOWN, encoding="utf-8", text="云帆数据"
        )

    def test_file_is_read_by_its_path(self, tmp_path: Path) -> None:
        path = tmp_path / "周报 #1.txt"
        path.write_bytes(SIMPLIFIED.encode("gb18030"))
        assert read_document(path) == Document(
            name="周报 #1.txt", media=Media.TEXT, encoding="gb18030", text=SIMPLIFIED
        )

    def test_parsers_are_loaded_only_when_asked(self) -> None:
        script = (
            "import sys; from screener.reports.documents.reading import read_bytes;"
            "read_bytes('云帆数据'.encode());"
            "assert not {'pypdf', 'bs4', 'lxml', 'pandas', 'numpy'} & set(sys.modules)"
        )
        subprocess.run(
            [sys.executable, "-c", script], check=True, cwd=Path(__file__).resolve().parents[2]
        )


class TestEncodings:
    @pytest.mark.parametrize(
        ("text", "encoding", "found"),
        [
            (SIMPLIFIED, "utf-8", "utf-8"),
            (SIMPLIFIED, "utf-8-sig", "utf-8"),
            (SIMPLIFIED, "gb18030", "gb18030"),
            (SIMPLIFIED, "gbk", "gb18030"),
            (TRADITIONAL, "gb18030", "gb18030"),
            (TRADITIONAL, "big5", "big5hkscs"),
            (TRADITIONAL, "cp950", "big5hkscs"),
            (f"{TRADITIONAL}李旭嘅㗎喺", "big5hkscs", "big5hkscs"),
            (f"\ufeff{SIMPLIFIED}", "utf-16-le", "utf-16-le"),
            (f"\ufeff{TRADITIONAL}", "utf-16-be", "utf-16-be"),
            (f"{SIMPLIFIED}\n", "utf-16-le", "utf-16-le"),
            ("plain ASCII", "ascii", "utf-8"),
        ],
    )
    def test_every_encoding_reads_back(self, text: str, encoding: str, found: str) -> None:
        read = read_bytes(text.encode(encoding))
        assert (read.text, read.encoding) == (text.removeprefix("\ufeff"), found)

    @pytest.mark.parametrize("text", ["云帆数据", "买入评级", "关注：云帆数据", "中国有色矿业"])
    def test_a_few_simplified_characters_are_enough(self, text: str) -> None:
        assert read_bytes(text.encode("gb18030")).text == text

    @pytest.mark.parametrize("text", ["雲帆數據", "買入評級", "關注：雲帆數據", "中國有色礦業"])
    @pytest.mark.parametrize("encoding", ["gb18030", "big5"])
    def test_a_few_traditional_characters_are_enough(self, text: str, encoding: str) -> None:
        assert read_bytes(text.encode(encoding)).text == text

    def test_radicals_copied_from_a_pdf_become_characters(self) -> None:
        # U+2F06, U+2EDB and U+2ED3 look like 二, 风 and 长, and no table of names has them.
        assert read_bytes("⼆⻛⻓".encode()).text == "二风长"

    def test_a_stray_control_character_becomes_a_blank(self) -> None:
        assert read_bytes(f"{SIMPLIFIED}\x07{SIMPLIFIED}\x1a".encode()).text == (
            f"{SIMPLIFIED} {SIMPLIFIED} "
        )

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            (f"第一行\n{SIMPLIFIED}".encode() + b"\xff" + SIMPLIFIED.encode(),
             r"byte 0xff at offset \d+ \(line 2\) is not text in UTF-8"),
            (SIMPLIFIED.encode()[:-1], r"byte 0xe3 at offset 147 .* UTF-8"),
            (SIMPLIFIED.encode("gb18030") + b"\xff\xff", "byte 0xff at offset .* or Big5"),
            (b"It\x92s about time", "byte 0x92 at offset 2 .* or Big5"),
            ("\ufeff云帆".encode("utf-16-le") + b"\x00", "byte 0x00 at offset 6 .* UTF-16-LE"),
        ],
    )  # fmt: skip
    def test_byte_that_fits_nothing_is_named(self, content: bytes, problem: str) -> None:
        with pytest.raises(InputError, match=problem) as caught:
            read_bytes(content, name="a.txt")
        assert caught.value.where == "a.txt"
        assert "UTF-8" in caught.value.fix

    def test_plausibility_tells_the_right_code_from_the_wrong_one(self) -> None:
        assert plausibility(SIMPLIFIED) > 0.8
        assert plausibility(TRADITIONAL) > 0.8
        assert plausibility(TRADITIONAL.encode("big5").decode("gb18030")) < 0.5
        assert plausibility("") == plausibility("ASCII") == 1.0


class TestDeclaredEncodings:
    @pytest.mark.parametrize("declared", ["gb2312", "GBK", "utf-8", "big5", "iso-8859-1", "x-none"])
    @pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
    def test_a_page_is_not_believed_blindly(self, declared: str, encoding: str) -> None:
        markup = f'<html><head><meta charset="{declared}"></head><p>{SIMPLIFIED}</p></html>'
        read = read_bytes(markup.encode(encoding))
        assert (read.text, read.encoding) == (SIMPLIFIED, encoding)

    @pytest.mark.parametrize(("declared", "text"), [("gb2312", "炊500"), ("big5", "普500")])
    def test_between_two_readings_its_word_decides(self, declared: str, text: str) -> None:
        head = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">'
        assert read_bytes(f"<html>{head}{text}".encode(declared)).text == text

    def test_another_encoding_is_taken_at_its_word(self) -> None:
        markup = '<html><meta charset="windows-1252"><p>It’s a café</p></html>'
        assert read_bytes(markup.encode("cp1252")).text == "It’s a café"


class TestHtml:
    def test_inline_tags_leave_a_name_whole(self) -> None:
        body = "<p>关注协<b>帆</b><span style='x'>数<a href='/s'>据</a></span>、青<!-- x -->松</p>"
        assert text_of(body) == "关注协帆数据、青松"

    def test_breaks_and_blocks_are_line_breaks(self) -> None:
        body = "云帆<br>数据<br/>\n<div>第一段</div><p>第二段\n   续行</p>尾&nbsp;&amp;&#x4e91;"
        assert text_of(body) == "云帆\n数据\n第一段\n第二段 续行\n尾 &云"

    def test_table_becomes_rows_of_cells(self) -> None:
        body = (
            "<table><thead><tr><th>名称</th><th>代码</th><th>PE</th></tr></thead><tbody>"
            "<tr><td><p>云帆</p><p>数据</p></td><td> 300999.SZ </td><td>11.6</td></tr>"
            "<tr><td></td><td>青<br>松</td><td></td></tr></tbody></table>后文"
        )
        assert text_of(body) == "名称\t代码\tPE\n云帆\n数据\t300999.SZ\t11.6\n\t青\n松\t\n后文"

    def test_unclosed_cells_and_nested_tables_are_read(self) -> None:
        body = "<table><tr><td>甲<td><table><tr><td>乙<td>丙<tr><td>丁</table><tr><td>戊</table>"
        assert text_of(body).split() == ["甲", "乙", "丙", "丁", "戊"]

    def test_numbers_of_a_list_are_printed(self) -> None:
        body = "<ol start=3><li>算力</li><li>云<ul><li>子项</li></ul></li><li>5）存储</li></ol>"
        assert text_of(body) == "3. 算力\n4. 云\n子项\n5）存储"

    def test_surroundings_go_and_the_article_stays(self) -> None:
        body = (
            "<nav><a>首页</a></nav><div class='top menu'><a>财经</a> <a>股票</a></div>"
            "<script>var a='云'</script><style>p{}</style><noscript>请启用</noscript>"
            "<article><h1>标题</h1><p>正文很长很长很长很长很长很长很长很长。</p>"
            "<footer>分析师：某某</footer><div class='links'>相关标的：青松电气、海岳新能</div>"
            "</article><div id='footer'><a>关于</a></div><footer>版权所有 某ICP备1号</footer>"
        )
        assert text_of(body) == (
            "标题\n正文很长很长很长很长很长很长很长很长。\n分析师：某某\n相关标的：青松电气、海岳新能"
        )

    def test_unclosed_navigation_does_not_swallow_the_page(self) -> None:
        body = f"<nav><a>首页</a><h1>标题</h1><p>{SIMPLIFIED}</p>"
        assert SIMPLIFIED in text_of(body)
        assert SIMPLIFIED in text_of(f"<div class=menu><a>首页</a><p>{SIMPLIFIED}</p>")

    def test_title_is_kept_unless_the_headline_says_it(self) -> None:
        said = read_bytes(page("<h1>算力周报</h1>正文", "<title>算力周报_某某网</title>"))
        assert said.text == "算力周报\n正文"
        unsaid = read_bytes(page("正文", "<title>算力 周报 - 某某网</title>"))
        assert unsaid.text == "算力 周报 - 某某网\n正文"

    def test_hidden_text_is_kept_and_depth_is_no_limit(self) -> None:
        body = "<section style='visibility:hidden'><span>" * 2000 + "云帆数据"
        assert text_of(f"{body}<p>尾段") == "云帆数据\n尾段"

    def test_saved_archive_of_a_page_is_read(self) -> None:
        encoded = "".join(f"={byte:02X}" for byte in SIMPLIFIED.encode("gb18030"))
        archive = (
            "From: <Saved by a browser>\r\nMIME-Version: 1.0\r\n"
            'Content-Type: multipart/related; type="text/html"; boundary="BB"\r\n\r\n'
            "--BB\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n"
            "--BB\r\nContent-Type: text/html; charset=gb2312\r\n"
            f"Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>{encoded}</p>\r\n--BB--\r\n"
        )
        read = read_bytes(archive.encode("ascii"), name="a.mhtml")
        assert (read.media, read.encoding, read.text) == (Media.HTML, "gb18030", SIMPLIFIED)


class TestMarkdown:
    @staticmethod
    def read(source: str) -> str:
        return read_bytes(source.encode(), name="a.md").text

    @pytest.mark.parametrize(
        ("source", "text"),
        [
            ("## 周报\n**买入**：_云帆_", "## 周报\n**买入**：_云帆_"),
            ('[云帆数据](https://example.org/a_(1).html "题")上涨', "云帆数据上涨"),
            ("[![图](b.png)](http://example.org)云帆", "云帆"),
            ("![K线](data:image/png;base64,AAAA)云帆", "云帆"),
            ("[云帆数据](300999.SZ)与[青松](HK:09998)", "[云帆数据](300999.SZ)与[青松](HK:09998)"),
            ("[买入](维持)", "[买入](维持)"),
            ("[云帆][1]、[买入][维持]\n\n[1]: https://example.org\n", "云帆、[买入][维持]\n\n"),
            ("云<!-- 注\n释 -->帆", "云帆"),
            ("云<b>帆</b><br/>数据<sup>1</sup>", "云帆\n数据1"),
            ("强于大市|维持\n", "强于大市|维持\n"),
            ("上文\n| 名称 | PE |\r\n|:--|--:|\r\n| 云\\|帆 |  |\r\n下文",
             "上文\n名称\tPE\n云|帆\t\n下文"),
            ("名称|PE\n-|-\n云帆|3\n\n甲|乙", "名称\tPE\n云帆\t3\n\n甲|乙"),
            ("---\n云帆\n", "---\n云帆\n"),
            ("<table><tr><td>云<b>帆</b></td><td>3</td></tr></table>", "\n云帆\t3\n"),
        ],
    )  # fmt: skip
    def test_only_what_is_not_printed_goes(self, source: str, text: str) -> None:
        assert self.read(source) == text

    @pytest.mark.parametrize(
        "piece", ["<!--", "<table", "[a](", "![", "|-", "| ", '[a](/ "', "`<b "]
    )
    def test_what_is_opened_and_never_closed_costs_no_time(self, piece: str) -> None:
        assert self.read("云帆" + piece * 50_000)  # a quadratic reader would need minutes


class TestPdf:
    @pytest.mark.parametrize(
        ("font", "text"), [("STSong-Light", SIMPLIFIED), ("MSung-Light", TRADITIONAL)]
    )
    def test_characters_come_out_as_written(self, font: str, text: str) -> None:
        def draw(canvas: Canvas) -> None:
            canvas.setFont(font, 8)
            lines(text[:30], text[30:])(canvas)

        assert read_bytes(pdf([draw])).text == f"{text[:30]}\n{text[30:]}"

    def test_two_pages_keep_everything_in_order(self) -> None:
        made = pdf([framed(lines("公司有望持续"), foot="第1页"), lines("受益于行业景气")])
        assert read_bytes(made).text == "第1页\n公司有望持续\n受益于行业景气"

    def test_cells_of_a_table_stay_in_their_rows(self) -> None:
        rows = [
            ("名称", "代码", "PE"),
            ("云帆数据", "300999.SZ", "11.6"),
            ("青松", "600999.SH", "9"),
        ]

        def draw(canvas: Canvas) -> None:
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    canvas.drawString(60 + 150 * column, 600 - 16 * number, cell)

        assert [line.split() for line in read_bytes(pdf([draw])).text.splitlines()] == [
            list(row) for row in rows
        ]

    def test_a_table_drawn_column_by_column_is_read_row_by_row(self) -> None:
        rows = [
            ("名称", "目标价", "EPS"),
            ("云帆数据", "28.8", "1.20"),
            ("青松", "9", "0.35"),
            ("河图", "17.5", "0.81"),
        ]

        def draw(canvas: Canvas) -> None:
            lines("投资要点：以下为盈利预测与目标价，均为我们的判断")(canvas)
            for column in range(3):
                for number, row in enumerate(rows):
                    canvas.drawString(60 + 90 * column, 600 - 16 * number, row[column])
            lines("风险提示：需求不及预期", top=500)(canvas)

        read = [line.split("\t") for line in read_bytes(pdf([draw])).text.splitlines()]
        assert read[1:-1] == [list(row) for row in rows]
        assert read[-1] == ["风险提示：需求不及预期"]

    def test_scanned_pages_among_others_are_told(self) -> None:
        text = lines(*[SIMPLIFIED[:40]] * 4)
        read = read_bytes(pdf([text, scan(), text, scan("扫描件"), lines("短页")]), name="a.pdf")
        (told,) = read.remarks
        assert told.startswith("page(s) 2, 4 of a.pdf are pictures without a text layer")
        assert "OCR" in told
        assert read_bytes(pdf([text, lines("短页")])).remarks == ()

    def test_columns_of_prose_stay_columns(self) -> None:
        left = [f"左栏的第{number}行写着公司的业务与产品进展" for number in "一二三四"]
        right = [f"右栏的第{number}行写着行业的需求与竞争格局" for number in "一二三四"]

        def draw(canvas: Canvas) -> None:
            lines(*left)(canvas)
            lines(*right, left=320)(canvas)

        assert read_bytes(pdf([draw])).text.split() == [*left, *right]

    def test_columns_are_read_one_after_the_other(self) -> None:
        def draw(canvas: Canvas) -> None:
            lines("左栏第一行", "左栏第二行")(canvas)
            lines("右栏第一行", "右栏第二行", left=320)(canvas)

        assert read_bytes(pdf([draw])).text.split() == [
            "左栏第一行", "左栏第二行", "右栏第一行", "右栏第二行",
        ]  # fmt: skip

    def test_running_heads_and_page_numbers_go(self) -> None:
        bodies = [
            "公司有望持续受益于行",
            "业景气，建议关注云帆数",
            "据和青松电气。",
            "风险提示：需求不及预期",
        ]
        made = pdf(
            framed(lines(body), head="算力周报 2026-05-14", foot=f"请阅读声明 第{n}页 共4页")
            for n, body in enumerate(bodies, 1)
        )
        text = read_bytes(made).text
        assert text.startswith("算力周报 2026-05-14\n")  # once, where it was first
        assert "".join(bodies) in closed_up(text)
        assert text.count("算力周报") == text.count("请阅读声明") == 1

    def test_heads_of_left_and_right_pages_go(self) -> None:
        made = pdf(
            framed(lines(f"正文{n}"), head=("周报 A", "深度 B")[n % 2], foot=str(n + 11))
            for n in range(6)
        )
        assert read_bytes(made).text.splitlines() == [
            "周报 A", *(f"正文{n}" for n in range(6)), "深度 B",
        ]  # fmt: skip

    def test_head_that_the_cover_lacks_moves_to_the_end(self) -> None:
        made = pdf([lines("封面"), *(framed(lines(f"第{n}段"), head="深度报告") for n in range(3))])
        assert read_bytes(made).text == "封面\n第0段\n第1段\n第2段\n深度报告"

    def test_what_recurs_in_the_body_or_elsewhere_stays(self) -> None:
        pages = [lines("关注云帆数据", f"目标价{n}元", top=500) for n in range(4)]
        assert read_bytes(pdf(pages)).text.count("关注云帆数据") == 4
        moving = [lines(f"营收{n * n + 7}亿元", top=800 - 20 * n) for n in range(4)]
        assert read_bytes(pdf(moving)).text.count("营收") == 4

    def test_landscape_page_turned_upright_keeps_its_head_away(self) -> None:
        def turned(body: str) -> Draw:
            def draw(canvas: Canvas) -> None:
                canvas.setPageRotation(90)
                canvas.translate(595, 0)
                canvas.rotate(90)
                canvas.drawString(60, 560, "横向页眉")
                canvas.drawString(60, 300, body)

            return draw

        text = read_bytes(pdf(turned(f"正文{n}") for n in range(3))).text
        assert [text.count(f"正文{n}") for n in range(3)] == [1, 1, 1]

    def test_protection_without_a_password_is_no_obstacle(self) -> None:
        owner = StandardEncryption("", ownerPassword="o", strength=128)
        assert read_bytes(pdf([lines(SIMPLIFIED)], encrypt=owner)).text == SIMPLIFIED

    def test_blemishes_are_not_told_on_the_terminal(
        self, capfd: pytest.CaptureFixture[str]
    ) -> None:
        made = pdf([lines(SIMPLIFIED)]).replace(b"startxref", b"startxrefs")
        logging.getLogger("pypdf").propagate = False
        try:
            read_bytes(made + b"\n%%EOF\n")
        except InputError:
            pass
        finally:
            logging.getLogger("pypdf").propagate = True
        assert capfd.readouterr().err == ""


def picture() -> bytes:
    target = io.BytesIO()
    Image.new("L", (40, 60), 200).save(target, "PNG")
    return target.getvalue()


def scan(*stamp: str) -> Draw:
    def draw(canvas: Canvas) -> None:
        canvas.drawImage(ImageReader(io.BytesIO(picture())), 0, 0, 595, 842)
        lines(*stamp)(canvas)

    return draw


def workbook(member: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(member, "x")
    return target.getvalue()


BROKEN_PDFS = {
    "scan": (pdf([scan()] * 3), "no text layer", "OCR"),
    "stamped scan": (pdf([scan("扫描件")] * 3), r"no text layer \(9 characters on 3", "OCR"),
    "blank": (pdf([lines()]), "no text layer", "OCR"),
    "garbled": (
        pdf([lines(SIMPLIFIED), lines("".join(map(chr, range(0xE100, 0xE130))))]),
        "text layer of page 2 cannot be read",
        "OCR",
    ),
    "password": (
        pdf([lines("x")], encrypt=StandardEncryption("p", ownerPassword="o", strength=128)),
        "protected by a password",
        "print it",
    ),
    "truncated": (pdf([lines(SIMPLIFIED)])[:-400], "PDF is damaged", "again"),
    "only its mark": (b"%PDF-1.4\n", "PDF is damaged", "again"),
}


@pytest.mark.parametrize("case", BROKEN_PDFS)
def test_pdf_that_cannot_be_read_says_why(case: str) -> None:
    content, problem, fix = BROKEN_PDFS[case]
    with pytest.raises(InputError, match=problem) as caught:
        read_bytes(content, name="a.pdf")
    assert caught.value.where == "a.pdf"
    assert fix in caught.value.fix


def test_encryption_that_needs_a_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    def refuse(*_: object) -> None:
        raise DependencyError("a package is required for AES")

    monkeypatch.setattr(PdfReader, "__init__", refuse)
    with pytest.raises(InputError, match="required for AES") as caught:
        read_bytes(b"%PDF-1.4\n")
    assert "install" in caught.value.fix


class TestWord:
    @staticmethod
    def read(body: str, **parts: str) -> str:
        return read_bytes(word(body, **parts), name="a.docx").text

    def test_paragraphs_breaks_and_marks(self) -> None:
        body = (
            "<w:p><w:r><w:t>云帆数据</w:t></w:r><w:r><w:t>首次覆盖</w:t><w:br/>"
            "<w:t>给予&lt;买入&gt;</w:t></w:r></w:p><w:p><w:r><w:t>A&amp;H</w:t></w:r></w:p>"
        )
        assert self.read(body) == "云帆数据首次覆盖\n给予<买入>\nA&H"

    def test_the_cells_of_a_table_stay_in_their_rows(self) -> None:
        rows = [("名称", "目标价"), ("云帆数据", "28.8"), ("青松", "9")]
        drawn = "".join(
            "<w:tr>"
            + "".join(f"<w:tc><w:p><w:r><w:t>{cell}</w:t></w:r></w:p></w:tc>" for cell in row)
            + "</w:tr>"
            for row in rows
        )
        lines = self.read(f"<w:tbl>{drawn}</w:tbl>").splitlines()
        assert [tuple(line.split()) for line in lines if line.strip()] == rows

    def test_what_is_deleted_or_shown_twice_is_read_once_or_not(self) -> None:
        body = (
            "<w:p><w:del><w:r><w:delText>旧</w:delText><w:t>旧</w:t></w:r></w:del>"
            "<mc:AlternateContent><mc:Choice><w:r><w:t>新</w:t></w:r></mc:Choice>"
            "<mc:Fallback><w:r><w:t>新</w:t></w:r></mc:Fallback></mc:AlternateContent>"
            "<w:r><w:instrText>PAGE</w:instrText><w:t>文</w:t></w:r></w:p>"
        )
        assert self.read(body) == "新文"

    def test_heads_and_notes_are_kept_once(self) -> None:
        head = "<w:p><w:r><w:t>星河证券 2026年5月14日</w:t></w:r></w:p>"
        note = "<w:p><w:r><w:t>注：含税</w:t></w:r></w:p>"
        read = self.read(
            "<w:p><w:r><w:t>正文</w:t></w:r></w:p>", header1=head, header2=head, footnotes=note
        )
        assert read == "星河证券 2026年5月14日\n正文\n注:含税".replace(":", "：")

    def test_its_kind(self) -> None:
        made = word("<w:p><w:r><w:t>云帆</w:t></w:r></w:p>")
        assert read_bytes(made, name="-").media is Media.WORD

    @pytest.mark.parametrize(
        "document",
        [b"<w:document><w:p>", b"\xff\xfe", b'<!DOCTYPE a [<!ENTITY b "c">]><w:t>&b;</w:t>'],
    )
    def test_a_damaged_one_is_told(self, document: bytes) -> None:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as packed:
            packed.writestr("word/document.xml", document)
        with pytest.raises(InputError, match="damaged or protected") as caught:
            read_bytes(target.getvalue(), name="a.docx")
        assert (caught.value.where, "Word" in caught.value.fix) == ("a.docx", True)

    def test_one_that_unpacks_to_too_much_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made = word("<w:p><w:r><w:t>" + "云" * 40_000 + "</w:t></w:r></w:p>")
        monkeypatch.setattr(word_documents, "BOUNDS", replace(BOUNDS, file=100_000))
        with pytest.raises(InputError, match="unpacks to more than"):
            word_documents.word_page(made, name="a.docx")
        monkeypatch.setattr(word_documents, "BOUNDS", replace(BOUNDS, word_marks=3))
        with pytest.raises(InputError, match="3 tags"):
            word_documents.word_page(made, name="a.docx")

    def test_no_more_text_than_is_read_of_a_document(self) -> None:
        paragraph = f"<w:p><w:r><w:t>{'云' * 999}</w:t></w:r></w:p>"
        made = word(paragraph * (BOUNDS.characters // 1_000 + 2))
        read = read_bytes(made, name="a.docx")
        assert len(read.text) == BOUNDS.characters
        assert read.remarks

    def test_a_list_of_files_without_end_is_not_unpacked(self) -> None:
        made = bytearray(word("<w:p/>"))
        at = made.rfind(b"PK\x05\x06")
        made[at + 12 : at + 16] = (BOUNDS.directory + 1).to_bytes(4, "little")
        assert not word_documents.is_word(bytes(made))
        assert not word_documents.is_word(b"PK\x03\x04 and no end")


def word(body: str, **parts: str) -> bytes:
    """Make a Word document of the paragraphs of its text and of other parts."""
    spaces = 'xmlns:w="w" xmlns:mc="mc"'
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", "<Types/>")
        for name, content in {"document": body, **parts}.items():
            packed.writestr(f"word/{name}.xml", f"<w:{name} {spaces}>{content}</w:{name}>")
    return target.getvalue()


FOREIGN: Sequence[tuple[bytes, str, str]] = (
    (workbook("word/settings.xml"), "a Word document without its text", "PDF"),
    (workbook("xl/workbook.xml"), "an Excel workbook", "PDF"),
    (workbook("ppt/slides/slide1.xml"), "a PowerPoint", "PDF"),
    (workbook("a.txt"), "a zip archive", "unpack"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "an old Word", "PDF"),
    (rb"{\rtf1\ansi x}", "an RTF document", "plain text"),
    (picture(), "a PNG picture", "OCR"),
    (b"\xff\xd8\xff\xe0....", "a JPEG picture", "OCR"),
    (b"RIFF....WEBPVP8 ", "a WebP picture", "OCR"),
    (b"PAR1....", "a Parquet file", "data import"),
    (b"\x7fELF\x02\x01\x01\0\0\0\0\0", "not a text file", "PDF"),
    (b"", "the file is empty", "text"),
    (b" \r\n\t", "the file is empty", "text"),
    (b"\xef\xbb\xbf", "holds no text", "text"),
    (b"<html><script>load()</script></html>", "holds no text", "browser"),
    (gzip.compress(b"text")[:-6], "gzip file is damaged", "again"),
)


@pytest.mark.parametrize(("content", "problem", "fix"), FOREIGN, ids=[case[1] for case in FOREIGN])
def test_what_is_no_report_is_named(content: bytes, problem: str, fix: str) -> None:
    with pytest.raises(InputError, match=problem) as caught:
        read_bytes(content, name="a.txt")
    assert caught.value.where == "a.txt"
    assert fix in caught.value.fix


def test_page_saved_as_pdf_is_refused() -> None:
    with pytest.raises(InputError, match="no PDF, though its name") as caught:
        read_bytes(page("请登录"), name="a.pdf")
    assert "login page" in caught.value.fix


def test_file_of_absurd_size_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(BOUNDS.file + 1)  # takes no room on the disk
    with pytest.raises(InputError, match="too much; up to 50 MB") as caught:
        read_document(path)
    assert ".txt" in caught.value.fix
    monkeypatch.setattr(documents, "BOUNDS", replace(BOUNDS, file=1_000))
    for content in (b"a" * 1_001, gzip.compress(b"a" * 1_001)):
        with pytest.raises(InputError, match="too much"):
            read_bytes(content)


def test_missing_file_and_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such file") as missing:
        read_document(tmp_path / "none.txt")
    assert missing.value.where.endswith("none.txt")
    assert missing.value.fix == "check the path"
    with pytest.raises(InputError, match="a folder, not a file") as folder:
        read_document(tmp_path)
    assert "report file" in folder.value.fix


def test_unreadable_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text(SIMPLIFIED, encoding="utf-8")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(StorageError, match="cannot be read: Permission denied") as caught:
        read_document(path)
    assert isinstance(caught.value, ScreenerError)
    assert "permissions" in caught.value.fix


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="a pipe, not a file") as caught:
        read_document(pipe)
    assert caught.value.fix.endswith("read with -")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs such devices")
@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/urandom"])
def test_device_is_refused(device: str) -> None:
    with pytest.raises(InputError, match="a device, not a file"):
        read_document(Path(device))
