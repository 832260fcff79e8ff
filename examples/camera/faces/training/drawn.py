"""Pictures that show no face, drawn: what gradient histograms take for one most often.

Text in many sizes, playing cards, ovals with blobs in them, chequers, clouds of noise. The drawings
need no font file and no picture of anybody.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from examples.camera.faces.features import Grey

SIDE = 480
_LETTERS = list(string.ascii_letters + string.digits + " " * 12 + ".,;:!?&()-/")
_FONTS = 8
"""How many stroke fonts OpenCV draws."""


def drawing(rng: np.random.Generator) -> Grey:
    """One picture `(480, 480)`: half of them text, and all of them degraded like photographs."""
    kind = rng.choice(len(_KINDS), p=[share for _, share in _KINDS])
    return _degraded(_KINDS[kind][0](rng), rng)


def printed(rng: np.random.Generator) -> Grey:
    """Lines of outline letters, a few of each size."""
    paper, ink = _paper_and_ink(rng)
    page = Image.new("L", (SIDE, SIDE), paper)
    draw = ImageDraw.Draw(page)
    y = 0
    while y < SIDE:
        size = round(_between(rng, 8, 64))
        font = ImageFont.load_default(size)
        for _ in range(rng.integers(1, 8)):
            text = "".join(rng.choice(_LETTERS, 2 * SIDE // size))
            draw.text((int(rng.integers(-10, 20)), y), text, fill=ink, font=font)
            y += round(size * rng.uniform(1.0, 1.4))
    return np.array(page)


def written(rng: np.random.Generator) -> Grey:
    """Lines of stroke letters, script and serif among them."""
    paper, ink = _paper_and_ink(rng)
    page = np.full((SIDE, SIDE), paper, np.uint8)
    y = 0.0
    while y < SIDE:
        font, size = int(rng.integers(_FONTS)), _between(rng, 0.35, 2.2)
        width = int(rng.integers(1, 4)) if size > 0.7 else 1
        for _ in range(rng.integers(1, 8)):
            text = "".join(rng.choice(_LETTERS, 80))
            y += 26 * size * rng.uniform(1.0, 1.3)
            at = (int(rng.integers(-10, 20)), int(y))
            cv2.putText(page, text, at, font, size, ink, width, cv2.LINE_AA)
    return page


def shapes(rng: np.random.Generator) -> Grey:
    """Ovals with blobs in them, boxes, lines and chequers on a plain or shaded ground."""
    low, high = rng.integers(0, 256, 2)
    page = np.tile(np.linspace(low, high if rng.random() < 0.5 else low, SIDE), (SIDE, 1))
    page = page.astype(np.uint8)
    for _ in range(rng.integers(10, 60)):
        x, y = rng.integers(0, SIDE, 2).tolist()
        size, shade = round(_between(rng, 6, 90)), int(rng.integers(0, 256))
        width = -1 if rng.random() < 0.6 else int(rng.integers(1, 6))
        kind = rng.integers(6)
        if kind < 3:
            _oval(page, (x, y), size, shade, width, rng)
        elif kind == 3:
            end = (x + size, y + round(size * rng.uniform(0.5, 2)))
            cv2.rectangle(page, (x, y), end, shade, width)
        elif kind == 4:
            end = tuple(rng.integers(0, SIDE, 2).tolist())
            cv2.line(page, (x, y), end, shade, int(rng.integers(1, 8)), cv2.LINE_AA)
        else:
            _chequers(page, x, y, max(2, size // 3), shade, rng)
    return page


def _oval(
    page: Grey,
    at: tuple[int, int],
    size: int,
    shade: int,
    width: int,
    rng: np.random.Generator,
) -> None:
    axes = (size, round(size * rng.uniform(1, 1.6)))
    cv2.ellipse(page, at, axes, rng.uniform(-25, 25), 0, 360, shade, width, cv2.LINE_AA)
    for _ in range(rng.integers(0, 4)):
        x, y = (round(part + rng.normal() * size / 2) for part in at)
        axes = (1 + round(size * rng.uniform(0, 0.5)), 1 + round(size * rng.uniform(0, 0.3)))
        blob = int(rng.integers(0, 256))
        cv2.ellipse(page, (x, y), axes, rng.uniform(0, 180), 0, 360, blob, -1, cv2.LINE_AA)


def _chequers(page: Grey, x: int, y: int, side: int, shade: int, rng: np.random.Generator) -> None:
    count = int(rng.integers(2, 7))
    for i, j in np.ndindex(count, count):
        if (i + j) % 2 or rng.random() < 0.2:
            corner = (x + i * side, y + j * side)
            cv2.rectangle(page, corner, (corner[0] + side - 1, corner[1] + side - 1), shade, -1)


def cards(rng: np.random.Generator) -> Grey:
    """Playing cards: a letter in the corner, up to ten pips."""
    page = np.full((SIDE, SIDE), int(rng.integers(0, 160)), np.uint8)
    wide = int(rng.integers(50, 140))
    high = round(wide * 1.4)
    for y in range(4, SIDE - high, high + 8):
        for x in range(4, SIDE - wide, wide + 8):
            cv2.rectangle(page, (x, y), (x + wide, y + high), int(rng.integers(200, 256)), -1)
            letter = str(rng.choice(list("AKQJ23456789")))
            at, ink = (x + 3, y + high // 5), int(rng.integers(0, 110))
            cv2.putText(page, letter, at, int(rng.integers(_FONTS)), wide / 90, ink, 1, cv2.LINE_AA)
            _pips(page, (x, y), (wide, high), rng)
    return page


def _pips(
    page: Grey, corner: tuple[int, int], size: tuple[int, int], rng: np.random.Generator
) -> None:
    count, kind = int(rng.integers(1, 11)), rng.integers(3)
    radius = max(2, round(size[0] * rng.uniform(0.05, 0.12)))
    for across, down in zip(
        np.resize([0.3, 0.7, 0.5], count), np.linspace(0.2, 0.8, count), strict=True
    ):
        x, y = round(corner[0] + size[0] * across), round(corner[1] + size[1] * down)
        ink = int(rng.integers(0, 110))
        if kind == 0:
            cv2.circle(page, (x, y), radius, ink, -1, cv2.LINE_AA)
            continue
        tip = radius if kind == 1 else round(1.4 * radius)
        sides = [(x - radius, y), (x, y + tip), (x + radius, y), (x, y - radius)]
        cv2.fillPoly(page, [np.array(sides)], ink, cv2.LINE_AA)
        if kind == 2:
            for dx in (-radius // 2, radius // 2):
                cv2.circle(page, (x + dx, y), radius // 2 + 1, ink, -1, cv2.LINE_AA)


def clouds(rng: np.random.Generator) -> Grey:
    """Noise of all sizes: bark, foliage, plaster."""
    page = np.zeros((SIDE, SIDE))
    for octave in range(8):
        side = 2**octave + 2
        noise = rng.normal(size=(side, side)).astype(np.float32)
        fall = 2 ** (-octave * rng.uniform(0.3, 1.2))
        page += cv2.resize(noise, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) * fall
    page *= rng.uniform(15, 70) / page.std()
    return np.asarray(np.clip(128 + page - page.mean(), 0, 255), np.uint8)


def _degraded(page: Grey, rng: np.random.Generator) -> Grey:
    if rng.random() < 0.4:
        page = np.asarray(cv2.GaussianBlur(page, (0, 0), rng.uniform(0.5, 2)), np.uint8)
    if rng.random() < 0.4:
        noisy = page + rng.normal(0, rng.uniform(2, 12), page.shape)
        page = np.clip(noisy, 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 80))]
        encoded = cv2.imencode(".jpg", page, quality)[1]
        page = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), np.uint8)
    if rng.random() < 0.3:
        turn = cv2.getRotationMatrix2D(
            (SIDE / 2, SIDE / 2), rng.uniform(-30, 30), rng.uniform(0.8, 1.4)
        )
        turned = cv2.warpAffine(page, turn, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)
        page = np.asarray(turned, np.uint8)
    return page


_KINDS = ((printed, 0.25), (written, 0.25), (shapes, 0.25), (cards, 0.15), (clouds, 0.1))


def _paper_and_ink(rng: np.random.Generator) -> tuple[int, int]:
    paper, ink = int(rng.integers(120, 256)), int(rng.integers(0, 90))
    return (paper, ink) if rng.random() < 0.7 else (ink, paper)


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    """A size between two, as likely to be doubled as halved."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
