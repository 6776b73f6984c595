"""A server's own words inside our sentences: one line, of bounded length, with nothing that a terminal would obey."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 200
"""So many characters are quoted at most."""


def quote(text: str) -> str:
    """`text`, fit to stand in a sentence."""
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in text[:1000]).split()).rstrip(". ")
    return f"{words[:LONGEST]}..." if len(words) > LONGEST else words
