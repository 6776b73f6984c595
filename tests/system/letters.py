"""A letter to read, and what a refusal looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

LETTER = """\
From MAILER-DAEMON Tue Mar  3 08:00:00 2026
Date: Tue, 03 Mar 2026 09:00:00 +0100
From: Anna Keller <anna@keller.example>
To: elena@conti.example
Subject: Lunch
Message-ID: <{number}@keller.example>

Text.

"""


def refused(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """It ended with `code` and said so in words, with the next thing to type, and without a traceback."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr
