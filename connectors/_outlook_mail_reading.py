"""One poll of an Outlook mailbox: what change tracking says of each folder, then what lies further back.

Every page can be resumed from. A link that is no longer honoured ends the poll before anything was reported; without
a cursor only the folder it belongs to begins anew, and what is known by then is not read again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from connectors._microsoft_refusals import NotAllowed, NotTaken, NotThere
from connectors._outlook_mail_message import identifier, is_partial, observe, received, selection
from connectors._outlook_mail_place import MARGIN, MOST_TRACKED, PREFIX, FolderNote, Sweep
from syncd.connector import Note, Page, Progress
from syncd.errors import CursorExpired, Transient

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from connectors._outlook_mail_asking import Answer, Asker
    from connectors._outlook_mail_folders import Folder
    from connectors._outlook_mail_place import Place
    from syncd.connector import Context
    from syncd.errors import ConnectorError
    from syncd.model import Observation

PAGE: Final = 200
"""So many messages are read between two cursors; much larger pages with all headers run into Graph's own time limit."""

SKIMMED: Final = 1000
"""So many ids are looked at in one request, the most that Graph gives."""

FEW: Final = 10
"""So many strangers on a skimmed page are fetched one by one; for more, that part is read as if for the first time."""

_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Step:
    """A page of a sweep: everything received after `low` is met by then, or everything when it is `over`."""

    rows: Sequence[object]
    low: datetime | None
    over: bool


@dataclass(slots=True)
class Reading:
    """One poll. `notes` are what is known of each folder, `unwritten` the texts of notes that wait for the next page.

    `resumes` with a cursor. `tracks` False where Graph has no change tracking for mail (21Vianet's cloud): then every
    poll sweeps.
    """

    context: Context
    asker: Asker
    place: Place
    since: datetime
    resumes: bool
    tracks: bool
    notes: dict[str, FolderNote]
    unwritten: dict[str, str | None] = field(default_factory=dict)
    _refused: dict[str, NotAllowed | NotTaken] = field(default_factory=dict)
    _done: int = 0
    _total: int = 0

    def pages(self, folders: Sequence[Folder]) -> Iterator[Page]:
        """The pages of every folder, and a last one when only notes changed.

        Raises what refused a folder, after the others were read.
        """
        now = self.context.now()
        first: dict[str, Answer] = {}
        for folder in folders:
            if self.context.stopping():
                return
            self._open(folder, now, first)
        self._forget(folders)
        self._total = sum(folder.total for folder in folders if self.notes[folder.id].is_new)
        self._total += sum(len(answer.rows) for answer in first.values())
        for folder in folders:
            if folder.id not in self._refused:
                yield from self._read(folder, first.pop(folder.id, None))
            if self.context.stopping():
                return
        if self.unwritten or not self.resumes:
            yield self._page(())
        if self._refused:
            raise self._refusal(folders)

    def _read(self, folder: Folder, answer: Answer | None) -> Iterator[Page]:
        """The pages of one folder, which holds no other up."""
        try:
            yield from self._track(folder, answer)
            while (sweep := self.notes[folder.id].sweep) is not None and not self.context.stopping():
                yield from self._skim(folder, sweep) if sweep.skims else self._sweep(folder, sweep)
        except NotThere:
            self.context.log.warning("account %s: a folder vanished while it was read", self.context.account)
        except (NotAllowed, NotTaken) as error:
            self._refused[folder.id] = error

    def _refusal(self, folders: Sequence[Folder]) -> ConnectorError:
        """What keeps folders from being read; where it is all of them, it is no matter of folders."""
        first = next(iter(self._refused.values()))
        if len(self._refused) == len(folders):
            return first
        names = ", ".join(repr(folder.path) for folder in folders if folder.id in self._refused)
        return Transient(
            f"{first.title.removesuffix('.')}: of the folders, {names}.",
            f"All others were read. To leave it out, add it to `skip` of accounts.{self.context.account}, "
            f"then type: syncd sync {self.context.account}",
        )

    def _open(self, folder: Folder, now: datetime, first: dict[str, Answer]) -> None:
        """Ask what changed in a folder, before anything is reported; or note down where to begin."""
        note = self.notes.get(folder.id)
        if note is not None and note.link:
            try:
                first[folder.id] = self.asker.page(note.link, size=PAGE)
            except NotThere:
                self.context.log.warning("account %s: a folder vanished before it was read", self.context.account)
                return
            except NotAllowed as error:
                self._refused[folder.id] = error
                return
            except CursorExpired:
                if self.resumes:
                    raise
                note = note.model_copy(update={"link": "", "again": True, "begins": self._begins(folder, now)})
        if note is None:
            note = self._begun(folder, now)
        elif not self.resumes:
            note = note.swept_to(self.since, now)
        elif self.tracks and not note.refused:
            note = note.looking_again(now, self.since)
        elif note.sweep is None:
            sweep = Sweep(bottom=(note.swept or now) - MARGIN, again=True)
            note = note.model_copy(update={"sweep": sweep, "swept": now})
        self._write(folder, note)

    def _begun(self, folder: Folder, now: datetime) -> FolderNote:
        """A folder that was never read: tracked from some moment on, and swept from there down to the horizon."""
        begins = self._begins(folder, now)
        sweep: Sweep | None = Sweep(bottom=self.since, low=begins + _SECOND)
        if not self.tracks:
            sweep = Sweep(bottom=self.since)
        elif begins <= self.since:
            sweep = None
        return FolderNote(settings=self.place.settings, begins=begins, sweep=sweep, swept=now)

    def _begins(self, folder: Folder, now: datetime) -> datetime:
        """From when on change tracking tells of a folder, in whole seconds."""
        begins = self.since if folder.total <= MOST_TRACKED else max(self.since, now - MARGIN)
        return begins.replace(microsecond=0)

    def _track(self, folder: Folder, answer: Answer | None) -> Iterator[Page]:
        """The rest of a round of change tracking, the first one for a new folder."""
        note, trail = self.notes[folder.id], set[str]()
        if answer is None:
            if not self.tracks or note.refused or note.link or self.context.stopping():
                return
            path = f"/me/mailFolders/{quote(folder.id)}/messages/delta"
            try:
                answer = self.asker.page(path, self._initially(note.begins), PAGE)
            except NotTaken as error:
                self.context.log.debug("account %s: no change tracking: %s", self.context.account, error.title)
                self._write(folder, note.untracked(self.since))
                return
        while True:
            link = answer.next or answer.delta
            if not link:
                raise Transient("Microsoft Graph answered without saying where to go on.")
            rows = list(self._completed(answer.rows))
            self._write(folder, self.notes[folder.id].model_copy(update={"link": link}))
            found = self._observed(folder, rows, only_strangers=note.again)
            if found:
                yield self._page(found, len(rows))
            if answer.delta or self.context.stopping():
                return
            answer = self.asker.page(link, size=PAGE, trail=trail)

    def _completed(self, rows: Iterable[object]) -> Iterator[object]:
        """What a page of change tracking tells of, whole; not what only left the folder, or changed and is known."""
        for row in rows:
            if isinstance(row, dict) and "@removed" in row:
                continue
            if not is_partial(row):
                yield row
            elif self._strangers([row]):
                yield from self._fetched(identifier(row))

    def _initially(self, begins: datetime) -> Mapping[str, str]:
        return {
            "$select": selection(subjects=self.context.subjects),
            "$filter": f"receivedDateTime ge {_stamp(begins)}",
            "$orderby": "receivedDateTime desc",
            "changeType": "created",
        }

    def _sweep(self, folder: Folder, sweep: Sweep) -> Iterator[Page]:
        """Messages further back, to the end of the sweep or to where it skims again."""
        select = selection(subjects=self.context.subjects)
        for step in self._backwards(folder, sweep, select, PAGE):
            after = self._moved(folder, step)
            found = self._observed(folder, step.rows, only_strangers=sweep.again)
            yield self._page(found, len(step.rows))
            if after is not None and after.skims:
                return

    def _skim(self, folder: Folder, sweep: Sweep) -> Iterator[Page]:
        """Ids further back, to the end of the sweep or to where too many are strangers."""
        low = sweep.low
        for step in self._backwards(folder, sweep, "id,receivedDateTime", SKIMMED):
            strangers = self._strangers(step.rows)
            ends = sweep.bottom if step.over else step.low
            if len(strangers) > FEW and ends and (low is None or ends < low):
                part = sweep.model_copy(update={"low": low, "read_to": ends})
                self._write(folder, self.notes[folder.id].model_copy(update={"sweep": part}))
                return
            whole: list[object] = []
            for row in strangers:
                if self.context.stopping():
                    return
                whole += self._fetched(identifier(row))
            if whole and self.resumes:
                self.context.log.info(
                    "account %s: %d messages that change tracking had left out", self.context.account, len(whole)
                )
            self._moved(folder, step)
            low = step.low
            found = self._observed(folder, whole, only_strangers=False)
            if found:
                yield self._page(found, len(whole))

    def _backwards(self, folder: Folder, sweep: Sweep, select: str, size: int) -> Iterator[Step]:
        """Steps back in time, from where the sweep is to its end.

        They begin at a moment, not at a number of messages, so that what leaves the folder meanwhile shifts nothing.
        Exchange knows fractions of the seconds that Graph shows: the last second of a page is asked for again.
        """
        low, before, link, trail = sweep.low, frozenset[str](), "", set[str]()
        while not self.context.stopping():
            if link:
                answer = self.asker.page(link, trail=trail)
            else:
                upwards = f" and receivedDateTime le {_stamp(low)}" if low else ""
                params = {
                    "$select": select,
                    "$filter": f"receivedDateTime ge {_stamp(sweep.bottom)}{upwards}",
                    "$orderby": "receivedDateTime desc",
                    "$top": str(size),
                }
                answer = self.asker.page(f"/me/mailFolders/{quote(folder.id)}/messages", params)
            reached = min((moment for moment in map(received, answer.rows) if moment), default=None)
            lower = reached + _SECOND if reached else low
            moves = lower is not None and (low is None or lower < low)
            low, link = lower if moves else low, "" if moves else answer.next
            yield Step([row for row in answer.rows if identifier(row) not in before], low, over=not answer.next)
            if not answer.next:
                return
            before = frozenset(map(identifier, answer.rows)) - {""}

    def _moved(self, folder: Folder, step: Step) -> Sweep | None:
        """Note down how far a sweep came: what is left of it, None when nothing is."""
        note = self.notes[folder.id]
        after = None if step.over or note.sweep is None else note.sweep.model_copy(update={"low": step.low})
        self._write(folder, note.model_copy(update={"sweep": after, "again": note.again and after is not None}))
        return after

    def _strangers(self, rows: Iterable[object]) -> list[object]:
        named = {identifier(row): row for row in rows if identifier(row)}
        known = self.context.memory.known(named.keys())
        return [row for name, row in named.items() if name not in known]

    def _fetched(self, name: str) -> list[object]:
        try:
            return [
                self.asker.one(f"/me/messages/{quote(name)}", {"$select": selection(subjects=self.context.subjects)})
            ]
        except NotThere:
            return []

    def _observed(self, folder: Folder, rows: Sequence[object], *, only_strangers: bool) -> tuple[Observation, ...]:
        """What these items show, but for what was sent before the horizon; the last word on each."""
        if only_strangers:
            nameless = [row for row in rows if not identifier(row)]
            rows = [*self._strangers(rows), *nameless]
        found: dict[str, Observation] = {}
        for row in rows:
            seen = observe(row, folder.id, self.context, sent=folder.sent)
            if seen is not None and getattr(seen, "at", self.since) >= self.since:
                found[seen.remote_id] = seen
        return tuple(found.values())

    def _write(self, folder: Folder, note: FolderNote) -> None:
        if self.notes.get(folder.id) != note:
            self.notes[folder.id] = note
            self.unwritten[f"{PREFIX}{folder.id}"] = note.written()

    def _forget(self, folders: Sequence[Folder]) -> None:
        """Tear up the notes of folders that are gone, or are not to be read any more."""
        for name in self.notes.keys() - {folder.id for folder in folders}:
            del self.notes[name]
            self.unwritten[f"{PREFIX}{name}"] = None

    def _page(self, observations: Sequence[Observation], read: int = 0) -> Page:
        self._done += read
        notes = tuple(Note(key, text) for key, text in self.unwritten.items())
        self.unwritten.clear()
        progress = Progress(self._done, max(self._done, self._total)) if self._total else None
        return Page(tuple(observations), self.place.turned(), progress, notes)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
