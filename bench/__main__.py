"""`make bench`: speed and memory, as ratios in one run. Prints the markdown of docs/measurements.md."""

from __future__ import annotations

import importlib
import sys

PARTS = ("startup", "intake", "proof", "retrieval", "calls", "line", "bulk", "memory", "packing", "agreement", "chat")


def main(wanted: list[str]) -> None:
    """Run the named parts (all by default) and print what they measured."""
    for part in wanted or PARTS:
        if part not in PARTS:
            sys.exit(f"there is no part {part!r}; parts are: {', '.join(PARTS)}")
        lines: list[str] = importlib.import_module(f"bench.{part}").run()
        print(f"\n## {part}\n", *lines, sep="\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
