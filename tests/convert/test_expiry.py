"""What a person may write as an expiry, and what the contract keeps of it."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import convert
from convert.expiry import read_expiry
from edge_infer.commands.verify import expiry_state
from edge_infer.errors import BadInput
from edge_infer.trust.moments import parse_moment

NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
KEPT = {
    "2030-02-28": "2030-02-28T23:59:59+00:00",
    "2030-01-31": "2030-01-31T23:59:59+00:00",
    "20300228": "2030-02-28T23:59:59+00:00",
    "2030-02-28T10:00:00Z": "2030-02-28T10:00:00+00:00",
    "2030-02-28T10:00+02:00": "2030-02-28T08:00:00+00:00",
    "2030-02-28 10:00:00.75-01:30": "2030-02-28T11:30:00+00:00",
}
REFUSED = ("", "soon", "2030-02-30", "2030-02-28T10:00:00", "1.2.2030", "2030", "-1", "9" * 500,
           "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00")  # fmt: skip


@pytest.mark.parametrize("text", KEPT)
def test_it_is_kept_as_a_moment_in_utc(text: str) -> None:
    kept = read_expiry(text, now=NOW)
    assert kept == KEPT[text]
    assert read_expiry(kept, now=NOW) == kept
    assert expiry_state(kept, now=NOW) == f"valid until {kept}"
    assert parse_moment(kept, what="it") > NOW


def test_none_never_expires() -> None:
    assert read_expiry(None, now=NOW) is None


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="no date") as caught:
        read_expiry(text, now=NOW)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["2030-01-30", "2030-01-31T12:00:00Z", "2030-01-31T13:00+01:00"])
def test_what_has_passed_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="passed"):
        read_expiry(text, now=NOW)


def test_a_date_is_no_text() -> None:
    with pytest.raises(BadInput, match="no date"):
        read_expiry(NOW.date(), now=NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["soon", "2020-01-31"])
def test_export_refuses_it_before_any_work(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convert.graph.emit.emit_model", None)
    with pytest.raises(BadInput, match="expiry"):
        convert.export(LinearRegression(), np.zeros((3, 2)), expires=text)
