"""The mail folders of the double: plain listings, and rounds of delta with everything that is documented against them.

Sent items carry no internetMessageHeaders, a filtered round stops at 5,000 messages, a move is a deletion here and a
creation there under one immutable id, and names of folders are only known by asking for the well-known ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from tests.servers.graph_requests import Refused, Rest, chosen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from random import Random

    from tests.servers.graph_contract import Resource
    from tests.servers.graph_requests import Asked, Links

Person = tuple[str, str]
"""An address and a name."""

MOST_FILTERED: Final = 5000
"""So many messages a round of delta with a $filter returns (learn.microsoft.com/graph/delta-query-messages)."""

WELL_KNOWN: Final[Mapping[str, str]] = {
    "inbox": "Inbox", "sentitems": "Sent Items", "drafts": "Drafts", "deleteditems": "Deleted Items",
    "junkemail": "Junk Email", "outbox": "Outbox", "archive": "Archive", "conversationhistory": "Conversation History",
}  # fmt: skip
"""What a new mailbox has, by its well-known name."""

_CONDITION: Final = re.compile(r"receivedDateTime (ge|gt|le|lt) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")


@dataclass(slots=True)
class Mail:
    """A message in a folder; `entered` and `changed` are the versions of the mailbox at which that happened."""

    id: str
    received: datetime
    resource: Resource
    entered: int = 0
    changed: int = 0
    untold: bool = False


@dataclass(slots=True)
class Folder:
    """A folder, with what left it; `ordered` is its mail newest first, until it changes."""

    id: str
    name: str
    parent: str
    role: str = ""
    hidden: bool = False
    is_search: bool = False
    mails: dict[str, Mail] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    ordered: list[Mail] | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a deltaLink stands for: the parameters of its first request, and what was known at its last."""

    params: Mapping[str, str]
    version: int


class Mailbox:
    """Every folder. Methods that change it are the other side's hand: senders, rules, the owner on a phone.

    `repeat` sends whatever a round of delta holds so many times over, and `order` shuffles it; `tracks_changes` False
    has no delta at all, as in the cloud of 21Vianet.
    """

    def __init__(self, owner: Person) -> None:
        self.owner = owner
        self.repeat = 1
        self.order: Random | None = None
        self.tracks_changes = True
        self._numbers = count(1)
        self._version = 1
        self._folders: dict[str, Folder] = {}
        self._places: dict[str, Folder] = {}
        self._root = "AQMkRoot="
        for role, name in WELL_KNOWN.items():
            self.add_folder(name, role=role)

    # What happens to it.

    def add_folder(
        self, name: str, inside: str | None = None, *, role: str = "", hidden: bool = False, is_search: bool = False
    ) -> str:
        """A folder, at the top or `inside` another; its id."""
        identifier = f"AQMkF{len(self._folders):05d}="
        parent = self._folder(inside).id if inside else self._root
        self._folders[identifier] = Folder(identifier, name, parent, role, hidden, is_search)
        return identifier

    def rename_folder(self, identifier: str, name: str) -> None:
        """The owner calls a folder something else, or uses another language."""
        self._folder(identifier).name = name

    def drop_folder(self, identifier: str) -> None:
        """A folder is deleted with everything in it."""
        folder = self._folders.pop(self._folder(identifier).id)
        for mail in folder.mails:
            del self._places[mail]

    def add(  # noqa: PLR0913 - a keyword for each thing a message can be
        self,
        folder: str,
        subject: str | None,
        at: datetime,
        *,
        sender: Person | None = None,
        to: Sequence[Person] = (),
        cc: Sequence[Person] = (),
        bcc: Sequence[Person] = (),
        headers: Sequence[tuple[str, str]] = (),
        message_id: str | None = None,
        kind: str = "message",
        fields: Resource | None = None,
    ) -> str:
        """A new message, in a folder by its id or well-known name; its id.

        `sender` None means the owner; `kind` is eventMessage, eventMessageRequest, eventMessageResponse or message;
        further `fields` are Graph's own (`{"from": None, "isDraft": True}`).
        """
        number = next(self._numbers)
        address = _recipient(sender or self.owner)
        moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # Exchange knows the fraction, Graph never shows it
        resource: Resource = {
            "@odata.type": f"#microsoft.graph.{kind}",
            "@odata.etag": f'W/"CQAAABYAAAA{number:07d}"',
            "subject": subject,
            "internetMessageId": f"<{number}@northwind.example>" if message_id is None else message_id,
            "from": address,
            "sender": address,
            "toRecipients": [_recipient(each) for each in to],
            "ccRecipients": [_recipient(each) for each in cc],
            "bccRecipients": [_recipient(each) for each in bcc],
            "replyTo": [],
            "sentDateTime": moment,
            "receivedDateTime": moment,
            "conversationId": f"AAQkC{number:07d}=",
            "isDraft": False,
            "isRead": False,
            **(fields or {}),
        }
        if headers:
            resource["internetMessageHeaders"] = [{"name": name, "value": value} for name, value in headers]
        return self.add_resource(folder, resource, at.astimezone(UTC))

    def add_resource(self, folder: str, resource: Resource, received: datetime) -> str:
        """A message as Graph would write it, that Exchange knows was `received` then (UTC); its id."""
        identifier = str(resource.get("id", f"AAkAM{next(self._numbers):07d}="))
        self._put(self._folder(folder), Mail(identifier, received, {**resource, "id": identifier}))
        return identifier

    def touch(self, identifier: str, **fields: object) -> None:
        """Something of a message changes: it was read, flagged, categorised."""
        folder = self._places[identifier]
        self._version += 1
        folder.mails[identifier].changed = self._version
        folder.mails[identifier].resource.update({"isRead": True, **fields})

    def move(self, identifier: str, folder: str) -> None:
        """A message moves to another folder, and keeps its immutable id."""
        mail = self._take(identifier)
        self._put(self._folder(folder), Mail(mail.id, mail.received, mail.resource))

    def delete(self, identifier: str) -> None:
        """A message is deleted for good."""
        self._take(identifier)

    def leave_untold(self, identifier: str) -> None:
        """No round of delta will mention this message, as people have reported of the real one."""
        self._places[identifier].mails[identifier].untold = True

    def total(self) -> int:
        """How many messages there are in all folders."""
        return len(self._places)

    def ids(self, folder: str) -> list[str]:
        """The messages of a folder."""
        return list(self._folder(folder).mails)

    def snapshot(self) -> object:
        """Everything a reader could have changed."""
        return repr([(each.id, each.name, sorted(each.mails.items())) for each in self._folders.values()])

    # What it answers.

    def answer(self, asked: Asked, links: Links) -> Resource:
        """The answer to a request below /me/mailFolders or /me/messages."""
        match asked.path:
            case ("me", "messages", identifier):
                if identifier not in self._places:
                    raise _not_found()
                return chosen(self._shown(self._places[identifier], identifier), asked.params)
            case ("me", "mailFolders"):
                return self._children(asked, links, self._root, "me/mailFolders")
            case ("me", "mailFolders", name):
                return chosen(self._written(self._folder(name)), asked.params)
            case ("me", "mailFolders", name, "childFolders"):
                return self._children(asked, links, self._folder(name).id, f"me/mailFolders/{name}/childFolders")
            case ("me", "mailFolders", name, "messages"):
                return self._messages(asked, links, self._folder(name))
            case ("me", "mailFolders", name, "messages", "delta"):
                return self._delta(asked, links, self._folder(name))
            case _:
                raise Refused(400, "BadRequest", "Resource not found for the segment.")

    def _children(self, asked: Asked, links: Links, parent: str, path: str) -> Resource:
        place = links.place(asked)
        hidden = place.params.get("includeHiddenFolders") == "true"
        written = [
            chosen(self._written(folder), place.params)
            for folder in self._folders.values()
            if folder.parent == parent and (hidden or not folder.hidden)
        ]
        return links.listing(asked, path, written, place, 10)

    def _messages(self, asked: Asked, links: Links, folder: Folder) -> Resource:
        place = links.place(asked)
        wanted = _filter(place.params)
        if folder.ordered is None:
            folder.ordered = sorted(folder.mails.values(), key=attrgetter("received"), reverse=True)
        order = place.params.get("$orderby", "receivedDateTime desc")
        if order not in {"receivedDateTime", "receivedDateTime asc", "receivedDateTime desc"}:
            raise Refused(400, "ErrorInvalidUrlQueryFilter", f"Cannot order by {order}.")
        found = [mail for mail in folder.ordered if wanted(mail.received)]
        if not order.endswith("desc"):
            found.reverse()
        page = links.listing(
            asked, f"me/mailFolders/{folder.id}/messages", [{"id": mail.id} for mail in found], place, 10
        )
        value = page["value"]
        if not isinstance(value, list):
            raise TypeError(value)
        page["value"] = [chosen(self._shown(folder, row["id"]), place.params) for row in value]
        return page

    def _delta(self, asked: Asked, links: Links, folder: Folder) -> Resource:
        if not self.tracks_changes:
            raise Refused(501, "NotImplemented", "This operation target is not yet supported.")
        state = links.open(asked) if asked.continues else Told(asked.params, 0)
        rest = self._round(folder, state) if isinstance(state, Told) else state
        return links.round(asked, f"me/mailFolders/{folder.id}/messages/delta", rest, 10)

    def _round(self, folder: Folder, told: Told) -> Rest:
        params = told.params
        if any(name in params for name in ("$search", "$expand")) or "le" in params.get("$filter", "").split():
            raise Refused(400, "ErrorInvalidUrlQueryFilter", "Not supported with change tracking.")
        if params.get("$orderby", "receivedDateTime desc") != "receivedDateTime desc":
            raise Refused(400, "ErrorInvalidUrlQueryFilter", "Not supported with change tracking.")
        kinds = {params["changeType"]} if told.version and "changeType" in params else {"created", "updated", "deleted"}
        if not kinds <= {"created", "updated", "deleted"}:
            raise Refused(400, "ErrorInvalidParameter", f"{kinds} is no change type.")
        wanted = _filter(params)
        rows: list[Resource] = []
        for mail in sorted(folder.mails.values(), key=attrgetter("received"), reverse=True):
            created = mail.entered > told.version
            if mail.untold or not wanted(mail.received):
                continue
            if (created and "created" in kinds) or (mail.changed > told.version and not created and "updated" in kinds):
                rows.append(chosen(self._shown(folder, mail.id), params))
        if not told.version and "$filter" in params:
            rows = rows[:MOST_FILTERED]
        if told.version and "deleted" in kinds:
            rows += [_removed(identifier) for identifier, version in folder.left.items() if version > told.version]
        rows *= self.repeat
        if self.order:
            self.order.shuffle(rows)
        return Rest(rows, Told(params, self._version))

    def _written(self, folder: Folder) -> Resource:
        inside = sum(other.parent == folder.id and not other.hidden for other in self._folders.values())
        return {
            **({"@odata.type": "#microsoft.graph.mailSearchFolder"} if folder.is_search else {}),
            "id": folder.id,
            "displayName": folder.name,
            "parentFolderId": folder.parent,
            "childFolderCount": inside,
            "unreadItemCount": 0,
            "totalItemCount": len(folder.mails),
            "isHidden": folder.hidden,
        }

    def _shown(self, folder: Folder, identifier: str) -> Resource:
        resource = {**folder.mails[identifier].resource, "parentFolderId": folder.id}
        if folder.role in {"sentitems", "drafts", "outbox"}:
            resource.pop("internetMessageHeaders", None)
        return resource

    def _folder(self, name: str) -> Folder:
        """A folder by its id or its well-known name. Raises Refused (404)."""
        for folder in self._folders.values():
            if name in {folder.id, folder.role} and name:
                return folder
        raise _not_found()

    def _put(self, folder: Folder, mail: Mail) -> None:
        self._version += 1
        mail.entered = self._version
        folder.mails[mail.id] = mail
        folder.ordered = None
        folder.left.pop(mail.id, None)
        self._places[mail.id] = folder

    def _take(self, identifier: str) -> Mail:
        folder = self._places.pop(identifier)
        self._version += 1
        folder.left[identifier] = self._version
        folder.ordered = None
        return folder.mails.pop(identifier)


def _recipient(person: Person) -> Resource:
    address, name = person
    return {"emailAddress": {"name": name, "address": address}}


def _removed(identifier: str) -> Resource:
    return {"@odata.type": "#microsoft.graph.message", "id": identifier, "@removed": {"reason": "deleted"}}


def _not_found() -> Refused:
    return Refused(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def _filter(params: Mapping[str, str]) -> Callable[[datetime], bool]:
    """The $filter of a request as a condition on receivedDateTime, which is all there is of it here."""
    conditions = list(_conditions(params.get("$filter", "")))
    if "$filter" not in params:
        return lambda _: True
    earliest = max((moment for word, moment in conditions if word[0] == "g"), default=datetime.min.replace(tzinfo=UTC))
    latest = min((moment for word, moment in conditions if word[0] == "l"), default=datetime.max.replace(tzinfo=UTC))
    shut_below, shut_above = ("gt", earliest) in conditions, ("lt", latest) in conditions
    return lambda at: (
        (at > earliest or (at == earliest and not shut_below)) and (at < latest or (at == latest and not shut_above))
    )


def _conditions(text: str) -> Iterator[tuple[str, datetime]]:
    for part in text.split(" and ") if text else ():
        match = _CONDITION.fullmatch(part.strip())
        if match is None:
            raise Refused(400, "ErrorInvalidUrlQueryFilter", f"The query filter contains something else: {part}.")
        yield match[1], datetime.fromisoformat(match[2])
