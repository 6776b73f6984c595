"""Which folders of a mailbox are read, and which of them holds what its owner sent.

Sent is found by SPECIAL-USE in any case (RFC 6154), then by the configuration, then by name in many languages, and
at last by its senders; Gmail is read through All Mail alone, since its folders are labels that repeat messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from imapclient import imap_utf7

from connectors._imap_wire import quoted
from connectors._mail_places import SENT_NAMES, is_called

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from connectors._imap_wire import Reply

PASSED_OVER: Final = (
    "draft", "drafts*", "entwürfe*", "brouillon*", "bozze*", "borradores*", "rascunho*", "esborranys*", "concepten*",
    "utkast*", "kladde*", "luonno*", "koncept*", "rozepsané*", "szkice*", "robocze*", "piszkozat*", "ciorne*",
    "draf", "draf *", "konsep*", "taslak*", "черновик*", "чернетк*", "πρόχειρα*", "草稿*", "下書き*", "임시보관함",
    "임시 보관함", "nháp*", "thư nháp*", "ฉบับร่าง*",
    "junk*", "spam*", "bulk mail", "unerwünscht*", "werbung*", "indésirables*", "courrier indésirable*",
    "posta indesiderata*", "indesiderata*", "correo no deseado*", "no deseado*", "lixo eletr*", "lixo electr*",
    "ongewenst*", "skräppost*", "søppelpost*", "uønsket*", "roskaposti*", "nevyžádan*", "nevyžiadan*", "śmieci*",
    "wiadomości śmieci*", "levélszemét*", "спам*", "нежелательн*", "небажан*", "ανεπιθύμητ*", "önemsiz*", "gereksiz*",
    "垃圾*", "迷惑*", "스팸*", "정크*", "thư rác*", "البريد العشوائي*", "דואר זבל*",
    "trash*", "bin", "deleted items*", "deleted messages*", "deleted", "papierkorb*", "gelöscht*", "corbeille*",
    "éléments supprimés*", "messages supprimés*", "cestino*", "eliminati*", "elementi eliminati*", "posta eliminata*",
    "papelera*", "eliminados*", "elementos eliminados*", "paperera*", "lixeira*", "itens excluídos*",
    "itens eliminados*", "prullenbak*", "verwijderd*", "papperskorg*", "borttag*", "papirkurv*", "slettede*",
    "slettet*", "søppel*", "roskakori*", "poistetut*", "koš", "kôš", "odstraněn*", "odstránen*", "kosz*", "usunięt*",
    "elementy usunięte*", "kuka", "lomtár*", "törölt*", "elemente șterse*", "coș*", "sampah*", "tong sampah*",
    "item terhapus*", "item yang dihapus*", "çöp*", "silinen*", "silinmiş*", "корзина*", "удаленн*", "удалённ*",
    "кошик*", "видален*", "κάδος*", "διαγραμμένα*", "已删除*", "刪除的郵件*", "已刪除*", "ごみ箱*", "削除済み*",
    "휴지통*", "지운 편지함*", "지운편지함*", "thùng rác*", "ถังขยะ*", "المحذوفات*", "العناصر المحذوفة*", "المهملات*",
    "אשפה*", "פריטים שנמחקו*",
    "outbox*", "postausgang", "boîte d'envoi*", "posta in uscita", "templates*", "vorlagen", "modèles", "modelli",
    "notes", "sync issues*", "synchronisierungsprobleme*", "conversation history*", "rss feeds*", "chats",
)  # fmt: skip
"""What mail programs call drafts, junk, trash and folders that hold no conversation, in lower case."""

PASSING: Final = frozenset(
    {r"\marked", r"\unmarked", r"\haschildren", r"\hasnochildren", r"\noinferiors", r"\subscribed"}
)
"""Attributes that say nothing about what a folder is for, and that come and go."""

_CLOSED: Final = frozenset({r"\noselect", r"\nonexistent"})
_NO_CONVERSATION: Final = frozenset({r"\drafts", r"\junk", r"\trash", r"\flagged", r"\important", r"\spam", r"\memos"})
_FEWEST: Final = 3


@dataclass(frozen=True, slots=True)
class Status:
    """What STATUS says of a folder; 0 where it says nothing."""

    validity: int = 0
    next: int = 0
    messages: int | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder: its name as the server spells it and as people read it, its attributes in lower case."""

    raw: bytes
    name: str
    delimiter: str
    attributes: frozenset[str]
    status: Status | None = None

    @property
    def path(self) -> str:
        """The name with "/" between its parts."""
        return self.name.replace(self.delimiter, "/") if self.delimiter else self.name

    @property
    def is_inbox(self) -> bool:
        """INBOX is one folder in any case (RFC 3501 section 5.1)."""
        return self.name.upper() == "INBOX"

    def matches(self, pattern: str) -> bool:
        """Whether an owner who wrote `pattern` (a name or a glob) means this folder."""
        path = self.path.casefold()
        wanted = pattern.casefold()
        return any(
            spelling == wanted or fnmatchcase(spelling, wanted)
            for spelling in (self.name.casefold(), path, path.removeprefix("inbox/"))
        )

    def is_below(self, others: Iterable[Folder]) -> bool:
        """Whether it lies inside one of `others`."""
        return any(self.path.startswith(f"{other.path}/") for other in others)


def read_listing(replies: Iterable[Reply]) -> tuple[Folder, ...]:
    """The folders out of LIST responses, with the STATUS responses that came along; nameless ones are left out."""
    statuses = read_statuses(replies)
    found: dict[bytes, Folder] = {}
    for reply in replies:
        tokens = list(reply.tokens())
        if not tokens or (tokens[0] or b"").upper() != b"LIST" or b")" not in tokens:
            continue
        end = tokens.index(b")")
        delimiter, name = [*tokens[end + 1 : end + 3], None, None][:2]
        if not name or not _can_be_named(name):
            continue
        attributes = frozenset(token.decode("latin-1").lower() for token in tokens[2:end] if token)
        spelled = delimiter.decode("latin-1") if delimiter else ""
        shown = display_name(name)
        if any(shown == other.name for other in found.values()):
            shown = name.decode("latin-1")
        found[name] = Folder(name, shown, spelled, attributes, statuses.get(name))
    return tuple(found.values())


def read_statuses(replies: Iterable[Reply]) -> dict[bytes, Status]:
    """What the STATUS responses among `replies` say, by raw folder name."""
    found = {}
    for reply in replies:
        tokens = list(reply.tokens())
        if len(tokens) > _FEWEST and (tokens[0] or b"").upper() == b"STATUS" and tokens[1] is not None:
            words = [token or b"" for token in tokens[3:]]
            values = {
                name.upper(): int(value)
                for name, value in zip(words[::2], words[1::2], strict=False)
                if _is_number(value)
            }
            found[tokens[1]] = Status(values.get(b"UIDVALIDITY", 0), values.get(b"UIDNEXT", 0), values.get(b"MESSAGES"))
    return found


def display_name(raw: bytes) -> str:
    """A folder's name for people; a name that is no modified UTF-7 (RFC 3501 section 5.1.3) stays as it is spelled."""
    try:
        name: str = imap_utf7.decode(raw)
        if imap_utf7.encode(name) == raw and name.isprintable():
            return name
    except ValueError:
        pass
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def readable(folders: Sequence[Folder], *, gmail: bool, foreign: Collection[str] = ()) -> tuple[Folder, ...]:
    """The folders to read when the owner named none: all that hold conversations, each message once.

    `foreign` are the prefixes of other people's folders. For Gmail that is All Mail, or nothing when it is not shown.
    """
    if gmail:
        return tuple(folder for folder in folders if r"\all" in folder.attributes)
    passed_over = [folder for folder in folders if _is_passed_over(folder)]
    return tuple(
        folder
        for folder in folders
        if not folder.attributes & (_CLOSED | {r"\all"})
        and folder not in passed_over
        and not folder.is_below(passed_over)
        and not any(prefix and folder.name.startswith(prefix) for prefix in foreign)
    )


def can_be_opened(folder: Folder) -> bool:
    """Whether it is more than a name on the way to others."""
    return not folder.attributes & _CLOSED


def named(folders: Sequence[Folder], patterns: Sequence[str]) -> tuple[Folder, ...]:
    """The folders an owner means by `patterns`."""
    return tuple(
        folder for folder in folders if can_be_opened(folder) and any(folder.matches(pattern) for pattern in patterns)
    )


def sent_for_certain(folders: Sequence[Folder], configured: Sequence[str]) -> tuple[Folder, ...]:
    """The folders of sent mail by SPECIAL-USE and by configuration."""
    return tuple(
        folder
        for folder in folders
        if r"\sent" in folder.attributes or any(folder.matches(pattern) for pattern in configured)
    )


def sent_by_name(folders: Sequence[Folder]) -> tuple[Folder, ...]:
    """The folders that are called like sent mail, without those that lie in one of them."""
    called = [folder for folder in folders if not folder.is_inbox and is_called(folder.path, SENT_NAMES)]
    return tuple(folder for folder in called if not folder.is_below(called))


def with_those_inside(sent: Collection[Folder], folders: Sequence[Folder]) -> frozenset[bytes]:
    """The raw names of `sent` and of every folder below them, like Sent/2024."""
    return frozenset(folder.raw for folder in folders if folder in sent or folder.is_below(sent))


def in_order(folders: Sequence[Folder], sent: Collection[bytes]) -> tuple[Folder, ...]:
    """The order of reading: sent mail first, because it tells the owner's addresses; then INBOX; then by name."""
    return tuple(sorted(folders, key=lambda folder: (folder.raw not in sent, not folder.is_inbox, folder.name)))


def read_foreign(replies: Iterable[Reply]) -> Iterator[str]:
    """The prefixes of other users' and shared folders, out of a NAMESPACE response (RFC 2342)."""
    for reply in replies:
        tokens = list(reply.tokens())
        if not tokens or (tokens[0] or b"").upper() != b"NAMESPACE":
            continue
        depth, group, first = 0, 0, False
        for token in tokens[1:]:
            if token == b"(":
                depth += 1
                first = True
            elif token == b")":
                depth -= 1
                group += depth == 0
            elif depth == 0:
                group += 1
            elif first:
                if group and token:
                    yield display_name(token)
                first = False


def _is_passed_over(folder: Folder) -> bool:
    if folder.is_inbox or r"\sent" in folder.attributes:
        return False
    return bool(folder.attributes & _NO_CONVERSATION) or is_called(folder.path.rpartition("/")[2], PASSED_OVER)


def _can_be_named(raw: bytes) -> bool:
    try:
        quoted(raw)
    except ValueError:
        return False
    return True


def _is_number(word: bytes) -> bool:
    return word.isdigit() and len(word) < 20  # noqa: PLR2004 - 63 bits of RFC 9051, in digits
