"""What `mailfile` makes of the files that real mail lies in."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mailfile import MailFile, MailFileOptions
from syncd.connector import DIGEST_LIST_ID
from syncd.errors import CursorExpired, Misconfigured
from syncd.model import Message, SignalName, Unreadable
from syncd.testing import context
from tests.unprivileged import as_nobody, open_folder

if TYPE_CHECKING:
    from pathlib import Path

    from syncd.connector import Page
    from syncd.model import Observation

SINCE = datetime(2000, 1, 1, tzinfo=UTC)
NOW = datetime(2100, 1, 1, tzinfo=UTC)  # every file of the test was written long before


def mail(name: str, date: str = "Mon, 02 Mar 2026 09:00:00 +0000", more: str = "") -> bytes:
    return f"Message-ID: <{name}@example.org>\nDate: {date}\nFrom: {name}@example.org\n{more}\nHello.\n".encode()


def mbox(*messages: bytes) -> bytes:
    return b"".join(b"From - Mon Mar  2 09:00:00 2026\n" + message + b"\n" for message in messages)


def pages(path: Path, cursor: str | None = None, *, now: datetime = NOW, **options: object) -> list[Page]:
    connector = MailFile(
        MailFileOptions.model_validate({"type": "mailfile", "path": path, **options}), context(now=lambda: now)
    )
    return list(connector.poll(cursor, SINCE))


def seen(found: list[Page]) -> list[Observation]:
    return [observation for page in found for observation in page.observations]


def senders(found: list[Page]) -> list[str]:
    return [seen.participants[0].address.partition("@")[0] for seen in messages(found)]


def messages(found: list[Page]) -> list[Message]:
    return [observation for observation in seen(found) if isinstance(observation, Message)]


def sent(found: list[Page]) -> list[str]:
    return [
        message.participants[0].address.partition("@")[0]
        for message in messages(found)
        if any(signal.name is SignalName.FOLDER and signal.value == "sent" for signal in message.signals)
    ]


# ------------------------------------------------------------------------------- where messages begin


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(mbox(mail("ada"), mail("bob")), id="plain"),
        pytest.param(mbox(mail("ada"), mail("bob")).replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(mbox(mail("ada") + b"\n>From old times\n>>From older ones\n", mail("bob")), id="mboxrd"),
        pytest.param(mbox(mail("ada") + b"\nFrom now on: no letters\nso be it\n", mail("bob")), id="unquoted From"),
        pytest.param(mbox(mail("ada") + b"\nFrom: quoted@example.org\nTo: x\n", mail("bob")), id="quoted header"),
        pytest.param(mbox(mail("ada") + b"\nFrom : quoted@example.org\nTo: x\n", mail("bob")), id="quoted From :"),
        pytest.param(mbox(mail("ada") + b"cut off in a li", mail("bob")), id="no blank line before a separator"),
        pytest.param(mbox(mail("ada").partition(b"\nHello")[0], mail("bob")), id="header without a body"),
        pytest.param(mbox(mail("ada"), mail("bob"))[: -len(b"Hello.\n\n")], id="last message without a body"),
        pytest.param(mbox(mail("ada"), mail("bob"))[: -len(b"\nHello.\n\n")], id="last header without an end"),
        pytest.param(b"\n\n" + mbox(mail("ada"), mail("bob")), id="blank lines at the top of a second box"),
        pytest.param(mbox(mail("ada") + bytes(3_000_000), mail("bob")), id="a body longer than a piece"),
        pytest.param(mbox(mail("ada", more=f"X-Long: {'x' * 1_500_000}\n"), mail("bob")), id="a header over the limit"),
        pytest.param(b"From ada\n" + mail("ada") + b"\nFrom bob\n" + mail("bob"), id="separators without a date"),
        pytest.param(
            b"From 17@xxx Mon Mar 02 09:00:00 +0000 2026\n" + mail("ada") + b"\n"
            b"From b Mon, 02 Mar 2026 09:00:00 +0100\n" + mail("bob"),
            id="separators of exporters",
        ),
    ],
)
def test_each_message_of_an_mbox_is_found_once(tmp_path: Path, text: bytes) -> None:
    box = tmp_path / "box"
    box.mkdir()
    (box / "first").write_bytes(mbox(mail("first")))
    (box / "second").write_bytes(text if text.startswith(b"From") else mbox(mail("zero")) + text)
    assert [name for name in senders(pages(box)) if name not in {"first", "zero"}] == ["ada", "bob"]


def test_an_mbox_of_old_apple_line_ends_is_read_as_one_message(tmp_path: Path) -> None:
    (tmp_path / "mac.eml").write_bytes((b"From x Mon Mar  2 09:00:00 2026\n" + mail("ada")).replace(b"\n", b"\r"))
    assert senders(pages(tmp_path / "mac.eml")) == ["ada"]


def test_the_same_message_twice_in_one_mbox_is_one_record(tmp_path: Path) -> None:
    (tmp_path / "box").write_bytes(mbox(mail("ada"), mail("bob"), mail("ada")))
    assert sorted(senders(pages(tmp_path / "box"))) == ["ada", "bob"]


def test_messages_without_an_id_are_told_apart_by_when_they_arrived(tmp_path: Path) -> None:
    bare = b"From: cron@example.org\n\ndone\n\n"
    (tmp_path / "box").write_bytes(
        b"From cron Mon Mar  2 09:00:00 2026\n" + bare + b"From cron Mon Mar  2 09:00:01 2026\n" + bare
    )
    first, second = messages(pages(tmp_path / "box"))
    assert second.at - first.at == timedelta(seconds=1)


def test_the_separator_dates_a_message_that_carries_no_date(tmp_path: Path) -> None:
    (tmp_path / "box").write_bytes(b"From ada Mon Mar  2 10:30:05 +0100 2026\nFrom: ada@example.org\n\n")
    (message,) = messages(pages(tmp_path / "box"))
    assert message.at == datetime(2026, 3, 2, 9, 30, 5, tzinfo=UTC)


def test_separators_that_the_exporter_made_up_do_not_redate_the_mail(tmp_path: Path) -> None:
    (tmp_path / "patches.mbox").write_bytes(
        b"From x Mon Sep 17 00:00:00 2001\n" + mail("ada") + b"\n"
        b"From x Mon Sep 17 00:00:00 2001\n" + mail("bob", "Tue, 03 Mar 2026 09:00:00 +0000") + b"\n"
    )
    first, second = messages(pages(tmp_path / "patches.mbox"))
    assert (first.at, second.at - first.at) == (datetime(2026, 3, 2, 9, tzinfo=UTC), timedelta(days=1))


def test_the_separator_dates_a_message_whose_date_is_still_to_come(tmp_path: Path) -> None:
    (tmp_path / "box").write_bytes(b"From ada Mon Mar  2 09:00:00 2026\n" + mail("ada", "Fri, 02 Jan 2043 09:00 +0000"))
    (message,) = messages(pages(tmp_path / "box", now=datetime(2026, 4, 1, tzinfo=UTC)))
    assert message.at == datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_a_single_message_without_a_date_was_written_when_its_file_was(tmp_path: Path) -> None:
    letter = tmp_path / "letter.eml"
    letter.write_bytes(b"From: ada@example.org\n\n")
    os.utime(letter, (1_750_000_000, 1_750_000_000))
    (message,) = messages(pages(letter))
    assert message.at == datetime.fromtimestamp(1_750_000_000, UTC)


def test_a_file_younger_than_its_message_does_not_redate_it(tmp_path: Path) -> None:
    letter = tmp_path / "letter.eml"
    letter.write_bytes(mail("ada", "Mon, 02 Mar 2026 09:00:00 +0000"))
    os.utime(letter, (1_000_000_000, 1_000_000_000))
    assert messages(pages(letter))[0].at == datetime(2026, 3, 2, 9, tzinfo=UTC)


# ------------------------------------------------------------------------------- which files are mail


def test_folders_are_read_down_to_the_last_mbox_and_nothing_else(tmp_path: Path) -> None:
    for name in ("inbox.mbox", "2019/work", "2019/Sent.sbd/Kunden", "deep/er/still/old.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(mbox(mail(name.replace("/", ".").replace(" ", "."))))
    (tmp_path / "inbox.mbox.msf").write_bytes(b"// <!-- <mdb:mork:z v=1.4/> -->")
    (tmp_path / "notes.txt").write_bytes(b"To: do\n\nbuy milk")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "box").write_bytes(mbox(mail("hidden")))
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    found = pages(tmp_path)
    assert sorted(senders(found)) == ["2019.Sent.sbd.Kunden", "2019.work", "deep.er.still.old.txt", "inbox.mbox"]
    assert sent(found) == ["2019.Sent.sbd.Kunden"]


def test_single_messages_are_files_named_eml_or_emlx_or_by_a_number(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"\xef\xbb\xbf\r\n" + mail("ada"))
    (tmp_path / "b.emlx").write_bytes(b"1234 \n" + mail("bob"))
    (tmp_path / "17").write_bytes(mail("cyd"))
    (tmp_path / "18.").write_bytes(mail("dee").replace(b"\n", b"\r\r\n"))
    (tmp_path / "readme").write_bytes(mail("eve"))
    assert sorted(senders(pages(tmp_path))) == ["ada", "bob", "cyd", "dee"]


def test_one_file_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "readme").write_bytes(mail("ada"))
    assert senders(pages(tmp_path / "readme")) == ["ada"]
    (tmp_path / "picture").write_bytes(bytes(range(256)) * 100)
    (picture,) = seen(pages(tmp_path / "picture"))
    assert isinstance(picture, Unreadable)


def test_an_empty_file_and_an_empty_folder_hold_nothing(tmp_path: Path) -> None:
    (tmp_path / "box").touch()
    assert seen(pages(tmp_path / "box")) == []
    assert seen(pages(tmp_path)) == []


@pytest.mark.parametrize(
    "name",
    [
        "Sent",
        "sent_items.mbox",
        "_sent_mail",
        "SENT-MAIL",
        "INBOX.Sent",
        "Gesendete Objekte",
        "Posta inviata",
        "Terkirim",
    ],
)
def test_sent_mail_is_known_by_the_usual_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(mbox(mail("me")))
    (tmp_path / "Consent forms").write_bytes(mbox(mail("ada")))
    assert sent(pages(tmp_path)) == ["me"]


def test_the_owner_may_name_the_folders_of_sent_mail_and_those_to_skip(tmp_path: Path) -> None:
    for name in ("Out-2025", "Drafts", "Sent"):
        (tmp_path / name).write_bytes(mbox(mail(name)))
    found = pages(tmp_path, sent=["out-*"], skip=["drafts"])
    assert sorted(senders(found)) == ["Out-2025", "Sent"]
    assert sent(found) == ["Out-2025"]


def test_a_google_export_says_in_a_label_what_was_sent(tmp_path: Path) -> None:
    mine = mail("me", more="X-Gmail-Labels: =?UTF-8?Q?Archiviati,Posta_inviata?=\n")
    other = mail("ada", more="X-Gmail-Labels: Inbox,Unread\n")
    (tmp_path / "All mail.mbox").write_bytes(mbox(mine, other))
    assert sent(pages(tmp_path)) == ["me"]


def test_our_own_digest_is_not_mail(tmp_path: Path) -> None:
    (tmp_path / "box").write_bytes(mbox(mail("me", more=f"List-Id: <{DIGEST_LIST_ID}>\n"), mail("ada")))
    assert senders(pages(tmp_path)) == ["ada"]


def test_what_lies_before_the_horizon_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "box").write_bytes(mbox(mail("old", "Mon, 01 Mar 1999 09:00:00 +0000"), mail("ada")))
    assert senders(pages(tmp_path)) == ["ada"]


# ------------------------------------------------------------------------------- what is new


def test_reading_a_letter_does_not_make_it_new(tmp_path: Path) -> None:
    for part in ("cur", "new", "tmp"):
        (tmp_path / part).mkdir()
    (tmp_path / "new" / "1772442000.M1P1.host,S=120").write_bytes(mail("ada"))
    (tmp_path / "cur" / "1772442001.M2P1.host:2,S").write_bytes(mail("bob"))
    before = pages(tmp_path)
    (tmp_path / "new" / "1772442000.M1P1.host,S=120").rename(tmp_path / "cur" / "1772442000.M1P1.host,S=120:2,S")
    (tmp_path / "cur" / "1772442001.M2P1.host:2,S").rename(tmp_path / "cur" / "1772442001.M2P1.host:2,RS")
    (tmp_path / "new" / "1772442002.M3P1.host").write_bytes(mail("cyd"))
    assert senders(pages(tmp_path, before[-1].cursor)) == ["cyd"]


def test_marks_that_mail_programs_leave_in_an_mbox_do_not_make_it_new(tmp_path: Path) -> None:
    box = tmp_path / "box"
    flags = "X-Mozilla-Status: 0000\n"
    box.write_bytes(mbox(mail("ada", more=flags), mail("bob", more=flags)))
    before = pages(box)
    box.write_bytes(box.read_bytes().replace(b"Status: 0000", b"Status: 0001") + mbox(mail("cyd")))
    assert senders(pages(box, before[-1].cursor)) == ["cyd"]


def test_an_mbox_that_was_rewritten_is_read_again_under_the_same_ids(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(mbox(mail("ada"), mail("bob"), mail("cyd")))
    before = pages(box)
    box.write_bytes(mbox(mail("bob", more="Status: RO\nX-UID: 7\n"), mail("cyd"), mail("dee")))
    after = pages(box, before[-1].cursor)
    assert senders(after) == ["bob", "cyd", "dee"]
    assert {m.remote_id for m in messages(after)[:2]} < {m.remote_id for m in messages(before)}


def test_an_mbox_that_was_emptied_and_filled_again_is_read_again(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(mbox(mail("ada"), mail("bob")))
    cursor = pages(box)[-1].cursor
    box.write_bytes(b"")
    cursor = pages(box, cursor)[-1].cursor
    box.write_bytes(mbox(mail("cyd")))
    assert senders(pages(box, cursor)) == ["cyd"]


def test_a_header_that_is_still_being_written_waits_until_it_is_whole(tmp_path: Path) -> None:
    box = tmp_path / "box"
    whole = mbox(mail("ada"), mail("bob"))
    box.write_bytes(whole[: whole.rindex(b"@example.org\n")])
    writing = datetime.fromtimestamp(box.stat().st_mtime, UTC)
    half = pages(box, now=writing)
    assert senders(half) == ["ada"]
    box.write_bytes(whole)
    assert senders(pages(box, half[-1].cursor)) == ["bob"]


def test_a_header_that_nobody_finishes_is_read_as_it_is(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(mbox(mail("ada")) + b"From - Mon Mar  2 09:00:00 2026\nFrom: bob@example.org")
    writing = datetime.fromtimestamp(box.stat().st_mtime, UTC)
    waiting = pages(box, now=writing)
    later = pages(box, waiting[-1].cursor, now=writing + timedelta(minutes=5))
    assert (senders(waiting), senders(later)) == (["ada"], ["bob"])


def test_a_maildir_that_changed_while_reading_stood_still_is_read_from_its_start(tmp_path: Path) -> None:
    for part in ("cur", "new", "tmp"):
        (tmp_path / part).mkdir()
    for number in range(1200):
        (tmp_path / "new" / f"1772442000.M{number}.host").write_bytes(mail(f"n{number}"))
    first = pages(tmp_path)[0]
    for number in range(1200, 1300):
        (tmp_path / "new" / f"1772442000.M{number}.host").write_bytes(mail(f"n{number}"))
    rest = pages(tmp_path, first.cursor)
    assert {*senders([first]), *senders(rest)} == {f"n{number}" for number in range(1300)}


def test_other_settings_make_the_cursor_worthless(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(mbox(mail("ada")))
    cursor = pages(box)[-1].cursor
    with pytest.raises(CursorExpired):
        pages(box, cursor, first_sync="10 years")


@given(cuts=st.lists(st.integers(0, 1000), max_size=12), crlf=st.booleans())
def test_appending_in_any_pieces_equals_reading_once(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], *, crlf: bool
) -> None:
    whole = mbox(
        mail("ada") + b"\n>From old times\n", mail("bob", more="Subject: a\n folded\n"), mail("cyd"), mail("dee")
    )
    whole = whole.replace(b"\n", b"\r\n") if crlf else whole
    box = tmp_path_factory.mktemp("growing") / "box"
    cursor: str | None = None
    grown: list[Page] = []
    for cut in sorted(min(cut, len(whole)) for cut in cuts):
        box.write_bytes(whole[:cut])
        found = pages(box, cursor, now=datetime.fromtimestamp(box.stat().st_mtime, UTC))
        grown += found
        cursor = found[-1].cursor if found else cursor
    box.write_bytes(whole)
    grown += pages(box, cursor)
    assert seen(grown) == seen(pages(box)), "nothing lost, nothing twice, and in the same order"


# ------------------------------------------------------------------------------- what is said


def test_a_path_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="There is no file or folder"):
        pages(tmp_path / "nothing")
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="There is no file or folder"):
        pages(tmp_path / "file" / "below")


def test_a_file_that_may_not_be_read_is_named_after_the_others_are_read() -> None:
    found: list[Page] = []
    with open_folder() as folder:
        (folder / "open").write_bytes(mbox(mail("ada")))
        (folder / "shut").write_bytes(mbox(mail("bob")))
        (folder / "shut").chmod(0)
        connector = MailFile(MailFileOptions(type="mailfile", path=folder), context(now=lambda: NOW))
        with as_nobody(), pytest.raises(Misconfigured, match="shut may not be read"):
            found.extend(connector.poll(None, SINCE))
    assert senders(found) == ["ada"]


def test_a_check_names_what_is_there_without_reading_it(tmp_path: Path) -> None:
    (tmp_path / "inbox").write_bytes(mbox(mail("ada")))
    (tmp_path / "Gesendet").write_bytes(mbox(mail("me")))
    connector = MailFile(MailFileOptions(type="mailfile", path=tmp_path), context())
    assert connector.check() == (f"{tmp_path}: 2 mboxes, 0 single messages", "sent mail: Gesendet")


def test_the_options_name_the_owners_addresses(tmp_path: Path) -> None:
    options = MailFileOptions(type="mailfile", path=tmp_path, addresses=("me@example.com",))
    assert options.own_addresses() == ("me@example.com",)


def test_progress_ends_at_what_was_read(tmp_path: Path) -> None:
    (tmp_path / "box").write_bytes(mbox(*(mail(f"n{number}") for number in range(1200))))
    told = [page.progress for page in pages(tmp_path)]
    assert [progress and progress.done for progress in told] == [500, 1000, 1200]
    assert told[-1] is not None
    assert told[-1].total == 1200
    assert told[0] is not None
    assert told[0].total == pytest.approx(1200, rel=0.1)
