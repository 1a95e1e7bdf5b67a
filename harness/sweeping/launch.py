"""What the command line asks for: a grid, a plan of one, or a single run."""

from collections.abc import Sequence
from math import inf
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from harness.config import RunConfig, fingerprint, validate
from harness.data.loading import digest
from harness.errors import ConfigurationError, StoreError
from harness.sweeping.checks import compare_gradients
from harness.sweeping.composing import SESSION, Composer, default_composer, launcher_refused
from harness.sweeping.describing import grid_hash
from harness.sweeping.grid import Grid, Point, expand
from harness.sweeping.planning import plan
from harness.sweeping.progress import Bar, failures, table
from harness.sweeping.provenance import command_line, provenance, python
from harness.sweeping.results import FAILED, Result, criterion
from harness.sweeping.settings import Settings, build_settings
from harness.sweeping.staging import sweep_in_stages
from harness.sweeping.sweep import Swept, sweep
from harness.sweeping.tunable import staged
from harness.tracking.settings import MLflow, Off, concealed, masked, tracking_uri
from harness.tracking.views import page

RUN_FAILED = 1
SIGNALLED = 128
"""What a shell adds to the number of the signal that ended a command."""


def launch(loader: ConfigLoader, config: DictConfig, arguments: Sequence[str]) -> list[Result]:
    """Train the grid that a multirun asks for; leave with status 1 if a run failed.

    Raises
    ------
    ConfigurationError
        Before anything trains or is written.
    """
    launcher = config.hydra.runtime.choices.get("hydra/launcher", "basic")
    if launcher != "basic":
        raise launcher_refused(launcher)
    composer = Composer(loader, list(config.hydra.overrides.hydra))
    settings = build_settings(composer.session(_session_overrides(composer, arguments)))
    grid = expand(composer, settings.study, arguments, settings.overrides, settings.sweep)
    if settings.sweep.plan:
        print(plan(grid, settings))
        return []
    return carry_out(grid.points, settings, grid.arms)


def launch_one(config: DictConfig) -> float:
    """Train the one run that a composed configuration describes; return its best validation loss.

    This is what a sweeper of Hydra's drives; a diverged run's loss is infinite.
    """
    for override in HydraConfig.get().overrides.task:
        default_composer().check(override)
    container = OmegaConf.to_container(config, resolve=True)
    assert isinstance(container, dict)
    settings = build_settings({key: container.pop(key) for key in SESSION})
    if settings.study.grid:
        raise ConfigurationError(
            f"study = {settings.study.name!r}: asks for a grid; allowed: the same command with -m"
        )
    run = validate({str(key): value for key, value in container.items()})
    arm = describe(run)
    mark = fingerprint(run, digest(run.dataset))
    point = Point(run, mark, arm, f"{arm} · seed {run.seed}", {}, "reported")
    if settings.sweep.plan:
        print(plan(Grid([point], []), settings))
        return float("nan")
    ended = carry_out([point], settings, [])
    return ended[0].scores.get("best_validation_loss", inf) if ended else inf


def carry_out(grid: Sequence[Point], settings: Settings, arms: Sequence[str]) -> list[Result]:
    """Check what is to be checked, sweep, and say how it ended; leave with a status if not well."""
    if settings.checks.gradients:
        print(compare_gradients([point.run for point in grid], [point.name for point in grid]))
    if staged(grid, settings.study.tune):
        grid, swept = sweep_in_stages(grid, settings, arms, _provenance, Bar, print)
    else:
        swept = sweep(grid, settings, arms, _provenance(), Bar())
    if swept.results:
        print(table(swept.results, criterion(settings)))
    print(where_next(swept, settings, _models(grid, swept, settings)))
    if status := _status(swept):
        raise SystemExit(status)
    return swept.results


def _provenance() -> dict[str, str]:
    return provenance(command_line())


def _status(swept: Swept) -> int:
    if swept.signal is not None:
        return SIGNALLED + swept.signal
    failed = any(each.outcome == FAILED for each in swept.results)
    return RUN_FAILED if failed or swept.unclosed or swept.broken else 0


def describe(run: RunConfig) -> str:
    """Return what a run that is compared with nothing is called."""
    return f"{run.flat['dataset']} · {run.flat['activation']} · {run.flat['loss']} · {run.feeding_label}"


def where_next(swept: Swept, settings: Settings, models: int = 0) -> str:
    """Return the closing lines: what was done, what failed and why, what is left, where to look.

    Parameters
    ----------
    models : int
        How many arms have a model.
    """
    trained = sum(each.trained_now for each in swept.results)
    lines = []
    if any(each.error for each in swept.results):
        lines.append(failures(swept.results))
    lines.append(f"{trained:,} runs trained, {len(swept.results) - trained:,} were done already")
    if left := swept.points - len(swept.results):
        lines.append(f"stopped ({swept.stopped}): {left:,} of {swept.points:,} runs are left")
        lines.append(f"go on:  {command_line(python())}")
    if isinstance(settings.tracking, Off):
        return "\n".join(lines)
    uri = tracking_uri(settings.tracking.uri)
    if swept.unclosed:
        lines.append(concealed(f"{_lacking(swept, settings.tracking)}: {swept.unclosed}"))
        lines.append(f"deliver: {python()} -m harness.tracking deliver   (the same sweep does so too)")
    where = "" if uri == tracking_uri() else f"MLFLOW_TRACKING_URI={masked(uri)} "
    lines.append(f"runs:   {where}make ui   (MLflow, experiment {settings.study.name}, {masked(uri)})")
    if not swept.unclosed and (address := page(uri, settings.study.name)):
        lines.append(f"        {address}")
    if models:
        lines.append(f"models: {models:,}, in the experiment's tab Models (docs/models.md: loading, serving)")
    lines.append(f"report: {python()} -m reports {settings.study.name}")
    return "\n".join(lines)


def _models(grid: Sequence[Point], swept: Swept, settings: Settings) -> int:
    """Return how many arms of a grid have a model in the store, as far as it answers."""
    if isinstance(settings.tracking, Off) or settings.tracking.models != "best" or swept.unclosed:
        return 0
    from harness.tracking.models import logged

    try:
        return logged(tracking_uri(settings.tracking.uri), settings.study.name, grid_hash(grid))
    except StoreError:
        return 0


def _lacking(swept: Swept, tracking: MLflow) -> str:
    """Return what of a sweep is not in the store."""
    if swept.undelivered:
        return f"{swept.undelivered:,} runs wait on disk, the store could not take them"
    models = ", its models" if tracking.models == "best" else ""
    return f"the store has all runs that ended, but not how the sweep did (totals, lines of its arms{models})"


def _session_overrides(composer: Composer, arguments: Sequence[str]) -> list[str]:
    chosen = []
    for argument in arguments:
        override: Any = composer.parse(argument)
        if str(override.key_or_group).split(".")[0] not in SESSION:
            continue
        if override.is_sweep_override():
            raise ConfigurationError(f"{argument}: says how the sweep is carried out; allowed: one value")
        chosen.append(argument)
    return chosen
