"""Messages out of any files, read by the connector `mailfile`: mboxes, single messages whatever they are called.

For the measurements: a folder may hold other files too, and a file that holds no mail is passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from connectors._mail_places import SENT_NAMES, is_called
from connectors.mailfile import MailFile, MailFileOptions
from syncd.errors import ConnectorError
from syncd.model import Message, Unreadable
from syncd.testing import context

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SINCE = datetime(1, 1, 2, tzinfo=UTC)
_BEGINNING = 65536
_MBOX = re.compile(rb"From [^\r\n:]")
_SINGLE = re.compile(rb"(?:^|[\r\n])(?:From|To|Date|Received|Message-ID|Return-Path)[ \t]*:", re.IGNORECASE)
_FIELD_FIRST = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]*(?:>?From [^\r\n]*[\r\n]+|\d+[ \t]*\r?\n)?[!-9;-~]+[ \t]*:")
_NEVER_MAIL = frozenset({".json", ".tsv", ".csv", ".cats", ".ics", ".vcf", ".md", ".py", ".db", ".sqlite"})


@dataclass(frozen=True, slots=True)
class MailFileFound:
    """A file that holds mail, and whether it lies in a folder of sent mail or is one."""

    path: Path
    sent: bool


def mail_files(root: Path) -> list[MailFileFound]:
    """Every file at or below `root` that begins like mail, by path; raises ValueError when there is nothing at all."""
    if not root.exists():
        raise ValueError(f"There is no file or folder {root}.")
    paths = [root] if root.is_file() else sorted(path for path in root.rglob("*") if path.is_file())
    return [
        MailFileFound(path, is_called("/".join(path.relative_to(root.parent).parts), SENT_NAMES))
        for path in paths
        if path.suffix.lower() not in _NEVER_MAIL and _begins_like_mail(path)
    ]


def messages_of(found: MailFileFound) -> Iterator[Message | Unreadable]:
    """What the connector reads in one file; a file that may not be read is one unreadable record."""
    options = MailFileOptions.model_validate(
        {"type": "mailfile", "path": found.path, "sent": ["*"] if found.sent else ["\n"]}
    )
    try:
        for page in MailFile(options, context(now=lambda: datetime.now(UTC))).poll(None, _SINCE):
            yield from (seen for seen in page.observations if isinstance(seen, Message | Unreadable))
    except ConnectorError as error:
        yield Unreadable(str(found.path), error.title)


def _begins_like_mail(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(_BEGINNING)
    except OSError:
        return True
    return bool(_MBOX.match(start)) or bool(_FIELD_FIRST.match(start) and _SINGLE.search(start))
