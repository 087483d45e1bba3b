"""The declared workers of all virtual hosts, as they are on the disk and in Apache."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from sciportal.frontend import files, workers
from sciportal.frontend.apache import Apache
from sciportal.frontend.hosts import Host
from sciportal.frontend.routes import Route
from sciportal.frontend.workers import Limits


def refresh(
    directory: Path,
    hosts: Sequence[Host],
    routes: Iterable[Route],
    apache: Apache,
    *,
    now: float,
    limits: Limits,
    ttl: int,
) -> int | None:
    """Declare workers for the routes, where some are due.

    Args:
        directory: of the files.
        hosts: that need workers.
        routes: that are there.
        apache: which takes the files, or not.
        now: in seconds since the epoch.
        limits: of each host.
        ttl: seconds after which an idle connection is not used again.

    Returns:
        How many are declared, or None where nothing changed.

    Raises:
        ServiceError: Apache does not take them; it has the old ones again.
        OSError: they cannot be written.
    """
    known = list(routes)
    old = {path: path.read_text(encoding="utf-8") for path in directory.glob("*.conf")}
    new: dict[Path, str] = {}
    maps: dict[Path, str] = {}
    count = 0
    for host in hosts:
        path = directory / f"{host.name}.conf"
        targets = workers.choose(workers.parse(old.get(path, "")), host.routes(known), now, limits)
        if not targets:
            continue
        made = workers.declarations(targets, ttl, directory, host.name)
        new[path] = made.text
        maps[directory / made.map_name] = made.map_text
        count += len(targets)
    if new == old:
        return None
    before = set(_maps(old.values(), directory))
    for path, text in maps.items():
        files.replace_if_changed(path, text)
    apache.install(new, old)
    # Processes with the last request of the configuration before still read its maps.
    for path in set(directory.glob("*.map")) - before - maps.keys():
        path.unlink()
    return count


def _maps(texts: Iterable[str], directory: Path) -> list[Path]:
    return [path for path in directory.glob("*.map") for text in texts if f'"txt:{path}"' in text]
