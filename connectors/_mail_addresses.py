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
    from collections.abc import Iterator

LONGEST_ADDRESS: Final = 320
LONGEST_NAME: Final = 200
MOST_PARTICIPANTS: Final = 5000
_LONGEST_CACHED: Final = 1000

_ATOM: Final = r"[^\s<>@\"(),:;\\\[\]]++"
_MAILBOX: Final = re.compile(
    rf'[ \t]*+(?:(?:"([^"\\\n]*+)"|([^"\\(),:;<>@\[\]\n]*+))[ \t]*+<({_ATOM}@{_ATOM})>|({_ATOM}@{_ATOM}))[ \t]*+(,|$)'
)
_TOKEN: Final = re.compile(
    r"""(?P<word>=\?[^?\s]+\?[bBqQ]\?[^?<>]*\?=)
    |"(?P<quoted>(?:[^"\\]|\\.)*+)(?P<closed>"|$)
    |\((?P<comment>(?:[^()\\]|\\.|\((?:[^()\\]|\\.)*+\))*+)\)
    |<[<\s]*+(?P<angle>[^<>]*+)>+
    |(?P<separator>[,;\n])
    |(?P<group>:)
    |(?P<text>[^"(<>,;:\n=]++|.)""",
    re.VERBOSE | re.DOTALL,
)
_BARE: Final = re.compile(r'(?:"[^"]*+"|[^\s<>@"(),:;]++)@[^\s<>@"(),:;]++')
_AROUND_AT: Final = re.compile(r"\s*+@\s*+")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_WHITE: Final = re.compile(r"\s+")
_MOST_WORDS_OF_HALF_A_NAME: Final = 2


def participants(value: str, role: Role) -> tuple[Participant, ...]:
    """Everybody in an address header (unfolded, not yet decoded), each address once; at most 5000.

    Addresses are as written, trimmed; names decoded and trimmed, empty where the name only repeats the address.
    """
    if len(value) > _LONGEST_CACHED:
        return _read(value, role)
    return _remember(value, role)


def _read(value: str, role: Role) -> tuple[Participant, ...]:
    mailboxes: dict[str, tuple[str, str]] = {}
    for name, address in _ordinary(value) or _salvage(value):
        mailboxes.setdefault(address.lower(), (name, address))
        if len(mailboxes) >= MOST_PARTICIPANTS:
            break
    return tuple(Participant(address, name, role) for name, address in mailboxes.values())


_remember = lru_cache(maxsize=8192)(_read)


def _ordinary(value: str) -> list[tuple[str, str]] | None:
    """The mailboxes of a list that follows RFC 5322 section 3.4 in its plain forms; None for any other."""
    if "=?" in value:
        return None
    mailboxes = []
    position = 0
    while match := _MAILBOX.match(value, position):
        quoted, plain, angle, bare, separator = match.groups()
        address = _mailbox(angle or bare)
        if not address:
            return None
        mailboxes.append((_name(quoted or plain or "", address), address))
        if not separator:
            return mailboxes
        position = match.end()
    return None


class _Entry:
    """What stood between two separators: its name in pieces, its plain text, its comments and its angles."""

    __slots__ = ("angles", "comments", "name", "plain")

    def __init__(self) -> None:
        self.name: list[str] = []
        self.plain: list[str] = []
        self.comments: list[str] = []
        self.angles: list[str] = []

    def mailboxes(self) -> list[tuple[str, str]]:
        for angle in reversed(self.angles):
            address = _mailbox(decode_words(angle))
            if address:
                return [(_name("".join(self.name), address) or _name(" ".join(self.comments), address), address)]
        plain = _AROUND_AT.sub("@", decode_words("".join(self.plain)))
        addresses = [address for address in map(_mailbox, _BARE.findall(plain)) if address]
        if len(addresses) != 1:
            return [("", address) for address in addresses]
        rest = _BARE.sub(" ", _AROUND_AT.sub("@", "".join(self.name)))
        return [(_name(rest, addresses[0]) or _name(" ".join(self.comments), addresses[0]), addresses[0])]


def _salvage(value: str) -> Iterator[tuple[str, str]]:
    """Every mailbox that can be made out in a malformed or unusual list."""
    surname = ""
    for entry, separator in _entries(value):
        found = entry.mailboxes()
        if found:
            name, address = found[0]
            if surname and entry.angles and name and _is_half_a_name(name):
                found[0] = (f"{surname}, {name}", address)
            yield from found
            surname = ""
        else:
            name = tidy(decode_words("".join(entry.name)), LONGEST_NAME)
            surname = name if separator == "," and _is_half_a_name(name) else ""


def _is_half_a_name(name: str) -> bool:
    return name.count(" ") < _MOST_WORDS_OF_HALF_A_NAME


def _entries(value: str) -> Iterator[tuple[_Entry, str]]:
    entry = _Entry()
    position = 0
    while match := _TOKEN.match(value, position):
        position = match.end()
        kind = match.lastgroup
        if kind == "separator":
            yield entry, match[0]
            entry = _Entry()
        elif kind == "angle":
            entry.angles.append(match["angle"])
        elif kind == "comment":
            entry.comments.append(_ESCAPE.sub(r"\1", match["comment"]))
        elif kind == "closed" and not match["closed"]:  # a quote nobody closed: read on as if it were not there
            value = value[match.start() + 1 :].replace('"', " ")
            position = 0
        elif kind == "closed":
            local = value.startswith("@", position)
            text = match[0] if local else _ESCAPE.sub(r"\1", match["quoted"])
            entry.name.append(text)
            entry.plain.append(text if local else f" {text} ")
        elif kind == "group":  # "Friends: a@b, c@d;" or "mailto:a@b"
            entry.name.clear()
            entry.plain.clear()
        elif match[0] not in "<>":
            entry.name.append(match[0])
            entry.plain.append(match[0])
    yield entry, ""


def _mailbox(text: str) -> str:
    """`text` as an address when it is one: exactly one @, something on both sides, no white space; else empty."""
    if ":" in text:
        text = text.rpartition(":")[2]  # an obsolete route (RFC 5322 section 4.4), or mailto:
    text = _WHITE.sub("", text).strip("'`,;")
    local, at, domain = text.partition("@")
    domain = domain.rstrip(".>")
    if local[:1] == '"' and local[-1:] == '"' and not _SPECIAL.search(local[1:-1]):
        local = local[1:-1]
    if not (at and local and domain) or "@" in domain or len(text) > LONGEST_ADDRESS or _NO_DOMAIN.search(domain):
        return ""
    return tidy(f"{local}@{domain}", LONGEST_ADDRESS)


_SPECIAL: Final = re.compile(r'[\s<>@"(),:;\\\[\]]')
_NO_DOMAIN: Final = re.compile(r'[\s<>"(),:;\\]')


def _name(text: str, address: str) -> str:
    """A display name, decoded and trimmed; empty when it is the address again."""
    name = tidy(decode_words(text), LONGEST_NAME).strip("\"'` ")
    return "" if name.casefold() == address.casefold() else name
