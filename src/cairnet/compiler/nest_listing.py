"""One nest as text: the loops, the folds, the stores.

    for n < 128, y < 10, x < 10, o < 16:
        total = sum over k0 < 5, k1 < 5, c < 6 of pooled[n, y + k0, x + k1, c] · w[k0, k1, c, o]
        hidden[n, y, x, o] := max(total + b[o], 0)

`for` names the parallel axes: their points may be computed in any order and by any thread.
`sum over` names the axes that are folded, in this order. `:=` writes memory, `=` names a value.
Loops whose turns run in order, one after another, say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cairnet.base.errors import CompileError
from cairnet.compiler.calls import Argument, Call, Operand, Target
from cairnet.compiler.foresight import FETCH
from cairnet.compiler.formulas import Formulas, affine_text, guard_text
from cairnet.compiler.loops import (
    Axis,
    Buffer,
    Expression,
    Fold,
    Guard,
    Load,
    Loop,
    Nest,
    Store,
    expressions,
)

__all__ = ["INDENT", "Names", "axis_names", "format_nest", "format_nests", "loop_header", "wrapped"]

INDENT = "    "
_WIDTH = 100
#: A line is broken before one of these, never after it.
_SIGNS = frozenset(
    [
        "+",
        "-",
        "·",
        "/",
        "//",
        "%",
        "**",
        "|",
        "^",
        "&",
        "==",
        "<",
        "<=",
        "<<",
        ">>",
        "if",
        "else",
        "and",
        "where",
        "over",
        "of",
    ]
)
_FOLDS = {
    "sum": "total",
    "max": "largest",
    "min": "smallest",
    "argmax": "largest",
    "argmin": "smallest",
    "running_sum": "total",
    "running_product": "product",
}
_RUNNING = {"running_sum": ("0", "{} + {}"), "running_product": ("1", "{} · {}")}


class Names:
    """One name for each buffer, the same throughout a listing.

    Args:
        memory: for a buffer of a new value that is written in place the buffer it replaces.
    """

    def __init__(self, memory: Mapping[Buffer, Buffer] | None = None) -> None:
        self.memory = dict(memory or {})
        self._names: dict[Buffer, str] = {}
        self._taken: set[str] = set()
        self._depth = 0

    def home(self, buffer: Buffer) -> Buffer:
        """The buffer whose memory a buffer is."""
        return self.memory.get(buffer, buffer)

    def __call__(self, buffer: Buffer) -> str:
        home = self.home(buffer)
        if home not in self._names:
            self._names[home] = self._free(home)
        return self._names[home]

    def element(self, buffer: Buffer, place: str) -> str:
        """An element of a buffer; `place` is "[i, j]", or nothing for a scalar."""
        name = self(buffer)
        return f"{name[:-1]}, {place[1:]}" if name.endswith("]") and place else f"{name}{place}"

    def enter(self, loop: Loop) -> str:
        """Name the memory that a loop walks by what it is at a turn; the name of the turn."""
        self._depth += 1
        turn = "t" if self._depth == 1 else f"t{self._depth}"
        self.memory.update(loop.in_place)
        for item in loop.moving:
            self._names[item.inner] = self.element(item.outer, f"[{turn}]")
        outer = {item.inner: item.outer for item in loop.moving}
        before = f"[{turn} {'+' if loop.reverse else '-'} 1]"
        for kept in loop.following:
            self._names[kept.inner] = self.element(outer[kept.written], before)
        return turn

    def leave(self) -> None:
        """The loop entered last has been written."""
        self._depth -= 1

    def _free(self, buffer: Buffer) -> str:
        stem = buffer.name.replace("/", ".")
        if buffer.kind == "arena":
            stem = stem.rstrip("0123456789") or stem
        numbered = (f"{stem}{number}" for number in range(2, len(self._taken) + 3))
        name = next(n for n in (stem, *numbered) if n not in self._taken)
        self._taken.add(name)
        return name


def format_nests(nests: Sequence[Nest], names: Names | None = None) -> str:
    """Some nests, one below the other: what a pass was given, or what it gave."""
    names = names or Names()
    return "\n".join(format_nest(nest, names) for nest in nests)


def format_nest(nest: Nest, names: Names | None = None) -> str:
    """The loops of one nest.

    Args:
        nest: what to print.
        names: of its buffers; default: their own.

    Returns:
        Lines of text, without a newline at the end.
    """
    names = names or Names()
    if isinstance(nest, Loop):
        turn = names.enter(nest)
        lines = [loop_header(nest, turn)]
        lines += [INDENT + line for line in format_nests(nest.body, names).splitlines()]
        names.leave()
        return "\n".join(lines)
    return "\n".join(_NestWriter(nest, names).lines())


def loop_header(loop: Loop, turn: str) -> str:
    """The first line of a loop."""
    order = f"from {loop.length - 1} down to 0" if loop.reverse else f"< {loop.length}"
    return f"for {turn} {order}, one turn after another:"


def axis_names(nest: Nest) -> dict[Axis, str]:
    """The axes' own names, with a number where two of a nest have the same."""
    names: dict[Axis, str] = {}
    for axis in (*nest.axes, *nest.reduce):
        name, number = axis.name, 2
        while name in names.values():
            name, number = f"{axis.name}_{number}", number + 1
        names[axis] = name
    return names


def _header(axes: Sequence[Axis], names: Mapping[Axis, str]) -> str:
    return ", ".join(f"{names[axis]} < {axis.extent}" for axis in axes)


class _NestWriter:
    """The lines of one nest."""

    def __init__(self, nest: Nest, names: Names) -> None:
        self.nest = nest
        self.names = names
        self.axes = axis_names(nest)
        self.results = [self._result_names(number) for number in range(len(nest.folds))]
        self.formulas = Formulas(names.element, self.axes, self.results)

    def _result_names(self, number: int) -> tuple[str, str]:
        stems = [_FOLDS.get(fold.kind, fold.kind) for fold in self.nest.folds]
        stem = stems[number]
        if stems.count(stem) > 1:
            stem = f"{stem}{stems[: number + 1].count(stem)}"
        return stem, "at" if len(stems) == 1 else f"at{number + 1}"

    def lines(self) -> list[str]:
        """All lines, the outermost not indented."""
        body = {
            "sort": self._sort,
            "running": self._running,
            "scatter": self._scatter,
            "call": self._call,
            FETCH: self._fetch,
        }.get(self.nest.kind, self._map)()
        if not self.nest.axes:
            return body
        return [f"for {_header(self.nest.axes, self.axes)}:", *_indented(body)]

    # -- kinds of nests ------------------------------------------------------------------------

    def _map(self) -> list[str]:
        folds = zip(self.nest.folds, self.results, strict=True)
        return [*(line for fold, own in folds for line in self._fold(fold, *own)), *self._stores()]

    def _scatter(self) -> list[str]:
        return self._in_order(self._stores("+="))

    def _running(self) -> list[str]:
        (fold,), ((name, _),) = self.nest.folds, self.results
        start, step = _RUNNING[fold.kind]
        inside = self._inside(fold.value)
        value = inside.text(fold.value, 7)
        turn = [*inside.lines, f"{name} = {step.format(name, value)}", *self._stores()]
        return [f"{name} = {start}", *self._in_order(turn)]

    def _sort(self) -> list[str]:
        (axis,), (fold,) = self.nest.reduce, self.nest.folds
        self.axes[axis] = ":"
        result, spare = (self._place(store) for store in self.nest.stores)
        return [
            f"{result} := the positions of {self.formulas.text(fold.value)} in {fold.kind} order",
            f"{INDENT}with {spare} as spare memory for the merges",
        ]

    def _call(self) -> list[str]:
        call = self.nest
        if not isinstance(call, Call):
            raise CompileError("a nest of kind 'call' is no call")
        handed = ", ".join(self._handed(call, argument) for argument in call.arguments)
        lines = wrapped(f"call {call.routine}", f"({handed})")
        for number, count in call.spoiled:
            place = self._place(call.stores[number])
            lines.append(f"{INDENT}where it fails: {count} elements from {place} on := nan")
        return lines

    def _handed(self, call: Call, argument: Argument) -> str:
        """An argument of a routine; memory as the address of its first element."""
        if isinstance(argument, Target):
            return f"&{self._place(call.stores[argument.store])}"
        if isinstance(argument, Operand):
            return f"&{self.formulas.text(call.folds[argument.fold].value)}"
        return f'"{argument}"' if isinstance(argument, str) else str(argument)

    def _fetch(self) -> list[str]:
        wanted = ", ".join(self.formulas.text(fold.value) for fold in self.nest.folds)
        return [f"for {_header(self.nest.reduce, self.axes)}:", f"{INDENT}ask for {wanted}"]

    def _in_order(self, body: list[str]) -> list[str]:
        if not self.nest.reduce:
            return body
        return [f"for {_header(self.nest.reduce, self.axes)} in order:", *_indented(body)]

    # -- folds ---------------------------------------------------------------------------------

    def _fold(self, fold: Fold, name: str, position: str) -> list[str]:
        inside = self._inside(fold.value, fold.guards)
        value = inside.text(fold.value, 1)
        over = f" over {_header(self.nest.reduce, self.axes)}" if self.nest.reduce else ""
        target = name
        if fold.position is not None:
            target = f"{name}, {position}"
            value += f", numbered {affine_text(fold.position, self.axes)}"
        lines = wrapped(f"{target} = {fold.kind}{over} of ", value)
        if fold.guards:
            conditions = (guard_text(guard, self.axes) for guard in fold.guards)
            lines += wrapped(f"{INDENT}where ", " and ".join(conditions))
        return [*lines, *(f"{INDENT}with {line}" for line in inside.lines)]

    def _inside(self, value: Expression, held: Sequence[Guard] = ()) -> Formulas:
        """Formulas of the reduce axes: the names given there mean nothing outside."""
        formulas = Formulas(self.names.element, self.axes, self.results, held)
        formulas.share([value])
        return formulas

    # -- stores --------------------------------------------------------------------------------

    def _stores(self, sign: str = ":=") -> list[str]:
        formulas, stores = self.formulas, self.nest.stores
        indices = [index for store in stores for index, _, _ in store.computed]
        formulas.share([*(store.value for store in stores), *indices])
        # All is read before anything is written. Where the lines one after another would not say
        # so, because a formula reads what a line above it has written, every value gets a name
        # first.
        values = [formulas.name(store.value) for store in stores] if self._reads_written() else []
        lines = self._named_lines()
        for number, store in enumerate(stores):
            value = values[number] if values else formulas.text(store.value)
            place = self._place(store)
            lines += self._named_lines()
            lines += wrapped(f"{place} {sign} ", value)
        return lines

    def _place(self, store: Store) -> str:
        return self.formulas.place(store.buffer, store.offset, store.computed)

    def _named_lines(self) -> list[str]:
        named, self.formulas.lines = self.formulas.lines, []
        heads = ((line.split(" = ")[0], line) for line in named)
        return [
            piece for name, line in heads for piece in wrapped(f"{name} = ", line[len(name) + 3 :])
        ]

    def _reads_written(self) -> bool:
        """Whether a store's formula reads memory that a store before it has written."""
        written: set[Buffer] = set()
        named: set[int] = set()
        for store in self.nest.stores:
            pending = [store.value]
            while pending:
                item = pending.pop()
                if id(item) in named:
                    continue
                if isinstance(item, Load) and self.names.home(item.buffer) in written:
                    return True
                pending.extend(item.parts())
            named.update(id(i) for i in expressions([store.value]) if self.formulas.is_shared(i))
            written.add(self.names.home(store.buffer))
        return False


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"{INDENT}{line}" for line in lines]


def wrapped(head: str, text: str) -> list[str]:
    """A line, broken behind its head and before operators where it is too long, then indented."""
    pieces: list[str] = []
    for word in text.split(" "):
        inside = pieces and pieces[-1].count("[") > pieces[-1].count("]")
        compared = pieces and word in ("<", "<=", "==")
        if inside or compared or (pieces and pieces[-1].rsplit(" ", 1)[-1] in _SIGNS):
            pieces[-1] += f" {word}"
        else:
            pieces.append(word)
    lines = [head]
    for number, piece in enumerate(pieces):
        gap = " " if number else ""
        helps = number or len(head) > len(2 * INDENT)
        if helps and len(lines[-1]) + len(gap) + len(piece) > _WIDTH:
            lines[-1] = lines[-1].rstrip()
            lines.append(2 * INDENT + piece)
        else:
            lines[-1] += gap + piece
    return lines
