"""What every command starts from: the settings, the store, the clock and the terminal.

Data goes to stdout, talk to stderr; `--json` prints one stable JSON value; progress shows only on a terminal.
"""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from syncd import log
from syncd.accounts import House, open_account
from syncd.clock import system_clock
from syncd.config import find_config, load
from syncd.config.paths import state_folder
from syncd.errors import StoreBusy, UsageError
from syncd.pipeline.schedule import instant_of
from syncd.store import Store
from syncd.sync import derive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from syncd.config import Settings
    from syncd.connector import Progress
    from syncd.pipeline.policy import Policy
    from syncd.sync import OpenAccount

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The configuration file; without it: $SYNCD_CONFIG, then the usual places."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON value for programs.")]

EARLIEST_DAY, LATEST_DAY = date(1970, 1, 1), date(2999, 12, 31)
"""What can be asked for with --date; farther away, a day has no neighbours to count from."""

_PACE_OVER = 120.0
"""Seconds: a page of a provider with a quota takes 15, and a pace needs several."""

talk = Console(stderr=True, highlight=False, soft_wrap=True)
paper = Console(highlight=False, soft_wrap=True)


def lend_config(context: typer.Context, config: Path | None) -> None:
    """Let the command below take the --config that stood before its name, unless one follows it too."""
    if config is not None and context.invoked_subcommand:
        context.default_map = {context.invoked_subcommand: {"config": config}}


@dataclass(frozen=True, slots=True)
class Session:
    """One command at work: what the owner decided, what is stored, and what time it is."""

    settings: Settings
    policy: Policy
    store: Store
    now: datetime

    @property
    def zone(self) -> ZoneInfo:
        """The owner's time zone."""
        return ZoneInfo(self.policy.me.time_zone)

    def refresh(self) -> None:
        """Bring conclusions up to date with the configuration; beside a busy daemon, what stands is good enough."""
        try:
            derive(self.store, self.policy)
        except StoreBusy:
            talk.print("Another syncd is writing; this is what stood before.", style="dim")

    def as_of(self, day: str | None) -> datetime:
        """Now, or the digest hour of `day` (ISO 8601) in the owner's zone, in UTC."""
        if day is None:
            return self.now
        try:
            wanted = date.fromisoformat(day)
        except ValueError:
            raise UsageError(f"{day!r} is not a date.", "Write it like 2026-10-06.") from None
        if not EARLIEST_DAY <= wanted <= LATEST_DAY:
            raise UsageError(f"{day} is too far away.", f"Name a day from {EARLIEST_DAY} to {LATEST_DAY}.")
        return instant_of(wanted, self.policy)

    @contextmanager
    def sources(self, names: Sequence[str], *, rehearsing: bool = False) -> Iterator[tuple[OpenAccount, ...]]:
        """The accounts called `names` (all when empty), ready to be polled and closed at the end.

        While `rehearsing` they remember what they read in this process alone.
        """
        unknown = [name for name in names if name not in self.settings.accounts]
        if unknown:
            known = ", ".join(self.settings.accounts)
            raise UsageError(f"No account is called {unknown[0]!r}.", f"The accounts are: {known}")
        chosen = names or tuple(self.settings.accounts)
        opened = tuple(open_account(self.settings, self.store, name, House(), rehearsing=rehearsing) for name in chosen)
        try:
            yield opened
        finally:
            for source in opened:
                source.connector.close()


@contextmanager
def session(config: Path | None) -> Iterator[Session]:
    """Open everything a command needs; raises ConfigError or StoreError."""
    settings = load(find_config(config))
    log.configure(settings.daemon.log_level, names=settings.privacy.log_names)
    with Store.open(settings.store_url, state_folder()) as store:
        yield Session(settings, settings.policy(), store, system_clock())


def print_json(value: object) -> None:
    """One JSON value on stdout; times as ISO 8601 in UTC."""
    universal = sys.stdout.encoding.lower().startswith("utf")
    json.dump(value, sys.stdout, indent=2, ensure_ascii=not universal, default=_plain)
    sys.stdout.write("\n")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def pace(per_second: float) -> str:
    """How fast something goes, in a unit of which there is at least one, as long as an hour brings any."""
    for unit, seconds in (("s", 1), ("min", 60)):
        if per_second * seconds >= 1:
            return f"{per_second * seconds:,.0f}/{unit}"
    return f"{per_second * 3600:,.0f}/h"


@contextmanager
def progress_bars() -> Iterator[Callable[[str], Callable[[Progress], None]]]:
    """A maker of progress bars on stderr: called with a title, it gives the function to report to.

    Shows count, pace and time left on a terminal, and nothing elsewhere.
    """
    if not talk.is_terminal:
        yield lambda _: lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn  # noqa: PLC0415
    from rich.progress import Progress as Bars  # noqa: PLC0415 - only a terminal needs bars

    with Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=talk,
        transient=True,
        speed_estimate_period=_PACE_OVER,
    ) as bars:

        def move(task: TaskID, progress: Progress) -> None:
            bars.update(task, completed=progress.done, total=progress.total)
            speed = bars.tasks[bars.task_ids.index(task)].speed
            bars.update(task, rate=pace(speed) if speed else "")

        yield lambda title: partial(move, bars.add_task(title, total=None, rate=""))
