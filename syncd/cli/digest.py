"""`syncd digest`: read today's digest here, write it to a file, or send it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from syncd import mailing, review
from syncd.cli.session import ConfigOption, JsonOption, lend_config, paper, print_json, session, talk
from syncd.errors import Exit, SyncdError
from syncd.model import Letter, LetterState
from syncd.pipeline.schedule import digest_due

if TYPE_CHECKING:
    from syncd.cli.session import Session
    from syncd.model import Digest, Entry, Phrase

digests = typer.Typer(invoke_without_command=True, help="The digest of today, or of another day.")


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.add_typer(digests, name="digest")


@digests.callback()
def digest(
    context: typer.Context,
    *,
    html: Annotated[Path | None, typer.Option("--html", help="Write the HTML digest to this file.")] = None,
    day: Annotated[str | None, typer.Option("--date", help="As of this day, like 2026-10-06.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> int:
    """Print the digest of today, or of another day; nothing is sent."""
    if context.invoked_subcommand:
        lend_config(context, config)
        return Exit.OK
    with session(config) as at:
        at.refresh()
        written = compose(at, day)
        if html:
            write_html(written, at, html)
        if as_json:
            print_json(as_value(written, at))
        elif not html:
            print_text(at, written)
    return Exit.OK


def print_text(at: Session, written: Digest) -> None:
    """The digest as text on stdout, or one sentence on a quiet day."""
    from syncd.render import render_text  # noqa: PLC0415 - templates load only when something is rendered

    if written.empty:
        paper.print(f"Nothing to say on {written.day}: a quiet day sends nothing.")
    else:
        paper.print(render_text(written, at.policy).rstrip(), markup=False)


def compose(at: Session, day: str | None) -> Digest:
    """The digest as of `day`, or of now."""
    return review.digest(at.store, at.policy, at.as_of(day), tuple(at.settings.accounts))


def write_html(written: Digest, at: Session, path: Path) -> None:
    """Write the HTML digest; a new file is for its owner alone. Raises SyncdError when it cannot be written."""
    from syncd.render import render_html  # noqa: PLC0415 - templates load only when something is rendered

    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(render_html(written, at.policy))
    except OSError as error:
        refused = SyncdError(
            f"{path} cannot be written: {error.strerror}.", "Choose another file: syncd digest --html FILE"
        )
        refused.exit = Exit.CANNOT_WRITE
        raise refused from error
    talk.print(f"The digest of {written.day} is in {path}", markup=False)


@digests.command("send")
def send(
    *,
    if_due: Annotated[
        bool, typer.Option("--if-due", help="Only on the days and after the hour of [digest]; for timers.")
    ] = False,
    config: ConfigOption = None,
) -> int:
    """Send today's digest, unless it went out already or there is nothing to say."""
    with session(config) as at:
        at.refresh()
        due = not if_due or digest_due(at.now, mailing.last_day(at.store, at.policy, at.now), at.policy)
        if due:
            mailing.post_digest(at.store, at.settings, at.policy, at.now)
        dealt_with = mailing.deliver(at.store, at.settings, at.now, by_hand=not if_due)
        today = at.now.astimezone(at.zone).date()
        standing = next((letter for letter in at.store.letters() if letter.day == today), None)
    for letter in dealt_with:
        talk.print(outcome_of(letter), markup=False)
    if due and standing not in dealt_with:
        talk.print(_why_not(standing), markup=False)
    told = due or standing in dealt_with
    return Exit.OK if not told or (standing and _is_over(standing)) else Exit.TRY_LATER


def _is_over(letter: Letter) -> bool:
    """Whether a digest is not worth another try today."""
    return letter.state is LetterState.SKIPPED or (letter.state is LetterState.SENT and not letter.error)


def _why_not(today: Letter | None) -> str:
    """Why nothing was sent just now."""
    match today:
        case None | Letter(state=LetterState.PLANNED):
            return "Another syncd is composing today's digest; to see what becomes of it, type: syncd status"
        case Letter(state=LetterState.SKIPPED):
            return "Nothing to say today; no mail was sent."
        case Letter(state=LetterState.SENT, error=""):
            return "Today's digest went out already; there is one a day at most."
    return outcome_of(today)


def outcome_of(letter: Letter) -> str:
    """What became of a letter, and what to type if that was not its arrival."""
    said = {
        LetterState.PLANNED: "is being composed",
        LetterState.RENDERED: "has not been sent yet",
        LetterState.SENDING: "may have been sent" if letter.error else "is being sent",
        LetterState.SENT: "may have been sent" if letter.error else f"was sent to {letter.recipient}",
        LetterState.FAILED: "was not sent",
        LetterState.SKIPPED: "was not sent, since there was nothing to say",
    }
    return f"The digest of {letter.day} {said[letter.state]}. {letter.error}".rstrip()


def as_value(written: Digest, at: Session) -> dict[str, object]:
    """The digest as the stable JSON value of the command line."""
    from syncd.render import say  # noqa: PLC0415 - templates load only when something is rendered

    return {
        "date": written.day,
        "sections": [
            {
                "kind": section.kind.value,
                "entries": [{**_entry(entry), "text": say(entry.why, written, at.policy)} for entry in section.entries],
            }
            for section in written.sections
        ],
        "withheld": [
            {"id": withheld.person, "name": withheld.name, "why": _phrase(withheld.why)}
            for withheld in written.withheld
        ],
    }


def _entry(entry: Entry) -> dict[str, object]:
    return {
        "title": entry.title,
        "id": entry.person,
        "name": entry.name,
        "address": entry.address,
        "at": entry.at,
        "subject": entry.subject,
        "why": [_phrase(phrase) for phrase in entry.why],
        "reason_to_write": _phrase(entry.reason_to_write) if entry.reason_to_write else None,
        "months": list(entry.months),
    }


def _phrase(phrase: Phrase) -> dict[str, object]:
    return {"code": phrase.code, **dict(phrase.values)}
