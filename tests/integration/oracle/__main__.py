"""Compare the two readings over any seeds: `python -m tests.integration.oracle --help`."""

import argparse
import sys
import tempfile
from pathlib import Path

from orchestration.settings import Home
from tests.integration.homes import retention
from tests.integration.oracle.comparison import Comparison
from tests.integration.oracle.evaluator import Evaluator
from tests.integration.oracle.generator import MONTHS, OPTIONAL, Generator
from tests.integration.oracle.world import World


def differences(home: Home, seed: int, *, lines: int = 100, without: tuple[str, ...] = ()) -> list[str]:
    """Write a world into `home`, close its months by the real command, and compare the readings."""
    Generator(seed, lines).write(home.landing, without=without)
    retention(home, "run", "--from-month", f"{MONTHS[0]:%Y-%m}", "--month", f"{MONTHS[-1]:%Y-%m}")
    return compared(home)


def compared(home: Home) -> list[str]:
    """Return what the two readings of a closed home do not share."""
    return list(Comparison(Evaluator(World(home.landing)), home.warehouse_file).differences())


def main() -> None:
    """Compare the seeds named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.integration.oracle")
    parser.add_argument("seeds", type=int, nargs="+", help="one world each")
    parser.add_argument("--lines", type=int, default=100, help="lines of a world")
    parser.add_argument("--without", nargs="*", default=[], choices=OPTIONAL, help="tables left out")
    parser.add_argument("--week", help="a Wednesday, whose weekly run follows the months")
    parser.add_argument("--keep", type=Path, help="folder for the homes, to look into them afterwards")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for seed in options.seeds:
            home = Home((options.keep or Path(scratch)).resolve() / f"world-{seed}")
            found = differences(home, seed, lines=options.lines, without=tuple(options.without))
            if options.week:
                retention(home, "warn", "--week", options.week)
                found += compared(home)
            sys.stdout.write("\n  ".join([f"seed {seed}: {len(found)} differences", *found]) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
