"""What a pickle would name, told without executing any of it.

    audit(data).refused      # the globals outside the allow-list, () where it may be read

The child that unpickles enforces the same list again: this report comes first so that nothing
is started, and nothing imported, for a pickle that is refused anyway.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from convert.progress import Progress, quiet
from convert.unpickle.allowlist import AllowList, Pair, read_allow_list
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
        named = ", ".join(f"{m.module}.{m.name}" for m in report.refused[:5])
        more = len(report.refused) - 5
        raise Untrusted(
            "the pickle names code that a scikit-learn pickle does not need",
            expected="the exact names of convert/unpickle/allowlist.txt",
            actual=named + (f" and {more} more" if more > 0 else ""),
            hint="nothing was executed; do not load this file, and ask whoever signed it",
        )
