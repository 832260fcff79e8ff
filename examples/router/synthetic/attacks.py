"""Scenes of attacks, each within a count: what is typical of it stays, everything else varies."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from examples.router.synthetic.benign import page
from examples.router.synthetic.content import cipher, request, response, text, tls_hello, word
from examples.router.synthetic.talk import Say, ask, back, connection, dns_message, lease, refused
from examples.router.synthetic.wire import ACK, FIN, PSH, RST, SYN

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from examples.router.synthetic.scene import Scene
    from examples.router.synthetic.talk import Ends


def tcp_scan(scene: Scene, time: float) -> None:
    """Half-open, full or odd probes of ports, of hosts, or of both."""
    random, wire = scene.random, scene.wire
    source = scene.remote() if random.random() < 0.5 else scene.local()
    flags = random.choice((SYN, SYN, SYN, SYN, 0, FIN, FIN | PSH | 32))
    rate = random.choice((3, 30, 300, 3000))
    hosts = [scene.local() for _ in range(random.choice((1, 1, 20, 200)))]
    ports = [random.choice((23, 2323, 8080, 445, 22))] if len(hosts) > 20 else None
    silent = random.random() < 0.4
    source_port = scene.port() if random.random() < 0.5 else None
    for _ in range(random.randint(60, 700)):
        time += random.expovariate(rate)
        port = random.choice(ports) if ports else random.randint(1, 10_000)
        ends = (source, source_port or scene.port(), random.choice(hosts), port)
        wire.tcp(time, ends, flags)
        if flags == SYN and random.random() < 0.02:
            wire.tcp(time + scene.rtt, back(ends), SYN | ACK)
            wire.tcp(time + scene.rtt * 1.1, ends, RST)
        elif not silent and random.random() < 0.95:
            wire.tcp(time + scene.rtt, back(ends), RST | ACK)
        elif silent and random.random() < 0.3:
            wire.tcp(time + 1, ends, flags)


def bot_scan(scene: Scene, time: float) -> None:
    """A taken-over device looks for others, and asks its master now and then."""
    random = scene.random
    source, master = scene.local(), scene.remote()
    ports = random.sample((23, 2323, 8080, 80, 5555, 7547, 22), 3)
    rate = random.choice((0.5, 2, 10, 100))
    for number in range(random.randint(60, 400)):
        time += random.expovariate(rate)
        ends = scene.ends(source, scene.remote(), random.choice(ports))
        answer = random.choice(("silence", "silence", "silence", "reset"))
        if random.random() < 0.04:
            say = [
                Say(False, text(random, 20)),
                Say(True, text(random, 10)),
                Say(False, text(random, 12)),
            ]
            connection(scene.wire, time, ends, say, rtt=scene.rtt, close="reset")
        else:
            refused(scene.wire, time, ends, rtt=scene.rtt, answer=answer)
        if number % 50 == 0:
            talk = [Say(True, text(random, 20)), Say(False, text(random, 20))]
            connection(scene.wire, time, scene.ends(source, master, 6667), talk, rtt=scene.rtt)


def udp_scan(scene: Scene, time: float) -> None:
    """Datagrams to many ports or hosts; a few answers, errors or silence."""
    random = scene.random
    source, rate = scene.remote(), random.choice((5, 50, 1000))
    hosts = [scene.local() for _ in range(random.choice((1, 1, 60)))]
    errors = random.choice((0.0, 0.3, 0.9))
    for _ in range(random.choice((random.randint(30, 80), random.randint(80, 500)))):
        time += random.expovariate(rate)
        ends = scene.ends(source, random.choice(hosts), random.randint(1, 20_000))
        scene.wire.udp(time, ends, cipher(random, random.choice((1, 8, 40))))
        if random.random() < errors and not scene.is_v6:
            scene.wire.unreachable(time + scene.rtt, ends[2], ends)


def ping_sweep(scene: Scene, time: float) -> None:
    """Who is there?"""
    random = scene.random
    source, rate = scene.remote(), random.choice((2, 20, 500))
    present = random.uniform(0.0, 0.8)
    for number in range(random.choice((random.randint(6, 40), random.randint(40, 250)))):
        time += random.expovariate(rate)
        host = scene.local(number + 2)
        payload = cipher(random, random.choice((0, 0, 8, 56)))[1:]
        for again in range(random.choice((1, 1, 2))):
            scene.wire.echo(time + again * 0.5, source, host, payload)
            if random.random() < present:
                scene.wire.echo(time + again * 0.5 + scene.rtt, host, source, payload, answer=True)


def guessing(scene: Scene, time: float) -> None:
    """Passwords tried on one service, a few to a connection."""
    random = scene.random
    source, server = scene.remote(), scene.local()
    port, style = random.choice(
        (
            (22, "ssh"),
            (22, "ssh"),
            (21, "text"),
            (3389, "tls"),
            (902, "tls"),
            (23, "text"),
        )
    )
    every = random.choice((0.02, 0.2, 1.0, 4.0))
    tries = random.randint(1, 6)
    for _ in range(random.randint(30, 150)):
        time += random.expovariate(1 / every)
        if style == "ssh":
            talk = [
                Say(False, b"SSH-2.0-" + text(random, 15)),
                Say(True, b"SSH-2.0-" + text(random, 12)),
            ]
            talk += [
                Say(number % 2 == 0, cipher(random, random.choice((24, 48, 84, 700, 1100))))
                for number in range(6)
            ]
            for _ in range(tries):
                talk += [
                    Say(True, cipher(random, 148)),
                    Say(False, cipher(random, 52), random.choice((0.0, 2.0))),
                ]
        elif style == "tls":
            talk = [Say(True, tls_hello(random)), Say(False, cipher(random, 1400))]
            talk += [
                Say(number % 2 == 0, cipher(random, random.randint(60, 300)))
                for number in range(2 * tries)
            ]
        else:
            talk = [Say(False, text(random, 40))]
            talk += [
                Say(number % 2 == 0, text(random, random.randint(8, 30)))
                for number in range(4 * tries)
            ]
        close = random.choice(("fin", "reset"))
        connection(
            scene.wire, time, scene.ends(source, server, port), talk, rtt=scene.rtt, close=close
        )


def syn_flood(scene: Scene, time: float) -> None:
    """Handshakes that nobody means to end, of one host or of invented ones."""
    random = scene.random
    target, port, rate = (
        scene.local(),
        random.choice((22, 80, 443)),
        random.choice((300, 3000, 100_000)),
    )
    source = scene.remote() if random.random() < 0.3 else None
    for _ in range(random.choice((100, 400, 1500))):
        time += random.expovariate(rate)
        scene.wire.tcp(time, (source or scene.remote(), scene.port(), target, port), SYN)


def flood(scene: Scene, time: float) -> None:
    """Packets for their own sake on one flow: datagrams, pings, leases, bare ACKs."""
    random, wire = scene.random, scene.wire
    target = scene.local()
    rate = random.choice((300, 3000, 100_000))
    kind = random.choice(("udp", "udp", "icmp", "icmp", "lease", "ack"))
    source, source_port = scene.remote(), scene.port()
    size = random.choice((0, 18, 64, 512, 1400))
    for _ in range(random.choice((100, 400, 1500, 5000))):
        time += random.expovariate(rate)
        if kind == "ack":
            wire.tcp(time, (source, source_port, target, 443), ACK)
        elif kind == "udp":
            wire.udp(time, (source, source_port, target, 53), cipher(random, size))
        elif kind == "icmp":
            wire.echo(time, source, target, cipher(random, size))
        else:
            wire.udp(time, (0, 68, 0xFFFFFFFF, 67), lease(random))


def _encoded(scene: Scene, size: int) -> bytes:
    raw = cipher(scene.random, size)
    style = scene.random.choice(("base32", "base64", "hex", "bytes"))
    if style == "base32":
        return base64.b32encode(raw).rstrip(b"=").lower()
    if style == "base64":
        return base64.urlsafe_b64encode(raw).rstrip(b"=")
    return raw.hex().encode() if style == "hex" else bytes(0x80 | byte for byte in raw)


def dns_tunnel_flows(scene: Scene, time: float) -> None:
    """Bytes in names and in answers, a flow for each question."""
    dns_tunnel(scene, time, one_flow=False)


def dns_tunnel(scene: Scene, time: float, *, one_flow: bool = True) -> None:
    """Bytes in names and in answers, on one flow: datagrams or a connection."""
    random = scene.random
    client, server = scene.local(), scene.remote()
    rate, size = random.choice((2, 20, 100)), random.choice((20, 50, 80, 110))
    kind = random.choice((1, 5, 10, 16, 16, 15))
    domain = word(random).encode() + b".test"
    ends: Ends = scene.ends(client, server, 53)
    talk = []
    is_connection = one_flow and random.random() < 0.3
    for _ in range(random.randint(60, 500)):
        time += random.expovariate(rate)
        data = _encoded(scene, random.randint(size // 3, size))
        labels = [data[at : at + 60] for at in range(0, len(data), 60)]
        name = b".".join([*labels, domain])
        answer = cipher(random, random.choice((16, 60, 200, 700)))
        if is_connection:
            question = dns_message(random, name, kind=kind)
            reply = dns_message(random, name, kind=kind, answer=answer)
            talk.append(
                Say(True, len(question).to_bytes(2, "big") + question, random.expovariate(rate))
            )
            talk.append(Say(False, len(reply).to_bytes(2, "big") + reply))
            continue
        if not one_flow:
            ends = scene.ends(client, server, 53)
        ask(scene.wire, time, ends, name, rtt=scene.rtt, kind=kind, answer=answer)
    if talk:
        connection(
            scene.wire,
            time,
            scene.ends(client, server, random.choice((53, 443))),
            talk,
            rtt=scene.rtt,
        )


def generated_names(scene: Scene, time: float) -> None:
    """Software that looks for its master under names of the day."""
    random = scene.random
    client, rate = scene.local(), random.choice((0.3, 2, 10, 60))
    letters = random.choice(("abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrstuvwxyz0123456789"))
    length, end = random.randint(8, 26), random.choice((".com", ".net", ".info"))
    for _ in range(random.randint(80, 500)):
        time += random.expovariate(rate)
        name = "".join(random.choice(letters) for _ in range(length + random.randint(-2, 2))) + end
        found = random.random()
        ends = scene.ends(client, scene.gateway, 53)
        code, answer = (0, b"\x0a\0\0\1") if found < 0.03 else (3, b"")
        ask(
            scene.wire,
            time,
            ends,
            name.encode(),
            rtt=scene.rtt,
            code=code,
            answer=answer if found < 0.9 else None,
        )


def icmp_tunnel(scene: Scene, time: float) -> None:
    """A connection inside pings."""
    random = scene.random
    client, server = scene.local(), scene.remote()
    rate = random.choice((1, 10, 60))
    is_routed = random.random() < 0.5
    for _ in range(random.randint(40, 500)):
        time += random.expovariate(rate)
        for at, up in ((time, True), (time + scene.rtt, False)):
            size = random.choice((28, 28, 60, 300, 900, 1024)) + random.randint(0, 60)
            payload = packet_inside(random) if is_routed else cipher(random, size)
            if up:
                scene.wire.echo(at, client, server, payload)
            elif random.random() < 0.8:
                scene.wire.echo(at, server, client, payload, answer=True)


def packet_inside(random: Random) -> bytes:
    """An IP packet as a tunnel carries it: another ping, a bare ACK, or a piece of a page."""
    body = random.choice((
        b"\x08\x00" + cipher(random, 14) + bytes(range(0x10, 0x38)),
        cipher(random, 8) + b"\x50\x10" + cipher(random, 10),
        cipher(random, 8) + b"\x80\x18" + cipher(random, 22) + text(random, random.randint(1, 900)),
    ))  # fmt: skip
    ends = b"\x0a\0\0" + random.randbytes(1) + b"\x0a\0\0" + random.randbytes(1)
    head = b"\x45\0" + (20 + len(body)).to_bytes(2, "big") + random.randbytes(2) + b"\x40\0\x40"
    return head + random.choice((b"\x01", b"\x06")) + random.randbytes(2) + ends + body


def web_scanner(scene: Scene, time: float) -> None:
    """A scanner's hundreds of requests with code in them, at times without their answers."""
    web_attack(scene, time, number=scene.random.randint(60, 300))


def web_attack(scene: Scene, time: float, *, number: int | None = None) -> None:
    """A request or a few with code in them."""
    random = scene.random
    source, server = scene.remote(), scene.local()
    one_way = number is not None and random.random() < 0.5
    number = number or random.choice((1, 1, 1, 2, 5))
    every = random.choice((0.002, 0.05, 1.0))
    for _ in range(number):
        time += random.expovariate(1 / every)
        ends = scene.ends(source, server, random.choice((80, 8080)))
        if one_way:
            scene.wire.tcp(time, ends, ACK | PSH, request(random, injection=True)[:1400])
            continue
        talk = []
        for _ in range(random.choice((1, 1, 2))):
            talk += [
                Say(True, request(random, injection=True)),
                Say(False, response(random, random.randint(0, 4000))),
            ]
        close = random.choice(("fin", "reset", "open"))
        whole = random.random() < 0.85
        connection(scene.wire, time, ends, talk, rtt=scene.rtt, close=close, handshake=whole)


def web_flood(scene: Scene, time: float) -> None:
    """One request more often than any page or program asks: to wear a server out, or to guess."""
    random = scene.random
    sources = [scene.remote() for _ in range(random.choice((1, 1, 1, 3)))]
    server, port = scene.local(), random.choice((80, 443, 8080))
    rate, cut = random.choice((30, 100, 500)), random.choice((0.0, 0.0, 0.3, 0.8))
    ask = [Say(True, tls_hello(random) if port == 443 else request(random))]
    size = random.choice((0, 300, 1200, 6000))
    answer = cipher(random, size) if port == 443 else response(random, size)
    for _ in range(random.randint(100, 600)):
        time += random.expovariate(rate)
        ends = scene.ends(random.choice(sources), server, port)
        talk = ask if random.random() < cut else [*ask, Say(False, answer)]
        close = random.choice(("fin", "fin", "reset", "open"))
        connection(scene.wire, time, ends, talk, rtt=scene.rtt, close=close)


def slow_requests(scene: Scene, time: float) -> None:
    """Many connections that are kept busy with a header now and then."""
    random = scene.random
    source, server = scene.remote(), scene.local()
    pause = random.choice((1.0, 5.0, 10.0))
    for _ in range(random.randint(50, 150)):
        time += random.expovariate(20)
        talk = [Say(True, b"GET /?" + word(random).encode() + b" HTTP/1.1\r\n")]
        talk += [
            Say(True, f"X-{word(random)}: {random.randint(1, 5000)}\r\n".encode(), pause)
            for _ in range(random.randint(4, 12))
        ]
        connection(
            scene.wire, time, scene.ends(source, server, 80), talk, rtt=scene.rtt, close="open"
        )


def spray(scene: Scene, time: float) -> None:
    """The same short visit to many hosts: a worm, a mass exploit, mail of a bot."""
    random = scene.random
    source, port = scene.local(), random.choice((445, 25, 80, 6379))
    for _ in range(random.randint(40, 200)):
        time += random.expovariate(random.choice((1, 20)))
        ends = scene.ends(source, scene.remote(), port)
        if random.random() < 0.6:
            refused(
                scene.wire, time, ends, rtt=scene.rtt, answer=random.choice(("reset", "silence"))
            )
        else:
            connection(scene.wire, time, ends, page(random, port)[:2], rtt=scene.rtt, close="reset")


ATTACKS: dict[str, Callable[[Scene, float], None]] = {
    "tcp-scan": tcp_scan,
    "bot-scan": bot_scan,
    "udp-scan": udp_scan,
    "ping-sweep": ping_sweep,
    "guessing": guessing,
    "syn-flood": syn_flood,
    "flood": flood,
    "dns-tunnel": dns_tunnel,
    "dns-tunnel-flows": dns_tunnel_flows,
    "generated-names": generated_names,
    "icmp-tunnel": icmp_tunnel,
    "web-attack": web_attack,
    "web-scanner": web_scanner,
    "web-flood": web_flood,
    "slow-requests": slow_requests,
    "spray": spray,
}
