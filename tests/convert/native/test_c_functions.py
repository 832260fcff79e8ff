"""exp, log, pow, tanh, sin, cos and sqrt of the generated C: at most one unit in the last place.

Compared in x86's 80-bit doubles, which carry eleven bits more; elsewhere these tests are skipped.
"""

from __future__ import annotations

import ctypes
import subprocess

import numpy as np
import pytest

from convert.native.tables import RUNTIME

pytestmark = pytest.mark.skipif(
    np.finfo(np.longdouble).nmant < 63, reason="numpy's long double is a double here"
)

HEAD = "#include <stddef.h>\n#include <stdint.h>\n"
FILES = ("registers.c", "math.c", "waves.c", "each.c", "product.c")
ONE = ("exp", "log", "tanh", "sin", "cos", "sqrt", "floor", "ceil", "rint")
FLAGS = ["-std=c99", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror", "-pedantic"]


def _library(directory, *flags):
    text = HEAD + "".join((RUNTIME / name).read_text() for name in FILES)
    for name in ONE:
        text += (
            f"void all_{name}(const double *x, double *y, size_t n)\n"
            f"{{ for (size_t i = 0; i < n; i++) y[i] = edge_{name}(x[i]); }}\n"
        )
    text += (
        "void all_pow(const double *x, const double *e, double *y, size_t n)\n"
        "{ for (size_t i = 0; i < n; i++) y[i] = edge_pow(x[i], e[i]); }\n"
    )
    text += "void all_together(const double *x, double *y, size_t n) { edge_exp_each(x, y, n); }\n"
    text += (
        "void all_products(const double *x, const double *w, double *y, size_t n, size_t f,\n"
        "                  size_t k) { edge_product(x, w, y, n, f, k); }\n"
    )
    (directory / "math_test.c").write_text(text)
    out = directory / "math_test.so"
    command = ["cc", *FLAGS, *flags, "-shared", "-fPIC", "math_test.c", "-o", str(out)]
    subprocess.run(command, cwd=directory, check=True)
    return ctypes.CDLL(str(out))


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return _library(tmp_path_factory.mktemp("math"))


def _call(library, name, *arrays):
    out = np.empty_like(arrays[0])
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in (*arrays, out)]
    getattr(library, f"all_{name}")(*pointers, ctypes.c_size_t(out.size))
    return out


def _worst(got, want):
    """Largest distance in units in the last place of the rounded result."""
    with np.errstate(all="ignore"):
        rounded = want.astype(np.float64)
        unit = np.spacing(np.abs(rounded)).astype(np.longdouble)
        away = np.abs(got.astype(np.longdouble) - want) / unit
    away = np.where(got == rounded, np.minimum(away, 0.5), away)
    return float(away.max())


RNG = np.random.default_rng(11)
N = 20000
EVERYWHERE = 10.0 ** RNG.uniform(-300, 308, N) * RNG.choice([-1, 1], N)
SPECIAL = np.array(
    [0.0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, np.inf, -np.inf, np.nan, 1e300, -1e300, 5e-324,
     1e19, -1e19, 2.0**53, 709.8, -746.0, 2.5, -2.5, 4503599627370497.0]
)  # fmt: skip
ARGUMENTS = {
    "exp": np.r_[RNG.uniform(-745, 709.7, N), RNG.normal(0, 1, N), RNG.normal(0, 1e-9, N),
                 np.arange(-1000, 1000) * np.log(2) / 64],
    "log": np.r_[np.exp(RNG.uniform(-744, 709, N)), 1 + RNG.normal(0, 0.2, N) ** 3,
                 RNG.uniform(0.70, 0.715, N), RNG.uniform(1.41, 1.42, N), [5e-324, 1e-310]],
    "tanh": np.r_[RNG.normal(0, 1, N), RNG.uniform(-0.3, 0.3, N), RNG.uniform(-25, 25, N),
                  [0.25, np.nextafter(0.25, 0), 5e-324, 1e-300]],
    "sin": np.r_[RNG.normal(0, 4, N), EVERYWHERE, np.arange(1, 5000) * np.pi / 2, [1e22]],
    "cos": np.r_[RNG.normal(0, 4, N), EVERYWHERE, np.arange(1, 5000) * np.pi / 2, [1e22]],
    "sqrt": np.r_[np.abs(EVERYWHERE), RNG.uniform(0, 4, N), [5e-324, 1e-310, 4.0, 0.0]],
}  # fmt: skip


@pytest.mark.parametrize("name", ARGUMENTS)
def test_within_one_unit_in_the_last_place(library, name):
    x = ARGUMENTS[name]
    got = _call(library, name, x)
    assert _worst(got, getattr(np, name)(x.astype(np.longdouble))) <= 1.0


def test_several_at_once_are_the_same_as_one_by_one(library, tmp_path):
    """In each width of register, at every place, whatever stands beside it."""
    narrow = _library(tmp_path, "-DEDGE_MODEL_NARROW")
    x = np.r_[ARGUMENTS["exp"], SPECIAL, np.linspace(-746, -708, 999), [709.782712893384, 710.0]]
    one = _call(library, "exp", x)
    for made in (library, narrow):
        for shift in range(5):
            got = _call(made, "together", x[shift:].copy())
            np.testing.assert_array_equal(got.view(np.int64), one[shift:].view(np.int64))
        for few in range(1, 9):
            assert _call(made, "together", x[:few].copy()).tolist() == one[:few].tolist()


@pytest.mark.parametrize("flags", [(), ("-DEDGE_MODEL_NARROW",), ("-O0",)], ids=str)
def test_products_add_from_the_first_feature_to_the_last_in_every_tile(tmp_path, flags):
    """To the last bit, with rows and columns beyond the tiles, and past the strip of features."""
    made = _library(tmp_path, *flags)
    shapes = [(n, 64, k) for n in (1, 3, 8, 67) for k in (*range(1, 28), 45)]
    shapes += [(n, f, k) for n in (2, 40) for f in (1, 127, 128, 129, 300) for k in (1, 4, 5, 13)]
    for n, f, k in shapes:
        x, w = RNG.normal(size=(n, f)), RNG.normal(size=(f, k))
        # A guard behind the last element shows a vector that passes the end.
        got = np.full(n * k + 8, 7.0)
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in (x, w, got)]
        made.all_products(*pointers, *map(ctypes.c_size_t, (n, f, k)))
        want = np.zeros((n, k))
        for i in range(f):
            want += x[:, i : i + 1] * w[i]
        np.testing.assert_array_equal(got[: n * k].reshape(n, k), want, str((n, f, k)))
        assert (got[n * k :] == 7.0).all()


def test_square_roots_without_the_instruction_are_correctly_rounded(tmp_path):
    software = _library(tmp_path, "-U__SSE2__", "-U__aarch64__")
    x = np.r_[ARGUMENTS["sqrt"], [np.inf, -0.0, -1.0, np.nan]]
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(_call(software, "sqrt", x), np.sqrt(x))


def test_powers_are_within_one_unit_in_the_last_place(library):
    base = np.exp(np.r_[RNG.uniform(-9, 9, N), RNG.normal(0, 1e-7, N), RNG.uniform(-300, 300, N)])
    exponent = np.r_[RNG.uniform(-70, 70, N), RNG.normal(0, 1e8, N), RNG.uniform(-2, 2, N)]
    want = np.power(base.astype(np.longdouble), exponent.astype(np.longdouble))
    assert _worst(_call(library, "pow", base, exponent), want) <= 1.0


@pytest.mark.parametrize("name", ONE)
def test_special_arguments_give_what_numpy_gives(library, name):
    with np.errstate(all="ignore"):
        want = getattr(np, name)(SPECIAL)
    got = _call(library, name, SPECIAL)
    np.testing.assert_allclose(got, want, rtol=3e-16, atol=0)
    if name in ("floor", "ceil", "rint", "sqrt"):
        number = ~np.isnan(want)
        np.testing.assert_array_equal(np.signbit(got[number]), np.signbit(want[number]))


def test_special_powers_follow_c99(library):
    base, exponent = (a.ravel().copy() for a in np.meshgrid(SPECIAL, SPECIAL))
    with np.errstate(all="ignore"):
        want = np.power(base, exponent)
    got = _call(library, "pow", base, exponent)
    np.testing.assert_allclose(got, want, rtol=3e-16, atol=0)
    zero = want == 0
    np.testing.assert_array_equal(np.signbit(got[zero]), np.signbit(want[zero]))


def test_the_table_of_exp_is_that_of_two_to_the_power_of_j_over_32(library):
    """Against Python's decimal, with fifty digits."""
    import re
    from decimal import Decimal, localcontext

    text = (RUNTIME / "math.c").read_text()
    rows = re.findall(r"\{(-?0x[\da-fp.+-]+), (-?0x[\da-fp.+-]+)\},", text)
    assert len(rows) == 32
    with localcontext(prec=50):
        for j, (high, low) in enumerate(rows):
            found = Decimal(float.fromhex(high)) + Decimal(float.fromhex(low))
            assert abs(found / Decimal(2) ** (Decimal(j) / 32) - 1) < Decimal(2) ** -104
