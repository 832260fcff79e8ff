"""What this software refuses, and why.

    EdgeInferError
    ├── Untrusted      a signature, key or digest does not hold
    ├── Incompatible   a format, version, target or runtime does not fit
    ├── BadInput       rows, images, options or files the caller gave
    └── Unavailable    something this machine lacks: an engine, space, a device

The workstation adds `convert.NotExact` and `convert.Unsupported`. Each class has a stable
exit code for the command line; 1 is left for bugs and 2 for wrong usage.
"""

from __future__ import annotations


class EdgeInferError(Exception):
    """The root: says what is wrong, what was expected, what came, and what to do next.

    `expected`, `actual` and `hint` may be left out where they would only repeat `what`.
    """

    exit_code = 1
    usual_hint: str | None = None
    """What to do where an error of the class says nothing better."""

    def __init__(
        self,
        what: str,
        *,
        expected: object = None,
        actual: object = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.expected = expected
        self.actual = actual
        self.hint = self.usual_hint if hint is None else hint

    def __str__(self) -> str:
        lines = [self.what]
        if self.expected is not None:
            lines.append(f"  expected: {self.expected}")
        if self.actual is not None:
            lines.append(f"  actual:   {self.actual}")
        if self.hint is not None:
            lines.append(f"  to do:    {self.hint}")
        return "\n".join(lines)

    def to_json(self) -> dict[str, object]:
        """The error as `--json` prints it."""
        return {
            "error": type(self).__name__,
            "exit_code": self.exit_code,
            "what": self.what,
            "expected": None if self.expected is None else str(self.expected),
            "actual": None if self.actual is None else str(self.actual),
            "hint": self.hint,
        }


class Untrusted(EdgeInferError):
    """Bytes that no trusted key vouches for. Nothing of them was used."""

    exit_code = 3


class Incompatible(EdgeInferError):
    """Verified, but made for another format, version, target or runtime."""

    exit_code = 4


class BadInput(EdgeInferError, ValueError):
    """Rows, images, options or files that cannot be served. The model stays usable."""

    exit_code = 5


class Unavailable(EdgeInferError):
    """This machine lacks something that the call needs."""

    exit_code = 6
