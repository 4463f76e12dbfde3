"""What the soak shares: its seed, how much of it runs, where findings go, and bounded children."""

from __future__ import annotations

import importlib
import json
import math
import os
import random
import resource
import select
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

__all__ = [
    "FINDINGS",
    "FULL",
    "SEED",
    "SOAK",
    "Ended",
    "drawn",
    "drawn_by",
    "in_child",
    "keep",
    "modules",
    "rounds",
    "share",
    "soaked",
    "warm",
]

SOAK, FULL = (os.environ.get(name, "") not in ("", "0") for name in ("SOAK", "FULL"))
SEED = int(os.environ.get("SEED") or f"{datetime.now(UTC):%Y%m%d}")
FINDINGS = Path(os.environ.get("SOAK_FINDINGS") or Path(tempfile.gettempdir(), "screener-soak"))

_RESERVED = 4 << 30


ItemT = TypeVar("ItemT")
TestT = TypeVar("TestT", bound=Callable[..., object])


def soaked(test: TestT) -> TestT:
    """Leave a test to the soak: it says one thing, and takes seconds to say it."""
    left = pytest.mark.skipif(not SOAK, reason="the soak runs it: make soak")
    marked: TestT = pytest.mark.soak(left(test))
    return marked


def share(rounds: int, full: int) -> int:
    """Return the rounds to run: by default a fixed share, with FULL=1 all of them."""
    return full if FULL else rounds


def rounds(suite: int, soak: int, full: int) -> int:
    """Return the rounds of a test that the suite runs too: there a few of them."""
    return share(soak, full) if SOAK else suite


def drawn_by(fixed: int) -> int:
    """Return the seed of such a test: its own in the suite, that of the day in the soak."""
    return SEED if SOAK else fixed


def drawn(items: Sequence[ItemT], part: float) -> list[ItemT]:
    """Return the part of like things that the seed draws, in their order; with FULL=1 all."""
    kept = random.Random(SEED).sample(range(len(items)), k=math.ceil(part * len(items)))
    return list(items) if FULL else [items[at] for at in sorted(kept)]


def keep(name: str, content: bytes, why: str) -> str:
    """Save a finding as a small file with its reason beside it; return where."""
    FINDINGS.mkdir(parents=True, exist_ok=True)
    place = FINDINGS / name
    place.write_bytes(content)
    place.with_name(f"{place.name}.why").write_text(f"SEED={SEED}\n{why}\n", encoding="utf-8")
    return f"{place}: {why.splitlines()[-1] if why else ''}"


def modules() -> list[str]:
    """Return the modules that this process has loaded."""
    return sorted(name for name in sys.modules if not name.startswith(("_", "tests")))


def warm(names: Iterable[str]) -> None:
    """Load modules, so that no child has to."""
    for name in names:
        with suppress(Exception):
            importlib.import_module(name)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: what its job returned, or what went wrong."""

    value: object
    wrong: str


def in_child(
    job: Callable[[], object], *, cpu: int = 20, memory: int = 0, patience: float = 600.0
) -> Ended:
    """Run a job in a forked child within bounds.

    Parameters
    ----------
    job
        Returns something that JSON can hold.
    cpu
        Seconds of processor time it may take.
    memory
        Bytes that it may hold beyond those of this process; 0 for any.
    patience
        Seconds of the clock without any of the processor's after which it counts as hanging: on a
        busy machine a job that works may take long.
    """
    out, into = os.pipe()
    child = os.fork()
    if not child:
        os.close(out)
        _work(job, into, cpu, memory)
    os.close(into)
    text = _read(out, child, patience)
    _, status = os.waitpid(child, 0)
    if text is None:
        return Ended(None, f"hangs: did nothing for {patience:g} s")
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        said = f"took over {cpu} s of processor time" if number == signal.SIGXCPU else "ended"
        return Ended(None, f"{said} by {signal.Signals(number).name}")
    try:
        value, wrong = json.loads(text)
    except ValueError:
        return Ended(None, f"ended with {os.WEXITSTATUS(status)} and no answer")
    return Ended(value, wrong)


def _work(job: Callable[[], object], into: int, cpu: int, memory: int) -> None:
    try:
        used = resource.getrusage(resource.RUSAGE_SELF)
        spent = int(used.ru_utime + used.ru_stime)
        resource.setrlimit(resource.RLIMIT_CPU, (spent + cpu, spent + cpu + 5))
        if memory:
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            # Threads and extensions reserve far more than they hold: this stops a runaway alone.
            limit = pages * resource.getpagesize() + memory + _RESERVED
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        answer = [job(), ""]
        held = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used.ru_maxrss) << 10
        if memory and held > memory:
            answer = [None, f"held {held >> 20} MB"]
    except BaseException:  # noqa: BLE001 - whatever it is, it is told
        answer = [None, traceback.format_exc()]
    try:
        with os.fdopen(into, "w") as stream:
            stream.write(json.dumps(answer))
    finally:
        os._exit(0)


def _read(out: int, child: int, patience: float) -> str | None:
    """Return what a child says until its end; `None` if it was ended for doing nothing."""
    parts, worked = [], -1.0
    with os.fdopen(out, "rb") as stream:
        while True:
            ready, _, _ = select.select([stream], [], [], patience)
            if not ready and (now := _worked(child)) > worked:
                worked = now
            elif not ready:
                os.kill(child, signal.SIGKILL)
                return None
            elif part := os.read(stream.fileno(), 1 << 16):
                parts.append(part)
            else:
                return b"".join(parts).decode()


def _worked(child: int) -> float:
    """Return the seconds of processor time that a child has had."""
    fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
