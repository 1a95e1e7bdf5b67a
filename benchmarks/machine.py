"""What the timings were made on and with."""

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.workers import cores_here
from harness.sweeping.provenance import provenance

PEERS = ("scikit-learn", "torch", "jax", "jaxlib", "joblib")


def machine(command: str, libraries: Sequence[str] = PEERS) -> dict[str, str]:
    """Return the machine and the libraries as text by name."""
    import numpy  # noqa: F401  (its BLAS must be loaded to be described)

    about = provenance(command)
    return {
        "when": about["started"][:16].replace("T", " ") + " UTC",
        "commit": about["commit"],
        "command": command,
        "processor": _processor(),
        "cores": str(len(cores_here())),
        "system": about["machine"],
        "Python": about["python"],
        "NumPy": about["numpy"],
        "BLAS": about["blas"],
        **{name: _version(name) for name in libraries},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
