"""Scenes of machines that nobody sits at: they report, ask and check by the clock, gone or not."""

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
from examples.router.synthetic.talk import Say, ask, back, connection, dns_message, refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from examples.router.synthetic.scene import Scene

FAILURES = ("reset", "silence")


def interface(scene: Scene, time: float) -> None:
    """A program that sends one service the same few requests again and again."""
    random = scene.random
    client, server = scene.local(), scene.local() if random.random() < 0.4 else scene.remote()
    port = random.choice((80, 443, 443, 8080, 8123, 9200))
    every = random.choice((0.5, 2.0, 15.0, 60.0))
    calls = [call(random, port) for _ in range(random.choice((1, 1, 2, 5)))]
    close = random.choice(("fin", "fin", "reset", "open"))
    missing = random.choice((0.0, 0.0, 0.02, 0.1))
    for _ in range(random.randint(6, 150)):
        time += every * random.uniform(0.8, 1.2)
        ends = scene.ends(client, server, port)
        if random.random() < missing:
            refused(scene.wire, time, ends, rtt=scene.rtt, answer=random.choice(FAILURES))
            continue
        talk = random.choice(calls) * random.choice((1, 1, 1, 3))
        connection(scene.wire, time, ends, talk, rtt=scene.rtt, close=close)


def call(random: Random, port: int) -> list[Say]:
    """One request and its answer, as they come again and again."""
    if port == 443:
        talk = [Say(True, tls_hello(random)), Say(False, cipher(random, random.randint(90, 4500)))]
        talk.append(Say(True, cipher(random, random.choice((64, 80, 126)))))
        talk.append(Say(False, cipher(random, random.choice((51, 99, 255)))))
        return [
            *talk,
            Say(True, cipher(random, random.randint(50, 900))),
            Say(False, cipher(random, int(random.lognormvariate(6, 1.5)) % 20_000 + 30)),
        ]
    return [
        Say(True, request(random)),
        Say(False, response(random, random.choice((0, 2, 40, 300, 5000)))),
    ]


def telemetry(scene: Scene, time: float) -> None:
    """Figures, logs and flows reported by datagrams that nobody answers, or few."""
    random = scene.random
    sources = [scene.local() for _ in range(random.choice((1, 1, 3, 12)))]
    sink = scene.gateway if random.random() < 0.5 else scene.remote()
    port = random.choice((514, 2055, 6343, 8125, 4739, 5683, 10_001))
    every, size = random.choice((0.01, 0.1, 1.0, 10.0)), random.choice((20, 90, 400, 1400))
    is_text, is_new = random.random() < 0.5, random.random() < 0.3
    is_answered = random.random() < 0.25
    own = {source: scene.port() for source in sources}
    for _ in range(random.randint(10, 250)):
        time += random.expovariate(1 / every)
        source = random.choice(sources)
        ends = (source, scene.port() if is_new else own[source], sink, port)
        length = int(size * random.uniform(0.4, 1.0))
        scene.wire.udp(time, ends, text(random, length) if is_text else cipher(random, length))
        if is_answered:
            scene.wire.udp(time + scene.rtt, back(ends), cipher(random, 4))


def clocks(scene: Scene, time: float) -> None:
    """Devices that set their clocks by several servers, some of which never answer."""
    random = scene.random
    clients = [scene.local() for _ in range(random.choice((1, 1, 4)))]
    servers = [scene.remote() for _ in range(random.randint(1, 8))]
    gone = set(random.sample(servers, random.choice((0, 0, len(servers) // 2, len(servers)))))
    every = random.choice((2.0, 16.0, 64.0))
    is_fixed = random.random() < 0.4
    for _ in range(random.randint(4, 30)):
        client = random.choice(clients)
        for server in servers:
            ends = (client, 123 if is_fixed else scene.port(), server, 123)
            scene.wire.udp(time, ends, b"\x23" + bytes(39) + cipher(random, 8))
            if server not in gone:
                scene.wire.udp(time + scene.rtt, back(ends), b"\x24" + cipher(random, 47))
            time += random.random() * 0.1
        time += every * random.uniform(0.9, 1.1)


def health(scene: Scene, time: float) -> None:
    """A monitor goes round: pings, opens and requests, and some of its hosts are down."""
    random = scene.random
    source = scene.local()
    hosts = [scene.local(number + 2) for number in range(random.randint(1, 30))]
    down = {host for host in hosts if random.random() < random.choice((0.0, 0.05, 0.15))}
    how, port = random.choice(("ping", "open", "call")), random.choice((22, 80, 443, 9100))
    every, style = random.choice((0.0, 5.0, 30.0)), random.choice(("clock", "letters", "zeros"))
    say, payload = call(random, 80), ping_of(random, style, random.choice((0, 16, 32, 56)))
    for _ in range(random.randint(2, 12)):
        for host in hosts:
            time += random.expovariate(random.choice((1, 6)))
            ends = scene.ends(source, host, port)
            if how == "ping":
                scene.wire.echo(time, source, host, payload)
                if host not in down:
                    scene.wire.echo(time + scene.rtt, host, source, payload, answer=True)
            elif host in down:
                refused(scene.wire, time, ends, rtt=scene.rtt, answer=random.choice(FAILURES))
            else:
                talk = say if how == "call" else []
                close = random.choice(("fin", "reset"))
                connection(scene.wire, time, ends, talk, rtt=scene.rtt, close=close)
        time += every


def gone(scene: Scene, time: float) -> None:
    """What an appliance does whose service is gone: tries, in vain, ever more seldom or not."""
    random = scene.random
    client = scene.local()
    servers = [scene.remote() for _ in range(random.choice((1, 1, 2, 6)))]
    port = random.choice((80, 443, 1883, 5223, 8883))
    how = random.choice((*FAILURES, "udp", "name"))
    pause, slower = random.choice((1.0, 3.0, 15.0)), random.choice((1.0, 1.0, 1.3))
    name = host_name(random)
    for _ in range(random.randint(4, 80)):
        ends = scene.ends(client, random.choice(servers), port)
        if how == "name" or random.random() < 0.1:
            code = 3 if how == "name" else 0
            asked = scene.ends(client, scene.gateway, 53)
            ask(scene.wire, time, asked, name, rtt=scene.rtt, code=code)
        if how == "udp":
            scene.wire.udp(time, ends, cipher(random, random.choice((30, 120, 1200))))
            if random.random() < 0.2 and not scene.is_v6:
                scene.wire.unreachable(time + scene.rtt, scene.gateway, ends)
        elif how != "name":
            refused(scene.wire, time, ends, rtt=scene.rtt, answer=how)
        time += random.uniform(0.5, 1.5) * pause
        pause = min(pause * slower, 60.0)


def push(scene: Scene, time: float) -> None:
    """Messengers and brokers: long connections, a little now and then, opened anew when lost."""
    random = scene.random
    client, server = scene.local(), scene.remote()
    port, keep = random.choice((443, 1883, 5222, 5223, 8883)), random.choice((2.0, 15.0, 60.0))
    small = random.choice((2, 29, 52))
    for _ in range(random.choice((1, 1, 2, 8))):
        talk = [Say(True, tls_hello(random)), Say(False, cipher(random, 3000))]
        for _ in range(random.randint(2, 40)):
            is_up = random.random() < 0.5
            talk.append(Say(is_up, cipher(random, small), random.expovariate(1 / keep)))
            talk.append(Say(not is_up, cipher(random, small)))
            if random.random() < 0.2:
                talk.append(Say(random.random() < 0.5, cipher(random, random.randint(80, 3000))))
        close = random.choice(("fin", "reset", "open"))
        ends = scene.ends(client, server, port)
        time = connection(scene.wire, time, ends, talk, rtt=scene.rtt, close=close)
        time += random.expovariate(0.3)
        if random.random() < 0.3:
            again = scene.ends(client, server, port)
            refused(scene.wire, time - 0.1, again, rtt=scene.rtt, answer=random.choice(FAILURES))


def announcements(scene: Scene, time: float) -> None:
    """Bursts for everybody on the link: services offered and looked for, names, presence."""
    random = scene.random
    hosts = [scene.local() for _ in range(random.randint(1, 20))]
    link = 0xFF02 << 112
    groups = (
        [(link | 0xFB, 5353), (link | 0x10003, 5355), (link | 0xC, 1900)]
        if scene.is_v6
        else [(0xEFFFFFFA, 1900), (0xE00000FB, 5353), (0xE00000FC, 5355), (0xEFFFFFFA, 3702),
              (0xFFFFFFFF, 17_500), (0xFFFFFFFF, 6667), (scene.local(255), 137),
              (scene.local(255), 138)]
    )  # fmt: skip
    for _ in range(random.randint(3, 50)):
        time += random.expovariate(random.choice((0.2, 2)))
        host, (group, port) = random.choice(hosts), random.choice(groups)
        name = device_name(random) if random.random() < 0.5 else word(random).encode() + b".local"
        is_name = port in (5353, 5355)
        say = dns_message(random, name) if is_name else text(random, random.randint(50, 480))
        own = port if port not in (1900, 3702, 5355) else scene.port()
        for again in range(random.choice((1, 2, 3, 8))):
            scene.wire.udp(time + again * 0.15, (host, own, group, port), say)


MACHINES: dict[str, Callable[[Scene, float], None]] = {
    "interface": interface,
    "telemetry": telemetry,
    "clocks": clocks,
    "health": health,
    "gone": gone,
    "push": push,
    "announcements": announcements,
}
