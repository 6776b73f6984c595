"""What a check finds: one line, and after a failure the command that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from syncd.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from syncd.errors import SyncdError


class Mark(StrEnum):
    """How it is: right, right with a remark, wrong, or nothing that could be looked at."""

    OK = "ok"
    NOTE = "note"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    `check` is the kind of thing, `about` which one of them (an account, a server, a unit; empty where there is one);
    `what` is a sentence, `mend` what to type, `exit` the code a failure ends with.
    """

    check: str
    mark: Mark
    what: str
    mend: str = ""
    about: str = ""
    exit: Exit = Exit.OK

    @property
    def label(self) -> str:
        """What the line begins with."""
        return self.about or self.check


@dataclass(frozen=True, slots=True)
class Check:
    """One look at something, which ends within `patience` seconds, or is given up."""

    name: str
    look: Callable[[], Iterable[Finding]]
    about: str = ""
    patience: float = 20


def failure(check: str, what: str, mend: str, exit_: Exit = Exit.REPORT, *, about: str = "") -> Finding:
    """A finding that something is wrong."""
    return Finding(check, Mark.FAILED, what, mend, about, exit_)


def refused(check: str, error: SyncdError, *, about: str = "") -> Finding:
    """A finding made of an error."""
    return Finding(check, Mark.FAILED, error.title, error.hint, about, error.exit)


_FIRST = (Exit.CONFIG, Exit.SIGN_IN, Exit.CANNOT_WRITE, Exit.UNAVAILABLE, Exit.TRY_LATER, Exit.REPORT)
"""What keeps syncd from its work most surely comes first."""


def worst(findings: Sequence[Finding]) -> Finding | None:
    """The failure to mend first; None when there is none."""
    failed = [finding for finding in findings if finding.mark is Mark.FAILED]
    return min(failed, key=lambda finding: _FIRST.index(finding.exit), default=None)
