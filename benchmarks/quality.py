"""How good the judgements are, on any data: one JSON object on stdout, talk on stderr.

Run: python benchmarks/quality.py ROOM PATH [--help]   (a room for each judgement: `_quality_*.py` beside this file)
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

import _quality_calendar
import _quality_classify
import _quality_identity
import _quality_mailbox
import _quality_ties

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOMS = (_quality_calendar, _quality_classify, _quality_identity, _quality_mailbox, _quality_ties)
"""Each has `add(subparsers)`, which sets `run`: a function of the arguments that returns the figures.

`run` raises ValueError or OSError with a sentence when there is nothing to measure.
"""

USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure one judgement and print its figures; 2 with a sentence on stderr where there is nothing to measure."""
    parser = argparse.ArgumentParser(prog="quality.py", description="How good the judgements are, on any data.")
    rooms = parser.add_subparsers(required=True, metavar="ROOM")
    for room in ROOMS:
        room.add(rooms)
    chosen = parser.parse_args(arguments)
    try:
        figures = chosen.run(chosen)
    except (OSError, ValueError) as failure:
        print(failure, file=sys.stderr)
        return USAGE
    json.dump(figures, sys.stdout, ensure_ascii=False)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
