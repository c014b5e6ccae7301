"""The command line of the benchmarks."""

from __future__ import annotations

import argparse
import datetime as dt
import difflib
import os
import sys
from pathlib import Path

from benchmarks.crew import REPOSITORY, WorkerError
from benchmarks.machine import describe_machine, versions
from benchmarks.measure import run_contest
from benchmarks.options import Options
from benchmarks.page import summary, write_page
from benchmarks.results import Results
from benchmarks.startup import STARTS
from benchmarks.words import listed
from benchmarks.workloads import CONTESTS

DOCS = REPOSITORY / "docs"
_NAMES = [*CONTESTS, *STARTS]


def main(arguments: list[str]) -> int:
    """Measure what is asked for, print it, and write the page after a full run.

    Returns:
        0; or 1 when a contestant failed or computed something else than Cairnet.
    """
    given = _parser().parse_args(arguments)
    if given.page_from is not None:
        write_page(Results.load(given.page_from), DOCS)
        return 0
    chosen = _checked_names(given.names)
    options = Options(threads=given.threads, rounds=given.rounds or (3 if given.quick else 11))
    if given.quick:
        options = Options(options.threads, options.rounds, window=0.05, quick=True)
    try:
        results = Results(
            command=" ".join(["python -m benchmarks", *arguments]),
            date=dt.datetime.now(dt.UTC).date().isoformat(),
            machine=describe_machine(),
            versions=versions(),
            threads=options.threads,
            rounds=options.rounds,
            contests=[run_contest(CONTESTS[name], options) for name in chosen if name in CONTESTS],
            starts=[STARTS[name](options) for name in chosen if name in STARTS],
        )
    except WorkerError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(summary(results)))
    if given.json is not None:
        results.save(given.json)
    _publish(results, complete=not given.names and not given.quick, wanted=not given.no_page)
    return 1 if results.wrong else 0


def _checked_names(names: list[str]) -> list[str]:
    for name in names:
        if name not in _NAMES:
            near = difflib.get_close_matches(name, _NAMES, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            _parser().error(f"no benchmark is called {name!r}{hint} There are {listed(_NAMES)}.")
    return names or _NAMES


def _publish(results: Results, complete: bool, wanted: bool) -> None:
    if not wanted:
        return
    if not complete:
        print("docs/performance.md is left as it is: it is written by a full run of all benchmarks")
    elif results.wrong:
        print("docs/performance.md is left as it is, because something went wrong")
    else:
        results.save(DOCS / "performance.json")
        write_page(results, DOCS)
        print("wrote docs/performance.md")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure Cairnet and its peers side by side, and write docs/performance.md.",
        epilog="Peers that are not installed are left out: pip install '.[bench]' installs them. "
        "Close other programs first: whatever else runs is measured too.",
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"some of: {', '.join(_NAMES)}; default: all"
    )
    parser.add_argument("--quick", action="store_true", help="a short look, to see that all works")
    parser.add_argument(
        "--threads",
        type=_threads,
        default=_cores(),
        help="of every contestant; default: the cores",
    )
    parser.add_argument("--rounds", type=_positive, help="turns of each contestant; default: 11")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements here too")
    parser.add_argument("--no-page", action="store_true", help="leave docs/performance.md alone")
    parser.add_argument(
        "--page-from", type=Path, metavar="FILE", help="measure nothing, write the page from a file"
    )
    return parser


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number, 1 or more, got {text!r}")
    return int(text)


def _threads(text: str) -> int:
    if _positive(text) > _cores():
        raise argparse.ArgumentTypeError(f"expected at most one for each of {_cores()} cores")
    return _positive(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
