"""How long a first sync of Gmail takes under a quota, on a clock that only the waiting moves.

    PYTHONPATH=. python benchmarks/gmail_quota.py 20000

Three projects: a new one (6,000 units a minute, a message costs 20), one that answers with 403 instead of 429, and one
with ten times the room, whose reader finds out. The best possible time spends every unit of every minute on messages.
"""

from __future__ import annotations

import argparse
import time
from datetime import timedelta

from tests.contract.gmail_account import GmailAccount
from tests.servers.google import Google
from tests.servers.google_clock import FakeClock

COST = 20
LATENCY = 0.3
"""Seconds that a request takes on the way."""


def main(wanted: int) -> None:
    """Print a line for each project."""
    print("units a minute  refusal  minutes   best  requests  refused parts  units / least  cpu s")
    for per_minute, status, retry_after in ((6000, 429, ""), (6000, 429, "15"), (6000, 403, ""), (60_000, 429, "")):
        clock = FakeClock()
        with Google(clock=clock, stride=500) as google:
            google.quota.per_minute, google.quota.status = per_minute, status
            google.quota.retry_after = retry_after
            account = GmailAccount(google, clock)
            for number in range(wanted):
                account.mailbox.add(f"Letter {number}", at=clock() - timedelta(minutes=number))
            account.horizon = timedelta(days=3650)
            begun, start = time.process_time(), clock()
            account.read(between=lambda clock=clock: clock.advance(LATENCY))
            minutes = (clock() - start).total_seconds() / 60
            requests = sum(request.part is None for request in google.requests)
            least = 1 + 5 * -(-wanted // 500) + COST * wanted
            print(
                f"{per_minute:14,}  {status}{' +' + retry_after if retry_after else '':4}  {minutes:7.1f}"
                f"  {wanted * COST / per_minute:5.1f}  {requests:8,}  {google.quota.refused:13,}"
                f"  {google.units / least:13.4f}  {time.process_time() - begun:5.1f}"
            )
            if len(account.records) != wanted:
                raise AssertionError(len(account.records))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("messages", type=int, nargs="?", default=20_000)
    main(parser.parse_args().messages)
