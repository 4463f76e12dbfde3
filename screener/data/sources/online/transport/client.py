"""The one way out of the machine for market data: akshare's functions, and pages of our own."""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, Any

import requests

from screener.data.sources.online.transport.circuit_breaker import CircuitBreaker
from screener.data.sources.online.transport.clock import Clock
from screener.data.sources.online.transport.errors import (
    Trouble,
    empty_reply,
    holds_rows,
    translate,
)
from screener.data.sources.online.transport.network import Network
from screener.data.sources.online.transport.protocol import Call, Page
from screener.data.sources.online.transport.rate_limit import RateLimiter, Visit, group_of, polite
from screener.errors import SourceBlocked, SourceChanged, SourceEmpty, SourceError
from screener.language import say

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OnlineWire"]


class OnlineWire:
    """The wire that asks for real; see `base.Wire`.

    Parameters
    ----------
    clock, random
        Time, and the generator of the pace's jitter.
    breaker
        What earlier runs met at each group of hosts.
    network
        The way out of this machine; not looked at when `None`.
    """

    def __init__(
        self, clock: Clock, breaker: CircuitBreaker, random: Random, network: Network | None = None
    ) -> None:
        self._breaker = breaker
        self._limiter = RateLimiter(clock=clock, breaker=breaker, random=random, network=network)

    @property
    def requests_made(self) -> Mapping[str, int]:
        """Requests that left the machine, by host."""
        return dict(self._limiter.requests_made)

    def wait_until(self, hosts: Iterable[str]) -> datetime | None:
        """Return the instant (UTC) from which all of `hosts` may be asked; `None` if they may be.

        A host's circuit is open after a refusal, and it rests once its cap of the day is used up.
        """
        waits = [self._limiter.wait_until(group_of(host)) for host in hosts]
        return max((item for item in waits if item is not None), default=None)

    def akshare(self, call: Call, *, due: bool) -> pd.DataFrame:
        """Run an akshare function.

        Parameters
        ----------
        call
            Function and arguments.
        due
            Whether rows must exist.

        Returns
        -------
        pandas.DataFrame
            With at least one row and one column.

        Raises
        ------
        NetworkDown
            If this machine has no way out.
        SourceBlocked
            If a host could not be asked, its circuit is open, or it sends none of the rows due.
        SourceEmpty
            If rows are not due, and it answered that there are none.
        SourceChanged
            If the function or its reply is not what it was.
        SourceError
            If akshare is not installed, or cannot run here.
        """
        function = _function(call)
        with polite(self._limiter, call) as visit, _quiet():
            try:
                frame = function(**call.arguments)
            except MemoryError:
                raise
            except Exception as error:
                # akshare raises plain subclasses of Exception.
                told = self._told(error, visit, due=due)
                if told is error:
                    raise
                raise told from error
        return self._checked(frame, visit, due=due)

    def page(self, page: Page) -> str:
        """Fetch a page as text; raises as `akshare` does, where a missing page is `SourceEmpty`."""
        with polite(self._limiter, page) as visit:
            try:
                with requests.Session() as session:  # its time-outs come from the rate limiter
                    reply = session.get(
                        page.url, params=dict(page.params), headers=dict(page.headers)
                    )
            except requests.RequestException as error:
                raise self._told(error, visit, due=True) from error
        self._limiter.succeeded(visit.hosts)
        reply.encoding = page.encoding or _encoding(reply)
        return reply.text

    def _checked(self, frame: Any, visit: Visit, *, due: bool) -> pd.DataFrame:
        """Return a frame with rows; raise what akshare swallowed on the way to it."""
        import pandas as pd

        if visit.refusal is not None:
            raise _for_due(visit.refusal, due=due)
        if not isinstance(frame, pd.DataFrame):
            told = say("a {kind} in place of a frame", kind=type(frame).__name__)
            error = TypeError(told)
            raise self._told(error, visit, due=True)
        if frame.empty:
            due = due or not visit.hosts
            counts = due and bool(visit.hosts)
            until = self._limiter.failed(visit.host, Trouble.NO_ROWS) if counts else None
            raise empty_reply(call=visit.call, host=visit.host, due=due, until=until)
        self._limiter.succeeded(visit.hosts)
        return frame

    def _told(self, error: Exception, visit: Visit, *, due: bool) -> SourceError:
        """Return our error for what a library raised, and count it as a failure of the host."""
        if visit.refusal is not None:
            return _for_due(visit.refusal, due=due)
        # Nobody said that there is nothing where nobody was asked, or the reply holds rows.
        due = due or not visit.hosts or holds_rows(visit.body)
        told = translate(error, call=visit.call, host=visit.host, due=due)
        if not isinstance(told, SourceBlocked | SourceChanged) or not visit.hosts:
            return told
        trouble = Trouble.UNREADABLE if isinstance(told, SourceBlocked) else Trouble.UNKNOWN_SHAPE
        until = self._limiter.failed(visit.host, trouble, type(error).__name__)
        return translate(error, call=visit.call, host=visit.host, due=due, until=until)


def _for_due(error: SourceError, *, due: bool) -> SourceError:
    """Return an error as it is, but a missing page as a change where rows are due."""
    if due and isinstance(error, SourceEmpty):
        fix = say("ask another source; if it holds for every code, the address has changed")
        return SourceChanged(error.what, where=error.where, fix=fix)
    return error


def _function(call: Call) -> Callable[..., Any]:
    """Return akshare's function, checked to exist and to take the arguments."""
    function = getattr(_library(), call.function, None)
    fix = say("install the version of akshare that constraints.txt names, or a newer screener")
    if function is None:
        what = say("akshare no longer has {function}", function=call.function)
        raise SourceChanged(what, where=call.function, fix=fix)
    try:
        inspect.signature(function).bind(**call.arguments)
    except TypeError as error:
        raise SourceChanged(
            say(
                "akshare's {function} takes other arguments: {error}",
                function=call.function,
                error=error,
            ),
            where=call.function,
            fix=fix,
        ) from error
    forget = getattr(function, "cache_clear", None)
    if forget is not None:
        # Some functions remember their first answer, and hand out the very same frame.
        forget()
    found: Callable[..., Any] = function
    return found


def _library() -> Any:
    # Read by tqdm when it is imported first, which akshare does.
    os.environ.setdefault("TQDM_DISABLE", "1")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module("akshare")
    except (ImportError, OSError, RuntimeError) as error:
        # The latter two: the native library of its JavaScript engine does not load.
        told = f"{type(error).__name__}: {error}"
        raise SourceError(
            say("akshare cannot be imported ({error})", error=told),
            where="import akshare",
            fix=say("install screener again with its dependencies, on a platform they support"),
        ) from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep akshare's warnings, prints and progress bars from the user's terminal."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), _no_bars():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _no_bars() -> Iterator[None]:
    """Silence tqdm even where something else imported it before `TQDM_DISABLE` was set."""
    kind = sys.modules["tqdm"].tqdm if "tqdm" in sys.modules else None
    if kind is None:
        yield
        return
    original = kind.__init__
    kind.__init__ = functools.partialmethod(original, disable=True)
    try:
        yield
    finally:
        kind.__init__ = original


def _encoding(reply: requests.Response) -> str | None:
    """Return the encoding that a server states; it guesses where requests would take Latin-1."""
    stated = "charset" in str(reply.headers.get("Content-Type", "")).lower()
    if stated or reply.encoding not in {None, "ISO-8859-1"}:
        return reply.encoding
    return reply.apparent_encoding
