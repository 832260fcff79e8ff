"""`load`: what is on disk is verified, compatible and self-tested, or there is no model."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
from artifact_builder import (
    Linear,
    contract_parts,
    digits_image,
    golden_rows,
    random_linear,
    write_artifact,
    write_bundle,
    write_signed,
)

import edge_infer
from edge_infer.contract import Runtimes, write_contract
from edge_infer.errors import BadInput, EdgeInferError, Incompatible, Unavailable, Untrusted
from edge_infer.trust import parse_public_key
from edge_infer.trust.keygen import generate


def test_an_artifact_predicts_what_numpy_says(artifact: Path, trust: Path, linear: Linear) -> None:
    model = edge_infer.load(artifact, trust=trust)
    X = np.random.default_rng(5).normal(size=(100, 64))
    assert model.predict(X).tolist() == linear.predict(X).tolist()


def test_a_bundle_loads_by_its_outer_signature_alone(
    tmp_path: Path, artifact: Path, linear: Linear
) -> None:
    publisher, trust = generate(tmp_path / "publisher")
    bundle = write_bundle(tmp_path / "bundle", publisher, artifact)
    X = golden_rows(linear)
    assert edge_infer.load(bundle, trust=trust).predict(X).tolist() == linear.predict(X).tolist()
    with pytest.raises(Untrusted):
        edge_infer.load(bundle / "artifact", trust=trust)


def test_trust_may_be_a_parsed_key_or_several(artifact: Path, trust: Path, tmp_path: Path) -> None:
    key = parse_public_key(trust.read_bytes())
    _, other = generate(tmp_path / "other")
    assert edge_infer.load(artifact, trust=key).engine
    assert edge_infer.load(str(artifact), trust=[str(other), trust]).engine


def test_attack_another_key(artifact: Path, tmp_path: Path) -> None:
    _, other = generate(tmp_path / "other")
    with pytest.raises(Untrusted):
        edge_infer.load(artifact, trust=other)


@pytest.mark.parametrize("name", ["model.onnx", "contract.json", "golden.bin", "model.sig"])
def test_attack_one_flipped_bit(artifact: Path, trust: Path, tmp_path: Path, name: str) -> None:
    copy = Path(shutil.copytree(artifact, tmp_path / "copy"))
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    with pytest.raises(Untrusted):
        edge_infer.load(copy, trust=trust)


def test_attack_bundle_json_added_to_an_artifact(
    artifact: Path, trust: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(artifact, tmp_path / "copy"))
    (copy / "bundle.json").write_text("{}")
    with pytest.raises(Untrusted):
        edge_infer.load(copy, trust=trust)


def test_attack_files_swapped_after_loading(
    artifact: Path, trust: Path, tmp_path: Path, linear: Linear
) -> None:
    copy = Path(shutil.copytree(artifact, tmp_path / "copy"))
    model = edge_infer.load(copy, trust=trust)
    shutil.rmtree(copy)
    X = golden_rows(linear)
    assert model.predict(X).tolist() == linear.predict(X).tolist()
    assert np.allclose(model.predict_proba(X), linear.predict_proba(X), rtol=1e-12)


def test_a_missing_directory_is_the_caller_s_mistake(trust: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        edge_infer.load(tmp_path / "nothing", trust=trust)


def test_a_signed_directory_that_is_no_artifact(key: Path, trust: Path, tmp_path: Path) -> None:
    out = write_signed(tmp_path / "out", key, {"notes.txt": b"hello"})
    with pytest.raises(Incompatible, match="no artifact") as caught:
        edge_infer.load(out, trust=trust)
    assert "model.onnx" in str(caught.value.actual)


def test_an_expired_artifact_loads_and_says_so(key: Path, trust: Path, tmp_path: Path) -> None:
    expires = "2020-01-01T00:00:00+00:00"
    out = write_artifact(tmp_path / "out", key, random_linear(4, "ab"), expires=expires)
    assert edge_infer.load(out, trust=trust).contract.expires == expires


@pytest.mark.parametrize(
    ("runtimes", "message"),
    [
        (Runtimes("1.999", ()), "does not predict what was proven"),
        (Runtimes("1.21", ("THIS",)), "does not predict what was proven"),
        (Runtimes("one", ()), "no number"),
    ],
)
def test_a_runtime_release_that_the_contract_refuses(
    key: Path, trust: Path, tmp_path: Path, runtimes: Runtimes, message: str
) -> None:
    import onnxruntime

    this = ".".join(onnxruntime.__version__.split(".")[:2])
    refused = tuple(this if release == "THIS" else release for release in runtimes.refused)
    runtimes = dataclasses.replace(runtimes, refused=refused)
    out = write_artifact(tmp_path / "out", key, random_linear(4, "ab"), runtimes=runtimes)
    with pytest.raises(Incompatible, match=message) as caught:
        edge_infer.load(out, trust=trust)
    if "predict" in message:
        assert "pip install 'onnxruntime>=1." in str(caught.value.hint)


@pytest.mark.parametrize("engine", ["tensorflow", "", "Onnxruntime"])
def test_an_unknown_engine_is_named(artifact: Path, trust: Path, engine: str) -> None:
    with pytest.raises(BadInput, match="no such engine"):
        edge_infer.load(artifact, trust=trust, engine=engine)


def test_a_forced_engine(artifact: Path, trust: Path) -> None:
    assert (
        edge_infer.load(artifact, trust=trust, engine="onnxruntime").engine[:12] == "onnxruntime "
    )


def test_a_graph_that_does_not_open(key: Path, trust: Path, tmp_path: Path) -> None:
    model = random_linear(4, "ab")
    out = write_artifact(tmp_path / "out", key, model, onnx_bytes=b"not a graph")
    with pytest.raises(Incompatible, match="not an ONNX file"):
        edge_infer.load(out, trust=trust)


def test_a_graph_that_is_not_the_contract_s(key: Path, trust: Path, tmp_path: Path) -> None:
    other = random_linear(5, "ab").onnx()
    out = write_artifact(tmp_path / "out", key, random_linear(4, "ab"), onnx_bytes=other)
    with pytest.raises(Incompatible, match="not the graph"):
        edge_infer.load(out, trust=trust)


def test_another_estimator_of_the_same_shape_fails_the_self_test(
    key: Path, trust: Path, tmp_path: Path
) -> None:
    other = random_linear(4, "ab", seed=1).onnx()
    out = write_artifact(tmp_path / "out", key, random_linear(4, "ab"), onnx_bytes=other)
    with pytest.raises(Incompatible, match="self-test failed") as caught:
        edge_infer.load(out, trust=trust)
    assert caught.value.expected != caught.value.actual


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "float32"},
        {"dtype": "str"},
        {"shape": (None, None)},
        {"shape": (None, 0)},
        {"shape": (None,)},
        {"columns": ("a", "b")},
    ],
)
def test_inputs_that_this_runtime_does_not_serve(
    key: Path, trust: Path, tmp_path: Path, change: dict[str, object]
) -> None:
    out = write_artifact(tmp_path / "out", key, random_linear(4, "ab"), input_changes=change)
    with pytest.raises(Incompatible):
        edge_infer.load(out, trust=trust)


@pytest.mark.parametrize(
    "change", [{"mode": "CMYK"}, {"resample": "magic"}, {"width": 9}, {"width": -8, "height": -8}]
)
def test_pictures_that_this_runtime_does_not_prepare(
    key: Path, trust: Path, tmp_path: Path, linear: Linear, change: dict[str, object]
) -> None:
    out = write_artifact(tmp_path / "out", key, linear, image=digits_image(**change))
    with pytest.raises(Incompatible, match="picture"):
        edge_infer.load(out, trust=trust)


def test_a_contract_of_a_later_format(key: Path, trust: Path, tmp_path: Path) -> None:
    model = random_linear(4, "ab")
    contract, golden = contract_parts(model, golden_rows(model))
    files = {
        "contract.json": write_contract(dataclasses.replace(contract, format=2)),
        "model.onnx": model.onnx(),
        "golden.bin": golden,
    }
    with pytest.raises(Incompatible, match="format"):
        edge_infer.load(write_signed(tmp_path / "out", key, files), trust=trust)


def test_without_onnxruntime_it_says_what_to_install(
    artifact: Path, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(Unavailable, match="not installed") as caught:
        edge_infer.load(artifact, trust=trust)
    assert "pip install" in str(caught.value.hint)


def test_every_refusal_is_of_one_root() -> None:
    for error in (Untrusted, Incompatible, BadInput, Unavailable):
        assert issubclass(error, EdgeInferError)
