"""JupyterHub's proxy on the web host, with the same routes to the same backends."""

from __future__ import annotations

import json
import subprocess

from bench.crossing import FIRST_PORT
from bench.place import USER
from cluster.testbed import NODES, PODMAN, ROOT, WEB, Cluster, wait_for

VERSION = "configurable-http-proxy==4.6.3"
PORT = 8092
_API = 8093
_PLACE = "/run/sciportal-chp"
_PROGRAM = "node_modules/configurable-http-proxy/bin/configurable-http-proxy"
_ADD = """
import http.client, json, sys
routes = json.load(sys.stdin)
api = http.client.HTTPConnection("127.0.0.1", {port})
for path, target in routes.items():
    api.request("POST", "/api/routes" + path, json.dumps({{"target": target}}))
    answer = api.getresponse()
    answer.read()
    assert answer.status == 201, answer.status
"""


class Chp:
    """The proxy, from npm.

    Args:
        cluster: where.

    Raises:
        subprocess.CalledProcessError: npm could not fetch it.
        FileNotFoundError: there is no npm here.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        folder = ROOT / ".cache" / "chp"
        if not (folder / _PROGRAM).exists():
            folder.mkdir(parents=True, exist_ok=True)
            wanted = VERSION.replace("==", "@")
            npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder)]
            subprocess.run([*npm, wanted], check=True, capture_output=True)
        node = "command -v node >/dev/null || apt-get -qq install -y --no-install-recommends nodejs"
        self._shell(f"mkdir -p {_PLACE}; {node} >/dev/null 2>&1")
        subprocess.run([PODMAN, "cp", f"{folder}/.", f"{WEB}:{_PLACE}"], check=True)
        options = f"--ip 0.0.0.0 --port {PORT} --api-ip 127.0.0.1 --api-port {_API}"
        unit = "systemd-run --quiet --unit sciportal-chp --uid www-data"
        log = "--log-level error"
        self._shell(f"{unit} node {_PLACE}/{_PROGRAM} {options} {log} --no-include-prefix")
        argv = ["curl", "-so", "/dev/null", f"http://127.0.0.1:{_API}/api/routes"]
        wait_for(lambda: not cluster.run(WEB, argv, check=False).code, 30)

    def have(self, count: int) -> None:
        """Have so many routes."""
        routes = {
            f"/~{USER}:bench{number}": f"http://{NODES[0]}:{FIRST_PORT + number}"
            for number in range(count)
        }
        program = ["python3", "-c", _ADD.format(port=_API)]
        self._cluster.run(WEB, program, stdin=json.dumps(routes))

    def url(self, service: str) -> str:
        """A page of a service."""
        return f"http://{WEB}:{PORT}/~{USER}:{service}/page"

    def remove(self) -> None:
        """Leave nothing of it."""
        self._shell(f"systemctl stop sciportal-chp; rm -rf {_PLACE}")

    def _shell(self, script: str) -> None:
        self._cluster.run(WEB, ["sh", "-c", script], timeout=300)
