"""Whom the digest names, and when: every morning of a real mailbox is composed anew, and the years that followed judge.

The product's own pipeline reads, derives, measures and chooses; beside it the plain rule "silent for more than 30 days,
the strongest first" names people on the same mornings.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from _mailbox import open_mailbox
from _quality_ties import FIRST_DAY, SNAPSHOT_EVERY, Scored, figures

from syncd.model import SectionKind, TieState
from syncd.pipeline.conversation import conversation, in_order
from syncd.pipeline.digest import compose, people_shown
from syncd.pipeline.owner import EVERY, LEAST_DAYS, LONGEST_SILENCE, Contact, asked_on, lean, outcomes
from syncd.pipeline.relationships import Known, know
from syncd.pipeline.score import history_of
from syncd.pipeline.silence import DAY, Owner, chance_of_silence

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from syncd.model import Person, Relationship, Touch
    from syncd.pipeline.policy import Policy

WARM_UP = 120
"""Days that are only learned from."""
COOL_DOWN = 14
"""Days at the end whose digests nothing could judge any more; within as many days a return is a false alarm."""
LONG = 90
IN_TIME = 60
TOP = 30
IMPORTANT_DAYS = 6
RULE_SILENCE = 30
_APART = 365 * DAY
_HOUR = 7 * 3600.0
_SATURDAY = 5


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command `mailbox FOLDER --me ADDR[,ADDR] [--per-day 1] [--repeat 60]`."""
    parser = subparsers.add_parser("mailbox", help="whom the digest names over the years of one mailbox, and when")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="mboxes, at any depth")
    parser.add_argument("--me", required=True, metavar="ADDR[,ADDR]", help="the owner's addresses, or patterns")
    parser.add_argument("--per-day", type=int, default=1, metavar="N", help="the most people a digest names")
    parser.add_argument("--repeat", type=int, default=60, metavar="DAYS", help="nobody again within so many")
    parser.add_argument("--horizon", type=int, default=60, metavar="DAYS", help="of the figures of `ties`")
    parser.set_defaults(run=_run)


def _run(chosen: argparse.Namespace) -> dict[str, object]:
    me = tuple(one.strip() for one in chosen.me.split(",") if one.strip())
    mailbox = read_mailbox(chosen.folder, me)
    return measure(mailbox, chosen.per_day, chosen.repeat, chosen.horizon)


# --------------------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """Somebody of a mailbox: all touches with them, oldest first, and the epoch seconds of those that count."""

    person: Person
    touches: tuple[Touch, ...]
    contacts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The people of a mailbox, its first and last day (days since the epoch), and the policy of a fresh owner."""

    people: tuple[Acquaintance, ...]
    first: int
    last: int
    policy: Policy

    @property
    def mornings(self) -> Iterator[datetime]:
        """Every weekday at seven, from day 120 to 14 days before the end, in UTC."""
        for day in range(self.first + WARM_UP, self.last - COOL_DOWN + 1):
            now = datetime.fromtimestamp(day * DAY + _HOUR, UTC)
            if now.weekday() < _SATURDAY:
                yield now


def read_mailbox(folder: Path, me: Sequence[str]) -> Mailbox:
    """The mailbox in `folder`, in the stretch of its history that holds most exchanges.

    A year without a word from or to anybody parts two stretches: real mailboxes hold mail of the years 1, 1979 and
    2044, and what lies beyond is no contact. Raises OSError or ValueError with a sentence when there is nothing.
    """
    now = datetime.now(UTC)
    with TemporaryDirectory() as home, open_mailbox(folder, me, now, Path(home)) as (store, policy):
        read = [(person, tuple(in_order(touches))) for person, touches in store.histories(now)]
    met = [(person, touches, conversation(person, touches, policy.ignore)) for person, touches in read]
    moments = sorted(touch.until.timestamp() for _, _, counted in met for touch in counted)
    if not moments:
        raise ValueError(f"{folder} holds no exchange with anybody.")
    first, last = _main_stretch(moments)
    people = (
        Acquaintance(
            person,
            tuple(touch for touch in touches if first <= touch.until.timestamp() <= last),
            tuple(at for touch in counted if first <= (at := touch.until.timestamp()) <= last),
        )
        for person, touches, counted in met
    )
    return Mailbox(tuple(one for one in people if one.contacts), int(first // DAY), int(last // DAY), policy)


def _main_stretch(moments: Sequence[float]) -> tuple[float, float]:
    """The first and the last of the most moments in a row that lie less than a year apart."""
    starts = [0, *(at for at in range(1, len(moments)) if moments[at] - moments[at - 1] > _APART), len(moments)]
    begin, end = max(pairwise(starts), key=lambda ends: ends[1] - ends[0])
    return moments[begin], moments[end - 1]


# --------------------------------------------------------------------------- choosing


@dataclass(slots=True)
class Naming:
    """Who was named when (epoch seconds), by person."""

    named: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    shown: dict[str, date] = field(default_factory=dict)

    def add(self, people: Sequence[str], now: datetime) -> None:
        """Note that they were named."""
        for person in people:
            self.named[person].append(now.timestamp())
            self.shown[person] = now.date()


class Mornings:
    """A mailbox as its owner's syncd knew it on one morning after the other."""

    def __init__(self, mailbox: Mailbox, policy: Policy) -> None:
        """Nothing is known yet."""
        self.known: dict[str, Known] = {}
        self._people = mailbox.people
        self._policy = policy
        self._ahead = [[touch.until.timestamp() for touch in one.touches] for one in mailbox.people]
        self._seen = [0] * len(self._people)
        self._settled: set[str] = set()
        self._last = sorted(at for one in self._people for at in one.contacts)
        self._past = _Past(mailbox)

    def wake(self, now: datetime) -> Owner:
        """Read anew whoever was heard of since the last morning; what is known of the owner on this one.

        It is what `owner_of` says of the ties up to this morning: what came of a day of the past stays the same.
        """
        moment = now.timestamp()
        for number, one in enumerate(self._people):
            ahead, seen = self._ahead[number], self._seen[number]
            if seen < len(ahead) and ahead[seen] <= moment:
                self._seen[number] = bisect_right(ahead, moment)
                past = one.touches[: self._seen[number]]
                self.known[one.person.id] = know(one.person, past, (), self._policy, now)
                self._settled.discard(one.person.id)
        return self._past.owner(int(self._last[bisect_right(self._last, moment) - 1] // DAY))

    def relationships(self, owner: Owner, now: datetime) -> list[Relationship]:
        """All ties that Going quiet could name.

        Whoever is not followed, or is lost, stays so until the next exchange and is not measured before.
        """
        found = []
        for person, one in self.known.items():
            if person in self._settled or not one.history.both_ways:
                continue
            measured = one.measured(owner, now)
            if measured.followed and measured.tie.state is not TieState.LOST:
                found.append(measured)
            else:
                self._settled.add(person)
        return found


class _Past:
    """What the ties of a mailbox say of its owner, by day."""

    def __init__(self, mailbox: Mailbox) -> None:
        counted = (conversation(one.person, one.touches, mailbox.policy.ignore) for one in mailbox.people)
        histories = [history_of(touches) for touches in counted if touches]
        self.ties = [Contact(tuple(one.days), one.mine, one.mutual) for one in histories]
        self._mine = tuple(sorted({day for tie in self.ties for day in tie.mine}))
        whole = range(asked_on(mailbox.first)[0], asked_on(mailbox.last)[-1] + 1, EVERY)
        self._outcomes = [one for tie in self.ties for one in outcomes(tie, self._mine, whole)]
        self._leans: dict[range, float] = {}

    def owner(self, until: int) -> Owner:
        """The owner when the last contact with anybody was on the day `until`; days after it are not looked at."""
        asked = asked_on(until)
        if asked not in self._leans:
            self._leans[asked] = lean([one for one in self._outcomes if asked[0] <= one.day <= asked[-1]])
        return Owner(self._mine, self._leans[asked])


def simulate(mailbox: Mailbox, per_day: int, repeat: int) -> tuple[Naming, Naming, Naming]:
    """Whom the product names on every morning, whom the rule, and whom the rule without an end; none knows what comes.

    The rule names ties as `ties` has them, of the last 270 days; without an end it goes on naming who is long gone.

    The policy is that of a configuration with nothing but the owner's addresses: the built-in circles and rules. The
    digest is asked for Going quiet alone, for at most `per_day` people and nobody again within `repeat` days. Somebody
    is read anew when something was exchanged with them; ties are measured on every morning.
    """
    digest = replace(
        mailbox.policy.digest, people=per_day, repeat_after=timedelta(days=repeat), sections=(SectionKind.QUIET.value,)
    )
    policy = replace(mailbox.policy, digest=digest)
    mornings = Mornings(mailbox, policy)
    product, rule, endless = Naming(), Naming(), Naming()
    for now in mailbox.mornings:
        owner = mornings.wake(now)
        composed = compose(mornings.relationships(owner, now), (), policy, now, product.shown, ())
        product.add(people_shown(composed), now)
        rule.add(_by_rule(mornings.known, now, rule, per_day, repeat, LONGEST_SILENCE), now)
        endless.add(_by_rule(mornings.known, now, endless, per_day, repeat, math.inf), now)
    return product, rule, endless


def _by_rule(
    knowns: Mapping[str, Known], now: datetime, before: Naming, per_day: int, repeat: int, longest: float
) -> list[str]:
    """Those silent for more than 30 days and at most `longest`, most days of contact first.

    A tie is what it is for `ties`: three days of contact, both ways.
    """
    silent = [
        (-len(one.history.days), person)
        for person, one in knowns.items()
        if one.history.both_ways
        and len(one.history.days) >= LEAST_DAYS
        and RULE_SILENCE < (now.timestamp() - one.history.last) / DAY <= longest
        and (person not in before.shown or (now.date() - before.shown[person]).days >= repeat)
    ]
    return [person for _, person in sorted(silent)[:per_day]]


# --------------------------------------------------------------------------- judging


@dataclass(frozen=True, slots=True)
class Silence:
    """An important one: with whom, since when, and how many days of contact came before."""

    person: str
    since: float
    days: int


def important_silences(mailbox: Mailbox) -> list[Silence]:
    """Silences of 90 days or more with one of the 30 who had most days of contact when it began.

    At least 6 days of contact and both ways; it begins within the days that are simulated and is seen to its 90th day.
    """
    begin, end = (mailbox.first + WARM_UP) * DAY, (mailbox.last + 1 - LONG) * DAY
    by_person = {one.person.id: sorted({int(at // DAY) for at in one.contacts}) for one in mailbox.people}
    ranked = {person: days for person, days in by_person.items() if len(days) >= IMPORTANT_DAYS}
    found = []
    for one in mailbox.people:
        both_ways_from = _both_ways_from(one, mailbox.policy)
        for at, following in zip(one.contacts, (*one.contacts[1:], math.inf), strict=True):
            if not begin <= at <= end or following - at < LONG * DAY or at < both_ways_from:
                continue
            days = bisect_right(by_person[one.person.id], int(at // DAY))
            stronger = sum(bisect_right(other, int(at // DAY)) > days for other in ranked.values())
            if days >= IMPORTANT_DAYS and stronger < TOP:
                found.append(Silence(one.person.id, at, days))
    return found


def _both_ways_from(one: Acquaintance, policy: Policy) -> float:
    """The moment from which both have taken part."""
    counted = conversation(one.person, one.touches, policy.ignore)
    starts: dict[str, float] = {}
    for touch in counted:
        starts.setdefault(touch.direction.value, touch.until.timestamp())
    met = starts.get("mutual", math.inf)
    mail = max(starts.get("out", math.inf), starts.get("in", math.inf))
    return min(met, mail)


def judge(mailbox: Mailbox, naming: Naming, silences: Sequence[Silence]) -> dict[str, object]:
    """The figures of one way to choose."""
    contacts = {one.person.id: one.contacts for one in mailbox.people}
    named = [(person, at) for person, moments in naming.named.items() for at in moments]
    false = sum(_returns_within(contacts[person], at, COOL_DOWN) for person, at in named)
    caught = [
        min(days)
        for one in silences
        if (
            days := [
                (at - one.since) / DAY for at in naming.named.get(one.person, ()) if 0 < at - one.since <= IN_TIME * DAY
            ]
        )
    ]
    return {
        "named": len(named),
        "false_alarm_rate": round(false / len(named), 4) if named else None,
        "important_silences": len(silences),
        "recall": round(len(caught) / len(silences), 4) if silences else None,
        "median_days_to_catch": round(median(caught), 1) if caught else None,
        "named_per_catch": round(len(named) / len(caught), 2) if caught else None,
        "false_alarms": false,
        "caught": len(caught),
        "people": len(naming.named),
    }


def _returns_within(contacts: Sequence[float], moment: float, days: int) -> bool:
    following = bisect_right(contacts, moment)
    return following < len(contacts) and contacts[following] - moment <= days * DAY


def score(mailbox: Mailbox, horizon: int) -> dict[str, object]:
    """The figures of `ties` over the people of a mailbox; only "snapshots": 0 where nobody can be judged."""
    past = _Past(mailbox)
    scored = []
    for day in range(mailbox.first + FIRST_DAY, mailbox.last - horizon + 2, SNAPSHOT_EVERY):
        until = max((tie.days[known - 1] for tie in past.ties if (known := bisect_left(tie.days, day))), default=day)
        owner = past.owner(until)
        for tie in past.ties:
            known = bisect_left(tie.days, day)
            if known < LEAST_DAYS or tie.mutual is None or tie.mutual >= day:
                continue
            silence = day - tie.days[known - 1]
            if silence <= LONGEST_SILENCE:
                chance = chance_of_silence(tie.days[:known], day * DAY, owner, timedelta(days=horizon))
                quiet = known == len(tie.days) or tie.days[known] >= day + horizon
                scored.append(Scored(day, chance, silence, quiet))
    return {"snapshots": len({one.day for one in scored}), **(figures(scored) if scored else {})}


def measure(mailbox: Mailbox, per_day: int, repeat: int, horizon: int) -> dict[str, object]:
    """All figures of a mailbox."""
    silences = important_silences(mailbox)
    product, rule, endless = simulate(mailbox, per_day, repeat)
    return {
        **score(mailbox, horizon),
        "product": judge(mailbox, product, silences),
        "rule_30_days": judge(mailbox, rule, silences),
        "rule_30_days_without_end": judge(mailbox, endless, silences),
        "people": len(mailbox.people),
        "mornings": sum(1 for _ in mailbox.mornings),
    }
