"""Every expression of the reader reads in linear time, whatever the text.

Each is run over texts of its own alphabet: its letters in a row, in turn, at random, and stretches
that nearly match. Time is that of the processor; what is judged is how it grows with the text.
"""

from __future__ import annotations

import ast
import importlib
import math
import pkgutil
import random
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]  # what `re` itself parses with
from typing import Any

import pytest

import screener.reports
from tests.support.soaking import rounds, soaked

SIZES = (1_000, 10_000, 100_000)
SLOW = 0.25  # seconds for one text: a quicker expression is not looked at
TICK = 0.01  # seconds: clocks of some machines tell no less
STEEP = 3.5  # times as long as ten texts of a tenth; linear is 1, quadratic 10
ROUNDS = 3  # the least of them counts: others use the machine as well
PATIENCE = 2.0  # seconds for one text
LOOKED_AT = rounds(1, 3, 10)  # texts for one expression that are made ten times as long
MODULES = sorted(
    name
    for _, name, folder in pkgutil.walk_packages(screener.reports.__path__, "screener.reports.")
    if not folder
)
METHODS = {"compile", "search", "match", "fullmatch", "sub", "split", "findall", "finditer"}

Pattern = re.Pattern[str] | re.Pattern[bytes]


def within(value: object, depth: int = 0) -> Iterator[Pattern]:
    """Yield the expressions that a value holds."""
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 4 and isinstance(value, tuple | list | frozenset | set):
        for item in list(value)[:200]:
            yield from within(item, depth + 1)
    elif depth < 4 and isinstance(value, dict):
        yield from within(list(value.values()), depth)
    elif depth < 4 and is_dataclass(value) and not isinstance(value, type):
        for each in fields(value):
            yield from within(getattr(value, each.name), depth + 1)


def made(value: Any) -> Iterator[Pattern]:
    """Yield the expressions that a cached function without arguments makes of the tables."""
    if hasattr(value, "cache_info") and value.__wrapped__.__code__.co_argcount == 0:
        yield from within(value())


def written(path: Path) -> Iterator[Pattern]:
    """Yield the expressions that are written where they are used."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr in METHODS
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield re.compile(node.args[0].value)


@cache
def patterns() -> dict[str, Pattern]:
    """Return every expression of the reader by module and text."""
    found: dict[str, Pattern] = {}
    seen: set[tuple[str | bytes, int]] = set()
    for name in MODULES:
        module = importlib.import_module(name)
        values = [value for key, value in vars(module).items() if not key.startswith("__")]
        here = [item for value in values for item in (*within(value), *made(value))]
        here += written(Path(str(module.__file__)))
        for pattern in here:
            if (pattern.pattern, pattern.flags) not in seen:
                seen.add((pattern.pattern, pattern.flags))
                found[f"{name.rpartition('.')[2]}: {pattern.pattern!r}"] = pattern
    return found


def letters(parsed: Any, rng: random.Random) -> Iterator[str]:
    """Yield the letters of an expression, some of each class."""
    for op, value in parsed:
        if op in (_constants.LITERAL, _constants.NOT_LITERAL):
            yield chr(value)
        elif op is _constants.RANGE:
            yield from {chr(value[0]), chr(rng.randint(*value)), chr(value[1])}
        elif op is _constants.IN:
            yield from letters(value, rng)
        elif op is _constants.CATEGORY:
            yield from "1 a" if "NOT" not in str(value) else "x-"
        elif op is _constants.ANY:
            yield "中"
        else:
            for part in value if isinstance(value, tuple | list) else ():
                yield from _part(part, rng)


def _part(part: Any, rng: random.Random) -> Iterator[str]:
    if isinstance(part, _parser.SubPattern):
        yield from letters(part, rng)
    elif isinstance(part, list):
        for item in part:
            yield from _part(item, rng)


def example(parsed: Any, rng: random.Random, often: int) -> str:
    """Return a text that the expression matches but for what it looks ahead and behind."""
    made_of: list[str] = []
    for op, value in parsed:
        if op is _constants.LITERAL:
            made_of.append(chr(value))
        elif op is _constants.BRANCH:
            made_of.append(example(rng.choice(value[1]), rng, often))
        elif op in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT):
            least, most, inside = value
            times = min(int(most), max(int(least), often))
            made_of.extend(example(inside, rng, often) for _ in range(times))
        elif op is _constants.SUBPATTERN:
            made_of.append(example(value[3], rng, often))
        elif op is _constants.ATOMIC_GROUP:
            made_of.append(example(value, rng, often))
        elif op in (_constants.IN, _constants.ANY, _constants.NOT_LITERAL, _constants.CATEGORY):
            shown = "中" if _negated(op, value) else rng.choice([*letters([(op, value)], rng)])
            made_of.append(shown)
    return "".join(made_of)


def _negated(op: Any, value: Any) -> bool:
    return op is _constants.NOT_LITERAL or (
        op is _constants.IN and value[0][0] is _constants.NEGATE
    )


def units(pattern: Pattern) -> list[str]:
    """Return what the texts for an expression repeat."""
    rng = random.Random(7)
    source = pattern.pattern
    text = source if isinstance(source, str) else source.decode("latin-1")
    parsed = _parser.parse(text, pattern.flags & ~re.DEBUG)
    alphabet = sorted(set(letters(parsed, rng)))
    few = rng.sample(alphabet, min(12, len(alphabet)))
    mixed = "".join(rng.choice(alphabet) for _ in range(997)) if alphabet else "x"
    examples = [example(parsed, rng, often) for often in (0, 1, 2, 3)]
    parts = [part for whole in examples for part in (whole, whole[:-1], whole[:1]) if part]
    every = [*few, *parts, mixed, "中", "1", " ", "\n", "<", "(", "a"]
    return [unit for unit in dict.fromkeys(every) if len(unit) <= 400 or unit is mixed]


class TooLong(Exception):
    """A text took longer than anyone waits."""


@contextmanager
def patience(limit: float) -> Iterator[None]:
    """End what takes longer than so many seconds of the processor."""

    def stop(_number: int, _frame: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def seconds(pattern: Pattern, unit: str, size: int, times: int = 1) -> float:
    """Return how long all matches of a text take, and those that begin at its beginning."""
    text: Any = (unit * (size // len(unit) + 1))[:size]
    if isinstance(pattern.pattern, bytes):
        text = text.encode("utf-8")
    began = time.process_time()
    for _ in range(times):
        for _ in pattern.finditer(text):
            pass
        pattern.match(text)
        pattern.fullmatch(text)
    return time.process_time() - began


def steepness(pattern: Pattern, unit: str) -> float:
    """Return how much longer one long text takes than ten of a tenth: 1 if time is linear."""
    for size in SIZES:
        ratios = []
        for _ in range(ROUNDS):
            ratios.append(growth(pattern, unit, size))
            if ratios[-1] <= STEEP:
                break
        if min(ratios) > STEEP:
            return min(ratios)
    return 0.0


def growth(pattern: Pattern, unit: str, size: int) -> float:
    """Return the same for one size, once; 0 where the text is quick, endless where that is proven.

    A text that nobody waits for need not be steep: the machine may be slow. It is steep if it goes
    on for longer than ten of a tenth times what is allowed; only where these take too long
    themselves is nothing waited for.
    """
    long = waited(pattern, unit, size, PATIENCE)
    if long < SLOW:
        return 0.0
    short = max(waited(pattern, unit, size // 10, 2 * PATIENCE, 10), TICK)
    if math.isinf(short):
        return 1.0 if math.isfinite(long) else math.inf
    if math.isinf(long):
        long = waited(pattern, unit, size, max(STEEP * short, PATIENCE))
    return long / short


def waited(pattern: Pattern, unit: str, size: int, limit: float, times: int = 1) -> float:
    """Return how long some matches take; endless if longer than a limit."""
    try:
        with patience(limit):
            return seconds(pattern, unit, size, times)
    except TooLong:
        return math.inf


def test_the_expressions_are_all_found() -> None:
    by_module = {name.partition(":")[0] for name in patterns()}
    assert {"layout", "roles", "ratings", "dates", "html"} <= by_module
    assert len(patterns()) > 150


def slowest(pattern: Pattern) -> list[str]:
    """Return the units whose texts take longest: in 10,000 characters what is steep stands out."""
    took = {}
    for unit in units(pattern):
        took[unit] = waited(pattern, unit, SIZES[1], PATIENCE)
    return sorted(took, key=lambda unit: -took[unit])[:LOOKED_AT]


@pytest.mark.soak
@pytest.mark.parametrize("module", MODULES)
@soaked
def test_time_grows_with_the_length_of_the_text(module: str) -> None:
    steep = [
        f"{name} over {unit!r}: {times:.0f} times"
        for name, pattern in patterns().items()
        if name.partition(":")[0] == module.rpartition(".")[2]
        for unit in slowest(pattern)
        if (times := steepness(pattern, unit)) > STEEP
    ]
    assert not steep, "\n".join(steep)


def test_a_slow_expression_that_is_linear_is_not_steep(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine: nobody waits for the long text, and its tenths show why."""
    here = sys.modules[__name__]
    monkeypatch.setattr(here, "SLOW", 0.0)
    took = seconds(slow := re.compile(r"(?:[ab][ab][ab])+?c|x"), "x", 200_000)
    monkeypatch.setattr(here, "PATIENCE", took * 0.7)
    assert min(growth(slow, "x", 200_000) for _ in range(ROUNDS)) <= STEEP


@pytest.mark.parametrize(
    ("source", "unit"),
    [(r"(?:a+)+b", "a"), (r"x*y", "x"), (r"(?:<!--.*?-->\s*)*<p", "<!---->"), (r"\(.*?\)", "(")],
)
def test_a_steep_expression_is_told(
    source: str, unit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("SLOW", 0.05), ("PATIENCE", 0.1), ("ROUNDS", 1)):
        monkeypatch.setattr(sys.modules[__name__], name, value)
    assert steepness(re.compile(source), unit) > STEEP
