"""The rendered digest, byte for byte: what a reviewer approved is what is mailed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.model import Digest, Section, SectionKind
from syncd.render import compose_letter, render_html, render_text
from syncd.render.page import page_of
from tests.golden.digest import world
from tests.golden.digest.expected import expected_files
from tests.golden.digest.world import FULL, KEY, LANGUAGES, TROUBLED, policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncd.pipeline.policy import Policy

GOLDEN = Path(world.__file__).parent
EXPECTED = expected_files()
TITLES = ("TODAY", "GOING QUIET", "WAITING FOR YOUR REPLY", "THIS WEEK", "LOST TOUCH")


def subject_of(digest: Digest, policy: Policy) -> str:
    page, _ = page_of(digest, policy)
    return page.subject


def only(*kinds: SectionKind) -> Digest:
    """The troubled day, with no other sections than these."""
    return replace(TROUBLED, sections=tuple(section for section in TROUBLED.sections if section.kind in kinds))


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_digest_looks_as_it_was_approved(name: str) -> None:
    assert EXPECTED[name] == (GOLDEN / name).read_bytes()


def test_no_approved_digest_is_left_over() -> None:
    assert {file.name for file in GOLDEN.iterdir() if file.suffix in (".html", ".txt", ".eml")} == set(EXPECTED)


def test_rendering_twice_gives_the_same_bytes() -> None:
    assert expected_files() == EXPECTED


def test_the_text_tells_everything_in_its_order() -> None:
    text = render_text(TROUBLED, policy())
    places = [
        text.index(part) for part in ("Five people", "Tom left", "signed out", *TITLES, "-- \n", "syncd done tom")
    ]
    assert places == sorted(places)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_is_72_columns_wide_and_ends_no_line_in_a_space(language: str) -> None:
    for line in render_text(TROUBLED, policy(language)).splitlines():
        assert len(line) <= 72
        assert line == line.rstrip() or line == "-- "


def test_the_text_keeps_a_command_on_one_line() -> None:
    lines = render_text(FULL, policy()).splitlines()
    for command in ("syncd done tom", "syncd snooze tom 2w", "syncd mute tom", "syncd explain tom"):
        assert any(command in line for line in lines)


@pytest.mark.parametrize(
    ("kinds", "titles"),
    [
        ((SectionKind.TODAY,), TITLES[:1]),
        ((SectionKind.QUIET,), TITLES[1:2]),
        ((SectionKind.OWED,), TITLES[2:3]),
        ((SectionKind.WEEK,), TITLES[3:4]),
        ((SectionKind.LOST,), TITLES[4:]),
        ((SectionKind.NOTICE, SectionKind.QUIET, SectionKind.LOST), (TITLES[1], TITLES[4])),
        ((SectionKind.NOTICE,), ()),
        ((), ()),
    ],
)
def test_a_section_without_entries_leaves_no_trace(kinds: Sequence[SectionKind], titles: Sequence[str]) -> None:
    digest = only(*kinds)
    text, html = render_text(digest, policy()), render_html(digest, policy())
    assert tuple(title for title in TITLES if title in text) == tuple(titles)
    assert html.count("<h2 ") == len(titles)
    assert html.count('class="ln2"') == len([title for title in titles if title != "TODAY"])
    assert "\n\n\n\n" not in text


def test_the_subject_names_who_is_going_quiet() -> None:
    quiet = FULL.section(SectionKind.QUIET)
    subjects = [
        subject_of(replace(FULL, sections=(Section(SectionKind.QUIET, quiet[:count]),)), policy())
        for count in (1, 2, 3, 5)
    ]
    assert subjects == [
        "Tom is going quiet",
        "Tom and Marta are going quiet",
        "Tom, Marta and 1 other are going quiet",
        "Tom, Marta and 3 others are going quiet",
    ]


def test_nobody_is_named_in_the_subject_or_the_preview_when_names_stay_off_the_lock_screen() -> None:
    discreet = policy(names_in_subject=False)
    assert subject_of(FULL, discreet) == "Five people worth a note"
    preview = render_html(FULL, discreet).split("<body", 1)[1].split("</div>", 1)[0]
    assert "Five people worth a note" in preview
    assert "Tom" not in preview
    assert b"Tom" not in compose_letter(FULL, discreet, KEY).content.split(b"\r\n\r\n", 1)[0]


def test_without_anybody_going_quiet_the_subject_is_the_headline() -> None:
    assert subject_of(only(SectionKind.OWED), policy()) == "Five people worth a note"


def test_the_footer_says_who_waits_only_when_somebody_does() -> None:
    assert "wait their turn" not in render_text(replace(FULL, withheld=()), policy())
    assert "Three more are due (Hiro M., Chloé D., Anna K.) and wait" in render_text(FULL, policy())
    crowd = replace(FULL, withheld=tuple(replace(FULL.withheld[0], name=f"Ann {letter}.") for letter in "ABCDE"))
    assert "Five more are due (Ann A., Ann B., Ann C. and others) and" in render_text(crowd, policy())


def test_the_footer_gives_each_source_its_own_sentence_when_one_is_behind() -> None:
    last = render_text(TROUBLED, policy()).split("\n\n")[-1].replace("\n", " ")
    assert last.startswith("work synced at 06:52. home synced at 06:53. club synced at 06:54.")
    assert "northwind synced on 4 October at 21:40." in last
    never = replace(FULL, sources=(replace(FULL.sources[0], last_sync=None),))
    assert "work has not been read yet. Only headers are read" in render_text(never, policy())


def test_a_name_with_a_space_or_a_quote_makes_a_command_that_a_shell_understands() -> None:
    odd = replace(FULL.section(SectionKind.QUIET)[0], name="d'Arc; rm")
    text = render_text(replace(FULL, sections=(Section(SectionKind.QUIET, (odd,)),)), policy())
    assert """syncd done 'd'"'"'arc;'""" in text


def test_a_long_name_is_cut_on_the_button_and_whole_in_the_command() -> None:
    address = "maximiliane.von.hohenstein-schwarzenberg@consulting.example"
    long = replace(FULL.section(SectionKind.QUIET)[0], name=address)
    text = render_text(replace(FULL, sections=(Section(SectionKind.QUIET, (long,)),)), policy())
    assert "Write to maximiliane.von.hohenstein-sc…: " in text
    assert f"syncd done {address}" in text


def test_a_meeting_without_a_title_is_called_a_meeting() -> None:
    untitled = replace(FULL.section(SectionKind.TODAY)[0], title="")
    text = render_text(replace(FULL, sections=(Section(SectionKind.TODAY, (untitled,)),)), policy())
    assert "  10:30  Meeting\n" in text
