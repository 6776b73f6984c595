"""Which circle somebody is in, and how often is enough: the owner's word first, then the rules in their order.

Every answer names the rule and the line of the configuration that gave it, or says by how much each rule was missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from syncd.model import DecisionKind
from syncd.pipeline.careers import in_domains
from syncd.pipeline.normalize import normal_address
from syncd.pipeline.score import Pace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncd.model import Decision
    from syncd.pipeline.careers import SharedJob
    from syncd.pipeline.policy import Circle, PersonPolicy, Policy, When
    from syncd.pipeline.score import History


@dataclass(frozen=True, slots=True)
class Words:
    """What the owner said about one person, the last word of each kind standing."""

    circle: str | None = None
    tags: tuple[str, ...] = ()
    muted: bool | None = None
    ignored: bool = False
    snoozed_until: date | None = None
    talked: tuple[date, ...] = ()


_NOTHING_SAID = Words()


def words_of(decisions: Sequence[Decision]) -> Words:
    """The decisions about one person, put together; a date that is none is passed over."""
    if not decisions:
        return _NOTHING_SAID
    circle: str | None = None
    muted: bool | None = None
    snoozed_until: date | None = None
    ignored = False
    tags: dict[str, None] = {}
    talked: list[date] = []
    for decision in sorted(decisions, key=lambda one: one.at):
        match decision.kind:
            case DecisionKind.CIRCLE:
                circle = decision.object
            case DecisionKind.TAG:
                tags[decision.object] = None
            case DecisionKind.MUTE | DecisionKind.UNMUTE:
                muted = decision.kind is DecisionKind.MUTE
            case DecisionKind.IGNORE:
                ignored = True
            case DecisionKind.SNOOZE:
                snoozed_until = _day(decision.object)
            case DecisionKind.TALKED if day := _day(decision.object):
                talked.append(day)
            case _:  # same and different are a matter of identity
                pass
    return Words(circle, tuple(tags), muted, ignored, snoozed_until, tuple(sorted(talked)))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where somebody stands: the circle ("" for none), the reason, the pace, and whether it is to be kept at all."""

    circle: str
    because: str
    pace: Pace
    first: timedelta | None = None
    muted: bool = False
    ignored: bool = False


def settings_of(addresses: Sequence[str], people: Sequence[PersonPolicy]) -> PersonPolicy | None:
    """What the configuration says about the person with these addresses; the first entry that names one of them."""
    for settings in people:
        if any(normal_address(one) in addresses for one in (settings.address, *settings.also)):
            return settings
    return None


@dataclass(frozen=True, slots=True)
class Candidate:
    """What rules look at: somebody's addresses, exchanges, and the job shared with the owner."""

    addresses: Sequence[str]
    history: History
    job: SharedJob | None = None


def assign(candidate: Candidate, words: Words, settings: PersonPolicy | None, policy: Policy) -> Placement:
    """The circle of a person: a decision, else [people], else the first rule that matches, else none.

    A cadence under [people] outranks the circle's; MUTE, UNMUTE and IGNORE outrank everything.
    """
    circle, because = _circle(candidate, words, settings, policy)
    muted = words.muted if words.muted is not None else settings is not None and settings.mute
    pace = Pace(circle.cadence, circle.follow, placed=True) if circle else Pace()
    if settings and settings.cadence:
        pace = Pace(settings.cadence, follow=False, placed=True)
        because = f"{because} Their own cadence stands in [people] ({settings.place or settings.address})."
    if words.ignored:
        because = "You said to ignore them."
    elif muted:
        because = f"{'You let them go' if words.muted else 'Muted in [people]'}. {because}"
    return Placement(
        circle=circle.name if circle else "",
        because=because,
        pace=pace,
        first=circle.first if circle else None,
        muted=muted,
        ignored=words.ignored,
    )


def _circle(
    candidate: Candidate, words: Words, settings: PersonPolicy | None, policy: Policy
) -> tuple[Circle | None, str]:
    said = [(words.circle, "You put them there.")] if words.circle else []
    if settings and settings.circle:
        said.append((settings.circle, f"[people] says so ({settings.place or settings.address})."))
    unknown = ""
    for name, because in said:
        if circle := policy.circle(name):
            return circle, because
        unknown = f'There is no circle "{name}". '
    missed: list[str] = []
    for rule in policy.rules:
        conditions = _conditions(rule.when, candidate, words.tags)
        lacking = [text for met, text in conditions if not met]
        if not lacking:
            found = ", ".join(text for _, text in conditions) or "it asks for nothing"
            return policy.circle(rule.circle), f'{unknown}Rule "{rule.name}" ({rule.place}): {found}.'
        missed.append(f'"{rule.name}" wants {" and ".join(lacking)}')
    return None, f"{unknown}No rule matches: {'; '.join(missed) or 'there are none'}."


def _conditions(when: When, candidate: Candidate, tags: Sequence[str]) -> list[tuple[bool, str]]:
    """Each condition that is set: whether it holds, and what was found or else would be needed."""
    history, job = candidate.history, candidate.job
    conditions: list[tuple[bool, str]] = []
    if when.tag:
        shared = [tag for tag in when.tag if tag in tags]
        conditions.append((True, f"tag {', '.join(shared)}") if shared else (False, f"the tag {_any_of(when.tag)}"))
    if when.domain:
        fits = in_domains(when.domain, candidate.addresses)
        conditions.append((True, ", ".join(fits)) if fits else (False, f"an address at {_any_of(when.domain)}"))
    if when.job:
        shares = job is not None and ("any" in when.job or job.job in when.job)
        jobs = "any of your jobs" if "any" in when.job else _any_of(when.job)
        conditions.append((True, job.because) if job and shares else (False, f"an address at {jobs}"))
    if when.former is not None:
        is_so = job is not None and job.former is when.former
        who = "a former colleague" if when.former else "a colleague still"
        conditions.append((is_so, who if is_so else f"somebody who is {who}"))
    if when.min_exchanges:
        conditions.append(_at_least(when.min_exchanges, history.exchanges, "exchanges"))
    if when.min_replies_from_them:
        conditions.append(_at_least(when.min_replies_from_them, history.received, "mails from them"))
    if when.min_months:
        conditions.append(_at_least(when.min_months, len(history.months), "months with an exchange"))
    return conditions


def _at_least(least: int, has: int, what: str) -> tuple[bool, str]:
    return (True, f"{has} {what}") if has >= least else (False, f"{least} {what} ({least - has} more)")


def _any_of(names: Sequence[str]) -> str:
    return " or ".join(names)
