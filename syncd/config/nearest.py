"""What somebody most likely meant: the known words nearest to one that is not known.

A slip of the keyboard (a letter lost, added, changed or swapped) always finds its word; a different word finds none,
because a wrong suggestion is worse than none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

PREFIX = 3
"""From this length on, a word that begins another is near it: "wed" and "wednesday"."""


def nearest(word: str, known: Iterable[str], taken: Collection[str] = ()) -> tuple[str, ...]:
    """The words of `known` nearest to `word`, nearest first; empty when none is near.

    More than one only when nothing tells them apart. Of words equally near, those in `taken` (already used where the
    slip happened) are not meant. Case and the choice between "-", "_" and " " do not count.
    """
    from rapidfuzz.distance import OSA  # noqa: PLC0415 - needed only once something is wrong

    plain = _plain(word)
    ranked: list[tuple[float, str]] = []
    for candidate in known:
        other = _plain(candidate)
        distance: float = OSA.distance(plain, other)
        allowed = max(1, max(len(plain), len(other)) // 3)
        if distance > allowed:
            shorter, longer = sorted((plain, other), key=len)
            begins = longer.startswith(shorter) and len(shorter) >= min(PREFIX, len(other))
            if not begins or not shorter:
                continue
            distance = allowed + 0.5
        if distance < max(len(plain), len(other)):
            ranked.append((distance, candidate))
    if not ranked:
        return ()
    best = min(distance for distance, _ in ranked)
    equals = [candidate for distance, candidate in ranked if distance == best]
    free = [candidate for candidate in equals if candidate not in taken]
    return tuple(free or equals)


def did_you_mean(word: str, known: Iterable[str], taken: Collection[str] = ()) -> str:
    """The question to put behind a sentence (`; did you mean "x"?`), or nothing."""
    return ask(nearest(word, known, taken))


def ask(meant: tuple[str, ...]) -> str:
    """The question whether one of these words was meant; nothing when there is none."""
    return f"; did you mean {either(meant[:3])}?" if meant else ""


def either(words: Collection[str]) -> str:
    """The words as a choice: `"a", "b" or "c"`."""
    return _joined(words, "or")


def together(words: Collection[str]) -> str:
    """The words as a sum: `"a", "b" and "c"`."""
    return _joined(words, "and")


def _joined(words: Collection[str], last: str) -> str:
    quoted = [f'"{word}"' for word in words]
    return f" {last} ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def _plain(word: str) -> str:
    return word.casefold().replace("-", "_").replace(" ", "_")
