"""What attackers do: each attack is a list of commands with times, rates and targets from a seed.

Every command ends by itself: nmap by `--host-timeout`, scripts by a count and a time, logins by
the number of passwords.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.router.lab.benign import FILES, curl, dig, password_login, pauses
from examples.router.lab.plan import Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from examples.router.lab.plan import Network

    Attack = Callable[[Random, Network, str], Iterator[Step]]

PYTHON = ("python3", "-m")
SECONDS = 8
WORDS = ("admin", "backup", "cgi-bin", "config", "db", "login", "old", "phpmyadmin", "shell", "wp")


def nmap(rng: Random, net: Network, attacker: str, *options: str) -> tuple[str, ...]:
    """An nmap command without name look-ups, bounded in time."""
    six = ("-6",) if net.family == 6 else ()
    bounds = ("-n", "-e", "eth0", "-S", attacker, "--host-timeout", f"{SECONDS}s")
    return ("nmap", *six, *bounds, "--max-retries", str(rng.randint(0, 2)), *options)


def scan(rng: Random, net: Network, attacker: str, *kinds: str) -> Iterator[Step]:
    """Many ports of one or several hosts."""
    speed = rng.choice(("-T3", "-T4", "-T5"))
    rate = ("--max-rate", str(rng.choice((40, 150, 600, 3000))))
    ports = rng.choice(
        (("--top-ports", str(rng.randint(50, 600))), ("-p", f"1-{rng.randint(100, 1500)}"))
    )
    targets = rng.sample(net.servers, rng.randint(1, min(3, len(net.servers))))
    options = (rng.choice(kinds), "-Pn", speed, *rate, *ports, *targets)
    yield Step(rng.uniform(0.1, 0.8), nmap(rng, net, attacker, *options))


def scan_syn(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """Half-open connections to many ports."""
    return scan(rng, net, attacker, "-sS")


def scan_connect(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """Whole connections to many ports."""
    return scan(rng, net, attacker, "-sT")


def scan_stealth(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """Segments with flags that no connection begins with."""
    return scan(rng, net, attacker, "-sF", "-sN", "-sX", "-sA", "-sM", "-sW")


def scan_udp(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """Datagrams to many ports."""
    return scan(rng, net, attacker, "-sU")


def scan_slow(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """A few ports a second, so as not to be seen."""
    delay = ("--scan-delay", f"{rng.randint(60, 400)}ms", "--top-ports", str(rng.randint(30, 90)))
    kind = rng.choice(("-sS", "-sT"))
    options = (kind, "-Pn", *delay, rng.choice(net.servers))
    yield Step(0.2, nmap(rng, net, attacker, *options), limit_seconds=SECONDS + 1.0)


def scan_services(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """Open ports asked for their versions."""
    ports = ",".join(str(port) for port in sorted(net.ports.values()))
    options = ("-sV", "--version-light", "-Pn", "-p", ports, rng.choice(net.servers))
    yield Step(0.2, nmap(rng, net, attacker, *options))


def sweep(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """One port, or echo requests, over a whole network; most hosts do not exist."""
    kind = rng.choice((("-sn", "-PE"), ("-sn", "-PS22,80,443"), ("-sS", "-Pn", "-p", "22"),
                       ("-sS", "-Pn", "-p", "445"), ("-sS", "-Pn", "-p", "23,2323")))  # fmt: skip
    prefix = net.server_prefix
    if net.family == 6:
        prefix = prefix.replace("::/64", f"::/{120}")
    rate = ("--max-rate", str(rng.choice((30, 100, 400))))
    yield Step(0.2, nmap(rng, net, attacker, *kind, *rate, prefix))


def guess_ssh(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """Passwords tried against sshd, one login after another or several at once."""
    server, gap = rng.choice(net.servers), rng.uniform(0.05, 0.5)
    for number in range(rng.randint(10, 25)):
        password = f"guess-{rng.randrange(10**6)}"
        yield Step(number * gap, password_login(net, attacker, server, password))


def guess_web(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """Passwords tried against a page that asks for one."""
    url, gap = net.url(rng.choice(net.servers), "http", "/private/"), rng.uniform(0.02, 0.15)
    for number in range(rng.randint(20, 50)):
        user = f"admin:{rng.randrange(10**8)}"
        yield Step(number * gap, curl(rng, attacker, [url], "-u", user))


def guess_mqtt(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """Passwords tried against the MQTT broker."""
    target = ("-h", rng.choice(net.servers), "-p", str(net.ports["mqtt"]), "-A", attacker)
    gap = rng.uniform(0.03, 0.25)
    for number in range(rng.randint(15, 30)):
        login = ("-u", "sensor", "-P", f"{rng.randrange(10**8)}", "-t", "x", "-m", "x")
        yield Step(number * gap, ("mosquitto_pub", *target, *login))


def flood(rng: Random, net: Network, attacker: str, kind: str, *options: str) -> Iterator[Step]:
    """Packets made by `flood.py`: bounded in count and time."""
    count = rng.choice((400, 1500, 4000, 8000))
    rate = rng.choice((200, 800, 3000))
    port = rng.choice((*net.ports.values(), rng.randrange(1, 65536)))
    yield Step(
        rng.uniform(0.1, 0.8),
        (
            *(*PYTHON, "examples.router.lab.flood", kind, "--interface", "eth0"),
            *("--gateway-mac", net.lan_mac, "--from", attacker, "--to", rng.choice(net.servers)),
            *("--port", str(port), "--count", str(count), "--rate", str(rate)),
            *("--seconds", str(SECONDS), "--seed", str(rng.randrange(2**32))),
            *("--bytes", str(rng.choice((0, 1, 18, 200, 900, 1300)))),
            *(("--any-port",) if rng.random() < 0.3 else ()),
            *options,
        ),
    )


def flood_syn(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """Connections begun and never finished, from one address."""
    return flood(rng, net, attacker, "syn")


def flood_syn_spoofed(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """The same, with a new source address on every packet."""
    return flood(rng, net, attacker, "syn", "--spoof", net.client_prefix)


def flood_ack(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """Segments of connections that do not exist."""
    return flood(rng, net, attacker, rng.choice(("ack", "rst")))


def flood_udp(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """Datagrams that nobody asked for."""
    spoof = ("--spoof", net.client_prefix) if rng.random() < 0.3 else ()
    return flood(rng, net, attacker, "udp", *spoof)


def flood_icmp(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """Echo requests without end."""
    return flood(rng, net, attacker, "icmp")


def flood_names(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """DNS queries for random names."""
    return flood(rng, net, attacker, "dns")


def flood_web(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """Pages fetched over and over, many connections at once."""
    server, size = rng.choice(net.servers), rng.choice(FILES[:3])
    url = net.url(server, "http", f"/f/{size}") + f"?[1-{rng.randint(150, 500)}]"
    parallel = ("--parallel", "--parallel-max", str(rng.randint(10, 60)))
    closing = ("-H", "Connection: close") if rng.random() < 0.7 else ()
    yield Step(0.2, curl(rng, attacker, [url], *parallel, *closing))


def slow_web(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """Many requests that never come to an end, a few bytes at a time."""
    how = rng.choice(("headers", "body", "read"))
    yield Step(
        0.2,
        (
            *(*PYTHON, "examples.router.lab.slow_http", how, "--from", attacker),
            *("--to", rng.choice(net.servers), "--port", str(net.ports["http"])),
            *("--connections", str(rng.randint(15, 80)), "--seconds", str(SECONDS)),
            *("--gap", f"{rng.uniform(0.3, 1.5):.2f}"),
        ),
    )


def probe_web(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """Paths guessed one by one, with the quotes and dots of an injection in some."""
    server, scheme = rng.choice(net.servers), rng.choice(("http", "http", "https"))
    hostile = ("?id=1%27%20OR%20%271%27=%271", "/..%2f..%2fetc%2fpasswd", "?q=%3Cscript%3E", "")
    gap = rng.uniform(0.01, 0.12)
    for number in range(rng.randint(30, 70)):
        path = f"/{rng.choice(WORDS)}{rng.randrange(100)}{rng.choice(hostile)}"
        yield Step(number * gap, curl(rng, attacker, [net.url(server, scheme, path)]))


def tunnel_dns(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """Data carried in names and answers of the DNS."""
    yield Step(
        0.2,
        (
            *(*PYTHON, "examples.router.lab.tunnel", "send", "--from", attacker),
            *("--to", net.servers[0], "--port", "53", "--count", str(rng.randint(60, 400))),
            *("--gap", f"{rng.choice((0.0, 0.02, 0.1)):.2f}", "--seconds", str(SECONDS)),
            *("--kind", rng.choice(("TXT", "NULL", "A", "MX", "CNAME"))),
            *("--seed", str(rng.randrange(2**32))),
        ),
    )


def tunnel_icmp(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """Data carried in echo requests and their replies: sizes that change, bytes that are random."""
    server = rng.choice(net.servers)
    for at in pauses(rng, rng.randint(15, 40), rng.uniform(0.03, 0.2)):
        data = "".join(f"{rng.randrange(256):02x}" for _ in range(16))
        shape = ("-c", str(rng.randint(1, 3)), "-i", "0.05", "-s", str(rng.randint(100, 1400)))
        yield Step(at, ("ping", *shape, "-p", data, "-I", attacker, server), limit_seconds=3.0)


def beacon(rng: Random, net: Network, attacker: str) -> Iterator[Step]:
    """A bot that looks for its master under made-up names and reports to it in small posts."""
    server, beat = rng.choice(net.servers), rng.uniform(0.3, 0.8)
    letters = "abcdefghijklmnopqrstuvwxyz"
    for number in range(rng.randint(8, 16)):
        for _ in range(rng.randint(1, 4)):
            name = "".join(rng.choices(letters, k=rng.randint(9, 20))) + ".example"
            yield Step(number * beat, dig(attacker, net.servers[0], name, "A", "+tries=1"))
        body = "".join(rng.choices(letters, k=rng.randint(90, 130)))
        url = net.url(server, "http", "/upload")
        yield Step(number * beat + 0.1, curl(rng, attacker, [url], "--data", body))


ATTACKS: dict[str, Attack] = {
    "scan-syn": scan_syn,
    "scan-connect": scan_connect,
    "scan-stealth": scan_stealth,
    "scan-udp": scan_udp,
    "scan-slow": scan_slow,
    "scan-services": scan_services,
    "sweep": sweep,
    "guess-ssh": guess_ssh,
    "guess-web": guess_web,
    "guess-mqtt": guess_mqtt,
    "flood-syn": flood_syn,
    "flood-syn-spoofed": flood_syn_spoofed,
    "flood-ack": flood_ack,
    "flood-udp": flood_udp,
    "flood-icmp": flood_icmp,
    "flood-names": flood_names,
    "flood-web": flood_web,
    "slow-web": slow_web,
    "probe-web": probe_web,
    "tunnel-dns": tunnel_dns,
    "tunnel-icmp": tunnel_icmp,
    "beacon": beacon,
}
