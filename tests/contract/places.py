"""A source that is a file or a folder, seen from the contract's other side: what is the same about all of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from syncd.testing import NOW, cannot

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


class OnDisk:
    """A place that can be moved away, and that nobody rings up."""

    def __init__(self, place: Path) -> None:
        self.place = place

    @property
    def since(self) -> datetime:
        return NOW - timedelta(days=365)

    @property
    def plenty(self) -> int:
        return 12

    def expire(self) -> None:
        self.place = self.place.rename(self.place.with_name(f"moved {self.place.name}"))

    def deny(self) -> None:
        self.place.rename(self.place.with_name("gone"))

    def mend(self) -> None:
        gone = self.place.with_name("gone")
        if gone.exists():
            gone.rename(self.place)

    def throttle(self) -> None:
        cannot("a file is never too busy to be read")

    def stall(self) -> None:
        cannot("a regular file always answers")

    def snapshot(self) -> object:
        def state(path: Path) -> tuple[object, ...]:
            status = path.stat()
            return (str(path), status.st_mtime_ns, status.st_mode, path.read_bytes() if path.is_file() else b"")

        return sorted(state(path) for path in (self.place, *self.place.rglob("*")))
