"""points: samples typed into the configuration arrive as they were typed."""

import numpy as np

from harness import compose, train
from harness.data import digest, load
from harness.data.points import Points
from harness.sweeping.composing import default_composer
from harness.sweeping.describing import samples
from harness.sweeping.selecting import excluded
from harness.sweeping.stacks import stacks

NEURON = ("dataset=points", "architecture.depth=0", "loss=mse", "optimizer=gd", "initializer=constant")
AUER = (
    *NEURON,
    "dataset.inputs=[[-2],[8],[2]]",
    "dataset.targets=[0.9,0.8,0.2]",
    "architecture.output=sigmoid",
    "architecture.bias=false",
)


def test_what_is_typed_is_what_trains():
    loaded = load(compose(AUER))
    assert loaded.train_x.tolist() == [[-2], [8], [2]]
    assert loaded.train_y.tolist() == [[0.9], [0.8], [0.2]]
    assert loaded.train_x is loaded.test_x


def test_lists_of_targets_are_columns_of_a_regression():
    run = compose([*NEURON, "dataset.inputs=[[1,2],[3,4]]", "dataset.targets=[[1,0,5],[0,1,6]]"])
    assert run.sizes == (2, 3)
    assert load(run).train_y.tolist() == [[1, 0, 5], [0, 1, 6]]


def test_labels_are_classes():
    three = [*NEURON, "dataset.inputs=[[1],[2]]", "dataset.targets=[2,0]", "dataset.classes=3"]
    assert load(compose(three)).train_y.tolist() == [[0, 0, 1], [1, 0, 0]]
    two = compose([*NEURON, "dataset.inputs=[[1]]", "dataset.targets=[0]", "dataset.classes=2"])
    assert (two.output, load(two).train_y.tolist()) == ("sigmoid", [[0]])


def test_points_can_be_split_and_scaled_like_any_samples():
    inputs = [[float(place)] for place in range(20)]
    run = compose(
        [
            *NEURON,
            f"dataset.inputs={inputs}",
            f"dataset.targets={[0, 1] * 10}",
            "dataset.classes=2",
            "dataset.split=holdout",
            "dataset.scaling=standard",
        ]
    )
    loaded = load(run)
    assert (len(loaded.train_x), len(loaded.validation_x), len(loaded.test_x)) == (12, 4, 4)
    assert abs(loaded.train_x.mean()) < 1e-15


def test_other_points_are_other_data():
    sets = [Points(), Points(inputs=((0.0,), (2.0,))), Points(targets=(0.0, 2.0)), Points(classes=2)]
    assert len({digest(each) for each in sets}) == len(sets)


def test_points_are_called_by_their_title():
    run = compose([*NEURON, "dataset.title=hill"])
    assert (run.flat["dataset"], run.dataset.name) == ("hill", "points")
    assert samples(run.dataset).name == "hill"
    assert compose(NEURON).flat["dataset"] == "points"


def test_points_can_be_left_out_of_a_grid():
    runs = [compose([*NEURON, f"dataset.inputs=[[0],[{value}]]"]) for value in (1, 2)]
    assert excluded(default_composer(), runs, ["dataset.inputs=[[0],[2]]"], strict=True) == [False, True]


def test_the_two_starts_of_auers_neuron_are_one_stack_and_end_apart():
    runs = [
        compose([*AUER, f"initializer.value={value}", "optimizer.learning_rate=1", "stopping.epochs=3000"])
        for value in (0, -1)
    ]
    assert stacks(runs) == [[0, 1]]
    near, far = train(runs)
    np.testing.assert_allclose(near.weights[0][0], [[0.0527]], atol=5e-5)
    np.testing.assert_allclose(far.weights[0][0], [[-0.794]], atol=5e-4)
    assert near.summary["train_loss"] < far.summary["train_loss"]
    assert np.isnan(near.summary["rho"])


def test_nielsens_neuron_starts_from_its_weight_and_its_bias():
    record = train(
        [
            compose(
                [
                    *NEURON,
                    "dataset.inputs=[[1]]",
                    "dataset.targets=[0]",
                    "dataset.classes=2",
                    "initializer.value=0.6",
                    "initializer.bias=0.9",
                    "optimizer.learning_rate=0.15",
                    "stopping.epochs=300",
                ]
            )
        ]
    )[0]
    assert (record.initial["weights_1"].item(), record.initial["bias_1"].item()) == (0.6, 0.9)
    # (1/2) a^2 before and after: a falls from 0.82 to 0.09.
    first, last = np.sqrt(2 * record.columns["train_loss"][[0, -1]])
    assert (round(float(first), 2), round(float(last), 2)) == (0.82, 0.09)
