"""What may not be shown of a file: every value that may be a secret, whatever name it goes by.

Too much is hidden rather than too little; only a well-formed reference (where a secret can be found) is no secret.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pydantic import ValidationError

from syncd.config.sheet import MASK
from syncd.connector import SecretRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from syncd.config.places import Document, Where
    from syncd.config.sheet import Range

_SECRET_WORD = re.compile(
    r"pass|pwd|secret|token|credential|(?:^|[^a-z])(?:auth|key|pin|pw)(?:$|[^a-z])", re.IGNORECASE
)
_SLIP = 2
"""So many slips of the keyboard away, a key may still have been meant to be a password."""


def secret_places(document: Document) -> dict[Where, Range]:
    """Where the values are that stand under a secret's name, unless they only say where the secret is."""
    return dict(_secrets(document, (), document.values, inside=False))


def is_secret_name(name: str) -> bool:
    """Whether a key of this name is likely to hold a secret, slips of the keyboard included."""
    from rapidfuzz.distance import OSA  # noqa: PLC0415 - needed only once something is wrong

    return bool(_SECRET_WORD.search(name)) or OSA.distance(name.casefold(), "password", score_cutoff=_SLIP) <= _SLIP


def hides_secret(written: str) -> bool:
    """Whether any word in it looks like the name of a secret."""
    return any(is_secret_name(word) for word in re.findall(r"[\w-]+", written))


def _secrets(document: Document, where: Where, value: object, *, inside: bool) -> Iterator[tuple[Where, Range]]:
    if isinstance(value, dict) and not _is_reference(value):
        for key, item in value.items():
            path = (*where, key)
            yield from _secrets(document, path, item, inside=inside or _names_secret(document, path, item))
    elif inside and not isinstance(value, dict) and where in document.spots:
        yield where, document.spots[where]


def _names_secret(document: Document, where: Where, value: object) -> bool:
    """Whether this key promises a secret; the name of an account or of a person does not."""
    owned = isinstance(value, dict) and where not in document.spots and len(where) == len(("accounts", "NAME"))
    return not owned and is_secret_name(str(where[-1]))


def _is_reference(value: dict[str, object]) -> bool:
    try:
        SecretRef.model_validate(value)
    except ValidationError:
        return False
    return True


def texts(value: object) -> Iterator[str]:
    """Every text in a hidden value that is long enough to be told from chance."""
    if isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif len(text := str(value)) > len(MASK) - 1:
        yield text
