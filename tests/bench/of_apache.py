"""An account's Apache beside the distribution's own on the same node."""

from __future__ import annotations

import json
import re
import statistics
from typing import NamedTuple

from bench.figures import Figure
from bench.place import USER, Place

ROUNDS = 5
SECONDS = 3
_CONNECTIONS = 16
_BYTES = 4096
_FILE = "bench.html"
_REQUESTS = 1000
# The distribution's listens on port 80, which is none of a service.
_INSTALL = """
set -e
had() { dpkg-query --show --showformat='${db:Status-Status}' $1 2>/dev/null | grep -qx installed; }
had apache2 || touch /tmp/bench/remove
apt-get -qq install --yes --no-install-recommends apache2 wrk >/dev/null
systemctl start apache2
cp "$1" /var/www/html/bench.html && chmod 644 /var/www/html/bench.html
"""
_REMOVE = """
rm -f /var/www/html/bench.html
[ ! -e /tmp/bench/remove ] || apt-get -qq purge --yes apache2 >/dev/null
"""


class Apache(NamedTuple):
    """What was measured of an account's Apache."""

    figure: Figure
    pss: int
    """KiB of all processes of the job while nobody asks, memory that they share counted once."""
    processes: int


def measure(place: Place) -> Apache:
    """Requests a second of the same file, and memory."""
    page = f"{'x' * (_BYTES - 1)}\n"
    place.cluster.write(USER, f"public_html/{_FILE}", page)
    place.account("sbatch-service", "deploy", "--wait", "apache")
    node = ""
    try:
        said = json.loads(place.account("sbatch-service", "status", "--json", "apache"))
        (told,) = said["results"]
        node = told["node"]
        idle = json.loads(place.program("node.py", "total", "apache", host=node, user=USER))
        file = f"/home/{USER}/public_html/{_FILE}"
        place.cluster.run(node, ["sh", "-c", _INSTALL, "sh", file], timeout=300)
        ours = f"http://127.0.0.1:{told['endpoint']['port']}/~{USER}/{_FILE}"
        theirs = f"http://127.0.0.1:80/{_FILE}"
        pairs = []
        for number in range(ROUNDS):
            urls = (ours, theirs) if number % 2 else (theirs, ours)
            rates = {url: _rate(place, node, url) for url in urls}
            pairs.append((rates[ours], rates[theirs]))
    finally:
        if node:
            place.cluster.run(node, ["sh", "-c", _REMOVE], check=False, timeout=300)
        place.account("sbatch-service", "purge", "--yes", "--no-archive", "apache")
        place.account("rm", "-f", f"public_html/{_FILE}")
    mine, other = (statistics.median(each) for each in zip(*pairs, strict=True))
    # The ratio of each pair, since what else the machine does is felt by both of a pair.
    ratio = statistics.median(theirs / ours for ours, theirs in pairs)
    figure = Figure(
        f"{_REQUESTS} requests of a file of {_BYTES} bytes, {_CONNECTIONS} connections",
        ratio * _REQUESTS / other,
        "the distribution's Apache, as www-data",
        _REQUESTS / other,
        (0, 0),
        "1.05",
        1 / 0.85,
        f"{mine:.0f} and {other:.0f} a second",
    )
    return Apache(figure, idle["pss"], idle["processes"])


def _rate(place: Place, node: str, url: str) -> float:
    argv = ["wrk", "-c", str(_CONNECTIONS), "-t", "1", "-d", f"{SECONDS}s", url]
    said = place.cluster.run(node, argv, user=USER).out
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{url}: {said}")
    found = re.search(r"Requests/sec: +([0-9.]+)", said)
    assert found, said
    return float(found[1])
