"""Every message and calendar file of a folder through the connectors: read, or set aside with a reason; never an error.

python benchmarks/proofs/every_file.py DATA/mailfix DATA/calendar
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from syncd.connector import load_connector
from syncd.errors import ConnectorError
from syncd.model import Unreadable
from syncd.testing import context

CALENDARS = {".ics", ".ical", ".ifb", ".vcs"}
OTHERS = {".vcf", ".tsv", ".json", ".md"}
SINCE = datetime(1900, 1, 1, tzinfo=UTC)


def main(folders: list[Path]) -> int:
    """Read everything; print counts by connector and what was refused as a whole. The number of files that broke."""
    counts: Counter[tuple[str, str]] = Counter()
    reasons: Counter[str] = Counter()
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        if path.suffix.lower() in OTHERS:
            continue
        kind = "ics" if path.suffix.lower() in CALENDARS else "mailfile"
        loaded = load_connector(kind)
        connector = loaded(loaded.Options.model_validate({"type": kind, "path": str(path)}), context())
        counts[kind, "files"] += 1
        try:
            for page in connector.poll(None, SINCE):
                for observation in page.observations:
                    unreadable = isinstance(observation, Unreadable)
                    counts[kind, "records unreadable" if unreadable else "records read"] += 1
                    if isinstance(observation, Unreadable):
                        reasons[observation.reason[:60]] += 1
        except ConnectorError as error:
            counts[kind, "files refused, with a sentence"] += 1
            print(f"{path}: {error.title}")
        except Exception as error:  # noqa: BLE001 - this is what must not happen
            counts["both", "files that broke"] += 1
            print(f"{path}: BROKE {error!r}")
        finally:
            connector.close()
    for (kind, what), number in sorted(counts.items()):
        print(f"{kind:<10} {what:<40} {number:>7}")
    for reason, number in reasons.most_common(25):
        print(f"{number:>7}  {reason}")
    return counts["both", "files that broke"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    sys.exit(main(parser.parse_args().folders) > 0)
