"""Worker processes: settled before they start, and never the end of a benchmark."""

import os
from importlib.util import find_spec

import pytest

from benchmarks.cells import Cell
from benchmarks.lineup import Contender
from benchmarks.tasks import Task
from benchmarks.timing import measure, teams
from benchmarks.workers import THREADS, Missing, Ready, Took, Worker, cores_here

CELL = Cell((64, 32, 10), 32, "float32", "sigmoid")


@pytest.fixture
def worker():
    started = Worker([cores_here()[-1]])
    yield started
    started.close()


def test_a_worker_has_one_core_and_leaves_this_process_as_it_was(worker):
    if hasattr(os, "sched_getaffinity"):
        assert os.sched_getaffinity(worker.process.pid) == {cores_here()[-1]}
    task = Task(CELL, "products", 2, updates=3)
    worker.ask("prepare", task)
    assert worker.answer() == Ready(runs=2, updates=3, compile_seconds=0.0)
    worker.ask("train", task)
    took = worker.answer()
    assert isinstance(took, Took)
    assert took.cpu > 0
    assert took.wall > 0


def test_a_worker_that_dies_is_missing(worker):
    worker.process.kill()
    worker.ask("prepare", Task(CELL, "products", 1))
    assert worker.answer() == Missing("its process ended with status -9")


def test_starting_a_worker_changes_nothing_here(monkeypatch):
    for name in THREADS:
        monkeypatch.delenv(name, raising=False)
    before, cores = dict(os.environ), cores_here()
    Worker([cores[-1]]).close()
    assert dict(os.environ) == before
    assert cores_here() == cores


def test_a_library_that_is_not_there_is_said_to_be_missing():
    with teams([Contender("jax", 2), Contender("products", 2)]) as both:
        jax, products = measure(Cell((64, 4, 10), None, "float32", "relu"), both, repetitions=2)
    assert jax.missing == (None if find_spec("jax") else "not installed")
    assert products.missing is None
    assert len(products.microseconds) == 2
    assert products.median > 0
