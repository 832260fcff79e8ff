"""The hosts of one made capture: their addresses, their distance, and how they look up names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from examples.router.synthetic.content import cipher, host_name
from examples.router.synthetic.talk import ask

if TYPE_CHECKING:
    from random import Random

    from examples.router.synthetic.wire import Wire


class Scene:
    """The hosts of one capture, and the traffic that they make."""

    def __init__(self, wire: Wire, random: Random) -> None:
        self.wire, self.random = wire, random
        self.is_v6 = random.random() < 0.15
        self.net = random.getrandbits(16) << 8
        self.rtt = random.choice((0.0003, 0.004, 0.02, 0.05, 0.15)) * random.uniform(0.6, 1.6)
        self.gateway = self.local(1)

    def local(self, number: int | None = None) -> int:
        """An address of this network."""
        host = self.random.randint(2, 250) if number is None else number
        return (0xFD << 120 | self.net << 40 | host) if self.is_v6 else (10 << 24 | self.net | host)

    def remote(self) -> int:
        """An address somewhere else."""
        bits = self.random.getrandbits(64)
        return (
            (0x2001 << 112 | bits << 8 | 1) if self.is_v6 else (20 + bits % 150) << 24 | bits >> 40
        )

    def port(self) -> int:
        """A source port."""
        return self.random.randint(1025, 65535)

    def ends(self, client: int, server: int, port: int) -> tuple[int, int, int, int]:
        """A client's ends of a connection."""
        return client, self.port(), server, port

    def lookup(self, time: float, client: int) -> None:
        """A client finds a server's address, or once in a while does not."""
        random = self.random
        code = 3 if random.random() < 0.04 else 0
        name = host_name(random)
        for kind in (1, 28)[: random.choice((1, 2))]:
            ends = self.ends(client, self.gateway, 53)
            answer = cipher(random, random.choice((4, 16, 60)))
            ask(self.wire, time, ends, name, rtt=self.rtt, kind=kind, code=code, answer=answer)
