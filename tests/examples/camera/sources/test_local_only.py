"""No camera leads off the local network: not by a redirect, a name, a number or a proxy."""

from __future__ import annotations

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import cv2
import pytest
import scenes

from edge_infer import BadInput, Unavailable
from examples.camera import network
from examples.camera.config.reading import parse_config
from examples.camera.config.schema import MqttSettings, SourceSettings
from examples.camera.network import connect, is_local, without_secrets
from examples.camera.sources.grabbers import grabber
from examples.camera.sources.http import MotionJpeg

if TYPE_CHECKING:
    from collections.abc import Iterator

ELSEWHERE = "http://93.184.216.34/video"


class Door(BaseHTTPRequestHandler):
    """Answers each path as the server's `answers` says: a place to go, or a stream."""

    server: Any

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        answer = self.server.answers.get(self.path.partition("?")[0], None)
        if isinstance(answer, int):
            self.send_response(answer)
            self.send_header("WWW-Authenticate", self.server.challenge)
            self.end_headers()
        elif answer is not None:
            self.send_response(302)
            self.send_header("Location", answer)
            self.end_headers()
        else:
            self.send_response(200)
            self.send_header("Content-Type", 'multipart/x-mixed-replace; boundary="--b"')
            self.end_headers()
            for picture in scenes.still(3):
                jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
                self.wfile.write(b"--b\r\nContent-Type: image/jpeg\r\n\r\n" + jpeg + b"\r\n")
            self.wfile.write(b"--b--\r\n")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def door() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.answers, server.asked, server.challenge = {}, [], 'Basic realm="door"'
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Addresses that are connected to; loopback alone is really connected to."""
    found: list[Any] = []
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        found.append(address)
        if self.family == socket.AF_INET and not str(address[0]).startswith("127."):
            raise OSError("nobody is there")
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    return found


def named(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Let every name mean these addresses, one a look-up and the last for ever."""
    asked: list[str] = []

    def resolve(host: str, port: int, *_: object, **__: object) -> list[Any]:
        asked.append(host)
        address = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(network.socket, "getaddrinfo", resolve)
    return asked


@pytest.mark.parametrize("hops", [1, 3])
@pytest.mark.parametrize(
    "where",
    [ELSEWHERE, "http://8.8.8.8:80/", "http://example.com/video", "http://134744072/",
     "http://[2001:4860:4860::8888]/", "//93.184.216.34/video", "https://93.184.216.34/",
     "ftp://127.0.0.1/x", "file:///etc/passwd", "http://[::1/"],
)  # fmt: skip
def test_a_redirect_off_the_local_network_is_refused(
    hops: int, where: str, door: Any, reached: list[Any]
) -> None:
    door.answers = {"/0": "/1", "/1": "/2", "/2": "/3"}
    door.answers[f"/{hops}"] = where
    with pytest.raises(Unavailable, match="camera does not open"):
        grabber(SourceSettings(url=f"{door.url}/0"))
    assert {address[0] for address in reached} == {"127.0.0.1"}


def test_a_redirect_within_the_local_network_is_followed(door: Any) -> None:
    door.answers = {"/0": "/1", "/1": f"http://localhost:{door.server_port}/video"}
    camera = grabber(SourceSettings(url=f"{door.url}/0"))
    image = camera.read()
    assert image is not None
    assert image.shape == (scenes.HEIGHT, scenes.WIDTH, 3)
    camera.close()


def test_redirects_in_a_circle_end(door: Any) -> None:
    door.answers = {"/0": "/1", "/1": "/0"}
    with pytest.raises(Unavailable):
        grabber(SourceSettings(url=f"{door.url}/0"))
    assert len(door.asked) < 30


@pytest.mark.parametrize("kind", ["http", "rtsp"])
def test_a_local_name_with_a_public_address_is_refused(
    kind: str, monkeypatch: pytest.MonkeyPatch, reached: list[Any]
) -> None:
    named(monkeypatch, "93.184.216.34")
    with pytest.raises(Unavailable, match="local network"):
        grabber(SourceSettings(url=f"{kind}://door.lan/1"))
    assert reached == []


def test_a_name_is_looked_up_once_and_what_was_checked_is_connected_to(
    monkeypatch: pytest.MonkeyPatch, reached: list[Any]
) -> None:
    asked = named(monkeypatch, "127.0.0.2", "93.184.216.34")
    with pytest.raises(OSError, match=r"refused|nobody"):
        connect("door.lan", 9, timeout_s=1)
    assert asked == ["door.lan"]
    assert reached == [("127.0.0.2", 9)]


def test_a_redirect_to_a_name_that_means_elsewhere_by_now(
    door: Any, monkeypatch: pytest.MonkeyPatch, reached: list[Any]
) -> None:
    named(monkeypatch, "127.0.0.1", "93.184.216.34")
    door.answers = {"/0": f"http://door.lan:{door.server_port}/1"}
    with pytest.raises(Unavailable, match="local network"):
        grabber(SourceSettings(url=f"http://door.lan:{door.server_port}/0"))
    assert {address[0] for address in reached} == {"127.0.0.1"}


def test_no_proxy_of_the_environment_is_asked(
    door: Any, monkeypatch: pytest.MonkeyPatch, reached: list[Any]
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://93.184.216.34:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    camera = grabber(SourceSettings(url=f"{door.url}/video"))
    assert camera.read() is not None
    camera.close()
    assert {address[0] for address in reached} == {"127.0.0.1"}


@pytest.mark.parametrize(
    "challenge", ['Basic realm="door"', 'Digest realm="door", nonce="n", qop="auth"']
)
def test_a_password_is_told_to_the_camera_itself_alone(challenge: str, door: Any) -> None:
    door.challenge, door.answers = challenge, {"/0": 401}
    with pytest.raises(Unavailable, match="401") as told:
        grabber(SourceSettings(url=f"http://me:ge%40heim@127.0.0.1:{door.server_port}/0"))
    assert "heim" not in str(told.value)
    sent = [headers.get("Authorization", "") for _, headers in door.asked]
    assert sent[0] == ""
    assert sent[1].startswith(challenge.split()[0])
    assert all("@" not in headers["Host"] for _, headers in door.asked)


def test_a_password_is_not_handed_on_by_a_redirect(door: Any) -> None:
    other: Any = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    other.answers, other.asked, other.challenge = {"/1": 401}, [], 'Basic realm="door"'
    threading.Thread(target=other.serve_forever, args=(0.01,), daemon=True).start()
    door.answers = {"/0": f"http://127.0.0.1:{other.server_port}/1"}
    with pytest.raises(Unavailable):
        grabber(SourceSettings(url=f"http://me:geheim@127.0.0.1:{door.server_port}/0"))
    other.shutdown()
    other.server_close()
    assert other.asked
    assert all("Authorization" not in headers for _, headers in other.asked)


def test_a_server_that_drips_is_given_up_within_the_time_of_one_opening() -> None:
    left = threading.Event()

    def drip(server: socket.socket) -> None:
        accepted, _ = server.accept()
        with accepted:
            accepted.sendall(b"HTTP/1.0 200 OK\r\n")
            while not left.wait(0.1):
                try:
                    accepted.sendall(b"X: y\r\n")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=drip, args=(server,), daemon=True).start()
        began = time.monotonic()
        with pytest.raises(Unavailable, match="does not open"):
            MotionJpeg(f"http://127.0.0.1:{server.getsockname()[1]}/", open_s=0.6, read_s=0.6)
        left.set()
    assert time.monotonic() - began < 5


def test_a_single_picture_is_a_frame_and_then_the_end() -> None:
    class Snapshot(Door):
        def do_GET(self) -> None:
            jpeg = cv2.imencode(".jpg", scenes.room())[1].tobytes()
            self.send_response(200)
            self.send_header("Content-Type", "image/jpeg")
            self.send_header("Content-Length", str(len(jpeg)))
            self.end_headers()
            self.wfile.write(jpeg)

    with ThreadingHTTPServer(("127.0.0.1", 0), Snapshot) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        camera = grabber(SourceSettings(url=f"http://127.0.0.1:{server.server_port}/now.jpg"))
        image = camera.read()
        assert image is not None
        assert image.shape == (scenes.HEIGHT, scenes.WIDTH, 3)
        assert camera.read() is None
        camera.close()
        server.shutdown()


def test_what_is_no_motion_jpeg_says_so() -> None:
    class Page(Door):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with pytest.raises(Unavailable, match="Motion JPEG") as told:
            grabber(SourceSettings(url=f"http://127.0.0.1:{server.server_port}/"))
        server.shutdown()
    assert "text/html" in str(told.value)


def test_a_brokers_name_with_a_public_address_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch, reached: list[Any], capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("paho.mqtt.client", reason="paho-mqtt: requirements/camera.txt")
    from examples.camera.outputs import mqtt

    monkeypatch.setattr(mqtt, "LEAVE_S", 0.5)
    asked = named(monkeypatch, "93.184.216.34")
    out = mqtt.Mqtt(MqttSettings(host="broker.lan"))
    out.tell("{}")
    out.close()
    assert asked
    assert {address[0] for address in reached} <= {"127.0.0.1"}, "a pair of sockets of its own"
    assert "local network" in capfd.readouterr().err


LOCAL = ["127.0.0.1", "::1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.9",
         "169.254.7.7", "fe80::1", "fe80::1%eth0", "fd12::1", "door", "door.lan", "Door.LOCAL",
         "door.lan.", "::ffff:192.168.1.9"]  # fmt: skip
NOT_LOCAL = ["8.8.8.8", "172.32.0.1", "192.169.0.1", "100.64.0.1", "203.0.113.9", "224.0.0.1",
             "2001:db8::1", "2001::1", "2002:808:808::1", "64:ff9b::808:808", "::ffff:8.8.8.8",
             "::8.8.8.8", "example.com", "lan.example.com", "134744072", "0x8080808", "010.1.2.3",
             "", "door.lan.example.", "a_b.com"]  # fmt: skip


@pytest.mark.parametrize("host", LOCAL)
def test_what_is_local(host: str) -> None:
    assert is_local(host)


@pytest.mark.parametrize("host", NOT_LOCAL)
def test_what_is_not_local(host: str) -> None:
    assert not is_local(host)


BROKEN = ["http://[::1/", "http://[::1", "rtsp://[bad]/1", "http://door.lan:port/",
          "http://door.lan:99999/1", "rtsp://door.lan:-1/", "http://", "rtsp:///1",
          "http://a\tb.lan/", "http://[v1.x]/", "http://door.lan\x00/"]  # fmt: skip


@pytest.mark.parametrize("url", BROKEN)
def test_an_address_that_is_none_is_refused_by_its_field(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from examples.camera.__main__ import main

    if "\x00" not in url and "\t" not in url:
        with pytest.raises(BadInput, match=r"source\.url"):
            parse_config(f"[source]\nurl = '{url}'\n")
    assert main(["run", "--faces", "off", "--source", url]) == 5
    assert "source.url" in capsys.readouterr().err


SECRETS = {
    "rtsp://admin:geheim@door.lan:554/1": "rtsp://…@door.lan:554/1",
    "http://door.lan/video?user=admin&pwd=geheim": "http://door.lan/video?…",
    "http://a:b@geheim@door.lan/?x": "http://…@door.lan/?…",
    "rtsp://10.0.0.9:554/user=admin_password=geheim_channel=1.sdp":
        "rtsp://10.0.0.9:554/user=…",
    "HTTP://me:geheim@door.lan#geheim": "HTTP://…@door.lan#…",
    "rtsp:/me:geheim@door.lan/1": "rtsp:/…@door.lan/1",
    "me:geheim@door.lan/1": "…",
    "http://me:ge/heim@door.lan/1": "http://…",
    "http://me:12#34@door.lan/1": "http://…",
    "http://door.lan/1?pwd=ge@heim": "http://…",
    "http://[fe80::1]:80/1?key=x": "http://[fe80::1]:80/1?…",
    "http://[::1/x": "http://…",
    "/dev/video0": "/dev/video0",
    "kept/a b=c.mp4": "kept/a b=c.mp4",
}  # fmt: skip


@pytest.mark.parametrize("url", SECRETS)
def test_no_secret_of_an_address_is_told(url: str) -> None:
    assert without_secrets(url) == SECRETS[url]


@pytest.mark.parametrize(
    "url",
    [
        "http://me:geheim@127.0.0.1:9/video?key=geheim",
        "rtsp://me:geheim@127.0.0.1:9/user=geheim",
        "http://me:geheim@example.com/?key=geheim",
        "ftp://me:geheim@door.lan/",
        "rtsp:/me:geheim@door.lan/1",
        "me:geheim@127.0.0.1/1",
        "http://me:geheim@[::1/",
        "http://me:geheim@door.lan:port/",
        "http://me:ge/heim@127.0.0.1:9/",
    ],
)
@pytest.mark.parametrize("place", ["option", "file"])
def test_a_run_that_fails_tells_no_password(
    url: str, place: str, tmp_path: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    from examples.camera.__main__ import main

    config = tmp_path / "camera.toml"
    config.write_text(f"[source]\nurl = '{url}'\n" if place == "file" else "")
    words = ["run", "--faces", "off", "--config", str(config)]
    assert main([*words, *(["--source", url] if place == "option" else [])]) in (5, 6)
    said = capfd.readouterr()
    assert said.err
    assert "heim" not in said.out + said.err


def test_a_broker_with_a_password_in_its_host_is_refused_without_telling_it() -> None:
    with pytest.raises(BadInput, match=r"mqtt\.host") as told:
        parse_config('[mqtt]\nhost = "me:geheim@broker.example.com"\n')
    assert "geheim" not in str(told.value)


def test_a_name_that_no_host_can_have_is_nobody() -> None:
    with pytest.raises(OSError, match="no host can have such a name"):
        connect("a" * 64 + ".lan", 554, timeout_s=1)
