"""Scenes of programs that people use and that do without a page: names, calls, games, shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.router.synthetic.content import cipher, host_name, text, word
from examples.router.synthetic.talk import Say, ask, back, connection, refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from examples.router.synthetic.scene import Scene
    from examples.router.synthetic.talk import Ends


def resolver(scene: Scene, time: float) -> None:
    """A name server, a mail server or a filter asks: long names, reverse ones, many in vain."""
    random = scene.random
    client = scene.local()
    servers = [scene.gateway if random.random() < 0.5 else scene.remote() for _ in range(3)]
    rate, own = random.choice((0.5, 5, 40)), random.choice((None, None, 53, scene.port()))
    style = random.choice(("hosts", "hosts", "reverse", "lists", "suffix"))
    missing = {"hosts": 0.05, "reverse": 0.4, "lists": 0.8, "suffix": 0.5}[style]
    silent = random.choice((0.0, 0.0, 0.05))
    for _ in range(random.randint(20, 200)):
        time += random.expovariate(rate)
        ends: Ends = (client, own or scene.port(), random.choice(servers), 53)
        code = 3 if random.random() < missing else 0
        size = random.choice((4, 4, 16, 60, 300))
        answer = None if random.random() < silent else cipher(random, size)
        kind = random.choice((1, 1, 28, 65)) if style != "reverse" else 12
        name = asked_for(random, style)
        ask(scene.wire, time, ends, name, rtt=scene.rtt, kind=kind, answer=answer, code=code)


def asked_for(random: Random, style: str) -> bytes:
    """A name as that kind of client asks for it."""
    four = ".".join(str(random.randint(1, 254)) for _ in range(4))
    if style == "reverse":
        nibbles = ".".join(random.choice("0123456789abcdef") for _ in range(32))
        return (f"{nibbles}.ip6.arpa" if random.random() < 0.2 else f"{four}.in-addr.arpa").encode()
    if style == "lists":
        return f"{four}.{word(random)}.{word(random)}.org".encode()
    return host_name(random) + (b".lan" if style == "suffix" else b"")


def call_of_people(scene: Scene, time: float) -> None:
    """Registers, looks for a way through, of which some lead nowhere, and talks."""
    random, wire = scene.random, scene.wire
    client, server = scene.local(), scene.remote()
    own = scene.port()
    for number in range(random.randint(0, 12)):
        ends = (client, 5060, server, 5060)
        at = time + number * random.choice((0.5, 20.0))
        wire.udp(at, ends, b"REGISTER sip:" + text(random, random.randint(300, 700)))
        wire.udp(at + scene.rtt, back(ends), b"SIP/2.0 401 " + text(random, 300))
    for _ in range(random.randint(0, 10)):
        ends = (client, own, scene.remote(), random.randint(1025, 65_535))
        is_there = random.random() < 0.4
        for again in range(1 if is_there else random.choice((1, 3, 7))):
            check = b"\0\1\0\x50\x21\x12\xa4\x42" + cipher(random, 92)
            wire.udp(time + again * 0.3, ends, check)
        if is_there:
            wire.udp(time + scene.rtt, back(ends), b"\1\1\0\x2c" + cipher(random, 60))
    voice = (client, own + 1 & 0xFFFF, scene.remote(), random.randint(10_000, 60_000))
    pace, size = random.choice(((0.02, 172), (0.02, 90), (0.01, 1100)))
    only = random.random() < 0.15
    for number in range(random.randint(0, 600)):
        wire.udp(time + 1 + number * pace, voice, cipher(random, size))
        if not only:
            wire.udp(time + 1 + (number + 0.4) * pace, back(voice), cipher(random, size))


def private_network(scene: Scene, time: float) -> None:
    """All of a host's traffic inside one flow of datagrams, now idle, now full."""
    random = scene.random
    ends = scene.ends(scene.local(), scene.remote(), random.choice((51_820, 1194, 4500, 443, 500)))
    head = random.choice((b"\4\0\0\0", b"\x38", b"\0\0\0\0"))
    for size in (148, 92, 32):
        scene.wire.udp(time, ends if size != 92 else back(ends), head + cipher(random, size))
        time += scene.rtt
    for _ in range(random.randint(1, 30)):
        rate = random.choice((0.1, 5, 100, 500))
        up = random.choice((0.1, 0.5, 0.9))
        for _ in range(random.randint(1, 120)):
            time += random.expovariate(rate)
            size = random.choice((80, 96, 300, 1360, 1400))
            way = ends if random.random() < up else back(ends)
            scene.wire.udp(time, way, head + cipher(random, size))


def game(scene: Scene, time: float) -> None:
    """Servers of a list are asked how they are, some are silent; then one of them is played."""
    random, wire = scene.random, scene.wire
    client, own = scene.local(), scene.port()
    silent, rate = random.uniform(0.0, 0.4), random.choice((5, 30, 200))
    for _ in range(random.choice((0, 10, 60, 150))):
        time += random.expovariate(rate)
        ends = (client, own, scene.remote(), random.randint(27_000, 28_000))
        wire.udp(time, ends, b"\xff\xff\xff\xffTSource Engine Query\0")
        if random.random() >= silent:
            wire.udp(time + scene.rtt, back(ends), b"\xff\xff\xff\xffI" + text(random, 120))
    ends = scene.ends(client, scene.remote(), random.randint(3000, 30_000))
    for _ in range(random.randint(0, 700)):
        time += random.expovariate(60)
        is_up = random.random() < 0.5
        wire.udp(time, ends if is_up else back(ends), cipher(random, random.randint(20, 400)))


def datagram_pages(scene: Scene, time: float) -> None:
    """Pages over QUIC: a few datagrams up, many down, a name before, here and there no answer."""
    random, wire = scene.random, scene.wire
    client = scene.local()
    for _ in range(random.randint(1, 25)):
        time += random.expovariate(0.8)
        if random.random() < 0.7:
            scene.lookup(time - 0.05, client)
        ends = scene.ends(client, scene.remote(), 443)
        wire.udp(time, ends, b"\xc3\0\0\0\1" + cipher(random, 1245))
        if random.random() < 0.08:
            wire.udp(time + 0.3, ends, b"\xc3\0\0\0\1" + cipher(random, 1245))
            continue
        wire.udp(time + scene.rtt, back(ends), b"\xcf\0\0\0\1" + cipher(random, 1245))
        at = time + 2 * scene.rtt
        for _ in range(random.randint(2, 80)):
            is_up = random.random() < 0.3
            size = random.choice((25, 33, 60, 900)) if is_up else random.choice((30, 600, 1250))
            at += random.expovariate(100)
            wire.udp(at, ends if is_up else back(ends), b"\x40" + cipher(random, size))


def shares(scene: Scene, time: float) -> None:
    """A desktop looks round its network for shares and printers: some hosts refuse or are off."""
    random, wire = scene.random, scene.wire
    client = scene.local()
    refusing = random.uniform(0.0, 0.5)
    for _ in range(random.randint(1, 15)):
        time += random.expovariate(0.7)
        host, port = scene.local(), random.choice((445, 139, 631, 9100, 5357, 2049))
        if random.random() < 0.5:
            ends = (client, 137, host, 137)
            wire.udp(time, ends, cipher(random, 50))
            if random.random() < 0.7:
                wire.udp(time + scene.rtt, back(ends), cipher(random, 157))
        ends = scene.ends(client, host, port)
        if random.random() < refusing:
            refused(wire, time, ends, rtt=scene.rtt, answer=random.choice(("reset", "silence")))
            continue
        talk = [
            Say(number % 2 == 0, b"\xfeSMB" + cipher(random, random.choice((68, 120, 240, 4000))))
            for number in range(random.randint(2, 60))
        ]
        close = random.choice(("fin", "reset", "open"))
        connection(wire, time, ends, talk, rtt=scene.rtt, close=close)


PROGRAMS: dict[str, Callable[[Scene, float], None]] = {
    "resolver": resolver,
    "call": call_of_people,
    "private-network": private_network,
    "game": game,
    "datagram-pages": datagram_pages,
    "shares": shares,
}
