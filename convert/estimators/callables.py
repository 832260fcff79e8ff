"""A refused callable: by its name, and with the way to bring its arithmetic along."""

from __future__ import annotations

REGISTER = "or write its arithmetic as a class of your own and name an emitter by convert.register"


def name_of(function: object) -> str:
    """Module and name, as its author wrote them."""
    module = getattr(function, "__module__", None)
    name = getattr(function, "__qualname__", None) or getattr(
        function, "__name__", type(function).__name__
    )
    return f"{module}.{name}" if module else str(name)
