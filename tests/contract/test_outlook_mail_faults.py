"""What `outlook-mail` survives: lost links, throttling, links that lead astray, moves, limits, and silence."""

from __future__ import annotations

import json
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest

from syncd.errors import CursorExpired, Transient
from syncd.model import Message
from syncd.testing import NOW
from tests.contract.outlook import SINCE, Outlook, outlook_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def outlook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Outlook]:
    with outlook_at(tmp_path, monkeypatch) as account:
        yield account


@pytest.fixture
def large(outlook: Outlook, monkeypatch: pytest.MonkeyPatch) -> Outlook:
    """Every folder is too large for change tracking to begin at the horizon."""
    monkeypatch.setattr("connectors._outlook_mail_reading.MOST_TRACKED", 0)
    return outlook


def fill(outlook: Outlook, count: int, folder: str = "inbox") -> list[str]:
    return [outlook.letter(folder, NOW - timedelta(days=30, minutes=number)) for number in range(count)]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (410, "SyncStateNotFound"),
        (400, "SyncStateNotFound"),
        (404, "SyncStateNotFound"),
        (400, "SyncStateInvalid"),
        (410, "resyncRequired"),
        (410, "ResyncChangesApplyDifferences"),
    ],
)
def test_a_lost_link_says_so_before_anything_is_reported(outlook: Outlook, status: int, code: str) -> None:
    fill(outlook, 3, "archive")
    outlook.poll()
    outlook.letter("inbox")
    outlook.graph.links.expire(status, code)
    kept = len(outlook.pages)
    with pytest.raises(CursorExpired):
        outlook.poll()
    assert len(outlook.pages) == kept


def test_after_a_lost_link_only_what_is_unknown_is_read(large: Outlook) -> None:
    fill(large, 30)
    assert len(large.poll()) == 30
    new = large.letter()
    large.graph.expire()
    with pytest.raises(CursorExpired):
        large.poll()
    large.start_over()
    before = len(large.graph.requests)
    assert set(large.poll()) == {new}
    later = large.graph.requests[before:]
    assert not [asked for asked in later if "messages?" in asked.target and "internetMessageHeaders" in asked.target]
    assert large.poll() == {}


def test_a_round_that_dies_half_way_is_read_again_and_loses_nothing(outlook: Outlook) -> None:
    expected = set(fill(outlook, 12))
    found = set(outlook.poll(pages=2))
    outlook.graph.expire()
    with pytest.raises(CursorExpired):
        outlook.poll()
    outlook.start_over()
    assert found | set(outlook.poll()) == expected


def test_a_folder_that_was_read_again_is_told_of_as_ever(outlook: Outlook) -> None:
    fill(outlook, 3)
    outlook.poll()
    outlook.graph.links.expire(410, "SyncStateNotFound")
    outlook.start_over()
    outlook.poll()
    assert not any(json.loads(text).get("again") for text in outlook.memory.notes("folder/").values())


def test_without_a_cursor_a_link_that_still_holds_is_kept(outlook: Outlook) -> None:
    fill(outlook, 5)
    outlook.poll()
    outlook.start_over()
    before = len(outlook.graph.requests)
    assert outlook.poll() == {}
    assert not [asked for asked in outlook.graph.requests[before:] if "changeType" in asked.params]


def test_many_strangers_are_read_page_by_page_and_few_one_by_one(large: Outlook) -> None:
    fill(large, 40)
    large.poll()
    late = [large.letter("inbox", NOW - timedelta(days=30, minutes=number)) for number in (0, 5, 5, 5, 20)]
    for each in late:
        large.mailbox.leave_untold(each)
    large.start_over()
    before = len(large.graph.requests)
    assert set(large.poll()) == set(late)
    later = large.graph.requests[before:]
    assert sum(asked.path[1] == "messages" for asked in later) == 2
    assert large.poll() == {}


@pytest.mark.parametrize("retry_after", ["2", None])
def test_a_busy_graph_is_waited_for(outlook: Outlook, retry_after: str | None) -> None:
    fill(outlook, 3)
    outlook.graph.fail("delta", 429, "TooManyRequests", retry_after=retry_after)
    assert len(outlook.poll()) == 3
    assert outlook.now > NOW


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again(outlook: Outlook, status: int) -> None:
    fill(outlook, 3)
    outlook.graph.fail("messages", status)
    assert len(outlook.poll()) == 3


def test_mailbox_concurrency_of_another_program_is_waited_out(outlook: Outlook) -> None:
    fill(outlook, 3)
    outlook.graph.fail("", 429, "ApplicationThrottled", retry_after="1", times=2)
    assert len(outlook.poll()) == 3


def test_a_poll_that_fails_in_the_middle_goes_on_where_it_was(large: Outlook) -> None:
    expected = set(fill(large, 20))
    large.graph.fail_after(2, "receivedDateTime le", 503, times=100)
    with pytest.raises(Transient):
        large.poll()
    large.graph.mend()
    kept = len({seen.remote_id for page in large.pages for seen in page.observations})
    assert 0 < kept < 20
    rest = large.poll()
    assert len(rest) <= 20 - kept + 1
    assert {seen.remote_id for page in large.pages for seen in page.observations} == expected


@pytest.mark.parametrize("part", ["delta", "messages?", "mailFolders?"])
def test_a_web_page_in_place_of_an_answer_is_no_empty_mailbox(large: Outlook, part: str) -> None:
    fill(large, 6)
    large.graph.show_page(part)
    with pytest.raises(Transient):
        large.poll()
    assert len(large.poll()) == 6


@pytest.mark.parametrize("host", ["https://evil.example", "http://127.0.0.1:9"])
def test_a_link_to_another_host_is_refused_and_not_kept(outlook: Outlook, host: str) -> None:
    expected = set(fill(outlook, 6))
    outlook.graph.links.host = host
    with pytest.raises(Transient, match="another host"):
        outlook.poll()
    assert not any(host in note for note in outlook.memory.notes().values())
    outlook.graph.links.host = None
    assert set(outlook.poll()) == expected


def test_a_silent_graph_is_given_up_and_nothing_is_lost(outlook: Outlook, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(outlook, 6)
    outlook.graph.stall("skiptoken", times=1)
    with monkeypatch.context() as patch:
        patch.setattr("connectors._microsoft_graph.ANSWER_WITHIN", 1)
        with pytest.raises(Transient):
            outlook.poll()
    outlook.graph.mend()
    outlook.poll()
    assert len({seen.remote_id for page in outlook.pages for seen in page.observations}) == 6


def test_repeats_in_any_order_and_empty_pages_change_nothing(outlook: Outlook) -> None:
    expected = set(fill(outlook, 10))
    outlook.mailbox.repeat = 3
    outlook.mailbox.order = Random(4)  # noqa: S311 - an order, nothing to guard
    outlook.graph.links.empty = 2
    assert set(outlook.poll()) == expected
    new = outlook.letter()
    assert set(outlook.poll()) == {new}
    assert outlook.poll() == {}


def test_a_message_that_moves_is_one_record(outlook: Outlook) -> None:
    first = outlook.letter("inbox")
    before = outlook.poll()
    outlook.mailbox.move(first, "archive")
    again = outlook.poll()
    assert again.keys() <= {first}
    assert {**before, **again} == before


def test_what_is_deleted_stays_known(outlook: Outlook) -> None:
    first = outlook.letter()
    outlook.poll()
    outlook.mailbox.delete(first)
    assert outlook.poll() == {}
    outlook.start_over()
    assert outlook.poll() == {}


def test_a_folder_of_more_than_five_thousand_is_read_to_its_end(
    outlook: Outlook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors._outlook_mail_reading.PAGE", 1000)
    expected = set(fill(outlook, 5200))
    assert set(outlook.poll()) == expected
    assert outlook.graph.count("messages?") == 6


def test_what_arrives_during_a_sweep_is_told_by_change_tracking(large: Outlook) -> None:
    fill(large, 12)
    large.poll(pages=2)
    new = large.letter()
    large.poll()
    assert new in {seen.remote_id for page in large.pages for seen in page.observations}


def test_what_leaves_the_folder_during_a_sweep_hides_nothing(large: Outlook) -> None:
    letters = fill(large, 12)
    connector = large.connector()
    found: set[str] = set()
    for number, page in enumerate(connector.poll(None, SINCE)):
        large.memory.keep(page)
        found |= {seen.remote_id for seen in page.observations}
        if number == 0:
            for gone in letters[:3]:
                large.mailbox.delete(gone)
    connector.close()
    assert set(letters[3:]) <= found


def test_many_messages_of_one_second_are_all_read(large: Outlook) -> None:
    moment = NOW - timedelta(days=30)
    expected = {large.letter("inbox", moment + timedelta(milliseconds=number)) for number in range(23)}
    expected |= {large.letter("inbox", moment - timedelta(seconds=5 + number)) for number in range(6)}
    assert set(large.poll()) == expected
    large.start_over()
    assert large.poll() == {}


def test_what_change_tracking_left_out_is_found_within_a_day(outlook: Outlook) -> None:
    outlook.letter()
    outlook.poll()
    untold = outlook.letter()
    outlook.mailbox.leave_untold(untold)
    assert outlook.poll() == {}
    outlook.pause(25 * 3600)
    outlook.sign_in()
    assert set(outlook.poll()) == {untold}
    assert outlook.poll() == {}


def next_day(outlook: Outlook, days: int = 1) -> set[str]:
    outlook.pause(days * 86_400 + 3_600)
    outlook.sign_in()
    return set(outlook.poll())


def left_out(outlook: Outlook, days: int) -> str:
    letter = outlook.letter("inbox", outlook.now - timedelta(days=days))
    outlook.mailbox.leave_untold(letter)
    return letter


def test_what_was_left_out_is_looked_for_a_week_back_each_day_and_everywhere_each_month(outlook: Outlook) -> None:
    outlook.letter()
    outlook.poll()
    next_day(outlook)
    recent, old = left_out(outlook, 3), left_out(outlook, 20)
    assert next_day(outlook) == {recent}
    assert next_day(outlook, 30) == {old}


@pytest.mark.parametrize("cloud", ["global", "china"])
def test_progress_counts_what_is_new_and_not_the_mailbox(outlook: Outlook, cloud: str) -> None:
    outlook.mailbox.tracks_changes = cloud == "global"
    fill(outlook, 9)
    outlook.poll(settings={"cloud": cloud})
    outlook.letter()
    outlook.poll(settings={"cloud": cloud})
    progress = outlook.pages[-1].progress
    assert progress is None or progress.total in {None, 1}


def test_old_mail_that_is_moved_into_a_large_folder_is_found_in_time(large: Outlook) -> None:
    large.letter()
    large.poll()
    moved = fill(large, 1)[0]
    assert large.poll() == {}
    large.pause(25 * 3600)
    large.sign_in()
    assert set(large.poll()) == {moved}


def test_a_folder_that_vanishes_while_it_is_read_holds_nothing_up(outlook: Outlook) -> None:
    folder = outlook.mailbox.add_folder("Aardvark")
    outlook.letter(folder)
    outlook.poll()
    outlook.graph.fail(f"{folder}/messages", 404, "ErrorItemNotFound")
    new = outlook.letter("inbox")
    assert set(outlook.poll()) == {new}
    outlook.mailbox.drop_folder(folder)
    outlook.poll()
    assert not any(folder in key for key in outlook.memory.notes())


def test_a_cloud_without_change_tracking_is_swept_every_time(outlook: Outlook) -> None:
    outlook.mailbox.tracks_changes = False
    china = {"cloud": "china"}
    expected = set(fill(outlook, 9))
    assert set(outlook.poll(settings=china)) == expected
    new = outlook.letter()
    assert set(outlook.poll(settings=china)) == {new}
    assert outlook.poll(settings=china) == {}


def test_other_settings_read_everything_again(outlook: Outlook) -> None:
    outlook.letter()
    before = outlook.poll()
    with pytest.raises(CursorExpired):
        outlook.poll(settings={"first_sync": "30 days"})
    with pytest.raises(CursorExpired):
        outlook.poll(subjects=False)
    outlook.start_over()
    after = outlook.poll(subjects=False)
    assert before.keys() == after.keys()
    assert [seen.subject for seen in after.values() if isinstance(seen, Message)] == [""]


def test_no_message_is_asked_for_twice_when_nothing_happens(outlook: Outlook) -> None:
    fill(outlook, 6)
    outlook.poll()
    before = len(outlook.graph.requests)
    outlook.poll()
    later = outlook.graph.requests[before:]
    folders = 3
    assert len(later) == 1 + folders
    assert sum("deltatoken" in asked.target for asked in later) == folders
