"""A stale source withholds the claims that it could falsify, and the digest says which one and what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from syncd.model import AccountStatus, SectionKind, Source
from syncd.pipeline import phrases
from syncd.pipeline.digest import is_news
from syncd.pipeline.freshness import stale_accounts
from syncd.pipeline.policy import Me, PersonPolicy
from tests.pipeline.diary import CLIENTS_ONLY, NOW, POLICY, days_ago, heard, how_it_stands
from tests.pipeline.morning import FRESH, appointment, cold, digest, failing, letters, named

NOTICE, QUIET, OWED, LOST = SectionKind.NOTICE, SectionKind.QUIET, SectionKind.OWED, SectionKind.LOST


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
    assert (stale_accounts([source], NOW) == {"mail"}) is stale


def test_a_signed_out_account_is_named_with_since_when_and_what_to_do() -> None:
    (entry,) = digest(sources=[failing("mail")]).section(NOTICE)
    assert entry.why == (phrases.notice_sign_in("mail", date(2026, 10, 3), "Type: x"),)


def test_a_failing_account_is_named_with_what_happened() -> None:
    (entry,) = digest(sources=[failing("mail", AccountStatus.FAILING)]).section(NOTICE)
    assert entry.why == (phrases.notice_stale("mail", date(2026, 10, 3), "The password was refused.", "Type: x"),)


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


@pytest.mark.parametrize(("began", "news"), [(1, True), (24, True), (25, False), (24 * 30, False)])
def test_trouble_alone_is_mailed_once_and_not_every_morning(began: int, *, news: bool) -> None:
    """The last digest is yesterday's, of the same hour as `NOW`."""
    trouble = replace(failing("mail"), failing_since=NOW - timedelta(hours=began))
    yesterday = NOW.date() - timedelta(days=1)
    policy = replace(POLICY, digest=replace(POLICY.digest, at=time(NOW.hour - 1, 30)), me=Me(time_zone="UTC"))

    assert is_news(digest(sources=[trouble]), yesterday, policy) is news
    assert is_news(digest(sources=[trouble]), None, policy)


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
        (name, phrases.source_stale("mail")) for name in ("Quiet One", "Owed One", "Lost One")
    }
    assert written.headline == phrases.headline_notice(1)
    assert written.lead == (phrases.lead_notice(3),)


def test_claims_about_people_never_seen_in_it_stand() -> None:
    written = digest(cold(), sources=[failing("another"), *FRESH])
    assert named(written, QUIET) == ["Anna Rossi"]
    assert len(written.section(NOTICE)) == 1


def test_todays_meetings_and_birthdays_stand_whatever_is_stale() -> None:
    policy = replace(CLIENTS_ONLY, people=(PersonPolicy("anna@rossi.example", birthday="10-08"),))
    anna = cold(policy=policy)
    written = digest(anna, agenda=[appointment(anna)], policy=policy, sources=[failing("mail")])
    assert [section.kind for section in written.sections] == [NOTICE, SectionKind.TODAY, SectionKind.WEEK]
