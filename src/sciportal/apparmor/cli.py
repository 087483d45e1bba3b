"""The command `sciportal-apparmor`, which the role apparmor runs as root."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from contextlib import suppress
from pathlib import Path

from sciportal import outcome
from sciportal.apparmor import kernel, transitions
from sciportal.service.errors import ServiceError, UsageError

# What was loaded since the host was booted; at boot the distribution loads what is in the files.
_STATE = Path("/run/sciportal-apparmor")
_POLICY = Path("/etc/apparmor.d")


def main(argv: list[str] | None = None) -> int:
    """Run the command and return its exit code: 0 done, 1 failed, 2 usage.

    Args:
        argv: its arguments without the command's name; the process's by default.
    """
    options = _parser().parse_args(argv)

    def every() -> int:
        for each in options.files:
            options.action(each, options)
        return 0

    return outcome.exit_code("sciportal-apparmor", every)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sciportal-apparmor",
        description="Profiles of the site. Exit codes: 0 done, 1 failed, 2 usage.",
    )
    verbs = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    check = verbs.add_parser("check", help="compile, and see that all that rules lead to is there")
    check.set_defaults(action=_check)
    load = verbs.add_parser("load", help="load what is not yet loaded as it is in the file")
    load.set_defaults(action=_load)
    load.add_argument("--mode", choices=["enforce", "complain"], required=True)
    remove = verbs.add_parser("remove", help="take profiles out of the kernel")
    remove.set_defaults(action=_remove)
    for verb in (load, remove):
        verb.add_argument("--dry-run", action="store_true", help="say what would be done")
    for verb in (check, load, remove):
        verb.add_argument("files", nargs="+", type=Path, metavar="FILE")
    return parser


def _check(path: Path, _options: argparse.Namespace) -> None:
    kernel.compile_only(str(path))
    names = kernel.names(str(path))
    others = {*kernel.loaded(), *_elsewhere(path)}
    found = transitions.problems(path.read_text("utf-8"), names, others)
    if found:
        advice = "name a profile that is there, or add it"
        raise UsageError(f"check {path.name}", "; ".join(found), advice)


def _elsewhere(path: Path) -> set[str]:
    """Profiles in the site's other files; what does not compile there is not ours to judge."""
    found: set[str] = set()
    for each in sorted(_POLICY.glob("sciportal.*")):
        if each != path:
            with suppress(ServiceError):
                found.update(kernel.names(str(each)))
    return found


def _load(path: Path, options: argparse.Namespace) -> None:
    _need_kernel()
    modes = kernel.loaded()
    current = all(modes.get(each) == options.mode for each in kernel.names(str(path)))
    if current and _is_noted(path):
        return
    if not options.dry_run:
        kernel.replace(str(path))
        _STATE.mkdir(mode=0o755, exist_ok=True)
        _note(path).write_text(_digest(path))
    print(f"{path.name}: loaded to {options.mode}")


def _remove(path: Path, options: argparse.Namespace) -> None:
    if not path.exists():
        return
    there = kernel.is_there() and any(each in kernel.loaded() for each in kernel.names(str(path)))
    if there and not options.dry_run:
        kernel.unload(str(path))
        _note(path).unlink(missing_ok=True)
    if there:
        print(f"{path.name}: removed")


def _need_kernel() -> None:
    if not kernel.is_there():
        found = "the kernel of this host has no AppArmor, or it is switched off"
        advice = "boot with apparmor=1 security=apparmor, or set apparmor_required to false"
        raise ServiceError("load profiles", found, advice)


def _is_noted(path: Path) -> bool:
    """Whether the kernel has what is in the file now."""
    try:
        return _note(path).read_text() == _digest(path)
    except FileNotFoundError:
        return path.stat().st_mtime < _booted()


def _note(path: Path) -> Path:
    return _STATE / path.name


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _booted() -> float:
    for line in Path("/proc/stat").read_text().splitlines():
        if line.startswith("btime "):
            return float(line.split()[1])
    return float(os.stat("/proc/1").st_mtime)


if __name__ == "__main__":
    sys.exit(main())
