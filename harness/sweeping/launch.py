"""What the command line asks for: a grid, a plan of one, or a single run."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from harness.config import RunConfig, fingerprint, validate
from harness.data.loading import digest
from harness.errors import ConfigurationError
from harness.sweeping.checks import compare_gradients
from harness.sweeping.composing import SESSION, Composer, default_composer, launcher_refused
from harness.sweeping.estimates import estimate
from harness.sweeping.executors import worker_count
from harness.sweeping.grid import Grid, Point, expand
from harness.sweeping.progress import Bar, table
from harness.sweeping.provenance import command_line, provenance
from harness.sweeping.settings import Settings, build_settings
from harness.sweeping.stacks import stacks
from harness.sweeping.sweep import FAILED, Ended, criterion, finished_before, sweep
from harness.tracking import read
from harness.tracking.settings import Off, tracking_uri

RUN_FAILED = 1


def launch(loader: ConfigLoader, config: DictConfig, arguments: Sequence[str]) -> list[Ended]:
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
    ended = carry_out(grid.points, settings, grid.arms)
    print(table(ended, criterion(settings)))
    print(where_next(ended, settings))
    if any(each.outcome == FAILED for each in ended):
        raise SystemExit(RUN_FAILED)
    return ended


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
    print(table(ended, criterion(settings)))
    print(where_next(ended, settings))
    if ended[0].outcome == FAILED:
        raise SystemExit(RUN_FAILED)
    return ended[0].scores.get("best_validation_loss", float("inf"))


def carry_out(grid: Sequence[Point], settings: Settings, arms: Sequence[str]) -> list[Ended]:
    """Check what is to be checked, and sweep, with a bar."""
    if settings.checks.gradients:
        print(compare_gradients([point.run for point in grid], [point.name for point in grid]))
    return sweep(grid, settings, arms, provenance(command_line()), Bar())


def describe(run: RunConfig) -> str:
    """Return what a run that is compared with nothing is called."""
    return f"{run.flat['dataset']} · {run.flat['activation']} · {run.flat['loss']} · {run.feeding_label}"


def plan(grid: Grid, settings: Settings) -> str:
    """Return what would be trained, without training or writing."""
    done = finished_before(grid.points, settings)
    missing = [point.run for point in grid.points if point.fingerprint not in done]
    groups = [[missing[index] for index in stack] for stack in stacks(missing)]
    sizes = Counter(map(len, groups))
    stacked = ", ".join(f"{count} of {size} runs" for size, count in sorted(sizes.items()))
    arms = len({point.arm for point in grid.points})
    lines = [f"{len(grid.points):,} runs of {arms} arms, {len(done):,} of them done"]
    if grid.excluded or grid.unsampled:
        lines.append(f"left out: {grid.excluded:,} by exclusions, {grid.unsampled:,} by the sample")
    lines.append(f"{len(missing):,} to train, in {len(groups)} stacks: {stacked or 'none'}")
    if groups:
        lines.append(estimate(groups, worker_count(settings.executor, len(groups))))
    return "\n".join([*lines, *_expected(grid, settings)])


def _expected(grid: Grid, settings: Settings) -> list[str]:
    """Return what a plan says of the study's claims."""
    study, tracking = settings.study, settings.tracking
    if not study.claims:
        return []
    # SciPy's statistics take a second to import.
    from harness.sweeping.expectations import columns, expectations

    wanted = columns(study.claims, study.tune)
    if isinstance(tracking, Off) or not wanted:
        return expectations(grid, study.claims, study.tune, {})
    held = read.finished(tracking_uri(tracking.uri), study.name, wanted)
    return expectations(grid, study.claims, study.tune, held)


def where_next(ended: Sequence[Ended], settings: Settings) -> str:
    """Return the closing lines: what was done, what failed and why, where to look."""
    trained = sum(each.trained_now for each in ended)
    lines = [f"{trained:,} runs trained, {len(ended) - trained:,} were done already"]
    reasons = Counter(each.error for each in ended if each.error)
    lines += [f"{count:,} failed: {reason}" for reason, count in reasons.most_common()]
    if isinstance(settings.tracking, Off):
        return "\n".join(lines)
    uri = tracking_uri(settings.tracking.uri)
    lines.append(f"runs:   make ui   (MLflow, experiment {settings.study.name}, {masked(uri)})")
    lines.append(f"report: python -m reports {settings.study.name}")
    return "\n".join(lines)


def masked(uri: str) -> str:
    """Return an address without its password."""
    scheme, found, rest = uri.partition("://")
    credentials, at, host = rest.rpartition("@")
    if not found or not at:
        return uri
    return f"{scheme}://{credentials.partition(':')[0]}:***@{host}"


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
