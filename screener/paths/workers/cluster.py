"""Workers of other machines: a Dask cluster behind TLS; the one door to `distributed`.

What all parts need, the panel above all, is scattered to every worker once; a part itself is small.
Keys and certificates are those of Dask's own configuration, which its scheduler and workers read,
too. A worker that ends costs time: its part is done by another one.
"""

from __future__ import annotations

import importlib
import logging
import re
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from itertools import islice
from typing import Any, TypeVar

from screener.errors import ClusterFailed, ConfigError, InputError
from screener.files.program import program_digest
from screener.language import Language, bound, say
from screener.language.lists import listed
from screener.language.reader import speaking
from screener.paths.workers.packing import Packed

__all__ = ["Cluster", "check_cluster", "chosen_cluster", "on_cluster"]

PartT = TypeVar("PartT")
FoundT = TypeVar("FoundT")

_ADDRESS = re.compile(r"tls://(\[[0-9a-f:.]+\]|[^\s/:@]+):\d{1,5}", re.IGNORECASE)
_INSTALL = "pip install 'screener[cluster]'"
_LOGS = "distributed"
_VARIABLES = "DASK_DISTRIBUTED__COMM__TLS__"
_LIBRARIES = ("numpy", "numba", "pandas", "scipy", "vectorbt", "vectorbt-rust")
_AHEAD = 2  # parts that each worker has before it, so that it never waits for the next
_PATIENCE = 20.0  # seconds to wait for a scheduler, and for a worker where there is none
_LOOK = 5.0  # seconds after which it is looked whether anybody still works
_LOSSES = 3  # times that all workers which held the panel may end
_ONE_AT_A_TIME = threading.Lock()

_chosen: ContextVar[Cluster | None] = ContextVar("cluster", default=None)


def check_cluster(address: str) -> str:
    """Return the address of a scheduler.

    Raises
    ------
    InputError
        If it is none, or would be reached without TLS.
    """
    if _ADDRESS.fullmatch(address):
        return address
    fix = say("give --cluster tls://HOST:8786, and let its scheduler and workers ask for TLS")
    if address.lower().startswith("tls://"):
        raise InputError(say("{address} is no address of a scheduler", address=address), fix=fix)
    raise InputError(
        say(
            "{address} is not behind TLS: whoever reaches a scheduler runs programs on its workers",
            address=repr(address),
        ),
        fix=fix,
    )


def chosen_cluster() -> Cluster | None:
    """Return the cluster whose workers share the work here; `None` for those of this machine."""
    return _chosen.get()


@contextmanager
def on_cluster(address: str) -> Iterator[None]:
    """Let the workers of a cluster share all work within, whatever number of jobs is asked for.

    Parameters
    ----------
    address
        Address of its scheduler, `tls://host:port`.

    Raises
    ------
    InputError
        If the address is none, or not behind TLS.
    ConfigError
        If the optional package is missing, or Dask's configuration names no certificates.
    ClusterFailed
        If it cannot be reached, has no worker, or workers of another version.
    """
    check_cluster(address)
    library = _library()
    with _quiet(), _connected(library, address) as client:
        cluster = Cluster(client, address)
        token = _chosen.set(cluster)
        try:
            yield
        finally:
            _chosen.reset(token)


class Cluster:
    """Workers behind one scheduler, all of the version of this program.

    Parameters
    ----------
    client
        Dask's connection to the scheduler.
    address
        Where that is.
    """

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address
        self._stamp = _stamp()
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError as error:
            raise self._no_workers() from error
        others = self._others(client.run(_stamp, on_error="return"))
        if others:
            raise ClusterFailed(
                say("workers of another version: {others}", others=listed(others)),
                where=_place(address),
                fix=say("install the same versions on all machines, as constraints.txt has them"),
            )
        self.n_workers = len(client.nthreads())

    def _others(self, stamps: Mapping[str, object]) -> list[str]:
        """Return which workers differ in what, as far as one line holds."""
        found = []
        for worker, stamp in sorted(stamps.items()):
            if isinstance(stamp, dict):
                differing = [
                    f"{name} {stamp.get(name)} ({own})"
                    for name, own in self._stamp.items()
                    if stamp.get(name) != own
                ]
            else:
                differing = [f"{type(stamp).__name__}: {stamp}"]
            if differing:
                found.append(f"{worker}: {', '.join(differing)}")
        return found[:3]

    def each(self, work: Callable[[PartT], FoundT], parts: Sequence[PartT]) -> Iterator[FoundT]:
        """Give what `work` makes of each part, in their order, each as soon as it is done.

        Parameters
        ----------
        work
            What to do with a part; it is sent to every worker once.
        parts
            Independent parts, each sent to one worker.

        Raises
        ------
        ClusterFailed
            If a part ends every worker that tries it, no worker is left, or the scheduler is gone.
        """
        told = Packed(partial(_spoken, bound(), work))
        held = self._scattered(told)
        ahead = iter(parts)
        waiting = deque(
            (part, self._sent(held, part)) for part in islice(ahead, _AHEAD * self.n_workers)
        )
        losses = 0
        try:
            while waiting:
                found, lost = self._found(waiting[0][1])
                if lost:
                    losses += 1
                    if losses > _LOSSES:
                        raise self._ended(losses)
                    held = self._scattered(told)
                    waiting = deque((item, self._sent(held, item)) for item, _ in waiting)
                    continue
                waiting.popleft()
                waiting.extend((item, self._sent(held, item)) for item in islice(ahead, 1))
                yield found
        finally:
            if waiting and self._client.status == "running":
                self._client.cancel([future for _, future in waiting], force=True)

    def _scattered(self, work: Packed[Any]) -> Any:
        try:
            return self._client.scatter(work, broadcast=True, hash=False)
        except TimeoutError as error:
            raise self._no_workers() from error
        except (OSError, _library().client.ClosedClientError) as error:
            raise self._gone() from error

    def _sent(self, held: Any, part: object) -> Any:
        try:
            return self._client.submit(_done, self._stamp, held, part, pure=False)
        except _library().client.ClosedClientError as error:
            raise self._gone() from error

    def _found(self, future: Any) -> tuple[Any, bool]:
        """Return what was found, or that what all parts need is lost with the workers."""
        library = _library()
        try:
            return self._waited(future), False
        except library.KilledWorker as error:
            raise self._ended(error.allowed_failures + 1) from error
        except library.client.FutureCancelledError as error:
            if self._client.status != "running":
                raise self._gone() from error
            return None, True

    def _waited(self, future: Any) -> Any:
        """Wait for a part as long as somebody works."""
        alone = 0.0
        while not future.done():
            try:
                return future.result(timeout=_LOOK)
            except TimeoutError:  # its own, if it is done
                alone = 0.0 if self._working() else alone + _LOOK
                if alone >= _PATIENCE:
                    raise self._no_workers() from None
        return future.result()

    def _working(self) -> bool:
        """Tell whether there is a worker."""
        if self._client.status == "closed":
            raise self._gone()
        return self._client.status == "running" and bool(self._client.nthreads())

    def _no_workers(self) -> ClusterFailed:
        return ClusterFailed(
            say("the cluster has no worker"),
            where=_place(self._address),
            fix=say("start some: `dask worker {address} --nthreads 1`", address=self._address),
        )

    def _ended(self, n: int) -> ClusterFailed:
        return ClusterFailed(
            say("workers of the cluster ended before a part was done, {n} times", n=n),
            where=_place(self._address),
            fix=say("look into their logs: mostly, they need more memory"),
        )

    def _gone(self) -> ClusterFailed:
        return ClusterFailed(
            say("the cluster went away before the work was done"),
            where=_place(self._address),
            fix=say("start its scheduler and its workers again, or leave out --cluster"),
        )


@cache
def _stamp() -> dict[str, str]:
    """Return the versions that a number rests on, those of this program and of what it calls."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"screener": program_digest()[:12], "python": sys.version.split()[0]}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "-"
    return found


def _done(stamp: Mapping[str, str], work: Packed[Callable[[Any], Any]], part: Any) -> Any:
    """Do a part, in a worker: threads of one process take turns, as the engine has one thread."""
    if stamp != _stamp():  # one that came after the others were asked
        raise ClusterFailed(say("a worker of another version joined the cluster"))
    with _ONE_AT_A_TIME:
        return work.thing()(part)


def _spoken(language: Language, work: Callable[[PartT], FoundT], part: PartT) -> FoundT:
    """Do a part in the language of the program that asked."""
    with speaking(language):
        return work(part)


@cache
def _library() -> Any:
    try:
        return importlib.import_module("distributed")
    except ImportError as error:
        raise ConfigError(
            say("--cluster needs the optional package distributed ({error})", error=error),
            fix=_INSTALL,
        ) from error


def _place(address: str) -> str:
    """Return where a fault of the cluster is, for a message."""
    return f"--cluster {address}"


@contextmanager
def _connected(library: Any, address: str) -> Iterator[Any]:
    security = library.Security(require_encryption=True)
    named = {
        "CA_FILE": security.tls_ca_file,
        "CLIENT__CERT": security.tls_client_cert,
        "CLIENT__KEY": security.tls_client_key or security.tls_client_cert,
    }
    lacking = [f"{_VARIABLES}{name}" for name, value in named.items() if not value]
    if lacking:
        raise ConfigError(
            say("Dask's configuration names no certificates"),
            where=_place(address),
            fix=say(
                "write them into ~/.config/dask/distributed.yaml, or set {variables}",
                variables=listed(lacking),
            ),
        )
    try:
        client = library.Client(address, security=security, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterFailed(
            say("the cluster cannot be reached: {why}", why=error),
            where=_place(address),
            fix=say("start its scheduler, and let its certificates come from the same authority"),
        ) from error
    try:
        yield client
    finally:
        client.close()


@contextmanager
def _quiet() -> Iterator[None]:
    """Let nothing but this program tell what is wrong with a cluster."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith(_LOGS)]
    before = {name: logging.getLogger(name).level for name in (_LOGS, *names)}
    try:
        for name in before:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
