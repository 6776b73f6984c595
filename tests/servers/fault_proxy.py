"""A line to a server of this machine that breaks to order: refused, cut, reset, stalled, slow, or with a wrong byte.

Every connection asks `plan` what will go wrong with it; `connections` counts them all, so a test can tell who polled.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_PIECE: Final = 65536
_WITHIN: Final = 10.0
_FLIPPED: Final = 0x55


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong on one connection; bytes are counted from its beginning, on their way to the client."""

    refuse: bool = False
    """Hung up on (RST) before a word."""
    silent: bool = False
    """Taken, and never answered."""
    cut_after: int | None = None
    """So many bytes arrive, then the line ends."""
    cut_before: bytes = b""
    """The line ends right where these bytes would have passed; the server has said them."""
    reset: bool = False
    """The line ends with RST in place of FIN."""
    stall_after: int | None = None
    """So many bytes arrive, and then nothing more; the line stays."""
    corrupt_at: int | None = None
    """This byte arrives as another one."""
    delay: float = 0.0
    """Seconds that every piece takes longer, in both directions."""


FINE: Final = Fault()


class FaultProxy:
    """The line, as a context: who connects to `port` reaches 127.0.0.1:`upstream`."""

    def __init__(self, upstream: int, plan: Callable[[], Fault] = lambda: FINE) -> None:
        self.plan = plan
        self.port = 0
        self.connections = 0
        self._upstream = upstream
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(_WITHIN)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(_WITHIN)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_WITHIN)
        self._loop.close()

    def cut(self) -> None:
        """End every line that is open now, with RST."""
        self._loop.call_soon_threadsafe(self._end_all)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        self._end_all()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _end_all(self) -> None:
        for line in tuple(self._open):
            _end(line, reset=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        fault = self.plan()
        self._open.add(writer)
        try:
            if fault.refuse:
                _end(writer, reset=True)
            elif fault.silent:
                await reader.read(-1)
            else:
                await self._join(reader, writer, fault)
        except (OSError, asyncio.CancelledError):
            pass  # either side may hang up whenever it likes, and the proxy may close
        finally:
            self._open.discard(writer)
            writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault) -> None:
        source, sink = await asyncio.open_connection("127.0.0.1", self._upstream)
        self._open.add(sink)
        up = asyncio.create_task(_pass_on(reader, sink, fault.delay))
        try:
            await _spoil(source, writer, fault, until=up)
        finally:
            up.cancel()
            with suppress(asyncio.CancelledError, OSError):
                await up
            self._open.discard(sink)
            sink.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """What the client says, as it says it."""
    while piece := await reader.read(_PIECE):
        await asyncio.sleep(delay)
        writer.write(piece)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()


async def _spoil(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, fault: Fault, until: asyncio.Task[None]
) -> None:
    """What the server says, until the fault lets no more of it pass; stalled, it stays `until` the client is done."""
    passed = 0
    while piece := await reader.read(_PIECE):
        await asyncio.sleep(fault.delay)
        if fault.corrupt_at is not None and 0 <= (place := fault.corrupt_at - passed) < len(piece):
            piece = piece[:place] + bytes([piece[place] ^ _FLIPPED]) + piece[place + 1 :]
        let_through = len(piece)
        if fault.cut_after is not None:
            let_through = min(let_through, max(0, fault.cut_after - passed))
        if fault.cut_before and (found := piece.find(fault.cut_before)) >= 0:
            let_through = min(let_through, found)
        if fault.stall_after is not None and passed + len(piece) > fault.stall_after:
            writer.write(piece[: max(0, fault.stall_after - passed)])
            await writer.drain()
            await asyncio.wait({until})
            return
        passed += let_through
        writer.write(piece[:let_through])
        await writer.drain()
        if let_through < len(piece):
            _end(writer, reset=fault.reset)
            return


def _end(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    """Hang up: with RST what is on its way is lost, with FIN it still arrives."""
    if not reset:
        writer.close()
        return
    line = writer.get_extra_info("socket")
    with suppress(OSError):
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
