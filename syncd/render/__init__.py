"""The digest as a page, as plain text and as a letter.

Everything here is deterministic: the same digest and policy give the same bytes.
"""

from __future__ import annotations

from functools import lru_cache
from textwrap import wrap
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from syncd.render import design
from syncd.render.letter import seal
from syncd.render.page import page_of, speaker_of
from syncd.render.sentence import Sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from syncd.model import Digest, Letter, Phrase
    from syncd.pipeline.policy import Policy
    from syncd.render.page import Page
    from syncd.render.sentence import Speaker

_COLUMNS = 72
_GLUE = "\ue000"


def render_html(digest: Digest, policy: Policy) -> str:
    """The digest as one HTML document: no script, no image, nothing loaded from anywhere."""
    return _fill("digest.html.j2", *page_of(digest, policy))


def render_text(digest: Digest, policy: Policy) -> str:
    """The digest as plain text, at most 72 columns wide unless a word is wider."""
    return _fill("digest.txt.j2", *page_of(digest, policy))


def say(phrases: Sequence[Phrase], digest: Digest, policy: Policy) -> str:
    """Sentences of a digest as plain text, one after the other."""
    return str(speaker_of(digest, policy).paragraph(phrases))


def compose_letter(digest: Digest, policy: Policy, key: bytes, sender: str = "") -> Letter:
    """The mail that will be sent, every byte of it, however often it takes.

    `key` makes the Message-ID of a day unguessable. `sender` is the From address; empty means the owner's own. Raises
    DeliveryError when an address cannot be mailed to.
    """
    page, speaker = page_of(digest, policy)
    bodies = (_fill("digest.txt.j2", page, speaker), _fill("digest.html.j2", page, speaker))
    return seal(page, digest, policy, key, sender, bodies)


def _fill(template: str, page: Page, speaker: Speaker) -> str:
    return _templates().get_template(template).render(page=page, t=speaker.text).strip("\n") + "\n"


@lru_cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("syncd", "templates"),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["s"] = design.STYLES
    environment.globals["c"] = design.COLOURS
    environment.globals["sheets"] = design.style_sheets()
    environment.globals["outlook_sheet"] = design.OUTLOOK_SHEET
    environment.filters["fold"] = _fold
    return environment


def _fold(text: str | Sentence, indent: int = 0) -> str:
    """`text` in lines of at most 72 columns, each indented; a command to type is never torn apart."""
    if isinstance(text, Sentence):
        text = "".join(run.text.replace(" ", _GLUE) if run.style == "i" else run.text for run in text.runs)
    margin = " " * indent
    lines = wrap(
        text,
        _COLUMNS,
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace(_GLUE, " ")
