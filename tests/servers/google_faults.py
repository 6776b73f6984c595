"""What goes wrong with a double of Google's APIs, on demand, and the quota that goes wrong by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.servers.google_replies import Refusal, rate_limited, unauthenticated

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

PER_MINUTE: Final = 6000
"""Gmail's units per user and minute (developers.google.com/workspace/gmail/api/reference/quota, since 2026-05-01)."""

ALWAYS: Final = 1_000_000
_USAGE: Final = "usageLimits"
_STATUS_NAMES: Final = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
_WORDS: Final = {
    "backendError": ("global", "Internal error encountered."),
    "userRateLimitExceeded": (_USAGE, "User Rate Limit Exceeded"),
    "dailyLimitExceeded": (_USAGE, "Daily Limit Exceeded"),
    "quotaExceeded": (_USAGE, "Calendar usage limits exceeded."),
    "accessNotConfigured": (
        _USAGE,
        "Gmail API has not been used in project 123456789012 before or it is disabled.",
    ),
    "domainPolicy": ("global", "The domain administrators have disabled Gmail apps."),
    "failedPrecondition": ("global", "Mail service not enabled"),
    "delegationDenied": ("global", "Delegation denied"),
    "notACalendarUser": ("calendar", "The user must be signed up for Google Calendar."),
}
"""Where an error comes from and how it is worded (developers.google.com/workspace/gmail/api/guides/handle-errors)."""


@dataclass(slots=True)
class Fault:
    """What happens to the requests for `method` (a method's id or its beginning; "batch"; "oauth.token"; "": all).

    The first `after` of them pass. `parts`: of a batch only the parts at these positions, from 0. `kind` is "error"
    (the `refusal`), "silence" (nothing is ever said), "html" (`text` with `status` 200, a captive portal's page),
    "cut" (the connection breaks off in the middle of the answer) or "slow" (`seconds` before the answer).
    """

    kind: str
    method: str = ""
    times: int = ALWAYS
    after: int = 0
    parts: Collection[int] | None = None
    refusal: Refusal | None = None
    status: int = 200
    text: str = ""
    seconds: float = 0

    def strikes(self, method: str, part: int | None) -> bool:
        """Whether it is this request's turn; counts it."""
        if not method.startswith(self.method) or self.times <= 0:
            return False
        if self.parts is not None and part not in self.parts:
            return False
        if self.after:
            self.after -= 1
            return False
        self.times -= 1
        return True


def error(status: int, reason: str, retry_after: str = "", message: str = "") -> Refusal:
    """An error as the real servers word it."""
    if reason == "rateLimitExceeded":
        return rate_limited(status, retry_after)
    headers = {"Retry-After": retry_after} if retry_after else {}
    domain, words = _WORDS.get(reason, ("global", reason))
    if status == 401:
        headers |= unauthenticated(presented=True).headers
    return Refusal(status, reason, message or words, domain, status_name=_STATUS_NAMES.get(status, ""), headers=headers)


class Faults:
    """What a test lets go wrong; the oldest fault that fits a request strikes."""

    def __init__(self) -> None:
        super().__init__()
        self._faults: list[Fault] = []

    def fail(  # noqa: PLR0913 - the ways in which a request can fail
        self,
        times: int = ALWAYS,
        *,
        status: int = 503,
        reason: str = "backendError",
        retry_after: str = "",
        message: str = "",
        method: str = "",
        parts: Collection[int] | None = None,
        after: int = 0,
    ) -> None:
        """Answer the next requests for `method` with an error; see `Fault` for what the others mean."""
        refusal = error(status, reason, retry_after, message)
        self._faults.append(Fault("error", method, times, after, parts, refusal))

    def silence(self, method: str = "", times: int = ALWAYS, after: int = 0) -> None:
        """Accept, and never answer."""
        self._faults.append(Fault("silence", method, times, after))

    def show_page(
        self, text: str = "<!DOCTYPE html><title>Welcome</title>", status: int = 200, times: int = ALWAYS
    ) -> None:
        """Answer with a web page, as a captive portal (200) or a proxy (502) does."""
        self._faults.append(Fault("html", times=times, status=status, text=text))

    def cut(self, method: str = "", times: int = 1, after: int = 0) -> None:
        """Break the connection off in the middle of an answer."""
        self._faults.append(Fault("cut", method, times, after))

    def slow_down(self, seconds: float, method: str = "", times: int = ALWAYS) -> None:
        """Let so many real seconds pass before an answer."""
        self._faults.append(Fault("slow", method, times, seconds=seconds))

    def mend(self) -> None:
        """Nothing goes wrong any more: undo everything above."""
        self._faults.clear()

    def struck(self, method: str, part: int | None) -> Fault | None:
        """The fault whose turn it is with this request."""
        return next((fault for fault in self._faults if fault.strikes(method, part)), None)


@dataclass(slots=True)
class Quota:
    """A bucket of units per user that fills evenly by the test's clock; `per_minute` None never empties.

    An empty bucket answers with `status` (429 or 403) and, when it is set, `retry_after`.
    """

    now: Callable[[], datetime]
    per_minute: int | None = PER_MINUTE
    status: int = 429
    retry_after: str = ""
    spent: int = 0
    refused: int = 0
    _left: dict[str, tuple[datetime, float]] = field(default_factory=dict)

    def spend(self, account: str, units: int) -> None:
        """Take so many units; raises Refusal when there are not so many left."""
        if self.per_minute is not None:
            now = self.now()
            before, left = self._left.get(account, (now, float(self.per_minute)))
            passed = max(0.0, (now - before).total_seconds())
            left = min(float(self.per_minute), left + passed * self.per_minute / 60)
            if left < units:
                self._left[account] = (now, left)
                self.refused += 1
                raise rate_limited(self.status, self.retry_after)
            self._left[account] = (now, left - units)
        self.spent += units
