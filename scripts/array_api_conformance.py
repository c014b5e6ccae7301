#!/usr/bin/env python
"""Run the test suite of the Python array API standard on Cairnet and on its model implementation.

    pip install array-api-strict ndindex pytest-json-report hypothesis
    git clone --recurse-submodules https://github.com/data-apis/array-api-tests
    python scripts/array_api_conformance.py array-api-tests

`array_api_strict` is the standard's own minimal implementation, so what it passes is what the
suite can ask for. The number that counts is how much of that `cairnet.array_api` passes too, with
the same flags: complex dtypes and the extensions for linear algebra and Fourier transforms
included. Two more numbers say how that divides into the standard itself and the extensions.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

MODEL = "array_api_strict"
OURS = "cairnet.array_api"
OF_EXTENSIONS = re.compile(r"test_(linalg|fft)\.|test_has_names\.\w+\[(linalg|fft)-")


def run(module: str, folder: Path, options: argparse.Namespace) -> set[str]:
    """Run the suite on a module; return the names of the tests that passed."""
    report = folder / f"{module}.xml"
    environment = {
        **os.environ,
        "ARRAY_API_TESTS_MODULE": module,
        "ARRAY_API_TESTS_VERSION": options.version,
        "ARRAY_API_STRICT_API_VERSION": options.version,
        "HYPOTHESIS_STORAGE_DIRECTORY": str(folder / "hypothesis"),
    }
    command = [
        *(sys.executable, "-W", "ignore", "-m", "pytest", "-q", "--tb=short"),
        *("-p", "no:cacheprovider", f"--max-examples={options.examples}"),
        *(f"--hypothesis-seed={options.seed}", f"--junitxml={report}", "array_api_tests"),
    ]
    finished = subprocess.run(
        command, cwd=options.suite, env=environment, capture_output=True, text=True, check=False
    )
    if not report.exists():
        raise SystemExit(f"the suite did not run on {module}:\n{finished.stdout}{finished.stderr}")
    if options.logs is not None:
        options.logs.mkdir(parents=True, exist_ok=True)
        (options.logs / f"{report.stem}.log").write_text(finished.stdout, encoding="utf-8")
    print(f"{module:20} {finished.stdout.strip().splitlines()[-1]}", flush=True)
    return passed_in(report)


def passed_in(report: Path) -> set[str]:
    """The tests without a complaint in a JUnit report, as `file.test[parameters]`."""
    cases = ET.parse(report).getroot().iter("testcase")
    return {
        f"{case.get('classname', '').removeprefix('array_api_tests.')}.{case.get('name')}"
        for case in cases
        if not any(child.tag in ("failure", "error", "skipped") for child in case)
    }


def share(ours: set[str], model: set[str]) -> str:
    """How much of what the model passes is passed, as numbers and in percent."""
    both = len(ours & model)
    return f"{both} of {len(model)} = {100 * both / len(model):.1f} %"


def parse() -> argparse.Namespace:
    """Read the command line, and look whether the suite is whole."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("suite", type=Path, help="a checkout of data-apis/array-api-tests")
    parser.add_argument("--examples", type=int, default=20, help="examples a test (default 20)")
    parser.add_argument("--seed", type=int, default=0, help="of the examples (default 0)")
    parser.add_argument("--version", default="2024.12", help="of the standard (default 2024.12)")
    parser.add_argument("--logs", type=Path, help="a folder for what pytest prints")
    options = parser.parse_args()
    if not (options.suite / "array-api" / "spec" / options.version).is_dir():
        parser.error(
            f"{options.suite} has no array-api/spec/{options.version}: is the suite's "
            "submodule there? git submodule update --init"
        )
    return options


def main() -> None:
    """Run, compare, and list what the model passes and Cairnet does not."""
    options = parse()
    with tempfile.TemporaryDirectory() as folder:
        ours = run(OURS, Path(folder), options)
        model = run(MODEL, Path(folder), options)
    extensions = {name for name in model if OF_EXTENSIONS.search(name)}
    print(f"\nof everything that the model passes:  {share(ours, model)}")
    print(f"of the standard without extensions:   {share(ours, model - extensions)}")
    print(f"of the extensions linalg and fft:     {share(ours, extensions)}")
    print("\npassed by the model alone:")
    for name in sorted(model - ours):
        print(f"  {name}")


if __name__ == "__main__":
    main()
