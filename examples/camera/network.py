"""The local network: who is in it, how it alone is reached, and what of an address may be told."""

from __future__ import annotations

import re
import socket
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from edge_infer import BadInput, Unavailable

if TYPE_CHECKING:
    from urllib.parse import SplitResult

LOCAL_NAMES = (".local", ".lan", ".home", ".internal", ".home.arpa", ".localhost")
LOCAL_NETWORKS = tuple(
    ip_network(one)
    for one in (
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
        "::1/128", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip
"""Loopback, RFC 1918, RFC 3927 and RFC 4193: what no router sends on to the internet."""
_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")


def is_local(host: str) -> bool:
    """Whether a host is this machine or of the local network, by what it is called.

    >>> is_local("127.0.0.1"), is_local("192.168.1.9"), is_local("door.lan"), is_local("8.8.8.8")
    (True, True, True, False)
    """
    try:
        return _is_local_address(host)
    except ValueError:
        pass
    if _is_number(host) or not _NAME.fullmatch(host):
        return False
    name = host.lower().rstrip(".")
    return "." not in name or name.endswith(LOCAL_NAMES)


def _is_local_address(text: str) -> bool:
    """Raises ValueError where it is no address but a name."""
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(
        address.version == network.version and address in network for network in LOCAL_NETWORKS
    )


def _is_number(host: str) -> bool:
    """Whether the C library reads an address where Python sees a name: 134744072, 0x8080808."""
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True


def stream_parts(url: str) -> SplitResult:
    """The parts of a camera's address. Raises BadInput: broken, or not of the local network."""
    try:
        if not url.isprintable() or url != url.strip():
            raise ValueError("it holds characters that are not printable, or blanks around it")
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise BadInput(
            "source.url is no address",
            expected="rtsp://HOST:PORT/PATH or http://HOST:PORT/PATH",
            actual=without_secrets(url),
            hint="write an IPv6 address in brackets, a port as a number, and / @ : ? # % of a"
            " password as %2F %40 %3A %3F %23 %25",
        ) from error
    if parts.scheme not in ("rtsp", "http"):
        raise BadInput(
            "source.url of another kind",
            expected="rtsp or http",
            actual=parts.scheme,
            hint="give rtsp://… or http://…, a device, a file or a folder",
        )
    if not parts.hostname or not is_local(parts.hostname):
        raise BadInput(
            "source.url is not on the local network",
            expected="a private address, or a name without a public domain",
            actual=without_secrets(parts.hostname or "no host"),
            hint="name the camera by its private address, or by a name such as door.lan",
        )
    return parts


def connect(host: str, port: int, *, timeout_s: float) -> socket.socket:
    """A connection to a host of the local network.

    A name is looked up once, and only local ones of its addresses are tried: what was checked is
    what is connected to.

    Raises:
        Unavailable: none of its addresses is local.
        OSError: no such name, or nobody answers there.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, "no host can have such a name") from error
    local = [one for one in found if _is_local_address(str(one[4][0]))]
    if not local:
        raise Unavailable(
            "a name leads off the local network",
            expected=f"a private address for {host}",
            actual=", ".join(sorted({str(one[4][0]) for one in found})) or "none",
            hint="look what your name server answers, or give the private address itself",
        )
    failed: OSError | None = None
    for family, kind, protocol, _, address in local:
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(timeout_s)
            made.connect(address)
        except OSError as error:
            made.close()
            failed = error
            continue
        return made
    assert failed is not None
    raise failed


def without_secrets(url: str) -> str:
    """A source as it may be told: troubles go to logs and brokers.

    Users, passwords, queries and fragments are left out, and what follows a `=` in the path.

    >>> without_secrets("rtsp://me:secret@door.lan/1?key=x"), without_secrets("/dev/video0")
    ('rtsp://…@door.lan/1?…', '/dev/video0')
    """
    url = url.strip()
    kind = re.match(r"[a-zA-Z][a-zA-Z0-9+.-]+:/+", url)
    if kind is None:
        # An address without its beginning, perhaps: hardly a file is called so.
        return "…" if re.search(r":.*@", url, re.DOTALL) else url
    rest = url[kind.end() :]
    told = re.fullmatch(
        r"(?P<user>[^/?#]*@)?(?P<host>(\[[0-9A-Fa-f:.%\w]+\]|[^/?#@:\[\]]+)(:\d*)?)"
        r"(?P<path>/[^?#@=]*)?(?P<more>[^@]*)",
        rest,
        re.DOTALL,
    )
    if told is None:
        # Where a password holds a slash or an @, nobody knows where it ends.
        return f"{kind[0]}…"
    more = told["more"]
    return (
        kind[0] + ("…@" if told["user"] else "") + told["host"] + (told["path"] or "")
        + (f"{more[0]}…" if more else "")
    )  # fmt: skip
