"""The whole page: one file without script, font or picture from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from convert.report.charts import shown_tolerance
from convert.report.markup import Markup, joined, tag
from convert.report.proof import (
    facts_list,
    outputs_section,
    probes_section,
    rows_section,
    section,
    table,
    undecided_section,
)
from convert.report.style import STYLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convert.artifact import Artifact
    from convert.report.timing import Timing
    from edge_infer.contract import Contract


def page(artifact: Artifact, timings: Sequence[Timing], fingerprint: str | None) -> str:
    """HTML of the report on a proven artifact.

    Args:
        artifact: as exported; without `details` the pictures are left out.
        timings: scikit-learn first.
        fingerprint: of the key that signs it.
    """
    contract = artifact.contract
    parts = [
        _header(contract),
        outputs_section(contract, artifact.details),
        probes_section(contract),
        Markup() if artifact.details is None else rows_section(artifact.details),
        undecided_section(contract, artifact.details),
        _speed(timings),
        _identity(artifact, fingerprint),
        _notes(contract),
        _signature(),
    ]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy()),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{contract.name} — conversion report"),
        tag("style", Markup(STYLE)),
    )
    return (
        "<!doctype html>\n" + tag("html", head, tag("body", tag("main", *parts)), lang="en") + "\n"
    )


def _policy() -> str:
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _header(contract: Contract) -> Markup:
    certificate = contract.certificate
    compared = sum(parity.compared for parity in certificate.parity)
    rows = sum(probe.rows for probe in certificate.probes)
    verdict = tag(
        "div",
        tag("strong", "Proven."),
        f" On {rows:,} rows and in {compared:,} comparisons nothing that is decided differs from "
        f"scikit-learn: labels are equal, scores lie within "
        f"{shown_tolerance(certificate.relative_tolerance)}.",
        class_="verdict",
    )
    facts = [
        ("estimator", tag("code", contract.source.estimator)),
        ("sequence", f"{contract.sequence}"),
        ("made", contract.created),
        ("expires", contract.expires or "never"),
        ("target", contract.target),
        ("inputs", _inputs(contract)),
        ("answers", ", ".join(dict.fromkeys(output.verb for output in contract.outputs))),
        ("proven on", certificate.engine),
    ]
    title = tag("h1", contract.name)
    lead = tag("p", "Conversion report for the person who signs it off", class_="soft")
    return tag("header", title, lead, verdict, facts_list(facts))


def _inputs(contract: Contract) -> str:
    shown = []
    for wanted in contract.inputs[:20]:
        width = wanted.shape[-1]
        taken = [", NaN" if wanted.nan else "", ", infinities" if wanted.infinite else ""]
        limit = "" if wanted.limit is None else f", |x| up to {wanted.limit:.6g}"
        shown.append(f"{wanted.name}: {width} x {wanted.dtype}{''.join(taken)}{limit}")
    more = len(contract.inputs) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more else "")


def _speed(timings: Sequence[Timing]) -> Markup:
    if not timings:
        return Markup()
    base = timings[0]
    rows = [
        (
            timing.engine,
            f"{timing.row_us:,.1f} µs",
            _times(base.row_us, timing.row_us),
            f"{timing.batch_us:,.1f} µs",
            _times(base.batch_us, timing.batch_us),
            "in memory" if timing.size_bytes is None else f"{timing.size_bytes:,} bytes",
        )
        for timing in timings
    ]
    batch = f"{base.batch_rows} rows"
    head = ("engine", "one row", "faster", batch, f"faster on {batch}", "model size")
    lead = tag(
        "p",
        "Medians on the samples, measured on the workstation when this report was made, through "
        f"the public interface; beside them, how many times faster than {base.engine}.",
    )
    measured = table(head, rows, "Latency and size by engine", numbers=(1, 2, 3, 4, 5))
    return section("Latency and size", lead, measured)


def _times(base: float, own: float) -> str:
    return f"{base / own:,.1f}x" if own > 0 else ""


def _identity(artifact: Artifact, fingerprint: str | None) -> Markup:
    contract, origin = artifact.contract, artifact.origin
    digests: list[tuple[str, str | Markup, str]] = [
        (name, tag("code", hashlib.sha256(content).hexdigest()), f"{len(content):,}")
        for name, content in artifact.files.items()
    ]
    if contract.source.sha256 is not None:
        digests.insert(0, ("signed pickle", tag("code", contract.source.sha256), ""))
    facts: list[tuple[str, str | Markup]] = [
        (name, version) for name, version in sorted(contract.source.versions.items())
    ]
    runtimes = contract.runtimes
    refused = ", ".join(runtimes.refused) or "none"
    facts.append(("onnxruntime on devices", f"{runtimes.minimum} or newer, but not {refused}"))
    if origin is not None:
        how = "signed by" if origin.signed else "authenticated by the shared secret"
        facts.append(("pickle", joined([Markup(), how, " ", tag("code", origin.authorised_by)])))
        held = "; ".join(origin.confinement) or "resource limits alone"
        facts.append(("unpickled under", held))
    if fingerprint is not None:
        facts.append(("artifact signed by", tag("code", fingerprint)))
    head = ("file", "SHA-256", "bytes")
    return section(
        "Versions and digests",
        table(head, digests, "What was proven, byte by byte", numbers=(2,)),
        facts_list(facts),
    )


def _notes(contract: Contract) -> Markup:
    notes = contract.certificate.notes
    if not notes:
        return Markup()
    return section("Notes", tag("ul", *(tag("li", note) for note in notes)))


def _signature() -> Markup:
    fields = [tag("p", name) for name in ("name", "date", "signature")]
    return section("Signed off", tag("div", *fields, class_="sign"))
