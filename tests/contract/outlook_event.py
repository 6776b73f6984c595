"""An event of an Outlook calendar as Graph writes it, and the meeting it was read as."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from connectors._outlook_calendar_event import Json, Owner, read_event
from syncd.model import Meeting
from tests.servers.graph_series import global_object_id

ROME = ZoneInfo("Europe/Rome")
ME = "d.rossi@northwind.example"
OWNER = Owner("c0ffee", (ME, "davide@northwind.example"), ROME)
NOBODY = "0001-01-01T00:00:00Z"


def person(address: str, name: str = "", response: str = "none", kind: str = "required") -> Json:
    return {
        "type": kind,
        "status": {"response": response, "time": NOBODY},
        "emailAddress": {"name": name, "address": address},
    }


def at(text: str, zone: str = "UTC") -> Json:
    return {"dateTime": text, "timeZone": zone}


def event(**fields: object) -> dict[str, object]:
    return {
        "id": "AAMk1=",
        "type": "singleInstance",
        "seriesMasterId": None,
        "iCalUId": global_object_id(1),
        "subject": "Coffee",
        "start": at("2026-03-04T10:00:00.0000000"),
        "end": at("2026-03-04T11:00:00.0000000"),
        "isAllDay": False,
        "isCancelled": False,
        "isDraft": False,
        "isOrganizer": False,
        "organizer": {"emailAddress": {"name": "Anna Bianchi", "address": "anna@example.org"}},
        "attendees": [person(ME, "Davide Rossi"), person("bruno@example.net", "Bruno Conti", "accepted")],
        "responseStatus": {"response": "accepted", "time": NOBODY},
        **fields,
    }


def occurrence(**fields: object) -> dict[str, object]:
    return event(
        **{
            "id": "AAMk2=",
            "type": "occurrence",
            "seriesMasterId": "AAMk1=",
            "originalStart": "2026-03-04T10:00:00Z",
            **fields,
        }
    )


def meeting(item: object, owner: Owner = OWNER, *, of_days: bool | None = None) -> Meeting:
    read = read_event(item, owner, of_days=of_days)
    assert isinstance(read, Meeting), read
    return read
