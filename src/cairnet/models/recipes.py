"""What each named network is usually trained on, and how: the defaults of `cairnet train`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cairnet.models.char_rnn import CharRNN
from cairnet.models.lenet import lenet5
from cairnet.training.sequential import Sequential

__all__ = ["RECIPES", "TEXT_RECIPES", "Recipe", "Settings", "TextRecipe", "TextSettings"]


@dataclass(frozen=True)
class Settings:
    """How to train on one data set."""

    epochs: int
    batch_size: int
    optimizer: str
    learning_rate: float


@dataclass(frozen=True)
class Recipe:
    """A named network, and how to train it on each data set that it is meant for.

    Attributes:
        title: the network's name as people write it.
        build: makes the network, not yet compiled.
        settings: for each data set by name; the first is the default.
    """

    title: str
    build: Callable[[], Sequential]
    settings: Mapping[str, Settings]

    @property
    def default_data(self) -> str:
        """The name of the data set that is taken when none is named."""
        return next(iter(self.settings))


RECIPES: Mapping[str, Recipe] = {
    "lenet5": Recipe(
        title="LeNet-5",
        build=lenet5,
        settings={
            "digits": Settings(epochs=30, batch_size=32, optimizer="adam", learning_rate=0.002),
            "mnist": Settings(epochs=10, batch_size=128, optimizer="adam", learning_rate=0.001),
            "fashion_mnist": Settings(
                epochs=10, batch_size=128, optimizer="adam", learning_rate=0.001
            ),
        },
    ),
}


@dataclass(frozen=True)
class TextSettings(Settings):
    """How to make and to train a network that writes."""

    sequence_length: int
    cell: str
    layers: int
    hidden: int


@dataclass(frozen=True)
class TextRecipe:
    """A named network that learns from any text.

    Attributes:
        title: the network's name as people write it.
        build: makes the network, given cell, layers, hidden and vocabulary; not yet compiled.
        settings: what it is and how it is trained, when nothing else is said.
    """

    title: str
    build: Callable[..., CharRNN]
    settings: TextSettings


TEXT_RECIPES: Mapping[str, TextRecipe] = {
    "charrnn": TextRecipe(
        title="CharRNN",
        build=CharRNN,
        settings=TextSettings(
            epochs=10,
            batch_size=32,
            optimizer="adam",
            learning_rate=0.005,
            sequence_length=64,
            cell="lstm",
            layers=2,
            hidden=128,
        ),
    ),
}
