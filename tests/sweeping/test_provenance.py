"""What a sweep says of the machine that it runs on."""

import subprocess
import sys


def test_what_else_was_imported_is_no_other_platform() -> None:
    """SciPy loads a BLAS of its own."""
    asks = (
        "from harness.sweeping.provenance import numerical_platform as platform\n"
        "before = platform()\n"
        "import scipy.linalg\n"
        "assert before['blas'] and before == platform(), (before, platform())"
    )
    subprocess.run([sys.executable, "-c", asks], check=True)
