"""Delivery: letters leave the outbox one a day, each at most once, by the way the owner chose.

`sending` decides what may be tried and when, `ways` chooses the transport, and every other room is one.
"""

from syncd.deliver.sending import deliver_pending, drop, next_attempt
from syncd.deliver.transport import InDoubt, NotNow, Refused, Trace, Transport
from syncd.deliver.ways import transport_for

__all__ = [
    "InDoubt",
    "NotNow",
    "Refused",
    "Trace",
    "Transport",
    "deliver_pending",
    "drop",
    "next_attempt",
    "transport_for",
]
