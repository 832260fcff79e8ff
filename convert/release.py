"""What tells releases apart: the name of their model, and a number that only grows."""

from __future__ import annotations

from edge_infer.errors import BadInput
from edge_infer.trust.rollback import MAX_SEQUENCE


def check_release(name: str, sequence: int) -> None:
    """Refuse what would be signed, and then be refused or mistaken on a device.

    Raises:
        BadInput: the name is no line of text, or the sequence no release number.
    """
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise BadInput(
            "the name is no name of a model",
            expected="one line of printable text",
            actual=repr(name),
            hint="name it for what it answers, such as digits; releases of it keep the name",
        )
    is_number = isinstance(sequence, int) and not isinstance(sequence, bool)
    if not is_number or not 1 <= sequence <= MAX_SEQUENCE:
        raise BadInput(
            "the sequence is no release number",
            expected="1 to 2^63 - 1",
            actual=repr(sequence),
            hint="count the releases of a model from 1 upwards",
        )
