"""Which tie is going quiet: the chance that the product gives every pair of a contact network, against what came of it.

FILE has lines `src dst unix_time`, in any order; what stands behind them is passed over, and so is a header.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from syncd.pipeline.owner import EVERY, LEAST_DAYS, LONGEST_SILENCE, Contact, Outcome, asked_on, lean, outcomes
from syncd.pipeline.silence import DAY, Owner, chance_of_silence

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

FIRST_DAY = 120
SNAPSHOT_EVERY = 30
BINS = 10
_LATEST = 1e11
_SHOWN = 4


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The command `ties FILE [--horizon DAYS]`."""
    parser = subparsers.add_parser("ties", help="which tie goes quiet, on a network of contacts")
    parser.add_argument("file", type=Path, metavar="FILE", help="lines `src dst unix_time`")
    parser.add_argument("--horizon", type=int, default=60, metavar="DAYS", help="quiet is no contact for so long (60)")
    parser.set_defaults(run=lambda chosen: measure(chosen.file, chosen.horizon))


def measure(path: Path, horizon: int = 60) -> dict[str, object]:
    """The figures of a network file.

    Raises ValueError when it holds no contacts, or too short a history for anybody to be judged.
    """
    if not path.is_file():
        raise ValueError(f"There is no file {path}.")
    if horizon < 1:
        raise ValueError("The horizon has to be one day or more.")
    network = Network(_events(path))
    scored = list(network.scored(horizon))
    if not scored:
        raise ValueError(
            f"{path}: in {network.last - network.first} days of contacts no pair can be judged. It takes {FIRST_DAY}"
            f" days and {horizon} more, and pairs with {LEAST_DAYS} days of contact in both directions."
        )
    return {"snapshots": len({one.day for one in scored}), **figures(scored)}


class Scored(NamedTuple):
    """One tie on one day (since the epoch): the chance of a silence, the silence so far in days, and what came."""

    day: int
    chance: float
    silence: float
    quiet: bool


def figures(scored: Sequence[Scored]) -> dict[str, object]:
    """How well chances foretell who stays quiet.

    `auc`: the chance that one who stayed quiet was given more than one who did not; `brier`: the mean squared error;
    `auc_recency`: of the silence so far; `brier_base`: of the rate for everybody. `calibration`: for each tenth of the
    chances their mean, the share that stayed quiet, and how many; `calibration_error`: the mean difference of the two,
    over all ties; `calibration_error_of_bins`: over the ten bins.
    """
    quiet = [one.quiet for one in scored]
    rate = fmean(quiet)
    bins: defaultdict[int, list[Scored]] = defaultdict(list)
    for one in scored:
        bins[min(BINS - 1, int(one.chance * BINS))].append(one)
    rows = [
        (fmean(one.chance for one in bin_), fmean(one.quiet for one in bin_), len(bin_))
        for _, bin_ in sorted(bins.items())
    ]
    return {
        "quiet_rate": round(rate, _SHOWN),
        "auc": _rounded(auc([one.chance for one in scored], quiet)),
        "brier": round(fmean((one.chance - one.quiet) ** 2 for one in scored), _SHOWN),
        "auc_recency": _rounded(auc([one.silence for one in scored], quiet)),
        "brier_base": round(rate * (1 - rate), _SHOWN),
        "scored": len(scored),
        "calibration_error": round(sum(abs(given - came) * count for given, came, count in rows) / len(scored), _SHOWN),
        "calibration_error_of_bins": round(fmean(abs(given - came) for given, came, _ in rows), _SHOWN),
        "calibration": [[round(given, 3), round(came, 3), count] for given, came, count in rows],
    }


def auc(scores: Sequence[float], outcomes: Sequence[bool]) -> float | None:
    """The chance that a positive is ranked above a negative, ties counting half; None when there is but one kind."""
    positive = sum(outcomes)
    negative = len(outcomes) - positive
    if not positive or not negative:
        return None
    ranks: dict[float, float] = {}
    below = 0
    for score, count in sorted(Counter(scores).items()):
        ranks[score] = below + (count + 1) / 2
        below += count
    total = sum(ranks[score] for score, outcome in zip(scores, outcomes, strict=True) if outcome)
    return (total - positive * (positive + 1) / 2) / (positive * negative)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _SHOWN)


# --------------------------------------------------------------------------- reading


def _events(path: Path) -> list[tuple[float, str, str]]:
    """The contacts of a file, oldest first; how many lines are none is said on stderr."""
    events: list[tuple[float, str, str]] = []
    passed_over = 0
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            event = _event(line)
            if event:
                events.append(event)
            elif line.strip():
                passed_over += 1
    if passed_over:
        print(f"{path}: {passed_over} lines are no contact between two and were passed over", file=sys.stderr)
    if not events:
        raise ValueError(f"{path} holds no contact: its lines should be `src dst unix_time`.")
    events.sort()
    return events


def _event(line: str) -> tuple[float, str, str] | None:
    fields = re.split(r"[\s,;]+", line.strip())
    try:
        source, target, at = fields[0], fields[1], float(fields[2])
    except (IndexError, ValueError):
        return None
    return (at, source, target) if source != target and abs(at) < _LATEST else None


# --------------------------------------------------------------------------- scoring


@dataclass(slots=True)
class _Pair:
    """Both sides of a tie: the days of contact, and those on which each of the two wrote."""

    ends: tuple[str, str]
    days: list[int]
    mutual: int | None = None

    def before(self, day: int) -> int:
        """How many days of contact came before this one."""
        return bisect_left(self.days, day)


class Network:
    """Who was in contact with whom on which days (UTC, since the epoch).

    A pair is scored in one mailbox: that of the more active of the two, who had sent and received more by then. Of all
    there is, only what this owner could see is used: the contacts of their own mailbox, up to that day.
    """

    def __init__(self, events: Sequence[tuple[float, str, str]]) -> None:
        """From contacts in the order of time."""
        self.first, self.last = int(events[0][0] // DAY), int(events[-1][0] // DAY)
        self._pairs: dict[tuple[str, str], _Pair] = {}
        self._touched: defaultdict[str, list[int]] = defaultdict(list)
        self._wrote: defaultdict[str, list[int]] = defaultdict(list)
        self._ties: defaultdict[str, list[_Pair]] = defaultdict(list)
        sender: dict[tuple[str, str], str] = {}
        for at, source, target in events:
            day = int(at // DAY)
            key = (source, target) if source < target else (target, source)
            pair = self._pairs.get(key)
            if pair is None:
                pair = self._pairs[key] = _Pair(key, [day])
                sender[key] = source
                for end in key:
                    self._ties[end].append(pair)
            elif pair.days[-1] != day:
                pair.days.append(day)
            if pair.mutual is None and sender[key] != source:
                pair.mutual = day
            for end in key:
                self._touched[end].append(day)
            wrote = self._wrote[source]
            if not wrote or wrote[-1] != day:
                wrote.append(day)
        self._pasts: dict[str, list[Outcome]] = {}

    def scored(self, horizon: int) -> Iterator[Scored]:
        """Every pair with three days of contact, both ways, the last within 270 days, every 30 days from day 120 on."""
        for day in range(self.first + FIRST_DAY, self.last - horizon + 2, SNAPSHOT_EVERY):
            owners: dict[str, Owner] = {}
            for pair in self._pairs.values():
                known = pair.before(day)
                if known < LEAST_DAYS or pair.mutual is None or pair.mutual >= day:
                    continue
                silence = day - pair.days[known - 1]
                if silence > LONGEST_SILENCE:
                    continue
                name = self._more_active(pair, day)
                owner = owners.get(name)
                if owner is None:
                    owner = owners[name] = self._owner(name, day)
                chance = chance_of_silence(pair.days[:known], day * DAY, owner, timedelta(days=horizon))
                quiet = known == len(pair.days) or pair.days[known] >= day + horizon
                yield Scored(day, chance, silence, quiet)

    def _more_active(self, pair: _Pair, day: int) -> str:
        one, other = pair.ends
        return one if bisect_left(self._touched[one], day) >= bisect_left(self._touched[other], day) else other

    def _owner(self, name: str, day: int) -> Owner:
        """As `owner_of` has it on that day; what came of a day of the past is the same whenever it is asked."""
        touched, wrote = self._touched[name], self._wrote[name]
        until = touched[bisect_left(touched, day) - 1]
        if name not in self._pasts:
            whole = range(asked_on(self.first)[0], asked_on(self.last)[-1] + 1, EVERY)
            ties = [Contact(pair.days, (), pair.mutual) for pair in self._ties[name]]
            self._pasts[name] = [one for tie in ties for one in outcomes(tie, wrote, whole)]
        asked = asked_on(until)
        past = [one for one in self._pasts[name] if one.day in asked]
        return Owner(wrote[: bisect_left(wrote, day)], lean(past))
