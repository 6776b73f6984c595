"""What goes wrong between us and a feed: each fault a sentence, and nothing that was read is lost (fault 49)."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from connectors.ics import Ics, IcsOptions, web_address
from syncd.connector import SecretRef
from syncd.errors import AuthRequired, ConnectorError, Misconfigured, Transient
from syncd.model import Meeting
from syncd.testing import NOW, context
from tests.servers.certificate import make_certificate
from tests.servers.web import Answer, Web

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from syncd.connector import Page
    from tests.servers.certificate import Certificate

SINCE = NOW - timedelta(days=30)
EVENT = """BEGIN:VEVENT
UID:one@example.org
DTSTART:20260303T090000Z
SUMMARY:Tea
ATTENDEE:mailto:ada@example.org
END:VEVENT
"""
CALENDAR = f"BEGIN:VCALENDAR\nVERSION:2.0\n{EVENT}END:VCALENDAR\n".encode()


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as web:
        yield web


def poll(
    url: str | SecretRef, cursor: str | None = None, *, secret: str = "", allow_private: bool = False
) -> list[Page]:
    options = IcsOptions(type="ics", url=url, time_limit=timedelta(seconds=5), allow_private=allow_private)
    secrets = {url: secret} if isinstance(url, SecretRef) else {}
    return list(Ics(options, context(secrets=secrets)).poll(cursor, SINCE))


def titles(pages: list[Page]) -> list[str]:
    return [seen.title for page in pages for seen in page.observations if isinstance(seen, Meeting)]


def refused(web: Web, answer: Answer, **options: object) -> ConnectorError:
    web.answers["/feed"] = answer
    settings = {"type": "ics", "url": web.url("/feed"), "time_limit": timedelta(seconds=5), **options}
    with pytest.raises(ConnectorError) as raised:
        list(Ics(IcsOptions.model_validate(settings), context()).poll(None, SINCE))
    assert "/feed" not in str(raised.value), "the address may be a secret"
    return raised.value


# ------------------------------------------------------------------------------- what is not a calendar


def test_a_web_page_instead_of_a_calendar_is_transient(web: Web) -> None:
    error = refused(web, Answer(b"\n<!DOCTYPE html><html><body>Sign in</body></html>"))
    assert isinstance(error, Transient)
    assert error.title == "127.0.0.1 answered with a web page instead of a calendar."


@pytest.mark.parametrize("body", [b"", b"{}", b"BEGIN:VCARD\nEND:VCARD\n"])
def test_anything_else_instead_of_a_calendar_is_transient(web: Web, body: bytes) -> None:
    assert isinstance(refused(web, Answer(body)), Transient)


def test_a_truncated_calendar_is_transient(web: Web) -> None:
    error = refused(web, Answer(CALENDAR[:-20]))
    assert isinstance(error, Transient)
    assert "breaks off" in error.title


def test_a_connection_that_breaks_off_is_transient(web: Web) -> None:
    assert isinstance(refused(web, Answer(CALENDAR, headers={"Content-Length": "9999"})), Transient)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\xef\xbb\xbf" + CALENDAR, id="BOM"),
        pytest.param(CALENDAR.decode().encode("utf-16"), id="UTF-16"),
        pytest.param(CALENDAR.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(CALENDAR.replace(b"\n", b"\r"), id="CR"),
        pytest.param(CALENDAR.lower().replace(b"summary:tea", b"Summary:Tea"), id="lower case"),
        pytest.param(CALENDAR.replace(b"SUMMARY:Tea", b"SUMMARY:T\n e\n\ta"), id="folded"),
        pytest.param(CALENDAR.replace(EVENT.encode(), b"") + CALENDAR, id="two calendars"),
        pytest.param(CALENDAR.replace(b"Tea", b"Tea\0"), id="NUL"),
    ],
)
def test_a_calendar_is_read_however_it_is_written(web: Web, body: bytes) -> None:
    web.answers["/feed"] = Answer(body)
    assert titles(poll(web.url("/feed"))) == ["Tea"]


def test_the_western_encoding_is_read_where_utf_8_does_not_fit(web: Web) -> None:
    web.answers["/feed"] = Answer(CALENDAR.replace(b"Tea", b"Caf\xe9"))
    assert titles(poll(web.url("/feed"))) == ["Café"]


# ------------------------------------------------------------------------------- too much, too long


def test_a_calendar_over_the_limit_is_refused(web: Web) -> None:
    error = refused(web, Answer(CALENDAR + bytes(200_000)), size_limit=0.1)
    assert isinstance(error, Misconfigured)
    assert error.title == "The calendar at 127.0.0.1 is larger than 0.1 MB."
    assert "size_limit" in error.hint


def test_a_packed_calendar_is_measured_unpacked(web: Web) -> None:
    packed = Answer(gzip.compress(CALENDAR + bytes(30_000_000)), headers={"Content-Encoding": "gzip"})
    assert len(packed.body) < 100_000
    assert "larger than 20 MB" in refused(web, packed).title


def test_a_packed_calendar_is_read(web: Web) -> None:
    web.answers["/feed"] = Answer(gzip.compress(CALENDAR), headers={"Content-Encoding": "gzip"})
    assert titles(poll(web.url("/feed"))) == ["Tea"]


def test_a_damaged_packing_is_transient(web: Web) -> None:
    assert isinstance(refused(web, Answer(b"not gzip", headers={"Content-Encoding": "gzip"})), Transient)


@pytest.mark.parametrize("part", ["header", "body"])
def test_a_server_that_dribbles_is_given_up_in_time(web: Web, part: str) -> None:
    error = refused(web, Answer(CALENDAR * 10, slow=part), time_limit=timedelta(seconds=0.3))
    assert isinstance(error, Transient)
    assert "in time" in error.title or "longer than" in error.title


# ------------------------------------------------------------------------------- redirects, and where they lead


def test_a_redirect_is_followed(web: Web) -> None:
    web.answers["/feed"] = Answer(status=301, headers={"Location": "/there"})
    web.answers["/there"] = Answer(CALENDAR)
    assert titles(poll(web.url("/feed"))) == ["Tea"]


def test_redirects_in_a_circle_are_given_up(web: Web) -> None:
    assert "without end" in refused(web, Answer(status=302, headers={"Location": "/feed"})).title


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/x", "gopher://x", "http://"])
def test_a_redirect_out_of_the_web_is_not_followed(web: Web, target: str) -> None:
    assert isinstance(refused(web, Answer(status=302, headers={"Location": target})), Transient)


def test_a_redirect_into_this_network_is_not_followed(web: Web) -> None:
    error = refused(web, Answer(status=302, headers={"Location": web.url("/there", "localhost")}))
    web.answers["/there"] = Answer(CALENDAR)
    assert isinstance(error, Misconfigured)
    assert error.title == "localhost is inside this network: its address is 127.0.0.1."
    assert not any(request.path == "/there" for request in web.requests)


def test_the_owner_may_allow_this_network(web: Web) -> None:
    web.answers["/feed"] = Answer(status=302, headers={"Location": web.url("/there", "localhost")})
    web.answers["/there"] = Answer(CALENDAR)
    assert titles(poll(web.url("/feed"), allow_private=True)) == ["Tea"]


def test_the_owner_may_name_this_machine(web: Web) -> None:
    web.answers["/feed"] = Answer(CALENDAR)
    assert titles(poll(web.url("/feed", "localhost"))) == ["Tea"]


# ------------------------------------------------------------------------------- protected connections


@pytest.fixture
def protected(tmp_path: Path) -> Iterator[tuple[Web, Certificate]]:
    certificate = make_certificate(tmp_path)
    with Web(certificate) as web:
        web.answers["/feed"] = Answer(CALENDAR)
        yield web, certificate


def test_a_certificate_that_nobody_vouches_for_is_transient(protected: tuple[Web, Certificate]) -> None:
    with pytest.raises(Transient, match=r"The certificate of 127\.0\.0\.1 is not trusted"):
        poll(protected[0].url("/feed"))


def test_a_webcal_address_is_fetched_over_a_protected_connection(
    protected: tuple[Web, Certificate], monkeypatch: pytest.MonkeyPatch
) -> None:
    web, certificate = protected
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.chain))
    assert titles(poll(web.url("/feed").replace("https", "webcal"))) == ["Tea"]


def test_a_redirect_to_an_open_connection_is_not_followed(
    protected: tuple[Web, Certificate], web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(protected[1].chain))
    protected[0].answers["/feed"] = Answer(status=302, headers={"Location": web.url("/feed")})
    with pytest.raises(Transient, match="not protected"):
        poll(protected[0].url("/feed"))
    assert web.requests == []


# ------------------------------------------------------------------------------- what servers say


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (204, Transient), (206, Transient), (302, Transient), (304, Transient), (400, Misconfigured),
        (401, AuthRequired), (403, AuthRequired), (404, Misconfigured), (406, Misconfigured), (408, Transient),
        (410, Misconfigured), (429, Transient), (451, Misconfigured), (500, Transient), (502, Transient),
        (503, Transient), (504, Transient), (522, Transient),
    ],
)  # fmt: skip
def test_every_status_is_a_sentence(web: Web, status: int, kind: type[ConnectorError]) -> None:
    error = refused(web, Answer(status=status))
    assert type(error) is kind
    assert f"({status})" in error.title


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("Wed, 04 Mar 2026 09:45:00 GMT", timedelta(minutes=15)),
        ("Wed, 04 Mar 2020 09:45:00 GMT", timedelta()),
        ("999999999", timedelta(days=1)),
        ("soon", None),
    ],
)
def test_a_wait_is_understood_in_both_forms(web: Web, value: str, wait: timedelta | None) -> None:
    error = refused(web, Answer(status=429, headers={"Retry-After": value}))
    assert isinstance(error, Transient)
    assert error.retry_after == wait


def test_a_host_that_is_not_there_is_transient() -> None:
    with pytest.raises(Transient, match=r"nowhere\.invalid could not be reached"):
        poll("http://nowhere.invalid/feed")


def test_a_closed_port_is_transient() -> None:
    with Web() as closed:
        url = closed.url("/feed")
    with pytest.raises(Transient, match="could not be reached"):
        poll(url)


# ------------------------------------------------------------------------------- asking only for what is new


def test_an_unchanged_feed_is_asked_for_by_what_it_was_known_by(web: Web) -> None:
    web.answers["/feed"] = Answer(CALENDAR, etag='"7"', modified="Wed, 04 Mar 2026 09:00:00 GMT")
    cursor = poll(web.url("/feed"))[-1].cursor
    assert poll(web.url("/feed"), cursor) == []
    first, second = web.requests
    assert "if-none-match" not in first.headers
    assert second.headers["if-none-match"] == '"7"'
    assert second.headers["if-modified-since"] == "Wed, 04 Mar 2026 09:00:00 GMT"


def test_a_feed_written_anew_with_the_same_content_is_not_new(web: Web) -> None:
    stamped = CALENDAR.replace(b"UID", b"DTSTAMP:20260101T000000Z\nUID").replace(b"VERSION", b"X-WR-CALNAME:A\nVERSION")
    web.answers["/feed"] = Answer(stamped)
    cursor = poll(web.url("/feed"))[-1].cursor
    web.answers["/feed"] = Answer(stamped.replace(b"20260101", b"20260303").replace(b"CALNAME:A", b"CALNAME:B"))
    assert poll(web.url("/feed"), cursor) == []


def test_only_get_is_ever_asked(web: Web) -> None:
    web.answers["/feed"] = Answer(CALENDAR)
    poll(web.url("/feed"))
    assert {request.method for request in web.requests} == {"GET"}


# ------------------------------------------------------------------------------- what the owner writes


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("webcal://calendar.example/a.ics", "https://calendar.example/a.ics"),
        ("WEBCALS://calendar.example/a.ics", "https://calendar.example/a.ics"),
        ("https://calendar.example/a.ics?x=1#y", "https://calendar.example/a.ics?x=1#y"),
        (" http://127.0.0.1:8000/a ", "http://127.0.0.1:8000/a"),
    ],
)
def test_a_webcal_address_is_an_https_address(written: str, meant: str) -> None:
    assert web_address(written) == meant


def test_a_password_in_the_address_is_refused_as_every_secret_in_the_file_is() -> None:
    with pytest.raises(ValidationError, match="a secret must not stand in this file"):
        IcsOptions(type="ics", url="https://ada:tea-at-nine@feed.example/calendar.ics")
    assert IcsOptions(type="ics", url="https://ada@feed.example/calendar.ics").url


@pytest.mark.parametrize(
    "url", ["file:///home/me/a.ics", "/home/me/a.ics", "ftp://example.org/a", "https://", "calendar"]
)
def test_an_address_that_is_not_on_the_web_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValidationError, match="begins with https"):
        IcsOptions(type="ics", url=url)


def test_exactly_one_place_is_named(tmp_path: Path) -> None:
    for options in ({}, {"url": "https://calendar.example/a", "path": tmp_path}):
        with pytest.raises(ValidationError, match="exactly one of url and path"):
            IcsOptions.model_validate({"type": "ics", **options})


def test_a_secret_address_is_fetched_from_where_it_is_kept(web: Web) -> None:
    web.answers["/private-4711/feed"] = Answer(CALENDAR)
    pages = poll(SecretRef(env="CLUB"), secret=web.url("/private-4711/feed"))
    assert titles(pages) == ["Tea"]
    assert "4711" not in pages[-1].cursor


def test_a_secret_that_is_no_address_is_misconfigured() -> None:
    with pytest.raises(Misconfigured, match="no address of a calendar") as raised:
        poll(SecretRef(env="CLUB"), secret="hunter2")
    assert "hunter2" not in str(raised.value)


def test_a_check_counts_the_events_that_name_somebody(web: Web) -> None:
    busy = EVENT.replace("one@", "two@").replace("ATTENDEE:mailto:ada@example.org\n", "")
    web.answers["/feed"] = Answer(CALENDAR.replace(b"END:VCALENDAR", busy.encode() + b"END:VCALENDAR"))
    connector = Ics(IcsOptions(type="ics", url=web.url("/feed")), context())
    assert connector.check() == ("1 of 2 events name attendees",)
    web.answers["/feed"] = Answer(f"BEGIN:VCALENDAR\n{busy}BEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n".encode())
    assert connector.check() == (
        "0 of 2 events name attendees; this calendar does not show whom you meet",
        "1 cannot be read",
    )


# ------------------------------------------------------------------------------- files


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    connector = Ics(IcsOptions(type="ics", path=tmp_path / "a.ics"), context())
    with pytest.raises(Misconfigured, match="There is no file"):
        list(connector.poll(None, SINCE))
    with pytest.raises(Misconfigured, match="is not a file"):
        list(Ics(IcsOptions(type="ics", path=tmp_path), context()).poll(None, SINCE))


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ics").write_bytes(CALENDAR + bytes(2000))
    connector = Ics(IcsOptions(type="ics", path=tmp_path / "a.ics", size_limit=0.001), context())
    with pytest.raises(Misconfigured, match=r"larger than 0\.001 MB"):
        list(connector.poll(None, SINCE))


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"BEGIN:VCARD\nEND:VCARD\n", "It is not a calendar."), (CALENDAR[:-14], "It breaks off before its end.")],
)
def test_what_is_wrong_with_a_file_is_reported_with_what_can_be_read(tmp_path: Path, body: bytes, reason: str) -> None:
    (tmp_path / "a.ics").write_bytes(body)
    connector = Ics(IcsOptions(type="ics", path=tmp_path / "a.ics"), context())
    seen = [observation for page in connector.poll(None, SINCE) for observation in page.observations]
    assert getattr(seen[-1], "reason", "") == reason
    assert len(seen) == 1 + (b"VEVENT" in body)


def test_the_moment_of_the_poll_is_the_contexts(tmp_path: Path) -> None:
    (tmp_path / "a.ics").write_bytes(CALENDAR)
    early = context(now=lambda: datetime(2025, 1, 1, tzinfo=UTC))
    connector = Ics(IcsOptions(type="ics", path=tmp_path / "a.ics"), early)
    assert not [page.observations for page in connector.poll(None, SINCE) if page.observations]
