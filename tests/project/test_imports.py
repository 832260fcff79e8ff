"""The arrows between the rooms: who may import whom."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STANDARD = sys.stdlib_module_names
DEVICE = {"numpy", "onnxruntime", "PIL", "cryptography"}
WORKSTATION = {"sklearn", "skl2onnx", "onnx", "scipy", "joblib", "threadpoolctl", "pandas", "rich"}

MAY_IMPORT = {
    "edge_infer": {"edge_infer", *DEVICE},
    "convert": {"convert", "edge_infer", *DEVICE, *WORKSTATION},
    # `ffi` is a module of MicroPython, for the reader that a bundle carries there.
    "firmware_bundle": {"firmware_bundle", "edge_infer", "segno", "zstandard", "ffi", *DEVICE},
    "examples": {
        "examples",
        "edge_infer",
        "convert",
        "firmware_bundle",
        "cv2",
        "paho",
        "picamera2",
        *DEVICE,
        *WORKSTATION,
    },
}


def files(room: str) -> list[Path]:
    """Of a room, without what a signed bundle brings along."""
    return sorted(path for path in (ROOT / room).rglob("*.py") if "bundle" not in path.parts)


def imported(tree: ast.AST) -> set[str]:
    """Dotted names of all imported modules, wherever they stand in the tree."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that the arrows can be read"
            names.add(node.module or "")
    return names


def at_import(tree: ast.Module) -> set[str]:
    """Names imported when the module is: not within functions, not for the type checker."""

    class AtImport(ast.NodeTransformer):
        def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
            return None

        def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
            return None

        def visit_If(self, node: ast.If) -> ast.AST | None:
            is_typing = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
            return None if is_typing else self.generic_visit(node)

    return imported(AtImport().visit(tree))


def outside(names: set[str], allowed: set[str]) -> set[str]:
    return {name for name in names if name.partition(".")[0] not in STANDARD | allowed}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_its_row_of_the_table_permits(room: str) -> None:
    found = {}
    for path in files(room):
        names = outside(imported(ast.parse(path.read_text("utf-8"))), MAY_IMPORT[room])
        if names:
            found[str(path.relative_to(ROOT))] = names
    assert found == {}


EMITTER = (
    *("ir", "emission", "blocks", "statements", "expressions", "layout", "tables", "trees"),
    *("leaves", "rows", "renaming", "wrapping"),
)


def test_the_emitter_of_c_knows_neither_onnx_nor_an_estimator() -> None:
    found = {}
    for name in EMITTER:
        tree = ast.parse((ROOT / "convert" / "native" / f"{name}.py").read_text("utf-8"))
        inner = {one for one in imported(tree) if one.startswith(("convert.", "edge_infer."))}
        known = {"convert.errors", *(f"convert.native.{one}" for one in EMITTER)}
        found[name] = (inner - known) | outside(imported(tree), {"numpy", "convert"})
    assert not {name: names for name, names in found.items() if names}


def test_the_runtime_imports_only_the_standard_library_when_it_is_imported() -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for path in files("edge_infer")
        if (names := outside(at_import(ast.parse(path.read_text("utf-8"))), {"edge_infer"}))
    }
    assert found == {}


def test_examples_use_only_the_top_level_of_each_room() -> None:
    inner = {
        (path.name, name)
        for path in files("examples")
        for name in imported(ast.parse(path.read_text("utf-8")))
        if name.startswith(("edge_infer.", "convert.", "firmware_bundle."))
    }
    assert inner == set()


def test_every_room_has_files() -> None:
    assert all(files(room) for room in MAY_IMPORT)


def test_a_forbidden_import_is_seen_within_a_function() -> None:
    tree = ast.parse("def f():\n    import sklearn.svm\n")
    assert outside(imported(tree), MAY_IMPORT["edge_infer"]) == {"sklearn.svm"}
    assert at_import(tree) == set()


def test_a_third_party_import_in_a_class_or_a_try_is_seen() -> None:
    tree = ast.parse("class A:\n    import numpy\ntry:\n    import onnxruntime\nfinally:\n    pass")
    assert at_import(tree) == {"numpy", "onnxruntime"}
