"""The door to one Gmail mailbox: its profile, its listing, its history and its messages, asked for politely.

Only GETs, and the POST that carries many of them; never `q`, never a body.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit
from uuid import uuid4

from connectors._gmail_cursor import AGAIN
from connectors._gmail_message import FIELDS, LEFT_OUT
from connectors._gmail_wire import Part, compose, dissect
from connectors._mail import fields
from syncd.errors import CursorExpired

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import httplib2
    from googleapiclient._apis.gmail.v1 import GmailResource
    from googleapiclient._apis.gmail.v1.resources import ListHistoryResponseHttpRequest, MessageHttpRequest
    from googleapiclient._apis.gmail.v1.schemas import History

    from connectors._google import Executable, GoogleAccount
    from syncd.connector import Context

LIST: Final = 500
"""So many ids, or changes, are asked for at once: the most there are."""

MOST_CHANGES: Final = 200
"""After so many pages of history it is cheaper to list the mailbox again."""

_ANY: Final = "ANY"
_CHANGES: Final = "history(messagesAdded/message(id,labelIds),labelsAdded(labelIds,message/id)),historyId,nextPageToken"


@dataclass(frozen=True, slots=True)
class Profile:
    """Whose mailbox it is, how many messages lie in it, and where its history stands."""

    address: str
    messages: int
    history: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of the listing, newest first; `token` leads to the next one, when there is one."""

    messages: Sequence[str]
    token: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What came since a history id, and the id to go on from."""

    messages: Sequence[str]
    history: str


class Mailbox:
    """One mailbox. Its errors are those of `GoogleAccount.call`."""

    def __init__(self, account: GoogleAccount, context: Context) -> None:
        self._account = account
        self._context = context
        self._service: GmailResource | None = None
        self._pattern: MessageHttpRequest | None = None

    def profile(self) -> Profile:
        """The mailbox as it is now (1 unit)."""
        told = self._account.call(self._api().users().getProfile(userId="me"))
        return Profile(told.get("emailAddress", ""), told.get("messagesTotal", 0), str(told.get("historyId", "")))

    def list(self, token: str) -> Listed:
        """A page of the ids of all mail but spam and trash (5 units)."""
        messages = self._api().users().messages()
        told = self._account.call(
            messages.list(userId="me", maxResults=LIST, pageToken=token or None, fields="messages/id,nextPageToken")
        )
        return Listed([each["id"] for each in told.get("messages", []) if "id" in each], told.get("nextPageToken", ""))

    def changes(self, start: str) -> Changes | None:
        """The messages that arrived, or were given a label, since history id `start` (2 units a page).

        The id to go on from is that of the first page: a later page may already know more. None when it is time to
        stop. Raises CursorExpired when `start` is too old, or so much happened that a listing is cheaper.
        """
        from connectors._google_errors import Refused  # noqa: PLC0415 - googleapiclient loads slowly

        records: list[History] = []
        history = token = ""
        for _ in range(MOST_CHANGES):
            if self._context.stopping():
                return None
            try:
                told = self._account.call(self._history_after(start, token))
            except Refused as refused:
                if refused.status == HTTPStatus.NOT_FOUND:
                    raise CursorExpired(
                        "Gmail no longer remembers what happened since this mailbox was last read.", AGAIN
                    ) from refused
                raise
            records += told.get("history", [])
            history = history or str(told.get("historyId", ""))
            token = told.get("nextPageToken", "")
            if not token:
                return Changes(arrivals(records), history or start)
        raise CursorExpired("More happened in this mailbox since it was last read than its history tells.", AGAIN)

    def read(self, messages: Sequence[str]) -> Mapping[str, Part]:
        """What Gmail says of each of these messages, good or bad (20 units each); of some, it may say nothing."""
        if self._pattern is None:
            self._pattern = self._get(_ANY)
        parts = urlsplit(self._pattern.uri)
        before, _, after = f"{parts.path}?{parts.query}".partition(_ANY)
        boundary = f"syncd_{uuid4().hex}"
        body = compose([f"{before}{quote(message, safe='')}{after}" for message in messages], boundary)
        told = self._account.call(self._batch(self._pattern, body, boundary))
        return {messages[number]: part for number, part in told.items() if 0 <= number < len(messages)}

    def read_alone(self, message: str) -> None:
        """Ask for one message by itself, to find out what a refusal inside a batch means for the whole account."""
        self._account.call(self._get(message))

    def close(self) -> None:
        """Let go of the connection; safe to call twice, never raises."""
        self._service = self._pattern = None
        self._account.close()

    def _api(self) -> GmailResource:
        if self._service is None:
            self._service = self._account.service("gmail", "v1")
        return self._service

    def _history_after(self, start: str, token: str) -> ListHistoryResponseHttpRequest:
        history = self._api().users().history()
        return history.list(
            userId="me",
            startHistoryId=start,
            historyTypes=["messageAdded", "labelAdded"],
            maxResults=LIST,
            pageToken=token or None,
            fields=_CHANGES,
        )

    def _get(self, message: str) -> MessageHttpRequest:
        return (
            self._api()
            .users()
            .messages()
            .get(
                userId="me",
                id=message,
                format="metadata",
                metadataHeaders=list(fields(subjects=self._context.subjects)),
                fields=FIELDS,
            )
        )

    def _batch(self, pattern: MessageHttpRequest, body: str, boundary: str) -> Executable[dict[int, Part]]:
        """The POST of a batch, to the host of `pattern`: the library's own would go past another endpoint."""
        from googleapiclient.http import HttpRequest  # noqa: PLC0415 - googleapiclient loads slowly

        def told(response: httplib2.Response, content: bytes) -> dict[int, Part]:
            return dissect(response.get("content-type", ""), content)

        return HttpRequest(
            pattern.http,
            told,
            f"{pattern.uri.partition('/gmail/v1/')[0]}/batch",
            method="POST",
            body=body,
            headers={
                "content-type": f'multipart/mixed; boundary="{boundary}"',
                "accept-encoding": "gzip, deflate",
                "user-agent": "syncd (gzip)",  # Google compresses only for those who say so here too
            },
            methodId="gmail.batch",
        )


def arrivals(records: Iterable[History]) -> Sequence[str]:
    """The messages that a history is about and that may have to be read, newest last; the last word on each counts.

    What was put into the trash or spam, or is a draft or a chat, is not asked for.
    """
    wanted: dict[str, bool] = {}
    for record in records:
        for added in record.get("messagesAdded", []):
            message = added.get("message", {})
            wanted[message.get("id", "")] = LEFT_OUT.isdisjoint(message.get("labelIds", []))
        for labelled in record.get("labelsAdded", []):
            wanted[labelled.get("message", {}).get("id", "")] = LEFT_OUT.isdisjoint(labelled.get("labelIds", []))
    return [message for message, is_wanted in wanted.items() if is_wanted and message]
