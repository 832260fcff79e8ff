"""Chromium for the tests, by `driver.mjs` and playwright-core."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WEB = HERE.parents[1] / "firmware_bundle" / "web"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = [
    name
    for name, there in (
        ("chromium (Debian's package)", CHROMIUM),
        ("node", shutil.which("node")),
        ("playwright-core (make test-browser installs it)",
         (WEB / "node_modules" / "playwright-core").is_dir()),
    )
    if not there
]  # fmt: skip

SETTLED = "['verified', 'not_verified'].includes(document.body.dataset.state)"


class Failed(Exception):
    """What the browser said."""


@dataclass
class Chromium:
    """One browser; `launch` and `close` may be repeated on one profile."""

    profile: Path
    args: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(HERE / "driver.mjs"), str(CHROMIUM), str(WEB / "node_modules")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.launch()

    def do(self, operation: str, **given: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"operation": operation, **given}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise Failed("the driver ended")
        answer = json.loads(line)
        if "failed" in answer:
            raise Failed(answer["failed"])
        return answer["found"]

    def launch(self) -> None:
        self.do("launch", profile=str(self.profile), args=self.args, options=self.options)

    def close(self) -> None:
        self.do("close")

    def end(self) -> None:
        self.do("close")
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._process.stdout.close()

    def open(self, url: str, *, settled: bool = True, scripts: tuple[str, ...] = ()) -> Page:
        page = Page(self, self.do("open", url=url, scripts=scripts))
        if settled:
            page.wait(SETTLED, seconds=60)
        return page


@dataclass
class Page:
    """A page of edge-infer in a browser."""

    browser: Chromium
    number: int

    def evaluate(self, expression: str) -> Any:
        return self.browser.do("evaluate", page=self.number, expression=expression)

    def wait(self, expression: str, *, seconds: float = 20) -> None:
        self.browser.do("wait", page=self.number, expression=expression, seconds=seconds)

    def act(self, verb: str, selector: str | None, *values: Any) -> None:
        self.browser.do("act", page=self.number, verb=verb, selector=selector, values=values)

    def click(self, selector: str) -> None:
        self.act("click", selector)

    def text(self, selector: str) -> str:
        found: str = self.evaluate(f"document.querySelector({selector!r}).textContent")
        return found

    def shown(self, selector: str) -> bool:
        found: bool = self.evaluate(f"document.querySelector({selector!r}).checkVisibility()")
        return found

    @property
    def state(self) -> str:
        """`verified`, `not_verified`, or nothing where the page did not start."""
        found: str = self.evaluate("document.body?.dataset.state ?? ''")
        return found

    @property
    def requests(self) -> list[str]:
        found: list[str] = self.browser.do("seen", page=self.number)["requests"]
        return found

    @property
    def errors(self) -> list[str]:
        found: list[str] = self.browser.do("seen", page=self.number)["errors"]
        return found

    def rows(self, text: str) -> list[dict[str, Any]]:
        """What the page answers, each line of its JSON."""
        if self.shown("#tabs"):
            self.click("#tab_rows")
        self.act("fill", "#rows_text", text)
        return self.ask()

    def ask(self) -> list[dict[str, Any]]:
        """What it answers to the rows that stand there; the answer before is not taken for it."""
        self.evaluate("document.querySelector('#json').textContent = ''")
        self.evaluate("document.querySelector('#refused').hidden = true")
        self.click("#rows_go")
        self.settle()
        return self.answers()

    def settle(self) -> None:
        """Wait for an answer or a refusal."""
        self.wait(
            "document.querySelector('#json').textContent"
            " || !document.querySelector('#refused').hidden"
        )

    def answers(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text("#json").splitlines()]

    def screenshot(self, path: Path) -> None:
        self.browser.do("screenshot", page=self.number, path=str(path))

    def close(self) -> None:
        self.browser.do("shut", page=self.number)
