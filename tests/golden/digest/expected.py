"""Which file holds which rendering of the invented day."""

from __future__ import annotations

from syncd.render import compose_letter, render_html, render_text
from tests.golden.digest.world import FULL, KEY, LANGUAGES, TROUBLED, policy


def expected_files() -> dict[str, bytes]:
    """Every golden file by name, with the bytes that today's code gives it."""
    files = {"notice.en.html": render_html(TROUBLED, policy()), "notice.en.txt": render_text(TROUBLED, policy())}
    for language in LANGUAGES:
        files[f"digest.{language}.html"] = render_html(FULL, policy(language))
        files[f"digest.{language}.txt"] = render_text(FULL, policy(language))
    written = {name: text.encode() for name, text in files.items()}
    written["digest.en.eml"] = compose_letter(FULL, policy(), KEY).content
    return written
