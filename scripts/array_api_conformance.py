#!/usr/bin/env python
"""Run the test suite of the Python array API standard on Cairnet and on its model implementation.

    pip install array-api-strict ndindex pytest-json-report hypothesis
    git clone --recurse-submodules https://github.com/data-apis/array-api-tests
    python scripts/array_api_conformance.py array-api-tests

`array_api_strict` is the standard's own minimal implementation, so what it passes is what the
suite can ask for. The number that counts is how much of that `cairnet.array_api` passes too, with
the same flags: without complex numbers, for which Cairnet has no dtypes, and without the optional
extensions for linear algebra and Fourier transforms. A second number takes everything that
`array_api_strict` passes, complex numbers and extensions included, and so tells the whole distance.

The suite runs in a copy, because a newer one needs a repair (see `copy_suite`).
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

MODEL = "array_api_strict"
OURS = "cairnet.array_api"
COMPLEX = "complex64,complex128"
EXTENSIONS = ("linalg", "fft")
# The suite looks for these names even where their extension is disabled.
NAMES_OF_EXTENSIONS = re.compile(r"test_has_names\[(linalg|fft)-")


def copy_suite(source: Path, target: Path) -> None:
    """Copy the suite, and let it look for its widest complex dtype where there may be none.

    Since March 2026 it takes the maximum of the complex dtypes without asking whether there are
    any, and cannot be imported for a library without them, nor when they are skipped.
    """
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(".git", ".hypothesis"))
    helpers = target / "array_api_tests" / "dtype_helpers.py"
    text = helpers.read_text(encoding="utf-8")
    widest = "for dt in complex_dtypes"
    helpers.write_text(text.replace(f"{widest}]", f"{widest} or real_float_dtypes]"), "utf-8")


def run(suite: Path, module: str, everything: bool, options: argparse.Namespace) -> set[str]:
    """Run the suite on a module; return the names of the tests that passed."""
    report = suite / f"{module}{'.everything' if everything else ''}.xml"
    environment = {
        **os.environ,
        "ARRAY_API_TESTS_MODULE": module,
        "ARRAY_API_TESTS_VERSION": options.version,
        "ARRAY_API_STRICT_API_VERSION": options.version,
        "ARRAY_API_TESTS_SKIP_DTYPES": "" if everything else COMPLEX,
    }
    command = [
        *(sys.executable, "-W", "ignore", "-m", "pytest", "-q", "--tb=short"),
        *([] if everything else ["--disable-extension", *EXTENSIONS]),
        *("-p", "no:cacheprovider", f"--max-examples={options.examples}"),
        *(f"--hypothesis-seed={options.seed}", f"--junitxml={report}", "array_api_tests"),
    ]
    finished = subprocess.run(
        command, cwd=suite, env=environment, capture_output=True, text=True, check=False
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
        suite = Path(folder) / "suite"
        copy_suite(options.suite, suite)
        ours = run(suite, OURS, False, options)
        model = run(suite, MODEL, False, options)
        everything = run(suite, MODEL, True, options)
    required = {name for name in model if not NAMES_OF_EXTENSIONS.search(name)}
    print(f"\nof what every library must have:  {share(ours, required)}")
    print(f"of everything the model passes:   {share(ours, everything)}")
    print("\npassed by the model alone, among what every library must have:")
    for name in sorted(required - ours):
        print(f"  {name}")


if __name__ == "__main__":
    main()
