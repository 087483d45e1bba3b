"""The examples that come with applications, for people to download and submit."""

from __future__ import annotations

from importlib import resources

from sciportal.jobs import names


def of(application: str) -> dict[str, bytes]:
    """The files of an application's example by name; none where it has no example.

    Args:
        application: its name, which may come from outside.
    """
    if not names.is_application(application):
        return {}
    place = resources.files(__package__) / "examples" / application
    if not place.is_dir():
        return {}
    # An installed package has what Python compiled, in a directory beside them.
    files = (each for each in place.iterdir() if names.is_file(each.name) and each.is_file())
    return {each.name: each.read_bytes() for each in sorted(files, key=lambda each: each.name)}
