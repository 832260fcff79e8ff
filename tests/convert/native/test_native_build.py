"""Targets, compilers, programs and firmware; what needs a compiler that is missing is skipped."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import MissingIndicator
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

import convert
import edge_infer
from convert.conversion import write_both
from convert.errors import NotExact, Unsupported
from convert.native.build import build, emit_source
from convert.native.compilers import Compiler, compile_shared, find_compiler
from convert.native.firmware import GCC, link_cortex_m
from convert.native.targets import TARGETS, host_target, named_targets
from edge_infer.contract import read_contract
from edge_infer.engines.elf import identify
from edge_infer.engines.native import NativeEngine
from edge_infer.errors import BadInput, Unavailable
from edge_infer.selftest import read_golden
from edge_infer.trust.keygen import generate


@pytest.fixture(scope="module")
def artifact():
    X, y = load_iris(return_X_y=True)
    return convert.export(LogisticRegression(max_iter=300).fit(X, np.array(["a", "b", "c"])[y]), X)


@pytest.fixture(scope="module")
def forest():
    X, y = load_iris(return_X_y=True)
    return convert.export(RandomForestClassifier(12, random_state=0).fit(X, y), X)


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return generate(tmp_path_factory.mktemp("keys") / "fleet")[0]


def test_a_written_artifact_names_its_compiled_models(artifact, key, tmp_path):
    out = artifact.write(tmp_path / "artifact", key=key, native="host,host:exe")
    contract = read_contract((out / "contract.json").read_bytes())
    shared, program = contract.native
    assert shared.file == f"native/{host_target().name}.so"
    assert shared.rows_compared > 500
    assert program.target == f"{host_target().name}:exe"
    for native in contract.native:
        assert (out / native.file).stat().st_size == native.size_bytes
    assert (out / program.file).stat().st_mode & 0o111


@pytest.mark.parametrize("engine", ["onnxruntime", "native"])
def test_a_model_that_answers_yes_or_no_passes_its_self_test(key, tmp_path, engine):
    """numpy subtracts no bools, and a self-test that did would refuse every device."""
    X = np.arange(24.0).reshape(8, 3)
    X[::2, 1] = np.nan
    estimator = MissingIndicator(features="all").fit(X)
    out = convert.export(estimator, X).write(tmp_path / "artifact", key=key, native="host")
    model = edge_infer.load(out, trust=key.with_suffix(".pub"), engine=engine)
    np.testing.assert_array_equal(model.transform(X), estimator.transform(X))


def test_an_artifact_that_cannot_be_written_leaves_no_source(artifact, key, tmp_path):
    (tmp_path / "artifact").mkdir()
    with pytest.raises(BadInput):
        write_both(artifact, tmp_path / "artifact", key, tmp_path / "firmware")
    assert sorted(tmp_path.iterdir()) == [tmp_path / "artifact"]


def test_a_source_that_cannot_be_put_in_its_place_leaves_no_artifact(artifact, key, tmp_path):
    """Both at one path: the artifact is there first."""
    with pytest.raises(BadInput):
        write_both(artifact, tmp_path / "one", key, tmp_path / "one")
    assert not list(tmp_path.iterdir())


def test_artifact_and_source_are_written_together(artifact, key, tmp_path):
    write_both(artifact, tmp_path / "artifact", key, tmp_path / "firmware")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["artifact", "firmware"]
    assert len(list((tmp_path / "firmware").iterdir())) == 2


def test_a_program_answers_csv_and_names_a_bad_row(artifact, tmp_path):
    built = build(artifact.onnx, artifact.contract, artifact.golden, "host:exe")
    (data,) = built.files.values()
    program = tmp_path / "program"
    program.write_bytes(data)
    program.chmod(0o700)

    def run(text, *arguments):
        return subprocess.run([program, *arguments], input=text, capture_output=True, text=True)

    assert run("5.1,3.5,1.4,0.2\n\n 7.7, 3.0,6.1,2.3").stdout == "a\nc\n"
    scores = run("5.1,3.5,1.4,0.2\n", "predict_proba").stdout
    assert abs(sum(map(float, scores.split(","))) - 1) < 1e-12
    assert run("5.1,3.5,1.4,0.2\n1,2,3\n").returncode == 65
    assert run("5.1,3.5,1.4,0.2\n1,2,3\n").stderr == "row 2: it is no row of 4 numbers\n"
    counted = run("0,1,2,3\n5.1,3.5,1.4,0.2\n")
    assert (counted.returncode, counted.stdout) == (65, "")
    assert "row 1: it counts the columns, as a header does" in counted.stderr
    for rows in ("0,1,2,3", "0,1,2,3\n\n", "0.0,1,2,3\n"):
        assert len(run(rows).stdout.split()) == 1
    assert len(run("0.0,1,2,3\n0,1,2,3\n0,1,2,3\n").stdout.split()) == 3
    assert run("1,2,3,4,5\n").returncode == 65
    assert run("1,2,3,x\n").returncode == 65
    assert run("1,2,3," + "4" * 2000 + "\n").returncode in (6, 65)
    assert run("1,2,3,nan\n").returncode == 5
    assert run("", "nothing").returncode == 64
    assert run("1234567", "--raw").returncode == 65


def test_names_of_targets():
    assert [target.name for target in named_targets("all")] == list(TARGETS)
    assert [t.label for t in named_targets("aarch64, mipsel-sf,aarch64:exe")] == [
        "aarch64",
        "mipsel-sf",
        "aarch64:exe",
    ]
    for wrong in ("sparc", "aarch64:dll", "", "host:"):
        with pytest.raises(BadInput, match="no such target"):
            named_targets(wrong)


def test_the_message_of_a_failing_compiler_is_shown_and_nothing_is_written(
    artifact, key, tmp_path, monkeypatch
):
    broken = tmp_path / "cc"
    broken.write_text("#!/bin/sh\necho 'cc1: the disk is made of cheese' >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="made of cheese"):
        artifact.write(tmp_path / "artifact", key=key, native="host")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cc"]


def test_a_missing_compiler_is_named_with_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Unavailable, match="ziglang, or apt install gcc-riscv64-linux-gnu"):
        find_compiler(TARGETS["riscv64"])


def test_a_compiler_for_another_processor_is_found_out(artifact):
    source = emit_source(artifact.onnx, artifact.contract)
    other = next(target for target in TARGETS.values() if target.name != host_target().name)
    host = find_compiler(host_target())
    with pytest.raises(Unavailable, match="for another processor"):
        compile_shared(source, other, compiler=host)


def test_a_model_beyond_the_budget_is_refused(artifact):
    with pytest.raises(BadInput, match="too large"):
        build(artifact.onnx, artifact.contract, artifact.golden, "host", max_bytes=2000)


def test_a_compiled_model_that_answers_otherwise_is_refused(artifact, monkeypatch):
    """A compiler that changes one weight: the golden vectors or the probes find it."""
    import convert.native.build as building

    right = building.emit

    def wrong(model):
        source = right(model)
        head, tail = source.c.split("static const double table_0[", 1)
        start = tail.index("0x1.")
        return replace(source, c=head + "static const double table_0[" + tail[:start]
                       + "0x1.8" + tail[start + 5 :])  # fmt: skip

    monkeypatch.setattr(building, "emit", wrong)
    with pytest.raises(NotExact):
        build(artifact.onnx, artifact.contract, artifact.golden, "host")


def test_trees_that_take_a_threshold_for_less_are_refused(forest, monkeypatch):
    import convert.native.build as building

    right = building.emit

    def wrong(model):
        source = right(model)
        assert "(value <= node->threshold.value)" in source.c
        return replace(source, c=source.c.replace("(value <= node->", "(value < node->"))

    monkeypatch.setattr(building, "emit", wrong)
    with pytest.raises(NotExact):
        build(forest.onnx, forest.contract, forest.golden, "host", probes=forest.probes)


def test_a_row_that_has_other_bits_alone_than_in_a_batch_is_refused(artifact, monkeypatch):
    """One ulp lies within every tolerance, and a device could answer a row in two ways."""
    right = NativeEngine.run

    def other(self, names, feeds):
        found = right(self, names, feeds)
        alone = len(next(iter(feeds.values()))) == 1
        return [np.nextafter(a, np.inf) if alone and a.dtype.kind == "f" else a for a in found]

    monkeypatch.setattr(NativeEngine, "run", other)
    with pytest.raises(NotExact, match="a row alone differs"):
        build(artifact.onnx, artifact.contract, artifact.golden, "host")


def test_several_inputs_have_no_native_form(artifact):
    import onnx

    model = onnx.load_model_from_string(artifact.onnx)
    model.graph.input.append(onnx.helper.make_tensor_value_info("Y", 1, [None, 1]))
    with pytest.raises(Unsupported, match="no native form"):
        emit_source(model.SerializeToString(), artifact.contract)


@pytest.mark.parametrize("name", [n for n, t in TARGETS.items() if t.gcc and n != "x86_64"])
def test_cross_compiled_models_need_nothing(forest, name):
    target = TARGETS[name]
    if shutil.which(target.gcc) is None:
        pytest.skip(f"{target.gcc} is not installed")
    data = compile_shared(emit_source(forest.onnx, forest.contract), target)
    found = identify(data)
    assert found is not None
    assert found.target == name
    assert b"libc" not in data


EMULATORS = {"aarch64": "qemu-aarch64-static", "mipsel": "qemu-mipsel-static",
             "armv7hf": "qemu-arm-static", "riscv64": "qemu-riscv64-static"}  # fmt: skip


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", EMULATORS)
@pytest.mark.parametrize("model", ["artifact", "forest"])
def test_an_emulated_processor_gives_the_golden_vectors(name, model, tmp_path, request):
    target, emulator = TARGETS[name], EMULATORS[name]
    for needed in (target.gcc, emulator):
        if shutil.which(needed) is None:
            pytest.skip(f"{needed} is not installed")
    made = request.getfixturevalue(model)
    from convert.native.compiling import compile_model
    from convert.native.emission import emit
    from convert.native.executable import compile_executable

    ir = compile_model(made.onnx, made.contract)
    compiler = Compiler((shutil.which(target.gcc),), is_gcc=True)
    program = tmp_path / "program"
    program.write_bytes(compile_executable(ir, emit(ir), target, compiler=compiler))
    program.chmod(0o700)
    inputs, wanted = read_golden(made.contract, made.golden)
    rows = inputs["X"].astype("<f8").tobytes()
    for output in made.contract.outputs:
        ended = subprocess.run(
            [emulator, program, "--raw", output.verb], input=rows, capture_output=True, check=True
        )
        lines = [line.split(",") for line in ended.stdout.decode().splitlines()]
        want = wanted[output.name].reshape(len(lines), -1)
        if output.kind == "label":
            assert lines == want.astype(str).tolist()
        else:
            np.testing.assert_allclose(np.array(lines, dtype=float), want, rtol=1e-9)


@pytest.mark.skipif(shutil.which(GCC) is None, reason=f"{GCC} is not installed")
@pytest.mark.parametrize("model", ["artifact", "forest"])
def test_a_cortex_m_links_the_model_alone(model, request):
    made = request.getfixturevalue(model)
    found = link_cortex_m(emit_source(made.onnx, made.contract))
    assert 500 < found.flash_bytes < 32 * 1024
    assert found.ram_bytes == 0
    assert found.workspace_bytes < 1024


@pytest.mark.deep
def test_an_unrolled_search_compiles_in_parts():
    """Compilers took minutes over one function of all its statements."""
    X = np.random.default_rng(0).integers(0, 9, (40, 2)).astype(float)
    estimator = KNeighborsClassifier(algorithm="kd_tree").fit(X, X[:, 0] > 4)
    artifact = convert.export(estimator, X)
    source = emit_source(artifact.onnx, artifact.contract).c
    assert source.count("EDGE_APART int part_predict_") > 5
    built = artifact.compiled("host")
    assert list(built.native)


def test_source_is_written_whole_or_not_at_all(artifact, tmp_path):
    from convert.native.files import write_source

    source = emit_source(artifact.onnx, artifact.contract)
    write_source(source, tmp_path / "firmware")
    assert sorted(p.name for p in (tmp_path / "firmware").iterdir()) == [
        "edge_model.c",
        "edge_model.h",
    ]
    with pytest.raises(BadInput):
        write_source(source, tmp_path / "firmware")
