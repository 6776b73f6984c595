"""The look of the page: its colours by day and by night, its type, and the inline style of every part.

Everything that matters stands inline, since mail programs drop style sheets; a style sheet only widens the page, turns
it dark, and repeats the dark colours for Outlook, which marks what it recoloured with data-ogsc and data-ogsb.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT = "color"
GROUND = "background-color"
LINE = "border-top-color"


@dataclass(frozen=True, slots=True)
class Tone:
    """A class of the page: which property it colours, by day and by night."""

    name: str
    colours: str
    light: str
    dark: str


TONES = (
    Tone("ink", TEXT, "#25231F", "#F1EBDF"),
    Tone("ink2", TEXT, "#45413A", "#CFC8BA"),
    Tone("mut", TEXT, "#6C665C", "#B5AD9E"),
    Tone("acc", TEXT, "#2B6A5C", "#93CDBC"),
    Tone("bg", GROUND, "#F4F1EA", "#161513"),
    Tone("card", GROUND, "#FFFDF9", "#1F1D1A"),
    Tone("tint", GROUND, "#EDF2EC", "#26302B"),
    Tone("warn", GROUND, "#FBF0DC", "#35291A"),
    Tone("bar", GROUND, "#6A9A8A", "#5E9184"),
    Tone("tick", GROUND, "#D8D0C1", "#403B34"),
    Tone("quiet", GROUND, "#BF7E33", "#C98F4B"),
    Tone("ln", LINE, "#ECE6DA", "#33302A"),
    Tone("ln2", LINE, "#CFC6B4", "#544E44"),
)
COLOURS: Mapping[str, str] = {tone.name: tone.light for tone in TONES}

_SANS = "font-family:-apple-system,BlinkMacSystemFont,Segoe UI,Roboto,Helvetica,Arial,sans-serif"
_SERIF = "font-family:Georgia,Times New Roman,serif"
_NARROW = "padding-left:22px;padding-right:22px;"
_RULE = "font-size:1px;line-height:1px;height:1px;mso-line-height-rule:exactly"
_WIDE_SIDES = ".px{padding-left:40px!important;padding-right:40px!important}"
_WIDE_CARD = (
    ".out{padding:28px 12px 36px!important}"
    f".card{{border:1px solid {COLOURS['ln']}!important;border-radius:14px!important}}"
)
_WIDE_TITLE = ".h1{font-size:31px!important;line-height:38px!important}"


def _type(family: str, size: int, leading: int, tone: str, more: str = "") -> str:
    return f"{family};font-size:{size}px;line-height:{leading}px;color:{COLOURS[tone]}{more}"


STYLES: Mapping[str, str] = {
    "body": f"margin:0;padding:0;{GROUND}:{COLOURS['bg']};-webkit-text-size-adjust:100%;-ms-text-size-adjust:100%",
    "sheet": f"{GROUND}:{COLOURS['bg']}",
    "card": f"max-width:600px;margin:0 auto;{GROUND}:{COLOURS['card']};border-collapse:separate;word-break:break-word",
    "sides": _NARROW,
    "box": f"{GROUND}:{COLOURS['tint']};border-radius:10px;border-collapse:separate",
    "notice": f"{GROUND}:{COLOURS['warn']};border-radius:10px;border-collapse:separate",
    "mark": _type(_SERIF, 17, 20, "acc", ";font-style:italic"),
    "date": _type(_SANS, 13, 20, "mut"),
    "h1": "margin:0;" + _type(_SERIF, 27, 34, "ink", ";font-weight:400;letter-spacing:-0.3px"),
    "lead": "margin:12px 0 0;" + _type(_SANS, 16, 25, "ink2"),
    "h2": "margin:0;" + _type(_SANS, 14, 20, "ink", ";font-weight:600"),
    "h2_box": "margin:0;" + _type(_SANS, 14, 20, "acc", ";font-weight:600"),
    "h3": "margin:0;" + _type(_SERIF, 21, 27, "ink", ";font-weight:400"),
    "h3_row": "margin:0;" + _type(_SANS, 15, 21, "ink", ";font-weight:600"),
    "h3_date": "margin:0;" + _type(_SANS, 15, 21, "ink", ";font-weight:400"),
    "row": "margin:0;" + _type(_SANS, 15, 21, "ink"),
    "sub": "margin:2px 0 0;" + _type(_SANS, 13, 19, "mut"),
    "why": "margin:10px 0 0;" + _type(_SANS, 15, 23, "ink2"),
    "reason": "margin:8px 0 0;" + _type(_SERIF, 15, 22, "acc", ";font-style:italic"),
    "strong": "font-weight:600;white-space:nowrap",
    "command": "white-space:nowrap",
    "time": _type(_SANS, 14, 21, "acc", ";font-weight:600;padding-top:10px"),
    "weekday": _type(_SANS, 12, 14, "mut"),
    "day": _type(_SANS, 19, 23, "ink"),
    "button_box": "display:inline-table;margin:12px 12px 0 0;vertical-align:middle;border-collapse:separate",
    "button_row": "border-collapse:separate",
    "button": f"{GROUND}:{COLOURS['tint']};border-radius:22px;white-space:nowrap;mso-padding-alt:12px 18px",
    "button_link": "display:inline-block;padding:12px 18px;"
    + _type(_SANS, 14, 20, "acc", ";font-weight:600;text-decoration:none"),
    "rule": f"border-top:1px solid {COLOURS['ln']};{_RULE}",
    "rule_strong": f"border-top:1px solid {COLOURS['ln2']};{_RULE}",
    "foot": "margin:0 0 8px;" + _type(_SANS, 12, 19, "mut"),
    "preview": "display:none;max-height:0;overflow:hidden;mso-hide:all;font-size:1px;line-height:1px;"
    f"color:{COLOURS['bg']}",
}
"""The inline style of every part, by its name in the template."""


def style_sheets() -> tuple[str, ...]:
    """What a mail program may drop; one concern each, since some drop a whole sheet for one rule they dislike."""
    dark = "".join(f".{tone.name}{{{tone.colours}:{tone.dark}!important}}" for tone in TONES)
    border = next(tone.dark for tone in TONES if tone.name == "ln")
    return (
        ":root{color-scheme:light dark;supported-color-schemes:light dark}",
        "body{margin:0!important}a{text-decoration:none}.bar,.tick,.quiet{border-radius:1px}",
        f"@media (min-width:560px){{{_WIDE_SIDES}{_WIDE_CARD}{_WIDE_TITLE}}}",
        f"@media (prefers-color-scheme:dark){{{dark}.card{{border-color:{border}!important}}}}",
        "".join(
            f"[data-ogs{'b' if tone.colours == GROUND else 'c'}] .{tone.name}{{{tone.colours}:{tone.dark}!important}}"
            for tone in TONES
        ),
    )


OUTLOOK_SHEET = (
    "table{border-collapse:collapse}td,p,a{font-family:Segoe UI,Arial,sans-serif!important}"
    "h1,.serif{font-family:Georgia,serif!important}.bar,.tick,.quiet{mso-line-height-rule:exactly}"
    f"{_WIDE_SIDES}.out{{padding:24px 0!important}}"
)
"""For Outlook on Windows, which lays out with Word and reads only what stands in its own comment."""
