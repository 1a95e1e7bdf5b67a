"""What a report says of a study's claims: answer, cards, picture and table, from the same intervals."""

import io
from dataclasses import replace

import pandas as pd
import pytest

from harness.intervals import t_interval
from reports import prose
from reports.comparison import compare
from reports.sections.verdicts import cards, claims_drawing, table

ARMS = {"activation": ["relu", "sigmoid"], "loss": ["cross_entropy", "mse"]}
KEPT = {"population": "seeds", "scope": "all", "where": {}, "metric": "test_accuracy", "direction": "higher"}


def cell(one, other, name="", ratio=0.3, sign=1.0):
    return {"name": name, "weights": {one: sign, other: -sign}, "test_per_training": ratio}


def difference(name, *cells, **keys):
    sentence = f"It is said that {name}."
    return {**KEPT, "kind": "difference", "name": name, "sentence": sentence, "margin": 0.01, **keys} | {
        "cells": list(cells)
    }


def claimed(synthetic, *claims, **keys):
    record = synthetic(ARMS, rows=5, **{"rates": (0.3,), **keys})
    # At one rate the arms of the made-up study differ by tens of points, always in the same order.
    return replace(record, spec=record.spec | {"claims": list(claims)})


def text(parts):
    return "".join(part.text for part in parts)


def facts(card):
    return {name: text(parts) for name, parts in card.facts}


@pytest.fixture(scope="module")
def order(synthetic):
    """Name the arms, best first."""
    runs = compare(claimed(synthetic)).chosen
    return list(runs.groupby("arm")["test_accuracy"].mean().sort_values(ascending=False).index)


@pytest.fixture(scope="module")
def comparison(synthetic, order):
    best, *_, worst = order
    return compare(
        claimed(
            synthetic,
            difference("the_better_is_better", cell(best, worst)),
            difference("the_worse_is_better", cell(worst, best)),
            difference("who_knows", cell(best, worst, "near"), margin=0.0, better={}, population="data"),
            {"kind": "existence", "name": "one_is_good", "sentence": "One is good.", "where": {}}
            | {"metric": "test_accuracy", "direction": "higher", "value": 0.01}
            | {"cells": [{"name": "", "arms": [best]}]},
        )
    )


def test_each_claim_has_a_card_with_its_verdict_in_words_and_a_sign(comparison):
    found = cards(comparison)
    assert [card.name for card in found] == [claim["name"] for claim in comparison.spec["claims"]]
    assert [card.verdict for card in found[:2]] == ["supported", "refuted"]
    assert found[1].how == "reversed"
    assert "the other way round" in found[1].reason
    assert found[3].verdict == "supported"
    assert len({card.sign for card in found[:2]}) == 2


def test_a_card_tells_effect_interval_level_margin_seeds_and_what_is_asked(comparison, order):
    card, other, data, _ = cards(comparison)
    wide = comparison.chosen.pivot(index="seed", columns="arm", values="test_accuracy")
    # Three claims that an interval decides share the error of 5 %.
    mean, low, high = t_interval(wide[order[0]] - wide[order[-1]], 1 - 0.05 / 3)
    told = facts(card)
    assert told["test accuracy higher by"] == f"+{100 * mean:.1f}\N{NO-BREAK SPACE}points"
    interval = told["98.33\N{NO-BREAK SPACE}% t interval"].replace("\N{NO-BREAK SPACE}points", "")
    assert interval == f"+{100 * low:.1f} to +{100 * high:.1f}"
    assert told["margin"] == "1.0\N{NO-BREAK SPACE}points"
    assert told["seeds"] == "5"
    assert told["it asks"] == "would new seeds agree?"
    assert facts(data)["it asks"] == "would new data of this kind?"
    assert "98.33\N{NO-BREAK SPACE}% Nadeau-Bengio interval" in facts(data)
    assert facts(other)["test accuracy higher by"].startswith("\N{MINUS SIGN}")


def test_the_picture_shows_the_intervals_that_decided(comparison):
    drawn = comparison.claim_cells
    decided = comparison.verdicts.claims.set_index("claim")
    assert list(drawn["claim"]) == list(decided.index[:3])
    for _, row in drawn.iterrows():
        assert tuple(row[["low", "high", "level"]]) == tuple(
            decided.loc[row["claim"], ["low", "high", "level"]]
        )
    (drawing,) = claims_drawing(comparison)
    assert "98.33\N{NO-BREAK SPACE}% t or Nadeau-Bengio interval" in drawing.caption
    assert "1 claim without an interval to draw" in drawing.caption


def test_claims_of_one_sentence_have_a_panel_each(synthetic, order):
    said = {"sentence": "The one is the better one."}
    pair = order[0], order[-1]
    by_loss = {"metric": "test_log_loss", "direction": "lower", "margin": 0.5}
    found = compare(
        claimed(
            synthetic,
            difference("accuracy", cell(*pair), **said),
            difference("log_loss", cell(*pair, sign=-1.0), **said, **by_loss),
            difference("data", cell(*pair), **said, population="data"),
        )
    )
    (drawing,) = claims_drawing(found)
    assert list(drawing.frame["group"]) == ["accuracy", "log_loss", "data"]
    figure = drawing.draw()
    labels = [axes.get_xlabel() for axes in figure.axes]
    accuracy = "test accuracy higher by (percentage points)"
    assert labels == [accuracy, "test log loss lower by", accuracy]
    assert [axes.patches[0].get_width() / 2 for axes in figure.axes] == pytest.approx([1.0, 0.5, 1.0])


def test_the_answer_is_one_sentence_of_verdicts(comparison):
    assert prose.judged(comparison).endswith(
        "Of 4 claims, 3 supported (the better is better, who knows, one is good) and 1 refuted (the worse is "
        "better: reversed)."
    )
    assert prose.judged(comparison).startswith("At one rate for all: not a comparison of methods.")


def test_below_five_seeds_a_card_says_what_would_decide(synthetic, order):
    found = compare(claimed(synthetic, difference("few", cell(*order[:2])), seeds=(0, 1, 2)))
    (card,) = cards(found)
    assert (card.verdict, card.sign) == ("inconclusive", "?")
    assert "below 5 every verdict is inconclusive" in card.reason
    assert facts(card)["seeds"] == "3; verdicts need 5"
    assert int(facts(card)["seeds needed to decide in 4 of 5 cases, were the effect as seen"]) >= 5
    assert "points" in facts(card)["smallest effect that these seeds would show in 4 of 5 cases"]
    assert "The claim is inconclusive (few)." in prose.judged(found)


def test_a_dead_seed_leaves_no_interval_and_the_share_that_died(synthetic, order):
    dead = [(order[0], 0.3, 1)]
    found = compare(claimed(synthetic, difference("hurt", cell(*order[:2])), diverged=dead))
    (card,) = cards(found)
    told = facts(card)
    assert card.verdict == "inconclusive"
    assert told["test accuracy higher by"].startswith(
        "no interval: 1 of 5 seeds died; given that a seed lived"
    )
    assert told["seeds"] == "5, of which 1 died"
    assert not any("interval" in name for name in told)
    (row,) = table(found).rows
    assert any("1 of 5 seeds died" in text(parts) for parts in row)


def test_several_cells_say_which_decides_and_how_many_are_what(synthetic, order):
    best, second, *_, worst = order
    claim = difference("mixed", cell(best, worst, "far"), cell(worst, second, "turned"))
    (card,) = cards(compare(claimed(synthetic, claim)))
    assert card.verdict == "refuted"
    assert facts(card)["decided by"] == "turned"
    assert facts(card)["scope"] == "all of 2 cells: 1 supported, 1 refuted"


def test_p_values_stand_within_the_claims_alone_and_say_what_they_lack(comparison):
    found = table(comparison)
    at = found.headers.index("p, corrected by Holm")
    assert [text(row[at]) for row in found.rows[:3]] == ["5 seeds cannot reach this level; 7 would"] * 3


def test_a_claim_that_the_grid_cannot_test_has_a_card_too(synthetic):
    (card,) = cards(compare(claimed(synthetic, difference("nowhere"))))
    assert (card.verdict, card.reason) == ("inconclusive", "no arms in the grid to compare")


def test_a_study_without_claims_has_no_cards_and_says_so(synthetic):
    found = compare(claimed(synthetic))
    assert cards(found) == ()
    assert claims_drawing(found) == ()
    assert table(found) is None
    assert "no claim is tested" in prose.answer(found, pd.DataFrame(), "")


def test_page_and_markdown_show_the_cards_and_every_number_is_in_a_csv(synthetic, order, without_figures):
    files = without_figures(claimed(synthetic, difference("the_better_is_better", cell(order[0], order[-1]))))
    page, markdown = files["index.html"].decode(), files["report.md"].decode()
    for shown in (page, markdown):
        assert "supported" in shown
        assert "It is said that the_better_is_better." in shown
        assert "Beside the claims, exploratory:" in shown
    assert 'class="supported"' in page
    kept = pd.read_csv(io.BytesIO(files["claims.csv"])).iloc[0]
    for name in ("effect", "low", "high", "margin"):
        assert f'data-value="{kept[name]!r}"' in page or f'data-value="{float(kept[name])!r}"' in page, name


def test_a_claim_on_an_arm_without_a_chosen_rate_says_why_there_is_none(synthetic, order):
    best, *_, worst = order
    died = [(worst, rate, 100) for rate in (0.1, 0.3)]
    claim = difference("it_is_better", cell(best, worst))
    (card,) = cards(compare(claimed(synthetic, claim, rates=(0.1, 0.3), diverged=died)))
    assert card.verdict == "inconclusive"
    assert f"{worst} has no chosen value, a tuning seed diverged or failed at every value" in card.reason
