"""Products: the values of a line of overrides, crossed, or paired where the line says so."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.errors import ConfigurationError, nearest
from harness.sweeping.composing import SESSION, Composer
from harness.sweeping.settings import SweepKeys, grouped
from harness.validation import build

Pairs = tuple[tuple[str, ...], ...]
"""Groups of keys whose values move together: the first of each, the second of each."""


@dataclass(frozen=True)
class Product:
    """Overrides, one a key, each with one value or many."""

    overrides: tuple[str, ...]
    pairs: Pairs = ()


def read(composer: Composer, line: Sequence[str], preset: Sequence[str], arguments: Sequence[str]) -> Product:
    """Return the product that a line of a study makes with a preset's overrides and the command line's."""
    zips = [override for override in line if composer.parse(override).key_or_group == "sweep.zip"]
    own = [override for override in line if override not in zips]
    pairs = [build(SweepKeys, {"zip": grouped(composer.parse(text).value())}, "sweep").zip for text in zips]
    return Product(merge(composer, own, preset, arguments), sum(pairs, ()))


def merge(composer: Composer, *layers: Sequence[str]) -> tuple[str, ...]:
    """Return the overrides of all layers; where two have the same key, the later layer's."""
    merged: dict[str, str] = {}
    for layer in layers:
        for override in layer:
            merged[key(composer, override)] = override
    return tuple(merged.values())


def pair(composer: Composer, products: Sequence[Product], pairs: Pairs) -> list[Product]:
    """Return the products with `pairs` added wherever they have a key of theirs.

    Raises
    ------
    ConfigurationError
        If no product has any key of a group.
    """
    paired = list(products)
    for group in pairs:
        having = [
            bool({key(composer, override) for override in product.overrides} & set(group))
            for product in products
        ]
        if not any(having):
            raise _not_swept(composer, group, group[0] if group else "", products[0])
        paired = [
            replace(product, pairs=(*product.pairs, group)) if has else product
            for product, has in zip(paired, having, strict=True)
        ]
    return paired


def axes(composer: Composer, product: Product) -> list[list[tuple[str, ...]]]:
    """Return what is crossed: for each key its overrides, for each group of paired keys theirs together.

    Raises
    ------
    ConfigurationError
        If a group has fewer than two keys, one that is in another group too or that the product does not
        sweep, or keys with different numbers of values.
    """
    choices = {key(composer, override): composer.choices(override) for override in product.overrides}
    counts = Counter(name for group in product.pairs for name in group)
    for group in product.pairs:
        if len(group) < 2:
            raise ConfigurationError(f"sweep.zip = {_text(group)}: pairs two keys or more")
        for name in group:
            if counts[name] > 1:
                raise ConfigurationError(f"sweep.zip: {name!r} stands there twice; allowed: each key once")
            if name not in choices:
                raise _not_swept(composer, group, name, product)
        if len({len(choices[name]) for name in group}) > 1:
            lengths = ", ".join(f"{name} has {len(choices[name])}" for name in group)
            raise ConfigurationError(f"sweep.zip = {_text(group)}: needs as many values of each; {lengths}")
    together = {name: group for group in product.pairs for name in group}
    groups = dict.fromkeys(together.get(name, (name,)) for name in choices)
    return [list(zip(*(choices[name] for name in group), strict=True)) for group in groups]


def varied(composer: Composer, product: Product) -> list[str]:
    """Return the keys with more than one value."""
    return [key(composer, override) for override in product.overrides if len(composer.choices(override)) > 1]


def key(composer: Composer, override: str) -> str:
    """Return the key of an override; of the session's keys, the first part."""
    whole = str(composer.parse(override).key_or_group)
    first = whole.split(".")[0]
    return first if first in SESSION else whole


def _not_swept(composer: Composer, group: Sequence[str], name: str, product: Product) -> ConfigurationError:
    swept = varied(composer, product)
    return ConfigurationError(
        f"sweep.zip = {_text(group)}: the grid has no values of {name!r}; it has values of "
        f"{', '.join(swept) or 'no key'}{nearest(name, swept)}"
    )


def _text(group: Sequence[str]) -> str:
    return f"[[{','.join(group)}]]"
