#!/usr/bin/python3
"""A queue of thousands of jobs for the benchmark of routes: squeue as the route daemon calls it.

Beside it lies `queue`, a job a line, its fields in the order that is asked for and with tabs
between them. Standard library only.
"""

import sys
from pathlib import Path


def main() -> None:
    """Print all jobs in the form that is asked for."""
    form = sys.argv[sys.argv.index("-o") + 1]
    mark = form[: form.index("]") + 1]
    separator = "|" + form[len(mark) :].split("|")[1] + "|"
    lines = Path(__file__).with_name("queue").read_text().splitlines()
    sys.stdout.writelines(f"{mark}{line.replace(chr(9), separator)}\n" for line in lines)


if __name__ == "__main__":
    main()
