"""Why nobody vouches for a signature file: words for people, decided after the refusal."""

from __future__ import annotations

from edge_infer.errors import Untrusted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_infer.trust.envelope import Envelope
    from edge_infer.trust.keys import PublicKey
    from edge_infer.trust.pins import Pin


def nobody_signed(envelope: Envelope, keys: Sequence[PublicKey]) -> Untrusted:
    """No signature in `envelope` holds under `keys`."""
    trusted = ", ".join(f"{key.fingerprint} (file {key.hint})" for key in keys) or "no key"
    if envelope.hint is None or envelope.hint in [key.hint for key in keys]:
        return Untrusted(
            "the signature does not hold: payload or signature changed after signing",
            expected=f"a signature by {trusted}",
            actual="no valid signature",
            hint="copy the signed files again from where they were signed",
        )
    return Untrusted(
        "signed with another key than the trusted one",
        expected=trusted,
        actual=f"a key that calls itself file {envelope.hint}",
        hint="the number after `file` is the SHA-256 of the .pub file: find the signer's with "
        "`sha256sum *.pub`, and trust it only if it came to you by a way you trust",
    )


def may_not(pin: Pin, role: str, fault: str) -> Untrusted:
    """The signature holds, but its key may not act as `role`."""
    return Untrusted(
        f"signed with a key that may not vouch for this as {role}",
        expected=f"a key pinned as {role}, not revoked",
        actual=f"{pin.called}, {fault}",
        hint="have it signed by a key of that role (edge-infer trust show lists them)",
    )


def nobody_may(role: str, called: Sequence[str]) -> Untrusted:
    """No key that is pinned may act as `role` at all."""
    return Untrusted(
        f"no key is trusted as {role}",
        expected=f"a key pinned as {role}, not revoked",
        actual="; ".join(called) or "no key",
        hint=f"edge-infer trust add FILE KEY.pub --role {role} --id NAME",
    )
