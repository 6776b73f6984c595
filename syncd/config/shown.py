"""Every setting in force, defaults included, as a configuration file that means the same.

Secrets stay references; circles and rules are written as they are after merging with the built-in ones.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import time, timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING

from pydantic import BaseModel

from syncd.config.sending import used_by
from syncd.config.tables import fields_of
from syncd.config.values import FOREVER, NEVER, Pause, QuietHours, span_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from syncd.config.settings import Settings
    from syncd.pipeline.policy import Circle, When


def show(settings: Settings) -> str:
    """The file that says everything that is in force; loading it gives the same settings."""
    policy = settings.policy()
    send = _said(settings.send)
    send = {key: send[key] for key in send if used_by(settings.send.via, key)}
    tables = [
        _table("[me]", _said(settings.me, but="jobs")),
        *(_table("[[me.jobs]]", _said(job)) for job in settings.me.jobs),
        *(_table(_header("accounts", name), _said(account.options)) for name, account in settings.accounts.items()),
        _table("[digest]", _said(settings.digest, but="send")),
        _table("[digest.send]", {**send, "from": settings.send.sender or settings.digest.to}),
        *(_table(_header("circles", circle.name), _circle(circle)) for circle in policy.circles),
        *(
            _table("[[rules]]", {"name": rule.name, "when": _conditions(rule.when), "circle": rule.circle})
            for rule in policy.rules
        ),
        *(_table(_header("people", address), _changed(person)) for address, person in settings.people.items()),
        _table("[ignore]", _said(settings.ignore)),
        _table("[privacy]", {**_said(settings.privacy), "history": settings.privacy.history or FOREVER}),
        _table("[store]", _said(settings.store)),
        _table("[daemon]", _said(settings.daemon)),
    ]
    return "\n".join(tables if policy.rules else ["rules = []\n", *tables])


def _header(*names: str) -> str:
    import tomlkit  # noqa: PLC0415 - only this command writes TOML

    return f"[{'.'.join(tomlkit.key(name).as_string() for name in names)}]"


def _table(header: str, said: Mapping[str, object]) -> str:
    return "".join([f"{header}\n", *(f"{key} = {_written(value)}\n" for key, value in said.items())])


def _said(table: BaseModel, but: str = "") -> dict[str, object]:
    """What a table says, without what is not set at all."""
    values = zip(fields_of(type(table)), dict(table).values(), strict=True)
    return {key: value for key, value in values if key != but and value not in (None, "")}


def _changed(table: BaseModel) -> dict[str, object]:
    """What a table says beyond its defaults."""
    defaults = {key: field.default for key, field in fields_of(type(table)).items()}
    return {key: value for key, value in _said(table).items() if value != defaults[key]}


def _circle(circle: Circle) -> dict[str, object]:
    said = {"cadence": circle.cadence or NEVER, "first": circle.first, "follow": circle.follow, "prefer": circle.prefer}
    return {key: value for key, value in said.items() if value not in (None, "")}


def _conditions(when: When) -> dict[str, object]:
    """Only the conditions that were set."""
    return {field.name: value for field in fields(when) if (value := getattr(when, field.name)) != field.default}


def _written(value: object) -> str:
    """A value as TOML."""
    import tomlkit  # noqa: PLC0415 - only this command writes TOML

    match value:
        case BaseModel():
            return _written(_said(value))
        case dict():
            pairs = ", ".join(f"{key} = {_written(item)}" for key, item in value.items())
            return f"{{ {pairs} }}" if pairs else "{}"
        case tuple():
            return f"[{', '.join(_written(item) for item in value)}]"
        case timedelta() | time() | Pause() | QuietHours() | PurePath():
            return tomlkit.item(_text(value)).as_string()
        case _:
            return tomlkit.item(value).as_string()


def _text(value: timedelta | time | Pause | QuietHours | PurePath) -> str:
    if isinstance(value, timedelta):
        return span_text(value)
    return f"{value:%H:%M}" if isinstance(value, time) else str(value)
