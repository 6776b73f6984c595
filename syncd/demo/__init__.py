"""The demo world: a believable year of mail and meetings, written as files that the real connectors read.

Made relative to a given moment, and the same every time for it: `cast` says who lives in it, `mail` and `calendar` what
they wrote and when they met.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from string import Template
from typing import TYPE_CHECKING

from syncd.demo.calendar import make_calendar
from syncd.demo.cast import AT_THE_OLD_JOB, AT_WORK, CAST, OWNER, PERSONAL, ZONE
from syncd.demo.mail import write_letters

if TYPE_CHECKING:
    from pathlib import Path

_CONFIG = Template("""\
# The owner of the demo is invented, and so is everybody she knows.

[me]
name      = "$owner"
addresses = ["$personal", "$at_work", "$at_the_old_job"]
time_zone = "$zone"

[[me.jobs]]
name    = "Brightwater"
domains = ["brightwater.example"]
from    = $joined

[[me.jobs]]
name    = "Tidewell"
domains = ["tidewell.example"]
from    = $hired
until   = $left

[[me.jobs]]
name    = "Oriel"
domains = ["oriel.example"]
until   = $left_oriel

[accounts.mail]
type = "mailfile"
path = "mail"

[accounts.calendar]
type = "ics"
path = "calendar.ics"

[accounts.club]                         # on a disk that is not plugged in today
type = "ics"
path = "club-disk/events.ics"

[digest]
to = "$personal"

[digest.send]
via = "stdout"

[circles.clients]
cadence = "1 month"
prefer  = "meeting"

[[rules]]
name   = "clients"
when   = { domain = ["meridian.example", "levantfoods.example", "kestrelbooks.example"] }
circle = "clients"

[[rules]]
name   = "suppliers"
when   = { domain = ["fjordprint.example", "papertrail.example", "northhost.example"], min_exchanges = 3 }
circle = "vendors"

[[rules]]
name   = "people I worked with"
when   = { job = "any", former = true, min_exchanges = 5 }
circle = "former-colleagues"

[[rules]]
name   = "current colleagues"
when   = { job = "any", former = false }
circle = "colleagues"

[[rules]]
name   = "anyone I really talk to"
when   = { min_exchanges = 8, min_replies_from_them = 3, min_months = 4 }
circle = "friends-of-the-trade"

[people."marta.bianchi@archway.example"]
also   = ["marta@bianchi.example"]
circle = "mentors"
at     = { company = "Archway", since = $five_years_ago }

[people."henrik@lund.example"]
circle = "mentors"

[people."grace.mwangi@harbourline.example"]
circle = "mentors"

[people."aiko.tanaka@tidewell.example"]
birthday = "$birthday"

[people."hiro@matsuda.example"]
cadence = "4 months"

[store]
url = "sqlite:///syncd.db"
""")


@dataclass(frozen=True, slots=True)
class DemoWorld:
    """What was written: the configuration to run with, and how much there is to find."""

    config: Path
    people: int
    messages: int
    meetings: int


def write_world(folder: Path, now: datetime) -> DemoWorld:
    """Write a mail folder, a calendar and a configuration into `folder`, as they would stand at `now`.

    One account of the configuration names a file that is not there: that trouble is real. Raises OSError.
    """
    here = now.astimezone(ZONE)
    left = _years_before(here.date() + timedelta(days=3), 1)
    letters = write_letters(here, left)
    mail = folder / "mail"
    mail.mkdir(parents=True, exist_ok=True)
    for name, sent in (("INBOX", False), ("Sent", True)):
        (mail / name).write_bytes(b"".join(letter.as_mbox() for letter in letters if letter.sent is sent))
    calendar = make_calendar(here)
    (folder / "calendar.ics").write_bytes(calendar.to_ical())
    config = folder / "config.toml"
    config.write_text(_config(here.date(), left), encoding="utf-8")
    return DemoWorld(config, len(CAST), len(letters), len(calendar.events))


def _config(today: date, left: date) -> str:
    return _CONFIG.substitute(
        owner=OWNER,
        personal=PERSONAL,
        at_work=AT_WORK,
        at_the_old_job=AT_THE_OLD_JOB,
        zone=ZONE.key,
        joined=left + timedelta(days=16),
        hired=_years_before(left, 4),
        left=left,
        left_oriel=_years_before(left, 4) - timedelta(days=30),
        five_years_ago=_years_before(today + timedelta(days=2), 5),
        birthday=f"{today + timedelta(days=1):%m-%d}",
    )


def _years_before(day: date, years: int) -> date:
    in_leap_february = (day.month, day.day) == (2, 29)
    return (day - timedelta(days=in_leap_february)).replace(year=day.year - years)
