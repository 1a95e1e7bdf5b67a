"""The document: all claims with their verdicts, then each study by itself, in Markdown with pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reports import prose
from reports.cells import Cell, Part
from reports.outline import Card
from reports.rendering import rendered
from reports.results.answers import Answer
from reports.results.origins import commits, platforms

DOCUMENT = "results.md"
PICTURES = "images/results"
"""Where the pictures lie, from the document's folder."""
VERDICTS = ("supported", "refuted", "inconclusive")
ABOUT = ("decided by", "cell shown", "margin", "asked for", "seeds", "it asks", "scope")
"""Facts of a card that are not what was seen; nor are those that begin with `POWER`."""
POWER = ("seeds needed", "smallest effect")


@dataclass(frozen=True)
class Row:
    """A claim in a table: the facts of its card, each in its column."""

    card: Card
    seen: Cell
    margin: Cell
    seeds: Cell
    cells: Cell


def document(answers: Sequence[Answer], preset: str | None = None) -> dict[str, bytes]:
    """Write the document and its pictures.

    Parameters
    ----------
    answers : sequence of Answer
    preset : str, optional
        The form of the studies, where it is not the full one.

    Returns
    -------
    dict of str to bytes
        By path from the document's folder. The same answers give the same bytes.
    """
    told = {each.name: each.found for each in answers if each.found is not None}
    shown = {name: each.picture for name, each in told.items() if each.picture is not None}
    paths = {name: f"{PICTURES}/{name}.{picture.ending}" for name, picture in shown.items()}
    verdicts: Counter[str] = Counter(card.verdict for each in told.values() for card in each.cards)
    platform = platforms([each.platform for each in told.values()])
    text = rendered(
        "results.md.j2",
        answers=answers,
        preset=preset,
        form=f"-{preset}" if preset else "",
        counted=prose.counted,
        claims=verdicts.total(),
        verdicts=[f"{verdicts[verdict]} {verdict}" for verdict in VERDICTS],
        missing=[each.name for each in answers if each.found is None],
        rows={name: [row(card) for card in each.cards] for name, each in told.items()},
        paths=paths,
        commits=commits(platform, sum(each.runs for each in told.values())) if told else "",
        platform=platform.to_dict("records"),
    )
    return {DOCUMENT: text} | {paths[name]: picture.content for name, picture in shown.items()}


def row(card: Card) -> Row:
    """Sort the facts of a card into columns: effect and interval are what is seen."""
    facts = dict(card.facts)
    seen: list[Part] = []
    for name, cell in card.facts:
        if name not in ABOUT and not name.startswith(POWER):
            seen += [Part("; " if seen else ""), Part(f"{name}: "), *cell]
    decided, scope = facts.get("decided by") or facts.get("cell shown") or (), facts.get("scope") or ()
    return Row(
        card,
        tuple(seen),
        facts.get("margin") or facts.get("asked for") or (),
        facts.get("seeds") or (),
        (*scope, Part("; shown: "), *decided) if scope and decided else scope or decided,
    )
