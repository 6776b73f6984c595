"""A Gmail mailbox as the API shows it under gmail.metadata: listings, headers, history, quota units.

Filled from RFC 822 header bytes. It answers calls; the server around it checks tokens, quota and the contract.
Change it from the test between requests, or let `during_listing` change it between two pages.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import decode_header, make_header
from typing import TYPE_CHECKING, Final

from tests.servers.google_replies import Answer, Call, Refusal, not_found, nothing, seal, unseal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from googleapiclient._apis.gmail.v1.schemas import History, HistoryLabelAdded, Label, Message, MessagePartHeader

UNITS: Final = {
    "gmail.users.getProfile": 1,
    "gmail.users.labels.list": 1,
    "gmail.users.history.list": 2,
    "gmail.users.messages.list": 5,
    "gmail.users.messages.get": 20,
}
"""What a call costs (developers.google.com/workspace/gmail/api/reference/quota, since 2026-05-01)."""

METADATA: Final = "https://www.googleapis.com/auth/gmail.metadata"
READONLY: Final = "https://www.googleapis.com/auth/gmail.readonly"

_SYSTEM: Final = (
    "INBOX", "SENT", "DRAFT", "SPAM", "TRASH", "UNREAD", "STARRED", "IMPORTANT", "CHAT",
    "CATEGORY_PERSONAL", "CATEGORY_SOCIAL", "CATEGORY_PROMOTIONS", "CATEGORY_UPDATES", "CATEGORY_FORUMS",
)  # fmt: skip
_HIDDEN: Final = frozenset({"SPAM", "TRASH"})
_KINDS: Final = ("messageAdded", "messageDeleted", "labelAdded", "labelRemoved")
_FIRST_HISTORY: Final = 1_000_000


@dataclass(slots=True)
class Mail:
    """One message; `date` in milliseconds since 1970. `broken` replaces fields of what the API says (None: leaves out).

    `refusal` answers every `get` of it; with `refusals` only so many.
    """

    id: str
    thread: str
    labels: list[str]
    date: int
    headers: Sequence[MessagePartHeader]
    mime_type: str
    size: int
    history: int = 0
    broken: dict[str, object] = field(default_factory=dict)
    refusal: Refusal | None = None
    refusals: int | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    id: int
    kind: str
    mail: str
    thread: str
    labels: tuple[str, ...]
    touched: tuple[str, ...] = ()


class Mailbox:
    """One account's mail.

    `during_listing` maps the number of a list page, counted from 1 over this mailbox's life, to what happens right
    after it; `during_history` likewise. The first page of a history fixes where it ends: what happens meanwhile is not
    in the later pages, although their historyId knows of it; with `tells_history` off no page says that id.
    `empty_history_pages` so many pages without records come before each history answer's own. `list_most` makes list
    pages shorter than asked. `decodes_words` shows encoded words (RFC 2047) as the text they stand for; whether Gmail
    does is not documented, so a reader must bear both.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.mails: dict[str, Mail] = {}
        self.user_labels: dict[str, str] = {}
        self.during_listing: dict[int, Callable[[], None]] = {}
        self.during_history: dict[int, Callable[[], None]] = {}
        self.empty_history_pages = 0
        self.tells_history = True
        self.list_most = 500
        self.decodes_words = False
        self.list_pages = 0
        self.history_pages = 0
        self._order: list[tuple[int, int]] = []
        self._changes: list[_Change] = []
        self._history = _FIRST_HISTORY
        self._oldest = _FIRST_HISTORY
        self._count = 0

    # Filling

    def add_raw(
        self,
        head: bytes,
        labels: Iterable[str] = ("INBOX",),
        internal_date: datetime | int = 0,
        *,
        thread: str | None = None,
        size: int | None = None,
    ) -> str:
        """Let a message arrive: its header as bytes (what follows an empty line is dropped); milliseconds or an
        aware datetime. Its id.
        """
        date = internal_date if isinstance(internal_date, int) else int(internal_date.timestamp() * 1000)
        self._count += 1
        mail_id = f"{(max(date, 0) << 20 | self._count) & (2**64 - 1):016x}"
        headers = parse_header(head)
        kind = next((each["value"] for each in headers if each["name"].lower() == "content-type"), "text/plain")
        mail = Mail(
            id=mail_id,
            thread=thread or mail_id,
            labels=sorted(set(labels)),
            date=date,
            headers=headers,
            mime_type=kind.split(";")[0].strip().lower() or "text/plain",
            size=size if size is not None else len(head) + 1500,
        )
        self.mails[mail_id] = mail
        insort(self._order, _place(mail))
        self._note("messageAdded", mail)
        return mail_id

    def add(
        self,
        subject: str = "Hello",
        *,
        sender: str = "Mia Rossi <mia@example.com>",
        to: str = "me@example.com",
        at: datetime = datetime(2026, 3, 2, 9, tzinfo=UTC),
        labels: Iterable[str] = ("INBOX",),
        extra: str = "",
    ) -> str:
        """Let a simple message arrive; `extra` are further header lines. Its id."""
        number = self._count + 1
        lines = [
            f"From: {sender}",
            f"To: {to}",
            f"Subject: {subject}",
            f"Date: {at:%d %b %Y %H:%M:%S +0000}",
            f"Message-ID: <{number}@{self.address.partition('@')[2]}>",
        ]
        return self.add_raw("\r\n".join([*lines, extra]).encode(), labels, at)

    def delete(self, mail_id: str) -> None:
        """Delete a message for good."""
        mail = self.mails.pop(mail_id)
        self._order.remove(_place(mail))
        self._note("messageDeleted", mail)

    def label(self, mail_id: str, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Put labels on a message, and take others off."""
        mail = self.mails[mail_id]
        added, removed = sorted(set(add) - set(mail.labels)), sorted(set(remove) & set(mail.labels))
        mail.labels = sorted({*mail.labels, *added} - set(removed))
        if added:
            self._note("labelAdded", mail, added)
        if removed:
            self._note("labelRemoved", mail, removed)

    # Breaking

    def expire_history(self) -> None:
        """From now on no history id handed out so far is honoured (404)."""
        self._history += 1000
        self._oldest = self._history

    def forget_last_change(self) -> None:
        """History does not tell of the last change; only a listing does."""
        self._changes.pop()

    def break_mail(self, mail_id: str, **fields: object) -> None:
        """Show these fields of a message instead of its own: `internalDate="soon"`, `payload=None` (left out)."""
        self.mails[mail_id].broken.update(fields)

    def refuse_mail(
        self, mail_id: str, status: int = 500, reason: str = "backendError", *, times: int | None = None
    ) -> None:
        """From now on (or so many times) answer every `get` of this message with an error."""
        mail = self.mails[mail_id]
        mail.refusal, mail.refusals = Refusal(status, reason, "Backend Error"), times

    # Looking

    @property
    def history(self) -> int:
        """The history id of the mailbox as it is now."""
        return self._history

    def snapshot(self) -> object:
        """Everything a reader could have changed."""
        return self._history, tuple(
            (mail.id, tuple(mail.labels), mail.history) for _, mail in sorted(self.mails.items())
        )

    # Answering

    def answer(self, call: Call) -> Answer:
        """What the API says; raises Refusal."""
        return _ANSWERS[call.method](self, call)

    def _profile(self, _call: Call) -> Answer:
        return Answer.honest(
            {
                "emailAddress": self.address,
                "messagesTotal": len(self.mails),
                "threadsTotal": len({mail.thread for mail in self.mails.values()}),
                "historyId": str(self._history),
            }
        )

    def _labels(self, _call: Call) -> Answer:
        labels: list[Label] = [{"id": name, "name": name, "type": "system"} for name in _SYSTEM]
        labels += [{"id": key, "name": name, "type": "user"} for key, name in self.user_labels.items()]
        return Answer.honest({"labels": labels})

    def _list(self, call: Call) -> Answer:
        if "q" in call.query and not _sees_bodies(call):
            raise Refusal(
                403, "forbidden", "Metadata scope does not support 'q' parameter", status_name="PERMISSION_DENIED"
            )
        wanted = set(call.texts("labelIds"))
        hidden = set() if call.flag("includeSpamTrash") else _HIDDEN - wanted
        most = min(call.number("maxResults", 100, 500), self.list_most)
        start = self._after(call.text("pageToken"))
        found: list[Message] = []
        following = None
        for _, number in self._order[start:]:
            mail = self.mails[f"{-number:016x}"]
            if not wanted <= set(mail.labels) or not hidden.isdisjoint(mail.labels):
                continue
            if len(found) == most:
                following = seal("m", *_place(self.mails[found[-1]["id"]]))
                break
            found.append({"id": mail.id, "threadId": mail.thread})
        body: dict[str, object] = {"messages": found} if found else {}
        if following:
            body["nextPageToken"] = following
        body["resultSizeEstimate"] = 201 if following else len(found)
        self.list_pages += 1
        self.during_listing.get(self.list_pages, nothing)()
        return Answer.honest(body)

    def _after(self, token: str) -> int:
        if not token:
            return 0
        match unseal(token):
            case ["m", int(date), int(number)]:
                return bisect_right(self._order, (date, number))
        raise Refusal(400, "invalidArgument", "Invalid pageToken", status_name="INVALID_ARGUMENT")

    def _get(self, call: Call) -> Answer:
        form = call.text("format", "full")
        if form in ("full", "raw"):
            raise Refusal(
                403,
                "forbidden",
                f"Metadata scope doesn't allow format {form.upper()}",
                status_name="PERMISSION_DENIED",
            )
        mail = self.mails.get(call.parts["id"])
        if mail is None:
            raise not_found()
        if mail.refusal and mail.refusals != 0:
            mail.refusals = None if mail.refusals is None else mail.refusals - 1
            raise mail.refusal
        body: Message = {
            "id": mail.id,
            "threadId": mail.thread,
            "labelIds": list(mail.labels),
            "snippet": "",
            "sizeEstimate": mail.size,
            "historyId": str(mail.history),
            "internalDate": str(mail.date),
        }
        if not mail.labels:
            del body["labelIds"]
        if form == "metadata":
            wanted = {name.lower() for name in call.texts("metadataHeaders")}
            body["payload"] = {"mimeType": mail.mime_type}
            headers = [each for each in mail.headers if not wanted or each["name"].lower() in wanted]
            if self.decodes_words:
                headers = [{"name": each["name"], "value": _decoded(each["value"])} for each in headers]
            if headers:
                body["payload"]["headers"] = headers
        if not mail.broken:
            return Answer.honest(body)
        shown = {**body, **mail.broken}
        return Answer({name: value for name, value in shown.items() if value is not None}, None)

    def _list_history(self, call: Call) -> Answer:
        start, position, end, empty = self._history_place(call)
        most = call.number("maxResults", 100, 500)
        kinds = set(call.texts("historyTypes")) or set(_KINDS)
        label = call.text("labelId")
        body: dict[str, object] = {"historyId": str(self._history)} if self.tells_history else {}
        if empty:
            body["nextPageToken"] = seal("h", start, position, end, empty - 1)
        else:
            page = self._changes[position : min(position + most, end)]
            records = [
                _record(change)
                for change in page
                if change.kind in kinds and (not label or label in (*change.labels, *change.touched))
            ]
            if records:
                body["history"] = records
            if position + most < end:
                body["nextPageToken"] = seal("h", start, position + most, end, self.empty_history_pages)
        self.history_pages += 1
        self.during_history.get(self.history_pages, nothing)()
        return Answer.honest(body)

    def _history_place(self, call: Call) -> tuple[int, int, int, int]:
        """Where the history was asked to start; the first change of this page and the end of all, which the first page
        fixes; how many empty pages come before.
        """
        told = call.text("startHistoryId")
        if not told.isdigit():
            raise Refusal(400, "invalidArgument", "Missing/invalid startHistoryId", status_name="INVALID_ARGUMENT")
        start = int(told)
        if not self._oldest <= start <= self._history:
            raise not_found()
        if not call.text("pageToken"):
            position, end = bisect_left(self._changes, start + 1, key=lambda change: change.id), len(self._changes)
            return start, position, end, self.empty_history_pages if position < end else 0
        match unseal(call.text("pageToken")):
            case ["h", int(first), int(position), int(end), int(empty)] if first == start:
                return start, position, end, empty
        raise Refusal(400, "invalidArgument", "Invalid pageToken", status_name="INVALID_ARGUMENT")

    def _note(self, kind: str, mail: Mail, touched: Sequence[str] = ()) -> None:
        self._history += 3 + 7 * (len(self._changes) % 5)
        mail.history = self._history
        self._changes.append(_Change(self._history, kind, mail.id, mail.thread, tuple(mail.labels), tuple(touched)))


def parse_header(head: bytes) -> list[MessagePartHeader]:
    """The fields of an RFC 822 header, unfolded, in their order; a line that is none is dropped."""
    text = head.replace(b"\r\n", b"\n").split(b"\n\n")[0].decode("utf-8", "replace")
    fields: list[MessagePartHeader] = []
    for line in text.split("\n"):
        if line[:1] in (" ", "\t"):
            if fields:
                fields[-1]["value"] += " " + line.strip()
            continue
        name, colon, value = line.partition(":")
        if colon and name.strip() and " " not in name.strip():
            fields.append({"name": name.strip(), "value": value.strip()})
    return fields


def _decoded(value: str) -> str:
    return str(make_header(decode_header(value)))


def _place(mail: Mail) -> tuple[int, int]:
    """Newest first, by the date of arrival and then by the order of arrival."""
    return -mail.date, -int(mail.id, 16)


def _record(change: _Change) -> History:
    brief: Message = {"id": change.mail, "threadId": change.thread}
    full: Message = {**brief, "labelIds": list(change.labels)}
    record: History = {"id": str(change.id), "messages": [brief]}
    touched: HistoryLabelAdded = {"message": full, "labelIds": list(change.touched)}
    match change.kind:
        case "messageAdded":
            record["messagesAdded"] = [{"message": full}]
        case "messageDeleted":
            record["messagesDeleted"] = [{"message": full}]
        case "labelAdded":
            record["labelsAdded"] = [touched]
        case _:
            record["labelsRemoved"] = [{"message": full, "labelIds": list(change.touched)}]
    return record


def _sees_bodies(call: Call) -> bool:
    return any(not scope.endswith(("gmail.metadata", "gmail.labels")) for scope in call.scopes if "gmail" in scope)


_ANSWERS: Final[Mapping[str, Callable[[Mailbox, Call], Answer]]] = {
    "gmail.users.getProfile": Mailbox._profile,
    "gmail.users.labels.list": Mailbox._labels,
    "gmail.users.messages.list": Mailbox._list,
    "gmail.users.messages.get": Mailbox._get,
    "gmail.users.history.list": Mailbox._list_history,
}
