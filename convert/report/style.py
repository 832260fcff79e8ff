"""The page's one style sheet: light and dark, narrow and wide, on screen and on paper."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #59636e; --line: #d1d9e0;
  --page: #ffffff; --box: #f6f8fa; --bar: #0969da; --other: #8c959f; --good: #1a7f37;
  --warn: #9a6700 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --line: #3d444d;
  --page: #0d1117; --box: #151b23; --bar: #4493f8; --other: #656c76; --good: #3fb950;
  --warn: #d29922 } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 64rem; color: var(--ink);
  background: var(--page); font: 1rem/1.5 system-ui, sans-serif }
h1 { margin: 0 0 .25rem; font-size: 1.75rem; line-height: 1.2; overflow-wrap: anywhere }
h2 { margin: 2.5rem 0 .75rem; padding-bottom: .25rem; font-size: 1.25rem;
  border-bottom: 1px solid var(--line) }
h3 { margin: 0 0 .25rem; font-size: 1rem; overflow-wrap: anywhere }
p { margin: .5rem 0; max-width: 46rem }
a { color: var(--bar) }
.soft, figcaption, caption { color: var(--soft) }
.verdict { margin: 1rem 0; padding: .75rem 1rem; border: 1px solid var(--line);
  border-left: .4rem solid var(--good); border-radius: .4rem; background: var(--box) }
.verdict strong { color: var(--good) }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(21rem,
  100%), 1fr)) }
.card { margin: 0; padding: 1rem; min-width: 0; border: 1px solid var(--line);
  border-radius: .4rem; background: var(--box) }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .15rem 1rem;
  margin: .5rem 0 }
dt { color: var(--soft) }
dd { margin: 0; overflow-wrap: anywhere }
.scroll { overflow-x: auto; max-width: 100% }
table { width: 100%; margin: .5rem 0; border-collapse: collapse; font-size: .9375rem }
caption { padding-bottom: .25rem; text-align: left }
th, td { padding: .35rem .6rem .35rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line) }
th { font-weight: 600 }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
code { font: .8125rem/1.45 ui-monospace, monospace; overflow-wrap: anywhere }
svg { display: block; width: 100%; max-width: 26rem; height: auto; margin-top: .5rem }
svg text { font: 12px system-ui, sans-serif; fill: var(--ink) }
svg .soft { fill: var(--soft) }
svg .bar { fill: var(--bar) }
svg .other { fill: var(--other) }
svg .tied { fill: var(--warn) }
svg .axis { stroke: var(--line) }
.probe { margin: 0 0 1rem }
.probe td code { display: block; min-width: 9rem }
.sign { display: grid; gap: 2rem; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr));
  margin-top: 2.5rem }
.sign p { padding-top: .25rem; border-top: 1px solid var(--ink); color: var(--soft) }
footer { margin-top: 2rem; color: var(--soft); font-size: .875rem }
@media (max-width: 40rem) { main > section > dl, header > dl {
  grid-template-columns: minmax(0, 1fr); gap: 0 }
  dd { margin-bottom: .4rem } }
@media print { :root { --ink: #000; --soft: #444; --line: #bbb; --page: #fff; --box: #fff;
  --bar: #333; --other: #999; --good: #000; --warn: #777 }
  body { max-width: none; padding: 0; font-size: 10pt }
  .scroll { overflow: visible } .card, tr, .probe { break-inside: avoid }
  svg rect { print-color-adjust: exact; -webkit-print-color-adjust: exact } }
"""
