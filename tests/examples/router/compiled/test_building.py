"""The compiled table is built on demand, from these sources or not at all."""

from __future__ import annotations

import platform
import shutil
from typing import TYPE_CHECKING

import pytest

from edge_infer import BadInput, Incompatible, Unavailable
from examples.router.__main__ import main
from examples.router.compiled import compiler, open_table
from examples.router.compiled.table import CompiledTable
from examples.router.flows import FlowTable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

needs_compiler = pytest.mark.skipif(
    shutil.which("cc") is None, reason="needs a C compiler: apt install gcc"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Nothing is built yet; what is built stays apart."""
    monkeypatch.setattr(compiler, "BUILT", tmp_path / "built")
    compiler.built.cache_clear()
    yield tmp_path / "built"
    compiler.built.cache_clear()


def test_the_table_in_python_serves_until_it_was_built(capsys: pytest.CaptureFixture[str]) -> None:
    assert type(open_table()) is FlowTable
    with pytest.raises(Unavailable, match="router compile"):
        open_table("compiled")
    assert main(["replay", "x.pcap", "--table", "compiled"]) != 0


@needs_compiler
def test_compile_says_where_and_is_used_from_then_on(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compile"]) == 0
    (made,) = folder.iterdir()
    assert str(made) in capsys.readouterr().out
    assert type(open_table()) is CompiledTable
    assert type(open_table("python")) is FlowTable


def put(folder: Path, data: bytes) -> None:
    """A file where a table of these sources would be."""
    folder.mkdir()
    (folder / compiler._name(platform.machine())).write_bytes(data)


def test_one_of_other_sources_is_not_loaded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder, b"")
    assert compiler.built() is not None
    monkeypatch.setattr(compiler, "FLAGS", (*compiler.FLAGS, "-g"))
    compiler.built.cache_clear()
    assert compiler.built() is None
    assert type(open_table()) is FlowTable


@needs_compiler
def test_one_of_another_version_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from examples.router.compiled import table

    path = compiler.build()
    table._load.cache_clear()
    monkeypatch.setattr(table, "ABI", table.ABI + 1)
    with pytest.raises(Incompatible, match="compile"):
        CompiledTable(path)


@needs_compiler
def test_without_memory_for_it_the_table_in_python_is_named(folder: Path) -> None:
    with pytest.raises(Unavailable, match="no memory") as refused:
        CompiledTable(compiler.build(), capacity=1 << 31)
    assert "--table python" in str(refused.value)


@pytest.mark.parametrize("command", ["false", "/nowhere/cc", "cp --help"])
def test_a_compiler_that_makes_nothing_is_told_and_leaves_nothing(
    command: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compile", "--compiler", command]) != 0
    said = capsys.readouterr().err
    assert command.split()[0] in said
    assert "the table in Python serves" in said
    assert not list(folder.iterdir())


def test_without_any_compiler_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(compiler.importlib.util, "find_spec", lambda name: None)
    assert main(["compile"]) != 0
    assert "apt install gcc" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder.write_text("a file")
    assert main(["compile", "--compiler", "true"]) == 6
    assert "cannot be written" in capsys.readouterr().err


def test_a_machine_s_name_leads_nowhere_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compile", "--compiler", "true", "--machine", "../../x"]) == 5
    assert "uname" in capsys.readouterr().err


def test_one_for_another_processor_is_refused_with_what_to_do(folder: Path) -> None:
    put(folder, b"\x7fELF" + bytes(60))
    with pytest.raises(Unavailable, match="router compile"):
        open_table()


@needs_compiler
@pytest.mark.parametrize("machine", ["armv7l", "", "../x", "x86_64;"])
def test_nothing_for_this_machine_is_written_as_another_ones(
    folder: Path, capsys: pytest.CaptureFixture[str], machine: str
) -> None:
    assert main(["compile", "--machine", machine]) == BadInput.exit_code
    assert "BadInput" in capsys.readouterr().err
    assert not folder.exists()


@needs_compiler
def test_this_machine_may_be_named(folder: Path) -> None:
    assert main(["compile", "--machine", platform.machine()]) == 0
    assert type(open_table()) is CompiledTable
