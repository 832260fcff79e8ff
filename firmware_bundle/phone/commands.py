"""The workstation's command `serve-phone`: the page from this desk to a phone."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from edge_infer.commands import Command
from edge_infer.commands.output import print_json, print_table
from edge_infer.commands.standard_output import flush, say
from edge_infer.errors import BadInput
from firmware_bundle.phone.page import SINGLE
from firmware_bundle.phone.serving import PageServer, read_certificate, read_page

if TYPE_CHECKING:
    import argparse

PORT = 8000
_ABLE = "all of it: the page verifies the model, the camera works, it is kept for offline use"
_UNABLE = (
    "on this machine all of it; on another one the browser gives a page from plain http neither "
    "WebCrypto nor the camera, and the page refuses: copy phone.html to it, or supply a certificate"
)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", help="directory that `bundle --target phone` made")
    parser.add_argument(
        "--trust",
        required=True,
        action="append",
        metavar="FLEET.pub",
        help="public key of whoever published the bundle; may be given several times",
    )
    parser.add_argument(
        "--address",
        default="localhost",
        help="by which the phone reaches this machine (localhost: this machine, or a phone on a "
        "cable after `adb reverse`)",
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"{PORT}, or 0 for a free one")
    parser.add_argument("--certificate", metavar="PEM", help="for https; the phone has to trust it")
    parser.add_argument("--certificate-key", metavar="PEM", help="the certificate's private key")


def _run(arguments: argparse.Namespace) -> int:
    files, fingerprint = read_page(arguments.bundle, arguments.trust)
    with _server(arguments, files) as server:
        link = f"{server.url}#{fingerprint}"
        secure = server.url.startswith("https:") or _is_loopback(arguments.address)
        abilities = _ABLE if secure else _UNABLE
        if arguments.json:
            print_json(
                {
                    "url": server.url,
                    "link": link,
                    "single_file": f"{server.url}{SINGLE}",
                    "fingerprint": fingerprint,
                    "secure_context": secure,
                }
            )
        else:
            print_table(
                {
                    "open": link,
                    "one file": f"{server.url}{SINGLE}",
                    "key": f"{fingerprint}, which the link names and the page compares",
                    "gives": abilities,
                    "end": "Ctrl-C",
                }
            )
            say(qr_code(link))
        flush()
        server.serve_forever()
    return 0


def qr_code(link: str) -> str:
    """The link as a QR code of block characters, or how to get one."""
    try:
        import segno
    except ImportError:
        return "no QR code: pip install segno"
    import io

    text = io.StringIO()
    segno.make(link, error="m", micro=False).terminal(text, compact=True)
    return text.getvalue().rstrip("\n")


def _server(arguments: argparse.Namespace, files: dict[str, bytes]) -> PageServer:
    pair = (arguments.certificate, arguments.certificate_key)
    if (pair[0] is None) != (pair[1] is None):
        raise BadInput("a certificate and its key belong together", expected="both or neither")
    if arguments.address in ("0.0.0.0", "::", ""):  # noqa: S104 - which it refuses
        raise BadInput(
            "the phone cannot open that address",
            expected="the address or name by which the phone reaches this machine",
            actual=arguments.address or "nothing",
        )
    if not 0 <= arguments.port <= 65535:
        raise BadInput("there is no such port", expected="0 to 65535", actual=arguments.port)
    tls = None if pair[0] is None else read_certificate(*pair)
    return PageServer(files, address=arguments.address, port=arguments.port, tls=tls)


def _is_loopback(address: Any) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return bool(address == "localhost")


SERVE_PHONE = Command(
    "serve-phone", "serve a bundle's page to a phone, with a QR code", _add_arguments, _run
)
