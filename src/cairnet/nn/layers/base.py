"""Layer: a function from tensors to tensors that owns variables."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from cairnet.base.dtypes import float32, is_floating
from cairnet.base.errors import ArgumentError, CairnetError, DTypeError, ShapeError
from cairnet.base.registry import Configurable, Registry, snake_case
from cairnet.nn import constraints, initializers, regularizers
from cairnet.nn.calls import Call, note_call, tensors_in
from cairnet.nn.effects import add_loss
from cairnet.nn.layers.calling import check_options, converted_options, split_arguments
from cairnet.nn.masks import masks_of, noted_masks
from cairnet.nn.parts import Part
from cairnet.nn.phase import phase
from cairnet.tensor.core import Input, Tensor, Variable, apply
from cairnet.tensor.functions.arguments import as_tensor, holds_tensors, size_of
from cairnet.tensor.primitives import RESHAPE
from cairnet.tensor.source import current_path, here, scope

__all__ = ["Layer", "Shape", "registry"]

Shape = tuple[int | None, ...]

registry: Registry[Layer] = Registry("layer")

_Map = Callable[[Tensor], Tensor]


class _Rules:
    """What holds for the weights of a layer: their penalties, and what they must meet."""

    def __init__(self) -> None:
        self.regularizers: dict[Variable, _Map] = {}
        self.constraints: dict[Variable, _Map] = {}


class Layer(Part, Configurable):
    """Base of all layers.

    A layer is an ordinary callable: `y = layer(x)` builds the graph of its output, with or without
    a model around it. Its variables are made when it is first called, since only then is the shape
    of its input known.

    To write a layer of one's own, keep the constructor's arguments in attributes of the same
    names, make the variables in `build`, and state the output in `call`. Variables and layers that
    are kept in attributes, or in lists, tuples and dicts there, are found by themselves.

    A layer that behaves otherwise in training takes a parameter `training` in `call`, and one that
    looks at the mask of its input (see `cn.layers.mask_of`) a parameter `mask`; further parameters,
    with defaults, are options that a caller gives by name. One that remembers says so with
    `cn.layers.add_update`, and one that adds to the cost with `cn.layers.add_loss`;
    `cn.layers.Effects` collects both.

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
    #: Makes the variables, given the shape of each input (a list of shapes, for a list of tensors);
    #: layers without variables need none.
    build: Callable[..., None]
    #: The graph of the output; with a parameter `training` if it differs for training.
    call: Callable[..., Tensor]

    #: Whether `call` takes a list of tensors, as in `Add()([a, b])`.
    takes_list: bool = False
    #: Whether the output has the steps of the input, so that the mask of one is that of the other.
    supports_masking: bool = False
    #: A penalty on the output, divided by the number of samples; None for none.
    activity_regularizer: _Map | None = None

    _call_parameters: ClassVar[Mapping[str, inspect.Parameter]] = {}

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        call = getattr(cls, "call", None)
        if call is not None:
            parameters = inspect.signature(call).parameters
            cls._call_parameters = {name: p for name, p in parameters.items() if name != "self"}

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
        self._rules = _Rules()

    def __call__(self, *inputs: Any, training: bool | None = None, **options: Any) -> Any:
        """Apply the layer.

        Args:
            inputs: a tensor, array or nested list; a list of them for layers that merge.
            training: whether the graph is for training, for layers to which it makes a difference,
                here and in all layers inside. Default: what was said to the layer around this one;
                without one, False.
            options: what else the layer's `call` takes, as `mask` or `initial_state`.

        Returns:
            The output, a tensor; for layers that give several, a list of them.

        Raises:
            ShapeError, DTypeError: the layer cannot take this input; the message names the layer,
                the line that made it, and the input.
            UnknownNameError: an option that the layer does not take.
        """
        check_options(self.name, self._call_parameters, options)
        values, named = split_arguments(self._call_parameters, inputs, options)
        with scope(self.name):
            given = tuple(self._converted(value) for value in values)
            said = converted_options(named)
            output = self.trace(*given, training=training, **said)
            if isinstance(output, Tensor):
                output = _distinct(output, _flat(given))
            first = given[0] if given else None
            mask = masks_of(first) if said.get("mask") is None else said["mask"]
            masks = noted_masks(self, first, mask, output)
        note_call(output, Call(self, given, training, said), masks)
        return output

    def trace(self, *inputs: Any, training: bool | None = None, **options: Any) -> Any:
        """The graph of the output, in the scope that is open: what a model does with itself.

        Args:
            inputs: tensors, or a list of them for layers that merge.
            training: see `__call__`.
            options: see `__call__`.
        """
        with phase(training, self.trainable) as current:
            try:
                return self._traced(inputs, current.training, options)
            except (ShapeError, DTypeError) as error:
                raise _located(error, self, inputs) from None

    def _traced(self, inputs: Sequence[Any], training: bool, options: Mapping[str, Any]) -> Any:
        self.build_for(*inputs, **options)
        said = dict(options)
        if "training" in self._call_parameters:
            said["training"] = training
        if "mask" in self._call_parameters and said.get("mask") is None and inputs:
            said["mask"] = masks_of(inputs[0])
        output = self.call(*inputs, **said)
        if self.activity_regularizer is not None:
            for tensor in tensors_in(output):
                add_loss(_per_sample(self.activity_regularizer(tensor), tensor))
        return output

    def handles_masks(self) -> bool:
        """Whether the layer says what becomes of a mask."""
        return self.supports_masking or type(self).compute_mask is not Layer.compute_mask

    def compute_mask(self, inputs: Any, mask: Any) -> Any:
        """The mask of the output; a list for several outputs, None for no mask.

        Args:
            inputs: the first input, or a list for layers that merge.
            mask: its mask, or a list of them.
        """
        return mask

    def input_limits(self) -> list[int | None]:
        """For inputs that are numbers of rows in a table, how many rows; None for other inputs.

        Models refuse data that reads beyond. An empty list says that there is no such input.
        """
        return []

    def _converted(self, value: Any) -> Any:
        """An input as a tensor, or as a list of tensors."""
        several = isinstance(value, list | tuple)
        if several and self.takes_list:
            return [as_tensor(item) for item in value]
        if several and holds_tensors(value):
            problem = ShapeError(
                f"expected one tensor, got a {type(value).__name__} of {len(value)}; join them "
                "first, with cn.layers.Concatenate or cn.stack (a layer of your own that takes "
                "several says `takes_list = True`)"
            )
            raise _located(problem, self, [as_tensor(item) for item in value])
        tensor = as_tensor(value)
        if self.takes_list:
            problem = ShapeError("expected a list of tensors such as [a, b], got one tensor")
            raise _located(problem, self, [tensor])
        return tensor

    def build_for(self, *inputs: Any, **options: Any) -> None:
        """Make the variables, if that has not been done, for inputs like these.

        An option that is a tensor, `key` say, has its shape handed to a `build` that takes it as
        `key_shape`.
        """
        if self.built:
            return
        floating = [tensor.dtype for tensor in _flat(inputs) if is_floating(tensor.dtype)]
        self.dtype = floating[0] if floating else float32
        if hasattr(self, "build"):
            known = inspect.signature(self.build).parameters
            named = {
                f"{name}_shape": _shape_of(value)
                for name, value in options.items()
                if f"{name}_shape" in known and value is not None
            }
            self.build(*(_shape_of(given) for given in inputs), **named)
        self.built = True

    def add_weight(
        self,
        shape: Sequence[int | None] = (),
        initializer: Any = "glorot_uniform",
        *,
        dtype: Any = None,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable; to be kept in an attribute, whose name it then has.

        Args:
            shape: its extents, all known.
            initializer: an initializer or its name.
            dtype: default: the layer's.
            trainable: whether an optimizer may change it.
            regularizer: a penalty on it, a regularizer or its name; None for none.
            constraint: what it must meet after every update, a constraint or its name; None for
                nothing.
            name: default: the name of the attribute that it is assigned to.

        Example:
            See `Layer`.
        """
        unknown = [axis for axis, size in enumerate(shape) if size is None]
        if unknown:
            raise ShapeError(
                f"a weight of shape {tuple(shape)} depends on axis {unknown[0]}, whose extent is "
                "not known; give the input a known shape there"
            )
        sizes = tuple(int(size) for size in shape if size is not None)
        value = initializers.get(initializer)(sizes, dtype or self.dtype)
        variable = Variable(value, name=name or "", trainable=trainable)
        penalty, projection = regularizers.get(regularizer), constraints.get(constraint)
        if penalty is not None:
            self._rules.regularizers[variable] = penalty
        if projection is not None:
            self._rules.constraints[variable] = projection
        return variable

    def __setattr__(self, attribute: str, value: Any) -> None:
        if isinstance(value, Variable) and not value.name:
            value.name = "/".join(filter(None, (current_path(), attribute)))
        super().__setattr__(attribute, value)

    def layers_within(self) -> list[Layer]:
        """This layer and all layers inside it, each once."""
        found: dict[int, Layer] = {id(self): self}
        for part in self.parts().values():
            if isinstance(part, Layer):
                found.update((id(layer), layer) for layer in part.layers_within())
        return list(found.values())

    @property
    def losses(self) -> list[Tensor]:
        """The penalties on the weights, those of inner layers included: one scalar for each.

        Only weights that are trained are penalized. The penalties on activities depend on the
        input; `cn.layers.Effects` collects them.

        >>> import cairnet as cn
        >>> layer = cn.layers.Dense(1, kernel_initializer="ones", kernel_regularizer="l2")
        >>> _ = layer(cn.input((None, 3)))
        >>> [float(loss) for loss in layer.losses]
        [0.03]
        """
        return [
            one.owner._rules.regularizers[one.variable](one.variable)
            for one in self.owned()
            if one.trainable
            and isinstance(one.owner, Layer)
            and one.variable in one.owner._rules.regularizers
        ]

    @property
    def constraints(self) -> dict[Variable, _Map]:
        """The constraint of every weight that has one, those of inner layers included."""
        return {
            one.variable: one.owner._rules.constraints[one.variable]
            for one in self.owned()
            if isinstance(one.owner, Layer) and one.variable in one.owner._rules.constraints
        }

    def count_params(self) -> int:
        """How many numbers the weights hold.

        >>> import cairnet as cn
        >>> layer = cn.layers.Dense(10)
        >>> _ = layer(cn.input((None, 784)))
        >>> layer.count_params()
        7850
        """
        return sum(variable.data.size for variable in self.weights)

    def get_weights(self) -> list[np.ndarray]:
        """Copies of the values of all weights, in the order of `weights`.

        Example:
            See `set_weights`.
        """
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace the values of all weights, given in the order of `weights`.

        Args:
            weights: one array for each weight.

        Raises:
            ShapeError: another number of arrays, or an array of another shape.

        Example:
            >>> import cairnet as cn
            >>> layer = cn.layers.Dense(1)
            >>> _ = layer([[1.0, 2.0]])
            >>> layer.set_weights([[[1.0], [1.0]], [0.5]])
            >>> [weight.tolist() for weight in layer.get_weights()]
            [[[1.0], [1.0]], [0.5]]
        """
        if len(weights) != len(self.weights):
            raise ShapeError(
                f"weights: expected {len(self.weights)} arrays for layer {self.name!r}, "
                f"got {len(weights)}"
            )
        for variable, weight in zip(self.weights, weights, strict=True):
            variable.assign(weight)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"


def _flat(inputs: Iterable[Any]) -> list[Tensor]:
    """The tensors among inputs that may be lists of tensors."""
    return list(tensors_in(list(inputs)))


def _shape_of(given: Any) -> Any:
    return [_shape_of(item) for item in given] if isinstance(given, list | tuple) else given.shape


def _distinct(output: Tensor, inputs: Sequence[Tensor]) -> Tensor:
    """The output as a tensor of its own where it is what the layer was given, or a leaf.

    A layer that does nothing (dropout, out of training) is a step on the way all the same: who
    follows the way back must find it. The compiler leaves no trace of this node.
    """
    if isinstance(output, Input | Variable) or any(output is given for given in inputs):
        return apply(RESHAPE, output, shape=output.extents)
    return output


def _per_sample(penalty: Tensor, output: Tensor) -> Tensor:
    return penalty / size_of(output.extents[0], penalty.dtype) if output.ndim else penalty


def _located(error: CairnetError, layer: Layer, inputs: Sequence[Any]) -> CairnetError:
    """The error with the innermost layer that it arose in, named once."""
    if getattr(error, "layer", None) is not None:
        return error
    given = ", ".join(tensor.describe() for tensor in _flat(inputs))
    path = current_path() or layer.name
    located = type(error)(
        f"layer {path!r} ({type(layer).__name__}, made at {layer.source}) on input {given}: {error}"
    )
    located.layer = path  # type: ignore[attr-defined]
    return located
