"""From plain containers to frozen dataclasses, and from a validator's findings to one line.

Rooms declare what they accept as standard-library dataclasses with annotated ranges and import no
validator; pydantic reads those declarations here: extra keys forbidden, infinities and NaN
refused, whole numbers, floats and booleans never taken for one another (but 1 is a float).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from math import isfinite
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from pydantic_core import ErrorDetails

from harness.errors import ConfigurationError, nearest, unknown

T = TypeVar("T")

STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
UNITED = ("int", "float", "str", "bool")
"""Where a value may be of several types, a finding's path names the one that it speaks of."""

PLAIN = (str, int, float, bool, type(None))
"""What JSON holds, beside lists and mappings."""

NUMBERS = ("float_type", "int_type")
"""Findings of a value that should be a number."""

_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(cls: type[Any]) -> TypeAdapter[Any]:
    if cls not in _ADAPTERS:
        _ADAPTERS[cls] = TypeAdapter(with_config(STRICT)(cls))
    return _ADAPTERS[cls]


def build(cls: type[T], values: Mapping[str, Any], where: str = "") -> T:
    """Return `cls` made from `values`.

    Parameters
    ----------
    where : str
        The key under which the values stand, for messages.

    Raises
    ------
    ConfigurationError
        One line naming the key, the value and what is allowed.
    """
    try:
        made: T = _adapter(cls).validate_json(json.dumps(values))
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise ConfigurationError(_sentence(cls, found[0], where)) from None
    except TypeError as error:
        raise ConfigurationError(foreign(values, where) or f"{where or cls.__name__}: {error}") from None
    except ValueError as error:
        raise ConfigurationError(f"{where or cls.__name__}: {error}") from None
    return made


def foreign(values: Any, where: str) -> str:
    """Return the line for the first value, or key, that is of no type of JSON's; empty if all are.

    YAML makes dates of texts such as 2020-01-01, and has sets and bytes.
    """
    if isinstance(values, Mapping):
        keys = [key for key in values if not isinstance(key, PLAIN)]
        if keys:
            return f"{where or 'keys'}: the key {keys[0]} is a {_kind(keys[0])}; allowed: text"
        parts = [(f"{where}.{key}" if where else str(key), value) for key, value in values.items()]
    elif isinstance(values, list | tuple):
        parts = [(f"{where}.{place}", value) for place, value in enumerate(values)]
    elif isinstance(values, PLAIN):
        return ""
    else:
        return (
            f"{where} = {values}: a {_kind(values)}; allowed: a number, text (of a date in quotes), true, "
            "false, null, a list or a mapping"
        )
    return next(filter(None, (foreign(value, key) for key, value in parts)), "")


def choose(registry: Mapping[str, type[T]], group: str, values: Any, *, by: str = "name") -> T:
    """Return the choice of a group: the class called ``values[by]``, with its parameters."""
    key = group if by == "name" else f"{group}.{by}"
    if not isinstance(values, Mapping) or not isinstance(values.get(by), str):
        raise ConfigurationError(f"{key} = {values!r}: not a choice; allowed: {', '.join(sorted(registry))}")
    if values[by] not in registry:
        raise unknown(key, values[by], registry)
    return build(registry[values[by]], values, group)


def _sentence(cls: type, found: ErrorDetails, where: str) -> str:
    path = [str(part) for part in found["loc"] if not str(part).endswith("]") and part not in UNITED]
    key = ".".join([part for part in (where, *path) if part])
    if found["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        known = sorted(field.name for field in fields(_at(cls, path[:-1])))
        return f"{key}: unknown key; allowed: {', '.join(known)}{nearest(path[-1], known)}"
    if found["type"] == "missing":
        return f"{key}: missing"
    given = found["input"]
    allowed = str(found["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")
    offer = ""
    if found["type"] == "literal_error":
        choices = str(found.get("ctx", {}).get("expected", "")).replace("'", "")
        offer = nearest(str(given), choices.replace(" or ", ", ").split(", "))
    whole = found["type"] == "int_type"
    if found["type"] in NUMBERS and isinstance(given, str) and (number := _number(given, whole=whole)):
        offer = f"; this is text: YAML reads a number where it is written {number}, without quotes"
    if key == "stopping.epochs":
        offer = "; stopping.updates=0 trains nothing and records the start"
    return f"{key} = {given!r}: must be {allowed}{offer}"


def _at(cls: Any, path: Sequence[str]) -> Any:
    """Return the dataclass that stands at a path of keys and places within another."""
    for part in path:
        inner = get_type_hints(cls).get(part) if is_dataclass(cls) else None
        if inner is not None:
            cls = next((each for each in _types(inner) if is_dataclass(each)), cls)
    return cls


def _types(annotation: Any) -> list[Any]:
    """Return a type and those that it is made of: of ``tuple[Tune, ...] | None``, `Tune` too."""
    return [annotation, *(each for part in get_args(annotation) for each in _types(part))]


def _number(text: str, *, whole: bool) -> str:
    """Return how YAML writes a number that it took for text: ``1.0e-3`` for 1e-3; empty if it is none."""
    try:
        value = float(text)
    except ValueError:
        return ""
    if not isfinite(value) or (whole and not value.is_integer()):
        return ""
    digits, mark, power = text.strip().lower().partition("e")
    if whole or not mark:
        return str(int(value)) if whole else digits
    return f"{digits if '.' in digits else digits + '.0'}e{power if power[0] in '+-' else '+' + power}"


def _kind(value: Any) -> str:
    return type(value).__name__
