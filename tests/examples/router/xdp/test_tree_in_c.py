"""The tree in C says what scikit-learn says, on thresholds and beside them."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import convert
from edge_infer import BadInput
from examples.router.xdp.fields import FIELDS, MOST
from examples.router.xdp.tree import decide, read_trees, to_c

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = len(FIELDS)
SHIM = (
    "#include <stdint.h>\ntypedef uint32_t __u32;\n"
    "#undef __always_inline\n#define __always_inline inline\n"
)


def rows(count: int, seed: int) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, rng.choice([2, 256, MOST], (1, WIDTH)) + 1, (count, WIDTH)).astype(float)


def labels(X: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    noise = np.random.default_rng(5).random(len(X)) < 0.1
    bad = (X[:, 6] % 7 < 3) & (X[:, 7] > X[:, 2]) | (X[:, 1] == 1)
    return (bad ^ noise).astype(int)


def written(estimator: Any, folder: Path) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(convert.export(estimator, rows(200, 2)).files["model.onnx"])
    return path


def compiled(text: str, folder: Path) -> Any:
    source = folder / "tree.c"
    source.write_text(
        f"{SHIM}{text}\n__u32 ask(const __u32 *field) {{ return edge_tree(field); }}\n"
    )
    library = folder / "tree.so"
    strict = ("-std=gnu11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC")
    subprocess.run(["cc", *strict, str(source), "-o", str(library)], check=True, timeout=60)
    return ctypes.CDLL(str(library)).ask


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler: apt install gcc")
def test_the_c_says_what_scikit_learn_says_on_every_threshold(tmp_path: Path) -> None:
    X = rows(1500, 1)
    model = DecisionTreeClassifier(max_depth=8, random_state=0).fit(X, labels(X))
    ask = compiled(to_c(decide(read_trees(written(model, tmp_path))), 1), tmp_path)
    probes = [X[:400], rows(400, 3)]
    splits = model.tree_.feature >= 0
    pairs = zip(model.tree_.feature[splits], model.tree_.threshold[splits], strict=True)
    for feature, at in pairs:
        near = rows(4, int(feature))
        near[:, feature] = np.clip([at - 1, np.floor(at), np.ceil(at), at + 1], 0, MOST) // 1
        probes.append(near)
    every = np.concatenate(probes)
    said = [ask((ctypes.c_uint32 * WIDTH)(*map(int, row))) for row in every]
    assert said == model.predict(every).tolist()
    assert len(set(said)) == 2


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=3, random_state=0)),
        RandomForestClassifier(3, max_depth=4, random_state=0),
    ],
    ids=["scaled", "forest"],
)
def test_a_graph_that_the_kernel_cannot_run_is_refused_by_name(model: Any, tmp_path: Path) -> None:
    X = rows(300, 1) / 1000.0
    path = written(model.fit(X, labels(X)), tmp_path)
    with pytest.raises(BadInput, match="not a graph that the kernel can run"):
        read_trees(path)


def test_a_tree_with_more_leaves_than_the_kernel_takes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("examples.router.xdp.tree.MOST_LEAVES", 5)
    X = rows(300, 1)
    tree = DecisionTreeClassifier(max_depth=6, random_state=0).fit(X, labels(X))
    trees = read_trees(written(tree, tmp_path))
    with pytest.raises(BadInput, match="too large for the kernel"):
        decide(trees)
