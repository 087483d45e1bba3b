"""The generic set-up of a service: its link to a type, and the rotation of its log."""

from __future__ import annotations

import os

from sciportal.service.executable import Executable
from sciportal.service.home import Home
from sciportal.service.layout import CENTRAL, LOGS, ROTATION, STATE, Layout
from sciportal.service.plan import Step
from sciportal.service.site import Site


def directories(home: Home) -> None:
    """Make the directories that every service needs."""
    for each in (CENTRAL, STATE, LOGS):
        home.make_directory(each)


def missing(home: Home, layout: Layout, executable: Executable, rules: Site) -> tuple[Step, ...]:
    """The steps that remain of the set-up of a service."""
    steps = []
    if not executable.there and executable.type_path:
        steps.append(Step("link", f"{layout.executable} to {executable.type_path}"))
    if home.read(layout.rotation) != rotation(home, layout, rules):
        steps.append(Step("write", layout.rotation))
    if not home.is_there(layout.rotation_link):
        steps.append(Step("link", layout.rotation_link))
    return tuple(steps)


def do(step: Step, home: Home, layout: Layout, executable: Executable, rules: Site) -> None:
    """Do one step that `missing` named."""
    if step.step == "write":
        home.write(layout.rotation, rotation(home, layout, rules))
    elif step.detail == layout.rotation_link:
        home.make_directory(ROTATION, 0o755)
        target = os.path.join("..", layout.rotation)
        home.link(layout.rotation_link, target)
    else:
        home.link(layout.executable, executable.type_path)


def rotation(home: Home, layout: Layout, rules: Site) -> str:
    """Configuration of logrotate(8) for the log of a service."""
    return rotation_of(home.path(layout.log), rules)


def rotation_of(logs: str, rules: Site) -> str:
    """Configuration of logrotate(8) for logs that their writer keeps open: copied, then cut.

    Args:
        logs: absolute path, or pattern of paths.
        rules: the site's settings.
    """
    return f"""\
"{logs}" {{
    size {rules.log_size}
    rotate {rules.log_rotations}
    copytruncate
    compress
    missingok
    notifempty
}}
"""
