"""Which files below a path hold mail: mboxes, Maildirs (also nested and Maildir++), and folders of single messages.

What a file is shows in its first bytes or in its folder; nothing but regular files is ever opened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from hashlib import blake2b
from os import scandir
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from os import stat_result

SENT_NAMES: Final = (
    "sent", "sent items*", "sent mail*", "sent messages*", "sentitems", "sent [0-9]*", "outgoing",
    "[[]gmail[]] sent mail", "gesendet", "gesendete *", "gesendete objekte", "verzonden*", "objets envoyés",
    "éléments envoyés", "messages envoyés", "envoyés", "courrier envoyé", "posta inviata", "inviata", "inviati",
    "elementi inviati", "messaggi inviati", "enviados", "elementos enviados", "mensajes enviados", "correo enviado",
    "itens enviados", "mensagens enviadas", "e mails enviados", "correu enviat", "elements enviats", "skickat",
    "skickade *", "sendt", "sendte *", "send post", "lähetetyt*", "odeslané*", "odoslané*", "odeslaná pošta",
    "wysłane*", "elementy wysłane", "elküldött*", "trimise*", "mesaje trimise", "poslano", "poslane *", "poslani *",
    "saadetud*", "išsiųst*", "nosūtīt*", "gönderilmiş*", "gönderilen*", "terkirim", "item terkirim",
    "pesan terkirim", "surat terkirim", "отправленные*", "отправени*", "надіслані*", "надіслано", "απεσταλμένα*",
    "المرسلة*", "البريد المرسل", "פריטים שנשלחו", "דואר שנשלח", "已发送*", "已发邮件", "寄件備份*", "已傳送*",
    "送信済み*", "보낸편지함", "보낸 편지함", "ส่งแล้ว", "đã gửi", "thư đã gửi",
)  # fmt: skip
"""What mail programs call the folder of sent mail, in lower case, every separator a blank."""

_MBOX_START: Final = re.compile(rb"From (?![ \t]*:)[^\r\n]*\r?(?:\n|$)")
_LONGEST_START: Final = 500
_FROM: Final = b"From "
_SINGLE: Final = frozenset({".eml", ".emlx"})
_NUMBERED: Final = re.compile(r"\d+[._]?")
_FLAGS: Final = re.compile(r"[:!;][12],.*$")
_EXTENSION: Final = re.compile(r"\.(?:mbox|mbx|mbs|sbd|eml|maildir)$", re.IGNORECASE)
_SEPARATORS: Final = re.compile(r"[\s._-]+")


@dataclass(frozen=True, slots=True)
class Box:
    """An mbox: its path below the root, the file, and what shows that it changed (bytes, nanoseconds)."""

    name: str
    path: Path
    size: int
    modified: int
    sent: bool


@dataclass(frozen=True, slots=True)
class Single:
    """A message in a file of its own: its stable id, and 48 bits that stand for it in a cursor."""

    name: str
    path: str
    mark: int
    sent: bool


@dataclass(slots=True)
class Survey:
    """Everything below the root that holds mail."""

    boxes: list[Box] = field(default_factory=list)
    singles: list[Single] = field(default_factory=list)
    sent_places: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)  # files and folders that may not be read


def survey(root: Path, sent: Sequence[str], skip: Sequence[str]) -> Survey:
    """What holds mail at `root`: itself, when it is a file, or everything below it that no glob of `skip` names.

    `sent` are the globs of folder names that hold sent mail. What vanishes meanwhile is left out. Raises OSError when
    the root itself cannot be read.
    """
    found = Survey()
    root_stat = root.stat()
    if S_ISREG(root_stat.st_mode):
        _add_file(found, root, _readable(root.name), root_stat, sent=is_called(root.name, sent), alone=True)
    elif S_ISDIR(root_stat.st_mode):
        scandir(root).close()
        pending = [(root, "")]
        while pending:
            folder, name = pending.pop()
            is_sent = is_called(f"{root.name}/{name}", sent)
            try:
                pending += _add_folder(found, folder, name, _Globs(sent, skip), sent=is_sent)
            except FileNotFoundError:
                continue
            except PermissionError:
                found.refused.append(str(folder))
    found.boxes.sort(key=lambda box: box.name)
    found.singles.sort(key=lambda single: single.mark)
    return found


@dataclass(frozen=True, slots=True)
class _Globs:
    sent: Sequence[str]
    skip: Sequence[str]


def _add_folder(found: Survey, folder: Path, name: str, globs: _Globs, *, sent: bool) -> list[tuple[Path, str]]:
    """Add what lies in one folder; the folders in it, hidden ones only where Maildir++ keeps its own."""
    is_maildir = (folder / "cur").is_dir() and (folder / "new").is_dir()
    below: list[tuple[Path, str]] = []
    if is_maildir:
        if sent:
            found.sent_places.add(name or folder.name)
        for part in ("new", "cur"):
            found.singles += _delivered(folder / part, name, sent=sent)
    with scandir(folder) as listing:
        for item in listing:
            hidden = item.name.startswith(".") and not is_maildir
            if hidden or (is_maildir and item.name in {"cur", "new", "tmp"}) or is_called(item.name, globs.skip):
                continue
            path = _readable(f"{name}/{item.name}" if name else item.name)
            if item.is_dir(follow_symlinks=False):
                below.append((folder / item.name, path))
            elif not is_maildir:
                try:
                    is_sent = sent or is_called(item.name, globs.sent)
                    _add_file(found, Path(item.path), path, item.stat(), sent=is_sent)
                except FileNotFoundError:
                    continue
                except PermissionError:
                    found.refused.append(item.path)
    return below


def _delivered(folder: Path, name: str, *, sent: bool) -> Iterator[Single]:
    """The messages of one folder of a Maildir, under the names that their flags do not change."""
    with scandir(folder) as listing:
        for item in listing:
            if not item.name.startswith(".") and item.is_file():
                unique = _readable(_FLAGS.sub("", item.name))
                stable = f"{name}/{unique}" if name else unique
                yield Single(stable, item.path, _mark(stable), sent)


def _add_file(found: Survey, path: Path, name: str, file: stat_result, *, sent: bool, alone: bool = False) -> None:
    """A file that begins like an mbox is one, whatever it is called; a single message is known by its name."""
    if not S_ISREG(file.st_mode):
        return
    if _is_mbox(path):
        found.boxes.append(Box(name, path, file.st_size, file.st_mtime_ns, sent))
    elif alone or path.suffix.lower() in _SINGLE or _NUMBERED.fullmatch(path.name):
        mark = _mark(f"{name}\n{file.st_size}\n{file.st_mtime_ns}")
        found.singles.append(Single(name, str(path), mark, sent))
    else:
        return
    if sent:
        found.sent_places.add(name)


def _is_mbox(path: Path) -> bool:
    """Whether a file begins like an mbox; an empty one is an mbox to be."""
    with path.open("rb") as file:
        start = file.read(_LONGEST_START)
    return _FROM.startswith(start) or _MBOX_START.match(start) is not None


def _mark(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=6).digest())


def _readable(name: str) -> str:
    """A file name whose bytes are no text, as text that can be stored."""
    return name.encode("utf-8", "backslashreplace").decode()


def is_called(path: str, globs: Sequence[str]) -> bool:
    """Whether any part of a path is called like one of the globs, in any case and with any separators."""
    if not globs:
        return False
    for part in path.split("/"):
        bare = _EXTENSION.sub("", part)
        last = bare.rpartition(".")[2]
        names = {spelling.casefold() for whole in (part, bare, last) for spelling in (whole, _spaced(whole))}
        if any(fnmatchcase(name, glob) for name in names for glob in globs):
            return True
    return False


def _spaced(name: str) -> str:
    return _SEPARATORS.sub(" ", name).strip()
