from __future__ import annotations

import numpy as np
import pytest

from convert.image_option import check_range, parse_image
from edge_infer.contract import Image
from edge_infer.errors import BadInput


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("L:8x8,range=0..16", Image("X", "L", 8, 8, 0.0, 16.0, False, "bilinear")),
        ("RGB:32x24,range=0..1,invert", Image("X", "RGB", 32, 24, 0.0, 1.0, True, "bilinear")),
        (
            "L:28x28,resample=box,invert,range=-0.5..2.5e1",
            Image("X", "L", 28, 28, -0.5, 25.0, True, "box"),
        ),
        ("L:1x1,range=-1..-.5", Image("X", "L", 1, 1, -1.0, -0.5, False, "bilinear")),
    ],
)
def test_the_spelling(text: str, image: Image) -> None:
    assert parse_image(text) == image


@pytest.mark.parametrize(
    ("text", "expected", "actual"),
    [
        ("", "WIDTHxHEIGHT", ""),
        ("8x8", "WIDTHxHEIGHT", "8x8"),
        ("l:8x8,range=0..1", "L or RGB", "l:8x8"),
        ("CMYK:8x8,range=0..1", "L or RGB", "CMYK:8x8"),
        ("L:0x8,range=0..1", "WIDTHxHEIGHT", "L:0x8"),
        ("L:8X8,range=0..1", "WIDTHxHEIGHT", "L:8X8"),
        ("L:99999x99999,range=0..1", "pixels", "9,999,800,001"),
        ("L:8x8", "range", "no range"),
        ("L:8x8,range=16", "LOW..HIGH", "16"),
        ("L:8x8,range=16..0", "LOW under HIGH", "16..0"),
        ("L:8x8,range=0..0", "LOW under HIGH", "0..0"),
        ("L:8x8,range=0..nan", "LOW..HIGH", "0..nan"),
        ("L:8x8,range=0..1e999", "LOW..HIGH", "0..1e999"),
        ("L:8x8,range=0..1,range=0..2", "once", "range=0..2"),
        ("L:8x8,range=0..1,invert=no", "invert", "invert=no"),
        ("L:8x8,range=0..1,inverted", "invert", "inverted"),
        ("L:8x8,range=0..1,", "each once", ""),
        ("L:8x8,range=0..1,resample=best", "bilinear", "best"),
        ("L:8x8, range=0..1", "each once", " range=0..1"),
    ],
)
def test_a_misspelling_is_refused_and_shown_how(text: str, expected: str, actual: str) -> None:
    with pytest.raises(BadInput, match="misspelled") as refused:
        parse_image(text)
    assert expected in str(refused.value.expected)
    assert refused.value.actual == actual
    assert "L:8x8,range=0..16[,invert][,resample=bilinear]" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("declared", "largest", "remedy"),
    [
        ("0..255", 1.0, "range=0..1"),
        ("0..255", 16.0, "range=0..16"),
        ("0..255", 25.5, "range=0..255"),
        ("-1..1", 255.0, "range=0..255"),
        ("0..1", 16.0, "range=0..16"),
    ],
)
def test_a_range_of_another_unit_than_the_samples_is_refused(
    declared: str, largest: float, remedy: str
) -> None:
    """It converted, and most pictures got another label than their rows."""
    samples = np.linspace(0, largest, 8).reshape(2, 4)
    with pytest.raises(BadInput, match="range") as refused:
        check_range(parse_image(f"L:2x2,range={declared}"), samples)
    assert str(refused.value.hint).endswith(remedy)


@pytest.mark.parametrize(
    ("declared", "samples"),
    [
        ("0..255", [0.0, 26.0]),
        ("0..1", [0.0, 9.0]),
        ("-1..1", [-0.2, 0.1]),
        ("0..255", [0.0, 0.0]),
        ("0..255", [np.nan, 255.0]),
    ],
)
def test_dark_pictures_and_black_ones_are_taken(declared: str, samples: list[float]) -> None:
    check_range(parse_image(f"L:2x1,range={declared}"), np.array([samples]))


def test_export_holds_the_range_against_its_samples() -> None:
    from sklearn.linear_model import LogisticRegression

    import convert

    X = np.random.default_rng(0).uniform(0, 1, (20, 4))
    estimator = LogisticRegression().fit(X, X[:, 0] > 0.5)
    with pytest.raises(BadInput, match="range"):
        convert.export(estimator, X, image=parse_image("L:2x2,range=0..255"))
