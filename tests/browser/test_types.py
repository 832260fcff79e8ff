"""The page's modules under the type checker, and the packages that the lock names."""

from __future__ import annotations

import subprocess

from chromium import WEB


def test_the_types_of_the_page_hold() -> None:
    done = subprocess.run(
        ["node", WEB / "node_modules" / "typescript" / "bin" / "tsc", "--noEmit", "-p", WEB],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


def test_a_wrong_type_is_seen() -> None:
    program = "/** @type {number} */\nexport const wrong = 'text';\n"
    (WEB / "wrong_type_probe.js").write_text(program)
    try:
        done = subprocess.run(
            ["node", WEB / "node_modules" / "typescript" / "bin" / "tsc", "--noEmit", "-p", WEB],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        (WEB / "wrong_type_probe.js").unlink()
    assert "wrong_type_probe.js" in done.stdout
