"""Making the rounds: every check in a thread of its own, each given up after its time, told in their order.

The threads are daemons: one that hangs in a call nobody can interrupt holds up neither the others nor the end.
"""

from __future__ import annotations

import logging
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import TYPE_CHECKING

from syncd.checkup.finding import failure, refused
from syncd.errors import Exit, SyncdError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from syncd.checkup.finding import Check, Finding

log = logging.getLogger(__name__)


def make(checks: Sequence[Check]) -> Iterator[Finding]:
    """What all checks find, side by side; in their order, each as soon as it is known."""
    answers = [SimpleQueue[tuple["Finding", ...]]() for _ in checks]
    began = monotonic()
    for check, answer in zip(checks, answers, strict=True):
        Thread(target=lambda check, answer: answer.put(_looked(check)), args=(check, answer), daemon=True).start()
    for check, answer in zip(checks, answers, strict=True):
        try:
            yield from answer.get(timeout=max(0.0, began + check.patience - monotonic()))
        except Empty:
            yield failure(
                check.name,
                f"This took longer than {check.patience:g} seconds and was given up.",
                f"To look at it alone, type: syncd doctor {check.about}".rstrip(),
                Exit.TRY_LATER,
                about=check.about,
            )


def _looked(check: Check) -> tuple[Finding, ...]:
    """What one check finds; whatever it raises is a finding as well."""
    try:
        return tuple(check.look())
    except SyncdError as error:
        return (refused(check.name, error, about=check.about),)
    except Exception as bug:
        log.debug("A bug in a check: %s %s", check.name, check.about, exc_info=True)
        what = f"A bug: {type(bug).__name__}: {bug}"
        return (failure(check.name, what, "To see where, set [daemon] log_level to debug.", about=check.about),)
