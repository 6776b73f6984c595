"""Every key and every value of a TOML file has its place."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.config import NoConfig
from syncd.config.places import Document, Where, read
from syncd.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
SCALARS = st.one_of(
    WORDS, st.integers(-(2**60), 2**60), st.booleans(), st.dates(), st.times(), st.floats(allow_nan=False)
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3))
BLANKS = st.sampled_from(["", " ", "\t"])
GAPS = st.sampled_from(["", " ", "\n", "  # a ] } , note\n\n", "\r\n"])


@st.composite
def inline(draw: st.DrawFn, value: object) -> str:
    """A value on its own, with comments, blanks and newlines wherever TOML allows them."""
    match value:
        case dict():
            pairs = [
                f"{draw(BLANKS)}{key_text(draw, key)}{draw(BLANKS)}={draw(BLANKS)}{draw(inline(item))}{draw(BLANKS)}"
                for key, item in value.items()
            ]
            return "{" + (",".join(pairs) or draw(BLANKS)) + "}"
        case list():
            items = [f"{draw(GAPS)}{draw(inline(item))}{draw(GAPS)}" for item in value]
            end = draw(st.sampled_from(["", f",{draw(GAPS)}"])) if items else draw(GAPS)
            return "[" + ",".join(items) + end + "]"
        case str():
            return draw(st.sampled_from(spellings(value)))
        case _:
            return tomlkit.item(value).as_string()


def key_text(draw: st.DrawFn, key: str) -> str:
    return draw(st.sampled_from([spelling for spelling in spellings(key) if not spelling.startswith(('"""', "'''"))]))


def spellings(text: str) -> list[str]:
    """Every way to write a text that reads back as it was."""
    ways = [tomlkit.item(text).as_string(), f"'{text}'", f"'''{text}'''", f'"""{text}"""', text]
    return [ways[0], *(way for way in ways[1:] if reads_back(way, text))]


def reads_back(way: str, text: str) -> bool:
    try:
        return bool(tomllib.loads(f"k = {way}")["k"] == text and tomllib.loads(f"k = {way}\n") and "\r" not in way)
    except (tomllib.TOMLDecodeError, KeyError):
        return False


def walk(value: object, where: Where = ()) -> Iterator[tuple[Where, object]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        yield (*where, step), item
        yield from walk(item, (*where, step))


def document(folder: Path, text: str) -> Document:
    path = folder / "config.toml"
    path.write_bytes(text.encode())
    return read(path)


def check_places(found: Document) -> None:
    """What stands at each place is what the values say stands there."""
    text = found.sheet.text
    for where, value in walk(found.values):
        key = found.keys[where]
        if isinstance(where[-1], str):
            assert tomllib.loads(f"{text[key.start : key.end]} = 0") == {where[-1]: 0}
        if where in found.spots:
            spot = found.spots[where]
            assert tomllib.loads(f"x = {text[spot.start : spot.end]}") == {"x": value}
        else:
            assert isinstance(value, dict | list), "only tables with a header have no text of their own"


@settings(max_examples=80, deadline=None)
@given(data=st.data(), values=st.dictionaries(WORDS, VALUES, max_size=4))
def test_every_value_written_inline_is_found_where_it_stands(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, values: dict[str, object]
) -> None:
    text = "".join(
        f"{tomlkit.key(key).as_string()} = {data.draw(inline(value))} # note\n" for key, value in values.items()
    )
    found = document(tmp_path_factory.mktemp("toml"), text)
    assert found.values == tomllib.loads(text)
    check_places(found)


@settings(max_examples=80, deadline=None)
@given(
    values=st.dictionaries(WORDS, VALUES | st.lists(st.dictionaries(WORDS, VALUES, max_size=2), max_size=3), max_size=4)
)
def test_every_table_and_key_under_headers_is_found_where_it_stands(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, object]
) -> None:
    found = document(tmp_path_factory.mktemp("toml"), tomlkit.dumps(values))
    check_places(found)


def test_places_count_from_one_as_editors_do(tmp_path: Path) -> None:
    found = document(
        tmp_path, "# ünicode\r\n[me]\r\n  näme = 1\r\n".replace("näme", '"näme"') + "zone   =   'Rome' # x\r\n"
    )
    assert found.sheet.line(found.key(("me", "näme")).start) == 3
    problem = found.sheet.problem(found.value(("me", "zone")), "no")
    assert (problem.line, problem.column, problem.width) == (4, 12, 6)
    assert problem.source == "zone   =   'Rome' # x"


def test_an_item_of_an_array_of_tables_is_at_its_own_header(tmp_path: Path) -> None:
    text = (
        "[[rules]]\nname = 'a'\n[rules.when]\ntag = 'x'\n\n"
        "[[rules]]\nname = 'b'\n[[rules.deep]]\n[[rules.deep]]\nk.j = 1\n"
    )
    found = document(tmp_path, text)
    assert [found.line_of(("rules", number)) for number in (0, 1)] == ["config.toml:1", "config.toml:6"]
    assert found.line_of(("rules", 0, "when", "tag")) == "config.toml:4"
    assert found.line_of(("rules", 1, "deep", 1, "k", "j")) == "config.toml:10"


def test_a_table_that_is_opened_after_its_children_is_at_its_own_header(tmp_path: Path) -> None:
    found = document(tmp_path, "[digest.send]\nvia = 'x'\n[digest]\nto = 'y'\n")
    assert found.line_of(("digest",)) == "config.toml:3"


def test_what_is_not_there_is_at_the_table_that_should_hold_it(tmp_path: Path) -> None:
    found = document(tmp_path, "\n[digest]\n")
    assert found.line_of(("digest", "to")) == "config.toml:2"
    assert found.lookup(("digest", "to")) is None


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1\r\n")
    found = read(path)
    assert found.values == {"a": 1}
    assert found.sheet.problem(found.key(("a",)), "x").column == 1


def test_a_file_that_is_not_utf_8_is_refused_at_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b'a = 1\nname = "Zo\xeb"\n')
    with pytest.raises(ConfigError) as refusal:
        read(path)
    (problem,) = refusal.value.problems
    assert (problem.line, problem.column) == (2, 11)
    assert "UTF-8" in problem.message


def test_a_folder_in_place_of_the_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NoConfig, match="cannot be read: Is a directory"):
        read(tmp_path)
