"""A film of real digits for Chromium's fake camera, and a witness of which frame was taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as Pillow

from edge_infer.contract import Image
from edge_infer.images import read_image

if TYPE_CHECKING:
    from pathlib import Path

CAMERA = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
WIDTH, HEIGHT = 320, 240
LEFT = (WIDTH - HEIGHT) // 2
"""Columns that the frame's number takes."""
BITS = 8
DIGIT = Image("X", "L", 8, 8, 0.0, 16.0, False, "bilinear")


def film(path: Path, X: Any, y: Any, estimator: Any, *, frames: int) -> dict[int, int]:
    """Write a Y4M of digits that Python reads rightly in such a frame; frame to true label.

    The digit fills the middle of the frame, which is what the viewfinder shows.
    """
    truth: list[int] = []
    written = []
    for pixels, label in zip(X, y, strict=True):
        picture = Pillow.fromarray((pixels.reshape(8, 8) * 255 / 16).round().astype(np.uint8))
        large = picture.resize((HEIGHT, HEIGHT), Pillow.Resampling.BICUBIC)
        if int(estimator.predict(read_image(large, DIGIT))[0]) != int(label):
            continue
        frame = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
        frame[:, LEFT : LEFT + HEIGHT] = np.asarray(large)
        written.append(frame)
        truth.append(int(label))
        if len(truth) == frames:
            break
    write_film(path, written)
    return dict(enumerate(truth))


def write_film(path: Path, frames: list[Any], *, numbered: bool = True) -> None:
    """A Y4M of grey frames; at the left of each may stand its number."""
    with path.open("wb") as file:
        file.write(b"YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n" % (WIDTH, HEIGHT))
        for number, unmarked in enumerate(frames):
            frame = marked(unmarked, number) if numbered else unmarked
            luma = (16 + frame.astype(float) * 219 / 255).round().astype(np.uint8)
            chroma = np.full(WIDTH * HEIGHT // 2, 128, dtype=np.uint8)
            file.write(b"FRAME\n" + luma.tobytes() + chroma.tobytes())


def marked(unmarked: Any, number: int) -> Any:
    """The frame with its number at the left, as black and white blocks."""
    frame = unmarked.copy()
    for bit in range(BITS):
        top = bit * HEIGHT // BITS
        frame[top : top + HEIGHT // BITS, :LEFT] = 255 * (number >> bit & 1)
    return frame


def watched() -> str:
    """A script that notes which frames the page took, what it said, and its longest task."""
    return """
    const numberOf = (bitmap) => {
      const context = new OffscreenCanvas(1, BITS).getContext('2d');
      context.drawImage(bitmap, 8, 0, 1, bitmap.height, 0, 0, 1, BITS);
      const { data } = context.getImageData(0, 0, 1, BITS);
      let index = 0;
      for (let bit = 0; bit < BITS; bit++) if (data[4 * bit] > 127) index |= 1 << bit;
      return index;
    };
    window.shown = []; window.said = []; window.longest = 0;
    const original = window.createImageBitmap;
    window.createImageBitmap = async (source, ...rest) => {
      const bitmap = await original(source, ...rest);
      if (source instanceof HTMLVideoElement) window.shown.push(numberOf(bitmap));
      return bitmap;
    };
    /** Brightness of each frame of the film as the page gets it, by its number. */
    window.pixels = {};
    window.gather = async (frames) => {
      const video = document.querySelector('video');
      while (Object.keys(window.pixels).length < frames) {
        await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
        const bitmap = await original(video);
        const number = numberOf(bitmap);
        if (number in window.pixels) continue;
        const { width, height } = bitmap;
        const canvas = new OffscreenCanvas(width, height);
        const context = canvas.getContext('2d', { willReadFrequently: true });
        context.drawImage(bitmap, 0, 0);
        const rgba = context.getImageData(0, 0, width, height).data;
        const grey = new Uint8Array(width * height);
        for (let i = 0; i < grey.length; i++) {
          grey[i] = rgba[4 * i];
          if (rgba[4 * i + 1] !== grey[i] || rgba[4 * i + 2] !== grey[i]) throw Error('not grey');
        }
        const url = await new Promise((resolve) => {
          const reader = new FileReader();
          reader.onload = () => resolve(reader.result);
          reader.readAsDataURL(new Blob([grey]));
        });
        window.pixels[number] = url.slice(url.indexOf(',') + 1);
      }
      return null;
    };
    new PerformanceObserver((list) => {
      if (window.said.length < 3) return;
      for (const { duration } of list.getEntries()) {
        window.longest = Math.max(window.longest, duration);
      }
    }).observe({ type: 'longtask' });
    addEventListener('DOMContentLoaded', () => {
      const json = document.getElementById('json');
      new MutationObserver(() => {
        if (window.shown.length <= window.said.length) return;
        window.said.push(JSON.parse(json.textContent));
      }).observe(json, { childList: true });
    });
    """.replace("BITS", str(BITS))
