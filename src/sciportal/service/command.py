"""The entry point of `sbatch-service`: as little as possible, so that Ctrl-C meets it early."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command; the process ends with its exit code."""
    import gc

    try:
        # What is imported stays, so there is nothing to collect meanwhile.
        gc.disable()
        from sciportal.service.cli import main as run

        gc.enable()
        return _ended(run())
    except KeyboardInterrupt:
        print("\nsbatch-service: interrupted before anything was done", file=sys.stderr)
        return 130


def _ended(code: int) -> int:
    """End at once where all could be said: Python's own tidying up serves nobody then."""
    try:
        if sys.stdout:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has seen enough.
        code = code or 1
    except OSError as error:
        print(f"sbatch-service: standard output: {error.strerror}; make room", file=sys.stderr)
        code = code or 1
    if sys.stderr:
        sys.stderr.flush()
    os._exit(code)
