"""The way out: akshare and pages of our own, with faults told as `SourceError` alone."""

from __future__ import annotations

import gc
import os
import sys
import warnings
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from screener.data.sources.online.transport.errors import empty_reply, holds_rows, translate
from screener.data.sources.online.transport.protocol import Call, Page, Wire
from screener.errors import SourceBlocked, SourceChanged, SourceEmpty, SourceError
from tests.support.laws import laws
from tests.support.transport import Router, offline
from tests.support.wire_clock import FakeClock, make_wire
from tests.support.wire_replies import BAIDU, KLINES, NOTHING, SSE, VALUES, WEB_PAGE, dropped

BARS = Call(function="stock_zh_a_hist", arguments={"symbol": "000001"})
VALUATION = Call(function="stock_value_em", arguments={"symbol": "000001"})
PAGE = Page(url="https://finance.sina.com.cn/realstock/company/sz000001/hfq.js")
HONG_KONG = Call(function="stock_hk_valuation_baidu", arguments={"symbol": "00700"})


def ask(function: Any, **arguments: Any) -> pd.DataFrame:
    """Ask through the wire a function that akshare does not have."""
    import akshare

    wire, _ = make_wire(FakeClock())
    with mock.patch.object(akshare, "asked_by_test", function, create=True):
        return wire.akshare(Call(function="asked_by_test", arguments=arguments), due=False)


def test_it_is_a_wire() -> None:
    wire: Wire = make_wire(FakeClock())[0]
    with offline(Router().add("push2his", KLINES)):
        assert list(wire.akshare(BARS, due=True)["收盘"]) == [10.25, 10.5]


def test_what_is_open_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    time, path = FakeClock(), tmp_path / "hosts.json"
    wire, _ = make_wire(time, path=path)
    with offline(Router().add("", dropped())), pytest.raises(SourceBlocked):
        wire.akshare(BARS, due=True)
    again, breaker = make_wire(time, path=path)
    assert again.wait_until(["81.push2.eastmoney.com", "finance.sina.com.cn"])
    assert not again.wait_until(["finance.sina.com.cn", "datacenter-web.eastmoney.com"])
    assert again.wait_until(["push2.eastmoney.com"]) == breaker.wait_until("eastmoney_quotes")
    with offline(Router()) as router, pytest.raises(SourceBlocked, match="circuit open"):
        again.akshare(BARS, due=True)
    assert router.sent == []
    assert again.requests_made == {}


def test_a_used_up_day_is_open_too() -> None:
    wire, breaker = make_wire(FakeClock())
    for _ in range(10):
        breaker.asked("eastmoney_quotes")
    assert wire.wait_until(["push2.eastmoney.com"]) == breaker.day_ends()


def test_success_forgets_earlier_failures() -> None:
    time = FakeClock()
    wire, breaker = make_wire(time)
    router = Router().add("datacenter-web", NOTHING)
    with offline(router):
        for _ in range(3):
            with pytest.raises(SourceChanged):
                wire.akshare(VALUATION, due=True)
        assert breaker.wait_until("eastmoney_tables") is not None
        time.advance(hours=1)
        router.add("datacenter-web", VALUES)
        wire.akshare(VALUATION, due=True)
    assert breaker.describe() == ()
    assert breaker.failures("eastmoney_tables") == 0


def test_a_refusal_that_a_library_swallows_is_raised_all_the_same() -> None:
    def swallow(*, wrong: bool) -> pd.DataFrame:
        try:
            requests.get("https://finance.sina.com.cn/")
        except Exception as error:
            if wrong:
                raise ValueError("no table") from error
        return pd.DataFrame({"a": [1]})

    for wrong in (True, False):
        with offline(Router().add("", (403, ""))), pytest.raises(SourceBlocked, match="403"):
            ask(swallow, wrong=wrong)


def test_whoever_asked_nobody_heard_that_there_is_nothing() -> None:
    def fail() -> pd.DataFrame:
        raise KeyError("x")

    with pytest.raises(SourceChanged):
        ask(fail)
    with pytest.raises(SourceBlocked, match="empty where rows are due"):
        ask(pd.DataFrame)
    with pytest.raises(SourceChanged, match="a list in place of a frame"):
        ask(list)


def test_answers_that_akshare_remembers_are_asked_again() -> None:
    wire, _ = make_wire(FakeClock())
    call = Call(function="stock_info_sh_name_code")
    with offline(Router().add("query.sse", SSE)) as router:
        first, second = wire.akshare(call, due=True), wire.akshare(call, due=True)
    assert len(router.sent) == 2
    assert first is not second


def test_a_function_that_is_gone_or_takes_other_arguments_has_changed() -> None:
    wire, _ = make_wire(FakeClock())
    with pytest.raises(SourceChanged, match="no longer has stock_a_indicator_lg") as caught:
        wire.akshare(Call(function="stock_a_indicator_lg"), due=False)
    assert "constraints.txt" in caught.value.fix
    with pytest.raises(SourceChanged, match=r"takes other arguments: .*'code'"):
        wire.akshare(Call(function="stock_value_em", arguments={"code": "1"}), due=False)


def test_akshare_that_is_missing_or_cannot_load_is_told() -> None:
    wire, _ = make_wire(FakeClock())
    with (
        mock.patch.dict(sys.modules, {"akshare": None}),
        pytest.raises(SourceError, match="cannot be imported") as caught,
    ):
        wire.akshare(BARS, due=True)
    assert "install screener again" in caught.value.fix
    error = OSError("libmini_racer.glibc.so: invalid ELF header")
    with (
        mock.patch("importlib.import_module", side_effect=error),
        pytest.raises(SourceError, match="invalid ELF header"),
    ):
        wire.akshare(BARS, due=True)


def test_a_javascript_engine_without_its_library_is_told() -> None:
    from py_mini_racer import py_mini_racer as engine

    wire, breaker = make_wire(FakeClock())
    call = Call(function="tool_trade_date_hist_sina")
    with mock.patch.object(engine.MiniRacer, "__del__", return_value=None, create=True):
        with (
            offline(Router().add("", 'var a="b";')),
            mock.patch.object(engine, "EXTENSION_PATH", None),
            mock.patch.object(engine.MiniRacer, "ext", None),  # loaded by an earlier test
            pytest.raises(SourceError, match="akshare cannot run here") as caught,
        ):
            wire.akshare(call, due=True)
        assert type(caught.value) is SourceError
        # Half-made engines must go while their destructor, which fails on them, is replaced.
        del caught
        gc.collect()
    assert breaker.failures("sina") == 0


def test_nothing_of_akshare_reaches_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    def noisy() -> pd.DataFrame:
        from tqdm import tqdm

        print("loud")
        warnings.warn("deprecated", DeprecationWarning, stacklevel=1)
        for _ in tqdm(range(2)):
            pass
        requests.get("https://finance.sina.com.cn/")
        return pd.DataFrame({"a": [1]})

    with offline(Router().add("", "{}")):
        assert len(ask(noisy)) == 1
    assert capfd.readouterr() == ("", "")
    assert os.environ["TQDM_DISABLE"]


def test_an_interrupt_passes() -> None:
    wire, _ = make_wire(FakeClock())
    with offline(Router().add("", KeyboardInterrupt())), pytest.raises(KeyboardInterrupt):
        wire.akshare(BARS, due=True)


class Curl:
    """Stands in for curl_cffi's reply."""

    def __init__(self, status: int, text: str) -> None:
        self.status_code, self.content = status, text.encode()

    def json(self) -> Any:
        return requests.compat.json.loads(self.content)  # type: ignore[attr-defined]


def ask_baidu(reply: Any, *, times: int = 1) -> tuple[Any, list[Any], FakeClock]:
    import akshare  # noqa: F401
    import curl_cffi

    timeouts: list[Any] = []

    def get(url: str, **options: Any) -> Any:
        timeouts.append(options["timeout"])
        if isinstance(reply, Exception):
            raise reply
        return reply

    time = FakeClock()
    wire, breaker = make_wire(time)
    with mock.patch.object(curl_cffi.requests, "get", get):
        try:
            for _ in range(times):
                wire.akshare(HONG_KONG, due=True)
        finally:
            assert curl_cffi.requests.get is get
            time.open = breaker.wait_until("baidu")  # type: ignore[attr-defined]
    return wire, timeouts, time


def test_curl_is_as_polite() -> None:
    wire, timeouts, time = ask_baidu(Curl(200, requests.compat.json.dumps(BAIDU)), times=2)  # type: ignore[attr-defined]
    assert timeouts == [(5.0, 20.0)] * 2
    assert 1 <= time.slept[0] <= 2
    assert wire.requests_made == {"finance.baidu.com": 2}


def test_curl_that_fails_is_told_the_same_way() -> None:
    from curl_cffi.requests import exceptions as curl

    for bad, match in (
        (Curl(403, ""), "status 403"),
        (Curl(200, WEB_PAGE), "web page"),
        (curl.ConnectionError("(56) Recv failure"), "dropped the connection"),
        (curl.Timeout("(28) timed out"), "did not answer in time"),
        (curl.ProxyError("(97) proxy"), "through the proxy"),
        (curl.DNSError("(6) no such host"), "this machine"),
    ):
        with pytest.raises(SourceBlocked, match=match):
            ask_baidu(bad)


def test_a_page_is_text() -> None:
    wire, breaker = make_wire(FakeClock())
    headers = {"Referer": "https://finance.sina.com.cn/"}
    page = Page(url=PAGE.url, params={"d": "1"}, headers=headers, encoding="gbk")
    with offline(Router().add("hfq.js", "价".encode("gbk"))) as router:
        assert wire.page(page) == "价"
    assert router.sent[0].query == {"d": "1"}
    assert router.sent[0].timeout == (5.0, 20.0)
    assert wire.requests_made == {"finance.sina.com.cn": 1}
    assert breaker.describe() == ()


def test_an_encoding_that_no_server_states_is_guessed() -> None:
    text = "除权除息日期，" * 40

    def answer(request: requests.PreparedRequest, content: bytes, stated: str) -> Any:
        reply = requests.Response()
        reply.status_code, reply._content, reply.url = 200, content, str(request.url)
        reply.headers["Content-Type"] = stated
        reply.encoding = requests.utils.get_encoding_from_headers(reply.headers)
        reply.request = request
        reply.raw = None
        return reply

    for content, stated in (
        (text.encode(), "text/html"),
        (text.encode("gb18030"), "text/html; charset=gb18030"),
        (text.encode(), "application/json"),
    ):
        wire, _ = make_wire(FakeClock())
        with mock.patch.object(
            requests.adapters.HTTPAdapter,
            "send",
            lambda _, request, content=content, stated=stated, **__: answer(
                request, content, stated
            ),
        ):
            assert wire.page(PAGE) == text


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (dropped(), SourceBlocked),
        ((403, WEB_PAGE), SourceBlocked),
        (WEB_PAGE, SourceBlocked),
        ("", SourceBlocked),
        ((500, ""), SourceBlocked),
        ((404, WEB_PAGE), SourceEmpty),
        ((400, ""), SourceChanged),
        (requests.exceptions.TooManyRedirects("30"), SourceBlocked),
    ],
)
def test_a_page_fails_as_akshare_does(bad: Any, kind: type[SourceError]) -> None:
    wire, _ = make_wire(FakeClock())
    with offline(Router().add("", bad)), pytest.raises(SourceError) as caught:
        wire.page(PAGE)
    assert type(caught.value) is kind
    assert PAGE.url in caught.value.where
    assert caught.value.fix


def test_pages_of_hosts_that_send_pages_pass() -> None:
    wire, _ = make_wire(FakeClock())
    with offline(Router().add("", WEB_PAGE)):
        assert "访问" in wire.page(Page(url="https://vip.stock.finance.sina.com.cn/corp/x.phtml"))
        assert "访问" in wire.page(Page(url="https://example.org/"))


KINDS = [TypeError, KeyError, IndexError, ValueError, AttributeError]


@pytest.mark.parametrize("kind", KINDS)
def test_an_ambiguous_error_is_a_change_where_rows_are_due_else_none(kind: type[Exception]) -> None:
    due = translate(kind("x"), call=BARS, host="h", due=True)
    assert type(due) is SourceChanged
    assert "is not the known one, or hides a refusal" in due.what
    assert type(translate(kind("x"), call=BARS, host="h", due=False)) is SourceEmpty


@pytest.mark.parametrize("due", [True, False])
@pytest.mark.parametrize("name", ["NetworkError", "APIError", "RateLimitError", "DataParsingError"])
def test_akshares_own_errors_block(name: str, due: bool) -> None:
    from akshare import exceptions

    error = getattr(exceptions, name)("x")
    assert type(translate(error, call=BARS, host="h", due=due)) is SourceBlocked


def test_every_json_error_blocks() -> None:
    import json

    from akshare.utils import demjson

    for decode in (json.loads, demjson.decode):
        with pytest.raises(Exception, match=r"value|text") as caught:
            decode("<html>")
        assert type(caught.value).__name__ == "JSONDecodeError"
        assert type(translate(caught.value, call=BARS, host="h", due=False)) is SourceBlocked


def test_unknown_errors_are_a_change_and_ours_stay_as_they_are() -> None:
    error = translate(RuntimeError("odd"), call=BARS, host="h", due=False)
    assert type(error) is SourceChanged
    ours = SourceEmpty("none")
    assert translate(ours, call=BARS, host="h", due=True) is ours


def test_empty_replies_say_whether_rows_were_due() -> None:
    assert type(empty_reply(call=BARS, host="h", due=True)) is SourceBlocked
    assert type(empty_reply(call=BARS, host="h", due=False)) is SourceEmpty


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ("null", False),
        ('{"data": null}', False),
        ('{"result": {"pages": 0, "data": []}, "code": 9201, "message": "empty"}', False),
        ("var x=null;", False),
        ('var x={"total":0,"data":[]};', False),
        ("var x=([]);", False),
        ('var x="";', False),
        ('{"result": {"data": [{"a": 1}]}}', True),
        ('var x=({"data":[1]});', True),
        ('var x="abc";', True),
        ("<html></html>", True),
        ("PK\x03\x04", True),
        ('var x=([{date:"2024-01-01"}]);', True),
    ],
)
def test_only_a_reply_that_holds_no_rows_is_empty(body: str, rows: bool) -> None:
    assert holds_rows(body.encode()) is rows


@given(st.binary(max_size=60))
@laws(100)
def test_any_bytes_can_be_judged(body: bytes) -> None:
    assert holds_rows(body) in {True, False}
