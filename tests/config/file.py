"""A configuration file under test: written, loaded, and what was said about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from syncd.config import Settings, load
from syncd.errors import ConfigError, Problem

if TYPE_CHECKING:
    from pathlib import Path

SMALLEST = """\
[me]

[accounts.work]
type = "post"
address = "anna@conti.example"

[digest]
to = "anna@conti.example"
"""

LETTERBOX = '[accounts.box]\ntype = "letterbox"\naddress = "anna@conti.example"\n'
"""Another account, whose mailbox a letter can be put into."""


@dataclass(frozen=True, slots=True)
class ConfigText:
    """One file; every method writes it anew."""

    path: Path

    def load(self, text: str) -> Settings:
        """The settings of a file that is right."""
        self.path.write_text(text, encoding="utf-8")
        return load(self.path)

    def load_with(self, more: str) -> Settings:
        """The settings of the smallest file and `more`."""
        return self.load(f"{SMALLEST}\n{more}")

    def refused(self, text: str) -> tuple[Problem, ...]:
        """All that is wrong with a file."""
        with pytest.raises(ConfigError) as refusal:
            self.load(text)
        return refusal.value.problems

    def refused_with(self, more: str) -> tuple[Problem, ...]:
        """All that is wrong with the smallest file and `more`."""
        return self.refused(f"{SMALLEST}\n{more}")

    def complaint(self, more: str) -> str:
        """The one thing that is wrong with the smallest file and `more`."""
        (problem,) = self.refused_with(more)
        return problem.message
