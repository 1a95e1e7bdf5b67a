"""A whole sweep, beginning to end, beside Hydra's basic launcher, scikit-learn and MLflow."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.sweeps.processes import BrokenError, Ran, run
from benchmarks.sweeps.sections import Entry, Section, Table
from benchmarks.sweeps.stores import series
from benchmarks.targets import Target
from benchmarks.workers import cores_here

TIMES_AS_FAST = 20.0
EPOCHS = 30
HIDDEN = [32]
BATCH = 32
UPDATES_AN_EPOCH = 10
"""Of 300 training samples."""

ACTIVATIONS = ("relu", "tanh")
SIZES = {2: (1, 1), 6: (3, 1), 10: (5, 1), 50: (5, 5), 100: (10, 5), 1_000: (10, 50)}
"""Rates and seeds by the number of runs."""

EMPTY = (None, None, None)

METHOD = f"""\
Moons, one layer of {HIDDEN[0]}, batches of {BATCH}, {EPOCHS} epochs; activations, rates and seeds. The
harness: `python -m harness ... -m` as `make sweep` calls it, by its defaults but `diagnostics=off` (losses
and scores of all splits, which is more than the peer measures). The peer (`benchmarks/sweeps/peer_app.py`):
Hydra's basic sweeper and launcher, one `MLPClassifier.partial_fit` an epoch, `mlflow.log_metric` of loss
and accuracy of training and validation every epoch. Both by the clock from the start of the process to its
end, one after the other on the same cores, each with a SQLite store made from nothing; no report. The peer
is measured on few jobs, and **scaled**: what the larger of its two sweeps takes more than the smaller is
what further jobs take. The stores are asked afterwards whether they hold every run and epoch. The
processor's seconds are of all processes."""


def section(quick: bool) -> Section:
    """Run both, and the peer a second time on fewer jobs."""
    runs, less, more = (100, 2, 6) if quick else (1_000, 10, 50)
    ours, small, large = (
        in_a_folder(contender, each)
        for contender, each in ((harness_sweep, runs), (peer_sweep, less), (peer_sweep, more))
    )
    job = (large.seconds - small.seconds) / (more - less)
    theirs = large.seconds + (runs - more) * job
    measured = f"measured on {more} jobs, scaled"
    peer = "Hydra, scikit-learn, MLflow"
    rows: list[tuple[Entry, ...]] = [
        ("harness", runs, ours.seconds, ours.processor, ours.seconds, "measured", theirs / ours.seconds),
        (peer, less, small.seconds, small.processor, *EMPTY),
        (peer, more, large.seconds, large.processor, theirs, measured, 1.0),
        (f"{peer}: each further job", 1, job, (large.processor - small.processor) / (more - less), *EMPTY),
    ]
    columns = ("", "runs", "clock s", "processor s", f"clock s for {runs:,} runs", "how", "times as fast")
    return Section(
        "A sweep beside a peer",
        METHOD,
        {"peer": Table(columns, rows)},
        [
            Target(
                f"times as fast as the peer ({measured})",
                f"{runs:,} runs, {len(cores_here())} cores",
                theirs / ours.seconds,
                TIMES_AS_FAST,
            )
        ],
    )


def in_a_folder(contender: Callable[[int, int, Path], Ran], runs: int) -> Ran:
    """Return what a contender takes where nothing is there before."""
    with TemporaryDirectory() as folder:
        return contender(runs, EPOCHS, Path(folder))


def harness_sweep(runs: int, epochs: int, folder: Path) -> Ran:
    """Return what the harness takes, once its store has been found to hold all of it."""
    ran = run("benchmarks.sweeps.launched", [*harness_grid(runs, epochs), "-m"], folder)
    held = series(folder / "mlruns" / "mlflow.db", "train/loss")
    check("harness", [each.last for each in held], runs, epochs * UPDATES_AN_EPOCH)
    return ran


def peer_sweep(runs: int, epochs: int, folder: Path) -> Ran:
    """Return what the peer takes, once its store has been found to hold every epoch."""
    store = folder / "mlflow.db"
    ran = run("benchmarks.sweeps.peer_app", [*peer_grid(runs, epochs, store), "-m"], folder)
    held = series(store, "train_loss")
    check("peer", [each.last for each in held if each.points == epochs], runs, epochs)
    return ran


def check(name: str, last: Sequence[int], runs: int, expected: int) -> None:
    """Refuse timings of another number of runs, or of runs that ended elsewhere.

    Raises
    ------
    BrokenError
        If not every run of the sweep ended at the step `expected`.
    """
    held = sum(step == expected for step in last)
    if held != runs or len(last) != runs:
        raise BrokenError(f"{name}: the store holds {held:,} whole runs of {runs:,}")


def harness_grid(runs: int, epochs: int) -> list[str]:
    """Return the harness's overrides."""
    rates, seeds = _axes(runs)
    return [
        "dataset=moons",
        f"architecture.hidden={HIDDEN}",
        f"activation={','.join(ACTIVATIONS)}",
        f"optimizer.batch_size={BATCH}",
        f"optimizer.learning_rate={rates}",
        f"stopping.epochs={epochs}",
        f"seed={seeds}",
        "diagnostics=off",
    ]


def peer_grid(runs: int, epochs: int, store: Path) -> list[str]:
    """Return the peer's overrides: the same grid."""
    rates, seeds = _axes(runs)
    return [
        f"hidden={HIDDEN}",
        f"activation={','.join(ACTIVATIONS)}",
        f"batch_size={BATCH}",
        f"learning_rate={rates}",
        f"epochs={epochs}",
        f"seed={seeds}",
        f"store={store}",
    ]


def _axes(runs: int) -> tuple[str, str]:
    rates, seeds = SIZES[runs]
    return ",".join(f"{(step + 1) / 20}" for step in range(rates)), f"range(0,{seeds})"
