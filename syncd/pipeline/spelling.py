"""How one full name is written: in other alphabets, in another order, shortened, and run together in an address.

All of it is about keys of full names (`name_key`): words in lower case without accents, between single spaces.
"""

from __future__ import annotations

from functools import lru_cache

from syncd.pipeline.normalize import name_key

_REMEMBERED = 1 << 14
_SHORTEST_START = 3
"""Chris begins Christopher; Al begins too much."""
_SHORTEST_RUN = 8
"""Letters of a name run together; fewer may be a word or a first name ("weili", "annali")."""
_SHORTEST_CUT = 5
"""Letters to which old systems cut a last name: epatters for Evan Patterson."""

# as somebody spells their own name whose keyboard lacks the letter; the other way is to leave the accent out
_DIGRAPHS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "Ø": "Oe", "Å": "Aa"}
)
# BGN/PCGN for Russian, Ukrainian and Bulgarian, ELOT 743 for Greek, without the marks that nobody types
_CYRILLIC = dict(zip("абвгдезиклмнопрстуфыэґ", "abvgdeziklmnoprstufyeg", strict=True)) | {
    "ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ь": "", "ю": "yu", "я": "ya",  # noqa: RUF001 - Cyrillic
    "є": "ye", "і": "i",  # noqa: RUF001 - Cyrillic
}  # fmt: skip
_GREEK = dict(zip("αβγδεζηικλμνξοπρσςτυφω", "avgdeziiklmnxoprsstyfo", strict=True)) | {"θ": "th", "χ": "ch", "ψ": "ps"}
_LATIN = str.maketrans(_CYRILLIC | _GREEK)


@lru_cache(_REMEMBERED)
def spellings(name: str) -> frozenset[str]:
    """The keys of a displayed full name: without accents, with digraphs (Jörg, Joerg), in Latin letters.

    Empty when it is no name of two words.
    """
    plain = name_key(name)
    keys = {plain, name_key(name.translate(_DIGRAPHS))}
    if not plain.isascii():
        keys.add(name_key(plain.translate(_LATIN)))
    return frozenset(keys - {""})


def in_any_order(key: str) -> str:
    """What a full name has in common with the one whose words stand in another order ("Doe John", "John Doe")."""
    return " ".join(sorted(key.split()))


@lru_cache(_REMEMBERED)
def agree(first: str, second: str) -> bool:
    """Whether two keys can be the name of one person: each word of the shorter stands in the longer, or begins a word.

    Anna Rossi and A. Maria Rossi do, Chris Doe and Christopher Doe; not Anna Rossi and Anna Russo. A single word agrees
    with a name that it is part of.
    """
    shorter, longer = sorted((first.split(), second.split()), key=lambda words: (len(words), words))
    rest, equal = list(longer), 0
    for word in sorted(shorter, key=lambda one: (one not in longer, -len(one))):
        match = word if word in rest else next((one for one in rest if _begins(word, one)), None)
        if match is None:
            return False
        equal += match == word and len(word) > 1
        rest.remove(match)
    return equal > 0 or len(shorter) == 1


def _begins(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return (len(shorter) == 1 or len(shorter) >= _SHORTEST_START) and longer.startswith(shorter)


@lru_cache(_REMEMBERED)
def runs(key: str) -> frozenset[str]:
    """The letters of a full name run together, as addresses and logins have them: first and last name in full.

    Empty for a name so short that its letters may be something else.
    """
    first, *middle, last = key.split()
    if min(len(first), len(last)) == 1:
        return frozenset()
    initials = "".join(word[0] for word in middle)
    found = {first + last, last + first, "".join((first, *middle, last)), first + initials + last}
    return frozenset(one for one in found if len(one) >= _SHORTEST_RUN)


@lru_cache(_REMEMBERED)
def shortened(key: str) -> frozenset[str]:
    """The letters of a full name in which initials stand for all but the last: arossi, rossia, amrossi."""
    first, *middle, last = key.split()
    initials = "".join(word[0] for word in middle)
    return frozenset(
        {first[0] + last, last + first[0], first[0] + initials + last} if len(last) >= _SHORTEST_START else ()
    )


@lru_cache(_REMEMBERED)
def is_made_of(letters: str, key: str) -> bool:
    """Whether letters are two pieces of a full name or more: words, initials, the start of its last word."""
    words = key.split()
    whole = {word for word in words if len(word) >= _SHORTEST_START}
    whole |= {words[-1][:length] for length in range(_SHORTEST_CUT, len(words[-1]))}
    if letters in {*words, *whole}:
        return False
    pieces = {*whole, *(word[0] for word in words)}
    ends = {(0, False)}  # where pieces can end, and whether one of them was more than an initial
    for place in range(len(letters)):
        for more in {more for end, more in ends if end == place}:
            ends |= {(place + len(one), more or one in whole) for one in pieces if letters.startswith(one, place)}
    return (len(letters), True) in ends
