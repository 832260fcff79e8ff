"""The start scripts of a bundle and of a root: which directory they mean, and on which Python."""

from __future__ import annotations

import ast
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import firmware_bundle

ROOM = Path(firmware_bundle.__file__).parent
SCRIPTS = {"bundle": ROOM / "templates" / "run", "root": ROOM / "slots" / "root_run"}


@pytest.fixture(params=SCRIPTS)
def script(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of the script, in a folder with nothing else but a stand-in for the runtime."""
    folder = tmp_path / "here"
    for place in (folder / "runtime.zip", folder / "versions" / f"1-{'0' * 16}" / "runtime.zip"):
        (place / "edge_infer").mkdir(parents=True)
        (place / "edge_infer" / "__init__.py").write_text("")
        (place / "edge_infer" / "__main__.py").write_text(
            "def main(arguments):\n    print('|'.join(arguments))\n    return 0\n"
        )
    return Path(shutil.copy(SCRIPTS[request.param], folder / "run"))


HERE = "HERE"
LINES = [
    ("verify", f"verify|{HERE}"),
    ("verify --trust pub", f"verify|{HERE}|--trust|pub"),
    ("verify b-nope --trust pub", "verify|b-nope|--trust|pub"),
    ("verify --json b-nope", "verify|--json|b-nope"),
    ("verify --trust folder", f"verify|{HERE}|--trust|folder"),
    ("verify folder --trust=pub", "verify|folder|--trust=pub"),
    ("predict a.npy", f"predict|{HERE}|a.npy"),
    ("predict --trust pub -", f"predict|{HERE}|--trust|pub|-"),
    ("predict folder", f"predict|{HERE}|folder"),
    ("predict folder a.npy", "predict|folder|a.npy"),
    ("predict a.npy folder", f"predict|{HERE}|a.npy|folder"),
    ("predict --json a.npy --trust folder", f"predict|{HERE}|--json|a.npy|--trust|folder"),
    ("predict --help", "predict|--help"),
    ("install x", "install|x"),
]


@pytest.mark.parametrize(("line", "want"), LINES)
def test_which_directory_is_meant(script: Path, tmp_path: Path, line: str, want: str) -> None:
    (tmp_path / "folder").mkdir()
    done = subprocess.run(
        [sys.executable, script, *line.split()], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == want.replace(HERE, str(script.parent))


BESIDE = ("json", "argparse", "os", "re", "hashlib", "site", "importlib", "numpy", "edge_infer")


@pytest.mark.parametrize("options", [[], ["-S"], ["-I"], ["-P"]], ids=str)
@pytest.mark.parametrize("linked", [False, True], ids=["itself", "link"])
def test_a_module_put_beside_it_does_not_run(
    script: Path, tmp_path: Path, options: list[str], linked: bool
) -> None:
    started = script
    if linked:
        started = tmp_path / "start"
        started.symlink_to(script)
    for name in BESIDE:
        (script.parent / f"{name}.py").write_text("print('hostile')\n")
    for place in script.parent.rglob("__main__.py"):
        place.write_text(
            "import argparse, hashlib, importlib, json, os, re\n"
            "def main(arguments):\n    print('|'.join(arguments))\n    return 0\n"
        )
    done = subprocess.run(
        [sys.executable, *options, started, "install", "x"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "install|x\n", "")


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 0), (3, 10, 13)])
def test_an_old_python_is_told_in_one_line(
    script: Path, version: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    monkeypatch.setattr(sys, "version", ".".join(map(str, version)) + " (old)")
    monkeypatch.setattr(sys, "argv", [str(script), "verify"])
    monkeypatch.setattr(sys, "path", [str(script.parent), *sys.path])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(script), run_name="__main__")
    assert caught.value.code == 6
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "Python 3.11 or newer is needed; this is " + ".".join(map(str, version)) in told.err


YOUNG = (ast.JoinedStr, ast.AnnAssign, ast.AsyncFunctionDef, ast.Await, ast.NamedExpr, ast.Match,
         ast.Nonlocal, ast.YieldFrom, ast.MatMult)  # fmt: skip


def too_young(tree: ast.AST) -> list[ast.AST]:
    """What Python 2.7 cannot parse, as far as a start script could use it."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, YOUNG)
        or (isinstance(node, ast.List | ast.Tuple | ast.Set)
            and any(isinstance(one, ast.Starred) for one in node.elts))
        or (isinstance(node, ast.FunctionDef) and (node.args.kwonlyargs or node.returns))
        or (isinstance(node, ast.arg) and node.annotation)
        or (isinstance(node, ast.Raise) and node.cause)
        or (isinstance(node, ast.Call) and sum(isinstance(a, ast.Starred) for a in node.args) > 1)
    ]  # fmt: skip


@pytest.mark.parametrize("kind", SCRIPTS)
def test_an_old_python_can_parse_all_of_it(kind: str) -> None:
    source = SCRIPTS[kind].read_text("ascii")
    assert too_young(ast.parse(source)) == []


@pytest.mark.parametrize("young", ["f'{1}'", "[*a]", "x: int = 1", "def f(*, a): pass", "(y := 1)"])
def test_what_an_old_python_cannot_parse_is_seen(young: str) -> None:
    assert too_young(ast.parse(young))
