"""`syncd forget`: erase a person, or all that was read from an account, for good."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from syncd.cli.session import ConfigOption, paper, session, talk
from syncd.config.paths import state_folder, tokens_folder
from syncd.errors import Exit, StoreError, UsageError
from syncd.model import Person
from syncd.pipeline.normalize import mailbox_key, name_key, normal_address
from syncd.review import find_person, is_contact, relationships
from syncd.store.forgetting import Erased, compact, copies_put_aside, forget_account, is_forgotten
from syncd.store.forgetting import forget as erase
from syncd.sync import derive, own_addresses
from syncd.tokens import TokenFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from syncd.cli.session import Session
    from syncd.model import Relationship
    from syncd.pipeline.own_addresses import OwnAddresses


def register(app: typer.Typer) -> None:
    """Add this family's commands to `app`."""
    app.command("forget")(forget)


@dataclass(frozen=True, slots=True)
class _Target:
    """What is to be erased: how it is called, what that means, how it is done, and what is to be said afterwards.

    `again` is what to type to have it done once more.
    """

    called: str
    again: str
    means: str
    erase: Callable[[], Erased]
    afterwards: tuple[str, ...] = ()


def forget(
    name: Annotated[str, typer.Argument(metavar="NAME|ADDRESS|ACCOUNT", help="Who, or which account.")],
    *,
    account: Annotated[bool, typer.Option("--account", help="It is the name of an account.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config: ConfigOption = None,
) -> int:
    """Erase a person for good, or all that was read from an account that is no longer configured."""
    with session(config) as at:
        at.refresh()
        target = _account(at, name) if account or _is_account(at, name) else _person(at, name)
        _say(target.means)
        _say("No syncd undo brings it back; backups still hold it.")
        if not yes and not _agreed(target):
            _say("Nothing was erased.")
            return Exit.OK
        erased = target.erase()
        derive(at.store, at.policy)
        paper.print(f"{target.called}: {_counted(erased)}", markup=False)
        for sentence in (*target.afterwards, *_copies(at)):
            _say(sentence)
        return _rewrite(at, target.again)


def _is_account(at: Session, name: str) -> bool:
    """Whether a name is an account's, and no contact's. Raises UsageError when it may be either."""
    if name not in at.settings.accounts and at.store.account(name) is None:
        return False
    try:
        one = find_person(relationships(at.store, at.policy, at.now), name)
    except UsageError:
        return True
    if not is_contact(one):
        return True
    raise UsageError(
        f"{name!r} could be an account, or {one.person.name} <{one.person.addresses[0]}>.",
        f"Say which: syncd forget {quote(name)} --account, or syncd forget {one.person.id}",
    )


# --------------------------------------------------------------------------- a person


def _person(at: Session, name: str) -> _Target:
    own = own_addresses(at.store, at.policy)
    if normal_address(name) in own:
        raise UsageError(
            f"{name} is an address of your own, and those never become people.", "See [me]: syncd config show"
        )
    everybody = relationships(at.store, at.policy, at.now)
    try:
        one = find_person(everybody, name)
    except UsageError:
        if is_forgotten(at.store, name):
            return _once_more(at, name, own)
        raise
    who = one.person
    return _Target(
        who.name,
        who.addresses[0],
        f"{who.name} ({', '.join(who.addresses)}) is going to be forgotten, with {one.tie.interactions:,} exchanges "
        "that count: what is only between you two is deleted, and everywhere else they are taken out. A salted hash of "
        "their addresses and full name stays, so that they never come back, whatever shows them again.",
        partial(erase, at.store, who, own),
        (*_named_in_config(at, who), *_namesakes(everybody, who)),
    )


def _once_more(at: Session, address: str, own: OwnAddresses) -> _Target:
    who = Person("", "", (normal_address(address),))
    means = f"{address} was forgotten before; whatever came back since goes too, and the files are written anew."
    return _Target(address, address, means, partial(erase, at.store, who, own), tuple(_named_in_config(at, who)))


def _namesakes(everybody: Sequence[Relationship], who: Person) -> list[str]:
    """Others of the same full name, who may be the same person by addresses that nothing ties together."""
    name = name_key(who.name)
    return [
        f"Somebody called {one.person.name} is still known by {one.person.addresses[0]}; if that is the same person, "
        f"type: syncd forget {one.person.addresses[0]}"
        for one in everybody
        if name and one.person.id != who.id and name_key(one.person.name) == name
    ]


def _named_in_config(at: Session, who: Person) -> list[str]:
    """Where the configuration, which is never rewritten, goes on naming somebody."""
    theirs = {mailbox_key(address) for address in who.addresses}
    return [
        f'Your configuration still names them: remove [people."{table.address}"], {table.place}'
        for table in at.policy.people
        if theirs.intersection(mailbox_key(normal_address(one)) for one in (table.address, *table.also))
    ]


# --------------------------------------------------------------------------- an account


def _account(at: Session, name: str) -> _Target:
    if name in at.settings.accounts:
        raise UsageError(
            f"The account {name} still stands in your configuration, and would be read again.",
            f"Remove [accounts.{name}] ({at.settings.accounts[name].place}) first; if it has a sign-in, take that back "
            f"before: syncd auth {quote(name)} --revoke",
        )
    known = at.store.account(name)
    if known is None:
        raise UsageError(f"No account called {name!r} was ever read.", "See which were: syncd status")
    sign_in = TokenFile(tokens_folder(), name)
    signed_in = sign_in.path.exists()

    def erase_all() -> Erased:
        erased = forget_account(at.store, name)
        sign_in.erase()
        return erased

    return _Target(
        name,
        f"{name} --account",
        f"Everything that was read from {name} is going to be deleted: {known.observations:,} records, its notes, "
        "its place in the source and its sign-in.",
        erase_all,
        ("Its sign-in is deleted here; what it allows is to be taken back at its provider.",) if signed_in else (),
    )


# --------------------------------------------------------------------------- asking and telling


def _agreed(target: _Target) -> bool:
    if not sys.stdin.isatty():
        raise UsageError(
            "Nobody is here to be asked.", f"If so, type the same command with --yes, for {target.called}."
        )
    return typer.confirm(f"Forget {target.called}?", err=True)


def _counted(erased: Erased) -> str:
    """What went, in words; "nothing" would be a lie: the marks are there."""
    parts = [
        (erased.records, "record deleted", "records deleted"),
        (erased.changed, "record of others without them", "records of others without them"),
        (erased.years, "year of counts", "years of counts"),
        (erased.notes, "note", "notes"),
        (erased.decisions, "decision of yours", "decisions of yours"),
        (erased.letters, "digest blanked", "digests blanked"),
    ]
    said = [f"{count:,} {one if count == 1 else many}" for count, one, many in parts if count]
    return f"{', '.join(said)}." if said else "nothing was there to delete."


def _copies(at: Session) -> list[str]:
    """The copies that nobody but syncd made, and nobody thinks of."""
    return [
        f"A copy from before a change still holds it; when you need it no more, type: rm {quote(str(path))}"
        for path in copies_put_aside(at.store, state_folder())
    ]


def _rewrite(at: Session, again: str) -> int:
    """Write the files anew, without what was erased; beside a busy daemon that may have to wait."""
    try:
        compact(at.store)
    except StoreError as error:
        talk.print(
            f"The tables hold nothing of it any more, but the files could not be written anew: {error.title} "
            f"When nothing else is at work, type again: syncd forget {again}",
            markup=False,
        )
        return Exit.REPORT
    return Exit.OK


def _say(sentence: str) -> None:
    """On one line, however long, so that a command in it can be copied."""
    talk.print(sentence, markup=False)
