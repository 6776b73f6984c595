"""Which folders of an Outlook mailbox are read, and in which order.

Names are in the owner's language, so the folders that matter are asked for by their well-known names; what holds no
conversation is passed over, with everything inside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from connectors._mail_places import SENT_NAMES, is_called
from connectors._microsoft_refusals import NotThere
from syncd.errors import Transient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

SENT: Final = "sentitems"
FIRST: Final = (SENT, "inbox", "archive")
"""Sent mail comes first, because it tells the owner's addresses."""

PASSED_OVER: Final = ("drafts", "junkemail", "deleteditems", "outbox", "syncissues", "conversationhistory", "scheduled")
"""Well-known names (learn.microsoft.com/graph/api/resources/mailfolder) of folders that hold no conversation."""

_PAGE: Final = {"$top": "100", "$select": "displayName,parentFolderId,childFolderCount,totalItemCount"}
_DEEPEST: Final = 30


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder: its id, its names from the top down, how many messages it holds, and its well-known name."""

    id: str
    path: str
    total: int
    role: str = ""
    sent: bool = False

    def matches(self, pattern: str) -> bool:
        """Whether an owner who wrote `pattern` (a path, a well-known name or a glob) means this folder.

        "Sent Items" is a well-known name too, whatever the folder is called in the mailbox's language.
        """
        wanted = pattern.casefold()
        return wanted.replace(" ", "") == (self.role or None) or fnmatchcase(self.path.casefold(), wanted)


@dataclass(frozen=True, slots=True)
class Tree:
    """Every folder that can hold mail, each after the one it lies in, as Graph lists them."""

    rows: tuple[tuple[Mapping[str, object], str, str], ...]  # (folder, its path, the id of the folder at the top)

    @property
    def tops(self) -> frozenset[str]:
        """The ids of the folders at the top, where all well-known ones lie."""
        return frozenset(top for _, _, top in self.rows)

    def folders(self, roles: Mapping[str, str]) -> Iterator[Folder]:
        """The folders that hold conversations; `roles` are well-known names by id."""
        sent: set[str] = set()
        closed: set[str] = set()
        for row, path, _ in self.rows:
            name, inside = _text(row, "id"), _text(row, "parentFolderId")
            role = roles.get(name, "")
            if inside in closed or role in PASSED_OVER or "Search" in _text(row, "@odata.type"):
                closed.add(name)
                continue
            if role == SENT or inside in sent or is_called(path, SENT_NAMES):
                sent.add(name)
            total = row.get("totalItemCount")
            yield Folder(name, path, total if isinstance(total, int) else 0, role, name in sent)


def read_tree(ask: Callable[[str, Mapping[str, str]], Iterable[object]]) -> Tree:
    """The folders, level by level; `ask` gives every item of a collection. Raises what it raises."""
    found: list[tuple[Mapping[str, object], str, str]] = []
    level = [("/me/mailFolders", "", "")]
    for _ in range(_DEEPEST):
        below: list[tuple[str, str, str]] = []
        for where, path, top in level:
            for row in ask(where, _PAGE):
                if not isinstance(row, Mapping) or not _text(row, "id"):
                    continue
                name = _text(row, "displayName").replace("/", "_") or "?"
                known = (row, f"{path}/{name}" if path else name, top or _text(row, "id"))
                found.append(known)
                if row.get("childFolderCount"):
                    below.append((f"/me/mailFolders/{quote(_text(row, 'id'))}/childFolders", *known[1:]))
        if not below:
            break
        level = below
    if not found:
        raise Transient("Microsoft Graph lists no folder at all; every mailbox has some.")
    return Tree(tuple(found))


def find_roles(ask: Callable[[str], Mapping[str, object]]) -> dict[str, str]:
    """Well-known names by the ids of their folders; those that this mailbox lacks are left out."""
    roles: dict[str, str] = {}
    for name in (*FIRST, *PASSED_OVER):
        try:
            roles[_text(ask(f"/me/mailFolders/{name}"), "id")] = name
        except NotThere:
            continue
    return roles


def chosen(folders: Iterable[Folder], wanted: Sequence[str], unwanted: Sequence[str]) -> tuple[Folder, ...]:
    """The folders to read, in order: `wanted` by the owner, or all, without those `unwanted`."""
    read = [
        folder
        for folder in folders
        if (not wanted or any(map(folder.matches, wanted))) and not any(map(folder.matches, unwanted))
    ]
    ranks = {role: rank for rank, role in enumerate(FIRST)}
    return tuple(sorted(read, key=lambda folder: (ranks.get(folder.role, len(ranks)), folder.path, folder.id)))


def _text(row: Mapping[str, object], name: str) -> str:
    found = row.get(name)
    return found if isinstance(found, str) else ""
