"""The exact (module, name) pairs that a pickle may name; anything else is refused.

A prefix such as `sklearn.` would be code execution: dotted names reach `os.system` through
the modules' own imports. The pairs lie in `allowlist.txt`, written by `collect.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

from edge_infer.errors import Incompatible

Pair = tuple[str, str]

REVIEWED = frozenset({"sklearn", "numpy", "scipy", "joblib", "builtins", "collections", "copyreg"})
"""Packages whose globals are reviewed at all."""


@dataclass(frozen=True)
class AllowList:
    """Which globals may be named, and the scikit-learn whose pickles were collected."""

    sklearn_version: str
    pairs: frozenset[Pair]


def read_allow_list() -> AllowList:
    """The list that ships with this package."""
    text = resources.files("convert.unpickle").joinpath("allowlist.txt").read_text("utf-8")
    return parse_allow_list(text)


def parse_allow_list(text: str) -> AllowList:
    """Parse the first line `scikit-learn VERSION`, then one `module name` a line; `#` comments.

    Raises:
        Incompatible: a line is not a pair, or a name is dotted.
    """
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    head, *rest = [line.split(" ") for line in lines] or [[]]
    if len(head) != 2 or head[0] != "scikit-learn":
        raise Incompatible("the allow-list does not name its scikit-learn", actual=lines[:1])
    for fields in rest:
        if len(fields) != 2 or "." in fields[1]:
            raise Incompatible("the allow-list has a line that is no exact pair", actual=fields)
    return AllowList(head[1], frozenset((module, name) for module, name in rest))


def check_installed(allow_list: AllowList, installed: str) -> None:
    """Refuse to read pickles with a list that was collected from another scikit-learn.

    Raises:
        Incompatible: the versions differ.
    """
    if installed != allow_list.sklearn_version:
        raise Incompatible(
            "the installed scikit-learn is not the one whose pickles were reviewed",
            expected=f"scikit-learn {allow_list.sklearn_version}",
            actual=f"scikit-learn {installed}",
            hint=f"pip install scikit-learn=={allow_list.sklearn_version}",
        )
