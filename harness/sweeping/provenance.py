"""What a sweep ran on and with, as text by name."""

import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import numpy as np
from threadpoolctl import threadpool_info

from harness.engine import NUMERICS
from harness.locations import PACKAGE

PACKAGES = ("numpy", "scipy", "scikit-learn", "hydra-core")


def provenance(command: str) -> dict[str, str]:
    """Return code version, libraries, BLAS, processor and the command, ready to be tags."""
    blas = [info for info in threadpool_info() if info.get("user_api") == "blas"]
    simd = np.show_config(mode="dicts")["SIMD Extensions"]["found"]
    found = {
        "started": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "command": command,
        "commit": commit(),
        "numerics": str(NUMERICS),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "blas": ", ".join(
            f"{info.get('internal_api')} {info.get('version')} {info.get('architecture', '')}".strip()
            for info in blas
        ),
        "blas_threads": "1",
        "cpu_features": ", ".join(simd),
        "harness": _version("regime-harness"),
    }
    return found | {package: _version(package) for package in PACKAGES}


def commit() -> str:
    """Return the checkout's commit, marked if it has uncommitted changes; else ``unknown``."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            cwd=PACKAGE,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return described.stdout.strip()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def command_line() -> str:
    """Return the command that started this process, as one would type it."""
    from shlex import join

    return join(["python", "-m", "harness", *sys.argv[1:]])
