"""What is measured beside losses and accuracies: a file and a line of `registry` each."""

from harness.engine.diagnostics.choice import DIAGNOSTICS as DIAGNOSTICS
from harness.engine.diagnostics.choice import Diagnostics as Diagnostics
