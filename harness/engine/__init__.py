"""The engine: stacks of networks trained as batched NumPy computations.

Arrays in, arrays out. Nothing here reads a file, a clock or a configuration.
"""

from harness.engine.training import NUMERICS as NUMERICS
from harness.engine.training import Trained as Trained
from harness.engine.training import advance as advance
from harness.engine.training import learn as learn
from harness.engine.training import records as records
from harness.engine.training import start as start
