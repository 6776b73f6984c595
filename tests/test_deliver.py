"""The outbox: one digest a day at most, whatever fails and whenever."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from syncd.config import SendSettings
from syncd.deliver import InDoubt, Refused, Transport, deliver_pending, transport_for
from syncd.deliver.maildir import Maildir, Stdout
from syncd.deliver.sendmail import Sendmail
from syncd.deliver.smtp import Smtp
from syncd.errors import AuthRequired, DeliveryError
from syncd.model import Letter, LetterState
from syncd.render import compose_letter
from tests.golden.digest.world import FULL, KEY, policy
from tests.outbox import LETTER, MORNING, only_letter, open_outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from syncd.connector import SecretRef
    from syncd.store import Store


class Failing:
    """A way of handing over that fails as told, before or after the step that cannot be taken back."""

    def __init__(self, before: BaseException | None = None, after: BaseException | None = None) -> None:
        self.before = before
        self.after = after
        self.tries: list[bytes] = []

    def send(self, letter: Letter, commit: Callable[[], None]) -> None:
        self.tries.append(letter.content)
        if self.before:
            raise self.before
        commit()
        if self.after:
            raise self.after


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_outbox(tmp_path) as opened:
        yield opened


def test_a_letter_that_was_taken_is_sent_and_never_tried_again(store: Store) -> None:
    transport = Failing()
    (sent,) = deliver_pending(store, transport, MORNING)
    assert sent == only_letter(store) == replace(LETTER, state=LetterState.SENT, attempts=1)
    assert deliver_pending(store, transport, MORNING) == ()
    assert transport.tries == [LETTER.content]


def test_a_letter_that_could_not_be_sent_waits_with_the_reason_and_the_same_bytes_go_next_time(store: Store) -> None:
    transport = Failing(before=DeliveryError("The server is down.", "Type: syncd digest send"))
    (waiting,) = deliver_pending(store, transport, MORNING)
    assert waiting == only_letter(store)
    assert (waiting.state, waiting.error) == (LetterState.RENDERED, "The server is down. Type: syncd digest send")
    transport.before = None
    (sent,) = deliver_pending(store, transport, MORNING + timedelta(hours=1))
    assert (sent.state, sent.error) == (LetterState.SENT, "")
    assert transport.tries == [LETTER.content] * 2


def test_a_letter_refused_for_good_is_not_tried_again_and_has_shown_nobody(store: Store) -> None:
    transport = Failing(after=Refused("No such mailbox.", "Check digest.to"))
    (refused,) = deliver_pending(store, transport, MORNING)
    assert (refused.state, refused.error) == (LetterState.FAILED, "No such mailbox. Check digest.to")
    assert deliver_pending(store, transport, MORNING) == ()
    assert store.shown() == {}


def test_a_letter_whose_answer_was_lost_is_held_to_be_sent_and_says_so(store: Store) -> None:
    transport = Failing(after=InDoubt("It may have arrived.", "Type: syncd digest"))
    (doubtful,) = deliver_pending(store, transport, MORNING)
    assert (doubtful.state, doubtful.error) == (LetterState.SENT, "It may have arrived. Type: syncd digest")
    assert deliver_pending(store, transport, MORNING) == ()
    assert store.shown() == {"p:tom": (LETTER.day,), "p:marta": (LETTER.day,)}


def test_dying_before_the_last_step_leaves_a_letter_that_is_sent_at_the_next_start(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt):
        deliver_pending(store, Failing(before=KeyboardInterrupt()), MORNING)
    (sent,) = deliver_pending(store, Failing(), MORNING)
    assert (sent.state, sent.error) == (LetterState.SENT, "")


def test_dying_in_the_last_step_never_sends_a_second_copy(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt):
        deliver_pending(store, Failing(after=KeyboardInterrupt()), MORNING)
    assert only_letter(store).state is LetterState.SENDING
    again = Failing()
    (sent,) = deliver_pending(store, again, MORNING)
    assert again.tries == []
    assert sent.state is LetterState.SENT
    assert "may have arrived or not" in sent.error


def test_of_two_programs_at_the_same_letter_only_one_sends_it(store: Store) -> None:
    class Racing(Failing):
        def send(self, letter: Letter, commit: Callable[[], None]) -> None:
            deliver_pending(store, winner, MORNING)
            super().send(letter, commit)
            self.tries.append(b"taken")

    winner, loser = Failing(), Racing()
    assert deliver_pending(store, loser, MORNING) == ()
    assert (winner.tries, loser.tries) == ([LETTER.content], [LETTER.content])
    assert only_letter(store).state is LetterState.SENT


def test_a_letter_of_yesterday_is_dropped_with_the_reason_since_missed_days_are_not_made_up_for(store: Store) -> None:
    deliver_pending(store, Failing(before=DeliveryError("The server is down.")), MORNING)
    late = Failing()
    (dropped,) = deliver_pending(store, late, datetime(2026, 10, 6, 22, 0, tzinfo=UTC))
    assert late.tries == []
    assert dropped.state is LetterState.FAILED
    assert dropped.error.startswith("The server is down. It could not be sent on its day")
    assert dropped.error.endswith(f"type: syncd digest --date {dropped.day}")


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        ("America/Los_Angeles", datetime(2026, 10, 7, 7, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2026, 10, 6, 11, tzinfo=UTC)),
    ],
)
def test_the_day_of_a_letter_ends_at_the_owners_midnight(tmp_path: Path, zone: str, midnight: datetime) -> None:
    abroad = replace(policy(), me=replace(policy().me, time_zone=zone))
    letter = compose_letter(replace(FULL, generated=None), abroad, KEY)
    for moment, state in ((midnight - timedelta(seconds=1), LetterState.SENT), (midnight, LetterState.FAILED)):
        with open_outbox(tmp_path / state.value, letter) as store:
            (done,) = deliver_pending(store, Failing(), moment)
            assert done.state is state


def _no_secret(_: SecretRef) -> str:
    raise AuthRequired("The secret is gone.", "Type: pass init")


@pytest.mark.parametrize(
    ("settings", "transport"),
    [
        (
            {"via": "smtp", "host": "mail.example", "tls": "starttls", "from": "syncd@example.org"},
            Smtp("mail.example", 587, "starttls", sender="syncd@example.org"),
        ),
        ({"via": "smtp", "host": "127.0.0.1", "tls": "none", "port": 2525}, Smtp("127.0.0.1", 2525, "none")),
        ({"via": "sendmail", "command": ["/usr/sbin/sendmail", "-i"]}, Sendmail(("/usr/sbin/sendmail", "-i"))),
        ({"via": "stdout"}, Stdout()),
    ],
)
def test_the_settings_choose_the_way(settings: dict[str, object], transport: Transport) -> None:
    assert transport_for(SendSettings.model_validate(settings), _no_secret) == transport


def test_a_maildir_is_chosen_by_its_path(tmp_path: Path) -> None:
    send = SendSettings.model_validate({"via": "maildir", "path": tmp_path})
    assert transport_for(send, _no_secret) == Maildir(tmp_path)


def test_the_password_is_resolved_at_once_and_never_shown() -> None:
    reference = {"env": "SMTP_PASSWORD"}
    send = SendSettings.model_validate(
        {"via": "smtp", "host": "mail.example", "username": "davide", "password": reference}
    )
    with pytest.raises(AuthRequired):
        transport_for(send, _no_secret)
    transport = transport_for(send, lambda asked: f"the secret of {asked.env}")
    assert transport == Smtp("mail.example", 465, "implicit", "davide", "the secret of SMTP_PASSWORD")
    assert "secret" not in repr(transport)


def test_plain_text_to_another_machine_is_refused_even_when_the_configuration_was_not_asked() -> None:
    unchecked = SendSettings.model_construct(via="smtp", host="mail.example", port=25, tls="none", password=None)
    with pytest.raises(DeliveryError, match="plain text"):
        transport_for(unchecked, _no_secret)
