"""What a call of the command imports."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3] / "src"


def modules(words: Sequence[str]) -> set[str]:
    """The modules that are there when the words of a call have been read."""
    program = (
        "import sys; from sciportal.service import cli, words; words.parse(sys.argv[1:]);"
        "print(*sys.modules)"
    )
    # Without site, which imports what a development environment wants.
    return set(
        subprocess.run(
            [sys.executable, "-S", "-c", program, *words],
            env={"PYTHONPATH": str(SOURCE)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
    )
