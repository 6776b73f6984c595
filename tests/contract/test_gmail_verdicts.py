"""What `gmail` makes of one answer inside a batch, also of one in nobody's words."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from connectors._gmail_verdict import Barred, Failed, Gone, Throttled, judge
from connectors._gmail_wire import Part
from syncd.testing import NOW, context


def error(status: int, message: str, reason: str = "rateLimitExceeded") -> Part:
    told = {"error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}}
    return Part(status, {}, json.dumps(told).encode())


def test_gmail_says_in_words_when_to_come_back() -> None:
    moment = NOW + timedelta(seconds=90)
    part = error(429, f"User-rate limit exceeded.  Retry after {moment:%Y-%m-%dT%H:%M:%S}.000Z")
    verdict = judge(part, context())
    assert isinstance(verdict, Throttled)
    assert (verdict.seconds, verdict.crowded) == (90, False)


def test_too_much_at_once_is_told_from_too_much_in_a_minute() -> None:
    verdict = judge(error(429, "Too many concurrent requests for user"), context())
    assert isinstance(verdict, Throttled)
    assert verdict.crowded


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"labelIds": []}', b'{"id": "1", "payload": 7}', b'"\xff"'])
def test_an_answer_that_is_no_message_is_a_failure_of_that_message(body: bytes) -> None:
    assert judge(Part(200, {}, body), context()) == Failed("Gmail answered something that is no message.")


@pytest.mark.parametrize("status", [404, 410])
def test_a_message_that_is_no_longer_there_is_gone(status: int) -> None:
    assert judge(error(status, "Requested entity was not found.", "notFound"), context()) == Gone()


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"error": {"message": 5}}', b'{"error": 5}', b"<html>", b"\xff", b"[[]]"]
)
def test_a_refusal_in_nobodys_words_is_a_failure_of_that_message(body: bytes) -> None:
    assert judge(Part(400, {}, body), context()) == Failed("Gmail cannot show it (400).")


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_without_words_may_still_be_about_the_account(status: int) -> None:
    assert judge(Part(status, {}, b""), context()) == Barred()


def test_a_request_to_slow_down_needs_no_words() -> None:
    assert isinstance(judge(Part(429, {"retry-after": "7"}, b""), context()), Throttled)


def test_silence_about_a_message_is_a_failure_of_that_message() -> None:
    assert isinstance(judge(None, context()), Failed)
