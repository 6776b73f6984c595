"""What must agree between the tables of a file: circles, jobs and accounts that are named must be there.

Runs over the values as they are written, so that a missing reference is reported beside every other fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from syncd.config.nearest import did_you_mean, either
from syncd.connector import KeepsLetters
from syncd.pipeline.normalize import mailbox_key, normal_address
from syncd.pipeline.policy import DEFAULT_CIRCLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from syncd.config.places import Document, Where
    from syncd.config.problems import Problems
    from syncd.config.settings import AccountSettings

_BUILT_IN = frozenset(circle.name for circle in DEFAULT_CIRCLES)
_NEEDED = {"smtp": {"host": "the SMTP server"}, "maildir": {"path": "the Maildir to put the digest in"}}


def check_references(document: Document, accounts: Mapping[str, AccountSettings], problems: Problems) -> None:
    """Add every reference that leads nowhere, and everything that is needed somewhere else."""
    for where, circle in _circles_named(document):
        known = {*_BUILT_IN, *_table(document, ("circles",))}
        if circle not in known:
            problems.at_value(where, f'there is no circle "{circle}"{did_you_mean(circle, sorted(known))}')
    jobs = [str(job.get("name", "")) for _, job in _tables(document, ("me", "jobs"))]
    for where, name in _jobs_named(document):
        if name not in ("any", *jobs) and all(jobs):
            hint = did_you_mean(name, (*jobs, "any"))
            problems.at_value(where, f'there is no job "{name}" in [[me.jobs]]{hint}')
    _check_people(document, problems)
    _check_sending(document, problems)
    _check_mailbox(document, accounts, problems)
    _check_owner(document, accounts, problems)
    for name, table in _table(document, ("circles",)).items():
        if name not in _BUILT_IN and isinstance(table, dict) and "cadence" not in table:
            problems.missing(("circles", name, "cadence"), f'how often is enough in "{name}"')


def _check_owner(document: Document, accounts: Mapping[str, AccountSettings], problems: Problems) -> None:
    written = _table(document, ("accounts",))
    if not written:
        problems.missing(("accounts",), "the mailboxes and calendars to watch; add one, like [accounts.work]")
    if "me" not in document.values or document.lookup(("me", "addresses")) or len(accounts) < len(written):
        return  # nobody, somebody, or perhaps somebody in an account that could not be read
    if not any(account.options.own_addresses() for account in accounts.values()):
        problems.missing(("me", "addresses"), 'your own, like ["you@example.org"]; no account names one either')


def _check_people(document: Document, problems: Problems) -> None:
    """An address belongs to one person, and none of the owner's to anybody."""
    own = document.lookup(("me", "addresses"))
    mine = {_mailbox(address) for address in own if isinstance(address, str)} if isinstance(own, list) else set()
    seen: dict[str, tuple[str, Where]] = {}
    for where, person, address in _addresses(document):
        mailbox = _mailbox(address)
        if not mailbox:
            continue
        if mailbox in mine:
            problems.at_key(where, f'"{address}" is an address of yours (me.addresses)')
        first = seen.setdefault(mailbox, (person, where))
        if first[1] != where:
            line = document.line_of(first[1]).rpartition(":")[2]
            problems.at_key(where, f'"{address}" is already an address of [people."{first[0]}"] (line {line})')


def _check_sending(document: Document, problems: Problems) -> None:
    """Each way of sending has what it cannot do without."""
    send = _table(document, ("digest", "send"))
    for name, purpose in _NEEDED.get(str(send.get("via")), {}).items():
        if name not in send:
            problems.missing(("digest", "send", name), purpose)
    for one, other in (("username", "password"), ("password", "username")):
        if one in send and other not in send:
            problems.missing(("digest", "send", other), f"{one} is nothing without it")


def _check_mailbox(document: Document, accounts: Mapping[str, AccountSettings], problems: Problems) -> None:
    """A digest is put only into the mailbox of an account that is there and can take it."""
    where: Where = ("digest", "send", "account")
    named, placed = document.lookup(where), document.lookup(("digest", "send", "via")) == "place"
    written = _table(document, ("accounts",))
    able = [name for name, account in accounts.items() if issubclass(account.connector, KeepsLetters)]
    hint = ""
    if able:
        hint = f"; {either(able)} can take it"
    elif len(accounts) == len(written):  # otherwise one that could not be read may be able to
        hint = '; none of yours can take it, so use via = "smtp", "sendmail" or "maildir"'
    if named is None and placed:
        problems.missing(where, f"the account whose mailbox the digest is put into{hint}")
    elif isinstance(named, str) and named not in written:
        problems.at_value(where, f'there is no account "{named}"{did_you_mean(named, sorted(written)) or hint}')
    elif isinstance(named, str) and placed and named in accounts and named not in able:
        kind = accounts[named].options.type
        problems.at_value(where, f'"{named}" is of type "{kind}", and its mailbox cannot take the digest{hint}')


def _circles_named(document: Document) -> Iterator[tuple[Where, str]]:
    people = _table(document, ("people",))
    for where in (
        *((*place, "circle") for place, _ in _tables(document, ("rules",))),
        *(("people", address, "circle") for address in people),
    ):
        circle = document.lookup(where)
        if isinstance(circle, str) and circle:
            yield where, circle


def _jobs_named(document: Document) -> Iterator[tuple[Where, str]]:
    for place, _ in _tables(document, ("rules",)):
        where: Where = (*place, "when", "job")
        job = document.lookup(where)
        if isinstance(job, str):
            yield where, job
        elif isinstance(job, list):
            yield from (((*where, number), name) for number, name in enumerate(job) if isinstance(name, str))


def _addresses(document: Document) -> Iterator[tuple[Where, str, str]]:
    """Every address under [people]: where it stands, whose it is, the address."""
    for address in _table(document, ("people",)):
        yield ("people", address), address, address
        also = document.lookup(("people", address, "also"))
        for number, other in enumerate(also if isinstance(also, list) else ()):
            if isinstance(other, str):
                yield ("people", address, "also", number), address, other


def _mailbox(address: str) -> str:
    normal = normal_address(address)
    return mailbox_key(normal) if normal else ""


def _table(document: Document, where: Where) -> dict[str, object]:
    found = document.lookup(where)
    return found if isinstance(found, dict) else {}


def _tables(document: Document, where: Where) -> Iterable[tuple[Where, dict[str, object]]]:
    found = document.lookup(where)
    items = found if isinstance(found, list) else []
    return [((*where, number), item) for number, item in enumerate(items) if isinstance(item, dict)]
