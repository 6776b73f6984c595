"""What a cursor depends on, told in sixteen digits: settings that changed make it another cursor's.

One way for every connector, so that the same settings give the same digits on every machine and day.
"""

from __future__ import annotations

from hashlib import blake2b


def fingerprint(*parts: object) -> str:
    """Sixteen hexadecimal digits that change when the text (repr) of any of `parts` does."""
    return blake2b(repr(parts).encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()
