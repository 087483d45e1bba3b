"""What a mapped job is compared with: one process evaluates all points in order."""

from __future__ import annotations

_PROGRAM = """
import importlib, json, sys

start, stop, number = float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
step = (stop - start) / (number - 1)
points = [start + step * each for each in range(number - 1)] + [stop]
sys.path.insert(0, ".")
function = importlib.import_module(sys.argv[1]).R
print(json.dumps([float(function(each)) for each in points]))
"""
# With a processor to itself a process is no slower than with threads that wait for each other.
_THREADS = ("OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "NUMBA_NUM_THREADS=1")


def call(directory: str, module: str, start: float, stop: float, number: int) -> list[str]:
    """The words that evaluate R(x) of a module for points at equal distances.

    Args:
        directory: of the module, where it runs.
        module: its name.
        start: the first point.
        stop: the last one.
        number: how many there are.

    Returns:
        A call that prints the results as JSON, on a host that has /opt/science.
    """
    python = ["/opt/science/bin/python", "-c", _PROGRAM, module]
    return ["env", "-C", directory, *_THREADS, *python, *map(str, (start, stop, number))]
