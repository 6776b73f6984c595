"""The eight promises of `Connector.poll`, each one or more tests; errors that are sentences; outages that cost nothing.

A poll is abandoned, resumed and repeated in every way a crash can bring about, each time by a new connector that
remembers what its pages were kept with.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.errors import AuthRequired, ConnectorError, CursorExpired, Misconfigured, Transient
from syncd.memory import Remembered
from syncd.model import Meeting, Message, Removal, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from syncd.connector import Page
    from syncd.model import Observation
    from syncd.testing.surroundings import Remote


def _read(remote: Remote, before: Sequence[Page] = (), *, pages: int | None = None) -> list[Page]:
    """The pages of one poll by a new connector, after those that were kept before.

    With `pages` it is abandoned after so many, as a crash would.
    """
    memory = Remembered(before)
    connector = remote.open(memory=memory)
    try:
        found: list[Page] = []
        for page in connector.poll(before[-1].cursor if before else None, remote.since):
            memory.keep(page)
            found.append(page)
            if len(found) == pages:
                break
        return found
    finally:
        connector.close()


def _seen(pages: Iterable[Page]) -> dict[str, Observation]:
    """What is known after these pages, as a store would hold it: the last word on each record."""
    return {observation.remote_id: observation for page in pages for observation in page.observations}


def _filled(remote: Remote) -> list[Page]:
    """A source with plenty in it, read once."""
    remote.add(remote.plenty)
    pages = _read(remote)
    assert len(pages) > 2, "`plenty` records must take at least three pages, or resuming proves nothing"
    return pages


def _refusal(
    remote: Remote, before: Sequence[Page], expected: tuple[type[ConnectorError], ...], cursor: str | None = None
) -> ConnectorError:
    """The error a poll raises; it must be one of `expected`, a sentence, and come before any observation."""
    connector = remote.open(memory=Remembered(before))
    yielded: list[Page] = []
    try:
        with pytest.raises(expected) as raised:
            yielded.extend(connector.poll(before[-1].cursor if before else cursor, remote.since))
    finally:
        connector.close()
    assert not _seen(yielded), "a source that refuses has shown nothing"
    error = raised.value
    assert error.title.endswith("."), f"the title is a sentence: {error.title!r}"
    assert "\n" not in error.title, "the title is one line"
    return error


def _moments(value: object) -> Iterator[datetime]:
    """Every datetime inside an observation."""
    if isinstance(value, datetime):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _moments(item)
    elif is_dataclass(value):
        for each in fields(value):
            yield from _moments(getattr(value, each.name))


class ConnectorContract:
    """The eight promises of `Connector.poll`. A subclass gives the fixture `remote`, an empty `Remote` per test."""

    # 1. A page's cursor covers everything up to that page and nothing beyond.

    def test_a_cursor_covers_nothing_that_arrives_after_its_page(self, remote: Remote) -> None:
        remote.add(remote.plenty)
        first = _read(remote, pages=1)
        remote.add()
        rest = _read(remote, first)
        assert _seen([*first, *rest]) == _seen(_read(remote))

    def test_what_arrives_during_a_poll_is_not_lost(self, remote: Remote) -> None:
        remote.add(remote.plenty)
        memory = Remembered()
        connector = remote.open(memory=memory)
        try:
            pages: list[Page] = []
            for page in connector.poll(None, remote.since):
                if not pages:
                    remote.add()
                memory.keep(page)
                pages.append(page)
        finally:
            connector.close()
        later = _read(remote, pages)
        assert _seen([*pages, *later]) == _seen(_read(remote))

    # 2. After the last cursor, nothing: polling again yields no observation.

    def test_polling_again_yields_no_observation(self, remote: Remote) -> None:
        pages = _filled(remote)
        again = _read(remote, pages)
        assert not _seen(again)
        assert not _seen(_read(remote, [*pages, *again]))

    def test_an_empty_source_is_read_and_then_filled(self, remote: Remote) -> None:
        empty = _read(remote)
        assert empty, "a first poll ends with a cursor, also when there is nothing to report"
        assert not _seen(empty)
        remote.add(2)
        assert len(_seen(_read(remote, empty))) == 2

    def test_what_is_new_is_reported_and_nothing_else_changes(self, remote: Remote) -> None:
        remote.add(3)
        pages = _read(remote)
        before = _seen(pages)
        remote.add()
        after = _seen(_read(remote, pages))
        assert len(after.keys() - before.keys()) == 1
        assert all(before[known] == after[known] for known in before.keys() & after.keys())

    # 3. Resuming at any page loses nothing, and repeats are equal.

    def test_resuming_at_any_page_loses_nothing(self, remote: Remote) -> None:
        pages = _filled(remote)
        everything = _seen(pages)
        for number in range(1, len(pages) + 1):
            resumed = _read(remote, pages[:number])
            assert _seen([*pages[:number], *resumed]) == everything, f"resumed after page {number} of {len(pages)}"

    def test_a_page_that_was_not_kept_is_reported_again_and_equal(self, remote: Remote) -> None:
        pages = _filled(remote)
        for number in range(1, len(pages)):
            again = _seen(_read(remote, pages[:number]))
            assert _seen([pages[number]]).items() <= again.items()

    def test_reading_everything_twice_is_equal(self, remote: Remote) -> None:
        pages = _filled(remote)
        assert _seen(_read(remote)) == _seen(pages)

    def test_every_record_has_an_id_of_its_own(self, remote: Remote) -> None:
        observations = [observation for page in _filled(remote) for observation in page.observations]
        assert len({observation.remote_id for observation in observations}) == remote.plenty
        assert all(observation.remote_id for observation in observations)

    def test_only_what_was_removed_is_reported_as_removed(self, remote: Remote) -> None:
        remote.add(3)
        pages = _read(remote)
        before = _seen(pages)
        victim = min(before)
        remote.remove(victim)
        for _ in range(3):
            again = _read(remote, pages)
            pages += again
            for remote_id, observation in _seen(again).items():
                assert observation in (Removal(victim), before[remote_id])

    def test_progress_counts_up_to_its_total(self, remote: Remote) -> None:
        told = [page.progress for page in _filled(remote) if page.progress]
        assert [progress.done for progress in told] == sorted(progress.done for progress in told)
        assert all(progress.total is None or progress.done <= progress.total for progress in told)

    # 4. A cursor the server no longer honours raises CursorExpired, never a silent full read.

    def test_an_expired_cursor_says_so(self, remote: Remote) -> None:
        remote.add(3)
        pages = _read(remote)
        remote.expire()
        _refusal(remote, pages, (CursorExpired,))
        assert len(_seen(_read(remote))) == 3

    @pytest.mark.parametrize("cursor", ["", "garbage", "{}", "[]", "null", '{"version": 99}', "\x00\ud800", "9" * 5000])
    def test_a_cursor_of_somebody_else_counts_as_expired(self, remote: Remote, cursor: str) -> None:
        remote.add()
        _refusal(remote, (), (CursorExpired,), cursor)

    # 5. Read-only.

    def test_reading_leaves_no_trace(self, remote: Remote) -> None:
        remote.add(3)
        before = remote.snapshot()
        pages = _read(remote)
        _read(remote, pages)
        assert remote.snapshot() == before

    # 6. Every datetime is aware.

    def test_every_datetime_is_utc(self, remote: Remote) -> None:
        remote.add(3)
        moments = list(_moments(tuple(_seen(_read(remote)).values())))
        assert moments
        assert all(moment.utcoffset() == timedelta(0) for moment in moments)

    # 7. A hostile record is Unreadable, never an exception.

    def test_a_hostile_record_is_unreadable_and_the_others_arrive(self, remote: Remote) -> None:
        remote.add(2)
        remote.add_hostile()
        remote.add(2)
        pages = _read(remote)
        found = _seen(pages).values()
        assert sum(isinstance(observation, Message | Meeting) for observation in found) == 4
        reasons = [observation.reason for observation in found if isinstance(observation, Unreadable)]
        assert reasons, "the hostile record is reported, not dropped"
        assert all(reasons), "with the reason"
        assert not _seen(_read(remote, pages)), "and the cursor moves past it"

    # 8. Every socket has a timeout, and `context.stopping()` is asked between requests.

    def test_stopping_is_honoured_at_any_moment_and_loses_nothing(self, remote: Remote) -> None:
        pages = _filled(remote)
        everything = _seen(pages)
        for patience in range(len(pages) - 1):
            asked = 0

            def stopping(patience: int = patience) -> bool:
                nonlocal asked
                asked += 1
                return asked > patience

            memory = Remembered()
            connector = remote.open(stopping=stopping, memory=memory)
            kept: list[Page] = []
            try:
                for page in connector.poll(None, remote.since):
                    memory.keep(page)
                    kept.append(page)
            finally:
                connector.close()
            assert asked > patience, "stopping() is asked at least once a page"
            assert len(kept) <= patience + 1, "and a page at most follows the answer"
            rest = _read(remote, kept)
            assert _seen([*kept, *rest]) == everything

    def test_a_source_that_never_answers_is_given_up(self, remote: Remote) -> None:
        remote.add()
        remote.stall()
        _refusal(remote, (), (Transient,))

    # Errors are sentences, and an outage costs nothing (design, section 7).

    def test_a_refused_sign_in_is_a_sentence_with_a_hint(self, remote: Remote) -> None:
        remote.add()
        remote.deny()
        assert _refusal(remote, (), (AuthRequired, Misconfigured)).hint

    def test_a_busy_source_is_transient(self, remote: Remote) -> None:
        remote.add()
        remote.throttle()
        _refusal(remote, (), (Transient,))

    @pytest.mark.parametrize("outage", ["deny", "throttle"])
    def test_an_outage_loses_nothing(self, remote: Remote, outage: str) -> None:
        remote.add(3)
        pages = _read(remote)
        getattr(remote, outage)()
        _refusal(remote, pages, (AuthRequired, Misconfigured, Transient))
        remote.mend()
        remote.add()
        later = _read(remote, pages)
        assert _seen([*pages, *later]) == _seen(_read(remote))

    # Constructing does no I/O; close() is safe to call twice; privacy is kept at the source.

    def test_constructing_touches_nothing(self, remote: Remote) -> None:
        remote.deny()
        connector = remote.open()
        connector.close()
        connector.close()

    def test_closing_in_the_middle_of_a_poll_is_quiet(self, remote: Remote) -> None:
        remote.add(remote.plenty)
        connector = remote.open()
        next(iter(connector.poll(None, remote.since)))
        connector.close()
        connector.close()

    def test_subjects_are_read_only_when_wanted(self, remote: Remote) -> None:
        remote.add(3)

        def words(*, subjects: bool) -> list[str]:
            memory = Remembered()
            connector = remote.open(subjects=subjects, memory=memory)
            pages: list[Page] = []
            try:
                for page in connector.poll(None, remote.since):
                    memory.keep(page)
                    pages.append(page)
            finally:
                connector.close()
            found = _seen(pages).values()
            return [
                seen.subject if isinstance(seen, Message) else seen.title
                for seen in found
                if isinstance(seen, Message | Meeting)
            ]

        assert all(words(subjects=True))
        assert not any(words(subjects=False))
