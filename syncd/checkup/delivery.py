"""Whether the next digest would be taken, as far as that can be told without mailing one; and how the last one went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd import mailing
from syncd.accounts import House
from syncd.checkup.finding import Finding, Mark, failure
from syncd.deliver.transport import TriesOut
from syncd.errors import Exit
from syncd.model import LetterState
from syncd.store.health import newest_letter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from syncd.config import Settings
    from syncd.store import Store


def look(settings: Settings, store: Store) -> Iterator[Finding]:
    """Try out the way that [digest.send] names; raises DeliveryError, AuthRequired or what opening a mailbox raises."""
    with mailing.way(settings, store, House()) as transport:
        found = transport.try_out() if isinstance(transport, TriesOut) else ()
    goes = f"goes to {settings.digest.to} by {settings.send.via}"
    yield Finding("delivery", Mark.OK, "; ".join((goes, *found)))


def look_back(store: Store, zone: ZoneInfo) -> Iterator[Finding]:
    """What became of the last digest."""
    letter = newest_letter(store)
    if letter is None:
        yield Finding("digest", Mark.SKIPPED, "there has been none yet")
        return
    when = f" at {letter.changed.astimezone(zone):%H:%M}" if letter.changed else ""
    reason, _, mend = letter.error.rpartition(". ")
    said, mend = (f"{reason}.", mend) if reason else (letter.error, "Type: syncd digest send")
    match letter.state:
        case LetterState.SENT if not letter.error:
            yield Finding("digest", Mark.OK, f"the last, of {letter.day}, was sent{when}")
        case LetterState.SENT:
            yield Finding("digest", Mark.NOTE, f"The last, of {letter.day}, may have been sent. {said}", mend)
        case LetterState.SKIPPED:
            yield Finding("digest", Mark.OK, f"{letter.day} was a quiet day, so none was sent")
        case LetterState.FAILED:
            yield failure("digest", f"The last, of {letter.day}, was not sent. {said}", mend)
        case _ if letter.error:
            again = f" It is tried again at {letter.retry_at.astimezone(zone):%H:%M}." if letter.retry_at else ""
            yield failure("digest", f"That of {letter.day} waits. {said}{again}", mend, Exit.TRY_LATER)
        case _:
            yield Finding("digest", Mark.OK, f"that of {letter.day} is on its way")
