import numpy as np
import pytest

import cairnet as cn
from cairnet.base.errors import ShapeError
from cairnet.cli.data import DATA_SETS
from cairnet.models.recipes import RECIPES
from cairnet.optim import get as get_optimizer


def test_lenet5_has_the_shapes_of_the_paper() -> None:
    model = cn.models.lenet5()
    assert model.output_shapes == [
        (None, 28, 28, 6),
        (None, 14, 14, 6),
        (None, 10, 10, 16),
        (None, 5, 5, 16),
        (None, 400),
        (None, 120),
        (None, 84),
        (None, 10),
    ]
    assert model.count_params() == 61706


def test_lenet5_gives_probabilities() -> None:
    outputs = cn.models.lenet5((32, 32, 3), classes=4).predict(np.ones((2, 32, 32, 3)))
    assert outputs.shape == (2, 4)
    np.testing.assert_allclose(outputs.sum(axis=1), 1, rtol=1e-6)


def test_images_that_are_too_small_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"layer 'conv2d_1' .* window .* does not fit into 4"):
        cn.models.lenet5((8, 8, 1))


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_fits_together(name: str) -> None:
    recipe = RECIPES[name]
    assert recipe.build().name == name
    assert recipe.settings.keys() <= DATA_SETS.keys()
    for settings in recipe.settings.values():
        assert get_optimizer(settings.optimizer).name == settings.optimizer


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_lenet5_learns_the_digits_whatever_the_seed(seed: int) -> None:
    cn.seed(seed)
    (x, y), (x_test, y_test) = cn.datasets.digits()
    settings = RECIPES["lenet5"].settings["digits"]
    model = cn.models.lenet5()
    optimizer = cn.optimizers.Adam(settings.learning_rate)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, settings.batch_size, settings.epochs, validation_split=0.1, verbose=0)
    assert model.evaluate(x_test, y_test)[1] >= 0.98
