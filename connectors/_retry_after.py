"""How long a server asks to be left alone: Retry-After (RFC 9110 section 10.2.3), in either of its forms."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST: Final = timedelta(days=1)
"""No server is waited for longer."""


def retry_after(value: str, now: datetime) -> timedelta | None:
    """The wait that `value` asks for, seconds or a date, at most `LONGEST`; None when it asks for nothing."""
    try:
        wait = timedelta(seconds=int(value)) if value.isdecimal() else parsedate_to_datetime(value) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return bounded(wait)


def bounded(wait: timedelta) -> timedelta:
    """`wait`, not below nothing and not above `LONGEST`."""
    return min(max(wait, timedelta()), LONGEST)
