"""Catalogs: as the sources are, whole, with the placeholders of the English, compiled, shipped."""

from __future__ import annotations

import ast
import importlib.util
import io
import shutil
import string
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo

from tests.support.each import failing
from tests.support.soaking import soaked

ROOT = Path(__file__).resolve().parents[2]
PO = ROOT / "screener/language/locale/zh/LC_MESSAGES/screener.po"
MO = "screener/language/locale/zh/LC_MESSAGES/screener.mo"

DECLARING = ("cli/terminal/speaking.py", "render/pages/words.py", "results/tables.py")
"""What says texts declared elsewhere: help of commands, meanings of columns, sources of rules."""


def _hatch_build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BUILD = _hatch_build()


def catalog() -> Catalog:
    found: Catalog = BUILD.read_catalog(PO)
    return found


def faults(message: Message) -> list[str]:
    """Tell what is wrong with a translation."""
    ids, strings = (
        (item,) if isinstance(item, str) else tuple(item) for item in (message.id, message.string)
    )
    if message.fuzzy:
        return ["fuzzy"]
    if not strings or not all(strings):
        return ["untranslated"]
    wanted = placeholders(ids[-1])
    return [f"{wanted} != {placeholders(text)}" for text in strings if placeholders(text) != wanted]


def placeholders(text: str) -> list[tuple[str, str | None, str | None]]:
    parts = string.Formatter().parse(text)
    return sorted(
        (name, form or "", turn or "") for _, name, form, turn in parts if name is not None
    )


def test_every_sentence_of_the_program_is_in_the_catalog_and_no_other() -> None:
    assert PO.read_bytes() == BUILD.updated(PO, BUILD.template(ROOT)), "run `make catalogs`"


@soaked
def test_a_new_sentence_and_one_that_is_gone_make_the_catalog_stale() -> None:
    more, less = BUILD.template(ROOT), BUILD.template(ROOT)
    more.add("{n} new names")
    less.delete("required")
    assert b"{n} new names" in BUILD.updated(PO, more)
    assert b'msgid "required"' not in BUILD.updated(PO, less)


def test_every_sentence_is_translated_with_the_same_placeholders() -> None:
    wrong = {str(item.id): told for item in catalog() if item.id and (told := faults(item))}
    assert not wrong


@pytest.mark.parametrize(
    ("english", "chinese", "flags"),
    [
        ("{n} names", "", ()),
        ("{n} names", "{n} 只", ("fuzzy",)),
        ("{n} names", "{m} 只", ()),
        ("{n} names", "只", ()),
        ("{n!r} names", "{n} 只", ()),
        (("{n} name", "{n} names"), ("",), ()),
        (("{n} name", "{n} names"), ("只",), ()),
    ],
)
def test_a_bad_translation_is_found(english: Any, chinese: Any, flags: tuple[str, ...]) -> None:
    assert faults(Message(english, chinese, flags=flags))


def test_the_compiled_catalog_is_that_of_the_text() -> None:
    content = io.BytesIO()
    write_mo(content, catalog())
    assert (ROOT / MO).read_bytes() == content.getvalue(), "run `make catalogs`"


def test_sentences_are_written_out_where_they_are_said() -> None:
    assert not failing(check_written_out, sorted((ROOT / "screener").rglob("*.py")), str)


def check_written_out(path: Path) -> None:
    """A sentence from a variable is never found: only what the build looks for by itself is."""
    declaring = path.relative_to(ROOT / "screener").as_posix() in DECLARING
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            texts = {"say": node.args, "say_count": node.args[:2]}.get(node.func.id, [])
            assert declaring or node.func.id != "say_declared", f"line {node.lineno}"
            assert all(
                isinstance(item, ast.Constant) and isinstance(item.value, str) for item in texts
            ), f"line {node.lineno}"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone without compiled catalogs, and what is built from it in `dist`."""
    clone = tmp_path_factory.mktemp("clone")
    for name in ("screener", "seeds", "baskets"):
        shutil.copytree(
            ROOT / name, clone / name, ignore=shutil.ignore_patterns("*.mo", "__pycache__")
        )
    for name in ("pyproject.toml", "hatch_build.py", ".gitignore", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, clone / name)
    assert not (clone / MO).exists()
    script = (
        "import hatchling.build as build\nbuild.build_sdist('dist')\nbuild.build_wheel('dist')\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=clone, check=True, capture_output=True)
    return clone


@pytest.mark.parametrize("version", ["editable", "standard"])
def test_the_hook_compiles_for_each_kind_of_install(tmp_path: Path, version: str) -> None:
    copy = tmp_path / PO.relative_to(ROOT)
    copy.parent.mkdir(parents=True)
    shutil.copy(PO, copy)
    data: dict[str, list[str]] = {"artifacts": []}
    hook = BUILD.CatalogHook(str(tmp_path), {}, None, None, str(tmp_path), "wheel")
    hook.initialize(version, data)
    assert (tmp_path / MO).read_bytes() == (ROOT / MO).read_bytes()
    assert data["artifacts"] == ["/screener/language/locale/**/*.mo"]


def test_the_catalog_is_compiled_for_wheels_and_source_archives(built: Path) -> None:
    compiled = (built / MO).read_bytes()
    (wheel,) = (built / "dist").glob("*.whl")
    assert zipfile.ZipFile(wheel).read(MO) == compiled
    (archive,) = (built / "dist").glob("*.tar.gz")
    with tarfile.open(archive) as held:
        names = {name.partition("/")[2] for name in held.getnames()}
    assert {MO, MO.replace(".mo", ".po"), "hatch_build.py"} <= names
