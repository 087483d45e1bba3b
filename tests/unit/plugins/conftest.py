"""Makes the collection importable from a checkout; ansible-test's own way is left alone."""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = {
    "ansible_collections": [],
    "ansible_collections.sciportal": [],
    "ansible_collections.sciportal.hosting": [str(ROOT)],
}


def _importable() -> bool:
    try:
        return importlib.util.find_spec("ansible_collections.sciportal.hosting") is not None
    except ModuleNotFoundError:
        return False


if not _importable():
    for name, places in PACKAGES.items():
        package = sys.modules.setdefault(name, types.ModuleType(name))
        package.__path__ = places
        # What Ansible's own import hook looks for, where another test installs it.
        package._collection_meta = {}  # type: ignore[attr-defined]
