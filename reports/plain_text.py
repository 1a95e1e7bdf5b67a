"""Text that others wrote, made harmless to who reads it: on a page, in a figure, in a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from unicodedata import bidirectional

_HIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]",
)
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
_NUMBER = re.compile(r"\s*[-+]?(?:[\d.,]+(?:e[-+]?\d+)?|inf|nan)\s*", re.ASCII | re.IGNORECASE)


def plain(text: object) -> str:
    """Return a text in one line with what cannot be seen written out.

    Control characters, halves of characters, and those that turn the direction of writing are written
    as their numbers: two texts that differ in one still differ.
    """
    return _HIDDEN.sub(_written_out, str(text))


def plain_all(value: Any) -> Any:
    """Return a value made of dicts and lists with each text in it `plain`."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {plain(key): plain_all(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain_all(each) for each in value]
    return value


def isolated(text: str) -> str:
    """Return a text that turns no numbers around beside it: one written from right to left would."""
    if any(bidirectional(each) in {"R", "AL", "AN"} for each in text):
        return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"
    return text


def in_cell(value: object) -> object:
    """Return a cell that a spreadsheet shows as it is: a text that it takes for a formula is quoted."""
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def _written_out(found: re.Match[str]) -> str:
    return " " if found[0] in "\t\n\r" else f"\\u{ord(found[0]):04x}"
