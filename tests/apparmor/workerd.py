"""A worker as the seeds have it: looks around, then has a shell run what it is told.

    workerd.py LOOKS COMMAND

LOOKS is a JSON list of [way, path], where the way is a mode of open(3), or "socket". Prints, as
JSON, for each path "done" or the error that it met, and what the command printed.
"""

import errno
import json
import socket
import subprocess
import sys
from pathlib import Path


def look(way: str, path: str) -> str:
    """Do one thing, and say how it went."""
    try:
        if way == "socket":
            socket.socket().close()
            return "done"
        with Path(path).open(way) as file:
            if way == "r":
                file.read(1)
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "done"


found = {path: look(way, path) for way, path in json.loads(sys.argv[1])}
ended = subprocess.run(["/bin/sh", "-c", sys.argv[2]], capture_output=True, text=True, check=False)
print(json.dumps({"looks": found, "out": ended.stdout, "err": ended.stderr}))
