"""What the files of a home mean to its services."""

from __future__ import annotations

from collections.abc import Mapping


def is_of(name: str, path: str) -> bool:
    """Whether a path is one of a service's, with what the kill of a write may have left there."""
    places = (".sbatch-service/", ".sbatch-service/.state/", ".sbatch-service/log/")
    names = {place + name for place in places} | {f".logrotate.d/{name}-service"}
    return path in names or any(path.startswith(f"{each}.") for each in names)


def is_kept(path: str) -> bool:
    """Whether an archive is to hold it: neither locks nor what the kill of a write left."""
    return not path.endswith((".lock", ".tmp"))


def archived(files: Mapping[str, str], path: str) -> list[str]:
    """The texts of a path in all archives of a home."""
    return [text for name, text in files.items() if name.endswith(f"!{path}")]
