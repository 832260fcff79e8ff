"""No event is lost: not on a full disk, not without the broker, not by a hook that hangs."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from edge_infer import BadInput
from examples.camera.config.schema import HookSettings, MqttSettings
from examples.camera.events.event import Event
from examples.camera.outputs import log
from examples.camera.outputs.hook import Hook
from examples.camera.outputs.log import Log
from examples.camera.outputs.mqtt import Mqtt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_lines_are_appended(tmp_path: Path) -> None:
    for line in ("one", "two"):
        out = Log(str(tmp_path / "log"))
        out.tell(line)
        out.close()
    assert (tmp_path / "log").read_text() == "one\ntwo\n"


def test_a_line_that_was_broken_off_is_left_alone(tmp_path: Path) -> None:
    place = tmp_path / "log"
    place.write_text('{"event": "sta')
    out = Log(str(place))
    out.tell('{"event": "stop"}')
    out.close()
    assert place.read_text().splitlines() == ['{"event": "sta', '{"event": "stop"}']


def test_a_name_that_is_no_utf8_is_written(tmp_path: Path) -> None:
    line = Event("trouble", 0, 0.0, reason=os.fsdecode(b"caf\xe9.png: ends")).line()
    out = Log(str(tmp_path / "log"))
    out.tell(line)
    out.close()
    told = json.loads((tmp_path / "log").read_bytes())
    assert os.fsencode(told["reason"]) == b"caf\xe9.png: ends"


def test_a_log_in_a_folder_that_is_not_there_or_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot write the events"):
        Log(str(tmp_path / "absent" / "log"))
    with pytest.raises(BadInput, match="cannot write the events"):
        Log(str(tmp_path))
    with pytest.raises(BadInput):
        Log("/proc/version/log")


def test_a_full_disk_delays_lines_and_loses_none(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = Log("/dev/full")
    out.tell("one")
    out.tell("two")
    assert "No space left" in capfd.readouterr().err
    room = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    os.dup2(room, out._file)
    os.close(room)
    out.tell("three")
    out.close()
    assert (tmp_path / "log").read_text() == "one\ntwo\nthree\n"


def test_a_line_that_was_written_in_part_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, whole, room = Log(str(tmp_path / "log")), os.write, [3, 0, 100]

    def short(file: int, content: bytes) -> int:
        size = room.pop(0)
        if size == 0:
            raise OSError(28, "No space left on device")
        return whole(file, content[:size])

    monkeypatch.setattr(log.os, "write", short)
    out.tell("abcdef")
    out.flush()
    assert (tmp_path / "log").read_text() == "abcdef\n"


def test_memory_for_waiting_lines_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "MOST_BYTES", 100)
    out = Log("/dev/full")
    for _ in range(30):
        out.tell("x" * 9)
    assert out.lost == 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Broker:
    """A real mosquitto on loopback, and a subscriber that writes down what it gets."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self._out = folder / "received"
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        self._spawn("mosquitto", "-c", str(self._config))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            time.sleep(0.05)
        self._spawn("mosquitto_sub", "-p", str(self.port), "-h", "127.0.0.1", "-t", "camera/#",
                    "-v", "-q", "1", out=self._out)  # fmt: skip
        time.sleep(0.5)

    def _spawn(self, name: str, *words: str, out: Path | None = None) -> None:
        path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
        assert path is not None
        sink = subprocess.DEVNULL if out is None else out.open("ab")
        self._processes.append(
            subprocess.Popen([path, *words], stdout=sink, stderr=subprocess.DEVNULL)
        )
        if out is not None:
            sink.close()  # type: ignore[union-attr]

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
            process.wait(10)
        self._processes = []

    def events(self, count: int) -> list[str]:
        """Payloads under camera/events, once so many are there."""
        deadline = time.monotonic() + 20
        found: list[str] = []
        while len(found) < count and time.monotonic() < deadline:
            time.sleep(0.05)
            lines = self._out.read_text().splitlines() if self._out.exists() else []
            found = [line.split(" ", 1)[1] for line in lines if line.startswith("camera/events ")]
        return found


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    for name in ("mosquitto", "mosquitto_sub"):
        if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") is None:
            pytest.skip(f"{name} is not installed (packages.debian names what is needed)")
    pytest.importorskip("paho.mqtt.client", reason="paho-mqtt: requirements/camera.txt")
    found = Broker(tmp_path)
    yield found
    found.stop()


def test_a_broker_gets_every_event_in_order(broker: Broker) -> None:
    broker.start()
    out = Mqtt(MqttSettings(host="127.0.0.1", port=broker.port))
    for n in range(50):
        out.tell(json.dumps({"n": n}))
    out.close()
    assert [json.loads(line)["n"] for line in broker.events(50)] == list(range(50))


def test_events_wait_for_a_broker_that_comes_later(broker: Broker) -> None:
    out = Mqtt(MqttSettings(host="127.0.0.1", port=broker.port))
    for n in range(20):
        out.tell(json.dumps({"n": n}))
    broker.start()
    got = {json.loads(line)["n"] for line in broker.events(20)}
    out.close()
    assert got == set(range(20))


@pytest.mark.skipif(
    os.environ.get("EDGE_INFER_CAMERA") != "1", reason="it waits to connect again: make test-camera"
)
def test_a_broker_that_goes_and_comes_back_misses_no_event(broker: Broker) -> None:
    broker.start()
    out = Mqtt(MqttSettings(host="127.0.0.1", port=broker.port))
    for n in range(10):
        out.tell(json.dumps({"n": n}))
    assert len(broker.events(10)) == 10
    broker.stop()
    for n in range(10, 20):
        out.tell(json.dumps({"n": n}))
    broker.start()
    out.tell(json.dumps({"n": 20}))
    got = {json.loads(line)["n"] for line in broker.events(21)}
    out.close()
    assert got == set(range(21))


def test_a_broker_that_never_comes_does_not_stop_the_program(
    capfd: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("paho.mqtt.client", reason="paho-mqtt: requirements/camera.txt")
    out = Mqtt(MqttSettings(host="127.0.0.1", port=free_port()))
    out.tell("{}")
    began = time.monotonic()
    out.close()
    assert time.monotonic() - began < 15
    assert "did not take" in capfd.readouterr().err


def test_a_hook_reads_each_event(tmp_path: Path) -> None:
    out = tmp_path / "out"
    hook = Hook(HookSettings(command=("sh", "-c", f"cat >> {out}")))
    hook.tell('{"event": "start"}')
    hook.tell('{"event": "end"}')
    hook.close()
    assert out.read_text() == '{"event": "start"}\n{"event": "end"}\n'


@pytest.mark.parametrize(
    ("command", "said"),
    [(("sleep", "60"), "timed out"), (("false",), "ended with 1"), (("no-such",), "failed")],
)
def test_a_hook_that_fails_or_hangs_is_told_of(
    command: tuple[str, ...], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    hook = Hook(HookSettings(command=command, timeout_s=0.3))
    hook.tell("{}")
    time.sleep(0.8)
    hook.close()
    assert said in capfd.readouterr().err
