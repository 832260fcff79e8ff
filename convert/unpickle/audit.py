"""What a pickle would name, told without executing any of it.

    audit(data).refused      # the globals outside the allow-list, () where it may be read

The child that unpickles enforces the same list again: this report comes first so that nothing
is started, and nothing imported, for a pickle that is refused anyway.
"""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass

from convert.progress import Progress, quiet
from convert.unpickle.allowlist import REVIEWED, AllowList, Pair, read_allow_list
from convert.unpickle.machine import Machine
from edge_infer.errors import BadInput, Incompatible, Untrusted


@dataclass(frozen=True)
class Mention:
    """A global that the pickle names, and where it does so first."""

    module: str
    name: str
    position: int
    """Byte offset in the decompressed stream."""
    allowed: bool


@dataclass(frozen=True)
class Audit:
    """The report on one pickle."""

    protocol: int
    mentions: tuple[Mention, ...]
    sklearn_versions: tuple[str, ...]
    """Versions of scikit-learn that its estimators were pickled with, sorted."""
    arrays: int
    """Arrays whose raw bytes joblib wrote into the stream."""

    @property
    def pairs(self) -> frozenset[Pair]:
        """The exact (module, name) pairs that the pickle names."""
        return frozenset((mention.module, mention.name) for mention in self.mentions)

    @property
    def refused(self) -> tuple[Mention, ...]:
        """Those outside the allow-list."""
        return tuple(mention for mention in self.mentions if not mention.allowed)


def audit(data: bytes, *, allow_list: AllowList | None = None, progress: Progress = quiet) -> Audit:
    """Follow the opcodes of a decompressed pickle and report every global that it names.

    Raises:
        BadInput: not one well-formed pickle of protocol 3 to 5, or data follows it.
    """
    allowed = (allow_list or read_allow_list()).pairs
    machine = Machine(io.BytesIO(data), size=len(data))
    for position in machine.run():
        progress("audit the pickle", position / max(1, len(data)))
    if (end := machine.stream.tell()) != len(data):
        raise BadInput(
            "data follows the pickle's end",
            expected=f"{end:,} bytes",
            actual=f"{len(data):,} bytes",
            hint="dump the estimator again: nothing may ride along with a signed pickle",
        )
    first: dict[Pair, Mention] = {}
    for named in machine.named:
        pair = (named.module, named.name)
        is_allowed = pair in allowed and "." not in named.name
        first.setdefault(pair, Mention(*pair, named.position, is_allowed))
    return Audit(
        protocol=machine.protocol,
        mentions=tuple(first.values()),
        sklearn_versions=tuple(sorted(set(machine.versions))),
        arrays=machine.wrappers,
    )


def check_audit(report: Audit, allow_list: AllowList) -> None:
    """Refuse a pickle of another scikit-learn, or one that names anything unlisted.

    Raises:
        Incompatible: pickled with another version.
        Untrusted: it names code outside the list.
    """
    other = [v for v in report.sklearn_versions if v != allow_list.sklearn_version]
    if other:
        raise Incompatible(
            "the estimator was pickled with another scikit-learn",
            expected=f"scikit-learn {allow_list.sklearn_version}",
            actual=f"scikit-learn {', '.join(other)}",
            hint="train and dump it again with the expected version, then sign it again",
        )
    if report.refused:
        raise _refusal(report.refused)


def _refusal(refused: tuple[Mention, ...]) -> Untrusted:
    own = tuple(one for one in refused if _is_own(one.module))
    if len(own) == len(refused):
        return Untrusted(
            "the pickle names code of somebody's own, which is not in scikit-learn",
            expected="estimators, functions and settings of scikit-learn itself",
            actual=_list(own),
            hint="nothing was executed; if you did not write these, do not load this file; else "
            "build the model from scikit-learn's own classes, for no graph can stand for code, or "
            "name an emitter by convert.register and use convert.export, from Python",
        )
    strange = tuple(one for one in refused if not _is_own(one.module))
    return Untrusted(
        "the pickle names code that a scikit-learn pickle does not need",
        expected="the exact names of convert/unpickle/allowlist.txt",
        actual=_list(strange + own),
        hint="nothing was executed; do not load this file, and ask whoever signed it",
    )


def _is_own(module: str) -> bool:
    """Neither Python's nor of a package whose names were reviewed: a module that somebody wrote."""
    root = module.partition(".")[0]
    return root == "__main__" or root not in sys.stdlib_module_names | REVIEWED


def _list(mentions: tuple[Mention, ...]) -> str:
    named = ", ".join(f"{m.module}.{m.name}" for m in mentions[:5])
    more = len(mentions) - 5
    return named + (f" and {more} more" if more > 0 else "")
