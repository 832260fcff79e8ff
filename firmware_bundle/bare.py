"""A program without what does not run: comments, docstrings, annotations of functions.

Two fifths of a source are for those who read it, and a device has few bytes. Every line keeps its
number, so that a traceback names the line that the repository has; what is left compiles to the
bytecode of the whole (`tests/firmware_bundle/test_bare.py`). Annotations of classes stay:
values are made of them.
"""

from __future__ import annotations

import ast
import io
import tokenize
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    Place = tuple[int, int]
    """Line, from 1, and column in bytes, from 0."""
    Cut = tuple[Place, Place, bytes]
    """From, to, and what stands there instead."""

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_ARROW = "->"


def bare(source: bytes) -> bytes:
    """The program of `source`, UTF-8, line for line."""
    tree = ast.parse(source)
    lines = source.splitlines()
    tokens = list(tokenize.tokenize(io.BytesIO(source).readline))
    cuts = [*_comments(tokens, lines), *_unrun(tree), *_annotations(tokens, lines, tree)]
    for start, end, instead in sorted(cuts, reverse=True):
        _cut(lines, start, end, instead)
    return b"".join(line.rstrip() + b"\n" for line in lines)


def _cut(lines: list[bytes], start: Place, end: Place, instead: bytes) -> None:
    """Lines between stay, empty."""
    first, last = start[0] - 1, end[0] - 1
    tail = lines[last][end[1] :]
    lines[first] = lines[first][: start[1]] + instead
    for between in range(first + 1, last + 1):
        lines[between] = b""
    lines[last] += tail


def _comments(tokens: list[tokenize.TokenInfo], lines: list[bytes]) -> Iterator[Cut]:
    for token in tokens:
        if token.type == tokenize.COMMENT:
            yield _place(lines, token.start), _place(lines, token.end), b""


def _place(lines: list[bytes], at: tuple[int, int]) -> Place:
    """`tokenize` counts characters, `ast` bytes."""
    line, column = at
    return line, len(lines[line - 1].decode("utf-8")[:column].encode("utf-8"))


def _unrun(tree: ast.Module) -> Iterator[Cut]:
    """Strings that are statements, and imports for type checkers alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and _is_for_types(node.test):
            yield _start(node.body[0]), _end(node.body[-1]), b"pass"
        elif isinstance(node, _DOCUMENTED):
            texts = [one for one in node.body if _is_text(one)]
            for text in texts:
                is_all = len(texts) == len(node.body) and text is texts[0]
                yield _start(text), _end(text), b"pass" if is_all else b""


def _is_for_types(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def _is_text(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Constant):
        return False
    return isinstance(statement.value.value, str)


def _annotations(
    tokens: list[tokenize.TokenInfo], lines: list[bytes], tree: ast.Module
) -> Iterator[Cut]:
    arrows = [
        _place(lines, token.start)
        for token in tokens
        if token.type == tokenize.OP and token.string == _ARROW
    ]
    hidden = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and _is_for_types(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.arg) and node.annotation is not None:
            named = (node.lineno, node.col_offset + len(node.arg.encode("utf-8")))
            yield named, _end(node.annotation), b""
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            end = _end(node.returns)
            arrow = max(place for place in arrows if place < end)
            if arrow[0] == end[0]:  # over several lines nothing would join them
                yield (arrow[0], arrow[1] - 1), end, b""


def _start(node: ast.stmt) -> Place:
    return node.lineno, node.col_offset


def _end(node: ast.stmt | ast.expr) -> Place:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return node.end_lineno, node.end_col_offset
