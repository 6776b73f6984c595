"""A mail to the owner that syncd does not work any more, by whatever way still does; once a day at most.

It carries the digest's List-Id, so that mail connectors drop it as they drop the digest.
"""

from __future__ import annotations

import os
import pwd
import tomllib
from contextlib import contextmanager, nullcontext, suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

from pydantic import ValidationError

from syncd import mailing
from syncd.accounts import House
from syncd.checkup.finding import Mark, worst
from syncd.config import SendSettings
from syncd.config.paths import state_folder
from syncd.connector import DIGEST_LIST_ID
from syncd.deliver import InDoubt, transport_for
from syncd.deliver.sendmail import Sendmail
from syncd.errors import DeliveryError, Exit, SyncdError
from syncd.model import Letter
from syncd.secrets import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    from syncd.checkup import Checkup
    from syncd.checkup.finding import Finding
    from syncd.deliver import Transport

_STAMP = "trouble-told"
SENDMAIL = ("/usr/sbin/sendmail", "-i")


class NobodyTold(SyncdError):
    """No way led to the owner."""

    exit = Exit.UNAVAILABLE


def tell(at: Checkup, findings: Sequence[Finding], now: datetime) -> str:
    """Mail what is wrong, unless nothing is or today's mail went out; the sentence that says what was done.

    By the way that the configuration names, even one with faults elsewhere, else by this machine's sendmail. Raises
    NobodyTold when no way led anywhere; the next call tries again.
    """
    if worst(findings) is None:
        return "Nothing is wrong, so nobody was told."
    stamp = _stamp(now.date())
    if stamp is None:
        return "The owner was told today already."
    said = _raw(at.config)
    to = at.settings.digest.to if at.settings else _text(said.get("digest"), "to") or _user()
    letter = _letter(to, findings, now)
    refusals = []
    for way in _ways(at, said):
        try:
            with way as transport:
                transport.send(letter, lambda: None)
        except InDoubt:
            break
        except SyncdError as error:
            refusals.append(error.title)
        else:
            break
    else:
        stamp.unlink(missing_ok=True)
        raise NobodyTold(f"Nobody could be told: {' '.join(refusals)}", "To see what is wrong, type: syncd doctor")
    return f"{to} was told."


def _ways(at: Checkup, said: Mapping[str, object]) -> Iterator[AbstractContextManager[Transport]]:
    """The ways there may be, the owner's own first."""
    if at.settings and at.store:
        yield mailing.way(at.settings, at.store, House())
    elif send := at.settings.send if at.settings else _send_settings(said):
        yield _chosen(send)
    yield nullcontext(Sendmail(SENDMAIL))


@contextmanager
def _chosen(send: SendSettings) -> Iterator[Transport]:
    if send.via == "place":
        raise DeliveryError("The mailbox cannot be opened without the configuration and the database.")
    yield transport_for(send, resolve)


def _send_settings(said: Mapping[str, object]) -> SendSettings | None:
    """What a configuration with faults says about sending, if that is right by itself."""
    digest = said.get("digest")
    table = digest.get("send") if isinstance(digest, dict) else None
    with suppress(ValidationError):
        return SendSettings.model_validate(table) if table else None
    return None


def _raw(config: Path | None) -> Mapping[str, object]:
    """What the file says, right or not; nothing when it cannot even be read."""
    with suppress(OSError, ValueError):
        return tomllib.loads(config.read_text(encoding="utf-8")) if config else {}
    return {}


def _text(table: object, key: str) -> str:
    value = table.get(key) if isinstance(table, dict) else None
    return value if isinstance(value, str) and "@" in value else ""


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return "root"


def _letter(to: str, findings: Sequence[Finding], now: datetime) -> Letter:
    machine = os.uname().nodename
    message = EmailMessage(SMTP)
    message["From"] = f"syncd <{to}>" if "@" in to else to
    message["To"] = to
    message["Subject"] = f"syncd needs you on {machine}"
    message["Date"] = format_datetime(now)
    message["Message-ID"] = make_msgid(domain=DIGEST_LIST_ID)
    message["List-Id"] = f"syncd digest <{DIGEST_LIST_ID}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(_body(machine, findings))
    return Letter(now.date(), str(message["Message-ID"]), to, message.as_bytes())


def _body(machine: str, findings: Sequence[Finding]) -> str:
    failed = [finding for finding in findings if finding.mark is Mark.FAILED]
    lines = [f"syncd cannot do its work on {machine}. What is wrong, and what to type there:", ""]
    for finding in failed:
        lines += [f"{finding.label}: {finding.what}", f"    {finding.mend}".rstrip(), ""]
    lines += ["Nothing that was read is lost. To look again, type: syncd doctor", "This is said once a day at most."]
    return "\n".join(lines)


def _stamp(today: date) -> Path | None:
    """Claim today's mail by a file, in the state folder or wherever one can be written; None when it went out.

    Raises NobodyTold where no file can be written: without one, a service that fails all night would mail all night.
    """
    folders = (state_folder(), Path(os.environ.get("XDG_RUNTIME_DIR") or gettempdir()))
    paths = [folder / f"{_STAMP}-{os.geteuid()}" for folder in folders]
    for path in paths:
        with suppress(OSError):
            if path.read_text(encoding="ascii") == today.isoformat():
                return None
    for path in paths:
        with suppress(OSError):
            path.unlink(missing_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(today.isoformat())
            return path
    raise NobodyTold(
        "Nobody was told, since no file can be written that says so.", "To see what is wrong, type: syncd doctor"
    )
