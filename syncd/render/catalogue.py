"""The sentences of one language: a gettext catalogue, read from its .po file when it is first needed.

A message is named by its phrase's code, not by its English text, so that English is a language like the others.
`msgid_plural` names the value that decides the plural form; no compiled catalogue is kept.
"""

from __future__ import annotations

import gettext
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

FALLBACK = "en"


class Catalogue:
    """Every message of one language; iterating gives their names."""

    def __init__(self, source: Traversable, code: str) -> None:
        with source.open("rb") as file:
            messages = read_po(file, locale=code, abort_invalid=True)
        compiled = BytesIO()
        write_mo(compiled, messages)
        compiled.seek(0)
        self._translations = gettext.GNUTranslations(compiled)
        self._counted: dict[str, str] = {}
        for message in messages:
            if isinstance(message.id, str):
                self._counted[message.id] = ""
            else:
                self._counted[message.id[0]] = message.id[1]
        del self._counted[""]
        self.code = code
        self.locale = Locale.parse(code)

    def __contains__(self, key: str) -> bool:
        return key in self._counted

    def __iter__(self) -> Iterator[str]:
        return iter(self._counted)

    def counted(self, key: str) -> str:
        """The name of the value that decides the plural form of `key`; empty when none does."""
        return self._counted[key]

    def message(self, key: str, count: int = 1) -> str:
        """The sentence called `key`, in the form for `count`. KeyError when there is none."""
        if key not in self._counted:
            raise KeyError(key)
        if self._counted[key]:
            return self._translations.ngettext(key, key, count)
        return self._translations.gettext(key)


def languages() -> tuple[str, ...]:
    """The codes of the languages a digest can be written in."""
    return tuple(sorted(one.name.removesuffix(".po") for one in _folder().iterdir() if one.name.endswith(".po")))


@lru_cache
def catalogue(language: str) -> Catalogue:
    """The catalogue of `language` ("it", "it-IT", "it_IT.UTF-8"); English when there is none."""
    code = language.replace("_", "-").partition("-")[0].lower()
    if code not in languages():
        code = FALLBACK
    return Catalogue(_folder() / f"{code}.po", code)


def _folder() -> Traversable:
    return files("syncd") / "locale"
