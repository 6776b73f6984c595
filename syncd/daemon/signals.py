"""SIGTERM, SIGINT and SIGHUP become events, also while the main thread is inside a library that does not look up.

The interpreter writes the number of each signal to a pipe at once (signal.set_wakeup_fd), and a thread reads it.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import TYPE_CHECKING

from syncd.daemon.events import Order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from syncd.daemon.events import Inbox

DEADLINE = 4.0
"""Seconds after which a stop no longer waits for a library: death at any moment loses nothing."""

_HEARD = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextmanager
def heard(inbox: Inbox) -> Iterator[None]:
    """Put every signal into `inbox`; SIGTERM and SIGINT end the process after DEADLINE.

    SIGHUP means reload, and stop when it came because the terminal was closed. For the main thread only.
    """
    ours, theirs = os.pipe2(os.O_CLOEXEC)
    os.set_blocking(theirs, False)
    over = Event()
    listener = Thread(target=_listen, args=(ours, _order_of(), inbox, over), name="signals", daemon=True)
    before = {number: signal.signal(number, lambda *_: None) for number in _HEARD}
    fd_before = signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
    listener.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(fd_before)
        for number, handler in before.items():
            signal.signal(number, handler)
        over.set()
        os.close(theirs)
        listener.join()
        os.close(ours)


def _listen(pipe: int, order_of: Callable[[int], Order | None], inbox: Inbox, over: Event) -> None:
    while number := os.read(pipe, 1):
        order = order_of(number[0])
        if order:
            inbox.put(order)
        if order is Order.STOP and not over.wait(DEADLINE):
            os._exit(os.EX_OK)


def _order_of() -> Callable[[int], Order | None]:
    had_terminal = _has_terminal()

    def order_of(number: int) -> Order | None:
        if number in {signal.SIGTERM, signal.SIGINT}:
            return Order.STOP
        if number == signal.SIGHUP:
            return Order.STOP if had_terminal and not _has_terminal() else Order.RELOAD
        return None

    return order_of


def _has_terminal() -> bool:
    """Whether there is a terminal that can close above us (tty(4): /dev/tty fails to open without one)."""
    with suppress(OSError):
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
        return True
    return False
