"""A push to an OpenSSH server that this file starts on the loopback interface."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import convert
import edge_infer
import firmware_bundle
from edge_infer.__main__ import main
from edge_infer.errors import BadInput, Incompatible, Unavailable, Untrusted
from edge_infer.trust import editing, parse_public_key, read_pins
from edge_infer.trust.trust_file import write_trust_file
from firmware_bundle.delivery import push
from firmware_bundle.slots import status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from small_bundles import Fleet

CONFIG = """
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile {folder}/pid
ListenAddress 127.0.0.1:{port}
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication no
"""


CUT = """
import os, subprocess, sys, time
ssh = subprocess.Popen(["ssh", *sys.argv[1:]], stdin=subprocess.PIPE)
left = 250_000
while left > 0 and (data := os.read(0, min(left, 65536))):
    os.write(ssh.stdin.fileno(), data)
    left -= len(data)
if left == 0:
    time.sleep(1)
    ssh.kill()
ssh.stdin.close()
sys.exit(ssh.wait() & 255)
"""
"""An ssh whose connection is gone after so many bytes."""


@dataclass(frozen=True)
class Server:
    """How to reach the server."""

    ssh: tuple[str, ...]
    port: int

    def place(self, root: Path) -> str:
        return f"{getpass.getuser()}@127.0.0.1:{root}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if sshd is None or shutil.which("rsync") is None or shutil.which("ssh") is None:
        pytest.skip("openssh-server, openssh-client or rsync is not installed")
    folder = tmp_path_factory.mktemp("sshd")
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True
        )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "config").write_text(CONFIG.format(folder=folder, port=port))
    command = [sshd, "-D", "-e", "-f", str(folder / "config")]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stderr=log) as process,
    ):
        try:
            ssh = (
                "ssh", "-p", str(port), "-i", str(folder / "user"), "-F", "none",
                "-o", f"UserKnownHostsFile={folder}/known", "-o", "StrictHostKeyChecking=no",
                "-o", "BatchMode=yes", "-o", "LogLevel=ERROR",
            )  # fmt: skip
            wait_for(port, process)
            probe = subprocess.run(
                [*ssh, f"{getpass.getuser()}@127.0.0.1", "true"],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if probe.returncode != 0:
                pytest.skip(f"nobody can log in to a local sshd here: {probe.stderr.strip()}")
            yield Server(ssh, port)
        finally:
            process.terminate()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if process.poll() is not None:
            pytest.skip("sshd does not start here")
        time.sleep(0.05)
    raise AssertionError("sshd does not listen")


@pytest.fixture(scope="module")
def bundles(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Releases 1 and 2: real bundles, for the device starts what arrives."""
    folder = tmp_path_factory.mktemp("releases")
    X = np.random.default_rng(0).normal(size=(60, 3))
    made = {}
    for number in (1, 2):
        y = np.where(X[:, number] > 0, number, 0)
        artifact = folder / f"artifact-{number}"
        convert.export(LogisticRegression().fit(X, y), X, name="slope", sequence=number).write(
            artifact, key=fleet.key()
        )
        made[number] = firmware_bundle.bundle(
            artifact, folder / f"bundle-{number}", key=fleet.key(), trust=fleet.trust()
        )
    return made


def label(root: Path) -> int:
    return max(edge_infer.load(root).predict_one(row) for row in np.eye(3) * 9)


def test_a_new_device_is_provisioned_and_updates_send_what_changed(
    server: Server, bundles: dict[int, Path], fleet: Fleet, tmp_path: Path
) -> None:
    root, whole = tmp_path / "a gadget's root", size(bundles[1])
    options = {"ssh": server.ssh, "python": sys.executable}
    first = push(bundles[1], server.place(root), trust=fleet.trust(), **options)
    assert first.sent_files == first.all_files
    assert first.sent_bytes > whole * 0.5
    assert label(root) == 1
    second = push(bundles[2], server.place(root), **options)
    assert (second.previous, label(root)) == (first.version, 2)
    assert second.sent_files < second.all_files
    assert second.sent_bytes < whole * 0.1
    assert not (root / "incoming").exists()
    assert [v.fault for v in status(root).versions] == [None, None]
    print(f"\nfirst push {first.sent_bytes:,} bytes, update {second.sent_bytes:,} bytes")


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.deep
def test_a_connection_that_drops_midway_is_resumed(
    server: Server, bundles: dict[int, Path], fleet: Fleet, tmp_path: Path
) -> None:
    root = tmp_path / "gadget"
    cut = tmp_path / "cut-ssh"
    cut.write_text(f"#!{sys.executable}\n{CUT}")
    cut.chmod(0o755)
    options = {"trust": fleet.trust(), "python": sys.executable}
    with pytest.raises(Unavailable, match="did not arrive whole"):
        push(bundles[1], server.place(root), ssh=(str(cut), *server.ssh[1:]), **options)
    for _ in range(100):  # rsync there notices a little later
        arrived = size(root / "incoming")
        if arrived > 100_000:
            break
        time.sleep(0.1)
    assert arrived > 100_000
    assert not (root / "versions").exists()
    done = push(bundles[1], server.place(root), ssh=server.ssh, later=True, **options)
    assert (done.on_trial, label(root)) == (True, 1)
    assert done.sent_bytes < size(bundles[1]) - arrived * 0.5


@pytest.mark.deep
def test_what_the_device_refuses_is_said_here_and_nothing_changes(
    server: Server, bundles: dict[int, Path], fleet: Fleet, tmp_path: Path
) -> None:
    root = tmp_path / "gadget"
    options = {"ssh": server.ssh, "python": sys.executable}
    push(bundles[2], server.place(root), trust=fleet.trust(), later=True, **options)
    with pytest.raises(Untrusted, match="the device refuses: the release is older"):
        push(bundles[1], server.place(root), **options)
    spoilt = Path(shutil.copytree(bundles[2], tmp_path / "spoilt"))
    (spoilt / "artifact" / "model.onnx").write_bytes(b"evil")
    with pytest.raises(Untrusted, match="not the file that was signed"):
        push(spoilt, server.place(tmp_path / "third"), trust=fleet.trust(), **options)
    with pytest.raises(Incompatible, match="health check"):
        push(bundles[2], server.place(tmp_path / "other"), health="false",
             trust=fleet.trust(), **options)  # fmt: skip
    assert label(root) == 2


@pytest.mark.deep
def test_a_trust_file_arrives_with_all_its_keys_and_their_roles(
    server: Server, bundles: dict[int, Path], fleet: Fleet, tmp_path: Path
) -> None:
    """A revoker that comes first must not become the device's only key, nor one that publishes."""
    root, file = tmp_path / "gadget", editing.EMPTY
    for who, role in (("offline", "revoker"), ("fleet", "publisher"), ("next", "publisher")):
        key = parse_public_key(fleet.trust(who).read_bytes())
        file = editing.add_key(file, key, name=who, roles=[role])
    named = tmp_path / "fleet.trust"
    named.write_bytes(write_trust_file(file))
    options = {"ssh": server.ssh, "python": sys.executable}
    push(bundles[1], server.place(root), trust=named, later=True, **options)
    assert read_pins(root / "trust") == read_pins(named)


@pytest.mark.deep
def test_a_new_device_without_a_key_pins_nothing(
    server: Server, bundles: dict[int, Path], tmp_path: Path
) -> None:
    with pytest.raises(Untrusted, match="no key is pinned"):
        push(bundles[1], server.place(tmp_path / "g"), ssh=server.ssh, python=sys.executable)


@pytest.mark.deep
def test_the_command_says_what_was_sent(
    server: Server,
    bundles: dict[int, Path],
    fleet: Fleet,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["push", str(bundles[1]), server.place(tmp_path / "g"), "--ssh", " ".join(server.ssh)]
    assert main([*words, "--trust", str(fleet.trust()), "--python", sys.executable]) == 0
    assert "passed, serves" in capsys.readouterr().out


def test_a_host_that_takes_the_connection_and_says_nothing_is_given_up(
    bundles: dict[int, Path], server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[push.__module__], "SILENCE_S", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        ssh = [*server.ssh[:2], port, *server.ssh[3:]]
        started = time.monotonic()
        with pytest.raises(Unavailable, match="no connection"):
            push(bundles[1], server.place(tmp_path / "g"), ssh=ssh)
    assert time.monotonic() - started < 20


def test_nobody_answers(bundles: dict[int, Path], server: Server, tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = str(closed.getsockname()[1])
        ssh = [port if word == str(server.port) else word for word in server.ssh]
        with pytest.raises(Unavailable, match="no connection"):
            push(bundles[1], server.place(tmp_path), ssh=ssh)


@pytest.mark.parametrize(
    "place", ["nowhere", "-oProxyCommand=x:/root", ":/root", "a b:/root", "h:"]
)
def test_a_place_that_is_none(bundles: dict[int, Path], place: str) -> None:
    with pytest.raises(BadInput, match="place"):
        push(bundles[1], place)


@pytest.mark.deep
def test_a_device_without_python_is_said(
    server: Server, bundles: dict[int, Path], fleet: Fleet, tmp_path: Path
) -> None:
    with pytest.raises(Unavailable, match="could not install"):
        push(bundles[1], server.place(tmp_path / "g"), ssh=server.ssh, trust=fleet.trust(),
             python="/no/such/python")  # fmt: skip


def test_a_tar_or_a_folder_is_no_bundles_directory(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no bundle's directory"):
        push(tmp_path, "user@host:/root")
