"""Looking at real processes."""

from __future__ import annotations

import time
from pathlib import Path


def script(path: Path, text: str, mode: int = 0o700) -> str:
    """Write an executable file and return its path."""
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not reaped by its parent does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def ends(pid: int, seconds: float = 30.0) -> bool:
    """Whether a process ends within some seconds."""
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def noted_ends(path: Path) -> bool:
    """Whether the process ends that wrote its number there, if it came so far."""
    text = path.read_text().strip() if path.exists() else ""
    return not text or ends(int(text))


def descriptors() -> int:
    """How many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))
