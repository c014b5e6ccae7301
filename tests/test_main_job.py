"""The main job, from the shell: LeNet-5 learns the digits, is saved, and is used again."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import cairnet as cn

COMMAND = [sys.executable, "-m", "cairnet"]


def test_lenet5_learns_the_digits(tmp_path: Path) -> None:
    finished = subprocess.run(
        [*COMMAND, "train", "lenet5"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    assert finished.stderr == ""
    match = re.search(r"test accuracy (\S+) .* after (\S+) (m?s) of training", finished.stdout)
    assert match is not None, finished.stdout
    accuracy, seconds = float(match[1]), float(match[2]) / (1 if match[3] == "s" else 1000)
    assert accuracy >= 0.98
    assert seconds < 20
    model = cn.load_model(tmp_path / "lenet5.safetensors")
    _, (x_test, y_test) = cn.datasets.digits()
    assert round(model.evaluate(x_test, y_test)[1], 4) == accuracy
    assert (tmp_path / "lenet5.png").stat().st_size > 10_000
    assert "Try next:" in finished.stdout.splitlines()[-4]


def run_on_a_terminal(arguments: list[str], folder: Path, interrupt_at: str) -> tuple[int, str]:
    """Run a command on a terminal of its own; press Ctrl-C once a text has appeared."""
    keyboard, screen = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment,
        stdin=screen,
        stdout=screen,
        stderr=screen,
        start_new_session=True,
    )
    os.close(screen)
    shown, deadline, interrupted = "", time.monotonic() + 120, False
    while time.monotonic() < deadline:
        ready, _, _ = select.select([keyboard], [], [], 1)
        try:
            shown += os.read(keyboard, 65536).decode() if ready else ""
        except OSError:
            break
        if not interrupted and interrupt_at in shown:
            os.kill(process.pid, signal.SIGINT)
            interrupted = True
    os.close(keyboard)
    return process.wait(timeout=10), shown


def test_ctrl_c_saves_what_was_learned(tmp_path: Path) -> None:
    code, shown = run_on_a_terminal(
        ["train", "lenet5", "--epochs", "5000"], tmp_path, interrupt_at=" 2/5000"
    )
    assert code == 130, shown
    assert "━" in shown
    assert "the model keeps what it has learned" in shown
    assert "Traceback" not in shown
    _, (x_test, y_test) = cn.datasets.digits()
    accuracy = cn.load_model(tmp_path / "lenet5.safetensors").evaluate(x_test, y_test)[1]
    assert accuracy > 0.5
    assert (tmp_path / "lenet5.png").exists()
