"""Back-propagation through time: the gradient of a loop, which is a loop in the other direction."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence

from cairnet.base.dtypes import is_differentiable
from cairnet.tensor.core import Input, Tensor, topological_order
from cairnet.tensor.extent import Size
from cairnet.tensor.primitives.loop_sums import Plan, StepSums
from cairnet.tensor.primitives.loops import Body, scan_node
from cairnet.tensor.primitives.movement import filled
from cairnet.tensor.substitution import substitute

__all__ = ["Backward"]

#: What takes no more operations than this from stored tensors is computed once more.
_RECOMPUTED = 4


class Backward:
    """Back-propagation through time: a scan that walks the steps in the opposite order.

    Going back over one step turns the cotangents of its new carries and outputs into those of its
    old carries, items and captured tensors. The first are the carries of the backward scan, the
    second its outputs; the third are added up over all steps, in carries of their own.

    What the backward step reads of the forward step becomes a sequence: the forward scan is
    extended so that it puts those tensors out.
    """

    def __init__(
        self,
        cotangents: Mapping[int, Tensor | None],
        wanted: Sequence[bool],
        inputs: Sequence[Tensor],
        body: Body,
        length: Size,
        reverse: bool,
    ) -> None:
        self.inputs = inputs
        self.body = body
        self.length = length
        self.reverse = reverse
        after = body.carries + body.sequences
        live = _live_carries(body, wanted)
        self.carries = [i for i in range(body.carries) if live[i]]
        self.items = [i for i in range(body.carries, after) if _flows(body.inputs[i], wanted[i])]
        self.captured = [i for i in range(after, len(inputs)) if _flows(body.inputs[i], wanted[i])]
        self.final = {i: cotangents.get(i) for i in self.carries}
        self.stacked = {
            i: share
            for i, share in sorted(cotangents.items())
            if i >= body.carries and share is not None
        }

    def shares(self) -> list[Tensor | None]:
        """One cotangent for each input of the scan, None where nothing flows."""
        result: list[Tensor | None] = [None] * len(self.inputs)
        sources = [*self.carries, *self.items, *self.captured]
        if not sources or not (self.stacked or any(v is not None for v in self.final.values())):
            return result
        # Placeholders of one backward step.
        seeds = {i: _like(self.body.outputs[i]) for i in (*self.carries, *self.stacked)}
        pulled = self._pull_back(seeds, sources)
        sums, plans = self._sums(pulled)
        added = [i for i in self.captured if i not in plans]
        read = self._residuals(
            [s for i, s in pulled.items() if s is not None and i not in plans], sums
        )
        stored, whole = self._sources([*read, *(t for t in sums.stored if t not in read)])
        loop = self._loop(seeds, pulled, added, list(sums.emitted), read, (stored, whole))
        for number, position in enumerate([*self.carries, *added, *self.items]):
            if pulled[position] is not None or position in self.final:
                result[position] = loop(number)
        first = len(self.carries) + len(added)
        stacks = dict(stored)
        for number, tensor in enumerate([*(pulled[i] for i in self.items), *sums.emitted]):
            if tensor is not None and tensor in sums.needed:
                stacks[tensor] = loop(first + number)
        for position, plan in plans.items():
            result[position] = plan(stacks.__getitem__)
        return result

    def _loop(
        self,
        seeds: Mapping[int, Input],
        pulled: Mapping[int, Tensor | None],
        added: Sequence[int],
        emitted: Sequence[Tensor],
        read: Container[Tensor],
        sources: tuple[Mapping[Tensor, Tensor], Mapping[Tensor, Tensor]],
    ) -> Callable[[int], Tensor]:
        """The loop that goes back; its outputs, by number.

        Args:
            seeds: placeholders for the cotangents of new carries and of stacked outputs.
            pulled: the cotangents of carries, items and captured tensors, of one step.
            added: the captured tensors whose cotangents are added up in carries.
            emitted: what the steps put out besides.
            read: what they read of the forward step.
            sources: where that comes from, see `_sources`.
        """
        sequences = {tensor: stack for tensor, stack in sources[0].items() if tensor in read}
        places = {tensor: _like(tensor) for tensor in (*sequences, *sources[1])}
        totals = {i: _like(self.body.inputs[i]) for i in added}
        old = self.body.inputs
        new_carries = [_or_zeros(pulled[i], old[i]) for i in self.carries]
        new_totals = [totals[i] + _or_zeros(pulled[i], old[i]) for i in added]
        items = [_or_zeros(pulled[i], old[i]) for i in self.items]
        backward = Body(
            inputs=[
                *(seeds[i] for i in self.carries),
                *totals.values(),
                *(seeds[i] for i in self.stacked),
                *places.values(),
            ],
            outputs=substitute([*new_carries, *new_totals, *items, *emitted], places),
            carries=len(self.carries) + len(totals),
            sequences=len(self.stacked) + len(sequences),
        )
        arguments = [
            *(_or_zeros(self.final[i], self.inputs[i]) for i in self.carries),
            *(filled(0, self.inputs[i]) for i in added),
            *self.stacked.values(),
            *sequences.values(),
            *sources[1].values(),
        ]
        return lambda number: scan_node(arguments, backward, number, self.length, not self.reverse)

    def _sums(self, pulled: Mapping[int, Tensor | None]) -> tuple[StepSums, dict[int, Plan]]:
        """What is added up after the loop, and how; what is not, in carries of the loop."""
        after = self.body.carries + self.body.sequences
        sums = StepSums(
            forward=set(topological_order(self.body.outputs)) | set(self.body.inputs),
            whole=set(self.body.inputs[after:]),
            given={share for i in self.items if (share := pulled[i]) is not None},
        )
        plans: dict[int, Plan] = {}
        # Products first: they ask for stacks of which sums can make use.
        for _ in range(2):
            for i in self.captured:
                share = pulled[i]
                plan = sums.plan(share) if share is not None and i not in plans else None
                if plan is not None:
                    plans[i] = plan
        return sums, plans

    def _pull_back(
        self, seeds: dict[int, Input], sources: Sequence[int]
    ) -> dict[int, Tensor | None]:
        from cairnet.tensor.gradient import pull_back

        outputs = [self.body.outputs[i] for i in seeds]
        targets = [self.body.inputs[i] for i in sources]
        return dict(zip(sources, pull_back(outputs, list(seeds.values()), targets), strict=True))

    def _residuals(self, shares: Sequence[Tensor], sums: StepSums) -> dict[Tensor, None]:
        """What the backward step reads of the forward step."""
        forward = set(topological_order(self.body.outputs)) | set(self.body.inputs)

        def is_read(tensor: Tensor) -> bool:
            # Movements are cheaper to repeat than to store; constants are no one's.
            return tensor in forward and not tensor.primitive.movement and not tensor.closed

        order = topological_order([*shares, *sums.emitted], stop=is_read)
        return self._not_recomputed([tensor for tensor in order if is_read(tensor)], sums)

    def _not_recomputed(self, residuals: Sequence[Tensor], sums: StepSums) -> dict[Tensor, None]:
        """Those that do not follow, element by element, from what is stored besides.

        As tanh(c[t]) of an LSTM does from the gates and c[t-1].
        """
        kept = dict.fromkeys(residuals)
        put_out = self.body.outputs[self.body.carries :]
        given = {*self.body.inputs, *put_out, *sums.stored}
        for tensor in reversed(residuals):
            if tensor in given or not tensor.primitive.elementwise:
                continue
            below = topological_order(tensor.inputs, stop=kept.__contains__)
            steps = [t for t in below if t not in kept and not t.primitive.movement]
            if len(steps) <= _RECOMPUTED and all(
                t.primitive.elementwise or t.closed for t in steps
            ):
                del kept[tensor]
        return kept

    def _sources(
        self, residuals: Sequence[Tensor]
    ) -> tuple[dict[Tensor, Tensor], dict[Tensor, Tensor]]:
        """Where the residuals come from: sequences, and tensors that every step reads whole."""
        given: dict[Tensor, Tensor] = dict(zip(self.body.inputs, self.inputs, strict=True))
        after = self.body.carries + self.body.sequences
        whole = set(self.body.inputs[after:])
        items = set(self.body.inputs[self.body.carries : after])
        outputs = list(self.body.outputs)
        # What the forward steps put out anyway is read off there.
        places = {t: i for i, t in enumerate(outputs) if i >= self.body.carries}
        for tensor in residuals:
            if tensor not in whole and tensor not in items and tensor not in places:
                places[tensor] = len(outputs)
                outputs.append(tensor)
        extended = self.body
        if len(outputs) > len(self.body.outputs):
            extended = Body(
                self.body.inputs, outputs, self.body.carries, self.body.sequences, self.body
            )
        stacks: dict[Tensor, Tensor] = {
            tensor: scan_node(self.inputs, extended, places[tensor], self.length, self.reverse)
            for tensor in residuals
            if tensor in places and tensor not in items
        }
        sequences = {t: stacks[t] if t in stacks else given[t] for t in residuals if t not in whole}
        return sequences, {t: given[t] for t in residuals if t in whole}


def _like(tensor: Tensor) -> Input:
    return Input(tensor.extents, tensor.dtype, getattr(tensor, "name", "") or "cotangent")


def _or_zeros(share: Tensor | None, like: Tensor) -> Tensor:
    return filled(0, like) if share is None else share


def _flows(tensor: Tensor, wanted: bool) -> bool:
    return wanted and is_differentiable(tensor.dtype)


def _live_carries(body: Body, wanted: Sequence[bool]) -> list[bool]:
    """Which carries a cotangent flows through: those that depend on a wanted input, at any step."""
    reached: set[Tensor] = {
        tensor for tensor, flag in zip(body.inputs, wanted, strict=True) if _flows(tensor, flag)
    }
    order = topological_order(body.outputs)
    carries = range(body.carries)
    while True:
        for tensor in order:
            if tensor.primitive.differentiable and any(item in reached for item in tensor.inputs):
                reached.add(tensor)
        found = {
            body.inputs[i]
            for i in carries
            if body.outputs[i] in reached and is_differentiable(body.inputs[i].dtype)
        }
        if found <= reached:
            return [body.inputs[i] in reached for i in carries]
        reached |= found
