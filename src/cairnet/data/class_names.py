"""What the whole numbers that stand for classes mean, in the data sets of known classes."""

from __future__ import annotations

from cairnet.base.errors import UnknownNameError

__all__ = ["class_names"]

_DIGITS = tuple("0123456789")
_CLASS_NAMES = {
    "digits": _DIGITS,
    "mnist": _DIGITS,
    "svhn": _DIGITS,
    "fashion_mnist": (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    "cifar10": (
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    "moons": ("arch", "bowl"),
}


def class_names(data_set: str) -> tuple[str, ...]:
    """The names of a data set's classes; place k names the class that its labels call k.

    Args:
        data_set: the name of the function in `cn.datasets` that gives the data set.

    Raises:
        UnknownNameError: no data set of this name has classes known beforehand.

    Source:
        The names are those of the data sets' own papers and files; the moons' are ours.

    Example:
        >>> import cairnet as cn
        >>> cn.datasets.class_names("cifar10")[6]
        'frog'
    """
    if data_set not in _CLASS_NAMES:
        raise UnknownNameError("data set", data_set, _CLASS_NAMES)
    return _CLASS_NAMES[data_set]
