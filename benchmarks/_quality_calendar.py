"""Calendar files through the connector `ics`: how many can be read, what cannot, and whether anything breaks."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from connectors._calendar_text import read_text
from connectors.ics import Ics, IcsOptions
from syncd.errors import ConnectorError
from syncd.model import Meeting, Unreadable
from syncd.testing import context

if TYPE_CHECKING:
    import argparse

_CALENDARS = frozenset({".ics", ".ical", ".icalendar", ".ifb", ".vcs"})
_SINCE = datetime(1900, 1, 1, tzinfo=UTC)
_LARGEST_MB = 1000


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command `calendar FOLDER [--errors]`."""
    parser = subparsers.add_parser("calendar", help="calendar files: what is read, what is not, what breaks")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="holds .ics files, or is one")
    parser.add_argument("--errors", action="store_true", help="print what could not be read on stderr, with the reason")
    parser.set_defaults(run=lambda chosen: measure(chosen.folder, errors=chosen.errors))


def measure(folder: Path, *, errors: bool = False) -> dict[str, object]:
    """Every calendar file at or below `folder`, read from 1900 on.

    `events` are components (a series is one), `meetings` what the window of the connector holds of them; `unreadable`
    counts events, and files that are no calendar, each with its reason; `crashes` are files that raised anything but
    the connector's own errors. Raises ValueError when there is no calendar file.
    """
    if not folder.exists():
        raise ValueError(f"There is no file or folder {folder}.")
    paths = [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.is_file())
    paths = [path for path in paths if path == folder or path.suffix.lower() in _CALENDARS]
    if not paths:
        raise ValueError(f"{folder} holds no calendar files ({', '.join(sorted(_CALENDARS))}).")
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for path in paths:
        try:
            counts["events"] += len(read_text(path.read_bytes(), titles=True).blocks)
            seen = _read(path)
        except (ConnectorError, OSError) as error:
            seen = [Unreadable(path.name, str(error))]
        except Exception as error:  # noqa: BLE001 - this is what must not happen, and is counted
            counts["crashes"] += 1
            print(f"{path}: BROKE {error!r}", file=sys.stderr)
            continue
        counts["meetings"] += sum(isinstance(one, Meeting) for one in seen)
        for one in seen:
            if isinstance(one, Unreadable):
                counts["unreadable"] += 1
                reasons[one.reason] += 1
                if errors:
                    print(f"{path} {one.remote_id}: {one.reason}", file=sys.stderr)
    return {
        "files": len(paths),
        "events": counts["events"],
        "unreadable": counts["unreadable"],
        "crashes": counts["crashes"],
        "meetings": counts["meetings"],
        "reasons": dict(reasons.most_common(20)),
    }


def _read(path: Path) -> list[object]:
    options = IcsOptions.model_validate({"type": "ics", "path": path, "size_limit": _LARGEST_MB})
    connector = Ics(options, context(now=lambda: datetime.now(UTC)))
    return [observation for page in connector.poll(None, _SINCE) for observation in page.observations]
