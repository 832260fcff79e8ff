"""The device's commands: what they print, their JSON, their exit codes, in a pipe or not."""

from __future__ import annotations

import io
import json
import shutil
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from artifact_builder import (
    Linear,
    golden_rows,
    random_linear,
    weather,
    write_artifact,
    write_bundle,
)
from PIL import Image as Pillow
from shell import Shell

from edge_infer.__main__ import main
from edge_infer.commands import dispatch
from edge_infer.commands.verify import expiry_state
from edge_infer.errors import BadInput, Incompatible, Untrusted

if TYPE_CHECKING:
    from pathlib import Path

GREY = np.random.default_rng(11).integers(0, 256, (8, 8), dtype=np.uint8)


@pytest.fixture
def named(key: Path, trust: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shell:
    columns = {"columns": ("celsius", "humidity"), "nan": True}
    return Shell(
        write_artifact(tmp_path / "w", key, weather(), input_changes=columns), trust, capsys
    )


def test_verify(shell: Shell) -> None:
    text = shell("verify")
    assert "SHA256:" in text
    assert "never expires" in text
    found = shell.json("verify")
    assert found["verified"] is True
    assert found["files"] == 3
    sizes = [p.stat().st_size for p in shell.bundle.iterdir() if p.name != "model.sig"]
    assert found["bytes"] == sum(sizes)


def test_verify_of_a_bundle_counts_all_its_files(shell: Shell, key: Path, tmp_path: Path) -> None:
    shell.bundle = write_bundle(tmp_path / "bundle", key, shell.bundle)
    assert shell.json("verify")["files"] == 6


def test_expiry_is_told_not_enforced() -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    assert expiry_state(None, now=now) == "never expires"
    for seconds, word in ((1, "valid until"), (0, "expired since"), (-1, "expired since")):
        moment = (now + timedelta(seconds=seconds)).isoformat()
        assert expiry_state(moment, now=now) == f"{word} {moment}"
    assert expiry_state("2030-01-01T02:00:00+02:00", now=now).startswith("expired")
    for nonsense in ("soon", "2030-01-01", "2030-01-01T00:00:00"):
        with pytest.raises(Incompatible):
            expiry_state(nonsense, now=now)


def test_info(shell: Shell) -> None:
    text = shell("info")
    for part in (
        "LogisticRegression",
        "L 8x8",
        "predict_proba (n, 10) float64",
        "1e-09",
        "1.26, 1.27",
    ):
        assert part in text
    assert shell.json("info") == json.loads((shell.bundle / "contract.json").read_text())


def test_selftest(shell: Shell) -> None:
    assert "passed" in shell("selftest")
    found = shell.json("selftest")
    assert found["golden_vectors"] == 8
    assert found["values_compared"] == 8 * 21 * 3
    assert found["max_difference"] <= 1e-9


def test_bench(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from edge_infer.commands import bench

    median = bench.median_us
    monkeypatch.setattr(bench, "median_us", lambda call: median(call, rounds=3, round_s=0.001))
    assert "µs" in shell("bench")
    found = shell.json("bench")
    assert 0 < found["predict_one_us"] < found["predict_batch_us"]


def test_predict_a_picture(shell: Shell, tmp_path: Path, linear: Linear) -> None:
    path = tmp_path / "seven.png"
    Pillow.fromarray(GREY).save(path)
    row = GREY.reshape(1, -1) * 16.0 / 255
    label = int(linear.predict(row)[0])
    assert shell("predict", path) == f"{label}\n"
    found = shell.json("predict", path)
    assert found["label"] == label
    assert list(found["scores"]) == [str(c) for c in range(10)]
    assert np.allclose(list(found["scores"].values()), linear.predict_proba(row)[0], rtol=1e-9)
    assert shell("predict", path, path) == f"{label}\n" * 2


def test_predict_rows_of_npy_and_csv(shell: Shell, tmp_path: Path, linear: Linear) -> None:
    X = golden_rows(linear, 5)
    np.save(tmp_path / "X.npy", X)
    np.savetxt(tmp_path / "X.csv", X, delimiter=",", fmt="%.17g")
    header = ",".join(f"pixel{i}" for i in range(64))
    np.savetxt(tmp_path / "named.csv", X, delimiter=",", fmt="%.17g", header=header, comments="")
    want = linear.predict(X).tolist()
    for name in ("X.npy", "X.csv", "named.csv"):
        assert shell("predict", tmp_path / name).split() == [str(label) for label in want]
        lines = shell("predict", tmp_path / name, "--json").splitlines()
        assert [json.loads(line)["label"] for line in lines] == want


def test_predict_orders_columns_by_the_header(named: Shell, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("humidity,celsius\r\n40,21.5\r\n\r\n20,35\r\n80,3\r\n")
    assert named("predict", path).split() == ["warm", "hot", "cold"]
    path.write_text("\ufeff21.5,40\n35,20\n")
    assert named("predict", path).split() == ["warm", "hot"]
    path.write_text("celsius,wind\n1,2\n")
    assert "unknown: wind" in named("predict", path, code=BadInput.exit_code)


def test_predict_reads_stdin(named: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b"celsius,humidity\n35,20\n"))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert named("predict", "-") == "hot\n"


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "celsius,humidity\n", "celsius,celsius\n1,2\n", "1,2\n3\n", "1,2\n3,x\n",
     "1,2\n3,1_0\n", "1.2.3,4\n5,6\n", "1,2\n3,0x1\n", "1,2,3\n", "1,inf\n", "\xff\n", '"1,2\n'],
)  # fmt: skip
def test_a_csv_that_is_no_rows_is_refused(named: Shell, tmp_path: Path, text: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(text.encode("latin-1"))
    found = named.json("predict", path, code=BadInput.exit_code)
    assert found["error"] == "BadInput"


CSV_REMEDIES = {
    "an index": (",celsius,humidity\n0,1,2\n", "a column without a name", "index=False"),
    "semicolons": ("1;2\n", "'1;2'", "comma-separated"),
    "semicolons and a header": ("celsius;humidity\n1,5;2\n", "'celsius;humidity'", "comma"),
    "tabs": ("celsius\thumidity\n", "tabs", "comma"),
    "no row": ("celsius,humidity\n", "0 rows", "a row"),
    "a short line": ("1,2\n3\n", "line 2", "as many cells"),
    "a column too many": ("0,1,2\n", "3 columns", "no index"),
    "columns that pandas counted": ("0,1\n1.5,2\n", "header or a row", "header=False"),
    "a name with a space before it": ("celsius, humidity\n1,2\n", "' humidity'", "no spaces"),
    "missing in the words of pandas": ("NA,NA\n1,2\n", "line 1, column 1", "mend the cell"),
    "a word in the second column": ("1,2\n3,x\n", "line 2, column 2", "counted from 1"),
}


@pytest.mark.parametrize("case", CSV_REMEDIES)
def test_a_csv_that_is_refused_says_what_to_do(named: Shell, tmp_path: Path, case: str) -> None:
    text, said, remedy = CSV_REMEDIES[case]
    path = tmp_path / "rows.csv"
    path.write_text(text)
    told = named("predict", path, code=BadInput.exit_code)
    assert "rows.csv" in told
    assert said in told
    assert remedy in told.partition("to do:")[2]


def test_a_single_line_that_counts_is_a_row_and_so_is_one_with_a_point(
    named: Shell, tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    for text, rows in (("0,1\n", 1), ("0.0,1\n35,20\n", 2)):
        path.write_text(text)
        assert len(named("predict", path).split()) == rows


def test_columns_named_by_numbers_are_found_in_the_header(tmp_path: Path) -> None:
    from edge_infer.commands.rows_file import parse_csv

    found = parse_csv("1,0\n3.5,4\n", "rows.csv", ("0", "1"))
    assert {name: column.tolist() for name, column in found.items()} == {"1": [3.5], "0": [4.0]}


@pytest.mark.parametrize("name", ["X.npz", "X.txt", "model.joblib", "X"])
def test_a_file_of_another_kind_says_what_is_taken(named: Shell, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"1,2\n")
    told = named("predict", path, code=BadInput.exit_code)
    assert "picture" not in told
    assert ".csv or .npy" in told
    assert "numpy.save" in told
    assert "not pictures" in named("predict", tmp_path / "a.png", code=BadInput.exit_code)


def test_an_empty_cell_is_nan_and_the_contract_decides(named: Shell, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("celsius,humidity\n,40\n")
    found = named("predict", path, "--json")
    assert json.loads(found)["scores"]["hot"] is None


def test_attack_a_pickle_within_an_npy_is_not_opened(shell: Shell, tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Attack:
        def __reduce__(self) -> Any:
            return (canary.touch, ())

    path = tmp_path / "X.npy"
    np.save(path, np.array([Attack()], dtype=object), allow_pickle=True)
    shell("predict", path, code=BadInput.exit_code)
    path.write_bytes(b"not numpy")
    shell("predict", path, code=BadInput.exit_code)
    assert not canary.exists()


def npy(header: str, content: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content


@pytest.mark.parametrize(
    "data",
    [
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (10**14, 4)}"),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000000, 4)}"),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}"),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 4)}", bytes(33)),
        npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", bytes(8)),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (("),
        npy("{'descr': '<f8', b'fortran_order': False, 'shape': ()}"),
        b"\x93NUMPY\x03\x00",
        b"PK\x03\x04",
        b"",
    ],
)
def test_attack_an_npy_whose_header_lies_or_is_broken_is_bad_input(
    shell: Shell, tmp_path: Path, data: bytes
) -> None:
    """A header of petabytes ended in a MemoryError, a broken one in a TokenError."""
    (tmp_path / "X.npy").write_bytes(data)
    assert "not an array of numbers" in shell(
        "predict", tmp_path / "X.npy", code=BadInput.exit_code
    )


def test_attack_an_npz_is_no_npy(shell: Shell, tmp_path: Path) -> None:
    np.savez(tmp_path / "X.npz", X=np.zeros((1, 4)))
    (tmp_path / "X.npz").rename(tmp_path / "X.npy")
    assert "not an array of numbers" in shell(
        "predict", tmp_path / "X.npy", code=BadInput.exit_code
    )


def test_a_bad_file_among_good_ones_prints_no_half_answer(shell: Shell, tmp_path: Path) -> None:
    good = tmp_path / "good.png"
    Pillow.fromarray(GREY).save(good)
    found = shell.json("predict", good, tmp_path / "none.png", code=BadInput.exit_code)
    assert found["error"] == "BadInput"


def test_the_file_that_is_bad_is_named(shell: Shell, tmp_path: Path, linear: Linear) -> None:
    X = golden_rows(linear, 3)
    np.save(tmp_path / "good.npy", X)
    np.save(tmp_path / "narrow.npy", X[:, :5])
    np.save(tmp_path / "hole.npy", np.where(X[1, 1] == X, np.nan, X))
    (tmp_path / "pictures").mkdir()
    (tmp_path / "broken.png").write_bytes(b"no picture")
    for bad in ("narrow.npy", "hole.npy", "none.npy", "none.png", "broken.png", "pictures"):
        told = shell("predict", tmp_path / "good.npy", tmp_path / bad, code=BadInput.exit_code)
        assert bad in told
        found = shell.json("predict", tmp_path / "good.npy", tmp_path / bad, code=5)
        assert bad in f"{found['what']} {found['actual']}"
    assert "directory" in told
    assert "pictures/*" in told


def test_what_is_no_directory_says_what_to_do(shell: Shell, tmp_path: Path) -> None:
    for path, said in ((tmp_path / "nope", "nothing of that name"), (shell.trust, "a file")):
        shell.bundle = path
        told = shell("verify", code=BadInput.exit_code)
        assert said in told
        assert "to do:" in told


def test_errors_are_text_on_stderr_and_json_on_stdout(
    shell: Shell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(shell.bundle, tmp_path / "copy")
    (copy / "golden.bin").write_bytes(b"")
    shell.bundle = copy
    line = ["verify", str(copy), "--trust", str(shell.trust)]
    assert main(line) == Untrusted.exit_code == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("edge-infer: Untrusted: ")
    assert "Traceback" not in captured.err
    assert main([*line, "--json"]) == 3
    captured = capsys.readouterr()
    assert captured.err == ""
    assert json.loads(captured.out)["exit_code"] == 3


@pytest.mark.parametrize("name", [name for name in dispatch.OWN if name != "trust"])
def test_a_bundle_is_never_read_without_trust(
    artifact: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = [name, str(artifact), *(["x.csv"] if name == "predict" else [])]
    assert main(line) == Untrusted.exit_code
    assert "--trust" in capsys.readouterr().err


@pytest.mark.parametrize("line", [[], ["no-such-command"], ["verify"], ["verify", "--what"]])
def test_wrong_usage_ends_with_2(line: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(line)
    assert caught.value.code == 2
    assert "usage: edge-infer" in capsys.readouterr().err


def test_help_lists_every_own_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert all(name in text for name in dispatch.OWN)


def test_scores_without_probabilities_are_decisions(
    key: Path, trust: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from artifact_builder import contract_parts

    linear = random_linear(4, ["a", "b", "c"])
    contract, _ = contract_parts(linear, golden_rows(linear))
    import dataclasses

    golden = dataclasses.replace(contract.golden, outputs=contract.golden.outputs[:2])
    out = write_artifact(
        tmp_path / "out", key, linear, outputs=contract.outputs[:2], golden_changes=golden
    )
    X = golden_rows(linear, 1)
    np.save(tmp_path / "X.npy", X)
    found = Shell(out, trust, capsys).json("predict", tmp_path / "X.npy")
    want = dict(zip("abc", linear.decision_function(X)[0].tolist(), strict=True))
    assert found["scores"] == pytest.approx(want)
    assert found["label"] == linear.predict(X)[0]
