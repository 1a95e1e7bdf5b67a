"""What a report contains, in the order in which it is read: sections of sentences, figures and tables."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from harness.bands import bands
from reports import prose, tables, targets, troubles
from reports.analysis import FINAL, Analysis
from reports.arms import split_by_loss
from reports.figures import convergence, final, gradients, tuned
from reports.outline import Contents, Drawing, Section

X_AXES = ("update", "epoch")
ABOUT_GRADIENTS = (
    "delta_rms is the root mean square of the error δ that back-propagation brings to a layer's units, over "
    "the probe's samples; gradient norm is that of the layer's weight gradient, which depends on the layer's "
    "size too."
)


def contents(analysis: Analysis) -> Contents:
    """Gather everything that the report of a study says; figures are drawn when they are written."""
    curves = bands(analysis.history, analysis.chosen, _curve_metrics(analysis), sparse=analysis.elsewhere)
    rho = tables.rho_frame(curves)
    reached = targets.reached(analysis)
    reaching = "" if reached is None else prose.reaching(analysis, len(reached), targets.missed(reached))
    compared = [_leading(analysis), _convergence(analysis, curves), _gradients(analysis, curves, rho)]
    if analysis.rates_untuned and compared[2].drawings:
        # At rates that are not tuned, gradients at the start are what the arms can be compared by.
        compared.insert(0, compared.pop())
    if reached is not None:
        # And whether they reach a target.
        compared.insert(0 if analysis.rates_untuned else len(compared), _target(analysis, reached, reaching))
    sections = (
        *compared,
        _final(analysis),
        _troubles(analysis),
        _budgets(analysis),
        _method(analysis),
    )
    return Contents(
        name=str(analysis.spec["name"]),
        question=str(analysis.spec.get("question") or analysis.spec["name"]),
        answer=prose.answer(analysis, rho, reaching),
        sections=sections,
    )


def _curve_metrics(analysis: Analysis) -> list[str]:
    layered = [name for name in analysis.history.columns if str(name).startswith(tuple(gradients.QUANTITIES))]
    wanted = [*(f"validation_{kind}" for kind in _kinds(analysis)), "train_loss", "rho", *layered]
    return [name for name in wanted if name in analysis.history.columns]


def _kinds(analysis: Analysis) -> list[str]:
    """Metrics across losses that the data sets of the study have."""
    classifies = {analysis.goals(dataset)[0] == "test_accuracy" for dataset in analysis.layout.datasets}
    return [
        *(["log_loss", "accuracy"] if True in classifies else []),
        *(["squared_error"] if False in classifies else []),
    ]


def _at_one_rate(analysis: Analysis, text: str) -> str:
    """Put the warning of rules.md before what compares arms at one rate."""
    return f"{prose.rate_notice(analysis)} {text}".strip()


def _target(analysis: Analysis, reached: pd.DataFrame, reaching: str) -> Section:
    return Section("reached", "Reached the target", (reaching,), tables=targets.tables(analysis, reached))


def _leading(analysis: Analysis) -> Section:
    over, metric = analysis.over or "", analysis.metric or ""
    key = prose.metric_name(over.rpartition(".")[2])
    caption = prose.about_strips(analysis.chosen, analysis.scores)
    title = "Arms at rates that are not tuned" if analysis.rates_untuned else "Final scores by arm"
    if analysis.points is not None:
        title = f"Arms at their tuned {key}"
        least, most = int(analysis.points["seeds"].min()), int(analysis.points["seeds"].max())
        seeds = prose.counted(most, "tuning seed") if least == most else f"{least} to {most} tuning seeds"
        caption += (
            f" Right: {prose.metric_name(metric)} against {key}, mean over {seeds}; black rim: the chosen "
            "value; cross at the top: a tuning seed died there, so the value is not chosen."
        )
    caption = _at_one_rate(analysis, caption)
    frame = pd.concat(
        [_seed_rows(analysis), analysis.scores.assign(shown="centre")]
        + ([analysis.points.assign(shown="sensitivity")] if analysis.points is not None else []),
        ignore_index=True,
    )

    def draw() -> Figure:
        return tuned.tuned(
            analysis.chosen,
            analysis.scores,
            analysis.points,
            analysis.choices,
            analysis.layout,
            analysis.goals,
            title=title,
            subtitle=caption,
            over=over,
            metric=metric,
        )

    return Section("leading", title, drawings=(Drawing("tuned", caption, frame, draw),))


def _seed_rows(analysis: Analysis) -> pd.DataFrame:
    columns = ["arm", "seed", "outcome", *(name for name in FINAL if name in analysis.chosen.columns)]
    if analysis.over:
        columns.insert(2, analysis.over)
    return analysis.chosen[columns].assign(shown="seed")


def _convergence(analysis: Analysis, curves: pd.DataFrame) -> Section:
    drawings = []
    for kind in _kinds(analysis):
        metric = f"validation_{kind}"
        rows = curves[curves["metric"] == metric]
        for x in (x for x in X_AXES if rows[x].notna().any()):
            caption = _at_one_rate(analysis, prose.about_bands(analysis.chosen, rows))

            def draw(
                rows: pd.DataFrame = rows, metric: str = metric, x: str = x, text: str = caption
            ) -> Figure:
                return convergence.across_losses(rows, analysis.layout, metric, x, text)

            drawings.append(Drawing(f"convergence_{kind}_by_{x}", caption, rows, draw))
    own = curves[curves["metric"] == "train_loss"]
    if len(own):
        text = _at_one_rate(analysis, prose.about_bands(analysis.chosen, own))
        layout = split_by_loss(analysis.layout, analysis.runs)
        if len({panel.loss for panel in layout.panels}) > 1:
            text += " Own losses of different kinds are not comparable: each has panels of its own."
        drawings.append(
            Drawing(
                "own_loss_by_update", text, own, lambda: convergence.own_loss(own, layout, "update", text)
            )
        )
    heading = "Convergence at the tuned values" if analysis.over else "Convergence"
    return Section("convergence", heading, () if drawings else (_nothing(analysis),), tuple(drawings))


def _gradients(analysis: Analysis, curves: pd.DataFrame, rho: pd.DataFrame) -> Section:
    layered = gradients.layered(curves)
    drawings = []
    if (layered["update"] == 0).any():
        start = layered[layered["update"] == 0]
        about = prose.about_gradients(analysis.chosen, start)
        layout = gradients.once_a_dataset(start, analysis.layout)
        if layout is not analysis.layout:
            about += " Arms that differ only in what has not acted yet (such as the feeding) are drawn once."
        drawings.append(
            Drawing("gradients_at_start", about, start, lambda: gradients.at_start(start, layout, about))
        )
    for quantity in gradients.QUANTITIES:
        rows = layered[layered["quantity"] == quantity]
        if rows.empty:
            continue
        banded = rows.groupby(["arm", "layer"]).ngroups <= gradients.MOST_BANDS
        caption = prose.about_gradients(analysis.chosen, rows, bands_drawn=banded)
        caption = _at_one_rate(analysis, caption)

        def draw(rows: pd.DataFrame = rows, quantity: str = quantity, text: str = caption) -> Figure:
            return gradients.through_training(rows, analysis.layout, quantity, text)

        drawings.append(Drawing(f"{quantity}_through_training", caption, rows, draw))
    over_time = curves[curves["metric"] == "rho"]
    if len(over_time):
        text = _at_one_rate(analysis, prose.about_gradients(analysis.chosen, over_time, levels=False))
        drawings.append(
            Drawing(
                "rho_through_training",
                text,
                over_time,
                lambda: gradients.rho(over_time, analysis.layout, text),
            )
        )
    paragraphs = [ABOUT_GRADIENTS] if drawings else [_nothing(analysis)]
    if drawings and over_time.empty:
        paragraphs.append(
            "ρ compares hidden layers: it needs two, and no arm here has them (or it was not measured)."
        )
    table = tables.rho(analysis, rho)
    return Section(
        "gradients", "Gradients by layer", tuple(paragraphs), tuple(drawings), (table,) if table else ()
    )


def _final(analysis: Analysis) -> Section:
    caption = _at_one_rate(analysis, prose.about_strips(analysis.chosen, analysis.scores))
    majority = {dataset: analysis.majority(dataset) for dataset in analysis.layout.datasets}
    caption += (
        " Dashed line, where in view: the majority class's accuracy."
        if pd.Series(majority).notna().any()
        else ""
    )

    def draw() -> Figure:
        return final.final(
            analysis.chosen,
            analysis.scores,
            analysis.layout,
            analysis.goals,
            majority,
            title="Final test scores, best arm first",
            subtitle=caption,
        )

    summary = tables.summary(analysis)
    if analysis.chosen.empty:
        return Section("final", "Final performance", (_nothing(analysis),), tables=(summary,))
    frame = pd.concat([_seed_rows(analysis), analysis.scores.assign(shown="centre")], ignore_index=True)
    paragraphs = (prose.rate_notice(analysis),) if analysis.rates_untuned else ()
    return Section(
        "final", "Final performance", paragraphs, (Drawing("final", caption, frame, draw),), (summary,)
    )


def _troubles(analysis: Analysis) -> Section:
    found = (
        troubles.by_arm(analysis),
        troubles.by_value(analysis),
        troubles.complaints(analysis),
        troubles.warnings(analysis),
    )
    return Section(
        "troubles",
        "What went wrong",
        (prose.troubles(analysis.runs),),
        tables=tuple(table for table in found if table is not None and table.rows),
    )


def _budgets(analysis: Analysis) -> Section:
    sentences = [str(sentence) for sentence in analysis.spec.get("budgets") or []]
    return Section("budgets", "Budgets", tuple(sentences) or ("The study names no budgets.",))


def _method(analysis: Analysis) -> Section:
    table = tables.tuning(analysis)
    return Section("method", "How this was made", prose.method(analysis), tables=(table,) if table else ())


def _nothing(analysis: Analysis) -> str:
    if analysis.chosen.empty and analysis.over:
        return "Nothing to draw: no arm has a reported run at a chosen value; the tables say why."
    if analysis.history.empty:
        return "Nothing to draw: the store holds no history of the reported runs."
    if analysis.elsewhere:
        return "Nothing to draw: the runs logged nothing of this."
    return "Nothing to draw: the reported runs measured nothing of this (diagnostics=off)."
