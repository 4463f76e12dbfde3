"""What went wrong outside, told as `SourceError`: could not be asked, changed, or has nothing.

"Could not ask" is never "there is none": an error is read as an empty answer only where no row was
due and the reply shows that it holds none. Errors are told apart by the names of their classes,
because they come from libraries that are imported only when a source is asked.
"""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib import resources

from screener.data.sources.online.transport.circuit_breaker import told
from screener.data.sources.online.transport.protocol import Call, Page
from screener.errors import SourceBlocked, SourceChanged, SourceEmpty, SourceError
from screener.language import say

__all__ = [
    "Trouble",
    "empty_reply",
    "holds_rows",
    "place_of",
    "translate",
    "trouble_of_error",
    "trouble_of_reply",
]

UNREADABLE = frozenset(
    {
        "JSONDecodeError",  # of json, requests and akshare's demjson, which share no base
        "JSONError",
        "DataParsingError",
        "MiniRacerBaseException",  # akshare decodes Sina's series with JavaScript
        "JSEvalException",
        "JSParseException",
        "SyntaxError",  # akshare evaluates some replies as Python
        "BadZipFile",  # a spreadsheet that was cut off
        "ParserError",
    }
)
NOT_ASKED = frozenset(
    {
        "RequestException",
        "ConnectionError",
        "Timeout",
        "TimeoutError",
        "HTTPError",
        "NetworkError",
        "APIError",
        "RateLimitError",
    }
)
NOTHING_INSIDE = (TypeError, LookupError, ValueError, AttributeError)
"""What akshare raises when it looks for rows in a reply that has none, or another shape."""

REFUSALS = frozenset({401, 403, 412, 418, 429, 456})
MISSING = frozenset({404, 410})
WEB_PAGE = re.compile(rb"[\s\xef\xbb\xbf]*<(!doctype|html|head|body|script|meta|title)\b", re.I)
CUT_OFF = re.compile(rb'\s*var\s+\w+\s*=\s*"[^"]*\Z')

FOLDER = "screener/data/sources/online/upstream_tables"


class Trouble(StrEnum):
    """How a request failed."""

    DROPPED = "dropped"
    REFUSED = "refused"
    WEB_PAGE = "web_page"
    TIMED_OUT = "timed_out"
    SERVER_FAULT = "server_fault"
    EMPTY = "empty"
    CUT_OFF = "cut_off"
    UNREADABLE = "unreadable"
    UNKNOWN_SHAPE = "unknown_shape"
    NO_ROWS = "no_rows"
    MISSING = "missing"
    REJECTED = "rejected"
    PROXY = "proxy"
    OFFLINE = "offline"

    @property
    def refuses(self) -> bool:
        """Whether the circuit opens at once."""
        return self in {Trouble.DROPPED, Trouble.REFUSED, Trouble.WEB_PAGE}

    @property
    def counts(self) -> bool:
        """Whether it is a failure of the host, and not of the request or of this machine."""
        return self not in {Trouble.MISSING, Trouble.REJECTED, Trouble.PROXY, Trouble.OFFLINE}

    @property
    def passes(self) -> bool:
        """Whether asking again at once may help."""
        return self in {Trouble.TIMED_OUT, Trouble.SERVER_FAULT}

    def said(self, host: str) -> str:
        """Return what a host did, as a sentence."""
        name = host or say("the source")
        told: dict[Trouble, Callable[[], str]] = {
            Trouble.DROPPED: lambda: say("{host} dropped the connection", host=name),
            Trouble.REFUSED: lambda: say("{host} refused the request", host=name),
            Trouble.WEB_PAGE: lambda: say(
                "{host} sent a web page in place of data, as it does to refuse", host=name
            ),
            Trouble.TIMED_OUT: lambda: say("{host} did not answer in time", host=name),
            Trouble.SERVER_FAULT: lambda: say("{host} has a fault of its own", host=name),
            Trouble.EMPTY: lambda: say("{host} sent an empty reply", host=name),
            Trouble.CUT_OFF: lambda: say("{host} sent a reply that is cut off", host=name),
            Trouble.UNREADABLE: lambda: say("{host} sent what cannot be read", host=name),
            Trouble.UNKNOWN_SHAPE: lambda: say(
                "{host} answered in a shape that is not the known one, or hides a refusal",
                host=name,
            ),
            Trouble.NO_ROWS: lambda: say(
                "{host} answered empty where rows are due; a soft refusal", host=name
            ),
            Trouble.MISSING: lambda: say("{host} has no such page", host=name),
            Trouble.REJECTED: lambda: say("{host} does not take the request", host=name),
            Trouble.PROXY: lambda: say("{host} cannot be reached through the proxy", host=name),
            Trouble.OFFLINE: lambda: say(
                "{host} cannot be reached: this machine finds no way to it", host=name
            ),
        }
        return told[self]()

    def error(
        self, *, call: Call | Page, host: str, detail: str, until: datetime | None
    ) -> SourceError:
        """Return the error that tells it.

        Parameters
        ----------
        call, host
            What was asked, and of whom.
        detail
            Status or message, in brackets after the words.
        until
            Instant until which the circuit is open, `None` if it is not.
        """
        what = self.said(host)
        if detail:
            what = say("{what} ({detail})", what=what, detail=detail)
        where = place_of(call, host)
        if self is Trouble.PROXY:
            fix = say("correct or unset the proxy (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY)")
            return SourceBlocked(what, where=where, fix=fix)
        if self is Trouble.OFFLINE:
            return SourceBlocked(what, where=where, fix=say("check the network of this machine"))
        if self is Trouble.MISSING:
            fix = say("check the code, or ask another source")
            return SourceEmpty(what, where=where, fix=fix)
        if self is Trouble.REJECTED:
            return SourceChanged(what, where=where, fix=_mend(call))
        return SourceBlocked(what, where=where, fix=_wait(until))


def trouble_of_error(error: BaseException) -> Trouble:
    """Tell how a request failed that raised `error`, of requests or of curl_cffi."""
    names = _names(error)
    # Of curl: no class tells a proxy that does not answer from a host that drops the line.
    if names & {"ProxyError", "InvalidProxyURL"} or " over proxy " in str(error):
        return Trouble.PROXY
    if any(_at_home(cause) for cause in _causes(error)):
        return Trouble.OFFLINE
    if "Timeout" in names or any("ReadTimeoutError" in _names(item) for item in _causes(error)):
        return Trouble.TIMED_OUT
    if names & {"InvalidURL", "MissingSchema", "InvalidSchema", "InvalidHeader"}:
        return Trouble.REJECTED
    return Trouble.DROPPED


def trouble_of_reply(status: int, body: bytes, *, pages: bool) -> Trouble | None:
    """Tell how a request failed that was answered; `None` if the reply can be read.

    Parameters
    ----------
    status, body
        Of the reply.
    pages
        Whether the host's replies are web pages.
    """
    if status >= 400:
        return _trouble_of_status(status)
    if status >= 300:
        return None
    if not body.strip():
        return Trouble.EMPTY
    if not pages and WEB_PAGE.match(body):
        return Trouble.WEB_PAGE
    return Trouble.CUT_OFF if _is_cut_off(body) else None


def _is_cut_off(body: bytes) -> bool:
    """Tell whether a script's only string or a page's last table is never closed."""
    return body.rfind(b"<table") > body.rfind(b"</table") or bool(CUT_OFF.match(body))


def _trouble_of_status(status: int) -> Trouble:
    if status >= 500:
        return Trouble.SERVER_FAULT
    if status in REFUSALS:
        return Trouble.REFUSED
    if status == 407:
        return Trouble.PROXY
    if status == 408:
        return Trouble.TIMED_OUT
    return Trouble.MISSING if status in MISSING else Trouble.REJECTED


def translate(
    error: BaseException, *, call: Call | Page, host: str, due: bool, until: datetime | None = None
) -> SourceError:
    """Return the error of ours for what a library raised.

    Parameters
    ----------
    error
        What was raised; one of ours is returned as it is.
    call, host
        What was asked, and the last host that was; empty if none was.
    due
        Whether rows must exist.
    until
        Instant until which the circuit is open, `None` if it is not.

    Returns
    -------
    SourceError
        `SourceBlocked` if nobody answered or the answer cannot be read. Where akshare found no
        rows in it: `SourceChanged` if rows are due, else `SourceEmpty`. `SourceChanged` for all
        that is not known.
    """
    if isinstance(error, SourceError):
        return error
    names, where = _names(error), place_of(call, host)
    if _of_installation(error):
        return SourceError(
            say("akshare cannot run here ({error})", error=_told_as(error)),
            where=where,
            fix=say("install screener again with its dependencies, on a platform they support"),
        )
    if names & UNREADABLE:
        what = _with_cause(Trouble.UNREADABLE.said(host), error)
        return SourceBlocked(what, where=where, fix=_wait(until))
    if names & NOT_ASKED:
        name = host or say("the source")
        what = _with_cause(say("{host} could not be asked", host=name), error)
        return SourceBlocked(what, where=where, fix=_wait(until))
    if not due and isinstance(error, NOTHING_INSIDE):
        return SourceEmpty(_with_cause(_nothing(host), error), where=where, fix=_none_to_correct())
    what = _with_cause(Trouble.UNKNOWN_SHAPE.said(host), error)
    return SourceChanged(what, where=where, fix=_mend(call))


def empty_reply(
    *, call: Call | Page, host: str, due: bool, until: datetime | None = None
) -> SourceError:
    """Return the error for an answer without rows: a soft refusal where they are due."""
    where = place_of(call, host)
    if due:
        return SourceBlocked(Trouble.NO_ROWS.said(host), where=where, fix=_wait(until))
    return SourceEmpty(_nothing(host), where=where, fix=_none_to_correct())


def holds_rows(body: bytes) -> bool:
    """Tell whether a reply may hold rows: all but JSON (or a script that sets it) without any."""
    text = body.decode("utf-8", errors="replace").strip().removeprefix("\ufeff")
    text = re.sub(r"\A(?:var\s+)?\w+\s*=\s*", "", text).rstrip().removesuffix(";")
    try:
        value = json.loads(text.removeprefix("(").removesuffix(")"))
    except ValueError:
        return True
    return _has_rows(value)


def _has_rows(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_rows(item) for item in value.values() if isinstance(item, dict | list))
    return bool(value)


def place_of(call: Call | Page, host: str) -> str:
    """Return what was asked, and of whom."""
    asked = call.function if isinstance(call, Call) else call.url
    return f"{host}, {asked}" if host and host not in asked else asked


def _wait(until: datetime | None) -> str:
    if until is None:
        return say("ask another source, or try again later")
    return say("wait until {until}, or ask another source", until=told(until))


def _mend(call: Call | Page) -> str:
    text = call.function if isinstance(call, Call) else call.url
    return say(
        "ask another source, or correct {file}, or wait for a new release", file=_table_of(text)
    )


def _nothing(host: str) -> str:
    return say("{host} answered that there is nothing", host=host or say("the source"))


def _none_to_correct() -> str:
    return say("nothing to correct, if there is none")


def _with_cause(what: str, error: BaseException) -> str:
    return say("{what} ({detail})", what=what, detail=_told_as(error))


def _told_as(error: BaseException) -> str:
    return f"{type(error).__name__}: {_first_line(error)}"


@cache
def _table_of(text: str) -> str:
    """Return the file that writes down a function or an address, or the folder of them."""
    package = "screener.data.sources.online.upstream_tables"
    for item in sorted(resources.files(package).iterdir(), key=lambda entry: entry.name):
        if item.name.endswith(".toml") and f'"{text}"' in item.read_text(encoding="utf-8"):
            return f"{FOLDER}/{item.name}"
    return FOLDER


def _names(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what lies beneath it; urllib3 keeps its cause as an argument."""
    waiting, seen = [error], set[int]()
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        beneath = (item.__cause__, item.__context__, getattr(item, "reason", None), *item.args)
        waiting.extend(other for other in beneath if isinstance(other, BaseException))


def _at_home(error: BaseException) -> bool:
    """Tell whether the way out of this machine is missing: no name server, no network."""
    if _names(error) & {"NameResolutionError", "gaierror", "DNSError"}:
        return True
    return isinstance(error, OSError) and error.errno in {errno.ENETUNREACH, errno.ENETDOWN}


def _of_installation(error: BaseException) -> bool:
    """Tell whether a package is missing, or akshare's JavaScript engine has no library to load."""
    if isinstance(error, ImportError) or "LibNotFoundError" in _names(error):
        return True
    trace, module = error.__traceback__, ""
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__"))
        trace = trace.tb_next
    return isinstance(error, RuntimeError | OSError) and module.startswith("py_mini_racer")


def _first_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return text[0][:160] if text else say("no message")
