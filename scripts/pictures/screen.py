"""A terminal in miniature: what a program writes to it, as a grid of characters, as an image."""

from __future__ import annotations

import os
import pty
import re
import select
import sys
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib as mpl
from PIL import Image, ImageDraw, ImageFont

__all__ = ["Screen", "record"]

INK, PAPER, DIM = (222, 226, 230), (24, 27, 31), (130, 136, 142)
BASE = [
    (24, 27, 31),
    (224, 108, 117),
    (152, 195, 121),
    (229, 192, 123),
    (97, 175, 239),
    (198, 120, 221),
    (86, 182, 194),
    (222, 226, 230),
]
SEQUENCE = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)|\x1b.?")

Colour = tuple[int, int, int]


@dataclass
class Screen:
    """A grid that grows downwards; it knows the few sequences that progress bars use."""

    width: int
    lines: list[list[tuple[str, Colour]]] = field(default_factory=lambda: [[]])
    row: int = 0
    column: int = 0
    ink: Colour = INK

    def write(self, text: str) -> None:
        """Take what a program wrote."""
        for parameters, letter, control, plain in SEQUENCE.findall(text):
            if letter:
                self._command(parameters, letter)
            elif control == "\r":
                self.column = 0
            elif control == "\n":
                self._down()
            else:
                for character in plain:
                    self._put(character)

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append([])

    def _put(self, character: str) -> None:
        line = self.lines[self.row]
        line.extend([(" ", INK)] * (self.column + 1 - len(line)))
        line[self.column] = (character, self.ink)
        self.column += 1

    def _command(self, parameters: str, letter: str) -> None:
        if letter == "A":
            self.row = max(self.row - int(parameters or 1), 0)
        elif letter == "K":
            del self.lines[self.row][0 if parameters == "2" else self.column :]
        elif letter == "m":
            self._colour([int(code or 0) for code in parameters.split(";")])

    def _colour(self, codes: list[int]) -> None:
        while codes:
            code = codes.pop(0)
            if code in (0, 39):
                self.ink = INK
            elif code == 2:
                self.ink = DIM
            elif 30 <= code <= 37:
                self.ink = BASE[code - 30]
            elif code == 38 and codes.pop(0) == 2:
                self.ink = (codes.pop(0), codes.pop(0), codes.pop(0))
            elif code == 38:
                # The upper end of the palette of 256 is a scale of greys.
                grey = max(8 + 10 * (codes.pop(0) - 232), 8)
                self.ink = (grey, grey, grey)

    def image(self, size: int = 14, margin: int = 14) -> Image.Image:
        """The grid as it looks in a window."""
        folder = Path(mpl.get_data_path()) / "fonts" / "ttf"
        font = ImageFont.truetype(str(folder / "DejaVuSansMono.ttf"), size)
        across, down = font.getlength("0"), round(1.35 * size)
        shown = [line for line in self.lines if line]
        while shown and not "".join(character for character, _ in shown[-1]).strip():
            shown.pop()
        last = max(index for index, line in enumerate(self.lines) if line in shown)
        wide = round(self.width * across) + 2 * margin
        picture = Image.new("RGB", (wide, (last + 1) * down + 2 * margin), PAPER)
        pen = ImageDraw.Draw(picture)
        for row, line in enumerate(self.lines[: last + 1]):
            for column, (character, ink) in enumerate(line):
                place = (margin + column * across, margin + row * down)
                pen.text(place, character, fill=ink, font=font)
        return picture


def record(program: str, arguments: list[str], width: int) -> str:
    """Everything that a Python program writes to a terminal of a width."""
    child, terminal = pty.fork()
    if not child:
        os.environ.update(COLUMNS=str(width), TERM="xterm-256color", COLORTERM="truecolor")
        os.execv(sys.executable, [sys.executable, "-c", program, *arguments])
    written = bytearray()
    while True:
        select.select([terminal], [], [])
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # how Linux says that the other end was closed
            break
        if not piece:
            break
        written += piece
    os.waitpid(child, 0)
    return written.decode()
