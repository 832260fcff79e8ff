"""What a device gets of a source is what was tested, but for what does not run."""

from __future__ import annotations

import ast
import marshal
import traceback

import pytest

from firmware_bundle.bare import bare
from firmware_bundle.runtime import device_sources

SOURCES = {
    name: source
    for name, source in device_sources(frozenset()).items()
    if name.endswith(".py")
}  # fmt: skip


def bytecode(tree: ast.Module) -> bytes:
    """Of a program whose nodes know their lines alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt | ast.expr):
            node.col_offset, node.end_col_offset, node.end_lineno = 0, 0, node.lineno
    return marshal.dumps(compile(tree, "one", "exec", dont_inherit=True))


def without_words(source: bytes) -> ast.Module:
    """The same, made another way: node by node, where `bare` cuts text."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.copy_location(ast.Pass(), node.body[0])]
        elif isinstance(body, list):
            said = [one for one in body if is_text(one)]
            if said:
                passed = [ast.copy_location(ast.Pass(), said[0])]
                node.body = [one for one in body if not is_text(one)] or passed
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
    return tree


def is_text(node: ast.stmt) -> bool:
    constant = getattr(node, "value", None) if isinstance(node, ast.Expr) else None
    return isinstance(constant, ast.Constant) and isinstance(constant.value, str)


def test_every_bare_source_compiles_to_the_bytecode_of_the_whole():
    assert len(SOURCES) > 50
    for name, whole in SOURCES.items():
        less = bare(whole)
        assert bytecode(ast.parse(less)) == bytecode(without_words(whole)), name
        assert less.count(b"\n") == whole.count(b"\n"), name
        assert len(less) < len(whole), name


def test_words_go_and_strings_that_are_values_stay():
    source = '''\
"""Module, with a # sign."""

X = "# no comment"  # ä comment, after ö


def add(
    a: int,  # the first
    b: "dict[str, int]" = {},
    *more: int,
) -> dict[
    str, int
]:
    """Adds."""


class Point:
    """Two lines

    of it."""

    x: int = 1
    """Its place."""

    def shown(self, ä: str = "->") -> str: return f"{ä} # {self.x}"  # done
'''
    text = bare(source.encode()).decode()
    for word in ("Module", "comment, after", "first", "Adds", "Two lines", "Its place", "done"):
        assert word not in text
    for word in ('"# no comment"', "x: int = 1", '"->"', 'f"{ä} # {self.x}"'):
        assert word in text
    assert len(text.splitlines()) == len(source.splitlines())
    found: dict = {}
    exec(compile(text, "text", "exec", dont_inherit=True), found)
    assert found["Point"]().shown("a") == "a # 1"
    assert found["add"](1) is None
    assert found["Point"].__annotations__ == {"x": int}


def test_a_traceback_names_the_line_of_the_repository():
    source = b'"""Words\n\nand words."""\n\ndef fails():\n    """More."""\n    raise KeyError\n'
    found: dict = {}
    exec(compile(bare(source), "text", "exec"), found)
    with pytest.raises(KeyError) as error:
        found["fails"]()
    assert traceback.extract_tb(error.tb)[-1].lineno == 7
