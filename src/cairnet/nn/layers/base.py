"""Layer: a function from tensors to tensors that owns variables."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from cairnet.base.dtypes import float32, is_floating
from cairnet.base.errors import ArgumentError, CairnetError, DTypeError, ShapeError
from cairnet.base.registry import Configurable, Registry, snake_case
from cairnet.nn import initializers
from cairnet.tensor.core import Tensor, Variable
from cairnet.tensor.functions.arguments import as_tensor
from cairnet.tensor.source import current_path, here, scope

__all__ = ["Layer", "Shape", "positive", "registry"]

Shape = tuple[int | None, ...]

registry: Registry[Layer] = Registry("layer")


class Layer(Configurable):
    """Base of all layers.

    A layer is an ordinary callable: `y = layer(x)` builds the graph of its output, with or without
    a model around it. Its variables are made when it is first called, since only then is the shape
    of its input known.

    To write a layer of one's own, keep the constructor's arguments in attributes of the same
    names, make the variables in `build`, and state the output in `call`. Variables and layers that
    are kept in attributes, or in lists, tuples and dicts there, are found by themselves.

    Args:
        name: shown in summaries and errors, and part of the names of the saved weights; default:
            the class's name in lower case. A model numbers layers that would have the same name.
        trainable: whether an optimizer may change the layer's variables.

    Attributes:
        built: whether the variables have been made.
        dtype: the dtype of the variables: that of the first input, if it is floating, else float32.

    Example:
        >>> import cairnet as cn
        >>> class Scale(cn.layers.Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight(shape=input_shape[-1:], initializer="ones")
        ...
        ...     def call(self, x):
        ...         return x * self.factor
        >>> layer = Scale()
        >>> layer([[1.0, 2.0]]).numpy()
        array([[1., 2.]], dtype=float32)
        >>> [variable.name for variable in layer.variables]
        ['scale/factor']
    """

    # Declared as callables of any signature: every layer names its own inputs.
    #: Makes the variables, given the shape of each input; layers without variables need none.
    build: Callable[..., None]
    #: The graph of the output; with a parameter `training` if it differs for training.
    call: Callable[..., Tensor]

    _call_takes_training: ClassVar[bool] = False

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        call = getattr(cls, "call", None)
        if call is not None:
            cls._call_takes_training = "training" in inspect.signature(call).parameters

    def __init__(self, *, name: str | None = None, trainable: bool = True) -> None:
        if name is not None and (not isinstance(name, str) or not name or "/" in name):
            raise ArgumentError(
                f"name: expected a word without '/' (it separates layers in paths), got {name!r}"
            )
        self.has_own_name = name is not None
        self.name = name or snake_case(type(self).__name__)
        self.trainable = trainable
        self.built = False
        self.dtype: np.dtype[Any] = float32
        self.source = here()

    def __call__(self, *inputs: Any, training: bool = False) -> Tensor:
        """Apply the layer.

        Args:
            inputs: a tensor, array or nested list; for layers that merge, several.
            training: whether the graph is for training, for layers to which it makes a difference.

        Returns:
            The output, a tensor.

        Raises:
            ShapeError, DTypeError: the layer cannot take this input; the message names the layer,
                the line that made it, and the input.
        """
        tensors = [as_tensor(value) for value in inputs]
        with scope(self.name):
            try:
                self.build_for(*tensors)
                if self._call_takes_training:
                    return self.call(*tensors, training=training)
                return self.call(*tensors)
            except (ShapeError, DTypeError) as error:
                raise _located(error, self, tensors) from None

    def build_for(self, *inputs: Tensor) -> None:
        """Make the variables, if that has not been done, for inputs like these."""
        if self.built:
            return
        floating = [tensor.dtype for tensor in inputs if is_floating(tensor.dtype)]
        self.dtype = floating[0] if floating else float32
        if hasattr(self, "build"):
            self.build(*(tensor.shape for tensor in inputs))
        self.built = True

    def add_weight(
        self,
        shape: Sequence[int | None] = (),
        initializer: Any = "glorot_uniform",
        *,
        dtype: Any = None,
        trainable: bool = True,
        name: str | None = None,
    ) -> Variable:
        """Make a variable; to be kept in an attribute, whose name it then has.

        Args:
            shape: its extents, all known.
            initializer: an initializer or its name.
            dtype: default: the layer's.
            trainable: whether an optimizer may change it.
            name: default: the name of the attribute that it is assigned to.
        """
        unknown = [axis for axis, size in enumerate(shape) if size is None]
        if unknown:
            raise ShapeError(
                f"a weight of shape {tuple(shape)} depends on axis {unknown[0]}, whose extent is "
                "not known; give the input a known shape there"
            )
        sizes = tuple(int(size) for size in shape if size is not None)
        value = initializers.get(initializer)(sizes, dtype or self.dtype)
        return Variable(value, name=name or "", trainable=trainable)

    def __setattr__(self, attribute: str, value: Any) -> None:
        if isinstance(value, Variable) and not value.name:
            value.name = "/".join(filter(None, (current_path(), attribute)))
        super().__setattr__(attribute, value)

    def parts(self) -> dict[str, Layer | Variable]:
        """The variables and layers that this layer owns directly, each by its name here."""
        found: dict[str, Layer | Variable] = {}
        for attribute, value in vars(self).items():
            found.update(_parts_of(attribute, value))
        return found

    def named_variables(self) -> dict[str, Variable]:
        """All variables, those of inner layers included, by their path, as "block/conv/kernel"."""
        return {path: variable for path, variable, _ in self._walk(True)}

    @property
    def variables(self) -> list[Variable]:
        """All variables, those of inner layers included."""
        return [variable for _, variable, _ in self._walk(True)]

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that an optimizer may change."""
        return [variable for _, variable, free in self._walk(True) if free]

    def _walk(self, free: bool) -> Iterator[tuple[str, Variable, bool]]:
        """Path, variable, and whether it may be trained; a shared variable comes once."""
        seen: set[int] = set()
        for name, part in self.parts().items():
            if isinstance(part, Variable):
                inside = [(name, part, free and self.trainable and part.trainable)]
            else:
                inside = [
                    (f"{name}/{path}", variable, trainable)
                    for path, variable, trainable in part._walk(free and self.trainable)
                ]
            for path, variable, trainable in inside:
                if id(variable) not in seen:
                    seen.add(id(variable))
                    yield path, variable, trainable

    def count_params(self) -> int:
        """How many numbers the variables hold.

        >>> import cairnet as cn
        >>> layer = cn.layers.Dense(10)
        >>> _ = layer(cn.input((None, 784)))
        >>> layer.count_params()
        7850
        """
        return sum(variable.data.size for variable in self.variables)

    def get_weights(self) -> list[np.ndarray]:
        """Copies of the values of all variables, in the order of `variables`."""
        return [variable.numpy() for variable in self.variables]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace the values of all variables, given in the order of `variables`.

        Raises:
            ShapeError: another number of arrays, or an array of another shape.
        """
        if len(weights) != len(self.variables):
            raise ShapeError(
                f"weights: expected {len(self.variables)} arrays for layer {self.name!r}, "
                f"got {len(weights)}"
            )
        for variable, weight in zip(self.variables, weights, strict=True):
            variable.assign(weight)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"


def _parts_of(name: str, value: Any) -> Iterator[tuple[str, Layer | Variable]]:
    if isinstance(value, Layer | Variable):
        yield name, value
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _parts_of(f"{name}/{index}", item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _parts_of(f"{name}/{key}", item)


def _located(error: CairnetError, layer: Layer, inputs: Sequence[Tensor]) -> CairnetError:
    """The error with the innermost layer that it arose in, named once."""
    if getattr(error, "layer", None) is not None:
        return error
    given = ", ".join(tensor.describe() for tensor in inputs)
    located = type(error)(
        f"layer {current_path()!r} ({type(layer).__name__}, made at {layer.source}) "
        f"on input {given}: {error}"
    )
    located.layer = current_path()  # type: ignore[attr-defined]
    return located


def positive(name: str, value: Any) -> int:
    """A whole number, 1 or more, or an error that names the argument.

    >>> positive("units", 3)
    3
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ArgumentError(f"{name}: expected a whole number, 1 or more, got {value!r}")
    return int(value)
