"""IMAP responses on the wire (RFC 3501 sections 4 and 7): commands out; lines, literals and FETCH rows in.

imapclient's lexer costs nine times the transfer itself and drops a whole batch for one odd row; this framing costs
little more than reading, and keeps every row that is whole.
"""

from __future__ import annotations

import imaplib
import re
from array import array
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

LONGEST_LITERAL: Final = 16 << 20
"""No header block, name or status is longer; what announces more is not in step with us."""

_TAGGED: Final = re.compile(rb"(OK|NO|BAD)(?: (.*))?", re.IGNORECASE | re.DOTALL)
_CODE: Final = re.compile(rb"\[([A-Za-z0-9-]+)([^\]]*)\] ?")
_SIZE: Final = re.compile(rb"\{(\d{1,10})\+?\}$")
_USUAL: Final = re.compile(rb'\* \d+ FETCH \(UID (\d+) INTERNALDATE "([^"]*)" BODY\[HEADER\.FIELDS \([^)]*\)\] \{')
_SECTION: Final = re.compile(rb"BODY\[HEADER[^\]]*\]", re.IGNORECASE)
_FETCH: Final = re.compile(rb"\* \d+ FETCH \(", re.IGNORECASE)
_TOKEN: Final = re.compile(rb'[ \t]*(?:(\()|(\))|"((?:[^"\\]|\\.)*)"|~?\{(\d+)\+?\}|([^\s()"]+))', re.DOTALL)
_ESCAPED: Final = re.compile(rb"\\(.)", re.DOTALL)


_REST: Final = re.compile(rb"(?: [A-Z][^\r\n]*)?\)\r\n| [A-Z].*\{\d+\+?\}\r\n", re.IGNORECASE | re.DOTALL)
_MODSEQ: Final = re.compile(rb"\(.*")
_ALL: Final = re.compile(rb" ALL ([\d:,]+)", re.IGNORECASE)
_MOST_IN_A_RUN: Final = 10_000_000
_BROKEN: Final = (OSError, ValueError, imaplib.IMAP4.error)


class Link(Protocol):
    """The socket, as imaplib lends it."""

    def send(self, data: bytes, /) -> None: ...
    def readline(self) -> bytes: ...
    def read(self, size: int, /) -> bytes: ...


class LostError(Exception):
    """The connection can no longer be used: closed, timed out, or out of step with the server.

    `garbled` when the server's words made no sense, which another connection may meet again; `farewell` is what it said
    before it closed.
    """

    def __init__(self, what: str, *, garbled: bool = False, farewell: str = "") -> None:
        super().__init__(what)
        self.garbled = garbled
        self.farewell = farewell


class RefusedError(Exception):
    """The server answered a command with NO or BAD; `code` is its response code (RFC 5530), in upper case."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Reply:
    """One untagged response: its text, each literal in it standing as its announcement, and the literals."""

    text: bytes
    literals: tuple[bytes, ...] = ()

    def tokens(self) -> Iterator[bytes | None]:
        """Its words behind the star; parentheses as they are, strings without quotes, NIL as None."""
        literals = iter(self.literals)
        for match in _TOKEN.finditer(self.text, 2):
            opening, closing, quoted, size, atom = match.groups()
            if quoted is not None:
                yield _ESCAPED.sub(rb"\1", quoted)
            elif size is not None:
                yield next(literals, b"")
            else:
                word = opening or closing or atom
                yield None if word.upper() == b"NIL" else word


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back to one command: the untagged responses, and the response code of the tagged one."""

    replies: tuple[Reply, ...]
    code: str = ""
    value: bytes = b""


class Row(NamedTuple):
    """One message out of a FETCH: its uid, its INTERNALDATE as sent ("" when absent), its labels and its header."""

    uid: int
    arrived: str
    header: bytes
    labels: bytes = b""


class Wire:
    """One signed-in or to be signed-in connection. Every method raises LostError or RefusedError."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._count = 0
        self._awaited: list[bytes] = []
        self._unheard: set[bytes] = set()

    @property
    def idle(self) -> bool:
        """Whether no answer is outstanding, so that a polite goodbye can be understood."""
        return not self._awaited

    def ask(self, command: bytes) -> Answer:
        """Send one command and read its answer."""
        return self.answer(self.send(command))

    def send(self, command: bytes) -> bytes:
        """Send one command without waiting; its tag, for `answer` or `rows`, in the order of sending."""
        self._count += 1
        tag = b"s%d" % self._count
        self._write(tag + b" " + command + b"\r\n")
        self._awaited.append(tag)
        return tag

    def mention(self, command: bytes) -> None:
        """Send one command whose answer nobody waits for."""
        tag = self.send(command)
        self._awaited.remove(tag)
        self._unheard.add(tag)

    def answer(self, tag: bytes) -> Answer:
        """The answer to the command of this tag."""
        replies = []
        while True:
            line = self._line()
            if line.startswith(b"* "):
                replies.append(self._whole(line))
            elif line.partition(b" ")[0] in self._unheard:
                replies.clear()
            else:
                return self._completed(tag, line, replies)

    def upload(self, command: bytes, literal: bytes, commit: Callable[[], None]) -> Answer:
        """Send a command that ends in a literal, once the server asks for that (RFC 3501 section 7.5).

        `commit` is called right before the literal goes out; until then the server has nothing.
        """
        tag = self.send(b"%b {%d}" % (command, len(literal)))
        while (line := self._line()).startswith(b"* "):
            self._whole(line)
        if not line.startswith(b"+"):
            return self._completed(tag, line, ())
        commit()
        self._write(literal + b"\r\n")
        return self.answer(tag)

    def authenticate(self, mechanism: str, responses: Iterable[bytes]) -> Answer:
        """Sign in by SASL (RFC 3501 section 6.2.2), giving one response per challenge, then empty ones."""
        tag = self.send(b"AUTHENTICATE " + mechanism.encode())
        upcoming = iter(responses)
        replies = []
        while True:
            line = self._line()
            if line.startswith(b"+"):
                self._write(b64encode(next(upcoming, b"")) + b"\r\n")
            elif line.startswith(b"* "):
                replies.append(self._whole(line))
            else:
                return self._completed(tag, line, replies)

    def rows(self, tag: bytes) -> tuple[list[Row], RefusedError | None]:
        """The messages a FETCH brought, and its refusal if it was refused in part.

        Responses without a header (another client changed a flag) are no messages and are left out.
        """
        found: list[Row] = []
        next_line = self._link.readline
        while True:
            try:
                line = next_line()
                if line[-3:] == b"}\r\n" and _FETCH.match(line):
                    found += self._row(line)
                    continue
            except _BROKEN as error:
                raise LostError(_why(error)) from error
            line = self._checked(line)
            if line.startswith(b"* "):
                found += _row_of(self._whole(line))
                continue
            try:
                self._completed(tag, line, ())
            except RefusedError as refusal:
                return found, refusal
            return found, None

    def _row(self, line: bytes) -> tuple[Row, ...]:
        """The message of a FETCH response whose first line announces a literal, as good as always its header."""
        size = int(line[line.rindex(b"{") + 1 : -3].rstrip(b"+"))
        if size > LONGEST_LITERAL:
            raise LostError("it announced more than a header can hold", garbled=True)
        data = self._link.read(size + 3)
        header, rest = data[:size], data[size:]
        usual = _USUAL.match(line)
        if usual and rest == b")\r\n":
            return (Row(int(usual[1]), usual[2].decode("latin-1"), header),)
        if rest != b")\r\n":
            rest += self._link.readline()
            if not rest.endswith(b"\n"):
                raise LostError("it closed the connection in the middle of a message")
            if not _REST.fullmatch(rest):
                raise LostError("a message was not as long as it announced", garbled=True)
        return _row_of(self._whole(self._checked(line), [header], self._checked(rest)))

    def _whole(self, line: bytes, literals: Sequence[bytes] = (), rest: bytes = b"") -> Reply:
        """The response that begins with `line`, with its literals read; also notices a goodbye."""
        read = list(literals)
        text = line + rest if read else line
        while size := _SIZE.search(rest if read else text):
            literal = self._literal(int(size[1]))
            read.append(literal)
            rest = self._line()
            text += rest
        if text[2:5].upper() == b"BYE":
            farewell = _CODE.sub(b"", text[6:]).decode("utf-8", "replace")
            raise LostError(f"it said goodbye ({farewell})", farewell=text[6:].decode("utf-8", "replace"))
        return Reply(text, tuple(read))

    def _completed(self, tag: bytes, line: bytes, replies: Sequence[Reply]) -> Answer:
        match = _TAGGED.fullmatch(line.partition(b" ")[2])
        if match is None or not line.startswith(tag + b" "):
            raise LostError("its answer is out of step with what was asked", garbled=True)
        self._awaited.remove(tag)
        text = match[2] or b""
        code = _CODE.match(text)
        name = code[1].decode("ascii").upper() if code else ""
        if match[1].upper() != b"OK":
            raise RefusedError(name, (text[code.end() :] if code else text).decode("utf-8", "replace").strip())
        return Answer(tuple(replies), name, code[2].strip() if code else b"")

    def _write(self, data: bytes) -> None:
        try:
            self._link.send(data)
        except _BROKEN as error:
            raise LostError(_why(error)) from error

    def _line(self) -> bytes:
        try:
            return self._checked(self._link.readline())
        except _BROKEN as error:
            raise LostError(_why(error)) from error

    def _literal(self, size: int) -> bytes:
        if size > LONGEST_LITERAL:
            raise LostError("it announced more than a name or a header can hold", garbled=True)
        try:
            data = self._link.read(size)
        except _BROKEN as error:
            raise LostError(_why(error)) from error
        if len(data) < size:
            raise LostError("it closed the connection in the middle of a message")
        return data

    @staticmethod
    def _checked(line: bytes) -> bytes:
        if line[-1:] != b"\n":
            raise LostError("it closed the connection")
        return line.rstrip(b"\r\n")


def _row_of(reply: Reply) -> tuple[Row, ...]:
    """The row in a FETCH response whose parts come in any order and shape; empty when it holds no uid or no header."""
    if not _FETCH.match(reply.text):
        return ()
    items = _items(list(Reply(_SECTION.sub(b"BODY[HEADER]", reply.text), reply.literals).tokens())[3:-1])
    uid = items.get(b"UID")
    header = next((value for name, value in items.items() if name.startswith(b"BODY[HEADER")), None)
    if not isinstance(uid, bytes) or not uid.isdigit() or not isinstance(header, bytes):
        return ()
    arrived = items.get(b"INTERNALDATE")
    labels = items.get(b"X-GM-LABELS")
    return (
        Row(
            int(uid),
            arrived.decode("latin-1") if isinstance(arrived, bytes) else "",
            header,
            b" ".join(label for label in labels if label) if isinstance(labels, list) else b"",
        ),
    )


def _items(tokens: Sequence[bytes | None]) -> dict[bytes, bytes | list[bytes | None] | None]:
    """Names and values of a FETCH response; the section of BODY[...] belongs to its name."""
    items: dict[bytes, bytes | list[bytes | None] | None] = {}
    position = 0
    while position < len(tokens):
        name = (tokens[position] or b"").upper()
        position += 1
        while b"[" in name and b"]" not in name and position < len(tokens):
            name += b" " + (tokens[position] or b"NIL")
            position += 1
        if position < len(tokens) and tokens[position] == b"(":
            end = tokens.index(b")", position) if b")" in tokens[position:] else len(tokens)
            items[name] = list(tokens[position + 1 : end])
            position = end + 1
        elif position < len(tokens):
            items[name] = tokens[position]
            position += 1
    return items


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return f"the connection broke: {getattr(error, 'strerror', None) or error}"


def found_uids(answer: Answer) -> array[int] | None:
    """The uids of every SEARCH or ESEARCH (RFC 4731) response; None when there is none. Raises LostError."""
    uids: array[int] | None = None
    try:
        for reply in answer.replies:
            words = reply.text.split()[1:]
            if words[:1] and words[0].upper() == b"SEARCH":
                uids = uids or array("Q")
                uids.extend(map(int, _MODSEQ.sub(b"", reply.text[8:]).split()))
            elif words[:1] and words[0].upper() == b"ESEARCH":
                uids = uids or array("Q")
                for part in b"".join(_ALL.findall(reply.text)).split(b","):
                    first, _, last = part.partition(b":")
                    low, high = sorted((int(first), int(last or first))) if part else (0, -1)
                    if high - low > _MOST_IN_A_RUN:
                        raise LostError("it lists more messages than a folder can hold", garbled=True)
                    uids.extend(range(low, high + 1))
    except (ValueError, OverflowError) as error:
        raise LostError(f"its list of messages makes no sense: {error}", garbled=True) from error
    return uids


def quoted(text: bytes) -> bytes:
    """A quoted string (RFC 3501 section 4.3). Raises ValueError for what no quoted string can hold."""
    if re.search(rb"[\x00\r\n]", text):
        raise ValueError("a line break cannot stand in an IMAP string")
    return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def sequence_sets(uids: Sequence[int], longest: int = 7000) -> Iterator[bytes]:
    """Ascending uids as compact sequence sets ("1:5,9"), none longer than `longest` octets (RFC 7162 section 4)."""
    parts: list[bytes] = []
    length = 0
    for first, last in _runs(uids):
        part = b"%d" % first if first == last else b"%d:%d" % (first, last)
        if parts and length + len(part) > longest:
            yield b",".join(parts)
            parts, length = [], 0
        parts.append(part)
        length += len(part) + 1
    if parts:
        yield b",".join(parts)


def _runs(uids: Sequence[int]) -> Iterator[tuple[int, int]]:
    first = last = -1
    for uid in uids:
        if uid != last + 1 or first < 0:
            if first >= 0:
                yield first, last
            first = uid
        last = uid
    if first >= 0:
        yield first, last
