"""The frames of one study, derived once and shared by every figure, table and sentence of its report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from harness import choosing
from harness.bands import COLUMNS, COSTS, bands
from harness.record import SPLITS
from harness.tracking.origins import Origins
from reports import (
    along,
    claim_rows,
    final_rows,
    maps,
    minima,
    outcome_rows,
    pairs,
    profiles,
    published_rows,
    rates,
    statistics,
    times,
    trends,
    windows,
)
from reports.arms import Layout, lay_out, loss_keys, losses
from reports.plain_text import plain, plain_all

if TYPE_CHECKING:
    from harness.tracking.read import StudyRecord

RATE = "optimizer.learning_rate"
ACCURACIES = tuple(f"{split}_accuracy" for split in SPLITS)
UNKNOWN_DATA = "unknown data"
"""What a page calls the data set of runs that do not name theirs."""
LAYERED = ("delta_rms", "gradient_norm", "saturation", "dead_units")
"""Measures by layer that a report draws."""
FINAL = ("test_accuracy", "test_log_loss", "test_squared_error", "test_loss")
SCORES = (*FINAL, *ACCURACIES, "majority_accuracy")
"""Columns of runs that a report looks at; those of a record made by hand without one were not measured."""


@dataclass(frozen=True)
class Comparison:
    """A study ready to be drawn.

    Attributes
    ----------
    spec, provenance : mapping
        As the store returned them, in plain text.
    layout : Layout
        Arms, their panels and looks.
    runs : DataFrame
        One row a fingerprint: a run repeated after a failure counts once, as it ended at last.
    over, metric : str or None
        The tuned key and the metric that chose its value.
    points, choices : DataFrame or None
        `choosing.sensitivity` and `choosing.choose`; None where nothing is tuned.
    chosen : DataFrame
        The reported runs at the chosen values.
    history : DataFrame
        The rows of `chosen`.
    scores : DataFrame
        `statistics.final_scores` of `chosen`.
    origins : Origins
        What made the runs, as the store has it.
    uri : str or None
        The store, where maps are fetched from; None of a record made by hand.
    """

    spec: Mapping[str, Any]
    provenance: Mapping[str, str]
    layout: Layout
    runs: pd.DataFrame
    over: str | None
    metric: str | None
    points: pd.DataFrame | None
    choices: pd.DataFrame | None
    chosen: pd.DataFrame
    history: pd.DataFrame
    scores: pd.DataFrame
    origins: Origins = field(default_factory=Origins)
    # An address may hold a password.
    uri: str | None = field(default=None, repr=False)

    @property
    def axes(self) -> list[str]:
        """Configuration keys that tell the arms apart."""
        return [str(axis) for axis in self.spec["arms"]]

    @property
    def rates_untuned(self) -> bool:
        """Whether arms are trained at learning rates that are neither tuned nor compared."""
        named = [*self.axes, *([self.over] if self.over else [])]
        return len(self.layout.arms) > 1 and not any("learning_rate" in key for key in named)

    @property
    def at_chosen_alone(self) -> bool:
        """Whether the reported seeds were asked for at the chosen value of their arm and at no other."""
        chosen = (self.spec.get("tune") or {}).get("reported") == "chosen"
        return chosen and bool((self.runs["role"] == "tuning").any())

    @property
    def only_tuned(self) -> bool:
        """Whether the sweep has come to its tuning runs alone, and asked for no reported one yet."""
        some = self.choices is not None and len(self.unchosen) < len(self.choices)
        return self.at_chosen_alone and some and not self.spec.get("seeds")

    @property
    def unchosen(self) -> dict[str, str]:
        """Why arms have no tuned value, by arm; empty where each has one, or nothing is tuned."""
        if self.choices is None:
            return {}
        lost = self.choices[self.choices["value"].isna()]
        return dict(zip(lost["arm"].astype(str), lost["reason"].astype(str), strict=True))

    def at_equal_rates(self, arms: Iterable[str]) -> bool:
        """Whether arms of a study that compares rates are all trained at the same one, which nobody tuned."""
        found = {self._rates[arm] for arm in arms if arm in self._rates}
        return len(found) == 1 and "learning_rate" not in (self.over or "")

    @cached_property
    def _rates(self) -> dict[str, tuple[str, ...]]:
        """The learning rate of every arm where it is compared, else nothing."""
        keys = [key for key in self.axes if "learning_rate" in key and key in self.runs.columns]
        table = self.reported_first.set_index("arm")[keys].astype(str)
        return {str(row[0]): row[1:] for row in table.itertuples(name=None)} if keys else {}

    @property
    def elsewhere(self) -> bool:
        """Whether another tool trained the runs."""
        return bool(self.spec.get("elsewhere"))

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Bands over the reported seeds of everything that is drawn over time.

        The columns of `harness.bands.bands`, and `dataset`, what tells losses apart and the axes of the arm.
        """
        layered = [name for name in self.history.columns if str(name).startswith(LAYERED)]
        wanted = [*(f"validation_{kind}" for kind in kinds(self)), "train_loss", "rho", *layered]
        there = [name for name in wanted if name in self.history.columns]
        return self._named(bands(self.history, self.chosen, there, sparse=self.elsewhere))

    def seed_curves(self, metric: str) -> pd.DataFrame:
        """Return the curve of every reported seed: the columns of `curves`, and `seed`; `kind` is "seed"."""
        rows = self.history.reindex(columns=["run_id", "update", *COSTS, metric]).dropna(subset=[metric])
        rows = rows.merge(self.chosen[["run_id", "arm", "seed"]], on="run_id")
        rows = rows.rename(columns={metric: "centre"}).drop(columns="run_id")
        rows = rows.assign(metric=metric, kind="seed", seeds=1, low=np.nan, high=np.nan)
        return self._named(rows.reindex(columns=[*(name for name in COLUMNS if name != "alive"), "seed"]))

    def _named(self, rows: pd.DataFrame) -> pd.DataFrame:
        keys = dict.fromkeys(["dataset", *loss_keys(self.runs.columns), *self.axes])
        axes = [name for name in keys if name in self.runs.columns and name not in COLUMNS]
        named = self.reported_first.set_index("arm")
        return rows.assign(**{name: rows["arm"].map(named[name]) for name in axes})

    @cached_property
    def reported_first(self) -> pd.DataFrame:
        """One run an arm, a reported one at the chosen value where there is one."""
        return pd.concat([self.chosen, self.runs]).drop_duplicates("arm")

    @cached_property
    def losses(self) -> dict[str, str]:
        """Return the loss of every arm, as `arms.losses`, at the chosen value."""
        return losses(self.reported_first)

    @cached_property
    def told(self) -> frozenset[str]:
        """Names of the arms of which a reported run has a history."""
        known = self.chosen["run_id"].isin(self.history["run_id"].unique())
        return frozenset(self.chosen.loc[known, "arm"])

    @cached_property
    def verdicts(self) -> statistics.Verdicts:
        """What the reported runs say of the study's claims."""
        draw = statistics.generator(str(self.spec["name"]), "verdicts")
        claims, target = self.spec.get("claims") or [], self.spec.get("target")
        return statistics.verdicts(claims, self.quantities, generator=draw, target=target)

    @cached_property
    def quantities(self) -> pd.DataFrame:
        """The runs of `chosen` with all that claims and published figures are about, a column each."""
        entries = [*(self.spec.get("claims") or []), *(self.spec.get("published") or [])]
        asked = [(str(each["metric"]), str(each.get("at", "end"))) for each in entries]
        target, within = self.spec.get("target"), self.spec.get("windows")
        return statistics.with_quantities(self.history, self.chosen, asked, target=target, windows=within)

    @cached_property
    def published(self) -> pd.DataFrame:
        """Published figures and ours beside them, as `published_rows.published_rows`."""
        return published_rows.published_rows(self)

    @cached_property
    def ends(self) -> pd.DataFrame:
        """The distinct ends of each arm's runs, as `minima.end_rows`."""
        return minima.end_rows(self)

    @cached_property
    def claim_cells(self) -> pd.DataFrame:
        """The cells of `verdicts` that an interval decides, as `claim_rows.claim_rows`."""
        return claim_rows.claim_rows(self.verdicts)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """Paired differences of the leading final score, as `pairs.by_goal`."""
        return pairs.by_goal(self, 0)

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """How all runs of each arm ended, as `outcome_rows.outcome_rows`."""
        return outcome_rows.outcome_rows(self)

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Interquartile means and bootstrapped intervals of the final scores, as `statistics.estimates`."""
        arms = [arm.name for arm in self.layout.arms]
        random = statistics.generator(str(self.spec["name"]), "estimates")
        return statistics.estimates(self.chosen, arms, FINAL, generator=random)

    @cached_property
    def finals(self) -> pd.DataFrame:
        """Final scores of every reported seed and arm, as `final_rows.final_rows`."""
        return final_rows.final_rows(self)

    @cached_property
    def finals_along(self) -> pd.DataFrame:
        """The final scores along each compared number, as `along.along_rows`."""
        return along.along_rows(self)

    @cached_property
    def trends(self) -> pd.DataFrame:
        """What claimed trends are about, along their numbers, as `trends.trend_rows`."""
        return trends.trend_rows(self)

    @cached_property
    def in_window(self) -> pd.DataFrame:
        """The training loss of one seed after every update of the window, as `windows.window_rows`."""
        return windows.window_rows(self)

    @cached_property
    def times(self) -> pd.DataFrame | None:
        """Times to the study's target, as `times.time_rows`; None without one."""
        return times.time_rows(self)

    @cached_property
    def cost_profiles(self) -> pd.DataFrame | None:
        """Performance profiles by cost to the target, as `profiles.cost_profiles`."""
        return profiles.cost_profiles(self)

    @cached_property
    def score_shares(self) -> pd.DataFrame | None:
        """Distributions of the leading final score, as `profiles.score_shares`."""
        return profiles.score_shares(self)

    @cached_property
    def sensitivity(self) -> pd.DataFrame | None:
        """Scores at every value of the tuned key, as `rates.sensitivity_rows`; None without one."""
        return rates.sensitivity_rows(self)

    @cached_property
    def one_rate(self) -> pd.DataFrame | None:
        """All arms at one value of the tuned key, as `rates.one_rate_rows`."""
        return rates.one_rate_rows(self)

    @cached_property
    def maps(self) -> pd.DataFrame:
        """Decision maps of each arm's first reported seed, fetched when asked for, as `maps.map_rows`."""
        return maps.map_rows(self)

    def goals(self, dataset: str) -> tuple[str, ...]:
        """Return the final metrics of a data set that compare across its arms, the leading one first.

        Of a regression the own loss is the second, if all arms have the same.
        """
        runs = self.runs[self.runs["dataset"] == dataset]
        if runs[["majority_accuracy", *ACCURACIES]].notna().any(axis=None):
            return "test_accuracy", "test_log_loss"
        one_loss = len({self.losses.get(arm) for arm in self.names(dataset)}) == 1
        return ("test_squared_error", "test_loss") if one_loss else ("test_squared_error",)

    def majority(self, dataset: str) -> float:
        """Accuracy of always answering the majority class; not a number for regression."""
        return float(self.runs.loc[self.runs["dataset"] == dataset, "majority_accuracy"].mean())

    def names(self, dataset: str) -> list[str]:
        """Arms of a data set in drawing order."""
        return [arm.name for panel in self.layout.panels if panel.dataset == dataset for arm in panel.arms]


def compare(record: StudyRecord) -> Comparison:
    """Derive every shared frame of a study."""
    spec = plain_all(record.spec)
    runs = _one_a_fingerprint(_plain(record.runs))
    tune = spec.get("tune")
    over = str(tune["over"]) if tune else None
    metric = str(tune["metric"]) if tune else None
    asked = tune.get("seeds") or () if tune else ()
    points = choosing.sensitivity(runs, over, metric, seeds=asked) if over and metric else None
    choices = choosing.choose(points, metric) if points is not None and metric else None
    layout = lay_out(runs, [str(axis) for axis in spec["arms"]])
    chosen = choosing.at_chosen(runs, choices, over).reset_index(drop=True)
    history = record.history[record.history["run_id"].isin(chosen["run_id"])]
    history = history.sort_values(["run_id", "update"], kind="stable").reset_index(drop=True)
    arms = [arm.name for arm in layout.arms]
    return Comparison(
        spec=spec,
        provenance=plain_all(record.provenance),
        layout=layout,
        runs=runs,
        over=over,
        metric=metric,
        points=points,
        choices=choices,
        chosen=chosen,
        history=history,
        scores=statistics.final_scores(chosen, arms, FINAL),
        origins=record.origins,
        uri=record.uri,
    )


def kinds(comparison: Comparison) -> list[str]:
    """Return the scores that compare across losses and that the data sets of a study have."""
    classifies = {comparison.goals(dataset)[0] == "test_accuracy" for dataset in comparison.layout.datasets}
    return [
        *(["log_loss", "accuracy"] if True in classifies else []),
        *(["squared_error"] if False in classifies else []),
    ]


def _plain(runs: pd.DataFrame) -> pd.DataFrame:
    texts = {
        name: [plain(value) if isinstance(value, str) else value for value in runs[name]]
        for name in runs.columns
        if not pd.api.types.is_numeric_dtype(runs[name])
    }
    runs = runs.assign(**texts).rename(columns=plain)
    runs = runs.assign(dataset=runs["dataset"].replace("", UNKNOWN_DATA))
    return runs.assign(**{name: np.nan for name in SCORES if name not in runs.columns})


def _one_a_fingerprint(runs: pd.DataFrame) -> pd.DataFrame:
    """Sort the runs, whatever order the store returned, and keep the finished one of each fingerprint."""
    runs = runs.assign(_failed=runs["status"] != "FINISHED")
    runs = runs.sort_values(["fingerprint", "_failed", "run_id"], kind="stable").drop_duplicates(
        "fingerprint"
    )
    order = ["arm", "role", "seed", "fingerprint"]
    return runs.drop(columns="_failed").sort_values(order, kind="stable").reset_index(drop=True)
