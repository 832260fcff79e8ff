"""SVG for the documentation: plain text, legible on a light and on a dark page."""

from __future__ import annotations

from xml.sax.saxutils import escape

STYLE = """
text { font: 14px system-ui, sans-serif; fill: #1f2328 }
.small { font-size: 12px; fill: #59636e }
.box { fill: #f6f8fa; stroke: #8c959f }
.signed { fill: #ddf4ff; stroke: #0969da }
.room { fill: none; stroke: #8c959f; stroke-dasharray: 5 4 }
.arrow { fill: none; stroke: #59636e; stroke-width: 1.5 }
.head { fill: #59636e }
.ours { fill: #0969da }
.theirs { fill: #afb8c1 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .small { fill: #9198a1 }
  .box { fill: #151b23; stroke: #656c76 }
  .signed { fill: #0c2d6b; stroke: #4493f8 }
  .room { stroke: #656c76 }
  .arrow { stroke: #9198a1 }
  .head { fill: #9198a1 }
  .ours { fill: #4493f8 }
  .theirs { fill: #656c76 }
}
"""


def document(width: int, height: int, title: str, body: list[str]) -> str:
    """A whole SVG file; `title` is what a screen reader says."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}</style>",
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
            'markerHeight="8" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker></defs>',
            *body,
            "</svg>\n",
        ]
    )


def rectangle(x: float, y: float, width: float, height: float, kind: str) -> str:
    """A box of a class of `STYLE`."""
    return (
        f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6"/>'
    )


def text(x: float, y: float, words: str, *, anchor: str = "middle", kind: str = "") -> str:
    """One line of text; `anchor` is start, middle or end."""
    return f'<text class="{kind}" x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(words)}</text>'


def arrow(path: str) -> str:
    """A line with a head, along an SVG path."""
    return f'<path class="arrow" d="{path}" marker-end="url(#head)"/>'
