"""docs/deploying.md, "Ten minutes to a Raspberry Pi", as it stands there.

The Pi is this machine behind a real ssh, with an /opt, a /var/tmp and an /etc/systemd/system of
its own. What differs from the page: the target and its Python are this machine's, `sudo` has
nothing to do, and systemd, which runs in no container, is played by this file from the unit.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import shlex
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest
from digits import succeed
from emulation import NotHere
from ssh_server import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.skipif(
    os.environ.get("EDGE_INFER_DEVICES") != "1", reason="make test-devices runs the page"
)

PAGE = (Path(__file__).parents[2] / "docs" / "deploying.md").read_text("utf-8")
HOST = "raspberrypi.local"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def shell(text: str, folder: Path, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], cwd=folder,
        env={"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


@pytest.fixture(scope="module")
def pi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str, dict[str, Path]]]:
    """The workstation's folder, its PATH with a way to the Pi, and the Pi's folders."""
    keys, shop, shims = (tmp_path_factory.mktemp(name) for name in ("keys", "shop", "shims"))
    (shims / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
    (shims / "systemctl").write_text('#!/bin/sh\necho "$@" >>/opt/systemctl\n')
    for shim in shims.iterdir():
        shim.chmod(0o755)
    places = ("/opt", "/var/tmp", "/etc/systemd/system")
    device = {
        place: tmp_path_factory.mktemp(place.strip("/").replace("/", "-")) for place in places
    }
    here = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    try:
        with serving(keys, HOST, device, f"{shims}:{here}") as (tools, _):
            yield shop, f"{tools}:{here}", device
    except NotHere as error:
        pytest.skip(f"a Pi behind ssh: {error}")


def test_ten_minutes_to_a_raspberry_pi(pi: tuple[Path, str, dict[str, Path]]) -> None:
    shop, path, device = pi
    before, section = PAGE.split("\n## Ten minutes to a Raspberry Pi\n")
    (prepare,) = [text for language, text in BLOCK.findall(before) if language == "python"]
    carry, install, start, update = (
        text.replace("raspberry-pi-64", "linux-x86-64")
        .replace("--with-wheels 3.13", f"--with-wheels 3.{sys.version_info.minor}")
        .replace("\nssh pi@raspberrypi.local\n", "\n")
        for language, text in BLOCK.findall(section.split("\n## ")[0])
        if language == "console"
    )
    succeed(shell(f"python3 - <<'END'\n{prepare}\nEND", shop, path))
    succeed(shell(carry, shop, path))
    told = succeed(shell(on_the_pi(install), shop, path))
    assert told.split()[-5:] == ["0", "1", "2", "3", "4"]
    assert re.search(r"verdict +passed, serves", told)
    succeed(shell(on_the_pi(f"cd /var/tmp\n{start}"), shop, path))
    assert (device["/opt"] / "systemctl").read_text() == "enable --now gadget\n"
    unit = (device["/etc/systemd/system"] / "gadget.service").read_text()
    with started(unit, device, path, shop) as (service, heard):
        assert heard() == "READY=1"
        assert heard() == "WATCHDOG=1"
        assert service.readline().startswith("1-")
        succeed(shell(update, shop, path))
        assert any(service.readline().startswith("2-") for _ in range(500)), "it took the update"
        assert heard() == "WATCHDOG=1"
    back = re.search(r"on the Pi: `(.*rollback)`", section)
    assert back is not None
    assert re.search(r"current +1-", succeed(shell(on_the_pi(back[1]), shop, path)))


def on_the_pi(text: str) -> str:
    return f"ssh pi@{HOST} {shlex.quote('bash -euc ' + shlex.quote(text))}"


@contextlib.contextmanager
def started(
    unit: str, device: dict[str, Path], path: str, folder: Path
) -> Iterator[tuple[IO[str], Callable[[], str]]]:
    """Start what the unit says as systemd does; yields its output, and what it tells systemd."""
    lines = dict(line.split("=", 1) for line in unit.splitlines() if "=" in line)
    assert (lines["Type"], lines["NotifyAccess"]) == ("notify", "main")
    assert lines["User"] == "root", "whoever is logged in; on a Pi, pi"
    here = device["/var/tmp"] / "notify"
    notify = "NOTIFY_SOCKET=/var/tmp/notify"
    command = on_the_pi(f"exec env {notify} {lines['Environment']} {lines['ExecStart']}")
    heard: queue.Queue[str] = queue.Queue()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(here))
        threading.Thread(target=listen, args=(told, heard), daemon=True).start()
        with subprocess.Popen(
            ["bash", "-c", command], cwd=folder, env={"PATH": path},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            try:
                assert process.stdout is not None
                yield process.stdout, lambda: heard.get(timeout=120)
            finally:
                process.terminate()


def listen(told: socket.socket, heard: queue.Queue[str]) -> None:
    """Read at once, as systemd does: a full socket would stop the script."""
    with contextlib.suppress(OSError):
        while True:
            heard.put(told.recv(200).decode())
