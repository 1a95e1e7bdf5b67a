"""Views of MLflow's UI: a study's runs filtered, in order and drawn, and the notes that link to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from harness.tracking.settings import CREDENTIALS, masked, tracking_uri
from harness.tracking.store import tag_experiment
from harness.tracking.texts import markdown

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "\ue000experiment\ue001"
SWEEP = "\ue000sweep\ue001"
"""What stands in a note for the ids that the store will give: in characters that nobody types."""

NOTE = "mlflow.note.content"
WRITTEN = "harness.note"
"""Tag of an experiment: its last two notes by the harness, so that a person's own is never replaced."""
BETWEEN = "\n\n\n"

TRAINING = {"workflowType": "machine_learning"}
"""Without it the UI shows what it has for agents, and of a study an empty page."""
FLAT = {"orderByKey": "attributes.run_name", "orderByAsc": "true"}
"""By name an arm stands beside its seeds; ordered by time, both hide below their sweep."""
CHARTS = {"compareRunsMode": "CHART"}
LOCAL = "http://127.0.0.1:5000"
"""Where `make ui` serves a store that is no server itself."""


@dataclass(frozen=True)
class View:
    """Some runs of a study, as a list or as charts.

    Attributes
    ----------
    name : str
        What is shown, as the text of a link.
    query : str
        In MLflow's search language; empty: all runs.
    """

    name: str
    query: str = ""
    charts: bool = False

    def address(self, experiment: str = EXPERIMENT) -> str:
        """Return the address of the view, relative to that of the UI."""
        asked = TRAINING | (CHARTS if self.charts else {}) | FLAT
        if self.query:
            asked = {**asked, "searchFilter": self.query}
        return f"#/experiments/{experiment}/runs?{urlencode(asked)}"

    def link(self, experiment: str = EXPERIMENT) -> str:
        """Return a link to the view in Markdown."""
        return f"[{self.name}]({self.address(experiment)})"


ARMS = View("one line an arm", "tags.\"harness.kind\" = 'arm'", charts=True)
RUNS = View("all runs")
DIVERGED = View("what diverged", "tags.\"harness.outcome\" = 'diverged'")
COMPLAINTS = View("what the doctor complained of", "tags.\"harness.complaints\" != ''")
SWEEPS = View("sweeps and their reports", "tags.\"harness.kind\" = 'sweep'")


def one_seed(seed: int) -> View:
    """Return the view of one seed of every arm."""
    return View(
        "one seed of every arm", f"params.seed = '{seed}' AND tags.\"harness.kind\" = 'run'", charts=True
    )


def report_link() -> str:
    """Return a link in Markdown to the report of the sweep whose note it stands in."""
    path = f"#/experiments/{EXPERIMENT}/runs/{SWEEP}/artifacts/report/index.html"
    return f"[`report/index.html`]({path}?{urlencode(TRAINING)})"


def linked(views: Sequence[View], experiment: str = EXPERIMENT) -> str:
    """Return links to views in one line of Markdown."""
    return " · ".join(view.link(experiment) for view in views)


def placed(note: str, experiment: str, sweep: str) -> str:
    """Return a note with the ids in its links."""
    return note.replace(EXPERIMENT, experiment).replace(SWEEP, sweep)


def describe_experiment(client: "MlflowClient", experiment: str, question: str | None) -> None:
    """Say above the list of a study's runs what is asked and where to look, unless a person wrote there.

    MLflow shows one line of it until it is unfolded.
    """
    links = linked([ARMS, RUNS, DIVERGED, SWEEPS], experiment)
    note = f"{markdown(question)} → {links}" if question else links
    held = client.get_experiment(experiment).tags
    before = held.get(NOTE, "")
    if before not in {"", *held.get(WRITTEN, "").split(BETWEEN)} or before == note:
        return
    # Killed between the two, we find the note before this one, which is ours as well.
    tag_experiment(client, experiment, WRITTEN, BETWEEN.join([before, note]))
    tag_experiment(client, experiment, NOTE, note)


def ways(uri: str, experiment: str, sweep: str | None = None) -> dict[str, str]:
    """Return the addresses at which the UI shows a study's runs, by what is shown; none where no UI does.

    Parameters
    ----------
    uri : str
        The store: a server with a UI of its own, or the one that `make ui` serves.
    experiment : str
        The id of the experiment.
    sweep : str, optional
        The id of the sweep's run; None of runs that this harness did not train.
    """
    base = _served(uri)
    if base is None:
        return {}
    views = [RUNS] if sweep is None else [ARMS, RUNS, DIVERGED, COMPLAINTS]
    found = {view.name: f"{base}/{view.address(experiment)}" for view in views}
    if sweep is not None:
        found["the sweep"] = f"{base}/#/experiments/{experiment}/runs/{sweep}?{urlencode(TRAINING)}"
    return found


def _served(uri: str) -> str | None:
    """Return where a UI serves a store: a server has its own, `make ui` serves that of the settings."""
    if uri.startswith("http"):
        return masked(CREDENTIALS.sub("", uri, count=1)).rstrip("/")
    return LOCAL if uri == tracking_uri() else None


def page(uri: str, name: str) -> str | None:
    """Return the address of a study's runs in the UI, None where the store does not tell, or no UI serves it.

    Parameters
    ----------
    uri : str
        The store: a server with a UI of its own, or the one that `make ui` serves.
    name : str
        The study's.
    """
    from harness.tracking.store import connect

    base = _served(uri)
    if base is None:
        return None
    try:
        found = connect(uri).get_experiment_by_name(name)
    except Exception:
        # An address to look at is not worth the end of a sweep.
        return None
    if found is None:
        return None
    return f"{base}/{RUNS.address(str(found.experiment_id))}"
