"""A page for the person who signs off: what was proven, how, and how fast it is.

    artifact = convert.export(estimator, X)
    artifact.report("report.html", estimator=estimator, samples=X)

One self-contained file. It carries numbers and text only, and every text is escaped: a class
label, a column's name or a note of the certificate may be anything.
"""

from __future__ import annotations

from convert.report.page import page
from convert.report.timing import Timing, time_estimator
from convert.report.writing import write_report

__all__ = ["Timing", "page", "time_estimator", "write_report"]
