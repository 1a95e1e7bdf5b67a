"""Hostile texts, and a study in which everything is called so."""

from dataclasses import replace

from harness.sweeping.describing import description
from harness.sweeping.study import build_study
from harness.tracking.writer import Writer
from tests.tracking.stacks_to_deliver import MOONS, POINTS, SWEEP, trained, whole

SCRIPT = "<script>window.planted = 'script'</script>"
IMAGE = '"><img src=x onerror="window.planted = 1">'
TEXTS = {
    "script": SCRIPT,
    "image": IMAGE,
    "link": "[here](javascript:window.planted=2) <a href='javascript:window.planted=3'>there</a>",
    "elsewhere": "![pixel](https://elsewhere.example/pixel.png) <iframe src=//elsewhere.example></iframe>",
    "quotes": "'; drop table runs; -- \" ` \\ {{7*7}} ${7*7}",
    "path": "../../../etc/passwd",
    "long": "a" * 5000 + "middle" + "b" * 5000,
    "emoji": "🙂🏳️‍🌈",
    "right to left": "\u202eשלום عليكم",
}
STUDY = f"hostile {IMAGE}"


def plant(store: str) -> None:
    """Write a study whose name, question, runs, arms and tags are such texts."""
    question = f"{SCRIPT} {IMAGE} {TEXTS['link']} {TEXTS['elsewhere']} {TEXTS['quotes']}"
    study, _ = build_study({"name": "hostile", "presets": None, "grid": [], "question": question}, None)
    spec = {"name": STUDY, "question": question, "arms": ["a"], "seeds": [0], "tune": None}
    sweep = replace(
        SWEEP,
        experiment=STUDY,
        note=description(study, spec, [], f"python -m harness 'study.question={question}'"),
        tags={"harness.command": question, **{f"harness.{key}": text for key, text in TEXTS.items()}},
        documents={"study.json": spec, "grid.json": {"fingerprints": [f"{place:064}" for place in range(9)]}},
        datasets=[replace(MOONS, name=IMAGE)],
    )
    ((header, record),) = trained(1, "diagnostics.measures=[gradient_norm]")
    runs = [
        (
            replace(
                header,
                name=text,
                arm=text,
                labels={"a": text},
                fingerprint=f"{place:064}",
                parameters=header.parameters | {"b": text},
                dataset=replace(MOONS, name=text),
            ),
            record,
        )
        for place, text in enumerate(TEXTS.values())
    ]
    writer = Writer(store, sweep, POINTS)
    writer.deliver(whole("hostile", runs))
    writer.close("FINISHED", {"exhausted": len(runs)}, 1)
