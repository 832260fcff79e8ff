"""`convert.convert` and its command, from a signed file to a signed directory."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import convert
import edge_infer
from edge_infer.__main__ import main
from edge_infer.errors import BadInput, Incompatible, Unavailable, Untrusted

sys.path.insert(0, str(Path(__file__).parent))
import opcodes as op


@pytest.fixture
def work(tmp_path: Path, keys: Path, digits: Any) -> dict[str, Any]:
    """Arguments of `convert.convert` for a digits model, but for the path."""
    samples = tmp_path / "X.npy"
    np.save(samples, digits[0][:200])
    return {
        "trust": keys / "trainer.pub",
        "samples": samples,
        "out": tmp_path / "artifact",
        "key": keys / "fleet.key",
    }


def arguments(path: Path, work: dict[str, Any], *more: str) -> list[str]:
    options = [part for name, value in work.items() for part in (f"--{name}", str(value))]
    return ["convert", str(path), *options, *more]


def nothing_written(work: dict[str, Any]) -> bool:
    folder = Path(work["out"]).parent
    return not Path(work["out"]).exists() and not list(folder.glob(".*"))


def test_a_gzipped_digits_model_becomes_an_artifact_that_predicts_the_same(
    sign, work, keys, estimator, digits
) -> None:
    out = io.BytesIO()
    joblib.dump(estimator, out)
    path = sign(gzip.compress(out.getvalue()), "digits.v2.pkl.gz")
    stages: dict[str, float] = {}
    artifact = convert.convert(
        path, **work, sequence=7, image="L:8x8,range=0..16", progress=stages.__setitem__
    )
    model = edge_infer.load(work["out"], trust=keys / "fleet.pub")
    assert np.array_equal(model.predict(digits[0]), estimator.predict(digits[0]))
    assert model.contract == artifact.contract
    assert (model.contract.name, model.contract.sequence) == ("digits", 7)
    assert model.contract.image is not None
    assert model.contract.source.estimator == "sklearn.linear_model.SGDClassifier"
    assert all(parity.differ == 0 for parity in model.certificate.parity)
    assert {"verify the pickle", "audit the pickle"} < stages.keys()
    assert all(0 <= fraction <= 1 for fraction in stages.values())


def test_a_forest_that_was_trained_on_all_cores_converts(sign, work, keys, digits) -> None:
    X, y = digits
    forest = make_pipeline(
        StandardScaler(), RandomForestClassifier(5, max_depth=4, n_jobs=-1, random_state=0)
    ).fit(X, y)
    convert.convert(sign(pickle.dumps(forest)), **work)
    model = edge_infer.load(work["out"], trust=keys / "fleet.pub")
    assert np.array_equal(model.predict(X), forest.predict(X))


def test_the_command_prints_the_certificate(sign, work, pickles, capsys) -> None:
    assert main(arguments(sign(pickles["zlib"], "model.joblib"), work, "--name", "seven")) == 0
    printed = capsys.readouterr()
    assert "seven, sequence 1" in printed.out
    assert "undecided" in printed.out
    assert printed.err == ""
    assert Path(work["out"], "model.sig").is_file()


def test_the_command_prints_json(sign, work, pickles, capsys) -> None:
    assert main(arguments(sign(pickles["pickle"]), work, "--json", "--sequence", "2")) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["name"], told["sequence"]) == ("model", 2)
    assert all(parity["differ"] == 0 for parity in told["certificate"]["parity"])


def test_verify_reads_the_expiry_that_convert_wrote(sign, work, pickles, keys, capsys) -> None:
    words = arguments(sign(pickles["pickle"]), work, "--expires", "2999-12-31")
    assert main(words) == 0
    capsys.readouterr()
    assert main(["verify", str(work["out"]), "--trust", str(keys / "fleet.pub")]) == 0
    assert "valid until 2999-12-31T23:59:59+00:00" in capsys.readouterr().out


def test_an_output_in_an_artifact_is_refused_before_the_work(sign, work, pickles, keys) -> None:
    artifact = Path(work["out"])
    artifact.mkdir()
    (artifact / "model.sig").write_bytes(b"")
    work["out"] = artifact / "x"
    with pytest.raises(BadInput, match="signed directory"):
        convert.convert(sign(pickles["joblib"]), **work, progress=_no_progress)
    assert [p.name for p in artifact.iterdir()] == ["model.sig"]


def test_keygen_sign_convert_as_a_user_types_them(tmp_path: Path, pickles, digits) -> None:
    (tmp_path / "model.pkl.gz").write_bytes(pickles["gzip"])
    np.savetxt(tmp_path / "X.csv", digits[0][:50], delimiter=",")

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "edge_infer", *words],
            cwd=tmp_path, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.stderr == ""
        return done.stdout

    assert "trainer.pub" in run("keygen", "trainer")
    assert json.loads(run("keygen", "fleet", "--json"))["fingerprint"].startswith("SHA256:")
    assert "model.pkl.gz.sig" in run("sign", "model.pkl.gz", "--key", "trainer.key")
    told = run(
        *("convert", "model.pkl.gz", "--trust", "trainer.pub", "--samples", "X.csv"),
        *("--out", "artifact", "--key", "fleet.key", "--image", "L:8x8,range=0..16"),
    )
    assert "SGDClassifier" in told
    assert "signed by" in run("verify", "artifact", "--trust", "fleet.pub")


BAD = {
    "no signature": (Untrusted, "no signature"),
    "truncated signature": (Untrusted, None),
    "wrong key": (Untrusted, "another key"),
    "malicious": (Untrusted, "names code"),
    "dotted": (Untrusted, "names code"),
    "nested": (Untrusted, "names code"),
    "wrapper": (Untrusted, "rewrites joblib"),
    "bomb": (BadInput, "grows beyond"),
    "bz2": (BadInput, "compressed as bz2"),
    "xz": (BadInput, "compressed as xz"),
    "other version": (Incompatible, "another scikit-learn"),
    "no estimator": (BadInput, "no scikit-learn estimator"),
    "unfitted": (BadInput, "not fitted"),
    "samples": (BadInput, "numpy arrays"),
    "columns": (BadInput, "samples"),
    "image": (BadInput, "misspelled"),
    "exists": (BadInput, "exists"),
    "no folder": (BadInput, "no directory"),
    "expiry": (BadInput, "no date"),
    "expired": (BadInput, "passed"),
    "sequence": (BadInput, "sequence"),
}


def make_bad(case: str, sign: Any, work: dict[str, Any], extra: list[str], **given: Any) -> Path:
    """Prepare one bad input; `extra` takes options."""
    import bz2
    import lzma

    good: bytes = given["pickles"]["joblib"]
    command = f"touch {given['canary']}"
    rewrite = op.NONE + op.dictionary(read=op.name("os", "system")) + b"\x86" + op.BUILD
    data = {
        "malicious": pickle.dumps(given["malicious"]),
        "dotted": op.stream(op.call("sklearn.datasets._base", "os.system", op.text(command))),
        "nested": op.object_array(op.stream(op.system(command))),
        "wrapper": op.stream(op.name("joblib.numpy_pickle", "NumpyArrayWrapper"), rewrite),
        "bomb": gzip.compress(b"\x80" + b"\0" * (80 << 20)),
        "bz2": bz2.compress(good),
        "xz": lzma.compress(good),
        "other version": good.replace(b"1.9.1", b"1.4.2"),
        "no estimator": pickle.dumps([1, 2]),
        "unfitted": pickle.dumps(SVC()),
    }.get(case, good)
    path: Path = sign(data)
    signature = path.with_name("model.pkl.sig")
    if case == "no signature":
        signature.unlink()
    elif case == "truncated signature":
        signature.write_bytes(signature.read_bytes()[:300])
    elif case == "wrong key":
        work["trust"] = given["keys"] / "stranger.pub"
    elif case == "samples":
        np.save(work["samples"], np.array([{"a": 1}]), allow_pickle=True)
    elif case == "columns":
        np.save(work["samples"], np.zeros((5, 3)))
    elif case == "image":
        extra += ["--image", "8x8"]
    elif case == "no folder":
        work["out"] = Path(work["out"], "deep", "artifact")
    elif case in ("expiry", "expired"):
        extra += ["--expires", "soon" if case == "expiry" else "2020-01-31"]
    elif case == "sequence":
        extra += ["--sequence", "0"]
    return path


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_whole(
    case: str, sign, work, pickles, malicious, canary, keys, capsys
) -> None:
    extra: list[str] = []
    path = make_bad(
        case, sign, work, extra, pickles=pickles, malicious=malicious, canary=canary, keys=keys
    )
    if case == "exists":
        Path(work["out"]).mkdir()
    kind, match = BAD[case]
    code = main([*arguments(path, work, *extra), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (told["error"], code, told["exit_code"]) == (kind.__name__, kind.exit_code, code)
    assert match is None or match in told["what"]
    assert told["expected"]
    assert told["hint"]
    assert not canary.exists()
    if case == "exists":
        assert list(Path(work["out"]).iterdir()) == []
        Path(work["out"]).rmdir()
    assert nothing_written(work)


def test_a_malicious_pickle_that_nobody_signed_is_not_even_opened(
    tmp_path: Path, work, malicious, canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(malicious))
    monkeypatch.setattr("convert.unpickle.source.decompress", None)
    with pytest.raises(Untrusted):
        convert.convert(path, **work)
    assert not canary.exists()
    assert nothing_written(work)


def test_a_wrong_signing_key_is_found_before_the_work(sign, work, pickles, keys) -> None:
    work["key"] = keys / "fleet.pub"
    with pytest.raises(BadInput):
        convert.convert(sign(pickles["joblib"]), **work, progress=_no_progress)
    assert nothing_written(work)


def _no_progress(stage: str, fraction: float) -> None:
    raise AssertionError(f"{stage} began")


def test_a_full_disk_leaves_nothing(tmp_path: Path, keys: Path) -> None:
    """A file size limit stands in for the disk: writing fails in the middle of a file."""
    program = f"""
import resource, sys
import numpy as np
from sklearn.linear_model import LogisticRegression
import convert
from edge_infer.errors import Unavailable
X = np.random.default_rng(0).normal(size=(60, 3))
artifact = convert.export(LogisticRegression().fit(X, X[:, 0] > 0), X)
resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))
try:
    artifact.write("artifact", key={str(keys / "fleet.key")!r})
except Unavailable as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "cannot write" in done.stdout
    assert "nothing was written" in done.stdout
    assert list(tmp_path.iterdir()) == []
    assert Unavailable.exit_code == 6


def test_importing_convert_is_light() -> None:
    code = "import sys, convert.commands; print(*({'sklearn', 'numpy', 'onnx'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_the_names_of_the_package_are_functions_however_it_is_imported() -> None:
    code = "from convert.export import export; import convert; print(convert.export is export)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
