"""The entry point of `sbatch-service`: as little as possible, so that Ctrl-C meets it early."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command and return its exit code."""
    import gc

    try:
        # What is imported stays, so there is nothing to collect meanwhile.
        gc.disable()
        from sciportal.service.cli import main as run

        gc.enable()
        return run()
    except KeyboardInterrupt:
        print("\nsbatch-service: interrupted before anything was done", file=sys.stderr)
        return 130
