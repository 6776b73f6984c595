"""How the owner and somebody stand on a day, and whether the tie is followed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from syncd.model import DecisionKind, InteractionKind, Person, TieState, Touch, VerdictKind
from syncd.pipeline.policy import PersonPolicy
from syncd.pipeline.relationships import know, relate
from tests.pipeline.diary import (
    CLIENTS_ONLY,
    NOW,
    POLICY,
    at,
    both_wrote,
    days_ago,
    heard,
    how_it_stands,
    met,
    said,
    wrote,
)


def followed(*touches: Touch) -> bool:
    return how_it_stands(touches, policy=CLIENTS_ONLY).followed


# --------------------------------------------------------------------------- two-way


def test_one_unanswered_mail_makes_no_contact() -> None:
    assert not followed(heard("2026-09-01"))
    assert not followed(wrote("2026-09-01"))
    assert not followed(*(wrote(days_ago(day)) for day in range(1, 60)))


def test_mail_both_ways_or_a_meeting_makes_a_contact() -> None:
    assert followed(heard("2026-09-01"), wrote("2026-09-02"))
    assert followed(met("2026-09-01"))


def test_newsletters_and_wide_mail_are_no_side_of_a_two_way_contact() -> None:
    for verdict in (VerdictKind.BULK, VerdictKind.WIDE, VerdictKind.AUTOMATED, VerdictKind.CALENDAR):
        assert not followed(wrote("2026-09-01"), heard("2026-09-02", verdict=verdict))


def test_a_wide_meeting_and_a_declined_one_make_no_contact() -> None:
    for verdict in (VerdictKind.WIDE, VerdictKind.DECLINED):
        assert not followed(met("2026-09-01", verdict=verdict))


def test_saying_that_we_talked_makes_a_contact_on_that_day() -> None:
    one = how_it_stands([], said(DecisionKind.TALKED, "2026-10-01"), policy=CLIENTS_ONLY)
    assert one.followed
    assert one.last_touch is not None
    assert one.last_touch.kind is InteractionKind.TALK
    assert one.tie.last is not None
    assert at("2026-09-30", 22) < one.tie.last < at("2026-10-01", 22), "on that day in Rome"


def test_a_talk_comes_after_whatever_was_written_that_day() -> None:
    one = how_it_stands([wrote("2026-09-01"), heard("2026-10-01")], said(DecisionKind.TALKED, "2026-10-01"))
    assert one.last_touch is not None
    assert one.last_touch.kind is InteractionKind.TALK


def test_having_talked_today_counts_at_once_and_tomorrow_not_yet() -> None:
    assert how_it_stands([], said(DecisionKind.TALKED, "2026-10-06"), policy=CLIENTS_ONLY).tie.state is TieState.WARM
    assert how_it_stands([], said(DecisionKind.TALKED, "2026-10-07"), policy=CLIENTS_ONLY).tie.last is None


# --------------------------------------------------------------------------- followed


def test_a_contact_without_a_cadence_is_not_followed() -> None:
    assert not how_it_stands([heard("2026-09-01"), wrote("2026-09-02")]).followed
    lively = both_wrote("2026-01-01", "2026-09-30", 10)
    assert not how_it_stands(lively, addresses=("anna@northwind.example",)).followed
    assert how_it_stands(lively).followed


@pytest.mark.parametrize("kind", [DecisionKind.MUTE, DecisionKind.IGNORE])
def test_who_is_let_go_or_ignored_is_not_followed(kind: DecisionKind) -> None:
    one = how_it_stands([met("2026-09-01")], said(kind), policy=CLIENTS_ONLY)
    assert not one.followed
    assert one.muted


def test_a_snooze_ends_on_its_day() -> None:
    for day, snoozed in (("2026-10-05", None), ("2026-10-06", None), ("2026-10-07", date(2026, 10, 7))):
        assert how_it_stands([], said(DecisionKind.SNOOZE, day)).snoozed_until == snoozed


def test_what_the_configuration_says_of_a_person_is_there() -> None:
    people = (
        PersonPolicy(
            "anna@rossi.example", birthday="10-08", company="Arup", company_since=date(2021, 10, 9), circle="mentors"
        ),
    )
    one = how_it_stands([], policy=replace(POLICY, people=people))
    assert (one.birthday, one.company, one.company_since) == ("10-08", "Arup", date(2021, 10, 9))
    assert one.circle == "mentors"


# --------------------------------------------------------------------------- as of a day


def test_only_what_is_over_counts() -> None:
    touches = [heard("2026-09-01"), wrote("2026-09-02"), wrote("2026-12-01"), met("2026-11-01", "Lunch")]
    one = how_it_stands(touches, policy=CLIENTS_ONLY)
    assert one.tie.interactions == 2
    assert one.next_meeting == at("2026-11-01", 10)
    earlier = how_it_stands(touches, policy=CLIENTS_ONLY, now=at("2026-09-01", 12))
    assert (earlier.tie.interactions, earlier.followed) == (1, False)


def test_a_wide_meeting_ahead_is_no_appointment_with_somebody() -> None:
    assert how_it_stands([met("2026-11-01", verdict=VerdictKind.WIDE)]).next_meeting is None


def test_the_bars_are_the_last_twelve_months_the_present_one_last() -> None:
    touches = [heard("2025-10-31"), heard("2025-11-01"), wrote("2026-09-02"), wrote("2026-09-03"), met("2026-10-05")]
    assert how_it_stands(touches).months == (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 1)


def test_exchanges_are_counted_by_year() -> None:
    assert how_it_stands(both_wrote("2024-12-01", "2025-01-31", 20)).yearly == ((2024, 2), (2025, 2))


def test_the_last_of_each_kind_is_remembered() -> None:
    touches = [met("2026-03-01"), heard("2026-04-01", "Hello"), wrote("2026-05-01", "Re: Hello")]
    one = how_it_stands([*touches, heard("2026-06-01", verdict=VerdictKind.LIST)])
    assert one.last_inbound == touches[1]
    assert one.last_outbound == touches[2]
    assert one.last_met == at("2026-03-01", 11)
    assert one.first == at("2026-03-01", 11)
    assert one.last_touch is not None
    assert one.last_touch.at == at("2026-06-01"), "mail through a list is contact, but no letter"


def test_every_account_they_were_seen_in_is_known_even_where_nothing_counts() -> None:
    newsletter = replace(heard("2026-01-01", verdict=VerdictKind.BULK), accounts=("old", "mail"))
    assert how_it_stands([newsletter, met("2026-02-01")]).accounts == ("calendar", "mail", "old")


def test_a_meeting_of_many_after_the_last_contact_is_remembered_as_shared() -> None:
    day = met("2026-09-03", "Supplier day", verdict=VerdictKind.WIDE)
    assert how_it_stands([heard("2026-05-01"), day]).shared == day
    assert how_it_stands([heard("2026-09-04"), day]).shared is None


# --------------------------------------------------------------------------- addresses


def new_address(*touches: Touch) -> tuple[str, date | None]:
    one = how_it_stands(touches, addresses=("anna@new.example", "anna@old.example"))
    return one.new_address, one.new_address_since


def test_an_address_they_write_from_lately_is_new() -> None:
    old, new = heard("2026-05-01", address="anna@old.example"), heard("2026-10-02", address="anna@new.example")
    assert new_address(old, new) == ("anna@new.example", date(2026, 10, 2))


def test_a_second_address_beside_the_first_is_not_new() -> None:
    old, new = heard("2026-05-01", address="anna@old.example"), heard("2026-10-02", address="anna@new.example")
    assert new_address(old, new, heard("2026-10-03", address="anna@old.example")) == ("", None)


def test_an_address_is_news_for_two_months() -> None:
    old, new = heard("2026-02-01", address="anna@old.example"), heard("2026-08-01", address="anna@new.example")
    assert new_address(old, new) == ("", None)


def test_my_own_letter_makes_no_address_theirs() -> None:
    old, new = heard("2026-05-01", address="anna@old.example"), wrote("2026-10-02", address="anna@new.example")
    assert new_address(old, new) == ("", None)


def test_somebody_without_any_history_is_still_somebody() -> None:
    anna = Person("p:00000001", "Anna Rossi", ("anna@rossi.example",))
    (one,) = relate([know(anna, (), (), POLICY, NOW)], NOW)
    assert (one.tie.interactions, one.followed, one.first, one.months) == (0, False, None, (0,) * 12)


def test_a_day_is_the_owners_day_not_greenwichs() -> None:
    late = NOW.replace(hour=23)
    one = how_it_stands([], said(DecisionKind.SNOOZE, "2026-10-07"), now=late)
    assert one.snoozed_until is None, "in Rome it is the seventh already"
    assert how_it_stands([], said(DecisionKind.SNOOZE, "2026-10-07"), now=late - timedelta(hours=3)).snoozed_until
