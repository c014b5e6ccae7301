"""Adam: steps scaled, weight by weight, by running means of the gradient and its square."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cairnet.optim.numbers import at_least_zero, positive, share
from cairnet.optim.optimizer import Optimizer, registry
from cairnet.tensor.core import Tensor, Variable
from cairnet.tensor.functions import astype, maximum, sqrt, square

__all__ = ["Adam", "AdamW"]


@registry.add
class Adam(Optimizer):
    r"""Adaptive moment estimation.

    With learning rate α and gradient g at step t = 1, 2, …, and m and v that start from 0,

        m ← β₁ m + (1 − β₁) g
        v ← β₂ v + (1 − β₂) g²
        w ← w − α · m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε)

    With `amsgrad`, the largest v so far takes the place of v in the last line.

    Args:
        learning_rate: α, 0 or more, or a schedule.
        beta_1: β₁, from 0 to below 1.
        beta_2: β₂, from 0 to below 1.
        epsilon: ε, above 0.
        amsgrad: whether steps are scaled by the largest v so far.
        weight_decay, clipnorm, clipvalue, global_clipnorm: see `Optimizer`.
        name: default: "adam".

    Raises:
        ArgumentError: a number is out of its range.

    Source:
        D. Kingma, J. Ba: Adam: a method for stochastic optimization. ICLR 2015, algorithm 1.
        S. Reddi, S. Kale, S. Kumar: On the convergence of Adam and beyond. ICLR 2018, for
        `amsgrad`; the corrections by 1 − βᵗ, which that paper leaves out, stay. The defaults are
        those of Keras 3. Keras itself adds ε to √v before the correction, the first paper's
        variant at the end of its section 2; PyTorch does as here.

    Example:
        >>> import cairnet as cn
        >>> w = cn.Variable([1.0], name="w")
        >>> adam = cn.optimizers.Adam(learning_rate=0.1)
        >>> step = cn.function([], w, updates=adam.updates([w], [cn.ones((1,)) * 7]))
        >>> _ = step()
        >>> w.numpy()  # the first step is as long as the learning rate
        array([0.9], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(
            learning_rate,
            name,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
        )
        self.beta_1 = share("beta_1", beta_1)
        self.beta_2 = share("beta_2", beta_2)
        self.epsilon = positive("epsilon", epsilon)
        self.amsgrad = amsgrad

    def update(self, variable: Variable, gradient: Tensor) -> Mapping[Variable, Tensor]:
        """The new value of one variable and of its moments."""
        first = self.slot("first_moment", variable)
        second = self.slot("second_moment", variable)
        new_first = self.beta_1 * first + (1 - self.beta_1) * gradient
        new_second = self.beta_2 * second + (1 - self.beta_2) * square(gradient)
        changes: dict[Variable, Tensor] = {first: new_first, second: new_second}
        scale = new_second
        if self.amsgrad:
            largest = self.slot("largest_second_moment", variable)
            scale = changes[largest] = maximum(largest, new_second)
        # The corrections are two scalars a step, in float64: β₂ᵗ is close to 1.
        time = self.time()
        rate = astype(self._current_rate() / (1 - self.beta_1**time), variable.dtype)
        root = astype(sqrt(1 - self.beta_2**time), variable.dtype)
        changes[variable] = variable - rate * new_first / (sqrt(scale) / root + self.epsilon)
        return changes


@registry.add
class AdamW(Adam):
    r"""Adam with decoupled weight decay.

    Before the step of `Adam`, with learning rate α and decay λ,

        w ← w − α λ w

    The decay does not pass through the moments, as that of a penalty ½ λ ‖w‖² in the cost would,
    and so is not divided by √v.

    Args:
        learning_rate: α, 0 or more, or a schedule.
        weight_decay: λ, 0 or more.
        beta_1: as in `Adam`.
        beta_2: as in `Adam`.
        epsilon: as in `Adam`.
        amsgrad: as in `Adam`.
        clipnorm, clipvalue, global_clipnorm: see `Optimizer`.
        name: default: "adamw".

    Raises:
        ArgumentError: a number is out of its range.

    Source:
        I. Loshchilov, F. Hutter: Decoupled weight decay regularization. ICLR 2019, algorithm 2.
        The paper does not multiply the decay by the learning rate, only by its schedule; Keras,
        PyTorch and this do. Defaults as in Keras 3.

    Example:
        >>> import cairnet as cn
        >>> w = cn.Variable([1.0], name="w")
        >>> adamw = cn.optimizers.AdamW(learning_rate=0.1, weight_decay=0.5)
        >>> step = cn.function([], w, updates=adamw.updates([w], [cn.zeros((1,))]))
        >>> _ = step()
        >>> w.numpy()
        array([0.95], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(
            learning_rate,
            beta_1,
            beta_2,
            epsilon,
            amsgrad,
            at_least_zero("weight_decay", weight_decay),
            clipnorm,
            clipvalue,
            global_clipnorm,
            name,
        )


registry.alias("adamw", AdamW)
