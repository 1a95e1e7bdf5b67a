"""Claims about what runs did on their way, and published figures, from a store that was really swept."""

from __future__ import annotations

import numpy as np
import pytest
from hydra.core.config_store import ConfigStore

from reports import effects, load
from reports.columns import dictionary
from reports.comparison import compare
from reports.contents import contents
from reports.sections.published import published
from reports.sections.verdicts import cards, claims_drawing, table

LOG2 = {"kind": "difference", "values": "log2", "margin": 1.0}
TANH = {"better": {"activation": "tanh"}, "worse": {"activation": "sigmoid"}}
STUDY = {
    "name": "on_the_way",
    "question": "How fast, and how smoothly?",
    "grid": [
        [
            "dataset=moons",
            "dataset.samples=60",
            "activation=tanh,sigmoid",
            "architecture.depth=2",
            "architecture.width=8",
            "optimizer=gd",
            "optimizer.learning_rate=1",
            "stopping.epochs=30",
            "diagnostics.rows=20",
            "diagnostics.window=[5,15]",
            "diagnostics.measures=[delta_rms]",
        ]
    ],
    "seeds": [0, 1, 2, 3, 4],
    "arms": ["activation"],
    "target": {"metric": "train_accuracy", "value": 0.8},
    "claims": [
        LOG2
        | TANH
        | {"name": "larger", "sentence": "Its delta is larger.", "metric": "delta_rms_1", "at": "start"}
        | {"direction": "higher"},
        LOG2
        | TANH
        | {"name": "faster", "sentence": "It halves sooner.", "metric": "halving_updates"}
        | {"direction": "lower"},
        {"name": "smooth", "sentence": "It rises.", "kind": "existence", "metric": "rises"}
        | {"direction": "higher", "value": 0.0},
        {"name": "alike", "sentence": "Both start at one loss.", "kind": "identity", "metric": "train_loss"}
        | {"at": "start", "one": TANH["better"], "other": TANH["worse"], "tolerance": 1.0},
    ],
    "published": [
        {"name": "agreeing", "source": "A 1990", "what": "A size", "theirs": "about 1"}
        | {"metric": "delta_rms_1", "at": "start", "where": {"activation": "tanh"}, "low": 0.0, "high": 10.0}
        | {"note": "Never shown."},
        {"name": "differing", "source": "B 2000", "what": "A time", "theirs": "9", "metric": "target_updates"}
        | {"high": 0.5, "note": "It is another data set."},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def comparison(swept_once):
    store = ConfigStore.instance()
    store.store(group="study", name="on_the_way", node=STUDY, provider="test")
    uri, said = swept_once("study=on_the_way", "executor=serial", "-m")
    del store.repo["study"]["on_the_way.yaml"]
    assert said.status == 0, said.err
    return compare(load("on_the_way", uri=uri))


def text(parts):
    return "".join(part.text for part in parts)


def test_every_claim_is_judged_on_all_its_seeds(comparison):
    claims = comparison.verdicts.claims.set_index("claim")
    assert list(claims["seeds"]) == [5, 5, 5, 5]
    assert claims.loc["larger", "verdict"] == "supported"
    assert claims.loc["alike", "verdict"] == "supported"
    assert claims.loc["smooth", "verdict"] == "inconclusive"


def test_an_effect_in_doublings_is_the_mean_of_logarithms_of_the_first_rows(comparison):
    first = comparison.history[comparison.history["update"] == 0].merge(
        comparison.chosen[["run_id", "arm", "seed"]], on="run_id"
    )
    wide = first.pivot(index="seed", columns="arm", values="delta_rms_1")
    by_hand = np.log2(wide["tanh"] / wide["sigmoid"]).mean()
    effect = comparison.verdicts.claims.set_index("claim").loc["larger", "effect"]
    assert effect == pytest.approx(by_hand)
    card = dict(cards(comparison)[0].facts)
    said = text(card["size of delta at layer 1 at the start, higher by"])
    assert said == f"+{by_hand:.3g} doublings: {2**by_hand:.3g} times as large"
    assert text(card["margin"]) == "1 doubling"


def test_a_time_that_was_missed_leaves_no_interval_and_is_not_called_a_death(comparison):
    cell = comparison.verdicts.cells.set_index("claim").loc["faster"]
    assert (comparison.chosen["outcome"] != "diverged").all()
    assert cell["dead"] > 0
    assert "died, missed it or took none: there is no interval of a mean" in cell["reason"]
    assert "missed it" in "".join(text(each) for row in table(comparison).rows for each in row)


def test_the_picture_names_quantities_in_words_and_doublings(comparison):
    (drawing,) = claims_drawing(comparison)
    labels = [axes.get_xlabel() for axes in drawing.draw().axes]
    assert labels == [
        "size of delta at layer 1 at the start, higher by (doublings)",
        "updates until the training loss has halved, lower by (doublings)",
    ]


def test_published_figures_stand_beside_ours_and_a_note_where_they_differ(comparison):
    frame = comparison.published.set_index("name")
    assert list(frame["agrees"]) == ["agrees", "differs"]
    assert list(frame["runs"]) == [5, 10]
    target = comparison.times[comparison.times["shown"] == "seed"]["updates"]
    assert frame.loc["differing", "ours"] == np.median(target)
    section = published(comparison)
    assert section.paragraphs == (
        "Of 2 published figures, 1 agrees with ours within a tolerance that was fixed beforehand; differing "
        "differs.",
    )
    agreeing, differing = ([text(cell) for cell in row] for row in section.tables[0].rows)
    assert "Never shown." not in "".join(agreeing)
    assert agreeing[0] == "A size (size of delta at layer 1 at the start); A 1990"
    assert differing[-2:] == ["at most 0.5", "\N{BALLOT X} differs: It is another data set."]


def test_the_report_says_so_and_describes_every_column_of_it(comparison):
    report = contents(comparison)
    assert [section.key for section in report.sections][:2] == ["leading", "published"]
    frames = {each.name: each.frame for each in (*report.tables, *report.drawings, *report.numbers)}
    names = ("published", "claims", "claims_by_cell", "runs")
    told = dictionary({name: frames[name] for name in names}, comparison)
    assert (told["meaning"] != "").all()
    assert {"halving_updates", "start_delta_rms_1", "rises", "target_updates"} <= set(frames["runs"].columns)


@pytest.mark.parametrize(
    ("effect", "metric", "direction", "said"),
    [
        (2.1, "halving_updates", "lower", "4.29 times fewer"),
        (-1.0, "halving_updates", "lower", "2 times as many"),
        (1.0, "fluctuation", "lower", "2 times smaller"),
        (3.0, "delta_rms_1", "higher", "8 times as large"),
        (np.nan, "delta_rms_1", "higher", ""),
    ],
)
def test_doublings_are_said_as_times(effect, metric, direction, said):
    assert effects.times(effect, metric, direction) == said
