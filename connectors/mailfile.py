"""Mail that lies in files: an mbox, a folder of mboxes or of single messages, a Maildir. Nothing but headers is kept.

Only what is new is read: an mbox from the message that was read last, a Maildir by the names that were not there yet.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from os import fstat
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import Field

from connectors._fingerprint import fingerprint
from connectors._mail import read_message
from connectors._mail_places import SENT_NAMES, is_called, survey
from connectors._mail_words import decode_words
from connectors._mailfile_cursor import BoxState, Place
from connectors._mbox import LONGEST_HEADER, arrival, entries
from syncd.connector import ConnectorOptions, Page, Progress
from syncd.errors import Misconfigured, Transient
from syncd.model import Message, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors._mail_places import Box, Single, Survey
    from connectors._mbox import Entry
    from syncd.connector import Context
    from syncd.model import Observation

PAGE: Final = 500
"""So many messages are read between two cursors."""

SETTLED: Final = timedelta(minutes=1)
"""An mbox that nobody touched for so long is complete, even when it ends inside a header."""

_FIRST_PIECE: Final = 16384
_USUAL_SIZE: Final = 4000
_LABELS: Final = b"X-Gmail-Labels:"
_END_OF_HEADER: Final = re.compile(rb"\n\r*\n")
_PREAMBLE: Final = re.compile(rb"^(?:\xef\xbb\xbf)?[\r\n]*(?:\d+[ \t]*\r?\n|>?From .*\n)*")
_DELIVERED: Final = re.compile(r"(?:.*/)?(\d{9,10})[._]")


class MailFileOptions(ConnectorOptions):
    """Where the files are, and whose they are."""

    path: Path = Field(description="an mbox file, a folder of mboxes or of .eml files, or a Maildir")
    addresses: tuple[str, ...] = Field((), description="your addresses in that mail, when [me] does not name them all")
    sent: tuple[str, ...] = Field((), description="globs of the folders of sent mail; empty: the usual names")
    skip: tuple[str, ...] = Field((), description='globs of folders to leave out, like ["Drafts", "Junk"]')

    def own_addresses(self) -> tuple[str, ...]:
        """The owner's addresses that these options name."""
        return self.addresses


class MailFile:
    """The connector `mailfile`."""

    Options: ClassVar[type[ConnectorOptions]] = MailFileOptions
    shows_meetings: ClassVar[bool] = False

    def __init__(self, options: MailFileOptions, context: Context) -> None:
        self._options = options
        self._context = context
        self._path = options.path.expanduser()
        self._sent = tuple(glob.casefold() for glob in options.sent) or SENT_NAMES
        self._skip = tuple(glob.casefold() for glob in options.skip)

    def poll(self, cursor: str | None, since: datetime) -> Iterator[Page]:
        """See `Connector.poll`. An mbox that was rewritten is read again from its start; its records keep their ids."""
        place = Place.opened(cursor, self._fingerprint())
        found = self._survey()
        reading = _Reading(self._context, since, place, found, self._sent)
        try:
            yield from reading.pages(cursor)
        except PermissionError as error:
            raise self._refused(str(error.filename or self._path)) from error
        except OSError as error:
            raise Transient(f"{self._path} could not be read to its end ({error.strerror}).") from error
        if found.refused and not self._context.stopping():
            raise self._refused(found.refused[0])

    def check(self) -> tuple[str, ...]:
        """What lies at the path, without reading a message."""
        found = self._survey()
        if found.refused:
            raise self._refused(found.refused[0])
        places = ", ".join(sorted(found.sent_places)[:5]) or "none found; set `sent` to the names of yours"
        return (
            f"{self._path}: {len(found.boxes)} mboxes, {len(found.singles)} single messages",
            f"sent mail: {places}",
        )

    def close(self) -> None:
        """Nothing stays open between polls."""

    def _fingerprint(self) -> str:
        first_sync, subjects = self._options.first_sync, self._context.subjects
        return fingerprint(self._path.absolute(), first_sync, self._sent, self._skip, subjects)

    def _survey(self) -> Survey:
        try:
            return survey(self._path, self._sent, self._skip)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise Misconfigured(
                f"There is no file or folder {self._path}.",
                f"Correct `path` of accounts.{self._context.account}, then type: syncd doctor",
            ) from error
        except PermissionError as error:
            raise self._refused(str(error.filename or self._path)) from error
        except OSError as error:
            raise Transient(f"{self._path} could not be read ({error.strerror}).") from error

    def _refused(self, path: str) -> Misconfigured:
        return Misconfigured(f"{path} may not be read by this user.", f"Type: chmod u+rX '{path}'")


class _Reading:
    """One poll: what was read since the last page, and where that leaves the place."""

    def __init__(self, context: Context, since: datetime, place: Place, found: Survey, sent: Sequence[str]) -> None:
        self._context = context
        self._since = since
        self._now = context.now()
        self._place = place
        self._found = found
        self._sent = sent
        self._page: dict[str, Observation] = {}
        self._taken = 0
        self._done = 0
        self._boxed = 0
        self._bytes_read = 0
        self._bytes_left = 0
        self._singles_left = 0

    def pages(self, cursor: str | None) -> Iterator[Page]:
        """Everything that is new, mboxes first; the last page comes only when it moves the cursor."""
        place, stopping = self._place, self._context.stopping
        place.boxes = {box.name: place.boxes.get(box.name, BoxState()) for box in self._found.boxes}
        singles = {single.mark: single for single in self._found.singles}
        changed = [box for box in self._found.boxes if not place.boxes[box.name].covers(box)]
        self._bytes_left = sum(box.size - max(0, place.boxes[box.name].last) for box in changed)
        self._singles_left = len(singles.keys() - place.read)
        for box in changed:
            with self._forgiving(str(box.path)):
                yield from self._read_box(box)
            if stopping():
                return
        yield from self._read_singles(singles)
        if not stopping() and place.cursor() != cursor:
            yield self._turn()

    def _read_box(self, box: Box) -> Iterator[Page]:
        state = self._place.boxes[box.name]
        settled = self._now - datetime.fromtimestamp(box.modified / 1e9, UTC) >= SETTLED
        before, complete = self._bytes_read, True
        with box.path.open("rb", buffering=0) as file:
            if not state.holds(file):
                state = self._place.boxes[box.name] = BoxState()
            start = max(0, state.last)
            for entry in entries(file, start, self._context.stopping):
                if entry.start == state.last:
                    continue
                if not entry.ended and not settled:
                    complete = False
                    break
                state.advance(entry)
                self._take(self._boxed_message(box, state.check, entry))
                self._boxed += 1
                self._bytes_read = before + entry.start - start
                if self._taken == PAGE:
                    yield self._turn()
        self._bytes_read = before + box.size - start
        if complete and not self._context.stopping():
            state.size, state.modified = box.size, box.modified

    def _boxed_message(self, box: Box, check: str, entry: Entry) -> Message | Unreadable | None:
        """The message of an entry; its separator says when only if no Date does, since many exporters make it up."""
        sent = box.sent or self._is_labelled_sent(entry.header)
        message = self._read(f"{box.name}#{check}", entry.header, None, sent=sent)
        if isinstance(message, Unreadable) and (arrived := arrival(entry.separator)):
            message = self._read(message.remote_id, entry.header, arrived, sent=sent)
        return message

    def _read_singles(self, singles: Mapping[int, Single]) -> Iterator[Page]:
        place = self._place
        place.check_resumed(singles)
        missing: set[int] = set()
        for mark, single in singles.items():
            if mark <= place.upto:
                continue
            if mark not in place.read:
                if self._context.stopping():
                    return
                missing.add(mark)
                with self._forgiving(single.path):
                    self._take(self._single_message(single))
                    missing.remove(mark)
                self._singles_left -= 1
            place.pass_by(mark, counted=mark not in missing)
            if self._taken == PAGE:
                yield self._turn()
        place.remember(singles.keys() - missing)

    def _single_message(self, single: Single) -> Message | Unreadable | None:
        header, modified = _header_of(single.path)
        delivered = _DELIVERED.match(single.name)
        arrived = datetime.fromtimestamp(int(delivered[1]), UTC) if delivered else None
        sent = single.sent or self._is_labelled_sent(header)
        message = self._read(single.name, header, arrived, sent=sent)
        if isinstance(message, Unreadable) and not delivered:
            message = self._read(single.name, header, modified, sent=sent)
        return message

    def _read(
        self, remote_id: str, header: bytes, arrived: datetime | None, *, sent: bool
    ) -> Message | Unreadable | None:
        return read_message(remote_id, header, arrived, sent=sent, subjects=self._context.subjects, now=self._now)

    def _is_labelled_sent(self, header: bytes) -> bool:
        """Whether a Google export says that the message was sent, which it does in the owner's language."""
        if _LABELS not in header:
            return False
        labels = header.partition(_LABELS)[2].partition(b"\n")[0].decode("utf-8", "replace")
        return any(is_called(label.strip(), self._sent) for label in decode_words(labels).split(","))

    def _take(self, message: Message | Unreadable | None) -> None:
        """Put what was read on the page, unless it is our own digest or lies before the horizon."""
        self._taken += 1
        self._done += 1
        if isinstance(message, Unreadable) or (message and message.at >= self._since):
            self._page[message.remote_id] = message

    def _turn(self) -> Page:
        """The page that is full, or the last one; how much is left in mboxes is guessed from what they held so far."""
        usual = self._bytes_read / self._boxed if self._boxed else _USUAL_SIZE
        total = self._done + self._singles_left + round(max(0, self._bytes_left - self._bytes_read) / max(1, usual))
        page = Page(tuple(self._page.values()), self._place.cursor(), Progress(self._done, total))
        self._page, self._taken = {}, 0
        return page

    @contextmanager
    def _forgiving(self, path: str) -> Iterator[None]:
        """One file that vanished, or that may not be read, does not keep the others from being read."""
        try:
            yield
        except (FileNotFoundError, IsADirectoryError):
            self._context.log.debug("A mail file vanished while it was read.")
        except PermissionError:
            self._found.refused.append(path)


def _header_of(path: str) -> tuple[bytes, datetime]:
    """The header block of a message in a file of its own, and when that file was written."""
    with Path(path).open("rb", buffering=0) as file:
        block = file.read(_FIRST_PIECE)
        while not _END_OF_HEADER.search(block) and len(block) < LONGEST_HEADER and (piece := file.read(len(block))):
            block += piece
        modified = datetime.fromtimestamp(fstat(file.fileno()).st_mtime, UTC)
    if b"\n" not in block:
        block = block.replace(b"\r", b"\n")
    block = _PREAMBLE.sub(b"", block, count=1)
    end = _END_OF_HEADER.search(block)
    return block[: end.start() + 1 if end else LONGEST_HEADER], modified
