"""Every function that makes a phrase, by its name, from whichever room of `syncd.pipeline.phrases` it stands in."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

from syncd.pipeline import phrases

if TYPE_CHECKING:
    from collections.abc import Callable

    from syncd.model import Phrase

ROOMS = tuple(import_module(f"{phrases.__name__}.{room.name}") for room in pkgutil.iter_modules(phrases.__path__))
FUNCTIONS: tuple[tuple[str, Callable[..., Phrase]], ...] = tuple(
    (name, one)
    for room in ROOMS
    for name, one in inspect.getmembers(room, inspect.isfunction)
    if one.__module__ == room.__name__
)
SAY = dict(FUNCTIONS)
