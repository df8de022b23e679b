"""How large the large tests are: small as `make test` runs them, full with CODART_HEAVY=1 in the environment."""

from __future__ import annotations

import os

HEAVY = os.environ.get("CODART_HEAVY", "") not in ("", "0")


def sized(usual: int, heavy: int) -> int:
    """`usual`, or `heavy` where CODART_HEAVY is set: for sizes that show the same property sooner or more often."""
    return heavy if HEAVY else usual
