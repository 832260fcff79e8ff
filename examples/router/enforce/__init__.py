"""From verdicts to bans that end by themselves: dry run unless told otherwise.

verdict → policy (strikes, allow-list, rate) → audit log → nft set with timeout

with Enforcer(policy, log, firewall=None) as enforcer:   # None: a dry run
    enforcer.consider(verdict)
"""

from examples.router.enforce.enforcer import Decision, Enforcer
from examples.router.enforce.policy import Policy

__all__ = ["Decision", "Enforcer", "Policy"]
