"""Processes by a name that others can ask after: "HOST:PID", in a lease or beside the progress of a read.

A dead one of this machine is known to be dead; of one on another machine only silence can tell.
"""

from __future__ import annotations

import os


def this_process() -> str:
    """The name of the process that asks."""
    return f"{os.uname().nodename}:{os.getpid()}"


def is_dead(process: str) -> bool:
    """Whether a process of this machine is over; False for one that lives, and where nobody here can know.

    One with our own number was an earlier one: whoever asks is not asking after themselves. A number that went to a
    stranger looks alive, so whoever waits for the end of a process sets a time as well.
    """
    host, _, number = process.rpartition(":")
    if host != os.uname().nodename or not number.isdigit():
        return False
    if int(number) == os.getpid():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False
