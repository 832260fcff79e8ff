"""Packets from an NFQUEUE: each waits in the kernel until it is accepted or dropped.

Optional, for those who want the very packet of a verdict stopped; copying from an interface and
banning by nftables costs the traffic nothing. The kernel accepts what nobody answers for
(`--queue-bypass`, and the queue's own fail-open), so a dead program is an open network.
"""

from examples.router.inline.queue import PacketQueue

__all__ = ["PacketQueue"]
