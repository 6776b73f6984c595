"""Who stands in an address header: ordinary lists by one pattern, malformed ones by a patient reading.

Real headers hold semicolons, unquoted commas, doubled angles, groups, comments and "X via Y"; what can be saved is
saved, what is no mailbox is dropped, and nothing raises.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from connectors._mail_words import decode_words, tidy
from syncd.model import Participant, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST_LIST: Final = 400_000
LONGEST_ADDRESS: Final = 320
LONGEST_NAME: Final = 200
MOST_PARTICIPANTS: Final = 5000
_LONGEST_CACHED: Final = 1000
_MOST_CACHED: Final = 4096

_PLAIN: Final = r"[\w.!#$%&*+/?^{|}~-][\w.!#$%&'*+/?^{|}~-]*+@[A-Za-z0-9.-]*+(?<=[A-Za-z0-9])"
_MAILBOX: Final = re.compile(
    rf'[ \t]*+(?:(?:"([^"\\\n]*+)"|([^"\\(),:;<>@\[\]\n]*+))[ \t]*+<({_PLAIN})>|({_PLAIN}))[ \t]*+(,|$)', re.ASCII
)
_TOKEN: Final = re.compile(  # every repetition that may fail is bounded: a hostile list costs a second, not an hour
    r"""(?P<word>=\?[^?\s]{1,60}\?[bBqQ]\?[^?<>]{0,2000}\?=)
    |"(?P<quoted>(?:[^"\\]|\\.?)*+)(?P<closed>"|$)
    |\((?P<comment>(?:[^()\\]|\\.|\((?:[^()\\]|\\.){0,200}+\)){0,500}+)\)
    |<[<\s]{0,9}+(?P<angle>[^<>]*+)>{1,9}
    |(?P<separator>[,;\n][,;\n ]*+)
    |(?P<group>:)
    |(?P<text>[^"(<>,;:\n=]++|.)""",
    re.VERBOSE | re.DOTALL,
)
_BARE: Final = re.compile(r'(?<![^\s<>"(),:;])(?:"[^"]*+"|[^\s<>@"(),:;]++)@[^\s<>@"(),:;]++(?!@)')
_LOOSE: Final = re.compile(r"[ \t]?(@)[ \t]?|[ \t](\.)[ \t]")
_COMMENT: Final = re.compile(r"\([^()]*\)")
_BLANKS: Final = re.compile(r"[ \t]++")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_WHITE: Final = re.compile(r"\s+")
_SPECIAL: Final = re.compile(r'[\s<>@"(),:;\\]')
_MOST_WORDS_OF_HALF_A_NAME: Final = 2


def reader(role: Role) -> Callable[[str], tuple[Participant, ...]]:
    """Makes the function that reads an address header (unfolded, not yet decoded) into everybody in it.

    Addresses are as written, trimmed, each once, at most 5000; names are decoded and trimmed, and empty where they only
    repeat the address. Real mail repeats its address headers, so the last few thousand short ones are remembered.
    """

    @lru_cache(maxsize=_MOST_CACHED)
    def person(name: str, address: str) -> Participant:
        return Participant(address, _name(name, address) if name else "", role)

    def read(value: str) -> tuple[Participant, ...]:
        found: dict[str, Participant] = {}
        for name, address in _mailboxes(value):
            found.setdefault(address.lower(), person(name, address))
            if len(found) >= MOST_PARTICIPANTS:
                break
        return tuple(found.values())

    remember = lru_cache(maxsize=_MOST_CACHED)(read)
    return lambda value: remember(value) if len(value) < _LONGEST_CACHED else read(value)


def _mailboxes(value: str) -> Iterator[tuple[str, str]]:
    """(raw name, address) of every mailbox: by the pattern while the list follows RFC 5322, then with care."""
    position = 0
    while match := _MAILBOX.match(value, position):
        quoted, plain, angle, bare, separator = match.groups()
        address = angle or bare
        if len(address) <= LONGEST_ADDRESS:
            yield quoted or plain or "", address
        if not separator:
            return
        position = match.end()
    yield from _salvage(_BLANKS.sub(" ", value[position : position + LONGEST_LIST]))


class _Entry:
    """What stood between two separators: its name in pieces, its plain text, its comments and its angles."""

    __slots__ = ("angles", "comments", "name", "opened", "plain")

    def __init__(self) -> None:
        self.name: list[str] = []
        self.plain: list[str] = []
        self.comments: list[str] = []
        self.angles: list[str] = []
        self.opened = False

    def take(self, token: re.Match[str]) -> None:
        kind = token.lastgroup
        if kind == "angle":
            self.angles.append(token["angle"])
        elif kind == "comment":
            self.comments.append(_ESCAPE.sub(r"\1", token["comment"]))
        elif kind == "group":  # "Friends: a@b, c@d;" or "mailto:a@b"
            self.name.clear()
            self.plain.clear()
        elif kind == "closed":
            text = _ESCAPE.sub(r"\1", token["quoted"])
            self._write(token[0] if token.string.startswith("@", token.end()) else f" {text} ")
        elif token[0] == "<":  # an angle nobody closed: what follows is no name
            self.opened = True
        elif token[0] != ">":
            self._write(token[0])

    def ends_before(self, token: re.Match[str]) -> bool:
        """Whether a comma was forgotten in front of `token`."""
        return token.lastgroup != "comment" and not token[0].isspace() and any(map(_mailbox, self.angles))

    def mailboxes(self) -> list[tuple[str, str]]:
        for angle in reversed(self.angles):
            address = _mailbox(decode_words(angle))
            if address:
                return [(self._called("".join(self.name)), address)]
        plain = _LOOSE.sub(r"\1\2", decode_words("".join(self.plain)))
        addresses = [address for address in map(_mailbox, _BARE.findall(plain)) if address]
        if len(addresses) != 1:
            return [("", address) for address in addresses]
        return [(self._called(_BARE.sub(" ", _LOOSE.sub(r"\1\2", "".join(self.name)))), addresses[0])]

    def _write(self, text: str) -> None:
        self.plain.append(text)
        if not self.opened:
            self.name.append(text)

    def _called(self, name: str) -> str:
        return name if name.strip() else " ".join(self.comments)


def _salvage(value: str) -> Iterator[tuple[str, str]]:
    """Every mailbox that can be made out in a malformed or unusual list."""
    surname = ""
    for entry, separator in _entries(value):
        found = entry.mailboxes()
        name = tidy(decode_words("".join(entry.name)), LONGEST_NAME)
        half = bool(name) and name.count(" ") < _MOST_WORDS_OF_HALF_A_NAME
        if found and surname and half and entry.angles:
            yield f"{surname}, {name}", found[0][1]
        else:
            yield from found
        surname = name if half and not found and separator == "," else ""


def _entries(value: str) -> Iterator[tuple[_Entry, str]]:
    """Every entry of a list, with the separator that ended it."""
    entry = _Entry()
    position = 0
    while token := _TOKEN.match(value, position):
        position = token.end()
        if token.lastgroup == "closed" and not token["closed"]:  # nobody closed the quote: read on without it
            value = value[token.start() + 1 :].replace('"', " ")
            position = 0
        elif token.lastgroup == "separator":
            yield entry, token[0][0]
            entry = _Entry()
        else:
            if entry.ends_before(token):
                yield entry, ""
                entry = _Entry()
            entry.take(token)
    yield entry, ""


def _mailbox(text: str) -> str:
    """`text` as an address when it is one: exactly one @, something on both sides, no white space; else empty."""
    text = _LOOSE.sub(r"\1\2", tidy(_COMMENT.sub("", text), 2 * LONGEST_ADDRESS)).strip("'`,; ")
    if text[:1] == text[-1:] == '"':
        text = text[1:-1]
    local, at, domain = text.rpartition("@")
    domain = domain.rstrip(".> ")
    if len(local) > 1 and local[0] == local[-1] == '"':
        local = local if _SPECIAL.search(local[1:-1]) else local[1:-1]
    else:  # an obsolete route (RFC 5322 section 4.4), mailto: or a stray word may stand before it
        local = local.rpartition(":")[2].rpartition(" ")[2].replace('"', "")
        at = "" if _SPECIAL.search(local) else at
    if not (at and local and domain) or "@" in local or len(text) > LONGEST_ADDRESS or _SPECIAL.search(domain):
        return ""
    return f"{local}@{domain}"


def _name(text: str, address: str) -> str:
    """A display name, decoded and trimmed; empty when it is the address again."""
    name = tidy(decode_words(text), LONGEST_NAME)
    while len(name) > 1 and name[0] == name[-1] and name[0] in "\"'`":
        name = name[1:-1].strip()
    return "" if name.casefold() == address.casefold() else name
