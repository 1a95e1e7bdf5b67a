"""What a sweep ran on and with, as text by name."""

import platform
import subprocess
import sys
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from os.path import relpath
from pathlib import Path
from shlex import join
from shutil import which

import numpy as np
from threadpoolctl import threadpool_info

from harness.engine import NUMERICS
from harness.locations import PACKAGE
from harness.tracking.settings import concealed, masked

PACKAGES = ("scipy", "scikit-learn", "hydra-core")


def provenance(command: str) -> dict[str, str]:
    """Return code version, libraries, BLAS, processor and the command, ready to be tags."""
    found = {
        "started": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "command": command,
        "commit": commit(),
    }
    return found | trained_with() | {package: _version(package) for package in PACKAGES}


@lru_cache(maxsize=1)
def trained_with() -> dict[str, str]:
    """Return what a run was trained with and on, in the process that trains it."""
    return {
        "version": _version("regime-harness"),
        "numerics": str(NUMERICS),
        "python": platform.python_version(),
        "blas_threads": "1",
    } | numerical_platform()


def numerical_platform() -> dict[str, str]:
    """Return what bits depend on besides the code: equal here, equal bits.

    NumPy takes some functions (``expm1``, ``log1p``) from the C library where the processor has no
    instructions for its own.
    """
    return {
        "machine": f"{platform.system()} {platform.machine()}",
        "libc": " ".join(platform.libc_ver()),
        "numpy": np.__version__,
        "blas": _blas(),
        "cpu_features": ", ".join(np.show_config(mode="dicts")["SIMD Extensions"]["found"]),
    }


def _blas() -> str:
    """Return the BLAS that NumPy multiplies with, its version and the processor it chose kernels for."""
    loaded = [info for info in threadpool_info() if info.get("user_api") == "blas"]
    # SciPy brings one of its own, which is loaded or not according to what was imported before.
    package = Path(np.__file__).resolve().parent
    own = [info for info in loaded if _is_within(info["filepath"], package, package.with_name("numpy.libs"))]
    return ", ".join(
        sorted(
            f"{info.get('internal_api')} {info.get('version')} {info.get('architecture', '')}".strip()
            for info in own or loaded
        )
    )


def _is_within(file: str, *folders: Path) -> bool:
    return any(Path(file).resolve().is_relative_to(folder) for folder in folders)


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


def python() -> str:
    """Return how this very interpreter is called from here."""
    found = which("python")
    if found is not None and Path(found).parent == Path(sys.executable).parent:
        return "python"
    here = relpath(sys.executable)
    return sys.executable if here.startswith("..") else here


def command_line(interpreter: str = "python") -> str:
    """Return the command that started this process, as one would type it; passwords in it are hidden."""
    return join([interpreter, "-m", "harness", *map(_shown, sys.argv[1:])])


def _shown(argument: str) -> str:
    key, equals, value = argument.partition("=")
    # Of the store's address all is known to be one; a password in it may hold anything.
    return f"{key}{equals}{masked(value)}" if key.lstrip("+") == "tracking.uri" else concealed(argument)
