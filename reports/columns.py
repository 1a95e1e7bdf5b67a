"""What the columns of a report's CSVs mean: described here, once, and written beside them as columns.csv."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from harness.quantities import MEASURE_TITLES

if TYPE_CHECKING:
    from reports.comparison import Comparison

DICTIONARY = "columns"
"""Name of the dictionary's own CSV."""


@dataclass(frozen=True)
class Column:
    """A column that CSVs have.

    Attributes
    ----------
    pattern : str
        Matches the whole of its name.
    meaning : str
        Groups of the pattern in braces: ``{0}`` is the first.
    unit : str
        Empty for texts; ``of {0}``: that of the column that the first group names.
    files : str
        Matches the names of the CSVs that it is meant in; empty: all.
    """

    pattern: str
    meaning: str
    unit: str = ""
    files: str = ""


SHARE, COUNT, NATS = "share, 0 to 1", "count", "nats"
OWN = "of the metric named"
EFFECT = "of the metric named; doublings where values is log2"
PUBLISHED = "published"
SCORED, MAPS, TIMES = "ranking|final|final_along.*", "decision_regions.*", "time_to_target|reached"
TIME = "(updates|epochs|samples|multiply_adds)"

COLUMNS = (
    # What means another thing in some files.
    Column("name", "Name of the published figure.", files=PUBLISHED),
    Column("what", "What it is, as published.", files=PUBLISHED),
    Column("(low|high)", "The {0} end of the tolerance, fixed beforehand.", OWN, files=PUBLISHED),
    Column("runs", "Runs with the value, one a seed and arm.", COUNT, files=PUBLISHED),
    Column("source", "Who published it."),
    Column("theirs", "The figure as they wrote it."),
    Column("ours", "Median over the runs, dead ones counted.", OWN),
    Column("(lowest|highest)", "The {0} of these runs.", OWN),
    Column("agrees", "agrees: ours lies within the tolerance; differs: beyond it; or not measured."),
    Column("note", "Why ours may differ."),
    Column(
        "at",
        "The row of the run's history: start, before the first update, or end, the last one.",
        files="claims.*|published",
    ),
    Column("values", "linear, or log2: the metric enters by its logarithm to the base 2.", files="claims.*"),
    Column("seeds", "The seeds, as ranges.", files="seeds"),
    Column("count", "How many seeds have the role.", COUNT, files="seeds"),
    Column("at", "The arm's value of the key along which is drawn.", "of the key", files="final_along.*"),
    Column("line", "What arms have in common that differ in the key alone.", files="final_along.*"),
    Column("name", "Name of the parameter, as the configuration has it.", files="configuration_.*"),
    Column("name", "What of the platform it is.", files="platform"),
    Column("value", "Its value.", files="configuration_.*|platform"),
    Column("runs", "How many runs have this value.", COUNT, files="configuration_.*|platform|data"),
    Column("(train|validation|test)", "Samples of the {0} split.", COUNT, files="data"),
    Column("what", "What the store says of the sweep.", files="sweep"),
    Column("which", "What it is.", files="sweep"),
    Column("low|high", "End of the score's Wilson interval.", SHARE, files="score_distribution"),
    Column("label", "What the two arms differ in, after what they have in common.", files="pair.*"),
    Column("label", "The cell: what the arms compared have in common.", files="claims"),
    Column("missing", "Reported seeds of the study that the arm lacks.", COUNT, files="troubles.*|outcomes"),
    Column("missing", "Seeds that not all arms compared have.", COUNT, files="claims.*|pair.*"),
    Column("value", "What a seed scores as it counts, an arm's centre, or a level.", OWN, files=SCORED),
    Column("kind", "Whether values are shares of classes or predictions.", files=MAPS),
    Column("samples", "The two features of each training sample drawn, in turn.", "as scaled", files=MAPS),
    Column("answers", "Class or target of each training sample drawn.", files=MAPS),
    Column(
        "values",
        "The grid, row by row from the lowest second feature: of one output it, of several the "
        "likeliest class's share.",
        files=MAPS,
    ),
    Column("classes", "The grid of the likeliest classes, in the same order.", files=MAPS),
    Column("(rows|columns)", "How many {0} the grid has.", COUNT, files=MAPS),
    Column("(first|second)_(low|high)", "The {1} limit of the {0} feature.", "as scaled", files=MAPS),
    Column(
        "end",
        "Number of the end among those of the arm at rest, by loss; empty: not at rest.",
        files="minima",
    ),
    Column("state", "Whether runs rest in a strict minimum, where the loss is flat, still move, or died."),
    Column("seeds", "Reported runs that ended there.", COUNT, files="minima"),
    Column("of_seeds", "Reported runs of the arm.", COUNT),
    Column("loss", "Median training loss of these runs.", "of the run's loss", files="minima"),
    Column("above", "The same less the least training loss of the arm's runs.", "of the run's loss"),
    Column(
        "gradient_norm", "Largest norm of the whole gradient of these runs.", "of the loss", files="minima"
    ),
    Column(
        "hessian_smallest", "Least of the smallest eigenvalues of the Hessian of these runs.", "of the loss"
    ),
    Column(
        "distance",
        "Largest distance of these runs' parameters from the first one's, hidden units matched.",
        "norms of the parameters",
        files="minima",
    ),
    Column("example_seed", "Seed of the first of these runs."),
    Column("free", "Problems that a method solved at no cost, by where it started.", COUNT),
    Column("cost", "What the ratio is counted in."),
    Column("over", "The tuned key."),
    Column("key", "The compared key along which is drawn."),
    Column("panel", "Title of the panel in which the line is drawn."),
    Column("tuned_value", "Value of the tuned key that was chosen.", "of the key"),
    Column("apart", "Updates between the rows that the time is interpolated from, at most.", "updates"),
    Column("target", "What the metric has to reach.", OWN),
    Column("reached", "Seeds that reached the target; of one seed 1 or 0.", COUNT),
    Column(TIME, "{0} until the target, a miss infinite; of an arm the median.", "{0}", files=TIMES),
    Column(
        "median_(updates|epochs|samples|multiply_adds)",
        "Median of {0} until the target, misses infinite.",
        "{0}",
    ),
    Column(".*_iqm", "Interquartile mean over seeds, dead ones counted.", OWN),
    # Runs and arms.
    Column("run_id", "Id of the run in MLflow."),
    Column("fingerprint", "SHA-256 of the run's configuration and data: equal runs have equal ones."),
    Column("arm", "Name of the arm: a configuration less its seed and what is tuned."),
    Column("label", "The arm as tables and figures name it."),
    Column("method", "The arm less its data set."),
    Column("seed", "Seed of the run; empty where a row is of several."),
    Column("role", "tuning: a value is chosen on it; reported: it is reported at the chosen value."),
    Column("status", "How the run ended for MLflow: FINISHED or FAILED."),
    Column("outcome", "How training ended: converged, exhausted, stalled, diverged or failed."),
    Column("stopped_by", "The rule that ended training."),
    Column("warnings", "The run's warnings, the doctor's last."),
    Column("complaints", "Names of the doctor's complaints."),
    Column("dataset", "Data set."),
    Column("digest", "Digest of the data set."),
    Column("loss", "Name of the loss that the arm descends."),
    Column("feeding", "How samples were fed."),
    Column("epochs?", "Passes over the training samples.", "epochs"),
    Column("updates?", "Changes of the weights.", "updates"),
    Column("samples", "Samples that were learned from, each as often as it was.", "samples"),
    Column("multiply_adds", "Multiplications with an addition that training took, counted.", "multiply-adds"),
    Column("majority_accuracy", "Accuracy of always answering the test split's most frequent class.", SHARE),
    Column("best_validation_loss", "Least own loss on the validation split.", "of the run's loss"),
    # Scores: the metrics before what is made of them.
    Column("(train|validation|test)_accuracy", "Accuracy on the {0} split.", SHARE),
    Column("(train|validation|test)_log_loss", "Log loss on the {0} split, outputs floored at 1e-7.", NATS),
    Column(
        "(train|validation|test)_squared_error",
        "Half the squared error, summed over outputs, mean over samples of the {0} split.",
        "squared units of the target",
    ),
    Column(
        "(train|validation|test)_loss",
        "The loss that the run descends, on the {0} split; losses of different kinds do not compare.",
        "of the run's loss",
    ),
    Column("rho", "Change of delta_rms from one hidden layer to the one before it, geometric mean.", "ratio"),
    Column(r"delta_rms(?:_\d+)?", "Root mean square of the error that a layer's units get.", "of the loss"),
    Column(r"gradient_norm(?:_\d+)?", "Norm of the gradient of a layer's weights.", "of the loss"),
    Column("gradient_norm", "Norm of the gradient of all weights and biases.", "of the loss", "runs"),
    Column(
        "halving_(updates|epochs|samples|multiply_adds)",
        "{0} until the training loss is half of that at the start; a miss infinite.",
        "{0}",
    ),
    Column(
        "target_(updates|epochs|samples|multiply_adds)",
        "{0} until the study's target; a miss infinite.",
        "{0}",
    ),
    Column("rises", "Updates of diagnostics.window after which the training loss is higher.", SHARE),
    Column(
        "fluctuation",
        "Root mean square of the training loss's changes in the window less their mean, by its first loss.",
        "ratio",
    ),
    Column(
        "excess_loss",
        "Final training loss above the least among the reported runs of the arm.",
        "of the run's loss",
    ),
    Column(
        "minimum_excess",
        "The same of runs that ended in a strict minimum; empty for others.",
        "of the run's loss",
    ),
    Column("start_(.+)", "{0} before the first update.", "of {0}", "runs"),
    Column(
        r"saturation(?:_\d+)?",
        "Pairs of sample and unit whose slope is under a tenth of the greatest.",
        SHARE,
    ),
    Column(r"dead_units(?:_\d+)?", "Units whose slope is 0 on every sample of the probe.", SHARE),
    Column(rf"({'|'.join(MEASURE_TITLES)})_(\d+)", "{0} of layer {1} at the last row.", "of the measure"),
    Column("metric", "The metric that the row is about."),
    Column("quantity", "What was measured by layer."),
    Column("layer", "Layer, counted from 1 at the input.", "number"),
    Column("hidden_layers", "Hidden layers of the arm: those that were measured, less the output's.", COUNT),
    Column("moment", "start: before the first update; end: the last row at which all seeds live."),
    Column("line", "What arms have in common that differ in depth alone."),
    # What is made of them.
    Column("seeds", "Seeds behind the row, dead ones included.", COUNT),
    Column("alive", "Seeds that have neither diverged nor failed by then.", COUNT),
    Column("living", "Seeds that neither diverged nor failed.", COUNT),
    Column("dead", "Seeds that diverged or failed.", COUNT),
    Column("missing", "Seeds or problems without a value.", COUNT),
    Column("died", "Runs that diverged or failed.", COUNT),
    Column("died_share", "Share that diverged or failed.", SHARE),
    Column(
        "kind",
        "What centre is: mean, geometric mean, median once a seed has died, or one seed; of claims, theirs.",
    ),
    Column(
        "centre", "Mean over seeds while all live (of gradients the geometric one), else the median.", OWN
    ),
    Column("mean", "Mean over seeds; empty if one died.", OWN),
    Column("median", "Median over seeds, dead ones counted.", OWN),
    Column("iqm", "Interquartile mean over seeds, dead ones counted.", OWN),
    Column("living_mean", "Mean given that a seed lived.", OWN),
    Column(
        "low", "Lower end of the interval or range that stands with the row's centre, effect or share.", OWN
    ),
    Column(
        "high", "Upper end of the interval or range that stands with the row's centre, effect or share.", OWN
    ),
    Column("shown", "What of the figure the row is: a seed, a centre, a point of a curve."),
    # Choices.
    Column("value", "Value of the tuned key.", "of the key"),
    Column("edge", "Whether the chosen value is the lowest or the highest tried; empty: neither."),
    Column("tried", "Values tried.", COUNT),
    Column("reason", "Why nothing was chosen, or what decided."),
    Column("chosen", "Whether the value is the chosen one.", "1 or 0"),
    # Outcomes.
    Column("(converged|exhausted|stalled|diverged|failed)", "Runs that {0}.", COUNT),
    Column("warned", "Runs with a warning.", COUNT),
    Column("runs", "Runs counted.", COUNT),
    Column("lacking", "Tuning seeds of the study of which the arm has no run.", COUNT),
    Column("repeated", "The arm of which several runs are on one seed, none of them the arm's; else empty."),
    Column("absent", "Why there is no seed to compare on."),
    Column("warning", "Text of the warning."),
    Column("complaint", "Name of the doctor's complaint."),
    Column("complained", "Runs with the complaint.", COUNT),
    Column("share", "Share of the runs, seeds or problems.", SHARE),
    Column("count", "How many of them.", COUNT),
    Column("at_chosen", "How many of them are reported ones, at the value chosen.", COUNT),
    Column("reported", "Reported runs of the arm, at the value chosen.", COUNT),
    Column("arms", "Arms that it is about.", COUNT),
    Column("axis", "The compared key that the two arms differ in, or several."),
    Column("group", "The panel in which the row is drawn."),
    Column("example", "What the doctor said of one of them."),
    Column("advice", "What the doctor says to try."),
    # Gradients' ratio by arm.
    Column("start", "Rho before the first update.", "ratio"),
    Column("end", "Rho at the last row.", "ratio"),
    # Targets and profiles.
    Column("rows_apart", "Updates between the rows that a time is interpolated from, at most.", "updates"),
    Column("worst", "Worst final value of the target's metric.", OWN),
    Column("ratio", "Times the cost of the best method.", "ratio"),
    Column("solved", "Problems that the method solved within the ratio.", COUNT),
    Column("problems", "Problems in all.", COUNT),
    Column("unsolved", "Problems that no method solved.", COUNT),
    Column("score", "Threshold of the metric.", OWN),
    # Differences and claims.
    Column("first", "The arm from which is subtracted."),
    Column("second", "The arm that is subtracted."),
    Column(
        "(living_)?(difference|effect)",
        "Mean difference over seeds, in the claimed direction of claims.",
        EFFECT,
    ),
    Column("correlation", "Correlation of the two arms over seeds: what pairing bought.", "-1 to 1"),
    Column("variance_ratio", "Variance of paired differences by that of unpaired ones.", "ratio"),
    Column("improvement", "Probability that a run of the one is better than one of the other.", SHARE),
    Column("p", "Sign-flip permutation, two-sided.", "probability"),
    Column("p_holm", "p, corrected by Holm within its family.", "probability"),
    Column("p_note", "Why there is no p."),
    Column("detectable", "Least difference that so many seeds show in 4 of 5 cases.", EFFECT),
    Column("needed_seeds", "Seeds that would decide in 4 of 5 cases, were the difference as seen.", COUNT),
    Column("claim", "Name of the claim."),
    Column("sentence", "The claim in words."),
    Column("cells?", "What of the study the claim is judged on, or how many such cells there are."),
    Column("verdict", "supported, refuted or inconclusive."),
    Column("how", "How it is refuted: reversed, too small, or no difference that matters."),
    Column("level", "Confidence of the interval.", SHARE),
    Column("interval", "Whose interval it is: Student's t, or Nadeau and Bengio's for new data."),
    Column("direction", "The claimed direction."),
    Column("margin", "What the effect must exceed.", EFFECT),
    Column("population", "What the claim is about: new seeds, or new data of this kind."),
    Column("scope", "Whether all cells must hold, or any."),
    Column("(supported|refuted)", "Cells in which it is {0}.", COUNT),
    # What is named after another column.
    Column("data_(low|high)", "The {0} end of Nadeau and Bengio's interval, for new data of this kind.", OWN),
    Column("bca_(low|high)", "The {0} end of the BCa bootstrap interval, from 20 seeds on.", OWN),
    Column(
        "(.+)_data_(low|high)",
        "The {1} end of Nadeau and Bengio's interval of {0}, for new data of this kind.",
        "of {0}",
    ),
    Column(
        "(.+)_bca_(low|high)",
        "The {1} end of the BCa bootstrap interval of {0}, from 20 seeds on.",
        "of {0}",
    ),
    Column("(.+)_low", "Lower end of the interval of {0}.", "of {0}"),
    Column("(.+)_high", "Upper end of the interval of {0}.", "of {0}"),
    Column("(.+)_centre", "Centre of {0}: its mean while all seeds live, else the median.", "of {0}"),
    Column("(.+)_living_mean", "Mean of {0} given that a seed lived.", "of {0}"),
)

KEY = Column("", "Value of the configuration's {0}.", "of the key")


def dictionary(frames: Mapping[str, pd.DataFrame], comparison: Comparison) -> pd.DataFrame:
    """Describe every column of a report's CSVs.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        By name of the CSV.
    comparison : Comparison
        Names the keys of the configuration that are columns.

    Returns
    -------
    DataFrame
        ``file``, ``column``, ``meaning``, ``unit``: a row for each column, in order; what nobody described
        has no meaning.
    """
    keys = [*comparison.axes, *([comparison.over] if comparison.over else []), RATE]
    rows = [
        (f"{name}.csv", str(column), *describe(str(column), name, keys))
        for name, frame in frames.items()
        for column in frame.columns
    ]
    own = [(f"{DICTIONARY}.csv", column, meaning, "") for column, meaning in OWN_COLUMNS.items()]
    return pd.DataFrame([*rows, *own], columns=list(OWN_COLUMNS))


OWN_COLUMNS = {
    "file": "Name of the CSV.",
    "column": "Name of the column.",
    "meaning": "What stands in it.",
    "unit": "What its numbers are in; empty for texts.",
}
RATE = "optimizer.learning_rate"


def describe(column: str, file: str, keys: Sequence[str] = ()) -> tuple[str, str]:
    """Return what a column of a CSV means, and its unit; both empty if nobody described it.

    Parameters
    ----------
    column, file : str
        The file's name without its ending.
    keys : sequence of str
        Keys of the configuration that may be columns: those have no other description.
    """
    for found, groups in _matches(column, file):
        unit = found.unit
        if unit == "of {0}":
            meaning, unit = describe(groups[0], file, keys)
            if not meaning:
                continue
        return found.meaning.format(*groups), unit.format(*groups)
    if column in keys or column.startswith("parameter."):
        return KEY.meaning.format(column.removeprefix("parameter.")), KEY.unit
    return "", ""


def _matches(column: str, file: str) -> Iterator[tuple[Column, tuple[str, ...]]]:
    for each in COLUMNS:
        if (not each.files or re.fullmatch(each.files, file)) and (
            match := re.fullmatch(each.pattern, column)
        ):
            yield each, tuple(group or "" for group in match.groups())
