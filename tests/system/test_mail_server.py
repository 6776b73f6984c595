"""Six weeks with a mail server in every mood: no day brings two digests, and the outbox knows what became of each."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from email import message_from_bytes
from random import Random
from typing import TYPE_CHECKING

from syncd.model import LetterState
from tests.daemon.house import CONFIG, House, write_mail
from tests.servers.smtp_sink import SmtpSink

if TYPE_CHECKING:
    from pathlib import Path

DAYS = 42
TROUBLE = {
    "EHLO": ("close", "421 4.3.2 going down"),
    "MAIL": ("451 4.3.0 busy", "421 4.3.2 going down", "close"),
    "RCPT": ("450 4.2.1 try later", "550 5.1.1 who is that?", "close"),
    "DATA": ("452 4.3.1 disk full", "554 5.7.1 not that", "close", "close-after", "close-after"),
}


def test_no_mood_of_a_mail_server_brings_two_digests_of_a_day(tmp_path: Path) -> None:
    chance = Random(31)  # noqa: S311 - moods
    met: Counter[str] = Counter()

    def mood(verb: str) -> str:
        chosen = chance.choice(TROUBLE[verb]) if chance.random() < 0.4 else ""
        met[chosen] += 1
        return chosen

    with SmtpSink(greylist=True) as sink:
        sink.mood = mood
        send = f'via = "smtp"\nhost = "127.0.0.1"\nport = {sink.port}\ntls = "none"\n'
        text = CONFIG.replace('via = "maildir"\npath = "inbox"\n', send)
        text = text.replace("[store]", '[daemon]\npoll = "1 day"\n\n[store]')
        house = House(tmp_path, text=text, nap=7200.0)
        try:
            write_mail(tmp_path, 1, house.time.now)
            house.run(timedelta(days=DAYS))
            arrived = Counter(message_from_bytes(one.content)["Message-ID"] for one in sink.accepted)
            letters = house.store.letters()
        finally:
            house.store.close()
    assert set(arrived.values()) == {1}
    sure = {letter.message_id for letter in letters if letter.state is LetterState.SENT and not letter.error}
    perhaps = {letter.message_id for letter in letters if letter.state is LetterState.SENT and letter.error}
    refused = {letter.message_id for letter in letters if letter.state is LetterState.FAILED}
    assert sure <= arrived.keys() <= sure | perhaps
    assert sure
    assert perhaps & arrived.keys()
    assert refused
    assert len(letters) == len(sure | perhaps | refused)
    assert {mood for moods in TROUBLE.values() for mood in moods} <= met.keys()
