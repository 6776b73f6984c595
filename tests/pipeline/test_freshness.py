"""A stale source withholds the claims that it could falsify, and the digest says which one and what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model import AccountStatus, SectionKind, Source
from syncd.pipeline.digest import is_news
from syncd.pipeline.freshness import freshness_of, is_being_read
from syncd.pipeline.phrases import caveats, opening
from syncd.pipeline.policy import Me, PersonPolicy
from tests.pipeline.diary import CLIENTS_ONLY, NOW, POLICY, days_ago, heard, how_it_stands, met
from tests.pipeline.morning import FRESH, appointment, codes, cold, digest, failing, letters, named
from tests.pipeline.strategies import law

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncd.model import Appointment, Relationship

NOTICE, TODAY, WEEK = SectionKind.NOTICE, SectionKind.TODAY, SectionKind.WEEK
QUIET, OWED, LOST = SectionKind.QUIET, SectionKind.OWED, SectionKind.LOST


def read(hours: float | None, status: AccountStatus = AccountStatus.OK) -> Source:
    return Source("mail", "imap", None if hours is None else NOW - timedelta(hours=hours), status=status)


@pytest.mark.parametrize(
    ("source", "stale"),
    [
        (read(0.1), False),
        (read(47), False),
        (read(49), True),
        (read(None), True),
        (read(None, AccountStatus.FIRST_SYNC), True),
        (read(0.1, AccountStatus.SIGN_IN), True),
        (read(0.1, AccountStatus.MISCONFIGURED), True),
        (read(10, AccountStatus.FAILING), False),
        (read(25, AccountStatus.FAILING), True),
    ],
)
def test_an_account_is_stale_when_its_silence_proves_nothing(source: Source, *, stale: bool) -> None:
    assert freshness_of([source], NOW).behind == ((source,) if stale else ())


def test_a_signed_out_account_is_named_with_since_when_and_what_to_do() -> None:
    (entry,) = digest(sources=[failing("mail")]).section(NOTICE)
    assert entry.why == (caveats.notice_sign_in("mail", date(2026, 10, 3), "Type: x"),)


def test_a_failing_account_is_named_with_what_happened() -> None:
    (entry,) = digest(sources=[failing("mail", AccountStatus.FAILING)]).section(NOTICE)
    assert entry.why == (caveats.notice_stale("mail", date(2026, 10, 3), "The password was refused.", "Type: x"),)


def test_an_account_that_fails_is_named_at_once_and_withholds_after_a_day() -> None:
    written = digest(cold(), sources=[failing("mail", AccountStatus.FAILING, hours=2)])
    assert len(written.section(NOTICE)) == 1
    assert named(written, QUIET) == ["Anna Rossi"]


def test_an_account_that_nobody_read_names_the_command() -> None:
    (stale,) = digest(sources=[replace(read(60), account="work")]).section(NOTICE)
    assert stale.why[0].value("hint") == "Type: syncd sync work"
    (never,) = digest(sources=[replace(read(None, AccountStatus.FAILING), error="No such host.")]).section(NOTICE)
    assert never.why[0].code == "notice_never"


@pytest.mark.parametrize("status", [AccountStatus.FIRST_SYNC, AccountStatus.NEW])
def test_a_first_reading_under_way_or_not_begun_is_no_trouble(status: AccountStatus) -> None:
    assert digest(sources=[read(None, status)]).empty


@pytest.mark.parametrize(
    ("began", "news"), [(1, False), (24, False), (25, True), (47, True), (49, False), (24 * 30, False)]
)
def test_trouble_of_more_than_a_day_is_mailed_once_and_not_every_morning(began: int, *, news: bool) -> None:
    """The last digest is yesterday's, of the same hour as `NOW`."""
    trouble = replace(failing("mail"), failing_since=NOW - timedelta(hours=began))
    yesterday = NOW.date() - timedelta(days=1)
    policy = replace(POLICY, digest=replace(POLICY.digest, at=NOW.time()), me=Me(time_zone="UTC"))

    assert is_news(digest(sources=[trouble]), yesterday, policy) is news
    assert is_news(digest(sources=[trouble]), NOW - timedelta(days=1), policy) is news
    assert is_news(digest(sources=[trouble]), None, policy) is (began > 24)


def test_an_account_that_nobody_tries_to_read_is_told_of_once_as_well() -> None:
    mornings = [NOW + timedelta(days=day) for day in range(10)]
    forgotten = [Source("mail", "imap", NOW - timedelta(hours=1))]
    told = [
        now
        for before, now in pairwise(mornings)
        if is_news(digest(now=now, sources=forgotten), before, replace(POLICY, me=Me(time_zone="UTC")))
    ]
    assert told == [mornings[2]]


def test_a_quiet_day_is_no_news_and_somebody_going_quiet_is_whatever_was_told() -> None:
    assert not is_news(digest(), NOW.date(), POLICY)
    assert is_news(digest(cold()), NOW.date(), POLICY)


def test_one_notice_for_each_account() -> None:
    assert len(digest(sources=[failing("a"), *FRESH, failing("b")]).section(NOTICE)) == 2


def test_claims_about_people_seen_in_a_stale_account_are_withheld() -> None:
    people = (
        cold("Quiet One"),
        how_it_stands([*letters(200), heard(days_ago(9))], policy=CLIENTS_ONLY, name="Owed One"),
        how_it_stands(letters(*(580 + 20 * n for n in range(12))), policy=CLIENTS_ONLY, name="Lost One"),
    )
    written = digest(*people, sources=[failing("mail")])
    assert [section.kind for section in written.sections] == [NOTICE]
    assert {(one.name, one.why) for one in written.withheld} == {
        (name, caveats.source_stale("mail", date(2026, 10, 3), "Type: x"))
        for name in ("Quiet One", "Owed One", "Lost One")
    }
    assert written.headline == opening.headline_notice(1)
    assert written.lead == (opening.lead_notice(3),)


def test_claims_about_people_never_seen_in_it_stand() -> None:
    written = digest(cold(), sources=[failing("another"), *FRESH])
    assert named(written, QUIET) == ["Anna Rossi"]
    assert len(written.section(NOTICE)) == 1


def test_todays_meetings_and_birthdays_stand_whatever_is_stale() -> None:
    policy = replace(CLIENTS_ONLY, people=(PersonPolicy("anna@rossi.example", birthday="10-08"),))
    anna = cold(policy=policy)
    written = digest(anna, agenda=[appointment(anna)], policy=policy, sources=[failing("mail")])
    assert [section.kind for section in written.sections] == [NOTICE, SectionKind.TODAY, SectionKind.WEEK]


# --------------------------------------------------------------------------- whom a source could speak of


def unread(status: AccountStatus = AccountStatus.NEW, **changes: Any) -> Source:  # noqa: ANN401 - any field of it
    """An account that was added, and never read to its end."""
    return replace(Source("added", "imap", None, status=status), **changes)


@pytest.mark.parametrize(
    "source", [unread(), unread(AccountStatus.FIRST_SYNC), unread(AccountStatus.FIRST_SYNC, heard=days_ago(0.1))]
)
def test_while_an_account_is_read_for_the_first_time_nobody_is_spoken_of(source: Source) -> None:
    written = digest(cold(), sources=[*FRESH, source])
    assert written.empty
    assert [one.why for one in written.withheld] == [caveats.source_reading("added")]
    assert (written.headline, written.lead) == (opening.headline_reading(), (opening.lead_reading("added"),))


@pytest.mark.parametrize(("hours", "spoken_of"), [(1, False), (71, False), (73, True)])
@pytest.mark.parametrize("status", [AccountStatus.FAILING, AccountStatus.SIGN_IN])
def test_an_account_that_never_worked_is_waited_for_no_longer_than_three_days(
    status: AccountStatus, hours: int, *, spoken_of: bool
) -> None:
    trouble = unread(status, error="No such host.", hint="Type: x", failing_since=NOW - timedelta(hours=hours))
    written = digest(cold(), sources=[*FRESH, trouble])
    assert [entry.why for entry in written.section(NOTICE)] == [
        (caveats.notice_never("added", "No such host.", "Type: x"),)
    ]
    assert bool(named(written, QUIET)) is spoken_of
    if not spoken_of:
        assert written.withheld[0].why == caveats.source_never("added", "Type: x")


def test_an_account_whose_settings_never_worked_is_named_and_holds_up_nobody() -> None:
    wrong = unread(AccountStatus.MISCONFIGURED, error="There is no such file.", hint="Type: x", failing_since=NOW)
    written = digest(cold(), sources=[*FRESH, wrong])
    assert written.section(NOTICE)[0].why == (caveats.notice_never("added", "There is no such file.", "Type: x"),)
    assert named(written, QUIET) == ["Anna Rossi"]


def test_a_first_reading_that_stopped_is_named_and_waited_for_no_longer_than_three_days() -> None:
    stopped = unread(AccountStatus.FIRST_SYNC, heard=days_ago(2.5))
    written = digest(cold(), sources=[*FRESH, stopped])
    assert written.section(NOTICE)[0].why == (caveats.notice_never("added", "", "Type: syncd sync added"),)
    assert written.withheld[0].why == caveats.source_never("added", "Type: syncd sync added")
    assert named(digest(cold(), sources=[*FRESH, replace(stopped, heard=days_ago(4))]), QUIET) == ["Anna Rossi"]


def test_a_first_reading_that_stumbles_goes_on() -> None:
    stumbling = unread(
        AccountStatus.FAILING, error="The line broke.", heard=days_ago(0.1), failing_since=days_ago(5), hint="Type: x"
    )
    assert digest(cold(), sources=[*FRESH, stumbling]).withheld[0].why == caveats.source_reading("added")


def test_an_account_that_another_connector_took_over_is_read_anew() -> None:
    changed = Source("mail", "gmail", days_ago(0.1), status=AccountStatus.NEW)
    assert digest(cold(), sources=[changed, FRESH[1]]).withheld[0].why.code == "source_stale"


def test_nobody_is_spoken_of_whose_only_account_left_the_configuration() -> None:
    written = digest(cold(), sources=[Source("work", "imap", NOW)])
    assert written.empty
    assert [one.why for one in written.withheld] == [caveats.source_gone("mail")]
    assert written.lead == (opening.lead_nothing(),)


def test_all_is_well_is_never_said_of_what_nobody_has_read() -> None:
    assert digest(sources=[failing("mail")]).lead == (opening.lead_unread("mail"),)


# --------------------------------------------------------------------------- what rests on calendars


LUCA = how_it_stands([met("2026-03-11"), *letters(20)], policy=CLIENTS_ONLY, name="Luca Ferri")
MAIL_BEHIND = replace(failing("archive"), shows="mail")
CALENDAR_BEHIND = failing("diary")


def todays(one: Relationship, *sources: Source, seen_in: Sequence[str] = ("calendar",)) -> list[list[str]]:
    return codes(digest(one, agenda=[appointment(one, title="Coffee", seen_in=seen_in)], sources=sources), TODAY)


def test_a_meeting_is_held_back_when_every_calendar_that_holds_it_is_behind() -> None:
    agenda = [appointment(LUCA, seen_in=("diary",))]
    written = digest(LUCA, agenda=agenda, sources=[*FRESH, CALENDAR_BEHIND])
    assert not written.section(TODAY)
    assert [(one.name, one.why) for one in written.withheld] == [
        ("Luca Ferri", caveats.meeting_unsure("diary", date(2026, 10, 3), "Type: x"))
    ]
    assert todays(LUCA, *FRESH, CALENDAR_BEHIND, seen_in=("diary", "calendar"))


def test_a_meeting_of_a_calendar_that_left_the_configuration_is_held_back() -> None:
    written = digest(LUCA, agenda=[appointment(LUCA, seen_in=("diary",))])
    assert [one.why for one in written.withheld] == [caveats.source_gone("diary")]


def test_what_is_said_of_the_last_time_face_to_face_waits_for_every_calendar() -> None:
    assert todays(LUCA, *FRESH) == [["with_one", "first_meeting_since"]]
    assert todays(LUCA, *FRESH, MAIL_BEHIND) == [["with_one", "first_meeting_since"]]
    assert todays(LUCA, *FRESH, CALENDAR_BEHIND) == [["with_one", "you_wrote_last"]]
    assert todays(LUCA, failing("mail"), FRESH[1]) == [["with_one"]]
    never_worked = unread(AccountStatus.MISCONFIGURED, error="There is no such file.")
    assert todays(LUCA, *FRESH, never_worked) == [["with_one", "first_meeting_since"]]


def test_nobody_is_called_new_while_a_source_is_behind() -> None:
    hana = how_it_stands([], policy=CLIENTS_ONLY, name="Hana Kim")
    assert todays(hana, *FRESH) == [["with_one", "new_to_you"]]
    assert todays(hana, *FRESH, MAIL_BEHIND) == [["with_one"]]


def test_a_meeting_ahead_is_no_reason_to_write_while_a_calendar_is_behind() -> None:
    marta = how_it_stands([*letters(50, 70, 110), met("2026-10-16")], policy=CLIENTS_ONLY, name="Marta Bianchi")
    reasons = [
        digest(marta, sources=[*FRESH, behind]).section(QUIET)[0].reason_to_write
        for behind in (MAIL_BEHIND, CALENDAR_BEHIND)
    ]
    assert [reason and reason.code for reason in reasons] == ["reason_meeting_ahead", None]


def test_a_birthday_stands_without_the_last_contact_that_may_be_another() -> None:
    policy = replace(CLIENTS_ONLY, people=(PersonPolicy("anna@rossi.example", birthday="10-08"),))
    anna = cold(policy=policy)
    assert codes(digest(anna, policy=policy, sources=[failing("mail")]), WEEK) == [["week_birthday"]]
    well = how_it_stands(letters(5, 20), policy=policy)
    assert codes(digest(well, policy=policy), WEEK) == [["week_birthday", "week_last_contact"]]


# --------------------------------------------------------------------------- the law


ACCOUNTS = ("mail", "calendar", "archive", "diary", "old")
AGES = st.none() | st.floats(0, 24 * 9)


@st.composite
def source_of(draw: st.DrawFn, account: str) -> Source:
    last, since, heard = (None if (age := draw(AGES)) is None else NOW - timedelta(hours=age) for _ in range(3))
    status = draw(st.sampled_from(AccountStatus))
    return Source(
        account, "imap", last, draw(st.sampled_from(("", "It broke."))), "Type: x", status, since, heard,
        draw(st.sampled_from(("", "mail"))),
    )  # fmt: skip


@st.composite
def mornings(draw: st.DrawFn) -> tuple[list[Relationship], list[Appointment], list[Source]]:
    """People who are quiet, owed or lost, seen here and there, and sources in every condition."""
    histories = (letters(50, 70, 110), [*letters(200), heard(days_ago(9))], letters(*range(580, 820, 20)))
    people = []
    for number, history in enumerate(draw(st.lists(st.sampled_from(histories), max_size=5))):
        seen = tuple(sorted(draw(st.sets(st.sampled_from(ACCOUNTS), min_size=1))))
        touches = [replace(touch, accounts=seen) for touch in history]
        people.append(how_it_stands(touches, policy=CLIENTS_ONLY, name=f"Anna N{chr(ord('a') + number)}"))
    agenda = [
        appointment(
            one, title="x", start=timedelta(hours=1 + number), seen_in=sorted(draw(st.sets(st.sampled_from(ACCOUNTS))))
        )
        for number, one in enumerate(people)
        if draw(st.booleans())
    ]
    watched = draw(st.lists(st.sampled_from(ACCOUNTS), min_size=1, unique=True))
    return people, agenda, [draw(source_of(account)) for account in watched]


@given(mornings())
@law
def test_no_claim_about_anybody_rests_on_a_source_that_is_behind(
    morning: tuple[list[Relationship], list[Appointment], list[Source]],
) -> None:
    people, agenda, sources = morning
    written = digest(*people, agenda=agenda, sources=sources)
    behind = {source.account for source in freshness_of(sources, NOW).behind}
    fresh = {source.account for source in sources} - behind
    everybody = {one.person.id: one for one in people}
    under_way = any(is_being_read(source, NOW) for source in sources)
    for kind in (QUIET, OWED, LOST):
        for entry in written.section(kind):
            assert behind.isdisjoint(everybody[entry.person].accounts)
            assert fresh.intersection(everybody[entry.person].accounts)
            assert not under_way
    shown = {entry.at for entry in written.section(TODAY)}
    for one in agenda:
        seen = {evidence.account for evidence in one.meeting.evidence}
        assert one.meeting.at not in shown or not seen or seen & fresh
    troubled = {entry.why[0].value("account") for entry in written.section(NOTICE)}
    assert all(
        is_being_read(source, NOW) or source.account in troubled for source in sources if source.account in behind
    )


@given(mornings())
@law
def test_a_source_that_catches_up_never_takes_a_name_away(
    morning: tuple[list[Relationship], list[Appointment], list[Source]],
) -> None:
    people, agenda, sources = morning
    fresh = [Source(source.account, "imap", NOW) for source in sources]
    unlimited = replace(CLIENTS_ONLY, digest=replace(CLIENTS_ONLY.digest, people=12, lost=5))
    before = digest(*people, agenda=agenda, sources=sources, policy=unlimited)
    after = digest(*people, agenda=agenda, sources=fresh, policy=unlimited)
    for kind in (TODAY, QUIET, OWED, LOST):
        assert {entry.title for entry in before.section(kind)} <= {entry.title for entry in after.section(kind)}
