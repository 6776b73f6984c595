"""The one line that `systemctl status` shows (STATUS= in sd_notify(3)): who waits for whom, and what comes next."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from syncd.daemon.journal import TROUBLED
from syncd.model import AccountStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from syncd.model import Account

_NEAR = timedelta(days=6)
_COMMAND = "Type: "


def moment(instant: datetime, now: datetime, zone: tzinfo) -> str:
    """An instant as the owner would say it: "07:00" today, "Mon 07:00" this week, else with the date."""
    local, today = instant.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    return f"{local:%a %H:%M}" if abs(instant - now) < _NEAR else f"{local:%a %d %b %Y %H:%M}"


def of_accounts(accounts: Sequence[Account], now: datetime, zone: tzinfo) -> tuple[str, ...]:
    """What each account in trouble waits for, how far first reads are, and that the others are fine."""
    said = [_of_trouble(account, now, zone) for account in accounts if account.status in TROUBLED]
    fine = [account for account in accounts if account.status not in TROUBLED]
    said += [_of_first_read(account) for account in fine if account.last_sync is None]
    read = [account.last_sync for account in fine if account.last_sync]
    if read:
        others = "other " if said else ""
        plural = "s" if len(read) > 1 else ""
        last = moment(max(read), now, zone)
        said.append(f"{len(read)} {others}account{plural} read, {'last ' if plural else ''}at {last}")
    return tuple(said)


def _of_trouble(account: Account, now: datetime, zone: tzinfo) -> str:
    if account.status is AccountStatus.FAILING:
        since = f" since {moment(account.failing_since, now, zone)}" if account.failing_since else ""
        return f"{account.name} cannot be read{since}: {account.error.rstrip('.')}"
    _, found, command = account.hint.partition(_COMMAND)
    return f"{account.name} waits for you: {command.splitlines()[0] if found else account.error.rstrip('.')}"


def _of_first_read(account: Account) -> str:
    reading = account.reading
    if reading is None:
        return f"{account.name} is read for the first time"
    share = f" of {reading.total:,} ({min(100, 100 * reading.done // reading.total)} %)" if reading.total else ""
    return f"{account.name} is read for the first time: {reading.done:,}{share}"
