"""Checks run side by side: none holds up, hides or brings down another."""

from __future__ import annotations

from threading import Barrier, Event

from syncd.checkup import rounds
from syncd.checkup.finding import Check, Finding, Mark, failure, refused, worst
from syncd.errors import AuthRequired, Exit


def right(name: str) -> Finding:
    return Finding(name, Mark.OK, "right")


def test_findings_are_told_in_the_order_of_their_checks() -> None:
    second_is_done = Event()

    def first() -> list[Finding]:
        assert second_is_done.wait(10)
        return [right("first")]

    def second() -> list[Finding]:
        second_is_done.set()
        return [right("second")]

    assert [one.check for one in rounds.make([Check("first", first), Check("second", second)])] == ["first", "second"]


def test_what_waits_for_the_network_waits_side_by_side() -> None:
    together = Barrier(3, timeout=10)

    def look() -> list[Finding]:
        together.wait()
        return [right("met")]

    assert len(list(rounds.make([Check(f"{number}", look) for number in range(3)]))) == 3


def test_a_check_that_hangs_is_given_up_and_the_others_are_told() -> None:
    hangs = Event()

    def hang() -> list[Finding]:
        hangs.wait()
        return []

    checks = [Check("server", hang, "slow.example", patience=0.05), Check("disk", lambda: [right("disk")])]
    given_up, disk = rounds.make(checks)
    hangs.set()
    assert (given_up.mark, given_up.about, given_up.exit) == (Mark.FAILED, "slow.example", Exit.TRY_LATER)
    assert "0.05 seconds" in given_up.what
    assert disk.mark is Mark.OK


def test_an_error_is_a_finding_and_a_bug_is_one_too() -> None:
    def refuse() -> list[Finding]:
        raise AuthRequired("The password was refused.", "Type: x")

    def stumble() -> list[Finding]:
        return [right(str(1 // 0))]

    error, bug, fine = rounds.make(
        [Check("account", refuse, "work"), Check("disk", stumble), Check("clock", lambda: [right("clock")])]
    )
    assert (error.label, error.what, error.mend, error.exit) == (
        "work", "The password was refused.", "Type: x", Exit.SIGN_IN,
    )  # fmt: skip
    assert "ZeroDivisionError" in bug.what
    assert fine.mark is Mark.OK


def test_what_keeps_syncd_from_working_at_all_is_the_worst() -> None:
    codes = (Exit.REPORT, Exit.TRY_LATER, Exit.UNAVAILABLE, Exit.CANNOT_WRITE, Exit.SIGN_IN, Exit.CONFIG)
    findings = [right("config")]
    assert worst(findings) is None
    for code in codes:
        findings.append(failure("x", "x", "x", code))
        found = worst(findings)
        assert found
        assert found.exit is code


def test_every_error_of_ours_has_its_place_among_the_worst() -> None:
    for code in Exit:
        if code not in {Exit.OK, Exit.USAGE}:
            error = AuthRequired("x")
            error.exit = code
            assert worst([refused("x", error)])
