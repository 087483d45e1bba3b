#!/usr/bin/python3
"""The Python that Ansible's modules are given on hosts of the test cluster.

A module brings the library that all modules share in an archive, whose sources Python compiles
anew in each call: a third of a call's time, and a converged cluster is asked hundreds of things.
Here they are compiled once. The modules themselves, and all programs of the hosts, know nothing
of it.
"""

import hashlib
import marshal
import os
import runpy
import sys
import zipimport
from types import CodeType

# Made by tools/image; root's, so an account's modules use what is there and keep nothing.
STORE = "/var/cache/ansible-modules"
_compile = zipimport._compile_source  # type: ignore[attr-defined]


def _compiled(path: str, source: bytes) -> CodeType:
    place = f"{STORE}/{hashlib.sha256(source).hexdigest()}"
    try:
        with open(place, "rb") as kept:
            code: CodeType = marshal.load(kept)
            return code
    except OSError:
        code = _compile(path, source)
    own = f"{place}.{os.getpid()}"
    try:
        with open(own, "xb") as new:
            marshal.dump(code, new)
        os.rename(own, place)
    except OSError:
        pass
    return code


zipimport._compile_source = _compiled  # type: ignore[attr-defined]
if len(sys.argv) > 1:
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
else:
    exec(compile(sys.stdin.read(), "<stdin>", "exec"))
