"""Studies: a question, the grid that answers it, and how its rates are tuned."""

from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, MinLen

from harness.errors import ConfigurationError, unknown
from harness.record import SCORE_COLUMNS
from harness.sweeping.claims import Claim, build_claims
from harness.sweeping.figures import check_figures
from harness.sweeping.published import Published, build_published
from harness.validation import build

SAFE = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"


@dataclass(frozen=True)
class Tune:
    """A tuned axis: rates are chosen by `metric` on seeds that no reported figure uses.

    Attributes
    ----------
    over : str
        The key of the grid that is tuned, for example ``optimizer.learning_rate``.
    metric : str
        The history column whose final value decides; larger is better of accuracies, smaller of losses.
    seeds : tuple of int
    reported : {"every", "chosen"}
        Whether the reported seeds are trained at every value, or at the chosen one of their arm alone.
    """

    over: str
    seeds: Annotated[tuple[Annotated[int, Ge(0)], ...], MinLen(1)]
    metric: str = "validation_log_loss"
    reported: Literal["every", "chosen"] = "every"


@dataclass(frozen=True)
class Target:
    """What counts as reached: the first update at which `metric` is as good as `value`."""

    metric: str
    value: float


@dataclass(frozen=True)
class Study:
    """One question.

    Attributes
    ----------
    grid : tuple of tuple of str
        Products of Hydra overrides; the study is their union without doubles. A product's line
        ``sweep.zip=[[key,key]]`` pairs the values of these keys.
    exclude : tuple of str
        Overrides joined by commas; a point for which all of an entry hold is left out.
    sample : int or None
        How many regimes are drawn from the grid, each with all its seeds and tuned values; None: all.
    why : str or None
        Why it matters, for the page.
    seeds : tuple of int or None
        The reported seeds; None: the grid says.
    arms : tuple of str or None
        The keys compared; None: the keys that the grid varies, less seeds.
    claims : tuple of Claim
        What is tested; whatever else a report says is exploratory.
    published : tuple of Published
        Figures of others, beside which ours are put.
    budgets : tuple of str
        Sentences that name the budget of each feeding, for the page.
    figures : tuple of str
        Those that the report leads with, by the names of their files (`figures.FIGURES`).
    sources : tuple of str
        Who claimed, or published, what is tested.
    doubts : str or None
        Would a sceptic accept it, what would refute it, and what it does not show.
    presets : mapping
        Smaller forms by name: keys of the study that they replace, and ``overrides`` for every
        point.
    """

    name: str
    question: str | None = None
    why: str | None = None
    method: str | None = None
    grid: tuple[tuple[str, ...], ...] = ()
    exclude: tuple[str, ...] = ()
    sample: Annotated[int, Gt(0)] | None = None
    seeds: tuple[Annotated[int, Ge(0)], ...] | None = None
    arms: tuple[str, ...] | None = None
    tune: Tune | None = None
    target: Target | None = None
    claims: tuple[Claim, ...] = ()
    published: tuple[Published, ...] = ()
    budgets: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    doubts: str | None = None
    presets: dict[str, dict[str, Any]] | None = None


def build_study(container: dict[str, Any], preset: str | None) -> tuple[Study, tuple[str, ...]]:
    """Return a validated study in its full form or a smaller one, and the preset's overrides.

    Raises
    ------
    ConfigurationError
        If a key is unknown or of a wrong type, the name is no plain word, the target's metric is none
        that is measured, tuning and reported seeds overlap, a claim or a published figure is wrong in
        itself, a figure to lead with is none that a report draws, or the preset does not exist.
    """
    study = _build(container)
    if not study.name or set(study.name) - set(SAFE):
        raise ConfigurationError(
            f"study.name = {study.name!r}: must be letters, digits, - and _ (it names a folder)"
        )
    overrides: tuple[str, ...] = ()
    if preset is not None:
        presets = study.presets or {}
        if preset not in presets:
            raise unknown(f"sweep.preset of study {study.name}", preset, presets or ["null"])
        changes = dict(presets[preset])
        overrides = tuple(changes.pop("overrides", ()))
        study = _build(container | changes | {"name": f"{study.name}-{preset}"})
    check_figures(study.figures)
    if study.target is not None and study.target.metric not in SCORE_COLUMNS:
        raise unknown("study.target.metric", study.target.metric, SCORE_COLUMNS)
    if study.tune is not None and study.tune.metric not in SCORE_COLUMNS:
        raise unknown("study.tune.metric", study.tune.metric, SCORE_COLUMNS)
    if study.tune is not None and set(study.tune.seeds) & set(study.seeds or ()):
        shared = sorted(set(study.tune.seeds) & set(study.seeds or ()))
        raise ConfigurationError(
            f"study.tune.seeds = {list(study.tune.seeds)}: share {shared} with study.seeds; a seed that "
            "tunes must not be reported"
        )
    return study, overrides


def _build(container: dict[str, Any]) -> Study:
    study = build(Study, container | {"claims": [], "published": []}, "study")
    return replace(
        study,
        claims=build_claims(container.get("claims") or ()),
        published=build_published(container.get("published") or ()),
    )


def plain(study: Study) -> dict[str, Any]:
    """Return a study as JSON's types, without its presets."""
    return {key: value for key, value in asdict(study).items() if key != "presets"}
