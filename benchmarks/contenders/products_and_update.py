"""The bare products and the change of the weights by their gradient: the ceiling of the engine."""

from benchmarks.contenders.products import Products
from benchmarks.tasks import Task


def trainer(task: Task) -> Products:
    """Return the products with the update; they use one core."""
    return Products(task, updating=True)
