"""The sections on the proof: outputs, probes, hostile rows, undecided rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convert.prove.certificate import REFUSED
from convert.report.charts import Bar, bars, histogram, shown_tolerance
from convert.report.markup import Markup, joined, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convert.prove.details import Answer, Details, Row
    from edge_infer.contract import Contract, Parity

KINDS = {
    "sample": "your own rows, such as the device will see",
    "tree threshold": "at a threshold of a tree, one step of a float either way",
    "decision boundary": "bisected between two classes until nothing lies between",
    "tie": "where two classes score alike, or nearly",
    "column extreme": "a column at zero, at its limit, or very large or small",
    "word": "every known word, unknown ones and empty text",
    "scaled sample": "samples scaled through every size of score",
    "NaN": "values missing, one by one and together",
    "infinity": "infinite values",
    REFUSED: "rows on which scikit-learn raises, and so does the device",
}


def outputs_section(contract: Contract, details: Details | None) -> Markup:
    """A card for each output, with the distribution of its differences."""
    spreads = {} if details is None else {spread.output: spread for spread in details.spreads}
    tolerance = contract.certificate.relative_tolerance
    cards = []
    for number, parity in enumerate(contract.certificate.parity):
        output = next((o for o in contract.outputs if o.name == parity.output), None)
        is_label = output is not None and output.kind == "label"
        spread = spreads.get(parity.output)
        picture = Markup()
        if spread is not None:
            picture = histogram(f"out{number}", spread, None if is_label else tolerance)
        facts = [
            ("compared", f"{parity.compared:,} answers"),
            ("differ", f"{parity.differ:,}"),
            ("undecided", f"{parity.undecided:,} rows"),
            ("largest difference", "equal" if is_label else f"{parity.max_difference:.2g}"),
        ]
        verb = parity.output if output is None else output.verb
        head = tag("h3", tag("code", verb), f" — {parity.output}")
        rule = (
            "Labels must be equal."
            if is_label
            else f"Scores must lie within {shown_tolerance(tolerance)} of scikit-learn's, "
            "relative to the larger of the score and the largest score over the samples."
        )
        cards.append(
            tag(
                "figure",
                tag("figcaption", head, tag("p", rule)),
                facts_list(facts),
                picture,
                class_="card",
            )
        )
    intro = tag(
        "p",
        "Every answer of the exported model was compared with the estimator itself: in one batch, "
        "in small batches and row by row. The bars count answers by their relative difference, "
        "on a logarithmic scale. A tied answer is another answer of an undecided row.",
    )
    return section("What was proven", intro, tag("div", *cards, class_="cards"))


def probes_section(contract: Contract) -> Markup:
    """How many rows of each kind were tried."""
    counts = contract.certificate.probes
    chart = bars(
        "probes", "Probes by kind", [Bar(p.kind[:20], p.rows, f"{p.rows:,}") for p in counts]
    )
    rows = [(p.kind, KINDS.get(p.kind, ""), f"{p.rows:,}") for p in counts]
    total = sum(probe.rows for probe in counts)
    caption = f"{total:,} rows, made from the samples and from the model itself"
    return section(
        "Probes by kind", chart, table(("kind", "what it is", "rows"), rows, caption, numbers=(2,))
    )


def rows_section(details: Details) -> Markup:
    """Of each kind the rows that differ most."""
    shown = [_probe(row) for row in details.rows]
    for text in details.refused:
        said = tag("p", "scikit-learn raises on it, and so does the device.")
        shown.append(tag("article", tag("h3", REFUSED), tag("code", text), said, class_="probe"))
    intro = tag(
        "p",
        "Of each kind of probe the rows whose scores lie farthest from scikit-learn's, in as many "
        "digits as tell doubles apart. Nothing differs beyond the bound.",
    )
    return section("Hostile rows", intro, *shown)


def undecided_section(contract: Contract, details: Details | None) -> Markup:
    """What undecided means, how many there are, and the widest of them."""
    certificate = contract.certificate
    parts = [tag("p", text) for text in _explanation(certificate.relative_tolerance)]
    counted = [p for p in certificate.parity if p.undecided]
    if not counted:
        parts.append(tag("p", tag("strong", "No row is undecided.")))
        return section("Undecided rows", *parts)
    rows = [_undecided(parity) for parity in counted]
    head = ("output", "undecided rows", "widest margin")
    parts.append(table(head, rows, "Undecided rows by output", numbers=(1, 2)))
    parts += [_probe(row) for row in (() if details is None else details.undecided)]
    return section("Undecided rows", *parts)


def _explanation(tolerance: float) -> tuple[str, ...]:
    if tolerance > 1e-9:
        return (
            "This graph computes in float32. A row is undecided where the scores behind its label "
            f"are closer than the declared tolerance of {shown_tolerance(tolerance)}: there "
            "float32 may name the other of the tied classes. None of the samples may be decided "
            "otherwise.",
        )
    return (
        "scikit-learn itself adds in another order for one row than for a batch, so that its own "
        "label may differ where two classes are closer than rounding. A row is undecided where "
        "its margin lies under the rounding unit of its decision: there either tied label passes, "
        "and the row is counted. No difference beyond rounding is excused.",
    )


def _undecided(parity: Parity) -> tuple[str, str, str]:
    return parity.output, f"{parity.undecided:,}", f"{parity.widest_undecided:.2g}"


def _probe(row: Row) -> Markup:
    cells = [
        tag(
            "tr",
            tag("th", answer.output, scope="row"),
            tag("td", tag("code", answer.expected)),
            tag("td", tag("code", answer.actual)),
            tag("td", _seen(answer), class_="n"),
        )
        for answer in row.answers
    ]
    names = ("output", "scikit-learn", "exported", "difference")
    kinds = (None, None, None, "n")
    head = [tag("th", n, scope="col", class_=k) for n, k in zip(names, kinds, strict=True)]
    rows = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *cells))
    margin = Markup()
    if row.margin is not None and row.unit:
        said = f"margin {row.margin:.3g}, rounding unit {row.unit:.3g}"
        margin = tag("p", said, class_="soft")
    return tag(
        "article",
        tag("h3", row.kind),
        tag("code", row.row),
        margin,
        scrolled(rows, f"{row.kind} row"),
        class_="probe",
    )


def _seen(answer: Answer) -> str:
    if answer.difference is not None:
        return f"{answer.difference:.2g}" if answer.difference else "same bits"
    return "equal" if answer.expected == answer.actual else "the other label"


def section(title: str, *content: Markup) -> Markup:
    """A headed section."""
    name = title.lower().replace(" ", "-")
    return tag("section", tag("h2", title, id=name), *content, aria_labelledby=name)


def facts_list(facts: Sequence[tuple[str, str | Markup]]) -> Markup:
    """Names and values."""
    return tag("dl", *(joined([tag("dt", name), tag("dd", value)]) for name, value in facts))


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str | Markup]],
    caption: str,
    *,
    numbers: Sequence[int] = (),
) -> Markup:
    """A table whose first column names the row; columns in `numbers` stand to the right."""
    kinds = ["n" if i in numbers else None for i in range(len(head))]
    top = tag(
        "tr", *(tag("th", h, scope="col", class_=k) for h, k in zip(head, kinds, strict=True))
    )
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row"),
            *(tag("td", c, class_=k) for c, k in zip(row[1:], kinds[1:], strict=True)),
        )
        for row in rows
    ]
    found = tag("table", tag("caption", caption), tag("thead", top), tag("tbody", *body))
    return scrolled(found, caption)


def scrolled(content: Markup, label: str) -> Markup:
    """A wide table scrolls by itself, reachable by keyboard."""
    return tag("div", content, class_="scroll", role="group", aria_label=label, tabindex="0")
