"""What a header block says about its own kind: the signals that tell a person from a machine.

Reported as `SignalName` defines each; what they amount to is decided in the pipeline, never here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from connectors._mail_addresses import reader
from connectors._mail_words import decode_words, first_identifier, tidy
from syncd.model import Role, Signal, SignalName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST_VALUE: Final = 500

_LONGEST_CACHED: Final = 1500

_NAMED_LIST: Final = frozenset(("list-id", "list-post", "list-unsubscribe"))
"""Where one of these stands, a Return-Path says nothing new, and something else in each copy."""

_TELLING_TYPE: Final = re.compile("report|calendar", re.IGNORECASE)
_IN_SENT: Final = (Signal(SignalName.FOLDER, "sent"),)
_mailboxes: Final = reader(Role.TO)

_ANGLED: Final = re.compile(r"<([^<>]*)>")
_MAILTO: Final = re.compile(r"mailto:([^>?\s]+)", re.IGNORECASE)
_METHOD: Final = re.compile(r"method\s*=\s*\"?([\w.-]+)")
_REPORT_TYPE: Final = re.compile(r"report-type\s*=\s*\"?([\w.-]+)")

_VERBATIM: Final = {
    "auto-submitted": SignalName.AUTO_SUBMITTED,
    "x-auto-response-suppress": SignalName.AUTO_RESPONSE_SUPPRESS,
    "x-autoreply": SignalName.AUTOREPLY,
    "x-autorespond": SignalName.AUTOREPLY,
    "x-failed-recipients": SignalName.FAILED_RECIPIENTS,
    "feedback-id": SignalName.FEEDBACK_ID,
    "list-unsubscribe": SignalName.LIST_UNSUBSCRIBE,
    "precedence": SignalName.PRECEDENCE,
    "x-original-from": SignalName.ORIGINAL_FROM,
    "x-original-sender": SignalName.ORIGINAL_FROM,
}
_DELIVERED: Final = ("delivered-to", "x-original-to", "envelope-to")
_ORIGINAL_IDS: Final = ("x-microsoft-original-message-id", "x-google-original-message-id", "x-original-message-id")
_COMPARED: Final = ("reply-to", "sender")

_SPEAKING: Final = frozenset(
    (*_VERBATIM, *_DELIVERED, *_ORIGINAL_IDS, *_COMPARED, "content-class", "list-id", "list-post")
)


def signals_of(found: Mapping[str, str], sender: str, sent: bool) -> tuple[Signal, ...]:  # noqa: FBT001 - part of a key
    """The signals of one header block (lower-case names, unfolded values); `sender` is its From in lower case."""
    told = [] if _SPEAKING.isdisjoint(found) else [item for item in found.items() if item[0] in _SPEAKING]
    if "content-type" in found and _TELLING_TYPE.search(found["content-type"]):
        told.append(("content-type", found["content-type"]))
    if (returned := found.get("return-path")) is not None and _NAMED_LIST.isdisjoint(found):
        told += _of_failures(returned, sender)
    if not told:
        return _IN_SENT if sent else ()
    if not any(name in found for name in _COMPARED):
        sender = ""
    if sum([len(value) for _, value in told]) > _LONGEST_CACHED:
        return _read(tuple(told), sender, sent)
    return _remember(tuple(told), sender, sent)


def _read(told: tuple[tuple[str, str], ...], sender: str, sent: bool) -> tuple[Signal, ...]:  # noqa: FBT001 - part of a key
    found = dict(told)
    signals = (*_verbatim(found), *_of_its_type(found), *_of_a_list(found), *_of_its_way(found, sender))
    return signals + _IN_SENT if sent else signals


def _of_failures(value: str, sender: str) -> Iterator[tuple[str, str]]:
    """The Return-Path when it is empty, or an address in another name than From's."""
    bare = value.strip()
    if bare == "<>":
        yield "return-path", bare
    elif (address := bare.strip("<>").lower()) and address != sender and "@" in address and " " not in address:
        yield "return-path", tidy(address, LONGEST_VALUE)


_remember: Final = lru_cache(maxsize=2048)(_read)


def _verbatim(found: Mapping[str, str]) -> Iterator[Signal]:
    for field, name in _VERBATIM.items():
        value = tidy(decode_words(found[field]), LONGEST_VALUE) if field in found else ""
        if value:
            yield Signal(name, value)


def _of_its_type(found: Mapping[str, str]) -> Iterator[Signal]:
    kind = found.get("content-type", "").lower()
    if "text/calendar" in kind or "calendarmessage" in found.get("content-class", "").lower():
        method = _METHOD.search(kind) if "text/calendar" in kind else None
        yield Signal(SignalName.CALENDAR, method[1] if method else "")
    if "multipart/report" in kind:
        report = _REPORT_TYPE.search(kind)
        yield Signal(SignalName.CONTENT_TYPE, report[1] if report else "")


def _of_a_list(found: Mapping[str, str]) -> Iterator[Signal]:
    if "list-id" in found:
        angled = _ANGLED.search(found["list-id"])
        value = tidy(angled[1] if angled else found["list-id"], LONGEST_VALUE)
        if value:
            yield Signal(SignalName.LIST_ID, value)
    post = _MAILTO.search(found["list-post"]) if "list-post" in found else None
    if post:
        yield Signal(SignalName.LIST_POST, tidy(post[1], LONGEST_VALUE))


def _of_its_way(found: Mapping[str, str], sender: str) -> Iterator[Signal]:
    for address in dict.fromkeys(address for field in _DELIVERED for address in _addresses(found.get(field, ""))):
        yield Signal(SignalName.DELIVERED_TO, address)
    for field in _ORIGINAL_IDS:
        identifier = first_identifier(found[field]) if field in found else ""
        if identifier:
            yield Signal(SignalName.ORIGINAL_ID, identifier)
    for field, name in zip(_COMPARED, (SignalName.REPLY_TO, SignalName.SENDER), strict=True):
        first = next(iter(_addresses(found.get(field, ""))), "")
        if first and first.lower() != sender:
            yield Signal(name, first)
    if "return-path" in found:
        yield Signal(SignalName.RETURN_PATH, found["return-path"])


def _addresses(value: str) -> tuple[str, ...]:
    return tuple(each.address for each in _mailboxes(value)) if value else ()
