"""Colleagues and former colleagues: a domain and dates, and what headers can prove."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from syncd.model import Role, Touch, VerdictKind
from syncd.pipeline.careers import SharedJob, in_domains, shared_job
from syncd.pipeline.conversation import in_order
from syncd.pipeline.policy import Job, Me, Policy
from tests.pipeline.diary import NORTHWIND, NOW, POLICY, TOKOSAWAH, both_wrote, heard, met, wrote

WORK, NEW = "tom@northwind.example", "tom@helio.example"
ZONE = ZoneInfo("Europe/Rome")


def job_of(*addresses: str, touches: list[Touch] | None = None, policy: Policy = POLICY) -> SharedJob | None:
    return shared_job(addresses, in_order(touches or []), policy, NOW, ZONE)


def leaving(*touches: Touch) -> SharedJob:
    job = job_of(WORK, NEW, touches=[*both_wrote("2026-01-01", "2026-09-01", 9, WORK), *touches])
    assert job is not None
    return job


# --------------------------------------------------------------------------- domains


@pytest.mark.parametrize(
    ("pattern", "address", "fits"),
    [
        ("arup.example", "a@arup.example", True),
        ("arup.example", "a@uk.arup.example", False),
        ("*.arup.example", "a@uk.arup.example", True),
        ("*.arup.example", "a@arup.example", False),
        ("arup.example", "a@notarup.example", False),
        ("arup.example", "arup.example@b.example", False),
    ],
)
def test_a_domain_matches_its_subdomains_only_where_the_pattern_says_so(
    pattern: str, address: str, *, fits: bool
) -> None:
    assert bool(in_domains((pattern,), (address,))) is fits


# --------------------------------------------------------------------------- the owner's own jobs


def test_somebody_at_the_present_job_is_a_colleague() -> None:
    job = job_of(WORK)
    assert job is not None
    assert (job.job, job.former) == ("Northwind", False)


def test_somebody_at_a_job_that_ended_is_former_from_the_day_after() -> None:
    job = job_of("budi@tokosawah.example")
    assert job is not None
    assert (job.job, job.left_on, job.they_left) == ("Tokosawah", date(2025, 6, 30), False)
    ends_today = Policy(me=Me(jobs=(Job("Toko", ("tokosawah.example",), until=date(2026, 10, 6)),)))
    last_day = job_of("budi@tokosawah.example", policy=ends_today)
    assert last_day is not None
    assert not last_day.former


def test_a_job_that_has_not_begun_makes_no_colleagues() -> None:
    ahead = Policy(me=Me(jobs=(Job("Later", ("later.example",), since=date(2026, 11, 1)),)))
    assert job_of("x@later.example", policy=ahead) is None


def test_somebody_elsewhere_shares_no_job() -> None:
    assert job_of("anna@rossi.example") is None


def test_a_present_job_wins_over_a_former_one() -> None:
    job = job_of("budi@tokosawah.example", WORK)
    assert job is not None
    assert (job.job, job.former) == ("Northwind", False)


def test_of_two_former_jobs_the_one_left_last_counts() -> None:
    earlier = Job("Oriel", ("oriel.example",), until=date(2021, 12, 31))
    for jobs in ((TOKOSAWAH, earlier), (earlier, TOKOSAWAH)):
        job = job_of("b@oriel.example", "b@tokosawah.example", policy=Policy(me=Me(jobs=jobs)))
        assert job is not None
        assert job.job == "Tokosawah"


# --------------------------------------------------------------------------- somebody else leaves


def test_whose_new_address_took_over_has_left() -> None:
    job = leaving(heard("2026-09-11", address=WORK), heard("2026-10-02", address=NEW))
    assert (job.former, job.they_left, job.left_on) == (True, True, date(2026, 9, 11))
    assert NEW in job.because


def test_silence_alone_proves_no_leaving() -> None:
    assert not leaving().former


def test_a_private_address_in_use_all_along_proves_no_leaving() -> None:
    private = [heard("2026-03-01", address=NEW), heard("2026-10-02", address=NEW)]
    assert not leaving(heard("2026-09-11", address=WORK), *private).former


def test_who_still_writes_from_work_has_not_left() -> None:
    assert not leaving(heard("2026-10-02", address=NEW), heard("2026-10-04", address=WORK)).former


def test_who_is_still_met_under_the_address_at_work_has_not_left() -> None:
    assert not leaving(heard("2026-09-20", address=NEW), met("2026-10-01", address=WORK)).former


def test_my_own_mail_to_the_old_address_keeps_nobody_there() -> None:
    assert leaving(heard("2026-09-20", address=NEW), wrote("2026-10-01", address=WORK)).former


def test_a_goodbye_mail_to_everybody_starts_the_clock() -> None:
    goodbye = heard("2026-09-11", "Today is my last day!", verdict=VerdictKind.WIDE, address=WORK)
    job = leaving(goodbye)
    assert (job.goodbye, job.they_left, job.left_on) == (True, True, date(2026, 9, 11))
    assert "last day" in job.because


def test_a_last_day_to_register_is_no_goodbye_of_who_writes_on() -> None:
    notice = heard("2026-08-01", "Last day to register", address=WORK)
    assert not leaving(notice, heard("2026-09-15", address=WORK)).former


def test_the_goodbye_of_a_third_person_in_which_they_stand_is_not_theirs() -> None:
    farewell = heard("2026-09-11", "Farewell", address=WORK, role=Role.CC)
    assert not leaving(farewell).former


def test_the_job_has_its_name_from_the_configuration() -> None:
    assert NORTHWIND.name == leaving().job
