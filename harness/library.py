"""The studies of sweeps/, as they are written."""

from collections.abc import Iterator
from typing import Any

import yaml

from harness.locations import SWEEPS


def library() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and content of each study in sweeps/, in the order of their names."""
    for path in sorted(SWEEPS.glob("*.yaml")):
        yield path.stem, yaml.safe_load(path.read_text(encoding="utf-8"))
