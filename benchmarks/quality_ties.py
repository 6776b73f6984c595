"""How well ties are measured: is the chance of a return true, does the strength rank people, are alarms right?

At random dates of real histories everybody in two-way contact is measured with what was known then, and compared with
whether there was an exchange in the following 90 days. Usage: python benchmarks/quality_ties.py DATA [--cuts 30]
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parsedate_to_datetime
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from syncd.model import Direction, InteractionKind, Person, Role, TieState, Touch, VerdictKind
from syncd.pipeline.machines import is_machine_address, is_role_address
from syncd.pipeline.policy import Policy
from syncd.pipeline.relationships import know
from syncd.pipeline.score import History, history_of, rhythm_of
from syncd.pipeline.silence import HORIZON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from email.message import Message

    from syncd.model import Relationship

DAY = 86400.0
WIDEST = 8
NETWORKS = ("CollegeMsg", "radoslaw-email")
LEAST_EVENTS = 20
LEAST_GAPS = 4
BG_NBD = (0.25, 143.0, 1.11, 1.13)
"""r, alpha, a, b (days), fitted on the same samples by maximum likelihood of the outcome."""

Ties = dict[str, list[Touch]]


# --------------------------------------------------------------------------- reading


@dataclass(frozen=True)
class Ego:
    """One owner: where the data is from, and the touches with everybody else, oldest first."""

    source: str
    name: str
    ties: Mapping[str, Sequence[Touch]]


def read_egos(root: Path) -> Iterator[Ego]:
    """Mailboxes of mailing-list people and of Enron, and every node of the contact networks."""
    for folder in sorted((root / "lists/egos").iterdir()):
        own = set(json.loads((folder / "owner.json").read_text())["addresses"])
        yield Ego("lists", folder.name, _ties(_messages(sorted(folder.glob("*.mbox"))), own))
    for mailbox in json.loads((root / "enron/mailboxes.json").read_text()):
        if mailbox["kind"] == "full" and len(mailbox["sent_from"]):
            surname = mailbox["mailbox"].partition("-")[0]
            own = {address for address, count in mailbox["sent_from"] if surname in address and count >= LEAST_EVENTS}
            paths = sorted((root / "enron/full" / mailbox["mailbox"]).rglob("*.mbox"))
            since, until = (datetime.fromisoformat(mailbox[key]).replace(tzinfo=UTC) for key in ("p01", "p99"))
            ties = _ties((one for one in _messages(paths) if since <= one[1] <= until), own)
            yield Ego("enron", mailbox["mailbox"], ties)
    for name in NETWORKS:
        yield from _nodes(name, root / f"networks/{name}.tsv")


def _messages(paths: Iterable[Path]) -> Iterator[tuple[Message, datetime]]:
    parser = BytesHeaderParser()
    for path in paths:
        for raw in re.split(rb"(?m)^From MAILER-DAEMON [^\n]*\n", path.read_bytes())[1:]:
            message = parser.parsebytes(raw)
            try:
                at = parsedate_to_datetime(str(message["Date"]))
            except (TypeError, ValueError):
                continue
            yield message, at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)


def _ties(messages: Iterable[tuple[Message, datetime]], own: set[str]) -> Ties:
    ties: defaultdict[str, list[Touch]] = defaultdict(list)
    seen: set[tuple[object, ...]] = set()
    for number, (message, at) in enumerate(messages, 1):
        sender = next(iter(_addresses(message, "From")), "")
        to, cc = _addresses(message, "To"), _addresses(message, "Cc")
        copy = (sender, at.timestamp() // 60, tuple(sorted({*to, *cc})), str(message["Subject"])[:60])
        people = {one for one in (*to, *cc) if not _nobody(one)} - {sender}
        if not sender or copy in seen or len(people) > WIDEST:
            continue
        seen.add(copy)
        if sender in own:
            for one in people - own:
                role = Role.TO if one in to else Role.CC
                ties[one].append(_mail(number, at, Direction.OUT, role))
        elif people & own and not _nobody(sender):
            ties[sender].append(_mail(number, at, Direction.IN, Role.FROM))
    return {one: sorted(touches, key=lambda touch: touch.at) for one, touches in ties.items()}


def _addresses(message: Message, field: str) -> list[str]:
    pairs = getaddresses([str(value) for value in message.get_all(field, [])])
    return [address.lower() for _, address in pairs if "@" in address]


def _nobody(address: str) -> bool:
    is_list = re.search(r"@(?:[\w.-]*\.)?(?:vger\.|lists?\.|gnu\.org)|@lists", address)
    return bool(is_list) or is_machine_address(address) or is_role_address(address)


def _mail(number: int, at: datetime, direction: Direction, role: Role) -> Touch:
    return Touch(number, at, at, InteractionKind.MAIL, direction, VerdictKind.HUMAN, role)


def _nodes(name: str, path: Path) -> Iterator[Ego]:
    events = sorted({tuple(map(int, line.split()[:3])) for line in path.read_text().splitlines()}, key=lambda e: e[2])
    width = Counter((source, at) for source, _, at in events)
    nodes: defaultdict[int, defaultdict[str, list[Touch]]] = defaultdict(lambda: defaultdict(list))
    for number, (source, target, seconds) in enumerate(events, 1):
        if source != target and width[source, seconds] <= WIDEST:
            at = datetime.fromtimestamp(seconds, UTC)
            nodes[source][f"{target}@n.example"].append(_mail(number, at, Direction.OUT, Role.TO))
            nodes[target][f"{source}@n.example"].append(_mail(number, at, Direction.IN, Role.FROM))
    for node, ties in nodes.items():
        if sum(map(len, ties.values())) >= LEAST_EVENTS:
            yield Ego(name, str(node), ties)


# --------------------------------------------------------------------------- sampling


class Sample(NamedTuple):
    """One tie on one day, and what came of it."""

    source: str
    returned: bool
    one: Relationship
    silence: float
    span: float
    conversations: int


def samples(ego: Ego, cuts: int, policy: Policy) -> Iterator[Sample]:
    """Everybody in two-way contact, at `cuts` random dates of the middle of an ego's history."""
    moments = [touch.at for touches in ego.ties.values() for touch in touches]
    if not moments:
        return
    first, last = min(moments), max(moments)
    begin, end = first + (last - first) / 5, last - HORIZON
    if end <= begin:
        return
    rng = random.Random(f"{ego.source} {ego.name}")  # noqa: S311 - a reproducible sample, no secret
    for _ in range(cuts):
        now = begin + (end - begin) * rng.random()
        for number, (address, touches) in enumerate(ego.ties.items()):
            past = [touch for touch in touches if touch.at <= now]
            if len({touch.direction for touch in past}) > 1:
                one = know(Person(f"p:{number:08x}", address, (address,)), past, (), policy, now).relationship
                history = history_of(past)
                yield Sample(
                    ego.source,
                    any(now < touch.at <= now + HORIZON for touch in touches),
                    one,
                    (now.timestamp() - history.last) / DAY,
                    (history.last - history.first) / DAY,
                    history.conversations,
                )


# --------------------------------------------------------------------------- judging


def auc(scores: Sequence[float], outcomes: Sequence[bool]) -> float:
    """The chance that somebody who returned is ranked above somebody who did not; ties count half."""
    ranks: dict[float, float] = {}
    below = 0
    for score, count in sorted(Counter(scores).items()):
        ranks[score] = below + (count + 1) / 2
        below += count
    yes = sum(outcomes)
    no = len(outcomes) - yes
    if not yes or not no:
        return math.nan
    total = sum(ranks[score] for score, outcome in zip(scores, outcomes, strict=True) if outcome)
    return (total - yes * (yes + 1) / 2) / (yes * no)


def bg_nbd(sample: Sample) -> float:
    """The chance of a purchase within 90 days by BG/NBD (Fader, Hardie and Lee 2005), on the same conversations."""
    r, alpha, a, b = BG_NBD
    x, recency, age = sample.conversations - 1, sample.span, sample.span + sample.silence
    dead = a / (b + x - 1) * math.pow((alpha + age) / (alpha + recency), r + x) if x else 0.0
    return (1 - math.pow((alpha + age) / (alpha + age + HORIZON.days), r + x)) / (1 + dead)


MEASURES: Mapping[str, Callable[[Sample], float]] = {
    "p_alive": lambda one: one.one.tie.p_alive,
    "strength": lambda one: one.one.tie.strength,
    "recency": lambda one: -one.silence,
    "exchanges": lambda one: one.one.tie.interactions,
    "BG/NBD": bg_nbd,
}


def fit(chosen: Sequence[Sample]) -> list[float]:
    """The exponents of conversations, span and silence, and the constant, by logistic regression (Newton's method)."""
    rows = [(math.log(one.conversations), math.log(one.span + 30), -math.log(one.silence + 5), 1.0) for one in chosen]
    weights = [0.0] * 4
    for _ in range(12):
        gradient = [-1e-6 * weight for weight in weights]
        hessian = [[1e-6 * (i == j) for j in range(4)] for i in range(4)]
        for row, sample in zip(rows, chosen, strict=True):
            chance = 1 / (1 + math.exp(-sum(map(lambda w, x: w * x, weights, row))))
            for i in range(4):
                gradient[i] += row[i] * (sample.returned - chance)
                for j in range(4):
                    hessian[i][j] += row[i] * row[j] * chance * (1 - chance)
        weights = [weight + step for weight, step in zip(weights, _solve(hessian, gradient), strict=True)]
    return weights


def _solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gauss-Jordan elimination; the matrix is positive definite."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i, pivot in enumerate(rows):
        pivot[:] = [value / pivot[i] for value in pivot]
        for j, row in enumerate(rows):
            if i != j:
                row[:] = [value - row[i] * other for value, other in zip(row, pivot, strict=True)]
    return [row[-1] for row in rows]


# --------------------------------------------------------------------------- reporting


def report(by_source: Mapping[str, Sequence[Sample]]) -> None:
    """Print every table."""
    print(f"{'':14}{'samples':>9}{'returned':>10}", *(f"{name:>10}" for name in MEASURES))
    areas: defaultdict[str, list[float]] = defaultdict(list)
    for source, chosen in by_source.items():
        outcomes = [one.returned for one in chosen]
        for name, measure in MEASURES.items():
            areas[name].append(auc([measure(one) for one in chosen], outcomes))
        line = (f"{areas[name][-1]:10.3f}" for name in MEASURES)
        print(f"{source:14}{len(chosen):9}{fmean(outcomes):10.1%}", *line)
    print(f"{'mean AUC':33}", *(f"{fmean(areas[name]):10.3f}" for name in MEASURES))

    print("\nOf those given this chance, so many returned (number of samples):")
    print(f"{'p_alive':14}", *(f"{source:>18}" for source in by_source))
    for low in range(0, 100, 10):
        cells = []
        for chosen in by_source.values():
            inside = [one.returned for one in chosen if low <= 100 * one.one.tie.p_alive < low + 10]
            cells.append(f"{fmean(inside):8.0%} ({len(inside):6})" if inside else "-")
        print(f"{low:3}-{low + 10:3} %     ", *(f"{cell:>18}" for cell in cells))

    print("\nBy state, of those followed: so many, and so many of them back by themselves within 90 days:")
    for source, chosen in by_source.items():
        followed = [one for one in chosen if one.one.followed]
        cells = []
        for state in TieState:
            inside = [one.returned for one in followed if one.one.tie.state is state]
            cells.append(f"{state.value} {len(inside)}" + (f" ({fmean(inside):.0%} back)" if inside else ""))
        print(f"{source:14}", "; ".join(cells))

    print("\nFitted anew: odds = constant * conversations^a * (span + 30)^b / (silence + 5)^c")
    for source, chosen in by_source.items():
        a, b, c, constant = fit(chosen)
        print(f"{source:14} a = {a:5.2f}   b = {b:5.2f}   c = {c:5.2f}   constant = {math.exp(constant):6.2f}")


def rhythm_report(egos: Iterable[Ego]) -> None:
    """Print how often the next silence stayed within the rhythm learned so far: half the time, were it the median."""
    within: Counter[tuple[str, int]] = Counter()
    total: Counter[str] = Counter()
    for ego in egos:
        for touches in ego.ties.values():
            gaps = history_of(touches).gaps
            for known in range(LEAST_GAPS, len(gaps)):
                if rhythm := rhythm_of(History(gaps=gaps[:known])):
                    total[ego.source] += 1
                    for times in (1, 2, 4):
                        within[ego.source, times] += gaps[known] <= times * rhythm.total_seconds()
    print("\nThe next silence was at most so many times the rhythm:")
    for source, count in total.items():
        print(f"{source:14}", *(f"{times} x: {within[source, times] / count:4.0%}  " for times in (1, 2, 4)), count)


def main() -> None:
    """Read, sample, judge, print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("data", type=Path)
    options.add_argument("--cuts", type=int, default=30, help="random dates for each mailbox (1 for each network node)")
    chosen = options.parse_args()
    policy = Policy()
    egos = list(read_egos(chosen.data))
    by_source: defaultdict[str, list[Sample]] = defaultdict(list)
    for ego in egos:
        cuts = 1 if ego.source in NETWORKS else chosen.cuts
        by_source[ego.source].extend(samples(ego, cuts, policy))
    report(by_source)
    rhythm_report(egos)


if __name__ == "__main__":
    main()
