"""Hold many HTTP requests open with a few bytes at a time; bounded, and only in the lab."""

from __future__ import annotations

import argparse
import socket
import sys
import time

from examples.router.lab.bounds import Bounded, only_in_the_lab

MOST_CONNECTIONS = 500
BEGIN = {
    "headers": b"GET / HTTP/1.1\r\nHost: lab.example\r\n",
    "body": b"POST /upload HTTP/1.1\r\nHost: lab.example\r\nContent-Length: 100000\r\n\r\n",
    "read": b"GET /f/800000 HTTP/1.1\r\nHost: lab.example\r\n\r\n",
}


def main() -> int:
    """Open the connections, feed them slowly until the time is up, close them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("how", choices=sorted(BEGIN))
    parser.add_argument("--from", dest="source", required=True, metavar="ADDRESS")
    parser.add_argument("--to", dest="target", required=True, metavar="ADDRESS")
    parser.add_argument("--port", type=int, default=80)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--gap", type=float, default=1.0, help="seconds between two bytes")
    options = parser.parse_args()
    only_in_the_lab()
    bounded = Bounded(min(options.connections, MOST_CONNECTIONS), options.seconds)
    held = []
    while bounded.more():
        held.append(connect(options))
        bounded.sent += 1
    while bounded.elapsed() < bounded.seconds:
        time.sleep(options.gap)
        held = [one for one in held if feed(one, options.how)]
    for one in held:
        one.close()
    print(f"{bounded.sent} connections, {len(held)} held to the end")
    return 0


def connect(options: argparse.Namespace) -> socket.socket:
    """One connection with its request begun; a tiny receive window where reading is slow."""
    family = socket.AF_INET6 if ":" in options.target else socket.AF_INET
    one = socket.socket(family, socket.SOCK_STREAM)
    if options.how == "read":
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 256)
    one.settimeout(2.0)
    one.bind((options.source, 0))
    one.connect((options.target, options.port))
    one.sendall(BEGIN[options.how])
    return one


def feed(one: socket.socket, how: str) -> bool:
    """A few more bytes; False once the server has closed."""
    try:
        if how == "read":
            return bool(one.recv(16))
        one.sendall(b"X-a: b\r\n" if how == "headers" else b"a=1&")
    except OSError:
        one.close()
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
