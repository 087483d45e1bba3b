"""Thousands of routes on the running cluster, and what they are compared to.

The queue is a stand-in: jobs for all of them would need hundreds of nodes, and what Slurm does is
not measured here. From there on everything is real: the route daemon with its unit, the declared
workers, Apache and the guard's rules. So are the backends, one nginx on a node that listens on a
port for each service, as the account.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from bench.place import PARTITION, USER
from cluster.testbed import NODES, PODMAN, WEB, Cluster, wait_for

# Above the ports that services of the cluster are given first.
FIRST_PORT = 20000
STATIC_PORT = 8091
BYTES = 4096
_NODE = NODES[0]
# /tmp is another one to the daemon.
_PLACE = "/run/sciportal-bench"
_STATIC = "/etc/apache2/sites-enabled/zz-bench.conf"
_WORKERS = "/etc/apache2/sciportal/workers"
_HERE = Path(__file__).parent
_INSTALL = """
set -e
mkdir -p {place}
for each in {packages}; do
    dpkg-query --show --showformat='${{db:Status-Status}}' $each 2>/dev/null | grep -qx installed ||
        apt-get -qq install --yes --no-install-recommends $each >/dev/null 2>&1
done
"""
_NGINX = """
pid {place}/nginx.pid;
error_log {place}/nginx.err;
worker_processes 1;
worker_rlimit_nofile 20000;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    keepalive_requests 1000000;
    keepalive_timeout 75;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    default_type text/html;
    server {{
        listen {first}-{last};
        add_header X-Port $server_port always;
        # A word of the configuration may have 4096 bytes with its quotes.
        set $half "{half}";
        location / {{ return 200 "$half$half"; }}
    }}
}}
"""
_HAND_WRITTEN = """
Listen {port}
<VirtualHost *:{port}>
    ProxyPreserveHost On
    ProxyPass "/" "http://{node}:{backend}/" enablereuse=on ttl=1
    CustomLog "/var/log/apache2/bench.log" combined
</VirtualHost>
"""


class Held(NamedTuple):
    """What the processes of a kind hold."""

    processes: int
    pss: int
    """KiB, memory that they share counted once."""


class Crossing:
    """The web host with as many routes as are asked for.

    Args:
        cluster: where.
        most: how many there will be.
    """

    def __init__(self, cluster: Cluster, most: int) -> None:
        self.cluster = cluster
        self._most = most
        self._ports: dict[str, int] = {}
        self._install(_NODE, "nginx")
        self._install(WEB)
        self._uid = cluster.run(_NODE, ["id", "-u", USER]).out.strip()
        self._backends()
        self._feed()
        self._static()

    def have(self, count: int) -> None:
        """Have exactly so many routes, all of them with a worker."""
        self._ports = {f"bench{number}": FIRST_PORT + number for number in range(count)}
        self._write()
        routes = ["service-routes", "status", "--json"]
        wait_for(lambda: self.cluster.run(WEB, routes).json()["routes"] == count, 30)
        self._shell(f"rm -f {_WORKERS}/*; systemctl start sciportal-workers", WEB)
        found = self._shell(f"grep -c BalancerMember {_WORKERS}/_public.conf", WEB)
        if int(found) != count:
            raise AssertionError(f"{found} workers for {count} routes")
        # Processes of the configuration before end, and the first ones of this begin.
        time.sleep(5)

    def route(self, service: str, port: int | None) -> None:
        """Have a service at another port, or none."""
        if port is None:
            del self._ports[service]
        else:
            self._ports[service] = port
        self._write()

    def url(self, service: str) -> str:
        """A page of a service."""
        return f"http://{WEB}:80/~{USER}:{service}/page"

    def port_of(self, service: str) -> str:
        """The port that answers for a service now; empty for none."""
        page = self.cluster.get(f"/~{USER}:{service}/page")
        return page.headers.get("X-Port", "") if page.status == 200 else ""

    def held(self, program: str) -> Held:
        """What the processes of a program on the web host hold."""
        text = (_HERE / "node.py").read_text()
        # Root of a container may not look at what belongs to others.
        argv = [PODMAN, "exec", "--privileged", "-i", WEB, "python3", "-", "held", program]
        done = subprocess.run(argv, input=text, capture_output=True, text=True, check=True)
        return Held(**json.loads(done.stdout))

    def remove(self) -> None:
        """Leave nothing of it."""
        self._shell(f"kill $(cat {_PLACE}/nginx.pid)", _NODE, check=False)
        self._shell(f"rm -rf {_PLACE}; systemctl start sciportal-guard-queue.service", _NODE)
        self._shell("systemctl start sciportal-guard-queue.timer", _NODE)
        drop = "/run/systemd/system/sciportal-routes.service.d"
        self._shell(f"rm -rf {drop} {_PLACE} {_STATIC} {_WORKERS}/*", WEB)
        again = (
            "systemctl daemon-reload; systemctl restart sciportal-routes; systemctl reload apache2"
        )
        self._shell(again, WEB)

    def _install(self, host: str, *packages: str) -> None:
        script = _INSTALL.format(place=_PLACE, packages=" ".join(packages))
        self.cluster.run(host, ["sh", "-c", script], timeout=300)

    def _backends(self) -> None:
        last = FIRST_PORT + self._most + 1
        half = "x" * (BYTES // 2)
        text = _NGINX.format(place=_PLACE, first=FIRST_PORT, last=last, half=half)
        # The package comes with a unit, which is not wanted.
        script = f"systemctl disable --quiet --now nginx; cat >{_PLACE}/nginx.conf"
        script += f"; chown {USER} {_PLACE}"
        self.cluster.run(_NODE, ["sh", "-c", script], stdin=text)
        # As Slurm's prolog does for each job.
        elements = ", ".join(f"{port} . {self._uid}" for port in range(FIRST_PORT, last + 1))
        rule = f"add element inet sciportal_guard owners {{ {elements} }}\n"
        self._shell("systemctl stop sciportal-guard-queue.timer", _NODE)
        self.cluster.run(_NODE, ["nft", "-f", "-"], stdin=rule)
        # By runuser PAM would have its say about the limit.
        become = f"setpriv --reuid {USER} --regid {USER} --init-groups"
        limit = f"ulimit -n 20000; exec {become} nginx -c {_PLACE}/nginx.conf"
        self._shell(limit, _NODE)

    def _feed(self) -> None:
        """Have the daemon ask the queue that we write."""
        stand_in = (_HERE / "squeue.py").read_text()
        self.cluster.run(WEB, ["sh", "-c", f"cat >{_PLACE}/squeue"], stdin=stand_in)
        unit = (
            "[Service]\\nExecStart=\\n"
            "ExecStart=/opt/sciportal/bin/service-routes"
            f" --config {_PLACE}/service.toml run --interval 1"
        )
        drop = "/run/systemd/system/sciportal-routes.service.d"
        self._write()
        self._shell(
            f"chmod 755 {_PLACE}/squeue; mkdir -p {drop}; printf '{unit}\\n' >{drop}/bench.conf;"
            f" grep -v '^slurm_bin' /etc/sciportal/service.toml >{_PLACE}/service.toml;"
            f""" sed -i '1i slurm_bin = "{_PLACE}"' {_PLACE}/service.toml;"""
            " systemctl daemon-reload; systemctl restart sciportal-routes",
            WEB,
        )

    def _static(self) -> None:
        text = _HAND_WRITTEN.format(port=STATIC_PORT, node=_NODE, backend=FIRST_PORT)
        script = f"cat >{_STATIC}; systemctl reload apache2"
        self.cluster.run(WEB, ["sh", "-c", script], stdin=text)

    def _write(self) -> None:
        """Write the queue."""
        began = "2026-01-01T00:00:00"
        fields = [self._uid, PARTITION, _NODE, began, began, "None"]
        lines = [
            "\t".join(
                [
                    str(100000 + port),
                    "RUNNING",
                    USER,
                    *fields,
                    f"{service}-service",
                    f"sbatch-service/1 http {port} public",
                ]
            )
            for service, port in self._ports.items()
        ]
        text = "".join(f"{line}\n" for line in lines)
        script = f"cat >{_PLACE}/queue.new; mv {_PLACE}/queue.new {_PLACE}/queue"
        self.cluster.run(WEB, ["sh", "-c", script], stdin=text)

    def _shell(self, script: str, host: str, check: bool = True) -> str:
        return self.cluster.run(host, ["sh", "-c", script], check=check).out.strip()
