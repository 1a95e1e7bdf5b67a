"""How arms are shared out over panels and looks."""

from dataclasses import replace
from itertools import product

import pandas as pd
import pytest

from reports.arms import Arm, Layout, Panel, lay_out, look, losses, natural, shorten, split_by_loss


def runs_of(axes):
    """Make one run an arm."""
    rows = []
    for values in product(*axes.values()):
        row = {"dataset": "digits"} | dict(zip(axes, values, strict=True))
        rows.append(row | {"arm": " · ".join(values)})
    return pd.DataFrame(rows)


CONVERGENCE = {
    "dataset": ["digits", "moons"],
    "activation": ["relu", "sigmoid"],
    "loss": ["cross_entropy", "mse"],
    "optimizer": ["GD (all 1,077)", "SGD (1)", "mini-batch (32)"],
}


def test_twenty_four_arms_become_a_panel_per_dataset_and_feeding():
    layout = lay_out(runs_of(CONVERGENCE), list(CONVERGENCE))
    assert [panel.title for panel in layout.panels][:3] == [
        "digits · GD (all 1,077)",
        "digits · SGD (1)",
        "digits · mini-batch (32)",
    ]
    assert layout.columns == 3
    assert {len(panel.arms) for panel in layout.panels} == {4}
    assert len({arm.name for arm in layout.arms}) == 24


def test_a_line_looks_the_same_in_every_panel_and_unlike_the_others():
    layout = lay_out(runs_of(CONVERGENCE), list(CONVERGENCE))
    looks = {}
    for arm in layout.arms:
        looks.setdefault(arm.line, set()).add(arm.look)
    assert all(len(found) == 1 for found in looks.values())
    assert len({next(iter(found)) for found in looks.values()}) == 4


def test_looks_differ_in_colour_or_dashes():
    assert len({(look(index).colour, look(index).dashes) for index in range(32)}) == 32


def test_the_order_of_rows_does_not_matter():
    runs = runs_of(CONVERGENCE)
    assert lay_out(runs, list(CONVERGENCE)) == lay_out(runs.sample(frac=1, random_state=1), list(CONVERGENCE))


def test_feedings_as_lines_share_a_look_whatever_the_number_of_samples():
    rows = [
        ("digits", "GD (all 1,077)"),
        ("digits", "SGD (1)"),
        ("moons", "GD (all 300)"),
        ("moons", "SGD (1)"),
    ]
    runs = pd.DataFrame(rows, columns=["dataset", "optimizer"])
    runs["arm"] = runs["dataset"] + " · " + runs["optimizer"]
    layout = lay_out(runs, ["dataset", "optimizer"])
    assert list(layout.lines) == ["GD (all 1,077 or 300)", "SGD (1)"]


def test_numbers_carry_the_name_of_their_axis_and_sort_as_numbers():
    layout = lay_out(runs_of({"architecture.depth": ["10", "2", "1"]}), ["architecture.depth"])
    assert [arm.line for arm in layout.arms] == ["depth 1", "depth 2", "depth 10"]


def test_arms_that_their_axes_do_not_tell_apart_keep_their_whole_text():
    runs = pd.DataFrame({"arm": ["relu, early", "relu, late"], "dataset": "moons", "activation": "relu"})
    layout = lay_out(runs, ["activation"])
    assert [arm.line for arm in layout.arms] == ["relu, early", "relu, late"]
    assert len({arm.label for arm in layout.arms}) == 2


def test_a_key_that_some_arms_do_not_have_leaves_no_gap_in_their_label():
    runs = pd.DataFrame({"arm": ["gd", "batch 32"], "dataset": "moons", "optimizer": ["GD", "batch"]})
    runs["optimizer.batch_size"] = [None, "32"]
    lines = [arm.line for arm in lay_out(runs, ["optimizer", "optimizer.batch_size"]).arms]
    assert lines == ["GD", "batch · batch size 32"]


def test_each_loss_gets_panels_of_its_own():
    runs = runs_of(CONVERGENCE)
    layout = split_by_loss(lay_out(runs, list(CONVERGENCE)), runs)
    assert len(layout.panels) == 12
    for panel in layout.panels:
        assert {arm.line.rpartition(" · ")[2] for arm in panel.arms} == {panel.loss}


def test_two_scales_of_a_loss_are_two_losses():
    runs = runs_of({"activation": ["relu", "tanh"], "loss.scale": ["half", "sum"]}).assign(loss="mse")
    layout = split_by_loss(lay_out(runs, ["activation", "loss.scale"]), runs)
    assert [(panel.loss, len(panel.arms)) for panel in layout.panels] == [
        ("mse · half", 2),
        ("mse · sum", 2),
    ]
    # What a panel's title says already is not said again.
    half = Panel("half", "digits", "", layout.arms[:2])
    other = [Arm(f"{arm.name} huber", arm.label, arm.line, arm.look) for arm in half.arms]
    both = Layout((replace(half, arms=(*half.arms, *other)),), 1)
    named = {"loss": "huber", "loss.scale": "half"}
    known = pd.concat([runs, pd.DataFrame([{"arm": arm.name, **named} for arm in other])])
    assert [panel.title for panel in split_by_loss(both, known).panels] == ["half · huber", "half · mse"]
    # A setting that all arms share tells nothing apart; one that only huber has does.
    alike = runs.assign(**{"loss.scale": "half"})
    assert set(losses(alike).values()) == {"mse"}
    mixed = pd.DataFrame({"arm": ["a", "b", "c"], "loss": ["mse", "huber", "huber"]})
    mixed["loss.threshold"] = [None, 1.0, 2.0]
    assert losses(mixed) == {"a": "mse", "b": "huber · threshold 1.0", "c": "huber · threshold 2.0"}
    assert losses(mixed[["arm"]]) == {}


@pytest.mark.parametrize("most", [8, 9, 20])
def test_shortened_text_keeps_both_ends_and_the_length_asked_for(most):
    text = "the beginning and the end"
    short = shorten(text, most)
    assert len(short) == most
    assert short[0] == text[0]
    assert short[-1] == text[-1]
    assert shorten("short", most) == "short"


def test_natural_order():
    assert sorted(["b10", "b9", "10", "9", "a"], key=natural) == ["9", "10", "a", "b9", "b10"]
