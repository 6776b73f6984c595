"""The text of a configuration file, and how a problem points into it without showing a secret.

Lines and columns count from 1, in characters, as editors do.
"""

from __future__ import annotations

import bisect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from syncd.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "***"
"""What stands where a secret stood."""

LONGEST_LINE = 240
"""A longer line is not shown."""

_IN_A_LINK = re.compile(r"""(?<=://)[^/\s@:"']*:[^/\s@"']+(?=@)|(?<=password=)[^&\s"']+|(?<=token=)[^&\s"']+""")


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch of the text, from `start` up to but not including `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """The text of `file`, and where each of its lines starts."""

    file: str
    text: str
    starts: tuple[int, ...]

    @classmethod
    def of(cls, file: str, text: str) -> Sheet:
        """The sheet of a text whose lines end in a single newline."""
        return cls(file, text, (0, *(match.end() for match in re.finditer("\n", text))))

    def line(self, position: int) -> int:
        """The line (from 1) that holds this position of the text."""
        return bisect.bisect_right(self.starts, position)

    def range_of(self, line: int) -> Range:
        """The range of a line (from 1), without its newline."""
        end = self.starts[line] - 1 if line < len(self.starts) else len(self.text)
        return Range(self.starts[line - 1], end)

    def problem(self, here: Range, message: str, hidden: Iterable[Range] = ()) -> Problem:
        """The problem as it will be shown: with its line, in which nothing of the `hidden` ranges can be read."""
        line = self.line(here.start)
        shown = self.range_of(line)
        source = self.text[shown.start : shown.end]
        width = min(here.end, shown.end) - here.start
        secrets = [secret for secret in hidden if secret.start < shown.end and secret.end > shown.start]
        secrets += [
            Range(shown.start + found.start(), shown.start + found.end())
            for found in _IN_A_LINK.finditer(source)
            if not any(secret.start <= shown.start + found.start() < secret.end for secret in secrets)
        ]
        for secret in sorted(secrets, key=lambda secret: -secret.start):
            if secret.start < here.start:
                source = ""  # a mask of another length would push the marks off their place
                break
            mask = f'"{MASK}"' if self.text[secret.start] in "\"'" else MASK
            source = f"{source[: secret.start - shown.start]}{mask}{source[secret.end - shown.start :]}"
            if here.start == secret.start:
                width = len(mask)
        if here.start == here.end or len(source) > LONGEST_LINE:
            source = ""  # there is no line to point at, or it would not help
        column = here.start - shown.start + 1
        return Problem(self.file, line, column, message, source.replace("\t", " ").rstrip(), width)
