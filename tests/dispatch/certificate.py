"""A certificate that vouches for itself, for the portal of tests."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Certificate(NamedTuple):
    """Where it is."""

    path: Path
    key: Path


def made(
    root: Path, names: Sequence[str] = ("DNS:localhost",), environment: Mapping[str, str] = {}
) -> Certificate:
    """Make one for 30 days, which everybody may read.

    Args:
        root: the directory of certificate and key.
        names: whom it is for, as openssl has alternative names.
        environment: of openssl, beside that of the tests.
    """
    where = Certificate(root / "ca.pem", root / "ca.key")
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    words += ["-nodes", "-days", "30", "-subj", "/CN=localhost", "-addext"]
    words += [f"subjectAltName={','.join(names)}", "-keyout", str(where.key)]
    subprocess.run(
        [*words, "-out", str(where.path)],
        check=True,
        capture_output=True,
        env={**os.environ, **environment},
    )
    where.path.chmod(0o644)
    return where
