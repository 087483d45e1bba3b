"""wrk(1), with what became of each request."""

from __future__ import annotations

import json
import time
from typing import NamedTuple

from cluster.testbed import CTL, WEB, Cluster

# Of each thread, added up at the end. An answer of 503 that says when to come back is no failure
# where a service is being started again. What wrk calls an error may be an answer that ends with
# its connection.
_SCRIPT = """\
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init() served, waits, failed, closed, last = 0, 0, 0, 0, "" end
function response(status, headers, body)
    local after, length, close = false, false, false
    for name, value in pairs(headers) do
        name = name:lower()
        after = after or name == "retry-after"
        length = length or name == "content-length" or name == "transfer-encoding"
        close = close or name == "connection" and value:lower() == "close"
    end
    if close and not length then closed = closed + 1 end
    if status == 200 then served = served + 1
    elseif status == 503 and after then waits = waits + 1
    else failed = failed + 1; last = status .. " " .. body:sub(1, 60):gsub("[^%w ]", "") end
end
function done(summary)
    local served, waits, failed, closed, last = 0, 0, 0, 0, ""
    for _, thread in ipairs(threads) do
        closed = closed + thread:get("closed")
        served, waits = served + thread:get("served"), waits + thread:get("waits")
        failed, last = failed + thread:get("failed"), thread:get("last")
    end
    local errors = summary.errors
    io.write(string.format('\\n{"served": %d, "waits": %d, "failed": %d, "last": "%s", ' ..
        '"broken": %d, "late": %d, "seconds": %f}\\n', served, waits, failed, last,
        errors.connect + errors.read + errors.write - closed, errors.timeout,
        summary.duration / 1e6))
end
"""
CONNECTIONS = 16
_PLACE = "/tmp/outcomes.lua"
_INSTALL = (
    "command -v wrk >/dev/null || apt-get -qq install --yes --no-install-recommends wrk >/dev/null"
)


class Outcome(NamedTuple):
    """What became of the requests."""

    served: int
    waits: int
    """Answers 503 with Retry-After."""
    failed: int
    """Any other answer."""
    last: str
    broken: int
    """Connections that were refused or that ended in the middle."""
    late: int
    """Answers that took longer than ten seconds."""
    seconds: float


def prepare(cluster: Cluster, host: str = CTL) -> None:
    """Have wrk and our script on a host."""
    cluster.run(host, ["sh", "-c", f"{_INSTALL}; cat >{_PLACE}"], stdin=_SCRIPT)


class Wrk:
    """Sixteen connections that ask for one page of the front end, as long as they are told.

    Args:
        cluster: where.
        path: of the page.
        seconds: how long.
    """

    def __init__(self, cluster: Cluster, path: str, seconds: int) -> None:
        # A reload of the front end ends connections that wait, which wrk takes for broken: what
        # is to be declared is declared before.
        cluster.run(WEB, ["systemctl", "start", "sciportal-workers"])
        time.sleep(1)
        argv = ["wrk", "-c", str(CONNECTIONS), "-t", "1", "-d", f"{seconds}s", "--timeout", "10s"]
        self._process = cluster.start(CTL, [*argv, "-s", _PLACE, f"http://{WEB}:80{path}"])
        self._seconds = seconds

    def is_running(self) -> bool:
        """Whether they still ask."""
        return self._process.poll() is None

    def outcome(self) -> Outcome:
        """Wait for the end."""
        out, err = self._process.communicate(timeout=self._seconds + 60)
        assert self._process.returncode == 0, err
        return Outcome(**json.loads(out.splitlines()[-1]))
