"""Scenes of ordinary traffic. Each takes a wire and a time, and plays for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.router.synthetic.content import (
    cipher,
    device_name,
    host_name,
    ping_of,
    request,
    response,
    text,
    tls_hello,
    word,
)
from examples.router.synthetic.talk import Say, connection, dns_message, lease, refused
from examples.router.synthetic.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from examples.router.synthetic.scene import Scene


def browse(scene: Scene, time: float) -> None:
    """Pages of several servers, encrypted or not, now and then one that does not answer."""
    random, wire = scene.random, scene.wire
    client = scene.local()
    for _ in range(random.randint(2, 8)):
        for _ in range(random.randint(1, 8)):
            server, port = scene.remote(), random.choice((443, 443, 443, 80, 8080))
            if random.random() < 0.7:
                scene.lookup(time, client)
            start = time + scene.rtt + random.expovariate(8)
            ends = scene.ends(client, server, port)
            if random.random() < 0.03:
                answer = random.choice(("reset", "silence"))
                refused(wire, start, ends, rtt=scene.rtt, answer=answer)
                continue
            for again in range(random.choice((1, 1, 1, 2, 6))):
                talk = page(random, port)
                close = random.choice(("fin", "fin", "fin", "reset", "open"))
                again_ends = (client, ends[1] + again & 0xFFFF, server, port)
                begin = start + again * 0.01
                whole = random.random() < 0.93
                connection(
                    wire, begin, again_ends, talk, rtt=scene.rtt, close=close, handshake=whole
                )
        time += random.expovariate(0.1)


def page(random: Random, port: int) -> list[Say]:
    """What a client and a server say over a page or two."""
    sizes = [int(random.lognormvariate(8, 1.6)) % 60_000 + 40 for _ in range(random.randint(1, 5))]
    if port != 443:
        return [
            one
            for size in sizes
            for one in (
                Say(True, request(random), random.random()),
                Say(False, response(random, size)),
            )
        ]
    talk = [
        Say(True, tls_hello(random)),
        Say(False, b"\x16\x03\x03" + cipher(random, random.randint(100, 5000))),
    ]
    talk.append(Say(True, b"\x14\x03\x03" + cipher(random, random.randint(40, 200))))
    for size in sizes:
        talk.append(
            Say(True, b"\x17\x03\x03" + cipher(random, random.randint(60, 1600)), random.random())
        )
        talk.append(Say(False, b"\x17\x03\x03" + cipher(random, size)))
    return talk


def poll(scene: Scene, time: float) -> None:
    """One service asked again and again: metrics, packages, a crawler, a phone's assistant."""
    random = scene.random
    client, server = scene.local(), scene.remote()
    port = random.choice((443, 80, 8086, 9100))
    every = random.choice((0.05, 0.3, 1.0, 5.0, 30.0))
    for number in range(random.randint(10, 90)):
        start = time + number * every * random.uniform(0.9, 1.1)
        talk = page(random, port)[: random.choice((2, 4, 6))]
        connection(scene.wire, start, scene.ends(client, server, port), talk, rtt=scene.rtt)


def stream(scene: Scene, time: float) -> None:
    """Media: datagrams both ways at a steady pace, or one long download."""
    random = scene.random
    client, server = scene.local(), scene.remote()
    if random.random() < 0.4:
        talk = [Say(True, tls_hello(random))]
        talk += [Say(False, cipher(random, random.randint(20_000, 200_000)), 0.5) for _ in range(4)]
        connection(scene.wire, time, scene.ends(client, server, 443), talk, rtt=scene.rtt)
        return
    ends = scene.ends(client, server, random.choice((443, 3478, 5004, 10_000, 27_015)))
    there = (ends[2], ends[3], ends[0], ends[1])
    pace, size = random.choice((0.005, 0.02, 0.033)), random.choice((60, 172, 600, 1100))
    for number in range(random.randint(30, 900)):
        at = time + number * pace + random.random() * pace / 3
        if random.random() < 0.6:
            scene.wire.udp(at, ends, cipher(random, int(size * random.uniform(0.5, 1.1))))
        if random.random() < 0.7:
            scene.wire.udp(at, there, cipher(random, int(size * random.uniform(0.7, 1.1))))


def peers(scene: Scene, time: float) -> None:
    """A swarm: many peers, of whom a part is gone."""
    random = scene.random
    client, port = scene.local(), scene.port()
    gone = random.uniform(0.1, 0.45)
    for _ in range(random.randint(8, 60)):
        time += random.expovariate(2)
        peer, peer_port = scene.remote(), random.randint(1025, 65535)
        lost = random.random() < gone
        if random.random() < 0.6:
            ends = (client, port, peer, peer_port)
            scene.wire.udp(time, ends, cipher(random, random.randint(60, 140)))
            if not lost:
                answer = cipher(random, random.randint(60, 500))
                scene.wire.udp(time + scene.rtt, (peer, peer_port, client, port), answer)
        elif lost:
            ends = scene.ends(client, peer, peer_port)
            refused(
                scene.wire, time, ends, rtt=scene.rtt, answer=random.choice(("reset", "silence"))
            )
        else:
            talk = [
                Say(
                    random.random() < 0.5, cipher(random, random.randint(40, 8000)), random.random()
                )
                for _ in range(random.randint(4, 30))
            ]
            connection(scene.wire, time, scene.ends(client, peer, peer_port), talk, rtt=scene.rtt)


def chatter(scene: Scene, time: float) -> None:
    """A local network to itself: announcements, leases, clocks, logs, pings, queries of devices."""
    random, wire = scene.random, scene.wire
    groups = ((0xEFFFFFFA, 1900), (0xE00000FB, 5353), (0xE00000FC, 5355), (0xFFFFFFFF, 17500))
    for _ in range(random.randint(8, 50)):
        time += random.expovariate(0.7)
        host, what = scene.local(), random.random()
        if what < 0.4 and not scene.is_v6:
            group, port = random.choice(groups)
            name = word(random).encode() + b".local"
            talk = text(random, 200) if port in (1900, 17500) else dns_message(random, name)
            for again in range(random.choice((1, 2, 3))):
                wire.udp(time + again * 0.2, (host, port, group, port), talk)
        elif what < 0.45:
            for again in range(random.choice((1, 2, 4))):
                wire.udp(time + 4 * again, (0, 68, 0xFFFFFFFF, 67), lease(random))
        elif what < 0.55:
            ends = scene.ends(host, scene.remote(), 123)
            wire.udp(time, ends, b"\x23" + bytes(39) + cipher(random, 8))
            wire.udp(time + scene.rtt, (ends[2], 123, host, ends[1]), b"\x24" + cipher(random, 47))
        elif what < 0.7:
            wire.udp(
                time,
                scene.ends(host, scene.gateway, 514),
                b"<13>" + text(random, random.randint(60, 400)),
            )
        elif what < 0.85:
            other = scene.local()
            style = random.choice(("clock", "clock", "letters", "zeros"))
            size = random.choice((0, 8, 16, 24, 32, 56, 56, 64, 120, 500, 972, 1400))
            for again in range(random.randint(1, 12)):
                payload = ping_of(random, style, size)
                wire.echo(time + again, host, other, payload)
                if random.random() < 0.97:
                    wire.echo(time + again + scene.rtt, other, host, payload, answer=True)
        else:
            for number in range(random.randint(3, 20)):
                ends = scene.ends(host, scene.local(number + 2), 161)
                wire.udp(time, ends, b"0" + cipher(random, 45))
                wire.udp(time + scene.rtt, (ends[2], 161, host, ends[1]), b"0" + cipher(random, 90))


def work(scene: Scene, time: float) -> None:
    """Sessions: a shell, mail, files up and down, a database, a broker."""
    random = scene.random
    client = scene.local()
    for _ in range(random.randint(2, 8)):
        time += random.expovariate(0.3)
        port, plain = random.choice(
            ((22, False), (21, True), (25, True), (445, False), (5432, False), (1883, False))
        )
        server = scene.local() if random.random() < 0.5 else scene.remote()
        talk = [Say(False, text(random, 40) if plain else cipher(random, 40))]
        for _ in range(random.randint(3, 40)):
            size = (
                random.choice((36, 52, 120, 900, 20_000)) if not plain else random.randint(6, 120)
            )
            up = random.random() < 0.5
            say = text(random, size) if plain else cipher(random, size)
            talk.append(Say(up, say, random.expovariate(3)))
        close = random.choice(("fin", "fin", "open"))
        connection(
            scene.wire, time, scene.ends(client, server, port), talk, rtt=scene.rtt, close=close
        )


def crowd(scene: Scene, time: float) -> None:
    """Many hosts, one service: a server's own view, sometimes of one direction only."""
    random = scene.random
    server, port = scene.local(), random.choice((53, 123, 443, 3478, 9000, 16_393))
    both = random.random() < 0.6
    size = random.choice((24, 48, 120, 500))
    at_once = random.random() < 0.4
    for _ in range(random.randint(60, 500)):
        time += 0.0 if at_once else random.expovariate(30)
        ends = scene.ends(scene.remote(), server, port)
        for _ in range(random.choice((1, 1, 1, 2))):
            say = dns_message(random, host_name(random)) if port == 53 else cipher(random, size)
            scene.wire.udp(time, ends, say)
            if both:
                scene.wire.udp(
                    time + 0.0005, (server, port, ends[0], ends[1]), cipher(random, size * 2)
                )


def solo(scene: Scene, time: float) -> None:
    """One to three connections of a host that does nothing else, from their middle too."""
    random = scene.random
    client, server = scene.local(), scene.remote()
    port = random.choice((443, 80, 22, 5222, 1935, 8883))
    for _ in range(random.choice((1, 1, 2, 3))):
        if port in (443, 80):
            talk = [one for _ in range(random.choice((1, 1, 4, 20))) for one in page(random, port)]
        else:
            say = markup if port == 5222 else cipher
            talk = [
                Say(
                    random.random() < 0.5,
                    say(random, random.randint(20, 600)),
                    random.expovariate(2),
                )
                for _ in range(random.randint(2, 120))
            ]
        connection(
            scene.wire, time, scene.ends(client, server, port), talk, rtt=scene.rtt,
            close=random.choice(("fin", "reset", "open")), handshake=random.random() < 0.6,
        )  # fmt: skip
        time += random.expovariate(0.5)


def markup(random: Random, size: int) -> bytes:
    """A stanza of a protocol that speaks XML, a line of one that speaks JSON."""
    if random.random() < 0.7:
        return f"<{word(random)} to='{word(random)}@{word(random)}' id=\"{size}\"/>".encode()
    return f'{{"{word(random)}": [{size}, "{word(random)}"], "{word(random)}": {{}}}}\n'.encode()


def offline(scene: Scene, time: float) -> None:
    """A program whose one or two servers are gone tries again and again."""
    random = scene.random
    client = scene.local()
    servers = [
        (scene.remote(), random.choice((443, 80, 5228))) for _ in range(random.choice((1, 2, 4)))
    ]
    answer = random.choice(("silence", "silence", "reset"))
    every = random.choice((1.0, 4.0, 20.0))
    for _ in range(random.randint(4, 45)):
        server, port = random.choice(servers)
        refused(scene.wire, time, scene.ends(client, server, port), rtt=scene.rtt, answer=answer)
        time += random.expovariate(1 / every)


def one_side(scene: Scene, time: float) -> None:
    """Ordinary connections of which the answers take another road."""
    scene_wire = scene.wire
    aside = Wire(scene.random)
    scene.wire = aside
    for play in scene.random.sample((browse, work, solo, stream), 2):
        play(scene, time)
    scene.wire = scene_wire
    sides: dict[bytes, bool] = {}
    for at, frame in aside.frames:
        ends = frame[26:34] if frame[12] == 8 else frame[22:54]
        half = len(ends) // 2
        way = min(ends, ends[half:] + ends[:half])
        if sides.setdefault(way, scene.random.random() < 0.5) == (ends == way):
            scene_wire.frames.append((at, frame))


def discovery(scene: Scene, time: float) -> None:
    """Devices that call for one another, by long names and often."""
    random = scene.random
    host = scene.local()
    group = 0xFF02 << 112 | 0xFB if scene.is_v6 else 0xE00000FB
    names = [device_name(random) for _ in range(random.randint(1, 6))]
    for _ in range(random.randint(10, 150)):
        time += random.expovariate(random.choice((0.5, 5)))
        scene.wire.udp(time, (host, 5353, group, 5353), dns_message(random, random.choice(names)))


def alarms(scene: Scene, time: float) -> None:
    """Health checks: many hosts of one's own, connected to or pinged in turn, all there."""
    random = scene.random
    source = scene.local()
    hosts = [scene.local(number + 2) for number in range(random.randint(5, 40))]
    for _ in range(random.randint(1, 4)):
        for host in hosts:
            time += random.expovariate(random.choice((2, 30)))
            if random.random() < 0.5:
                scene.wire.echo(time, source, host, bytes(range(56)))
                scene.wire.echo(time + scene.rtt, host, source, bytes(range(56)), answer=True)
            else:
                ends = scene.ends(source, host, random.choice((22, 80, 9100)))
                connection(scene.wire, time, ends, page(random, 80)[:2], rtt=scene.rtt)


def busy(scene: Scene, time: float) -> None:
    """One host that talks to many at once, nearly all of whom answer: a hub, a speaker, a phone."""
    random = scene.random
    client = scene.local()
    servers = [
        (scene.remote(), random.choice((443, 443, 80, 8080))) for _ in range(random.randint(8, 90))
    ]
    rate = random.choice((0.7, 3, 12))
    for _ in range(random.randint(50, 220)):
        time += random.expovariate(rate)
        server, port = random.choice(servers)
        if random.random() < 0.3:
            scene.lookup(time, client)
        ends = scene.ends(client, server, port)
        chance = random.random()
        if chance < 0.02:
            refused(
                scene.wire, time, ends, rtt=scene.rtt, answer=random.choice(("reset", "silence"))
            )
        elif chance < 0.1:
            connection(scene.wire, time, ends, [], rtt=scene.rtt)
        else:
            talk = page(random, port)[: random.choice((2, 4, 8))]
            close = random.choice(("fin", "reset", "open"))
            connection(scene.wire, time, ends, talk, rtt=scene.rtt, close=close)


SCENES: dict[str, Callable[[Scene, float], None]] = {
    "browse": browse,
    "poll": poll,
    "stream": stream,
    "peers": peers,
    "chatter": chatter,
    "work": work,
    "crowd": crowd,
    "solo": solo,
    "offline": offline,
    "one-side": one_side,
    "discovery": discovery,
    "alarms": alarms,
    "busy": busy,
}
