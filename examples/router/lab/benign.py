"""What ordinary hosts do: each activity is a list of commands with times drawn from a seed.

Failures that ordinary networks know are part of it (a wrong password, a closed port, a name that
does not exist), so that one failure alone does not tell an attacker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.router.lab.plan import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from examples.router.lab.plan import Network

    Activity = Callable[[Random, Network], Iterator[Step]]

AGENTS = ("Mozilla/5.0 (X11; Linux x86_64)", "okhttp/4.9", "Debian APT-HTTP/1.3", "curl/8", "hub/2")
FILES = (300, 900, 2_500, 8_000, 25_000, 80_000, 250_000, 800_000, 2_500_000)
QUIET = ("-s", "-k", "--max-time", "9")
SSH = ("-i", "/run/lab/user_key", "-o", "BatchMode=yes")
SSH_QUIET = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-q")


def pauses(rng: Random, count: int, mean_seconds: float) -> list[float]:
    """Times of `count` events from the start on: exponential pauses, as people leave them."""
    now, times = rng.uniform(0.0, mean_seconds), []
    for _ in range(count):
        times.append(round(now, 3))
        now += rng.expovariate(1.0 / mean_seconds)
    return times


def curl(rng: Random, client: str, urls: list[str], *options: str) -> tuple[str, ...]:
    """A curl command that fetches `urls` from one client address, on one connection if it can."""
    argv = ["curl", *QUIET, "--interface", client, "-A", rng.choice(AGENTS), *options]
    for url in urls:
        argv += ["-o", "/dev/null", url]
    return tuple(argv)


def pages(rng: Random, net: Network) -> Iterator[Step]:
    """Pages with their pictures and scripts, over HTTP or HTTPS, some in parallel."""
    for at in pauses(rng, rng.randint(4, 10), rng.uniform(0.3, 1.2)):
        server, scheme = rng.choice(net.servers), rng.choice(("http", "https"))
        count = rng.randint(1, 9)
        urls = [net.url(server, scheme, f"/f/{rng.choice(FILES[:7])}") for _ in range(count)]
        parallel = ("--parallel", "--parallel-max", str(rng.randint(2, 6)))
        options = parallel if rng.random() < 0.5 else ()
        yield Step(at, curl(rng, rng.choice(net.clients), urls, *options))


def calls_of_programs(rng: Random, net: Network) -> Iterator[Step]:
    """Programs that post small JSON to a service, again and again."""
    client, server = rng.choice(net.clients), rng.choice(net.servers)
    for at in pauses(rng, rng.randint(5, 20), rng.uniform(0.1, 0.6)):
        body = "x" * rng.randint(20, 3000)
        url = net.url(server, rng.choice(("http", "https")), "/upload")
        yield Step(at, curl(rng, client, [url], "--data", body))


def packages(rng: Random, net: Network) -> Iterator[Step]:
    """An upgrade as apt does it: index files, then packages, on one connection."""
    client, server = rng.choice(net.clients), rng.choice(net.servers)
    index = [net.url(server, "http", f"/f/{size}") for size in (2_500, 250_000)]
    yield Step(0.1, curl(rng, client, index))
    files = [
        net.url(server, "http", f"/f/{rng.choice(FILES[4:])}") for _ in range(rng.randint(2, 9))
    ]
    options = ("--limit-rate", f"{rng.randint(200, 3000)}k") if rng.random() < 0.5 else ()
    yield Step(rng.uniform(0.6, 1.5), curl(rng, client, files, *options))


def film(rng: Random, net: Network) -> Iterator[Step]:
    """A film in segments: byte ranges of one file at a steady beat."""
    client, server = rng.choice(net.clients), rng.choice(net.servers)
    url, beat = net.url(server, rng.choice(("http", "https")), "/f/2500000"), rng.uniform(0.4, 1.5)
    for number in range(rng.randint(4, 8)):
        start = number * 250_000
        span = f"{start}-{start + rng.randint(60_000, 240_000)}"
        yield Step(number * beat, curl(rng, client, [url], "--range", span))


def upload(rng: Random, net: Network) -> Iterator[Step]:
    """Photographs or a backup, sent to a server."""
    client = rng.choice(net.clients)
    for at in pauses(rng, rng.randint(1, 4), 1.0):
        url = net.url(rng.choice(net.servers), rng.choice(("http", "https")), "/upload")
        body = f"@/run/lab/www/f/{rng.choice(FILES[4:])}"
        yield Step(at, curl(rng, client, [url], "--data-binary", body))


def names(rng: Random, net: Network) -> Iterator[Step]:
    """Names looked up one by one; some do not exist."""
    for at in pauses(rng, rng.randint(8, 25), rng.uniform(0.1, 0.4)):
        name = f"host{rng.randrange(40)}.lab.example" if rng.random() < 0.85 else "gone.lab.example"
        kind = rng.choice(("A", "A", "A", "AAAA", "MX", "TXT", "PTR"))
        yield Step(at, dig(rng.choice(net.clients), net.servers[0], name, kind))


def dig(client: str, server: str, name: str, kind: str, *options: str) -> tuple[str, ...]:
    """One query of one client address."""
    timing = ("+time=2", "+tries=2", *options)
    return ("dig", "-b", client, f"@{server}", name, kind, *timing)


def shell(rng: Random, net: Network) -> Iterator[Step]:
    """A person at a remote shell: commands typed with pauses."""
    for at in pauses(rng, rng.randint(1, 2), 1.5):
        typed = "; ".join(
            f"sleep {rng.uniform(0.1, 1.2):.2f}; echo {line}"
            for line in rng.choices(("ls -l /etc", "date", "id", "df", "ps aux"), k=6)
        )
        yield Step(at, ("sh", "-c", f"({typed}; echo exit) | {ssh(rng, net, '-tt')}"))


def ssh(rng: Random, net: Network, *options: str) -> str:
    """An ssh command line that logs in by key."""
    client, port = rng.choice(net.clients), net.ports["ssh"]
    words = ("ssh", *SSH, *SSH_QUIET, "-b", client, "-p", str(port), *options)
    return " ".join((*words, f"guest@{rng.choice(net.servers)}"))


def copy(rng: Random, net: Network) -> Iterator[Step]:
    """Files copied over SSH, either way."""
    for at in pauses(rng, rng.randint(1, 3), 1.5):
        size = rng.choice(FILES[3:])
        if rng.random() < 0.5:
            command = f"{ssh(rng, net)} cat /run/lab/www/f/{size} >/dev/null"
        else:
            command = f"{ssh(rng, net)} 'cat >/dev/null' </run/lab/www/f/{size}"
        yield Step(at, ("sh", "-c", command))


def slip(rng: Random, net: Network) -> Iterator[Step]:
    """A person who mistypes a password once or twice, then gets it right."""
    client, server = rng.choice(net.clients), rng.choice(net.servers)
    wrong = rng.randint(1, 2)
    for number, at in enumerate(pauses(rng, wrong + 1, 2.0)):
        password = "right-horse" if number == wrong else f"wrong-{number}"
        yield Step(at, password_login(net, client, server, password, "uptime"))


def password_login(
    net: Network, client: str, server: str, password: str, *command: str
) -> tuple[str, ...]:
    """An SSH login by password, one attempt."""
    once = ("-o", "NumberOfPasswordPrompts=1", "-o", "PubkeyAuthentication=no")
    target = ("-b", client, "-p", str(net.ports["ssh"]), f"guest@{server}")
    return ("sshpass", "-p", password, "ssh", *SSH_QUIET, *once, *target, *command)


def telemetry(rng: Random, net: Network) -> Iterator[Step]:
    """Sensors that publish over MQTT, and one listener that stays connected."""
    server, port = rng.choice(net.servers), str(net.ports["mqtt"])
    login = ("-h", server, "-p", port, "-u", "sensor", "-P", "right-horse")
    yield Step(0.0, ("mosquitto_sub", *login, "-A", net.clients[0], "-t", "home/#", "-W", "7"))
    beat = rng.uniform(0.2, 1.0)
    for number in range(rng.randint(5, 14)):
        message = "21.5 " * rng.randint(1, 60)
        sensor = ("-A", rng.choice(net.clients), "-q", str(rng.randint(0, 2)))
        publish = ("mosquitto_pub", *login, *sensor, "-t", f"home/{number % 3}", "-m", message)
        yield Step(0.3 + number * beat, publish)


def throughput(rng: Random, net: Network) -> Iterator[Step]:
    """A measurement of the line with iperf3: TCP or UDP, either way."""
    kind = rng.choice(((), ("-R",), ("-u",), ("-u", "-R"), ("-P", "3")))
    rate = f"{rng.choice((1, 2, 4, 8))}M"
    # iperf3 answers over UDP from the first address of its host, whichever was asked.
    target = ("-c", net.servers[0], "-p", str(net.ports["iperf"]))
    yield Step(
        0.2,
        ("iperf3", *target, "-B", rng.choice(net.clients), "-t", "3", "-b", rate, *kind),
    )


def echoes(rng: Random, net: Network) -> Iterator[Step]:
    """Pings of a person or of a monitor, a beat at a time."""
    for at in pauses(rng, rng.randint(1, 3), 1.0):
        beat, size = f"{rng.uniform(0.2, 1.0):.2f}", str(rng.choice((16, 56, 56, 500, 1400)))
        target = ("-c", str(rng.randint(3, 10)), "-i", beat, "-s", size)
        argv = ("ping", *target, "-I", rng.choice(net.clients), rng.choice(net.servers))
        yield Step(at, argv, limit_seconds=8.0)


def monitor(rng: Random, net: Network) -> Iterator[Step]:
    """A monitor that asks each service for life; one of them is down and is asked again."""
    client, down = rng.choice(net.clients), rng.randrange(20000, 60000)
    for at in pauses(rng, rng.randint(4, 10), 0.6):
        server = rng.choice(net.servers)
        if rng.random() < 0.3:
            url = net.url(server, "http", "/f/300").replace(f":{net.ports['http']}/", f":{down}/")
        else:
            url = net.url(server, rng.choice(("http", "https")), "/f/300")
        yield Step(at, curl(rng, client, [url], "--connect-timeout", "2"))


def call(rng: Random, net: Network) -> Iterator[Step]:
    """A telephone call or a game: small datagrams both ways at a steady rate."""
    server = rng.choice(net.servers)
    yield Step(
        0.1,
        (
            *("python3", "-m", "examples.router.lab.call", "--from", rng.choice(net.clients)),
            *("--to", server, "--port", str(net.ports["call"]), "--seconds", "4"),
            *("--rate", str(rng.choice((15, 33, 50, 100)))),
            *("--bytes", str(rng.choice((40, 80, 172, 400)))),
        ),
    )


ACTIVITIES: dict[str, Activity] = {
    "pages": pages,
    "calls-of-programs": calls_of_programs,
    "packages": packages,
    "film": film,
    "upload": upload,
    "names": names,
    "shell": shell,
    "copy": copy,
    "slip": slip,
    "telemetry": telemetry,
    "throughput": throughput,
    "echoes": echoes,
    "monitor": monitor,
    "call": call,
}


def household(rng: Random, net: Network) -> Iterator[Step]:
    """Several of the above at once, as behind any router."""
    for name in rng.sample(sorted(ACTIVITIES), rng.randint(4, 7)):
        yield from ACTIVITIES[name](rng, net)
