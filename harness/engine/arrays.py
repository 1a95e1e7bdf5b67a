"""The array types of the engine. Every array has the stack axis S first."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

type_of_float = np.floating[Any]
Floats = NDArray[type_of_float]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]
