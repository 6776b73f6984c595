"""Comparison keys: two spellings of one mailbox, name, Message-ID, subject or event UID give one key.

What a source wrote is never changed; these functions only say what it is compared by. They are called for every header
of every message, so whatever mail repeats is remembered, within bounds.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_REMEMBERED = 1 << 14
_LONGEST_ADDRESS = 320  # RFC 3696 erratum 1690 speaks of 254; VERP and relay addresses are longer
_LONGEST_ID = 998  # RFC 5322 section 2.1.1: a line has no more

_PLAIN_ADDRESS = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@[a-z0-9_-]+(?:\.[a-z0-9_-]+)*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_NEVER_LOCAL = re.compile(r'[\s@<>()\[\]:;,"\\]')
# X.500 names, Exchange's encapsulated addresses (MS-OXOABK), and schemes that are no mailbox
_NO_MAILBOX = re.compile(r"^(?:/(?:o|ou|cn|c|a|p|g|s|i)=|imcea[a-z]*-|invalid:|urn:|https?:|undisclosed|unlisted-rec)")
_NO_PERSONS_DOMAIN = re.compile(r"(?:^|\.)(?:calendar\.google\.com|invalid)$")
_GMAIL = frozenset({"gmail.com", "googlemail.com"})


@lru_cache(_REMEMBERED)
def normal_address(address: str) -> str:
    """The address in the form in which it is stored and compared; "" when it is no mailbox of a person.

    Lower case, NFC local part (RFC 6532), A-label domain (UTS 46). X.500 names, encapsulated Exchange addresses,
    `invalid:`, `.invalid` (RFC 2606) and Google's calendar resources give "".
    """
    if len(address) > _LONGEST_ADDRESS:
        return ""
    found = address.strip(" \t\r\n\0<>\"'").lower().removeprefix("mailto:")
    if not _PLAIN_ADDRESS.fullmatch(found):
        found = _repaired(found)
    if not found or _NO_MAILBOX.match(found) or _NO_PERSONS_DOMAIN.search(domain_of(found)):
        return ""
    return found


def _repaired(address: str) -> str:
    """The address without quotes, control characters and Unicode domain; "" when that is not enough."""
    address = _CONTROL.sub("", address)
    local, at, domain = address.rpartition("@")
    local = unicodedata.normalize("NFC", local.strip("\"'"))
    domain = domain.rstrip(".")
    if not at or not local or not domain or _NEVER_LOCAL.search(local):
        return ""
    if not domain.isascii():
        import idna  # noqa: PLC0415 - 4 MB of tables that most mailboxes never need

        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError:
            return ""
    return f"{local}@{domain}" if _PLAIN_ADDRESS.fullmatch(f"x@{domain}") else ""


def domain_of(address: str) -> str:
    """What stands behind the @; "" when there is none."""
    return address.rpartition("@")[2] if "@" in address else ""


@lru_cache(_REMEMBERED)
def mailbox_key(address: str) -> str:
    """Normal addresses with one key are one mailbox: plus-tags (RFC 5233) go, and on Gmail dots and `googlemail`."""
    local, at, domain = address.rpartition("@")
    if not at:
        return address
    local = local.partition("+")[0] or local
    if domain in _GMAIL:
        return f"{local.replace('.', '') or local}@gmail.com"
    return f"{local}@{domain}"


# --------------------------------------------------------------------------- names

_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|<[^<>]*>|（[^（）]*）")  # noqa: RUF001 - the wide parentheses of CJK
_VIA = re.compile(r"\s+(?:via|über|tramite|melalui)\s+\S.*$")  # lower case only: Via is a surname
_NOTES_PATH = re.compile(r"(?:/[\w .-]+)+@[\w .-]+$|(?:/[A-Z][\w.-]*){2,}$")  # "Anna Rossi/HOU/ECT@ECT" of Lotus Notes
_SPACE = re.compile(r"\s+")
_QUOTES = " \t\"'`´‘’“”„«»,;:|*"  # noqa: RUF001 - the quotes of all languages are what it strips
_TITLE = re.compile(
    "mr|mrs|ms|miss|mx|dr|prof|professor|sir|dame|rev|fr|herr|frau|sig|signor|signora|dott|dottssa|ing|avv|arch|drs|ir|hj"
    "|haji|bpk|ibu|bapak|pak|bu"
)
_SUFFIX = re.compile("jr|sr|ii|iii|iv|phd|md|mba|msc|bsc|esq|cpa|cfa|dds|dvm|llm|mph|pmp|cissp")
_AFTER_COMMA = re.compile(f"{_SUFFIX.pattern}|ma|ba|pe|jd|rn|st|mt|mm|sh|se|skom|mkom")
_PARTICLE = re.compile("van|von|der|den|de|del|della|di|da|dos|du|la|le|ten|ter|bin|binti|ibn|al|el|y|e|und|zu")
_NOT_DECOMPOSED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "'": "", "’": ""}  # noqa: RUF001 - O'Brien is typeset with it
)


@lru_cache(_REMEMBERED)
def display_name(name: str) -> str:
    """The name as a person would write it, "John Doe" for "DOE, John (Corp)"; "" when it is no name but an address."""
    found = _ASIDE.sub(" ", _CONTROL.sub(" ", unicodedata.normalize("NFC", name)))
    found = _VIA.sub("", _SPACE.sub(" ", found).strip(_QUOTES))
    found = _NOTES_PATH.sub("", found).strip(_QUOTES)
    if "@" in found:
        return ""
    if "," in found:
        found = _reordered(found)
    if " " in found and (found.isupper() or found.islower()):
        found = " ".join(_capitalized(word) for word in found.split())
    return found


def _reordered(name: str) -> str:
    """Turn "Doe, John, PhD" into "John Doe"."""
    last, *rest = (part.strip() for part in name.split(","))
    rest = [part for part in rest if part and not _AFTER_COMMA.fullmatch(_bare(part))]
    return " ".join((*rest, last)) if rest else last


def _bare(word: str) -> str:
    return word.replace(".", "").casefold()


def _capitalized(word: str) -> str:
    if _PARTICLE.fullmatch(word.lower()):
        return word.lower()
    return "-".join("'".join(part.capitalize() for part in piece.split("'")) for piece in word.split("-"))


@lru_cache(_REMEMBERED)
def name_key(name: str) -> str:
    """What two spellings of one full name share; "" for anything shorter than two words (an initial is no word).

    Case, accents, titles, suffixes, hyphens and the order "Doe, John" do not count; a middle initial does.
    """
    words = name_words(name)
    full = [word for word in words if len(word) > 1 or not word.isascii()]
    return " ".join(words).replace("-", " ") if len(full) > 1 else ""


@lru_cache(_REMEMBERED)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a name, folded for comparison, without titles and suffixes."""
    words = fold_letters(display_name(name)).replace(".", " ").split()
    words = [word.strip(_QUOTES + "-_") for word in words]
    while words and _TITLE.fullmatch(words[0]):
        del words[0]
    while words and _SUFFIX.fullmatch(words[-1]):
        del words[-1]
    return tuple(word for word in words if word)


def fold_letters(text: str) -> str:
    """The text without case, accents and apostrophes, as somebody types it who has not the keyboard for them."""
    folded = text.casefold().translate(_NOT_DECOMPOSED)
    if folded.isascii():
        return folded
    return "".join(mark for mark in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(mark))


_NAME_IN_ADDRESS = re.compile(r"[^\W\d_]+(?:[._][^\W\d_]+)*[._]+[^\W\d_]{2,}")


def name_from_address(address: str) -> str:
    """A name read out of an address ("anna.rossi@" gives "Anna Rossi"); otherwise the local part as it is."""
    local = address.rpartition("@")[0].partition("+")[0]
    if not _NAME_IN_ADDRESS.fullmatch(local.rstrip("0123456789")):
        return local or address
    words = re.split(r"[._]+", local.rstrip("0123456789"))
    return " ".join(word.capitalize() if len(word) > 1 else f"{word.upper()}." for word in words)


# --------------------------------------------------------------------------- identifiers

_TIDY_ID = re.compile(r"<?([!-;=?-~]*)>?")  # printable ASCII, bracketed or not
_BRACKETED_ID = re.compile(r"<([^<>]*)>")
_REPLY_MARK = re.compile(
    r"(?:\s*(?:(?:re|aw|sv|vs|r|rif|ref|antw|odp|ynt|bls|balas|ris|res|fwd?|wg|tr|i|vb|enc|rv|trs|ilt|pd|doorst)"
    r"(?:\[\d+\]|\(\d+\))?\s?[:：]|\[[^\[\]\d]{1,40}\]))+",  # noqa: RUF001 - the wide colon of CJK
    re.IGNORECASE,
)
_CLEAN_GLOBAL_ID = "040000008200e00074c5b7101a82e008"
_GLOBAL_ID = re.compile(_CLEAN_GLOBAL_ID + r"[0-9a-f]{48,}")
_INSTANCE_DATE = slice(32, 40)  # bytes 16-19 of a GlobalObjectId, as hex digits
_PAYLOAD = slice(80, None)  # after class id, instance date, creation time, padding and size (MS-OXOCAL 2.2.1.27)
_FOREIGN_UID = b"vCal-Uid\x01\0\0\0"
_SPLIT_SERIES = re.compile(r"_R\d{8}(?:T\d{6}Z?)?(?=@|$)")


def message_key(message_id: str) -> str:
    """The first Message-ID of a header field, without brackets and folding, case kept; "" when there is none.

    Cut at 998 characters.
    """
    if tidy := _TIDY_ID.fullmatch(message_id):
        return tidy[1][:_LONGEST_ID]
    if "<" in message_id and (match := _BRACKETED_ID.search(message_id)):
        message_id = match[1]
    return "".join(_CONTROL.sub("", message_id).split()).strip("<>")[:_LONGEST_ID]


def subject_key(subject: str) -> str:
    """The subject without reply and forward marks, list tags, case and spacing: one conversation has one."""
    marks = _REPLY_MARK.match(subject)
    return " ".join((subject[marks.end() :] if marks else subject).casefold().split())


def event_key(uid: str) -> str:
    """The UID of the series, however a calendar wrapped it.

    Exchange: the clean GlobalObjectId, or the foreign UID inside it (MS-OXCICAL 2.1.3.1.1.20.26); Google: without the
    `_R...` of a split series.
    """
    uid = _CONTROL.sub("", uid).strip()
    folded = uid.lower()
    if folded.startswith(_CLEAN_GLOBAL_ID) and _GLOBAL_ID.fullmatch(folded):
        clean = folded[: _INSTANCE_DATE.start] + "0" * 8 + folded[_INSTANCE_DATE.stop :]
        payload = bytes.fromhex(folded[_PAYLOAD][: len(folded[_PAYLOAD]) // 2 * 2])
        if not payload.startswith(_FOREIGN_UID):
            return clean
        uid = payload[len(_FOREIGN_UID) :].partition(b"\0")[0].decode("utf-8", "replace")
    return _SPLIT_SERIES.sub("", uid)[:_LONGEST_ID]


# --------------------------------------------------------------------------- patterns


def matches(pattern: str, address: str) -> bool:
    """Whether an address fits a pattern of the configuration: literal, glob with `*`, or `/regular expression/`.

    Case does not count. Raises re.error for an expression that is none (the configuration checks it beforehand).
    """
    return _compiled(pattern)(address)


@lru_cache(1024)
def _compiled(pattern: str) -> Callable[[str], bool]:
    if len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/"):
        search = re.compile(pattern[1:-1], re.IGNORECASE).search
        return lambda address: search(address) is not None
    if "*" in pattern:
        parts = (re.escape(part) for part in pattern.lower().strip().split("*"))
        fits = re.compile(".*".join(parts), re.DOTALL).fullmatch
        return lambda address: fits(address.lower()) is not None
    literal = normal_address(pattern) or pattern.lower().strip()
    return lambda address: address.lower() == literal
