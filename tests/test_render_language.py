"""The catalogues hold every sentence in every language, and each language says numbers and days its own way."""
# ruff: noqa: RUF001 - the apostrophe of printed Italian

from __future__ import annotations

import inspect
import re
from datetime import UTC, date, datetime, timedelta, timezone
from string import Formatter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model import Phrase
from syncd.pipeline.phrases import caveats, opening, persons
from syncd.pipeline.spans import Span, Unit
from syncd.render.catalogue import catalogue, languages
from syncd.render.sentence import Speaker, legible
from tests.golden.digest.world import DAY, LANGUAGES
from tests.pipeline.sentences import SAY

if TYPE_CHECKING:
    from collections.abc import Iterator

ROME = ZoneInfo("Europe/Rome")
PAGE = ("page.", "section.", "circle.", "span.", "words.", "every.", "number.", "days.")


def speaker(language: str, today: date = DAY) -> Speaker:
    return Speaker(catalogue(language), today, ROME)


def forms(language: str, key: str) -> list[str]:
    """Every plural form of a message."""
    return sorted({catalogue(language).message(key, count) for count in (0, 1, 2, 5, 11, 100)})


def placeholders(message: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(message) if name}


def base(key: str) -> str:
    """The phrase that a special form belongs to."""
    return re.split(r"[@.-]", key, maxsplit=1)[0]


VALUES: dict[str, list[object]] = {
    "circle": ["clients", "colleagues", "former-colleagues", "friends-of-the-trade", "mentors", "vendors", "press"],
    **{name: ["Some words", ""] for name in ("subject", "title", "error", "hint")},
    **{name: [2023] for name in ("year", "through")},
}
KINDS: dict[str, list[object]] = {
    "str": ["Name"],
    "int": [1, 2, 3, 13, 1200],
    "Span": [Span(count, unit) for unit in Unit for count in (1, 2, 12, 13)],
    "datetime": [datetime(2026, 10, 6, 8, 30, tzinfo=UTC), datetime(2025, 3, 8, 8, 30, tzinfo=UTC)],
    "date": [DAY + timedelta(days=days) for days in (-400, -30, -5, -1, 0, 1, 3, 6, 8, 36, 400)],
}


def values_of(kind: str, name: str) -> list[object]:
    return VALUES.get(name) or KINDS[kind]


def samples(code: str) -> Iterator[Phrase]:
    """The phrase with every kind of value that each of its parameters may have, one at a time."""
    kinds = {name: str(one.annotation) for name, one in inspect.signature(SAY[code]).parameters.items()}
    usual = {name: values_of(kind, name)[0] for name, kind in kinds.items()}
    yield SAY[code](**usual)
    for name, kind in kinds.items():
        yield from (SAY[code](**{**usual, name: value}) for value in values_of(kind, name))


def test_there_are_three_languages() -> None:
    assert set(languages()) == set(LANGUAGES)


@pytest.mark.parametrize("code", sorted(SAY))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_has_a_message_with_its_values(language: str, code: str) -> None:
    parameters = set(inspect.signature(SAY[code]).parameters)
    held = set().union(*(placeholders(form) for form in forms(language, code)))
    assert held == parameters - {"nth"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_belongs_to_a_phrase_or_to_the_page(language: str) -> None:
    assert {base(key) for key in catalogue(language) if not key.startswith(PAGE)} == set(SAY)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_special_form_holds_no_value_that_its_phrase_does_not_have(language: str) -> None:
    for key in catalogue(language):
        if key not in SAY and not key.startswith(PAGE):
            parameters = set(inspect.signature(SAY[base(key)]).parameters)
            assert all(placeholders(form) <= parameters for form in forms(language, key)), key


def test_all_languages_have_the_same_messages_with_the_same_values() -> None:
    def shared(language: str) -> dict[str, set[str]]:
        keys = (key for key in catalogue(language) if "@" not in key)
        return {key: set().union(*(placeholders(form) for form in forms(language, key))) for key in keys}

    assert shared("en") == shared("it") == shared("id")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_plural_names_the_value_that_decides_it(language: str) -> None:
    for key in catalogue(language):
        if counted := catalogue(language).counted(key):
            assert counted in set().union(*(placeholders(form) for form in forms(language, key))), key


@pytest.mark.parametrize("code", sorted(SAY))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_makes_a_clean_sentence_whatever_its_values(language: str, code: str) -> None:
    for phrase in samples(code):
        sentence = str(speaker(language).say(phrase))
        assert sentence == sentence.strip()
        assert sentence[0].isupper() or sentence[0].isdigit() or sentence[0] in "“«" or code == "waiting_for", sentence
        assert not re.search(r"[{}]|  |“”|«»|\bNone\b| [.,;:]", sentence), sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_why_of_a_gap_has_that_one_gap_in_bold(language: str) -> None:
    for code in ("quiet_rhythm", "quiet_circle", "quiet_person", "lost_one_year", "lost_two_years", "lost_years"):
        for phrase in samples(code):
            bold = [run.text for run in speaker(language).say(phrase).runs if run.style == "b"]
            assert len(bold) == 1
            assert bold[0].startswith(f"{phrase.value('gap')} ")


def test_a_phrase_nobody_translated_is_an_error_not_a_code_on_the_page() -> None:
    with pytest.raises(KeyError):
        speaker("en").say(Phrase("no_such_phrase"))


def test_an_unknown_language_reads_english_and_a_region_reads_its_language() -> None:
    assert catalogue("xx").code == "en"
    assert catalogue("it_IT.UTF-8").code == catalogue("it-CH").code == "it"


GAP = Span(13, Unit.WEEK)


@pytest.mark.parametrize(
    ("phrase", "english", "italian", "indonesian"),
    [
        (
            persons.quiet_rhythm(GAP, Span(6, Unit.WEEK)),
            "Quiet for 13 weeks; you usually talk every six.",
            "Silenzio da 13 settimane; di solito vi sentite ogni sei.",
            "Sepi selama 13 minggu; biasanya setiap enam minggu.",
        ),
        (
            persons.quiet_rhythm(GAP, Span(1, Unit.WEEK)),
            "Quiet for 13 weeks; you usually talk weekly.",
            "Silenzio da 13 settimane; di solito vi sentite ogni settimana.",
            "Sepi selama 13 minggu; biasanya setiap minggu.",
        ),
        (
            persons.quiet_circle(GAP, "press", Span(2, Unit.MONTH)),
            "Quiet for 13 weeks; “press” is every two months.",
            "Silenzio da 13 settimane; per «press» il ritmo è ogni due mesi.",
            "Sepi selama 13 minggu; “press” dijadwalkan setiap dua bulan.",
        ),
        (
            opening.headline_quiet(1),
            "One person worth a note",
            "Una persona da risentire",
            "Satu orang yang patut disapa",
        ),
        (
            opening.headline_quiet(13),
            "13 people worth a note",
            "13 persone da risentire",
            "13 orang yang patut disapa",
        ),
        (
            opening.lead_rhythm("Marta", 3),
            "Marta is three times past your usual rhythm.",
            "Con Marta il silenzio dura già tre volte il solito.",
            "Dengan Marta, jedanya sudah tiga kali lipat dari biasanya.",
        ),
        (
            persons.they_wrote_last("Marta", date(2025, 7, 11), ""),
            "Marta wrote last, on 11 July 2025.",
            "L’ultima mail è di Marta, dell’11 luglio 2025.",
            "Marta yang terakhir menulis, pada 11 Juli 2025.",
        ),
        (
            persons.lost_one_year(1204, 2023, Span(2, Unit.YEAR)),
            "1,204 exchanges in 2023, then nothing for 2 years.",
            "1.204 scambi nel 2023, poi più nulla per 2 anni.",
            "1.204 kali berkontak pada 2023, lalu sepi selama 2 tahun.",
        ),
        (
            caveats.footer_all_synced(1, datetime(2026, 10, 6, 4, 52, tzinfo=UTC)),
            "Your account synced at 06:52.",
            "Il tuo account è sincronizzato alle 06:52.",
            "Akun Anda tersinkron pukul 06.52.",
        ),
        (
            caveats.footer_all_synced(2, datetime(2026, 10, 6, 4, 52, tzinfo=UTC)),
            "Both accounts synced at 06:52.",
            "I tuoi due account sono sincronizzati alle 06:52.",
            "Kedua akun tersinkron pukul 06.52.",
        ),
        (
            caveats.notice_stale("work", date(2026, 10, 4), "", "Type: syncd doctor work"),
            "work has not been read since Sunday. Type: syncd doctor work",
            "work non viene letto da domenica. Type: syncd doctor work",
            "work belum dibaca lagi sejak Minggu. Type: syncd doctor work",
        ),
        (
            caveats.source_stale("work", date(2026, 10, 4), "Type: x"),
            "Held back: work has not been read since Sunday, and you may have been in touch there. Type: x",
            "In sospeso: work non viene letto da domenica, e potreste esservi sentiti lì. Type: x",
            "Ditahan: work belum dibaca lagi sejak Minggu, dan mungkin kalian berhubungan di sana. Type: x",
        ),
        (
            caveats.source_reading("work"),
            "Held back: work is being read for the first time, and you may have been in touch there.",
            "In sospeso: work viene letto per la prima volta, e potreste esservi sentiti lì.",
            "Ditahan: work sedang dibaca untuk pertama kali, dan mungkin kalian berhubungan di sana.",
        ),
        (
            caveats.source_gone("work"),
            "Held back: work is no longer in the configuration, so that nobody sees any more what happens there.",
            "In sospeso: work non è più nella configurazione, e nessuno vede più che cosa succede lì.",
            "Ditahan: work tidak ada lagi dalam konfigurasi, sehingga tidak ada yang melihat apa yang terjadi di sana.",
        ),
        (
            caveats.meeting_unsure("work", date(2026, 10, 4), ""),
            "Held back: work has not been read since Sunday, and today’s meeting may have moved.",
            "In sospeso: work non viene letto da domenica, e l’incontro di oggi potrebbe essere cambiato.",
            "Ditahan: work belum dibaca lagi sejak Minggu, dan pertemuan hari ini mungkin sudah berubah.",
        ),
        (
            opening.lead_reading("work"),
            "work is being read for the first time; what there is to say about people waits until that is done.",
            "work viene letto per la prima volta; ciò che c’è da dire sulle persone aspetta che sia finito.",
            "work sedang dibaca untuk pertama kali; kabar tentang orang-orang ditahan sampai selesai.",
        ),
        (
            persons.role_at("press", "Il Sole"),
            "Press, Il Sole",
            "Press, Il Sole",
            "Press, Il Sole",
        ),
    ],
)
def test_each_language_says_it_in_its_own_way(phrase: Phrase, english: str, italian: str, indonesian: str) -> None:
    said = tuple(str(speaker(language).say(phrase)) for language in LANGUAGES)
    assert said == (english, italian, indonesian)


@pytest.mark.parametrize(
    ("ahead", "english", "italian", "indonesian"),
    [
        (0, "today", "oggi", "hari ini"),
        (1, "tomorrow", "domani", "besok"),
        (3, "this Friday", "venerdì", "Jumat ini"),
        (5, "this Sunday", "domenica", "Minggu ini"),
        (6, "next Monday", "lunedì della prossima settimana", "Senin depan"),
        (12, "next Sunday", "domenica della prossima settimana", "Minggu depan"),
        (13, "on 19 October", "il 19 ottobre", "pada 19 Oktober"),
        (36, "on 11 November", "l’11 novembre", "pada 11 November"),
        (400, "on 10 November 2027", "il 10 novembre 2027", "pada 10 November 2027"),
        (-1, "on 5 October", "il 5 ottobre", "pada 5 Oktober"),
    ],
)
def test_a_day_to_come_is_named_as_people_name_it(ahead: int, english: str, italian: str, indonesian: str) -> None:
    day = DAY + timedelta(days=ahead)
    assert tuple(speaker(one).days.when(day) for one in LANGUAGES) == (english, italian, indonesian)


@pytest.mark.parametrize(
    ("ago", "english", "italian", "indonesian"),
    [
        (0, "since today", "da oggi", "sejak hari ini"),
        (1, "since yesterday", "da ieri", "sejak kemarin"),
        (6, "since Wednesday", "da mercoledì", "sejak Rabu"),
        (7, "since 29 September", "dal 29 settembre", "sejak 29 September"),
        (28, "since 8 September", "dall’8 settembre", "sejak 8 September"),
        (365, "since 6 October 2025", "dal 6 ottobre 2025", "sejak 6 Oktober 2025"),
    ],
)
def test_a_beginning_is_named_as_people_name_it(ago: int, english: str, italian: str, indonesian: str) -> None:
    day = DAY - timedelta(days=ago)
    assert tuple(speaker(one).days.since(day) for one in LANGUAGES) == (english, italian, indonesian)


def test_around_new_year_a_near_day_needs_no_year() -> None:
    january = speaker("en", date(2027, 1, 5))
    assert january.days.on(date(2026, 12, 20)) == "on 20 December"
    assert january.days.month(date(2026, 12, 20)) == "December"
    assert january.days.month(date(2026, 3, 20)) == "March 2026"


def test_an_instant_is_shown_on_the_owners_day_and_hour() -> None:
    late = datetime(2026, 10, 5, 18, 30, tzinfo=timezone(timedelta(hours=-4)))
    assert speaker("en").days.time(late) == "00:30"
    assert speaker("en").days.is_today(late)
    with pytest.raises(TypeError):
        speaker("en").days.time(DAY)


@given(st.text())
def test_somebodys_words_are_put_on_one_readable_line(text: str) -> None:
    line = legible(text)
    assert len(line) <= 120
    assert line == legible(line)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]|  ", line)
    line.encode()


@given(st.text(alphabet=st.sampled_from("{}:!0abfirst. ")))
def test_a_value_is_never_read_as_a_message(subject: str) -> None:
    sentence = speaker("en").say(persons.you_wrote_last(DAY, f"x{subject}x"))
    assert str(sentence) == f"You wrote last, on 6 October: “{legible(f'x{subject}x')}”."
    assert not any(run.style for run in sentence.runs)
