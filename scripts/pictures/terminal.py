"""What `cairnet` shows on a terminal, and the pictures that it draws."""

from __future__ import annotations

import os
import re
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from screen import Screen, record

import cairnet as cn

__all__ = ["bars", "curves", "terminal"]

COMMAND = "from cairnet.cli import main; main()"
WIDTH, EPOCH = 92, 12


@cache
def trained() -> tuple[Path, str]:
    """The folder in which `cairnet train lenet5` ran, and what it wrote to the terminal."""
    folder = Path(tempfile.mkdtemp(prefix="cairnet_pictures_"))
    before = Path.cwd()
    os.chdir(folder)
    try:
        return folder, record(COMMAND, ["train", "lenet5"], WIDTH)
    finally:
        os.chdir(before)


def terminal() -> Image.Image:
    """The screen in the middle of a training: lines for the epochs so far, and the bar."""
    _, written = trained()
    frames = list(re.finditer(r"epoch (\d+)/\d+  loss[^\r]*", written))
    frame = min(frames, key=lambda found: abs(int(found[1]) - EPOCH))
    screen = Screen(WIDTH)
    screen.write("$ cairnet train lenet5\r\n")
    screen.write(written[: frame.end()])
    return screen.image()


def curves() -> Image.Image:
    """The learning curves that `cairnet train` saves beside the network."""
    folder, _ = trained()
    return Image.open(folder / "lenet5.png")


def bars() -> Image.Image:
    """What `cairnet predict --plot` draws: three test images, two of them hard to read."""
    folder, _ = trained()
    _, (images, labels) = cn.datasets.digits()
    outputs = cn.load_model(folder / "lenet5.safetensors").predict(images)
    surest = np.argsort(outputs.max(axis=1))
    chosen = [surest[-100], surest[1], surest[0]]
    names = []
    for place in chosen:
        names.append(f"{labels[place]}_{place}.png")
        pixels = (images[place, :, :, 0] * 255).round().astype(np.uint8)
        Image.fromarray(pixels).save(folder / names[-1])
    before = Path.cwd()
    os.chdir(folder)
    try:
        record(COMMAND, ["predict", "lenet5.safetensors", *names, "--plot", "bars.png"], WIDTH)
    finally:
        os.chdir(before)
    return Image.open(folder / "bars.png")
