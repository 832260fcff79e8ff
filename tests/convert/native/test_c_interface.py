"""The C interface under AddressSanitizer and UndefinedBehaviorSanitizer, with hostile arguments."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from convert.native.build import emit_source
from convert.native.compilers import C_FLAGS

SANITIZERS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")

DRIVER = r"""
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "edge_model.h"

#define F EDGE_MODEL_FEATURES
#define EXPECT(want, call)                                                                  \
    do {                                                                                    \
        int got = (call);                                                                   \
        if (got != (want)) {                                                                \
            printf("line %d: status %d instead of %d\n", __LINE__, got, (want));            \
            exit(1);                                                                        \
        }                                                                                   \
    } while (0)

/* Each array is exactly as long as it is said to be, so that one step beyond is caught. */
static int predict(const double *rows, size_t n, size_t count, size_t outs, size_t bytes)
{
    double *x = malloc(count * sizeof *x + !count);
    int64_t *out = malloc(outs * sizeof *out + !outs);
    double *workspace = malloc(bytes + !bytes);
    int status;
    (void)n;
    memcpy(x, rows, count * sizeof *x);
    status = edge_model_predict(x, count, out, outs, workspace, bytes);
    free(x), free(out), free(workspace);
    return status;
}

int main(void)
{
    static double rows[200 * F];
    static int64_t out[200];
    static double workspace[EDGE_MODEL_WORKSPACE_BYTES / 8];
    size_t n, i;
    for (i = 0; i < 200 * F; i++)
        rows[i] = (double)((i * 7919) % 23) / 7.0 - 1.0;
    for (n = 1; n < 200; n += n < 70 ? 1 : 43) {
        EXPECT(EDGE_MODEL_OK, predict(rows, n, n * F, n, EDGE_MODEL_WORKSPACE_BYTES));
        EXPECT(EDGE_MODEL_OK, predict(rows, n, n * F, n, EDGE_MODEL_ROW_BYTES));
        EXPECT(EDGE_MODEL_OK, predict(rows, n, n * F, n, EDGE_MODEL_ROW_BYTES * 2 + 5));
    }
    EXPECT(EDGE_MODEL_COUNT, predict(rows, 0, 0, 0, EDGE_MODEL_ROW_BYTES));
    if (F > 1)
        EXPECT(EDGE_MODEL_COUNT, predict(rows, 1, F - 1, 1, EDGE_MODEL_ROW_BYTES));
    if (F > 1)
        EXPECT(EDGE_MODEL_COUNT, predict(rows, 1, F + 1, 1, EDGE_MODEL_ROW_BYTES));
    EXPECT(EDGE_MODEL_COUNT, predict(rows, 2, 2 * F, 1, EDGE_MODEL_ROW_BYTES));
    EXPECT(EDGE_MODEL_COUNT, predict(rows, 2, 2 * F, 3, EDGE_MODEL_ROW_BYTES));
    EXPECT(EDGE_MODEL_WORKSPACE, predict(rows, 1, F, 1, EDGE_MODEL_ROW_BYTES - 1));
    EXPECT(EDGE_MODEL_WORKSPACE, predict(rows, 1, F, 1, 0));
    EXPECT(EDGE_MODEL_COUNT,
           edge_model_predict(rows, (size_t)-1, out, 1, workspace, sizeof workspace));
    EXPECT(EDGE_MODEL_COUNT, edge_model_predict(rows, SIZE_MAX / F * F, out, SIZE_MAX / F,
                                                workspace, sizeof workspace));
    EXPECT(EDGE_MODEL_NULL, edge_model_predict(0, F, out, 1, workspace, sizeof workspace));
    EXPECT(EDGE_MODEL_NULL, edge_model_predict(rows, F, 0, 1, workspace, sizeof workspace));
    EXPECT(EDGE_MODEL_NULL, edge_model_predict(rows, F, out, 1, 0, sizeof workspace));
    EXPECT(EDGE_MODEL_ALIGNMENT,
           edge_model_predict(rows, F, out, 1, (char *)workspace + 1, sizeof workspace - 8));
    rows[F - 1] = NAN;
    EXPECT(WANT_NAN, predict(rows, 1, F, 1, EDGE_MODEL_ROW_BYTES));
    rows[F - 1] = -INFINITY;
    EXPECT(WANT_INFINITE, predict(rows, 1, F, 1, EDGE_MODEL_ROW_BYTES));
    rows[F - 1] = 1e300;
    EXPECT(WANT_LARGE, predict(rows, 1, F, 1, EDGE_MODEL_ROW_BYTES));
    if (edge_model_string(-1) || edge_model_string(1 << 30))
        return 2;
#if EDGE_MODEL_FRAME_UNITS
    {
        double *frame = calloc(EDGE_MODEL_FRAME_UNITS, 8);
        for (i = 0; i < F; i++)
            frame[i] = 0.25;
        EXPECT(EDGE_MODEL_OK, edge_model_predict_row(frame));
        if (frame[F] != 0.25)
            return 3;
        free(frame);
    }
#endif
    puts("ok");
    return 0;
}
"""


def _run(tmp_path, source, *defines):
    (tmp_path / "edge_model.c").write_text(source.c)
    (tmp_path / "edge_model.h").write_text(source.h)
    (tmp_path / "driver.c").write_text(DRIVER)
    flags = [flag for flag in C_FLAGS if flag != "-O2"]
    model = ["cc", *flags, "-O1", *SANITIZERS, "-c", "edge_model.c"]
    built = subprocess.run(model, cwd=tmp_path, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    link = ["cc", "-std=c99", *SANITIZERS, *defines, "driver.c", "edge_model.o", "-o", "driver"]
    built = subprocess.run(link, cwd=tmp_path, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return subprocess.run([tmp_path / "driver"], capture_output=True, text=True)


def _data():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(120, 5))
    return X, rng.integers(0, 3, size=120)


MODELS = {
    "linear": lambda: make_pipeline(StandardScaler(), LogisticRegression()),
    "forest": lambda: RandomForestClassifier(19, random_state=0),
    "neighbours": lambda: KNeighborsClassifier(3),
}


DEEP = pytest.mark.deep
FURTHER = (("-Os",), ("-O3",), ("-O2", "-std=gnu11"))


@pytest.mark.parametrize(
    ("name", "strict"),
    [
        ("linear", True),
        ("forest", False),
        pytest.param("linear", False, marks=DEEP),
        pytest.param("forest", True, marks=DEEP),
        pytest.param("neighbours", True, marks=DEEP),
        pytest.param("neighbours", False, marks=DEEP),
    ],
)
def test_no_argument_makes_it_read_or_write_elsewhere(compiled, tmp_path, name, strict):
    X, y = _data()
    model = compiled(MODELS[name]().fit(X, y), 5)
    (given,) = model.contract.inputs
    policy = replace(given, nan=not strict, infinite=not strict, limit=1e30 if strict else None)
    source = emit_source(model.onnx, replace(model.contract, inputs=(policy,)))
    wanted = (5, 6, 7) if strict else (0, 0, 0)
    names = ("WANT_NAN", "WANT_INFINITE", "WANT_LARGE")
    defines = [f"-D{define}={value}" for define, value in zip(names, wanted, strict=True)]
    ended = _run(tmp_path, source, *defines)
    assert (ended.returncode, ended.stdout) == (0, "ok\n"), ended.stdout + ended.stderr


def test_a_row_that_scikit_learn_refuses_has_a_status_of_its_own(compiled, tmp_path):
    X = np.array([[0.0, 1], [1, 0], [2, 1]] * 4)
    estimator = make_pipeline(OneHotEncoder(sparse_output=False), LogisticRegression())
    model = compiled(estimator.fit(X, [0, 1, 2] * 4), 2)
    assert len(model.contract.checks) == 1
    source = emit_source(model.onnx, model.contract)
    program = r"""
    #include <stdio.h>
    #include "edge_model.h"
    int main(void)
    {
        double rows[4] = {1.0, 0.0, 7.0, 1.0}, workspace[EDGE_MODEL_WORKSPACE_BYTES / 8];
        int64_t labels[2];
        printf("%d", edge_model_predict(rows, 2, labels, 1, workspace, sizeof workspace));
        printf(" %d\n", edge_model_predict(rows, 4, labels, 2, workspace, sizeof workspace));
        return 0;
    }
    """
    (tmp_path / "edge_model.c").write_text(source.c)
    (tmp_path / "edge_model.h").write_text(source.h)
    (tmp_path / "main.c").write_text(program)
    command = ["cc", *SANITIZERS, "-std=c99", "main.c", "edge_model.c", "-o", "main"]
    subprocess.run(command, cwd=tmp_path, check=True)
    said = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True).stdout
    assert said == "0 16\n"


@pytest.mark.parametrize(
    "flags",
    [("-O0",), ("-O3", "-DEDGE_MODEL_NARROW"), *(pytest.param(f, marks=DEEP) for f in FURTHER)],
    ids=str,
)
def test_every_optimisation_gives_the_same_bits(compiled, tmp_path, flags):
    """What a firmware's build chooses must not change an answer, -ffp-contract=off apart."""
    import ctypes

    X, y = _data()
    estimator = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    model = compiled(estimator, 5)
    source = emit_source(model.onnx, model.contract)
    (tmp_path / "edge_model.c").write_text(source.c)
    (tmp_path / "edge_model.h").write_text(source.h)
    command = ["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", *flags]
    command += ["-ffp-contract=off", "-shared", "-fPIC", "edge_model.c", "-o", "model.so"]
    subprocess.run(command, cwd=tmp_path, check=True)
    library = ctypes.CDLL(str(tmp_path / "model.so"))
    X = np.ascontiguousarray(X)
    out, workspace = np.empty((len(X), 3)), np.empty(source.workspace_bytes // 8)
    arrays = [(array.ctypes.data, array.size) for array in (X, out)]
    flat = [kind(v) for pair in arrays for kind, v in zip(_KINDS, pair, strict=True)]
    flat += [_KINDS[0](workspace.ctypes.data), _KINDS[1](workspace.nbytes)]
    assert library.edge_model_predict_proba(*flat) == 0
    np.testing.assert_array_equal(out, model.native(X)["probabilities"])


def _kinds():
    import ctypes

    return ctypes.c_void_p, ctypes.c_size_t


_KINDS = _kinds()
