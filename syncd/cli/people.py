"""`syncd people`, `show` and `explain`: who is in contact with the owner, and the proof of every line."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from syncd.cli.session import ConfigOption, JsonOption, paper, print_json, session, talk
from syncd.errors import Exit, UsageError
from syncd.model import InteractionKind, SectionKind, TieState, VerdictKind
from syncd.pipeline.conversation import is_office
from syncd.pipeline.machines import is_machine_address, is_room
from syncd.pipeline.normalize import normal_address
from syncd.review import digest, find_person, is_contact, relationships
from syncd.sync import own_addresses

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from syncd.cli.session import Session
    from syncd.model import Digest, Interaction, Relationship

EXCHANGES_SHOWN = 8
EXCHANGES_EXPLAINED = 400
WIDE = 1000
"""Columns in which a table keeps one line for each person, for the programs behind a pipe."""
SECTION_TITLES = {
    SectionKind.TODAY: "Today",
    SectionKind.QUIET: "Going quiet",
    SectionKind.OWED: "Waiting for your reply",
    SectionKind.WEEK: "This week",
    SectionKind.LOST: "Lost touch",
}

DateOption = Annotated[str | None, typer.Option("--date", help="As of this day, like 2026-10-06.")]


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command("people")(people)
    app.command("show")(show)
    app.command("explain")(explain)


def people(
    *,
    cold: Annotated[bool, typer.Option("--cold", help="Only ties that are cold or lost.")] = False,
    circle: Annotated[str | None, typer.Option("--circle", help="Only this circle.")] = None,
    unmatched: Annotated[bool, typer.Option("--unmatched", help="Only people whom no rule matched.")] = False,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="At most this many.")] = None,
    day: DateOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> int:
    """List the people you are in contact with, the strongest tie first."""
    with session(config) as at:
        if circle is not None and at.policy.circle(circle) is None:
            known = ", ".join(one.name for one in at.policy.circles)
            raise UsageError(f"There is no circle {circle!r}.", f"The circles are: {known}")
        at.refresh()
        contacts = [
            one for one in relationships(at.store, at.policy, at.as_of(day)) if is_contact(one) and not one.muted
        ]
        chosen = [
            one
            for one in contacts
            if (not cold or one.tie.state in {TieState.COLD, TieState.LOST})
            and (circle is None or one.circle == circle)
            and not (unmatched and one.circle)
        ][:limit]
        if as_json:
            print_json([as_value(one) for one in chosen])
        elif contacts and not chosen:
            talk.print("Nobody of that kind. See everybody: syncd people")
        else:
            print_table(at, chosen)
    return Exit.OK


def as_value(one: Relationship) -> dict[str, object]:
    """One person as the stable JSON value of the command line."""
    return {
        "id": one.person.id,
        "name": one.person.name,
        "addresses": list(one.person.addresses),
        "circle": one.circle or None,
        "state": one.tie.state.value,
        "last": one.tie.last,
        "interactions": one.tie.interactions,
        "sent": one.tie.sent,
        "received": one.tie.received,
        "met": one.tie.met,
        "p_alive": round(one.tie.p_alive, 4),
        "reason": one.tie.reason,
    }


def print_table(at: Session, chosen: list[Relationship]) -> None:
    """People as a table on stdout, or a sentence when there is nobody."""
    if not chosen:
        paper.print("Nobody yet. Read your accounts first: syncd sync")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("name", "circle", "state", "last"):
        table.add_column(title, overflow="fold")
    for title in ("sent", "received", "met"):
        table.add_column(title, justify="right", overflow="fold")
    for one in chosen:
        tie = one.tie
        table.add_row(
            one.person.name, one.circle or "-", tie.state.value, day_of(tie.last, at),
            str(tie.sent), str(tie.received), str(tie.met),
        )  # fmt: skip
    if not paper.is_terminal:
        paper.width = WIDE
    paper.print(table, markup=False)


def day_of(moment: datetime | None, at: Session) -> str:
    """The owner's local day of `moment`, or a dash."""
    return moment.astimezone(at.zone).date().isoformat() if moment else "-"


def show(
    name: Annotated[str, typer.Argument(help="A name, an address or an id.")],
    *,
    day: DateOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> int:
    """Show one person: how the tie stands, and the last exchanges."""
    with session(config) as at:
        at.refresh()
        now = at.as_of(day)
        one = _find(at, relationships(at.store, at.policy, now), name)
        exchanges = at.store.exchanges(one.person.id, EXCHANGES_SHOWN, now)
        if as_json:
            print_json({**as_value(one), "exchanges": [_exchange(exchange) for exchange in exchanges]})
        else:
            _print_person(at, one)
            _print_exchanges(at, exchanges)
    return Exit.OK


def _find(at: Session, everybody: Sequence[Relationship], name: str) -> Relationship:
    try:
        return find_person(everybody, name)
    except UsageError:
        address = normal_address(name)
        if is_machine_address(address) or is_room(address, ""):
            raise UsageError(
                f"No person writes from {name}: such an address belongs to a machine or a room, and is nobody here.",
                "See who is somebody: syncd people",
            ) from None
        if address in own_addresses(at.store, at.policy):
            raise UsageError(
                f"{name} is an address of your own, and those never become people.",
                "If it is not yours, see [me] and the `addresses` of your accounts: syncd config show",
            ) from None
        raise


def _print_person(at: Session, one: Relationship) -> None:
    tie = one.tie
    paper.print(f"{one.person.name}  {one.person.id}", markup=False)
    for address in one.person.addresses:
        paper.print(f"  {address}", markup=False)
    paper.print(
        f"  {one.circle or 'in no circle'}, {tie.state.value}; last contact {day_of(tie.last, at)}", markup=False
    )
    paper.print(f"  {tie.sent} sent, {tie.received} received, {tie.met} met", markup=False)
    paper.print(f"  {tie.reason}", markup=False)


def _print_exchanges(at: Session, exchanges: tuple[Interaction, ...]) -> None:
    if exchanges:
        paper.print("\nLast exchanges")
    for exchange in exchanges:
        counted = "" if exchange.verdict.kind is VerdictKind.HUMAN else f"  [{exchange.verdict.kind.value}]"
        what = "met" if exchange.kind is InteractionKind.MEETING else exchange.direction.value
        paper.print(f"  {day_of(exchange.at, at)}  {what:<6}  {exchange.subject}{counted}", markup=False)


def _exchange(exchange: Interaction) -> dict[str, object]:
    return {
        "id": f"{exchange.id:016x}",
        "kind": exchange.kind.value,
        "at": exchange.at,
        "direction": exchange.direction.value,
        "subject": exchange.subject,
        "verdict": exchange.verdict.kind.value,
        "because": exchange.verdict.reason,
        "evidence": [{"account": seen.account, "record": seen.remote_id} for seen in exchange.evidence],
    }


def explain(
    name: Annotated[str, typer.Argument(help="A name, an address or an id; also of people who are not shown.")],
    *,
    day: DateOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> int:
    """Explain what syncd thinks of a person, and why they are shown or not."""
    with session(config) as at:
        at.refresh()
        now = at.as_of(day)
        everybody = relationships(at.store, at.policy, now)
        one = _find(at, everybody, name)
        written = digest(at.store, at.policy, now, tuple(at.settings.accounts), everybody)
        aliases = at.store.aliases(one.person.id)
        exchanges = at.store.exchanges(one.person.id, EXCHANGES_EXPLAINED, now)
        verdicts = read_as(exchanges)
        if as_json:
            print_json(
                {
                    **as_value(one),
                    "because": one.because,
                    "followed": one.followed,
                    "digest": place_in(written, one, at, verdicts),
                    "aliases": [{"address": alias.address, "because": alias.because} for alias in aliases],
                    "verdicts": [{"kind": kind, "reason": reason, "count": count} for count, kind, reason in verdicts],
                    "exchanges": [_exchange(exchange) for exchange in exchanges[:EXCHANGES_SHOWN]],
                }
            )
            return Exit.OK
        _print_person(at, one)
        paper.print(f"\nIn the digest of {written.day}\n  {place_in(written, one, at, verdicts)}", markup=False)
        paper.print("\nThe rule")
        paper.print(f"  {one.because}", markup=False)
        if one.tie.rhythm:
            paper.print(f"  You usually talk every {one.tie.rhythm.days} days.", markup=False)
        if one.tie.cadence:
            paper.print(f"  Held against {one.tie.cadence.days} days.", markup=False)
        paper.print("\nWhose addresses these are")
        for alias in aliases:
            paper.print(f"  {alias.address}: {alias.because}", markup=False)
        paper.print("\nHow the records were read")
        for count, kind, reason in verdicts:
            paper.print(f"  {count} x {kind}: {reason}", markup=False)
        _print_exchanges(at, exchanges[:EXCHANGES_SHOWN])
        for seen in (seen for exchange in exchanges[:3] for seen in exchange.evidence):
            paper.print(f"  proof: {seen.account} {seen.remote_id}", markup=False, style="dim")
    return Exit.OK


def place_in(written: Digest, one: Relationship, at: Session, verdicts: Sequence[tuple[int, str, str]]) -> str:
    """Where somebody stands in a digest, or the sentence that says why not."""
    from syncd.render import say  # noqa: PLC0415 - templates load only when something is rendered

    for section in written.sections:
        for entry in section.entries:
            if entry.person == one.person.id:
                return f"{SECTION_TITLES[section.kind]}: {say(entry.why, written, at.policy)}"
    for withheld in written.withheld:
        if withheld.person == one.person.id:
            return say([withheld.why], written, at.policy)
    return why_not_due(one, written, verdicts)


def why_not_due(one: Relationship, written: Digest, verdicts: Sequence[tuple[int, str, str]]) -> str:
    """The sentence about somebody of whom a digest says nothing at all; `verdicts` as from `read_as`."""
    if one.muted:
        return "Not shown: you let them go."
    if one.snoozed_until and one.snoozed_until > written.day:
        return f"Not shown: snoozed until {one.snoozed_until}."
    if not is_contact(one):
        return f"Not shown: {why_no_contact(one, verdicts)}"
    if not one.followed:
        return "Not shown: nobody asked to follow them (see the rule)."
    return f"Not shown: the tie is {one.tie.state.value}, so nothing is due."


def why_no_contact(one: Relationship, verdicts: Sequence[tuple[int, str, str]]) -> str:
    """What is lacking for a contact, and the most usual reason why what there is does not count."""
    if one.tie.sent:
        return "you wrote, and they never answered."
    if one.tie.received:
        return "they wrote, and you never answered."
    if is_office(one.person):
        return f"{one.person.addresses[0]} is the mailbox of an office, and nobody in particular has answered from it."
    uncounted = next((reason for _, kind, reason in verdicts if kind != VerdictKind.HUMAN), "")
    if uncounted:
        return f"nothing there is counts as conversation. {uncounted}"
    if one.next_meeting:
        return "you have not met or written yet; a meeting is ahead."
    return "you have not been in touch both ways."


def read_as(exchanges: Sequence[Interaction]) -> list[tuple[int, str, str]]:
    """How many records got which verdict and why, most first; reasons that differ only in a number are one."""
    groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for exchange in exchanges:
        verdict = exchange.verdict
        groups[verdict.kind.value, re.sub(r"\d+", "#", verdict.reason)].append(verdict.reason)
    rows = ((len(reasons), kind, reasons[0]) for (kind, _), reasons in groups.items())
    return sorted(rows, key=lambda row: (-row[0], row[1:]))
