"""The pieces of the digits demo; the whole of it is `make demo`."""

from __future__ import annotations

import gzip
import importlib
import io
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest

import edge_infer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEMO = Path(__file__).parents[2] / "examples" / "digits"
SOCKET = "import socket\nsocket.create_connection(('127.0.0.1', 9))\n"


@pytest.fixture(scope="module")
def module() -> Iterator[Callable[[str], Any]]:
    """Import a module of the demo by its name, for as long as this file's tests run."""
    sys.path.insert(0, str(DEMO))
    yield importlib.import_module
    sys.path.remove(str(DEMO))
    for path in DEMO.glob("*.py"):
        sys.modules.pop(path.stem, None)


def test_the_digits_are_real_and_a_quarter_is_held_out(module: Callable[[str], Any]) -> None:
    digits = module("train").small_digits()
    assert len(digits.train) + len(digits.held_out) == 1797
    assert len(digits.held_out) == 450
    assert digits.image == "L:8x8,range=0..16"
    assert not {row.tobytes() for row in digits.held_out} & {r.tobytes() for r in digits.train}


def test_the_dump_is_gzip_of_joblib(module: Callable[[str], Any], tmp_path: Path) -> None:
    train = module("train")
    digits = train.small_digits()
    estimator = train.fit(digits)
    train.dump(estimator, tmp_path / "a.pkl.gz")
    plain = gzip.decompress((tmp_path / "a.pkl.gz").read_bytes())
    again = joblib.load(io.BytesIO(plain))
    assert (again.predict(digits.held_out) == estimator.predict(digits.held_out)).all()


def test_without_a_network_mnist_is_unavailable(
    module: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    train = module("train")
    monkeypatch.setattr(train, "fetch_openml", unreachable)
    with pytest.raises(edge_infer.Unavailable, match="without --mnist"):
        train.mnist_digits()


def test_the_naive_path_gives_wrong_labels(module: Callable[[str], Any]) -> None:
    train = module("train")
    digits = train.small_digits()
    estimator = train.fit(digits)
    rows = np.concatenate([digits.held_out, digits.train])
    got = module("naive").naive_labels(estimator, rows)
    wrong = int(np.sum(got != estimator.predict(rows)))
    assert 10 < wrong < 200


def test_a_drawn_digit_is_read_as_its_row(module: Callable[[str], Any], tmp_path: Path) -> None:
    digits = module("train").small_digits()
    pictures = module("pictures")
    for row in digits.held_out[:10]:
        pictures.draw(row, tmp_path / "a.png", digits)
        back = pictures.pixels(tmp_path / "a.png", digits)
        assert np.abs(back - row).max() <= digits.white / 255 / 2


def test_flipping_a_byte_twice_restores_the_file(
    module: Callable[[str], Any], tmp_path: Path
) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(range(9)))
    offset = module("device").flip_one_byte(path)
    assert path.read_bytes()[offset] == 0xFF ^ offset
    module("device").flip_one_byte(path)
    assert path.read_bytes() == bytes(range(9))


def test_a_device_without_its_environment_is_unavailable(
    module: Callable[[str], Any], tmp_path: Path
) -> None:
    with pytest.raises(edge_infer.Unavailable, match="make demo"):
        module("device").make_device(tmp_path / "device", tmp_path / "no-python")


def test_a_device_cannot_reach_anything(module: Callable[[str], Any], tmp_path: Path) -> None:
    device = module("device").make_device(tmp_path / "device", Path(sys.executable))
    (tmp_path / "connect.py").write_text(SOCKET)
    assert device.run(tmp_path / "connect.py").exit_code != 0
    assert device.cut_by


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


def test_the_table_has_a_line_a_step(
    module: Callable[[str], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    report = module("report").Report(total=2)
    for name in ("one", "two"):
        with report.step(name) as step:
            step.result = f"did {name}"
    assert capsys.readouterr().out.splitlines() == ["1/2 one", "2/2 two"]
    assert [line.split()[0] for line in report.table().splitlines()[1:3]] == ["one", "two"]
    assert "did two" in report.table()
