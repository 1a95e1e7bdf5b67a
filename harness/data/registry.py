"""Every data set by name."""

from harness.data.datasets import (
    Blobs,
    Circles,
    Dataset,
    Digits,
    Moons,
    Sine,
    Spirals,
    ThreeInputs,
    Xor,
)
from harness.data.idx import Idx
from harness.data.points import Points

DATASETS: dict[str, type[Dataset]] = {
    "xor": Xor,
    "moons": Moons,
    "circles": Circles,
    "blobs": Blobs,
    "spirals": Spirals,
    "three_inputs": ThreeInputs,
    "sine": Sine,
    "points": Points,
    "digits": Digits,
    "idx": Idx,
}
