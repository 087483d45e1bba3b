"""Builds the wheel of `sciportal`: PEP 517 and PEP 660 by the standard library, with no network.

The same source gives the same bytes, on every machine and at any time, so that a role can tell by
the version alone whether a host has what the controller has. Run as a program it puts the wheel in
a directory and prints its path: `python sciportal_build.py DIRECTORY`.
"""

from __future__ import annotations

import base64
import hashlib
import io
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
# The oldest time that a zip archive can carry.
TIMESTAMP = (1980, 1, 1, 0, 0, 0)

Config = dict[str, Any] | None


def project() -> dict[str, Any]:
    """The `[project]` table of pyproject.toml, the one place for name, version and commands."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return table


def package_files() -> dict[str, bytes]:
    """What a wheel carries, by its path in the archive, without what Python compiled."""
    return {
        path.relative_to(SOURCE).as_posix(): path.read_bytes()
        for path in sorted(SOURCE.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def entry_points() -> str:
    """entry_points.txt with the commands of `[project.scripts]`."""
    lines = [f"{name} = {target}" for name, target in sorted(project()["scripts"].items())]
    return "\n".join(["[console_scripts]", *lines, ""])


def version() -> str:
    """The version with the first eight digits of the content's SHA-256 (PEP 440, local version)."""
    digest = hashlib.sha256(entry_points().encode())
    for name, data in package_files().items():
        digest.update(f"{name}\0{len(data)}\0".encode() + data)
    return f"{project()['version']}+g{digest.hexdigest()[:8]}"


def core_metadata() -> str:
    """METADATA in the core metadata format 2.4."""
    table = project()
    return (
        f"Metadata-Version: 2.4\nName: {table['name']}\nVersion: {version()}\n"
        f"Summary: {table['description']}\nLicense-Expression: {table['license']}\n"
        f"Requires-Python: {table['requires-python']}\n"
    )


def write_wheel(directory: str, files: dict[str, bytes]) -> str:
    """Writes a wheel of `files` and its metadata into `directory`; returns the wheel's name."""
    stem = f"{project()['name']}-{version()}"
    info = f"{stem}.dist-info"
    tags = "Wheel-Version: 1.0\nGenerator: sciportal\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    contents = dict(files)
    contents[f"{info}/METADATA"] = core_metadata().encode()
    contents[f"{info}/WHEEL"] = tags.encode()
    contents[f"{info}/entry_points.txt"] = entry_points().encode()
    record = ""
    for name, data in contents.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{name},sha256={digest},{len(data)}\n"
    contents[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()

    target = Path(directory) / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            member = zipfile.ZipInfo(name, TIMESTAMP)
            member.external_attr = 0o100644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)
    return target.name


def build_wheel(directory: str, config: Config = None, metadata: str | None = None) -> str:
    """PEP 517: the wheel."""
    return write_wheel(directory, package_files())


def build_editable(directory: str, config: Config = None, metadata: str | None = None) -> str:
    """PEP 660: a wheel with a path file to the checkout instead of the code."""
    return write_wheel(directory, {"sciportal.pth": f"{SOURCE}\n".encode()})


def build_sdist(directory: str, config: Config = None) -> str:
    """PEP 517: the source, with this backend."""
    stem = f"{project()['name']}-{version()}"
    files = {f"src/{name}": data for name, data in package_files().items()}
    for name in (Path(__file__).resolve().relative_to(ROOT).as_posix(), "pyproject.toml"):
        files[name] = (ROOT / name).read_bytes()
    files["PKG-INFO"] = core_metadata().encode()
    with tarfile.open(Path(directory) / f"{stem}.tar.gz", "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"{stem}/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return f"{stem}.tar.gz"


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit("usage: sciportal_build.py DIRECTORY   (an existing directory for the wheel)")
    print(Path(sys.argv[1]).resolve() / build_wheel(sys.argv[1]))
