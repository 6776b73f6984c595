"""The owner's terminal while they sign in: lines to read, their browser, and a place to paste an address into.

Everything goes to stderr, so that stdout keeps what the sign-in found out. A browser counts only where it has a window:
one inside the terminal would sit on the question that is asked there.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import PurePath
from threading import Thread
from typing import TYPE_CHECKING

from syncd.cli.session import talk

if TYPE_CHECKING:
    from collections.abc import Callable

_IN_THE_TERMINAL = frozenset({"browsh", "elinks", "links", "links2", "lynx", "w3m", "www-browser"})
_LONGEST = 1 << 16


class TerminalDesk:
    """A `Desk` at this terminal; `browser` False keeps the browser closed."""

    def __init__(self, *, browser: bool = True) -> None:
        self._browser = browser

    def say(self, text: str) -> None:
        """See `Desk.say`; a long address stays one line, so that it can be copied."""
        talk.print(text, markup=False)

    def browse(self, url: str) -> bool:
        """See `Desk.browse`."""
        return self._browser and _has_windows() and _open(url)

    def on_paste(self, question: str, take: Callable[[str], None]) -> None:
        """See `Desk.on_paste`: the next line that is not empty is the answer."""
        if sys.stdin.isatty():
            self.say(question)
            Thread(target=_take_line, args=(sys.stdin.fileno(), take), name="paste", daemon=True).start()


def _take_line(terminal: int, take: Callable[[str], None]) -> None:
    """Past Python's own buffer, whose lock a thread that is still waiting at the end would hold for ever."""
    with suppress(OSError):  # the terminal was closed
        while line := os.read(terminal, _LONGEST):
            text = line.decode(errors="replace").strip()
            if text:
                take(text)
                return


def _has_windows() -> bool:
    """True where a program can open one; a browser that $BROWSER names is there wherever its owner says so."""
    if sys.platform == "darwin":
        return "SSH_CONNECTION" not in os.environ
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def _open(url: str) -> bool:
    import webbrowser  # noqa: PLC0415 - only a sign-in needs it, and it looks for browsers in the whole PATH

    try:
        browser = webbrowser.get()
        name = PurePath(getattr(browser, "name", "")).name
        return name not in _IN_THE_TERMINAL and browser.open(url)
    except webbrowser.Error:
        return False
