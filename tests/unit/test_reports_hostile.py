"""Texts made to harm: read or refused soon, in little memory, and never a traceback.

Time is that of the processor, with much slack: what is steep takes minutes here.
"""

from __future__ import annotations

import gc
import gzip
import os
import signal
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from benchmarks.extraction import MASTER, build_names
from screener.errors import BasketDefinitionError, InputError, ScreenerError
from screener.files.budget import OutOfTime, within
from screener.files.clean import COMMANDS, clean
from screener.files.regular import read_regular
from screener.reports import reader
from screener.reports.documents import pdf as documents_pdf
from screener.reports.documents import reading as documents
from screener.reports.documents.archive import archived_page
from screener.reports.documents.bounds import BOUNDS
from screener.reports.documents.reading import Media, read_bytes
from screener.reports.reader import Reading, read_report
from screener.reports.text.spans import Spans
from screener.reports.text.text import make_text
from screener.workspace.baskets import readable_baskets
from screener.workspace.locate import Workspace
from tests.support.soaking import rounds
from tests.support.strict_reading import read_baskets

NAMES = build_names(MASTER)
SHARE = MASTER[0]
HEAD = f"岭南测试证券研究所 2026年3月9日\n推荐：{SHARE.name}({SHARE.listing})。\n"
SOON = 12.0  # seconds of the processor for a text of 50,000 characters; most take under one
LONG = rounds(20_000, 50_000, 50_000)
SOON_READ = SOON * LONG / 50_000


@pytest.fixture(autouse=True)
def _uncounted() -> Iterator[None]:
    """Take hypothesis out of the collector's callbacks: what is raised in one is printed and lost.

    `within` raises again soon after; the line that Python prints is a warning, and fails the test.
    """
    callbacks = list(gc.callbacks)
    gc.callbacks.clear()
    yield
    gc.callbacks.extend(callbacks)


@contextmanager
def soon(limit: float = SOON) -> Iterator[None]:
    """Fail if what is done inside takes the processor for longer."""
    began = time.process_time()
    try:
        with within(limit):
            yield
    except OutOfTime:
        pytest.fail(f"not done in {time.process_time() - began:.1f} seconds of the processor")


def read(content: bytes, name: str = "a.txt") -> Reading:
    text = make_text(read_bytes(content, name=name).text)
    return read_report(text, names=NAMES, today=date(2026, 6, 1), file_name=name)


UNITS = [
    f"{SHARE.name}、",
    f"{SHARE.listing},",
    f"{SHARE.name}({SHARE.listing})、",
    f"{SHARE.name}甲乙({SHARE.listing})、",
    f"推荐{SHARE.name}，",
    f"推荐{SHARE.name}。",
    f"{SHARE.name}上涨3.1%，",
    "分析师",
    "分析师：周吴 S0570510120003 ",
    "王力",
    "2026年3月9日",
    "2026-03-09 10:30 ",
    "2026年一季报、",
    "维持“买入”评级。",
    "买入：未来6个月涨幅超过15%；卖出：跌幅超过5%；",
    "相对沪深300涨幅20%以上",
    "(1)甲(2)乙",
    "①②",
    "1、1、1、2、2、2、",
    "1、建议关注甲2、建议关注乙",
    "**重点**【标签】",
    "据中信证券研报，",
    "研报来源：1、中信证券",
    "证证证书编号",
    "免责声明",
    "投资建议：",
    "营业收入12.5亿元，同比增长10%，",
    "1,234,",
    "9" * 50 + ".",
    "(",
    "[(【《<",
    "、，；：",
    "\n1\n",
    " \t\u3000\u200b\ufeff",
    "<!---->",
    "[a](b",
    "![](  ",
    "|-|\n",
    "&amp;",
    "a.b@c",
    "SAC",
    "𠀀",
]


@pytest.mark.soak
@pytest.mark.parametrize("unit", UNITS)
def test_a_text_of_one_thing_is_read_soon(unit: str) -> None:
    content = (HEAD + unit * (LONG // len(unit))).encode()
    with soon(SOON_READ):
        found = read(content)
    assert found.securities.findings[0].listing.id == SHARE.listing


@pytest.mark.soak
@pytest.mark.parametrize(
    "markup",
    [
        "<b>",
        "<div class='footer'>",
        "<ol><li>",
        "<ul><li>甲",
        "<table><tr><td>",
        "<td>",
        "<blockquote><p>甲</p>",
        "<title>",
        "<nav><a>甲",
        "<p>甲</p>",
        "<!-- ",
        "<a href='x' ",
        "&#x4e2d;",
        "</div>",
        "<script>",
        "<pre>\n",
    ],
)
def test_a_page_of_one_tag_is_read_soon(markup: str) -> None:
    page = f"<html><body>{HEAD}" + markup * (LONG // len(markup))
    with soon(SOON_READ):
        text = read_bytes(page.encode(), name="a.html").text
    assert SHARE.listing in text


def test_a_page_of_too_many_tags_is_refused() -> None:
    with soon(), pytest.raises(InputError, match="tags; up to 400,000 are read") as caught:
        read_bytes(b"<html>" + b"<b>" * BOUNDS.marks, name="a.html")
    assert caught.value.where == "a.html"
    assert ".txt" in caught.value.fix


def test_a_list_that_begins_with_a_huge_number_begins_with_one() -> None:
    page = f"<html><ol start='{'7' * 5_000}'><li>甲</ol><ol start='7'><li>乙</ol>"
    assert read_bytes(page.encode(), name="a.html").text == "1. 甲\n7. 乙"


class TestLongTexts:
    def test_what_is_beyond_the_bound_is_left_out_and_told(self) -> None:
        with soon():
            found = read_bytes((HEAD + "文" * 3_000_000).encode(), name="long.txt")
        assert len(found.text) == BOUNDS.characters
        (remark,) = found.remarks
        assert remark.startswith("only the first 300,000 characters of long.txt were read")

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
    def test_a_cut_inside_a_character_is_no_fault(self, encoding: str) -> None:
        for shift in ("", "a", "ab", "abc"):
            content = (shift + "云帆数据" * 500_000).encode(encoding)
            found = read_bytes(content)
            assert found.text.startswith(f"{shift}云帆数据云帆")
            assert found.remarks

    def test_at_the_bound_nothing_is_cut(self) -> None:
        found = read_bytes(("文" * BOUNDS.characters).encode())
        assert len(found.text) == BOUNDS.characters
        assert not found.remarks

    def test_markdown_and_pages_are_cut_too(self) -> None:
        for name, media in (("a.md", Media.MARKDOWN), ("a.html", Media.HTML)):
            found = read_bytes(("文" * (BOUNDS.characters + 9)).encode(), name=name)
            assert (found.media, len(found.text)) == (media, BOUNDS.characters)
            assert found.remarks

    def test_a_packed_file_that_unpacks_without_end_is_refused(self) -> None:
        with soon(), pytest.raises(InputError, match="up to 50 MB are read"):
            read_bytes(gzip.compress(bytes(BOUNDS.file + 1)), name="a.txt.gz")

    def test_more_notes_than_are_read_are_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(reader, "BOUNDS", replace(BOUNDS, notes=1))
        text = "研报来源：1、中信证券《甲乙丙丁戊》2026.3.1 2、华泰证券《己庚辛壬癸》2026.3.2"
        found = read((HEAD + text).encode())
        assert len(found.notes) == 1
        assert found.remarks == ("of 2 notes the first 1 were taken: split the document",)


class TestSigns:
    MARKS = "&#27;]0;x&#7;&#27;[2J&#x9b;31m&#155;&#x202e;&#x2067;&#x200f;"

    @pytest.mark.parametrize(
        ("name", "source"),
        [
            ("a.html", f"<title>题{MARKS}目</title><p>云{MARKS}帆<table><td>{MARKS}表"),
            ("a.md", f"# 题\n<table><tr><td>{MARKS}云帆</td></tr></table>\n"),
            ("a.txt", "云\x9b31m帆\u202e数\u2066据\x85\u200e"),
        ],
    )
    def test_none_that_command_a_terminal_come_out(self, name: str, source: str) -> None:
        text = read_bytes(source.encode(), name=name).text
        assert clean(text) == text
        assert "云" in text

    def test_none_come_into_a_card(self) -> None:
        page = (
            f"<title>题{self.MARKS}目研究</title>{HEAD}"
            f"推荐{SHARE.name[:1]}{self.MARKS}{SHARE.name[1:]}"
        )
        found = read(page.encode(), "a.html")
        said = [found.title, found.publisher, *(one.printed for one in found.securities.findings)]
        assert not set("".join(said)) & {chr(code) for code in (7, 27, 0x9B, 0x202E, 0x2067)}
        assert COMMANDS  # what the rule is made of


class TestCharsets:
    @pytest.mark.parametrize(
        "charset", ["undefined", "idna", "punycode", "unicode_escape", "utf-7", "no-such", "rot13"]
    )
    def test_one_that_is_no_encoding_of_texts_is_not_believed(self, charset: str) -> None:
        page = f'<html><meta charset="{charset}">'.encode() + b"\xff\xff\x80 2026-03-09"
        with pytest.raises(InputError, match="is not text in UTF-8, UTF-16"):
            read_bytes(page, name="a.html")

    @pytest.mark.parametrize("charset", ["a\0b", "", "x" * 5_000, "undefined"])
    def test_nor_is_that_of_a_part(self, charset: str) -> None:
        part = (
            f'Content-Type: text/html; charset="{charset}"\r\n\r\n<html>'.encode() + b"\xff\xff\x80"
        )
        archive = (
            b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n--b\r\n"
            + part
            + b"\xff\xff\x80\r\n--b--\r\n"
        )
        with pytest.raises(InputError, match="is not text in UTF-8"):
            read_bytes(archive, name="a.mhtml")


class TestArchives:
    @staticmethod
    def nested(depth: int) -> bytes:
        inner = b"Content-Type: text/html\r\n\r\n<p>page</p>\r\n"
        for level in range(depth):
            mark = b"b%d" % level
            inner = b'Content-Type: multipart/mixed; boundary="%b"\r\n\r\n--%b\r\n%b--%b--\r\n' % (
                mark,
                mark,
                inner,
                mark,
            )
        return b"MIME-Version: 1.0\r\n" + inner

    def test_parts_in_parts_are_found_as_deep_as_is_read(self) -> None:
        assert archived_page(self.nested(3))[0].strip() == b"<p>page</p>"
        with soon():
            assert archived_page(self.nested(2_000)) == (b"", "")

    def test_many_parts_take_no_long_time(self) -> None:
        part = b"--b\r\nContent-Type: image/png\r\n\r\n" + b"x" * 40 + b"\r\n"
        content = b"Content-Type: multipart/related; boundary=b\r\n\r\n" + part * 20_000
        with soon():
            assert archived_page(content) == (b"", "")


def made_pdf(*pages: bytes) -> bytes:
    """Return a PDF whose pages draw so."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"",
        b"<</Type/Font/Subtype/Type1/BaseFont/Times>>",
    ]
    kids = []
    for page in pages:
        packed = zlib.compress(page)
        head = b"<</Length %d/Filter/FlateDecode>>stream\n" % len(packed)
        objects.append(head + packed + b"\nendstream")
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents %d 0 R"
            b"/Resources<</Font<</F 3 0 R>>>>>>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%b]>>" % (len(kids), b" ".join(kids))
    content = b"%PDF-1.4\n"
    places = []
    for number, item in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%b\nendobj\n" % (number, item)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return content + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (len(objects) + 1, table, len(objects) + 1, len(content))
    )


LINE = b"BT /F 10 Tf 50 400 Td (2026-03-09 a report of many words) Tj ET\n"


class TestPdf:
    def test_one_string_of_many_megabytes_leaves_its_page_out(self) -> None:
        huge = LINE + b"BT /F 10 Tf (" + b"a" * 12_000_000 + b") Tj ET"
        with soon():
            found = read_bytes(made_pdf(LINE, huge, LINE), name="a.pdf")
        assert found.text.count("a report of many words") == 2
        (remark,) = found.remarks
        assert remark.startswith("page(s) 2 of a.pdf were not read: they take more than 1.5")

    def test_no_page_within_the_bounds_is_refused(self) -> None:
        with soon(), pytest.raises(InputError, match="no page of this PDF is read within") as told:
            read_bytes(made_pdf(LINE + b" " * 30_000_000), name="a.pdf")
        assert "print it to a new PDF" in told.value.fix

    def test_a_page_that_takes_too_long_is_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(documents_pdf, "BOUNDS", replace(BOUNDS, page_seconds=0.2))
        slow = b"q Q " * 1_900_000
        with soon():
            found = read_bytes(made_pdf(LINE, slow), name="a.pdf")
        assert found.remarks[0].startswith("page(s) 2 of a.pdf were not read")

    def test_many_lines_and_pages_are_read_as_far_as_the_bound(self) -> None:
        many = b"BT /F 10 Tf 50 600 Td " + b"(some words) Tj 0 -1 Td " * 5_000 + b"ET"
        beside = b"BT /F 10 Tf 50 600 Td " + b"(a) Tj 9 0 Td " * 5_000 + b"ET"
        with soon():
            assert read_bytes(made_pdf(many)).text.count("some words") == 5_000
            assert read_bytes(made_pdf(beside)).text.count("a") == 5_000
            found = read_bytes(made_pdf(*[LINE] * (BOUNDS.pages + 5)), name="a.pdf")
        assert found.remarks[0].startswith("the last 5 page(s) of a.pdf were not read")


class TestBudget:
    @staticmethod
    def spin() -> None:
        while True:
            with suppress(Exception):
                sum(range(1_000))

    def test_what_takes_too_long_ends_even_if_it_catches_errors(self) -> None:
        with pytest.raises(OutOfTime), within(0.1):
            self.spin()

    def test_the_outer_bound_goes_on(self) -> None:
        def inside() -> None:
            with within(5.0):
                pass
            self.spin()

        with pytest.raises(OutOfTime), within(0.3):
            inside()
        assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


class TestSpans:
    def test_they_are_those_that_hold_the_offset(self) -> None:
        stretches = [(at % 7, at % 7 + at % 11) for at in range(60)]
        spans = Spans(stretches)
        for offset in range(-1, 20):
            wanted = [n for n, (start, end) in enumerate(stretches) if start <= offset < end]
            assert spans.holding(offset) == wanted


class TestFiles:
    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        with pytest.raises(InputError, match="a pipe, not a file"):
            read_regular(pipe, 10, where="pipe", fix="")

    def test_a_file_is_read_up_to_its_bound(self, tmp_path: Path) -> None:
        path = tmp_path / "a"
        path.write_bytes(b"x" * 11)
        assert read_regular(path, 11, where="a", fix="") == b"x" * 11
        with pytest.raises(InputError, match="is too much"):
            read_regular(path, 10, where="a", fix="less")


class TestBaskets:
    @pytest.fixture
    def workspace(self, tmp_path: Path) -> Workspace:
        (tmp_path / "baskets").mkdir()
        good = 'name = "good"\ntitle_zh = "甲"\ntitle_en = "A"\nthemes = ["good"]\n'
        (tmp_path / "baskets" / "good.toml").write_text(good, encoding="utf-8")
        return Workspace(root=tmp_path)

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            ("a = " + "[" * 5_000 + "]" * 5_000, "nested too deeply"),
            ("a = " + "9" * 10_000, "a value that cannot be read"),
            ("a = 0x" + "f" * 10_000, "unknown key a = a value that is too long to show"),
            (".".join("a" * 9_000) + " = 1", "unknown key a|not read within|nested too deeply"),
        ],
    )
    def test_one_that_harms_is_refused_by_name_and_the_others_go_on(
        self, workspace: Workspace, content: str, problem: str
    ) -> None:
        content = f'name = "bad"\n{content}'
        (workspace.baskets / "bad.toml").write_text(content, encoding="utf-8")
        with soon(30.0), pytest.raises(BasketDefinitionError, match=problem) as caught:
            read_baskets(workspace)
        assert "baskets/bad.toml" in caught.value.where
        assert caught.value.fix
        with soon(30.0):
            assert [one.name for one in readable_baskets(workspace)] == ["good"]

    def test_one_that_is_too_large_or_no_file_is_refused(self, workspace: Workspace) -> None:
        bad = workspace.baskets / "bad.toml"
        with bad.open("wb") as file:
            file.truncate(100_000_000)
        with soon(2.0), pytest.raises(BasketDefinitionError, match="100 MB or more is too much"):
            read_baskets(workspace)
        bad.unlink()
        os.mkfifo(bad)
        with soon(2.0), pytest.raises(BasketDefinitionError, match="a pipe, not a file"):
            read_baskets(workspace)


def test_bytes_at_random_never_end_in_a_traceback() -> None:
    import random

    rng = random.Random(5)
    kinds = (
        b"",
        b"%PDF-1.4\n",
        b"<html>",
        b"\x1f\x8b",
        b"MIME-Version: 1\r\nContent-Type: multipart/x",
    )
    endings = ("txt", "md", "html", "pdf", "mhtml", "gz")
    told: list[ScreenerError] = []
    with soon(60.0):
        for _ in range(300):
            content = rng.choice(kinds) + rng.randbytes(rng.randrange(400))
            try:
                read_bytes(content, name=f"a.{rng.choice(endings)}")
            except ScreenerError as error:
                told.append(error)
    assert all(error.what and error.fix for error in told)
    assert len(told) > 100


def test_the_bounds_are_in_one_table() -> None:
    assert documents.BOUNDS is documents_pdf.BOUNDS is reader.BOUNDS is BOUNDS
