"""Peers in C: emlearn, m2cgen and tl2cgen, compiled by the same compiler at -O2, called in C.

Each is given `COMPILE_S` seconds; what it has no exporter for, or what does not compile in that
time, is said by name.
"""

from __future__ import annotations

import contextlib
import ctypes
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
from timing import least_us

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COMPILE_S = 60


def peers(estimator: Any, X: Any, want: Any, folder: Path) -> dict[str, dict[str, Any]]:
    """Name to microseconds for a row and for all rows and labels that differ, or to `refused`."""
    found: dict[str, dict[str, Any]] = {}
    for name, make in (("m2cgen", _m2cgen), ("emlearn", _emlearn), ("tl2cgen", _tl2cgen)):
        try:
            run, labels = make(estimator, X, folder)
        except Exception as error:  # no exporter, or the compiler takes too long
            found[name] = {"refused": type(error).__name__}
            continue
        run(len(X))
        found[name] = {
            "differ": int((labels() != want).sum()),
            "batch_us": least_us(lambda run=run: run(len(X))),
            "one_us": least_us(lambda run=run: run(1)),
        }
    return found


Made = tuple["Callable[[int], Any]", "Callable[[], Any]"]
"""What predicts the first n rows, and what gives the labels of the last run."""


def _compiled(folder: Path, name: str, sources: dict[str, str], *flags: str) -> ctypes.CDLL:
    place = folder / name
    place.mkdir()
    for file, text in sources.items():
        (place / file).write_text(text)
    names = [file for file in sources if file.endswith(".c")]
    command = ["cc", "-O2", "-shared", "-fPIC", *flags, *names, "-o", "peer.so", "-lm"]
    subprocess.run(command, cwd=place, check=True, timeout=COMPILE_S, capture_output=True)
    return ctypes.CDLL(str(place / "peer.so"))


def _pointer(array: Any) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def _m2cgen(estimator: Any, X: Any, folder: Path) -> Made:
    """m2cgen's C in doubles, called row by row within C."""
    import m2cgen

    loop = """
    void all(double *x, long n, long f, long k, double *out)
    { for (long i = 0; i < n; i++) score(x + i * f, out + i * k); }"""
    library = _compiled(folder, "m2cgen", {"m.c": m2cgen.export_to_c(estimator) + loop})
    out = np.zeros((len(X), len(estimator.classes_)))
    sizes = ctypes.c_long(X.shape[1]), ctypes.c_long(out.shape[1])

    def run(n: int) -> None:
        library.all(_pointer(X), ctypes.c_long(n), *sizes, _pointer(out))

    return run, lambda: estimator.classes_[out.argmax(axis=1)]


def _emlearn(estimator: Any, X: Any, folder: Path) -> Made:
    """emlearn's inline trees, features as float."""
    with np.errstate():  # importing it tells numpy to raise on underflow
        import emlearn

    with contextlib.chdir(folder):  # it writes a folder `tmp` of its own
        code = emlearn.convert(estimator, dtype="float").save(
            name="peer", format="c", inference=["inline"]
        )
    loop = f"""
    void all(const float *x, long n, long *out)
    {{ for (long i = 0; i < n; i++) out[i] = peer_predict(x + i * {X.shape[1]}, {X.shape[1]}); }}"""
    library = _compiled(folder, "emlearn", {"m.c": code + loop}, f"-I{emlearn.includedir}")
    floats, out = np.ascontiguousarray(X, dtype=np.float32), np.zeros(len(X), dtype=np.int64)

    def run(n: int) -> None:
        library.all(_pointer(floats), ctypes.c_long(n), _pointer(out))

    return run, lambda: estimator.classes_[out]


def _tl2cgen(estimator: Any, X: Any, folder: Path) -> Made:
    """treelite's trees as tl2cgen writes them, run by tl2cgen on one thread."""
    import tl2cgen
    import treelite

    model = treelite.sklearn.import_model(estimator)
    place = folder / "tl2cgen-source"
    tl2cgen.generate_c_code(model, dirpath=str(place), params={"parallel_comp": 8}, verbose=False)
    sources = {path.name: path.read_text() for path in place.glob("*.[ch]")}
    _compiled(folder, "tl2cgen", sources, "-std=c99")
    predictor = tl2cgen.Predictor(str(folder / "tl2cgen" / "peer.so"), nthread=1, verbose=False)
    floats = np.ascontiguousarray(X, dtype=np.float32)
    matrices = {n: tl2cgen.DMatrix(floats[:n]) for n in (1, len(X))}
    last: list[Any] = []

    def run(n: int) -> None:
        last[:] = [predictor.predict(matrices[n])]

    return run, lambda: estimator.classes_[last[0].reshape(len(X), -1).argmax(axis=1)]
