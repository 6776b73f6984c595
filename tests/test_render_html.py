"""The HTML of the digest as a mail program and a screen reader meet it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from syncd.model import Section, SectionKind
from syncd.render import render_html
from syncd.render.design import GROUND, TEXT, TONES
from tests.golden.digest.world import FULL, LANGUAGES, OWED, QUIET, TROUBLED, policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

VOID = {"meta", "br"}
PAGES = {language: render_html(TROUBLED, policy(language)) for language in LANGUAGES}
HTML = PAGES["en"]


@dataclass(slots=True)
class Node:
    tag: str
    attributes: dict[str, str]
    parent: Node | None
    children: list[Node] = field(default_factory=list)
    text: str = ""

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()

    def all(self, *tags: str) -> list[Node]:
        return [node for node in self.walk() if node.tag in tags]

    def words(self) -> str:
        return "".join(node.text for node in self.walk()).strip()

    def style(self, name: str) -> str:
        """An inline style of this element; empty when it has none."""
        found = re.search(rf"(?:^|;){name}:([^;]+)", self.attributes.get("style", ""))
        return found[1] if found else ""

    def nearest(self, look: Callable[[Node], str]) -> str:
        """What `look` finds on this element or the nearest one around it."""
        node: Node | None = self
        while node:
            if found := look(node):
                return found
            node = node.parent
        raise AssertionError(f"nothing found around {self.words()!r}")


class Tree(HTMLParser):
    """A strict reader: what is opened is closed, in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = self.here = Node("", {}, None)
        self.feed(html)
        self.close()
        assert self.here is self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs}, self.here)
        self.here.children.append(node)
        if tag not in VOID:
            self.here = node

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.here.tag
        assert self.here.parent
        self.here = self.here.parent

    def handle_data(self, data: str) -> None:
        self.here.children.append(Node("", {}, self.here, text=data))


def read(html: str) -> Node:
    return Tree(html).root


def channel(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4


def luminance(colour: str) -> float:
    red, green, blue = (channel(int(colour[place : place + 2], 16)) for place in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, section 1.4.3."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def inverted(colour: str) -> str:
    return f"#{0xFFFFFF ^ int(colour[1:], 16):06X}"


def by_day(kind: str) -> Callable[[Node], str]:
    return lambda node: node.style(kind)


def by_night(kind: str) -> Callable[[Node], str]:
    dark = {tone.name: tone.dark for tone in TONES if tone.colours == kind}
    return lambda node: next((dark[name] for name in node.attributes.get("class", "").split() if name in dark), "")


def visible_text(html: str) -> list[Node]:
    body = read(html).all("body")[0]
    return [
        node
        for node in body.walk()
        if node.text.strip("\xa0 \n") and "display:none" not in (node.parent or node).attributes.get("style", "")
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("look", [by_day, by_night])
def test_every_word_can_be_read_by_day_by_night_and_inverted(
    language: str, look: Callable[[str], Callable[[Node], str]]
) -> None:
    words = visible_text(PAGES[language])
    assert len(words) > 60
    for word in words:
        text, ground = word.nearest(look(TEXT)), word.nearest(look(GROUND))
        assert contrast(text, ground) >= 4.5, word.text
        assert contrast(inverted(text), inverted(ground)) >= 4.5, word.text


def test_every_bar_stands_out_from_the_card() -> None:
    tones = {tone.name: tone for tone in TONES}
    for bar in ("bar", "quiet"):
        assert contrast(tones[bar].light, tones["card"].light) >= 3
        assert contrast(tones[bar].dark, tones["card"].dark) >= 3


def test_without_any_style_sheet_every_colour_is_still_there() -> None:
    light = {tone.name: tone for tone in TONES}
    bare = re.sub(r"<style>.*?</style>", "", HTML, flags=re.DOTALL)
    assert "<style" not in re.sub(r"<!--.*?-->", "", bare, flags=re.DOTALL)
    coloured = 0
    for node in read(bare).walk():
        for name in set(node.attributes.get("class", "").split()) & set(light):
            colours = light[name].colours
            value = node.style("border-top").removeprefix("1px solid ") if "border" in colours else node.style(colours)
            assert value == light[name].light, node.attributes
            coloured += 1
    assert coloured > 100


def test_the_narrow_page_is_inline_and_only_wide_windows_widen_it() -> None:
    sides = [node for node in read(HTML).walk() if "px" in node.attributes.get("class", "").split()]
    assert all(node.style("padding-left") == node.style("padding-right") == "22px" for node in sides)
    sheets = [node.words() for node in read(HTML).all("style")]
    assert all(sheet.count("{") == sheet.count("}") for sheet in sheets)
    assert sum("@media (min-width:560px)" in sheet for sheet in sheets) == 1
    assert "max-width" not in "".join(sheets)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_loaded_run_or_submitted(language: str) -> None:
    root = read(PAGES[language])
    assert not root.all("script", "img", "link", "iframe", "object", "form", "input", "svg", "video", "base")
    names = {name for node in root.walk() for name in node.attributes}
    assert not names & {"src", "srcset", "background", "action", "poster", "onclick", "onload"}
    assert not re.search(r"https?:|url\(|@import|@font-face|javascript:", PAGES[language])
    assert all(link.attributes["href"].startswith("mailto:") for link in root.all("a"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_screen_reader_hears_the_language_and_a_tree_of_real_headings(language: str) -> None:
    root = read(PAGES[language])
    (html,) = root.all("html")
    assert (html.attributes["lang"], html.attributes["dir"]) == (language, "ltr")
    levels = [int(node.tag[1]) for node in root.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(node.words() for node in root.all("h1", "h2", "h3", "a", "title"))


def test_every_table_is_either_for_layout_or_a_picture_with_words() -> None:
    roles = [(node.attributes.get("role"), bool(node.attributes.get("aria-label"))) for node in read(HTML).all("table")]
    assert set(roles) == {("presentation", False), ("img", True)}


def test_the_year_of_a_person_is_twelve_cells_and_the_same_in_words() -> None:
    pictures = [node for node in read(HTML).all("table") if node.attributes["role"] == "img"]
    assert len(pictures) == 6
    tom = pictures[0]
    assert tom.attributes["aria-label"].endswith("over the last twelve months: 9, 7, 8, 6, 9, 7, 8, 6, 9, 8, 3, 0")
    bars = tom.all("div")
    assert len(tom.all("td")) == len(bars) == 12
    assert [bar.attributes["class"] for bar in bars] == ["bar"] * 11 + ["quiet"]
    assert [bar.style("height") for bar in bars][:3] == ["28px", "23px", "26px"]


def test_each_person_has_one_filled_action_and_no_link_that_would_do_nothing() -> None:
    links = [(link.words(), link.attributes["href"]) for link in read(HTML).all("a")]
    james = "subject=Re%3A%20A%20reference%20for%20Anna%3F&In-Reply-To=%3Cabc%40mail.example.org%3E"
    dewi = "subject=Re%3A%20Panel%20in%20Bandung&In-Reply-To=%3Cdef%40mail.bandung.example%3E"
    assert links == [
        ("Write to Tom", "mailto:tom.okafor@heliolabs.example"),
        ("Write to Marta", "mailto:marta.bianchi@arup.example"),
        ("Write to Rana", "mailto:rana@levantfoods.example"),
        ("Write to Budi", "mailto:budi.santoso@tokosawah.example"),
        ("Write to Ingrid", "mailto:ingrid@fjordprint.example"),
        ("Reply", f"mailto:james.whitfield@example.org?{james}"),
        ("Reply", f"mailto:dewi@bandung.example?{dewi}"),
        ("Write to Samuel", "mailto:samuel.adeyemi@oriel.example"),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_at_most_one_number_in_bold(language: str) -> None:
    paragraphs = read(PAGES[language]).all("p")
    bold = [[strong.words() for strong in one.all("strong")] for one in paragraphs if one.all("strong")]
    assert len(bold) == 5
    assert all(len(numbers) == 1 and numbers[0][0].isdigit() for numbers in bold)


def test_twelve_people_stay_under_80_kilobytes() -> None:
    crowd = tuple(replace(one, name=f"{one.name} {place}") for place in range(3) for one in QUIET)[:12]
    sections = tuple(
        replace(section, entries=crowd) if section.kind is SectionKind.QUIET else section
        for section in TROUBLED.sections
    )
    html = render_html(replace(TROUBLED, sections=sections), policy())
    assert html.count("Write to ") == 13
    assert len(html.encode()) < 80_000


HOSTILE = '"><script>alert(1)</script>&amp;{{ 7*7 }}{first:b}\r\nBcc: x@example.org\u202etxt\x00\ud800'


def test_what_others_wrote_is_shown_and_never_read_as_anything_else() -> None:
    evil = replace(QUIET[0], title=HOSTILE, name=HOSTILE, address="a?cc=b&c\"<'@x.example")
    owed = replace(OWED[0], title=HOSTILE, name=HOSTILE, subject=HOSTILE, message_id='<a"b&c=d\r\nX: y@z>')
    digest = replace(FULL, sections=(Section(SectionKind.QUIET, (evil,)), Section(SectionKind.OWED, (owed,))))
    root = read(render_html(digest, policy()))
    shown = '"><script>alert(1)</script>&amp;{{ 7*7 }}{first:b} Bcc: x@example.org txt'
    assert not root.all("script")
    assert [node.words() for node in root.all("h3")] == [shown, shown]
    write, reply = (link.attributes["href"] for link in root.all("a"))
    assert unquote(urlsplit(write).path) == "a?cc=b&c\"<'@x.example"
    assert urlsplit(write).query == ""
    assert parse_qs(urlsplit(reply).query, strict_parsing=True) == {
        "subject": [f"Re: {shown}"],
        "In-Reply-To": ['<a"b&c=d X: y@z>'],
    }


def test_the_colours_hold_no_alarm() -> None:
    for tone in TONES:
        for colour in (tone.light, tone.dark):
            red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
            assert red < 1.8 * max(green, blue), f"{tone.name} is red"
