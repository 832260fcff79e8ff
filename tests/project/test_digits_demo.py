"""The pieces of the digits demo; the whole of it is `make demo`."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest

import edge_infer
from examples.digits import device, naive, pictures, report, train

DEMO = Path(__file__).parents[2] / "examples" / "digits"
SOCKET = "import socket\nsocket.create_connection(('127.0.0.1', 9))\n"


def test_the_digits_are_real_and_a_quarter_is_held_out() -> None:
    digits = train.small_digits()
    assert len(digits.train) + len(digits.held_out) == 1797
    assert len(digits.held_out) == 450
    assert digits.image == "L:8x8,range=0..16"
    assert not {row.tobytes() for row in digits.held_out} & {r.tobytes() for r in digits.train}


def test_the_dump_is_gzip_of_joblib(tmp_path: Path) -> None:
    digits = train.small_digits()
    estimator = train.fit(digits)
    train.dump(estimator, tmp_path / "a.pkl.gz")
    plain = gzip.decompress((tmp_path / "a.pkl.gz").read_bytes())
    again = joblib.load(io.BytesIO(plain))
    assert (again.predict(digits.held_out) == estimator.predict(digits.held_out)).all()


def test_without_a_network_mnist_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(train, "fetch_openml", unreachable)
    with pytest.raises(edge_infer.Unavailable, match="without --mnist"):
        train.mnist_digits()


def test_the_naive_path_gives_wrong_labels() -> None:
    digits = train.small_digits()
    estimator = train.fit(digits)
    rows = np.concatenate([digits.held_out, digits.train])
    got = naive.naive_labels(estimator, rows)
    wrong = int(np.sum(got != estimator.predict(rows)))
    assert 10 < wrong < 200


def test_a_drawn_digit_is_read_as_its_row(tmp_path: Path) -> None:
    digits = train.small_digits()
    for row in digits.held_out[:10]:
        pictures.draw(row, tmp_path / "a.png", digits)
        back = pictures.pixels(tmp_path / "a.png", digits)
        assert np.abs(back - row).max() <= digits.white / 255 / 2


def test_flipping_a_byte_twice_restores_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(range(9)))
    offset = device.flip_one_byte(path)
    assert path.read_bytes()[offset] == 0xFF ^ offset
    device.flip_one_byte(path)
    assert path.read_bytes() == bytes(range(9))


def test_a_device_without_its_environment_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(edge_infer.Unavailable, match="make demo"):
        device.make_device(tmp_path / "device", tmp_path / "no-python")


def test_a_device_cannot_reach_anything(tmp_path: Path) -> None:
    bare = device.make_device(tmp_path / "device", Path(sys.executable))
    (tmp_path / "connect.py").write_text(SOCKET)
    assert bare.run(tmp_path / "connect.py").exit_code != 0
    assert bare.cut_by


def test_the_audit_hook_refuses_sockets(tmp_path: Path) -> None:
    (tmp_path / "connect.py").write_text(SOCKET)
    done = subprocess.run(
        [sys.executable, DEMO / "offline.py", tmp_path / "connect.py"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "the network is cut: socket." in done.stderr


def test_the_audit_hook_lets_a_script_see_its_arguments(tmp_path: Path) -> None:
    (tmp_path / "say.py").write_text("import sys\nprint(__name__, sys.argv[1:])\n")
    done = subprocess.run(
        [sys.executable, DEMO / "offline.py", tmp_path / "say.py", "predict", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "__main__ ['predict', '--json']\n"


def test_the_table_has_a_line_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    shown = report.Report(total=2)
    for name in ("one", "two"):
        with shown.step(name) as step:
            step.result = f"did {name}"
    assert capsys.readouterr().out.splitlines() == ["1/2 one", "2/2 two"]
    assert [line.split()[0] for line in shown.table().splitlines()[1:3]] == ["one", "two"]
    assert "did two" in shown.table()
