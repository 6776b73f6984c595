"""Addresses bound to each other or kept apart: the arithmetic of identity, without its rules.

Two addresses that must be two persons are never bound, not even through others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Bonds:
    """A partition of addresses (union-find) that respects what was parted before."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}
        self._apart: dict[str, set[str]] = {}
        self._with: dict[str, list[str]] = {}

    def together(self, address: str) -> list[str]:
        """Every address bound to this one, and itself."""
        root = self.root(address)
        return self._with.get(root, [root])

    def root(self, address: str) -> str:
        """The representative of the person an address belongs to."""
        above = self._above
        while (next_up := above.get(address, address)) != address:
            above[address] = above.get(next_up, next_up)
            address = next_up
        return address

    def bind(self, first: str, second: str) -> bool:
        """Make one person of two; False when something said before forbids it."""
        one, other = self.root(first), self.root(second)
        if one == other:
            return True
        if any(self.root(address) == other for address in self._apart.get(one, ())):
            return False
        kept, gone = min(one, other), max(one, other)
        self._above[gone] = kept
        self._with.setdefault(kept, [kept]).extend(self._with.pop(gone, [gone]))
        for address in self._apart.pop(gone, set()):
            self._apart.setdefault(kept, set()).add(address)
        return True

    def part(self, first: str, second: str) -> bool:
        """Keep two addresses apart from now on; False when they are one person already."""
        one, other = self.root(first), self.root(second)
        if one == other:
            return False
        self._apart.setdefault(one, set()).add(other)
        self._apart.setdefault(other, set()).add(one)
        return True

    def persons(self, addresses: Iterable[str]) -> list[list[str]]:
        """The addresses of each person, in order."""
        found: dict[str, list[str]] = {}
        for address in sorted(addresses):
            found.setdefault(self.root(address), []).append(address)
        return list(found.values())
