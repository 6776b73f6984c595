"""What a connector remembers beside its cursor, held in this process: what `sync --dry-run` and a test write it to.

The store's own is durable (`Store.notes`, `Store.known`); this one lies over another memory, or over nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd.model import Removal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from syncd.connector import Memory, Page


class Remembered:
    """Pages that were not written anywhere, remembered as if they had been; a `Memory`."""

    def __init__(self, pages: Iterable[Page] = (), beneath: Memory | None = None) -> None:
        self._beneath = beneath
        self._notes: dict[str, str | None] = {}
        self._records: dict[str, bool] = {}
        for page in pages:
            self.keep(page)

    def keep(self, page: Page) -> None:
        """Remember this page too."""
        self._notes.update((note.key, note.text) for note in page.notes)
        self._records.update((seen.remote_id, not isinstance(seen, Removal)) for seen in page.observations)

    def notes(self, prefix: str = "", limit: int | None = None) -> Mapping[str, str]:
        """See `Memory.notes`."""
        found: dict[str, str | None] = dict(self._beneath.notes(prefix)) if self._beneath else {}
        found.update((key, text) for key, text in self._notes.items() if key.startswith(prefix))
        standing = sorted((key, text) for key, text in found.items() if text is not None)
        return dict(standing[:limit])

    def known(self, remote_ids: Collection[str]) -> frozenset[str]:
        """See `Memory.known`."""
        beneath = self._beneath.known(remote_ids) if self._beneath else frozenset()
        return frozenset(name for name in remote_ids if self._records.get(name, name in beneath))
