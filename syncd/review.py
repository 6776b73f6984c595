"""How every relationship stands on a given day, and what the digest of that day says.

The store's readings meet the pure pipeline here, for all who ask: people, show, explain, status and the digest.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from unicodedata import combining, normalize
from zoneinfo import ZoneInfo

from syncd.connector import shows_meetings
from syncd.errors import UsageError
from syncd.model import AccountStatus, Source
from syncd.pipeline.digest import compose
from syncd.pipeline.relationships import know, relate
from syncd.store.folding import tallies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from syncd.model import Account, Decision, Digest, Relationship
    from syncd.pipeline.policy import Policy
    from syncd.store import Store


def relationships(store: Store, policy: Policy, now: datetime) -> tuple[Relationship, ...]:
    """Everybody with an address, as of `now`, the strongest tie first."""
    words: defaultdict[str, list[Decision]] = defaultdict(list)
    for decision in store.decisions():
        words[decision.subject].append(decision)
    folded = tallies(store)
    everybody = relate(
        (
            know(person, touches, _words_about(person.addresses, words), policy, now, folded.get(person.id, ()))
            for person, touches in store.histories(now)
        ),
        now,
    )
    everybody.sort(key=lambda one: (-one.tie.strength, -one.tie.interactions, one.person.id))
    return tuple(everybody)


def _words_about(addresses: Sequence[str], words: Mapping[str, list[Decision]]) -> tuple[Decision, ...]:
    if not words:
        return ()
    return tuple(sorted((word for address in addresses for word in words.get(address, ())), key=lambda word: word.at))


def is_contact(one: Relationship) -> bool:
    """True for somebody the owner is really in touch with: mail in both directions, or a meeting."""
    return one.tie.met > 0 or (one.tie.sent > 0 and one.tie.received > 0)


def sources(store: Store, accounts: Sequence[str]) -> tuple[Source, ...]:
    """How fresh each of `accounts` is; one that was never polled has no last sync."""
    known = {account.name: account for account in store.accounts()}
    return tuple(_source(known[name]) if name in known else _never_read(name) for name in accounts)


def _never_read(name: str) -> Source:
    return Source(name, "", None, status=AccountStatus.NEW)


def _source(account: Account) -> Source:
    return Source(
        account.name,
        account.connector,
        account.last_sync,
        account.error,
        account.hint,
        account.status,
        account.failing_since,
        account.reading.at if account.reading else None,
        "" if shows_meetings(account.connector) else "mail",
    )


def digest(
    store: Store,
    policy: Policy,
    now: datetime,
    accounts: Sequence[str],
    everybody: Sequence[Relationship] | None = None,
) -> Digest:
    """What the owner is to be told on the local day of `now`; `everybody` spares reading the relationships again."""
    zone = ZoneInfo(policy.me.time_zone)
    today = now.astimezone(zone).date()
    last_shown = {
        person: max(before)
        for person, days in store.shown().items()
        if (before := [day for day in days if day < today])
    }
    return compose(
        relationships(store, policy, now) if everybody is None else everybody,
        store.agenda(start_of(today, zone), start_of(today + timedelta(days=1), zone)),
        policy,
        now,
        last_shown,
        sources(store, accounts),
    )


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """Midnight that begins `day` in `zone`, in UTC."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def find_person(everybody: Sequence[Relationship], name: str) -> Relationship:
    """The one person that `name` means: an id, an address, a full name, or words of it.

    Accents and case do not matter. Those who were not let go win over those who were, and contacts over strangers of
    the same name. Raises UsageError that lists the candidates when there are several, or says what to type when there
    is none.
    """
    wanted = name.strip().casefold()
    letters = _letters(name)
    words = letters.split()
    by_precision: tuple[Callable[[Relationship], bool], ...] = (
        lambda one: wanted == one.person.id or wanted in one.person.addresses,
        lambda one: letters == _letters(one.person.name),
        lambda one: all(word in _letters(one.person.name).split() for word in words),
        lambda one: all(any(part.startswith(word) for part in _letters(one.person.name).split()) for word in words),
        lambda one: any(wanted in address for address in one.person.addresses),
    )
    for matches in by_precision if words else ():
        found = [one for one in everybody if matches(one)]
        found = [one for one in found if not one.muted] or found
        found = [one for one in found if is_contact(one)] or found
        if len(found) == 1:
            return found[0]
        if found:
            lines = (f"  {one.person.id}  {one.person.name} <{one.person.addresses[0]}>" for one in found[:10])
            more = f"\n  and {len(found) - 10} more" if len(found) > 10 else ""  # noqa: PLR2004 - a screenful
            raise UsageError(
                f"{name!r} could be {len(found)} people:\n" + "\n".join(lines) + more,
                f"Say which by id or address, for example: syncd show {found[0].person.id}",
            )
    raise UsageError(f"Nobody called {name!r} is known.", "See who is: syncd people")


def _letters(name: str) -> str:
    """A name as somebody without the right keyboard types it: no accents, no case, single spaces."""
    plain = "".join(mark for mark in normalize("NFKD", name) if not combining(mark))
    return " ".join(plain.casefold().split())
