"""The server for the desk: the verified page and nothing else, with the headers it needs."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import ssl
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from artifact_builder import write_signed

from edge_infer.__main__ import main
from edge_infer.errors import BadInput, Incompatible, Unavailable, Untrusted
from edge_infer.trust.keygen import generate
from firmware_bundle.phone import serving
from firmware_bundle.phone.commands import qr_code
from firmware_bundle.phone.page import POLICY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = {
    "phone/index.html": b"<!DOCTYPE html>" + b"text " * 400,
    "phone/artifact/model.onnx": b"\x08\x0a" * 50,
    "phone/model.sig": b"{}",
    "phone.html": b"<!DOCTYPE html>",
    "artifact/model.onnx": b"outside",
    "run": b"outside",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    generate(folder / "fleet")
    write_signed(folder / "bundle", folder / "fleet.key", FILES)
    return folder


@contextlib.contextmanager
def served(folder: Path, **options: Any) -> Iterator[str]:
    files, _ = serving.read_page(folder / "bundle", folder / "fleet.pub")
    with serving.PageServer(files, **options) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.url
        server.shutdown()
        thread.join()


def ask(
    url: str, path: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def test_the_page_is_served_with_headers_that_isolate_it(folder: Path) -> None:
    with served(folder) as url:
        response, body = ask(url, "/")
    assert (response.status, body) == (200, FILES["phone/index.html"])
    headers = dict(response.headers)
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert headers["Content-Security-Policy"] == f"{POLICY}; frame-ancestors 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"


OUTSIDE = [
    "/run", "/bundle.json", "/../run", "/phone/../run", "/%2e%2e/run", "//run", "/artifact",
    "/artifact/", "/phone/", "/artifact/../../run", "/..%2frun", "/etc/passwd", "/./", "*", "run",
    "/artifact/model.onnx%00.html", "http://elsewhere/run",
]  # fmt: skip


@pytest.mark.parametrize("path", OUTSIDE)
def test_nothing_outside_the_page_is_served_and_no_folder_is_listed(
    folder: Path, path: str
) -> None:
    with served(folder) as url:
        response, body = ask(url, path)
    assert response.status in (400, 404)
    assert b"outside" not in body
    assert b"model.onnx" not in body


def test_what_changes_on_the_disk_meanwhile_is_not_served(folder: Path) -> None:
    with served(folder) as url:
        path = folder / "bundle" / "phone" / "artifact" / "model.onnx"
        path.write_bytes(b"altered")
        _, body = ask(url, "/artifact/model.onnx")
        path.write_bytes(FILES["phone/artifact/model.onnx"])
    assert body == FILES["phone/artifact/model.onnx"]


def test_text_travels_compressed_and_an_unchanged_file_not_at_all(folder: Path) -> None:
    with served(folder) as url:
        response, body = ask(url, "/index.html", Accept_Encoding="br, gzip")
        assert gzip.decompress(body) == FILES["phone/index.html"]
        tag = response.headers["ETag"]
        again, nothing = ask(url, "/index.html", If_None_Match=tag)
        head, no_body = ask(url, "/index.html", "HEAD")
    assert (again.status, nothing) == (304, b"")
    assert (head.status, no_body) == (200, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT"])
def test_no_method_but_get_and_head_is_served(folder: Path, method: str) -> None:
    with served(folder) as url:
        assert ask(url, "/", method)[0].status == 501


def test_an_altered_bundle_is_not_served(folder: Path, tmp_path: Path) -> None:
    write_signed(tmp_path / "bundle", folder / "fleet.key", FILES)
    (tmp_path / "bundle" / "run").write_bytes(b"altered")
    arguments = ["serve-phone", str(tmp_path / "bundle"), "--trust", str(folder / "fleet.pub")]
    assert main(arguments) == Untrusted.exit_code


def test_a_bundle_without_a_page_says_how_to_make_one(folder: Path, tmp_path: Path) -> None:
    write_signed(tmp_path / "bundle", folder / "fleet.key", {"run": b"x"})
    with pytest.raises(Incompatible, match="--target phone"):
        serving.read_page(tmp_path / "bundle", folder / "fleet.pub")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--address", "0.0.0.0"], "cannot open that address"),
        (["--address", "203.0.113.7"], "no such address"),
        (["--address", "no.such.host.invalid"], "no such address"),
        (["--port", "70000"], "no such port"),
        (["--certificate", "x.pem"], "belong together"),
        (["--certificate", "x.pem", "--certificate-key", "y.pem"], "cannot be used"),
    ],
)
def test_what_cannot_be_listened_on_is_refused(
    folder: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle, trust = str(folder / "bundle"), str(folder / "fleet.pub")
    assert main(["serve-phone", bundle, "--trust", trust, *words]) == BadInput.exit_code
    assert said in capsys.readouterr().err


def test_a_taken_port_is_refused(folder: Path) -> None:
    with served(folder) as url, pytest.raises(Unavailable, match="--port"):
        serving.PageServer({"index.html": b""}, port=urlsplit(url).port or 0)


def test_https_with_the_certificate_that_the_user_supplies(folder: Path, tmp_path: Path) -> None:
    certificate, key = tmp_path / "desk.pem", tmp_path / "desk.key.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-days", "2", "-keyout", key, "-out", certificate],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode != 0:
        pytest.skip(f"openssl makes no certificate: {made.stderr.decode()[-200:]}")
    tls = serving.read_certificate(str(certificate), str(key))
    with served(folder, tls=tls) as url:
        assert url.startswith("https://localhost:")
        context = ssl.create_default_context(cafile=str(certificate))
        # Plain text to the port of TLS must not keep the next one waiting.
        with contextlib.suppress(OSError, http.client.HTTPException):
            ask(url, "/")
        port = urlsplit(url).port
        connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=10)
        connection.request("GET", "/")
        assert connection.getresponse().read() == FILES["phone/index.html"]
        connection.close()


def test_the_command_prints_the_link_with_the_key_and_a_qr_code(folder: Path) -> None:
    words = [folder / "bundle", "--trust", folder / "fleet.pub", "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "edge_infer", "serve-phone", *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    lines = []
    while not lines or not lines[-1].startswith("end"):
        line = process.stdout.readline()
        assert line, process.stderr and process.stderr.read()
        lines.append(line)
    link = lines[0].split()[-1]
    status = ask(link.partition("#")[0], "/")[0].status
    process.terminate()
    rest = process.stdout.read()  # with what `readline` has buffered
    process.communicate(timeout=20)
    assert status == 200
    assert link.partition("#")[2].startswith("SHA256:")
    assert "█" in rest


def test_the_qr_code_says_the_link() -> None:
    segno = pytest.importorskip("segno", reason="pip install segno")
    cv2 = pytest.importorskip("cv2", reason="pip install opencv-python-headless")
    import numpy as np

    link = "https://desk.example:8000/#SHA256:" + "A" * 43
    matrix = np.array(segno.make(link, error="m", micro=False).matrix, dtype=np.uint8)
    picture = np.kron(np.pad(1 - matrix, 4, constant_values=1), np.ones((8, 8))) * 255
    read = cv2.QRCodeDetector().detectAndDecode(picture.astype(np.uint8))[0]
    assert read == link
    assert qr_code(link).count("\n") > 15


def test_the_json_says_all_that_a_script_needs(folder: Path) -> None:
    words = [folder / "bundle", "--trust", folder / "fleet.pub", "--port", "0", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "edge_infer", "serve-phone", *map(str, words)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    said = json.loads(process.stdout.readline())
    process.terminate()
    process.communicate(timeout=20)
    assert said["secure_context"] is True
    assert said["link"] == f"{said['url']}#{said['fingerprint']}"
    assert said["single_file"] == f"{said['url']}phone.html"
