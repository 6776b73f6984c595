"""`syncd doctor`: look whether everything works, and say what mends what does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from syncd import log
from syncd.checkup import Mark, checkup, worst
from syncd.cli.session import ConfigOption, JsonOption, paper, print_json, talk
from syncd.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncd.checkup import Finding

_WORDS = {
    Mark.OK: ("ok", "green"),
    Mark.NOTE: ("note", "yellow"),
    Mark.FAILED: ("FAIL", "red"),
    Mark.SKIPPED: ("skip", "dim"),
}


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command("doctor")(doctor)


def doctor(
    accounts: Annotated[
        list[str] | None, typer.Argument(help="Only these accounts; everything without a name.")
    ] = None,
    *,
    notify: Annotated[
        bool, typer.Option("--notify", help="Mail you what is wrong, once a day at most; for the service.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> int:
    """Look whether everything works: files, clock, disk, database, service, every server and sign-in, delivery.

    --json gives {"exit": N, "checks": [{"check", "about", "state", "what", "mend", "exit"}]}; `state` is ok, note,
    failed or skipped, `about` says which account, server or unit, `mend` what to type.
    """
    with checkup(config) as at:
        if at.settings:
            log.configure(at.settings.daemon.log_level, names=at.settings.privacy.log_names)
        findings = []
        for finding in at.findings(accounts or []):
            findings.append(finding)
            if not as_json:
                _print(finding)
        first = worst(findings)
        code = first.exit if first else Exit.OK
        if as_json:
            print_json({"exit": int(code), "checks": _as_value(findings)})
        if not notify:
            return code
        from syncd.checkup.notice import tell  # noqa: PLC0415 - templates and mail load only when one is written

        talk.print(tell(at, findings, at.clock()), markup=False)
        return Exit.OK


def _print(finding: Finding) -> None:
    """One line, and below a failure what mends it; failures go where errors go."""
    word, style = _WORDS[finding.mark]
    line = Text.assemble((f"{word:<4}", style), f"  {finding.label}: {finding.what}")
    if finding.mark is Mark.FAILED:
        talk.print(line)
        if finding.mend:
            talk.print(Text(finding.mend))
        return
    if finding.mend:
        line.append(f". {finding.mend}" if not finding.what.endswith(".") else f" {finding.mend}")
    paper.print(line)


def _as_value(findings: Sequence[Finding]) -> list[dict[str, object]]:
    return [
        {
            "check": finding.check,
            "about": finding.about or None,
            "state": finding.mark.value,
            "what": finding.what,
            "mend": finding.mend or None,
            "exit": int(finding.exit),
        }
        for finding in findings
    ]
