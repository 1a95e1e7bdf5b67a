"""Figures: what they draw, what they say, and that nothing lies on anything else."""

from itertools import combinations

import matplotlib
import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from reports import figures
from reports.comparison import compare
from reports.contents import contents
from reports.figures.style import SETTINGS
from reports.figures.windows import loss_in_window

ARMS = {
    1: {"activation": ["relu"]},
    2: {"activation": ["relu", "sigmoid"]},
    5: {"activation": ["relu", "sigmoid", "tanh", "leaky_relu", "softsign"]},
    12: {"architecture.width": [str(2**power) for power in range(12)]},
    24: {
        "dataset": ["moons", "digits"],
        "activation": ["sigmoid", "relu"],
        "loss": ["mse", "cross_entropy"],
        "optimizer": ["gd", "sgd", "batch"],
    },
}

CURVES = {"convergence", "gradients"}
"""Sections whose figures are tested by themselves."""


ELSEWHERE = {"outcomes", "score_distribution", "sensitivity", "sensitivity_reported", "at_one_rate"}
"""Figures that other modules test: their seeds are not those of an arm, or they have no interval."""

ROWS = {
    "finals": ("ranking", "final"),
    "finals_along": ("final_along",),
    "score_shares": ("score_distribution",),
    "times": ("time_to_target", "reached"),
    "cost_profiles": ("performance_profile",),
    "sensitivity": ("sensitivity",),
    "one_rate": ("at_one_rate",),
    "in_window": ("loss_in_window",),
}
"""Figures of frames that some studies do not have, by the frame's name."""


@pytest.fixture(scope="module")
def untuned(synthetic):
    """Compare a study that has no number to go along, no target and nothing tuned."""
    return compare(synthetic({"activation": ["relu", "sigmoid"]}, rates=(0.3,), seeds=(0, 1), rows=4))


@pytest.mark.parametrize(("rows", "names"), ROWS.items())
def test_a_figure_of_what_a_study_does_not_have_says_so(untuned, rows, names):
    frame = getattr(untuned, rows)
    for draw in (getattr(figures, name, loss_in_window) for name in names):
        for nothing in (None, frame if frame is None else frame.iloc[:0]):
            for layout in (None, untuned.layout):
                figure = draw(nothing, layout)
                said = [" ".join(text.get_text().split()) for axes in figure.axes for text in axes.texts]
                assert said == ["nothing to draw: the study has no rows of this"], draw.__name__


@pytest.mark.parametrize("name", figures.__all__)
def test_every_figure_says_of_no_frame_that_there_is_nothing(name):
    figure = getattr(figures, name)(frame=None, title="Nothing")
    assert figure.get_label() == "Nothing"
    assert figure.axes[0].texts[0].get_text().startswith("nothing to draw")


def drawn(record, *names):
    """Draw the figures `names` of a study, or all but `CURVES`: to figure and what the report says of it."""
    return {
        drawing.name: (drawing.draw(), drawing)
        for section in contents(compare(record)).sections
        if section.key not in CURVES
        for drawing in section.drawings
        if not names or drawing.name in names
    }


def shown_texts(figure):
    """Return every text of a figure that is visible within its limits, with its extent in pixels."""
    canvas = FigureCanvasAgg(figure)
    with rc_context(SETTINGS):
        canvas.draw()
        renderer = canvas.get_renderer()
        texts = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
        for axes in figure.axes:
            if not axes.get_visible():
                continue
            texts += [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label]
            for axis in (axes.xaxis, axes.yaxis):
                low, high = sorted(axis.get_view_interval())
                texts += [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
        texts = [
            text
            for text in texts
            if isinstance(text, Text) and text.get_visible() and text.get_text().strip()
        ]
        return [(text.get_text(), text.get_window_extent(renderer)) for text in texts]


@pytest.mark.parametrize(
    "arms", [arms if arms < 20 else pytest.param(arms, marks=pytest.mark.slow) for arms in ARMS]
)
def test_no_text_covers_another_or_leaves_the_paper(synthetic, arms):
    record = synthetic(ARMS[arms], layers=3 if arms < 24 else 2, rows=8, diverged=[("relu", 3.0, 100)])
    for name, (figure, _) in drawn(record).items():
        texts = shown_texts(figure)
        width, height = figure.bbox.width, figure.bbox.height
        for text, box in texts:
            inside = box.x0 >= -0.5 and box.y0 >= -0.5 and box.x1 <= width + 0.5 and box.y1 <= height + 0.5
            assert inside, f"{name}: {text!r} leaves the paper"
        for (one, box), (other, beside) in combinations(texts, 2):
            apart = (
                box.x1 <= beside.x0 + 0.5
                or beside.x1 <= box.x0 + 0.5
                or box.y1 <= beside.y0 + 0.5
                or beside.y1 <= box.y0 + 0.5
            )
            assert apart, f"{name}: {one!r} and {other!r} overlap"


def test_long_names_stay_on_the_paper(synthetic):
    names = [
        f"{name} with a name that is much longer than any label has room for" for name in ("relu", "tanh")
    ]
    for name, (figure, _) in drawn(synthetic({"activation": names}, rows=8)).items():
        for text, box in shown_texts(figure):
            assert box.x0 >= -0.5, f"{name}: {text!r}"
            assert box.x1 <= figure.bbox.width + 0.5, f"{name}: {text!r}"


@pytest.mark.parametrize(("seeds", "said"), [((0, 1, 2, 3, 4), "5 seeds an arm"), ((0,), "1 seed an arm")])
def test_every_figure_says_how_many_seeds_and_what_its_band_is(synthetic, seeds, said):
    record = synthetic(ARMS[2], layers=3, rows=8, seeds=seeds)
    for name, (figure, drawing) in drawn(record).items():
        if name in ELSEWHERE:
            continue
        on_paper = " ".join(" ".join(text.get_text() for text in figure.texts).split())
        for text in (on_paper, drawing.caption):
            assert said in text, name
            assert ("interval of that mean" in text) == (len(seeds) > 1), name
            assert ("no band" in text or "no interval" in text) == (len(seeds) == 1), name


def test_drawing_leaves_matplotlibs_settings_alone(synthetic):
    before = dict(matplotlib.rcParams)
    drawn(synthetic(ARMS[1], rows=8))
    assert dict(matplotlib.rcParams) == before
