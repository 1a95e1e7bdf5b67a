"""Where the configuration groups and the studies lie: inside a wheel, or beside a checkout."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def _find(name: str) -> Path:
    inside, beside = PACKAGE / name, PACKAGE.parent / name
    return inside if inside.is_dir() else beside


CONF = _find("conf")
SWEEPS = _find("sweeps")
