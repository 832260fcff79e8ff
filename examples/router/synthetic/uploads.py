"""A scene of ordinary traffic that looks like a flood: much that is sent up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.router.synthetic.content import (
    AGENTS,
    cipher,
    host_name,
    response,
    text,
    tls_hello,
    word,
)
from examples.router.synthetic.talk import Say, connection

if TYPE_CHECKING:
    from random import Random

    from examples.router.synthetic.scene import Scene

PIECE = 16_384
"""Bytes that a sender hands over at once."""


def uploads(scene: Scene, time: float) -> None:
    """Photographs, backups, mail and line tests: much goes up, and little but ACKs comes down."""
    random = scene.random
    client = scene.local()
    for _ in range(random.randint(1, 5)):
        server = scene.local() if random.random() < 0.4 else scene.remote()
        port = random.choice((80, 443, 443, 22, 8080, 5201, 445))
        ends = scene.ends(client, server, port)
        talk = sending(random, port, int(random.lognormvariate(11.5, 1.5)) % 1_500_000 + 2_000)
        close = random.choice(("fin", "fin", "reset", "open"))
        acks = random.choice((0.2, 0.5, 0.9))
        end = connection(scene.wire, time, ends, talk, rtt=scene.rtt, close=close, acks=acks)
        time = end + random.expovariate(0.5)


def sending(random: Random, port: int, size: int) -> list[Say]:
    """A greeting, `size` bytes in pieces, and a receipt."""
    plain = port in (80, 8080)
    data = cipher if not plain or random.random() < 0.5 else text
    pieces = [data(random, min(PIECE, size - at)) for at in range(0, size, PIECE)]
    pause = random.choice((0.0, 0.0, 0.003, 0.05))
    if plain:
        head = posting(random, size)
        is_asked = random.random() < 0.5
        talk = [Say(True, head if is_asked else head + pieces.pop(0))]
        if is_asked:
            talk.append(Say(False, b"HTTP/1.1 100 Continue\r\n\r\n"))
    elif port == 443:
        talk = [Say(True, tls_hello(random)), Say(False, cipher(random, 1 + size % 4000))]
    else:
        talk = [Say(True, cipher(random, 37)), Say(False, cipher(random, random.choice((1, 40))))]
    talk += [Say(True, piece, random.random() * pause) for piece in pieces]
    last = response(random, random.choice((0, 20, 300))) if plain else cipher(random, 60)
    return [*talk, Say(False, last)]


def posting(random: Random, size: int) -> bytes:
    """The head of a request with a body of `size` bytes."""
    kind = random.choice(("application/octet-stream", "image/jpeg", "application/json"))
    lines = (
        f"{random.choice(('POST', 'PUT'))} /{word(random)}/{word(random)} HTTP/1.1",
        f"Host: {host_name(random).decode()}",
        f"User-Agent: {random.choice(AGENTS)}",
        f"Content-Type: {kind}",
        f"Content-Length: {size}",
    )
    return "\r\n".join((*lines, "\r\n")).encode()
