"""The one door to baostock, an optional package that speaks its own protocol over TCP.

The package keeps one connection for the process, prints to standard output, sets no time-out,
swallows what goes wrong on the line, reads for ever once the server has closed the line, and
ends a history silently at a page that it could not fetch. All of that is caught here.
"""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

from screener.data.sources.online.transport.circuit_breaker import CircuitBreaker, told
from screener.data.sources.online.transport.clock import Clock
from screener.data.sources.online.transport.errors import Trouble
from screener.data.sources.online.transport.network import Network
from screener.data.sources.online.transport.protocol import Call
from screener.data.sources.online.transport.upstream import endpoint
from screener.errors import SourceBlocked, SourceChanged, SourceEmpty
from screener.language import say
from screener.language.lists import clauses

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BaostockConnection"]

_UPSTREAM = endpoint("baostock", "connection")
_HOST = _UPSTREAM.hosts[0]
_ASSUMED = _UPSTREAM.extra
_INSTALL = "pip install 'screener[baostock]'"

# What the package raises when a reply has another shape than the one it cuts up.
_MISREAD = (LookupError, ValueError, TypeError, AttributeError)


class BaostockConnection:
    """The connection to baostock; logs in when first asked, and stays logged in.

    One for the process: the package itself knows only one.

    Parameters
    ----------
    clock
        Time, for the pace.
    breaker
        What earlier runs met at the host; shared with the wire, so that both keep to one circuit.
    timeout
        Seconds that the line may be silent; what `baostock.toml` says by default.
    network
        The way out of this machine, for which the host is not blamed; not looked at when `None`.
    """

    def __init__(
        self,
        clock: Clock,
        breaker: CircuitBreaker,
        *,
        timeout: float | None = None,
        network: Network | None = None,
    ) -> None:
        self._network = network
        self._clock = clock
        self._breaker = breaker
        self._line = _Line(seconds=timeout or float(_ASSUMED["seconds"]))
        self._open = False
        self.requests_made = 0

    def __enter__(self) -> BaostockConnection:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def query(self, call: Call) -> pd.DataFrame:
        """Run one of baostock's query functions, all pages of it.

        Parameters
        ----------
        call
            Function and arguments.

        Returns
        -------
        pandas.DataFrame
            At least one row; all cells are text.

        Raises
        ------
        NetworkDown
            If this machine has no way out.
        SourceBlocked
            If the package is not installed, its circuit is open, or it could not be asked.
        SourceEmpty
            If it answered that there is nothing.
        SourceChanged
            If the package or its reply is not what it was.
        """
        library = _library()
        function = getattr(library, call.function, None)
        if function is None:
            raise SourceChanged(
                say("baostock no longer has {function}", function=call.function),
                where=_UPSTREAM.place,
                fix=say("install the version of baostock that constraints.txt names"),
            )
        was_open = self._open
        try:
            return self._asked(library, function, call)
        except _LineLostError:
            if not was_open:
                self._tell_failure(call)
        try:  # an old connection may have been dropped while it was idle
            return self._asked(library, function, call)
        except _LineLostError:
            self._tell_failure(call)

    def close(self) -> None:
        """Log out and close the connection; does nothing without one."""
        if self._open:
            with _quiet(), contextlib.suppress(*_MISREAD):
                _library().logout()
        self._hang_up()

    def _asked(self, library: Any, function: Any, call: Call) -> pd.DataFrame:
        import pandas as pd

        self._stop_if_open(call)
        if not self._open:
            self._login(library, call)
        self._pace()
        self._line.fault = None
        rows: list[list[str]] = []
        with _quiet():
            try:
                result = function(**call.arguments)
                while result.error_code == _ASSUMED["success"] and result.next():
                    rows.append(result.get_row_data())
                frame = pd.DataFrame(rows, columns=result.fields if rows else None)
            except _MISREAD as error:
                self._stop_if_lost()
                self._tell_change(call, f"{type(error).__name__}: {error}", error)
        self._stop_if_lost()
        self._stop_if_told(result.error_code, result.error_msg, call)
        if len(result.data) >= _ASSUMED["page_rows"]:  # it had asked for a page that never came
            self._tell_change(
                call, say("the page after row {row} could not be read", row=len(rows))
            )
        self._breaker.succeeded(_HOST)
        if frame.empty:
            what = say("{host} has no rows", host=_HOST)
            raise SourceEmpty(what, where=_place(call), fix=_other())
        return frame

    def _login(self, library: Any, call: Call) -> None:
        self._pace()
        self._line.fault = None
        with _quiet(), self._line.tapped():
            try:
                result = library.login()
            except _MISREAD as error:
                self._stop_if_lost()
                self._tell_change(call, f"{type(error).__name__}: {error}", error)
        self._stop_if_lost()
        self._stop_if_told(result.error_code, result.error_msg, call)
        self._open = True

    def _pace(self) -> None:
        last = self._breaker.last_request(_HOST)
        if last is not None:
            ready = last + timedelta(seconds=float(_ASSUMED["min_seconds"]))
            wait = (ready - self._clock.now()).total_seconds()
            if wait > 0:
                self._clock.sleep(wait)
        self._breaker.asked(_HOST)
        self.requests_made += 1

    def _stop_if_open(self, call: Call) -> None:
        until = self._breaker.wait_until(_HOST)
        if until is not None:
            raise SourceBlocked(
                say(
                    "{name}: circuit open until {until}: {reason}",
                    name=_HOST,
                    until=told(until),
                    reason=self._breaker.reason(_HOST),
                ),
                where=_place(call),
                fix=_wait(until),
            )

    def _stop_if_lost(self) -> None:
        if self._line.fault is not None:
            self._hang_up()
            raise _LineLostError

    def _stop_if_told(self, code: str, message: str, call: Call) -> None:
        """Raise what an error code of baostock means."""
        if code == _ASSUMED["success"]:
            return
        if code == _ASSUMED["not_logged_in"] and self._open:
            self._line.fault = ConnectionError(say("the server has ended the session"))
            self._stop_if_lost()
        said = say("{host} says {code}: {message}", host=_HOST, code=code, message=message)
        if code in _ASSUMED["unknown"]:
            raise SourceEmpty(said, where=_place(call), fix=_other())
        if code == _ASSUMED["unreadable"]:
            self._tell_change(call, say("the reply could not be read"))
        if code == _ASSUMED["old_client"]:
            self._hang_up()
            command = f"{_INSTALL} --upgrade"
            fix = say("install a newer one: {command}", command=command)
            raise SourceChanged(said, where=_place(call), fix=fix)
        if code.startswith(tuple(_ASSUMED["refused"])):
            self._tell_refusal(code, said, call)
        self._tell_change(call, said)

    def _tell_refusal(self, code: str, said: str, call: Call) -> NoReturn:
        self._hang_up()
        self._breaker.failed(_HOST, said, opens_after=1)
        until = self._breaker.wait_until(_HOST)
        fix = _wait(until) if until else _other()
        if code == _ASSUMED["blacklisted"]:
            alone = say("it blacklists addresses that ask in parallel: let no other program ask it")
            fix = clauses([fix, alone])
        raise SourceBlocked(said, where=_place(call), fix=fix)

    def _tell_failure(self, call: Call) -> NoReturn:
        if self._network is not None:
            self._network.check_again()
        fault = self._line.fault
        late = isinstance(fault, TimeoutError)
        named_fault = f"{type(fault).__name__}: {fault}"
        said = (Trouble.TIMED_OUT if late else Trouble.DROPPED).said(_HOST)
        self._breaker.failed(_HOST, said, opens_after=int(_ASSUMED["soft_failures"]))
        raise SourceBlocked(
            say("{what} ({detail})", what=said, detail=named_fault),
            where=_place(call),
            fix=say("check the network and that port 10030 is not closed, or ask another source"),
        ) from fault

    def _tell_change(self, call: Call, what: str, cause: Exception | None = None) -> NoReturn:
        # What is left on the line after a reply that was not understood belongs to nobody.
        self._hang_up()
        self._breaker.failed(_HOST, what, opens_after=int(_ASSUMED["soft_failures"]))
        raise SourceChanged(
            say("{host} sent another reply than it used to ({what})", host=_HOST, what=what),
            where=_place(call),
            fix=say(
                "correct the assumptions in {file}, or ask another source", file=_UPSTREAM.place
            ),
        ) from cause

    def _hang_up(self) -> None:
        self._line.close()
        self._open = False


class _LineLostError(Exception):
    """The line broke; the fault itself is on the line."""


@dataclass(slots=True, kw_only=True)
class _Line:
    """The sockets that baostock opens, each with a time-out, and the first fault on them."""

    seconds: float
    fault: Exception | None = None
    tap: _Tap | None = None

    @contextlib.contextmanager
    def tapped(self) -> Iterator[None]:
        """Give sockets of ours to baostock while it connects."""
        module: Any = importlib.import_module("baostock.util.socketutil")
        original = module.socket
        module.socket = _Sockets(original, self)
        try:
            yield
        finally:
            module.socket = original

    def close(self) -> None:
        """Close the socket, if there is one."""
        if self.tap is not None:
            self.tap.close()
            self.tap = None


class _Sockets:
    """Module `socket` as baostock uses it."""

    def __init__(self, module: Any, line: _Line) -> None:
        self._module = module
        self._line = line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)

    def socket(self, *arguments: Any) -> _Tap:
        """Open a socket with a time-out."""
        self._line.close()
        inner = self._module.socket(*arguments)
        inner.settimeout(self._line.seconds)
        self._line.tap = _Tap(inner, self._line)
        return self._line.tap


class _Tap:
    """A socket that remembers what goes wrong, because baostock only prints it."""

    def __init__(self, inner: Any, line: _Line) -> None:
        self._inner = inner
        self._line = line
        self._received = 0

    def connect(self, address: object) -> None:
        """Connect."""
        with self._remembered():
            self._inner.connect(address)

    def send(self, message: bytes) -> int:
        """Send all of a message; baostock does not look at how much was sent."""
        self._received = 0
        with self._remembered():
            self._inner.sendall(message)
        return len(message)

    def recv(self, size: int) -> bytes:
        """Receive a part of the reply; a closed line is an error, as baostock would read on."""
        with self._remembered():
            part: bytes = self._inner.recv(size)
            self._received += len(part)
            if not part:
                raise ConnectionError(say("the server has closed the connection"))
            if self._received > _ASSUMED["most_bytes"]:
                raise ConnectionError(
                    say("a reply of more than {n} bytes", n=_ASSUMED["most_bytes"])
                )
        return part

    def close(self) -> None:
        """Close the socket."""
        with contextlib.suppress(OSError):
            self._inner.close()

    @contextlib.contextmanager
    def _remembered(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._line.fault = self._line.fault or error
            raise


def _library() -> Any:
    try:
        return importlib.import_module("baostock")
    except ImportError as error:
        raise SourceBlocked(
            say("the optional package baostock cannot be imported ({error})", error=error),
            where="import baostock",
            fix=_INSTALL,
        ) from error


def _other() -> str:
    return say("ask another source")


def _wait(until: datetime) -> str:
    return say("wait until {until}, or ask another source", until=told(until))


def _quiet() -> contextlib.AbstractContextManager[object]:
    return contextlib.redirect_stdout(io.StringIO())


def _place(call: Call) -> str:
    asked = ", ".join(f"{name}={value}" for name, value in call.arguments.items())
    return f"baostock {call.function}({asked})"
