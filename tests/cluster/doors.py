"""The doors of the test cluster, and the hosts of services behind them."""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from cluster.testbed import CTL, ECHO, ROOT, Cluster, Service, wait_for
from identity.authority import Authority
from identity.site import Answer, Site, Visitor

_PORT = int(os.environ.get("SCIPORTAL_PORT", "8080"))
# As in molecule/inventory.
SIGN_IN, CERTIFICATES, PROVIDER = _PORT + 363, _PORT + 1363, _PORT + 2363
DOMAIN = "sciportal.localhost"
SERVICES = f"services.{DOMAIN}"
PORTAL = f"https://portal.{DOMAIN}:{SIGN_IN}"
IDP, GUEST = (f"https://{each}.{DOMAIN}:{PROVIDER}" for each in ("idp", "guest"))
# A user of this door has signed in, of that one shows a certificate.
DOORS = {"shibboleth": SIGN_IN, "certificate": CERTIFICATES}
# Services of bob: for him alone, for whoever is signed in, and for him in the protocol uwsgi.
MINE, OURS, WIRE = "mine--bob", "ours--bob", "wire--bob"
_SERVER = """\
#!/bin/sh
[ "$1" = main ] || exit 0
exec uwsgi --plugin python3 --socket ":$PORT" --wsgi-file ~/wire.py --need-app --die-on-term
"""


class _Here(dict[str, str]):
    def __missing__(self, host: str) -> str:
        return "127.0.0.1"


class Doors(Site):
    """The web host of the cluster, whose ports are at this machine."""

    certificates = CERTIFICATES

    def __init__(self) -> None:
        self.authority = Authority(ROOT / ".cache" / f"authority-{_PORT}")
        self.addresses = _Here()

    def pair(self, user: str) -> tuple[Path, Path]:
        """The certificate of alice or bob, and its key."""
        return self.authority.place / f"{user}.pem", self.authority.place / f"{user}.key"


class Person:
    """Somebody on one of the doors, or nobody.

    Args:
        doors: where.
        door: `shibboleth` or `certificate`.
        user: who, or nobody.
    """

    def __init__(self, doors: Doors, door: str, user: str | None) -> None:
        self.doors, self.port = doors, DOORS[door]
        self.user, self.door = user, door
        self.visitor = Visitor(doors, doors.pair(user) if user and door == "certificate" else None)
        self._is_new = door == "shibboleth" and user is not None

    def ask(self, service: str, path: str = "/", *headers: str, follow: bool = True) -> Answer:
        """Ask for a page of a service, `SERVICE--ACCOUNT`, after signing in."""
        url = f"{self.origin(service)}{path}"
        if self._is_new and self.user:
            self._is_new = False
            self.visitor.sign_in(self.user, f"{self.origin(service)}/")
        return self.visitor.ask(url, *headers, follow=follow)

    def handshake(self, service: str, origin: str | None = None, *headers: str) -> int:
        """The status that the handshake of a WebSocket gets; from its own origin if not told."""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = ["Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {key}"]
        lines += ["Sec-WebSocket-Version: 13", *headers]
        if origin != "":
            lines.append(f"Origin: {origin or self.origin(service)}")
        if self._is_new:
            self.ask(service)
        return self.ask(service, "/ws", *lines, follow=False).status

    def origin(self, service: str) -> str:
        """The origin of a service on this door."""
        return f"https://{service}.{SERVICES}:{self.port}"


@contextlib.contextmanager
def services(cluster: Cluster) -> Iterator[Doors]:
    """The doors, with bob's services behind them."""
    for name, access in (("mine", "owner"), ("ours", "users")):
        service = Service(cluster, name, "bob")
        service.script(ECHO)
        service.settings(f'access = "{access}"\n')
    wire = Service(cluster, "wire", "bob")
    wire.script(_SERVER)
    wire.settings('protocol = "uwsgi"\n')
    cluster.write("bob", "wire.py", (ROOT / "tests/identity/application.py").read_text())
    cluster.service("bob", "deploy", "--wait", "mine", "ours", "wire")
    for name in ("mine", "ours", "wire"):
        wait_for(lambda path=f"/~bob:{name}/": cluster.get(path).status == 302, 5)
    yield Doors()
    cluster.service("bob", "purge", "--yes", "--no-archive", "mine", "ours", "wire")
    cluster.run(CTL, ["rm", "wire.py"], user="bob")
