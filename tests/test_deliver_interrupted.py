"""Letters whose sending nobody saw the end of: looked for where they can be, sent once more, or held to be sent."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.deliver import InDoubt, Trace, next_attempt
from syncd.deliver.transport import AGAIN
from syncd.errors import DeliveryError
from syncd.model import Letter, LetterState
from tests.outbox import LETTER, MINUTE, MORNING, Failing, deliver, deliver_one, only_letter, open_outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from syncd.store import Store

DOWN = DeliveryError("The server is down.", "Type: syncd digest send")
DOUBT = InDoubt("It may have arrived.")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_outbox(tmp_path) as opened:
        yield opened


def die_while_sending(store: Store, now: datetime = MORNING) -> None:
    """Leave the letter as a process does that dies in the step that cannot be taken back."""
    with pytest.raises(KeyboardInterrupt):
        deliver(store, Failing(after=KeyboardInterrupt()), now, by_hand=True)
    assert only_letter(store).state is LetterState.SENDING


# ------------------------------------------------------------------ an interrupted sending


def test_dying_before_the_last_step_leaves_a_letter_that_is_sent_at_the_next_start(store: Store) -> None:
    with pytest.raises(KeyboardInterrupt):
        deliver(store, Failing(before=KeyboardInterrupt()))
    sent = deliver_one(store, Failing())
    assert (sent.state, sent.error, sent.resumed) == (LetterState.SENT, "", 0)


def test_where_nobody_can_look_the_same_bytes_go_out_once_more(store: Store) -> None:
    die_while_sending(store)
    again = Failing()
    sent = deliver_one(store, again, MORNING + MINUTE)
    assert (sent.state, sent.error, sent.resumed, sent.attempts) == (LetterState.SENT, "", 1, 2)
    assert again.tries == [LETTER.content]


def test_a_second_death_in_the_last_step_holds_the_letter_to_be_sent_and_says_so(store: Store) -> None:
    die_while_sending(store)
    with pytest.raises(KeyboardInterrupt):
        deliver(store, Failing(after=KeyboardInterrupt()), MORNING + MINUTE)
    third = Failing()
    held = deliver_one(store, third, MORNING + 2 * MINUTE)
    assert third.tries == []
    assert (held.state, held.resumed) == (LetterState.SENT, 1)
    assert held.error == (
        "syncd was interrupted while it sent this digest, so it may have arrived or not. "
        "It is not sent twice. To read it here, type: syncd digest"
    )
    assert store.shown() == {"p:tom": (LETTER.day,), "p:marta": (LETTER.day,)}


def test_a_second_try_that_fails_before_the_last_step_may_be_made_again(store: Store) -> None:
    die_while_sending(store)
    waiting = deliver_one(store, Failing(before=DOWN), MORNING + MINUTE)
    assert (waiting.state, waiting.resumed) == (LetterState.RENDERED, 1)
    assert deliver_one(store, Failing(), MORNING + timedelta(hours=1)).state is LetterState.SENT


def test_an_interrupted_letter_whose_day_is_over_is_not_sent_again(store: Store) -> None:
    die_while_sending(store)
    late = Failing()
    held = deliver_one(store, late, MORNING + timedelta(days=1))
    assert late.tries == []
    assert (held.state, held.resumed) == (LetterState.SENT, 0)
    assert "may have arrived or not" in held.error


def test_a_letter_that_is_found_where_it_was_going_is_sent(store: Store) -> None:
    die_while_sending(store)
    looking = Failing(traces=[Trace.THERE])
    sent = deliver_one(store, looking, MORNING + MINUTE)
    assert (sent.state, sent.error, looking.tries) == (LetterState.SENT, "", [])


def test_a_letter_that_was_surely_not_taken_is_sent_again_however_often(store: Store) -> None:
    now = MORNING
    die_while_sending(store, now)
    for number in range(1, 5):
        now += MINUTE
        with pytest.raises(KeyboardInterrupt):
            deliver(store, Failing(after=KeyboardInterrupt(), traces=[Trace.NOT_TAKEN]), now)
        assert only_letter(store).resumed == number
    sent = deliver_one(store, Failing(traces=[Trace.NOT_TAKEN]), now + MINUTE)
    assert (sent.state, sent.resumed, sent.attempts) == (LetterState.SENT, 5, 6)


def test_what_was_begun_gets_a_moment_to_be_finished_before_it_counts_as_not_taken(store: Store) -> None:
    die_while_sending(store)
    looking = Failing(traces=[Trace.NOT_TAKEN])
    soon = MORNING + timedelta(seconds=59)
    assert deliver(store, looking, soon) == ()
    assert next_attempt(store, soon) == MORNING + MINUTE
    assert deliver_one(store, looking, soon, by_hand=True).state is LetterState.SENDING
    assert looking.tries == []


def test_a_letter_of_yesterday_that_was_surely_not_taken_has_failed_and_shown_nobody(store: Store) -> None:
    die_while_sending(store)
    failed = deliver_one(store, Failing(traces=[Trace.NOT_TAKEN]), MORNING + timedelta(days=1))
    assert failed.state is LetterState.FAILED
    assert failed.error.startswith("It could not be sent on its day")
    assert store.shown() == {}


def test_a_letter_that_may_be_on_its_way_is_looked_for_over_eight_minutes_before_it_goes_out_once_more(
    store: Store,
) -> None:
    die_while_sending(store)
    looking = Failing(traces=[Trace.NOT_SEEN])
    looked_at = []
    while (now := next_attempt(store, MORNING)) and only_letter(store).state is LetterState.SENDING:
        looked_at.append((now - MORNING) / MINUTE)
        last = deliver_one(store, looking, now)
        assert "is looked for" in last.error or last.state is LetterState.SENT
    assert looked_at == [1, 2, 4, 8]
    assert (last.state, last.error, last.resumed) == (LetterState.SENT, "", 1)
    assert looking.tries == [LETTER.content]


def test_looks_by_hand_do_not_shorten_the_search(store: Store) -> None:
    die_while_sending(store)
    looking = Failing(traces=[Trace.NOT_SEEN])
    for _ in range(10):
        deliver_one(store, looking, by_hand=True)
    assert looking.tries == []
    assert next_attempt(store, MORNING) == MORNING + MINUTE


def test_a_letter_sent_once_more_and_never_seen_is_held_to_be_sent(store: Store) -> None:
    die_while_sending(store)
    looking = Failing(after=KeyboardInterrupt(), traces=[Trace.NOT_SEEN])
    with suppress(KeyboardInterrupt):
        for _ in range(4):
            deliver(store, looking, next_attempt(store, MORNING) or MORNING)
    for _ in range(4):
        held = deliver_one(store, looking, next_attempt(store, MORNING) or MORNING)
    assert looking.tries == [LETTER.content]
    assert held.state is LetterState.SENT
    assert held.error.endswith("It is not sent twice. To read it here, type: syncd digest")
    assert "is looked for" not in held.error


def test_where_nobody_can_look_now_the_letter_is_neither_sent_nor_given_up(store: Store) -> None:
    die_while_sending(store)
    looking = Failing(traces=[DeliveryError("The mailbox is out of reach.", ""), Trace.THERE])
    waiting = deliver_one(store, looking, MORNING + MINUTE)
    assert waiting.state is LetterState.SENDING
    assert waiting.error.startswith("The mailbox is out of reach. It is looked for")
    assert waiting.retry_at == MORNING + 5 * MINUTE
    assert deliver_one(store, looking, MORNING + 5 * MINUTE).state is LetterState.SENT
    assert looking.tries == []


# ------------------------------------------------------------------ an answer that got lost


def test_where_nobody_can_look_a_lost_answer_holds_the_letter_to_be_sent(store: Store) -> None:
    transport = Failing(after=DOUBT)
    doubtful = deliver_one(store, transport)
    assert doubtful.state is LetterState.SENT
    assert doubtful.error == "It may have arrived. It is not sent twice. To read it here, type: syncd digest"
    assert deliver(store, transport, MORNING + timedelta(hours=1), by_hand=True) == ()
    assert store.shown() == {"p:tom": (LETTER.day,), "p:marta": (LETTER.day,)}


def test_a_letter_whose_answer_was_lost_is_looked_for_at_once(store: Store) -> None:
    transport = Failing(after=DOUBT, traces=[Trace.THERE])
    sent = deliver_one(store, transport)
    assert (sent.state, sent.error, transport.looks) == (LetterState.SENT, "", 1)


@pytest.mark.parametrize("first", [Trace.NOT_TAKEN, Trace.NOT_SEEN, DOWN], ids=["not taken", "not seen", "no look"])
def test_a_letter_whose_answer_was_lost_and_that_is_not_there_yet_is_looked_for_again(
    store: Store, first: Trace | DeliveryError
) -> None:
    transport = Failing(after=DOUBT, traces=[first, Trace.THERE])
    waiting = deliver_one(store, transport)
    assert waiting.state is LetterState.SENDING
    assert waiting.error.startswith("It may have arrived. It is looked for where it would have arrived")
    assert waiting.retry_at == MORNING + MINUTE
    assert deliver_one(store, transport, MORNING + MINUTE).state is LetterState.SENT
    assert transport.tries == [LETTER.content]


def test_a_lost_answer_whose_letter_can_no_longer_be_looked_for_holds_it_to_be_sent(store: Store) -> None:
    deliver_one(store, Failing(after=DOUBT, traces=[Trace.NOT_SEEN]))
    later = Failing()
    held = deliver_one(store, later, MORNING + MINUTE)
    assert (held.state, later.tries) == (LetterState.SENT, [])
    assert held.error == "It may have arrived. It is not sent twice. To read it here, type: syncd digest"


@given(
    ends=st.lists(
        st.one_of(
            st.builds(KeyboardInterrupt),
            st.builds(lambda: InDoubt("It may have arrived.")),
            st.builds(lambda: DeliveryError("Later.", AGAIN)),
        ),
        max_size=6,
    ),
    taken=st.lists(st.booleans(), min_size=6, max_size=6),
    minutes=st.lists(st.integers(0, 90), min_size=14, max_size=14),
)
@settings(max_examples=25, deadline=None)
def test_a_mailbox_that_can_be_searched_never_holds_two_whatever_happens(
    ends: list[BaseException], taken: list[bool], minutes: list[int]
) -> None:
    """Deaths, lost answers and clear refusals after the last step; the mailbox took the letter or not, as it likes."""
    inbox: list[bytes] = []

    class Searched(Failing):
        def send(self, letter: Letter, commit: Callable[[], None]) -> None:
            assert not inbox, "a letter that is there is not put there again"
            commit()
            end = ends.pop() if ends else None
            refused = type(end) is DeliveryError
            if end is None or (taken[len(ends)] and not refused):
                inbox.append(letter.content)
            if end:
                raise end

        def find(self, letter: Letter) -> Trace:
            return Trace.THERE if letter.content in inbox else Trace.NOT_TAKEN

    with TemporaryDirectory() as folder, open_outbox(Path(folder)) as store:
        now = MORNING
        for step in minutes:
            now += step * MINUTE
            with suppress(KeyboardInterrupt):
                deliver(store, Searched(), now)
        letter = only_letter(store)
        assert len(inbox) <= 1
        assert (letter.state is LetterState.SENT) == bool(inbox) or letter.state is LetterState.SENDING
