"""The hosts of the scenario `identity`, and a visitor who says what is asked, to the byte."""

from __future__ import annotations

import html
import http.client
import json
import os
import re
import socket
import ssl
import subprocess
import urllib.parse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from identity.authority import PORTAL, PROVIDER, Authority

ROOT = Path(__file__).resolve().parents[2]
PREFIX = os.environ.get("SCIPORTAL_PREFIX", "sciportal")
DOOR, IDP = f"{PREFIX}-door", f"{PREFIX}-door-idp"
PODMAN, ENTER = (str(ROOT / "tools" / each) for each in ("podman", "enter"))
CERTIFICATES = 8443


class Ended(NamedTuple):
    """How a command on a host ended."""

    code: int
    out: str
    err: str


class Answer(NamedTuple):
    """An answer of a server."""

    url: str
    status: int
    headers: dict[str, str]
    text: str

    @property
    def seen(self) -> list[tuple[str, str]]:
        """The headers that reached the application, or the variables that did."""
        found = json.loads(self.text)
        return [
            (name, value) for name, value in (found.items() if isinstance(found, dict) else found)
        ]

    @property
    def echo(self) -> dict[str, Any]:
        """What a service of tests/cluster/echo.py says that it got."""
        assert self.status == 200, self
        found: dict[str, Any] = json.loads(self.text)
        return found

    @property
    def identity(self) -> dict[str, str]:
        """What the application is told of the visitor, by the names of headers in small letters."""
        plain = [(_plain(name), value) for name, value in self.seen]
        found = {name: value for name, value in plain if name.startswith(("x-shib", "x-identity"))}
        assert len([name for name, _ in plain if name in found]) == len(found), plain
        return found

    def form(self) -> tuple[str, dict[str, str]]:
        """Where the form of a page leads, and its hidden fields."""
        action = re.search(r'<form[^>]*action="([^"]*)"', self.text)
        fields = re.findall(r'name="([^"]*)"\s+value="([^"]*)"', self.text)
        place = html.unescape(action[1]) if action else ""
        hidden = {name: html.unescape(value) for name, value in fields}
        return urllib.parse.urljoin(self.url, place), hidden


def _plain(name: str) -> str:
    """A header's name as any application might read it."""
    short = name.lower()
    return re.sub(r"[^a-z0-9]+", "-", short.removeprefix("http_"))


class Site:
    """Both hosts, as root and as a visitor sees them."""

    certificates = CERTIFICATES

    def __init__(self) -> None:
        self.authority = Authority(ROOT / ".cache" / "identity" / PREFIX)
        self.addresses = {PORTAL: self._address(DOOR), PROVIDER: self._address(IDP)}

    def run(
        self, host: str, argv: Sequence[str], stdin: str | None = None, check: bool = True
    ) -> Ended:
        """Run `argv` on a host as root."""
        done = subprocess.run(
            [ENTER, host, *argv],
            input=stdin,
            stdin=None if stdin is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        ended = Ended(done.returncode, done.stdout, done.stderr)
        assert not check or not ended.code, (argv, ended)
        return ended

    def write(self, host: str, path: str, text: str) -> None:
        """Write a file on a host as root."""
        self.run(host, ["sh", "-c", 'cat >"$1"', "sh", path], stdin=text)

    def connect(
        self, host: str, port: int, pair: tuple[Path, Path] | None = None, version: Any = None
    ) -> ssl.SSLSocket:
        """A connection with TLS, which trusts the authority of the scenario only."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.authority.certificate)
        if version:
            context.maximum_version = version
        if pair:
            context.load_cert_chain(*pair)
        plain = socket.create_connection((self.addresses[host], port), timeout=60)
        try:
            return context.wrap_socket(plain, server_hostname=host)
        except BaseException:
            plain.close()
            raise

    def say(
        self, request: bytes, port: int = 443, pair: tuple[Path, Path] | None = None, url: str = ""
    ) -> Answer:
        """Send exactly these bytes, `Connection: close` among them, and read the answer."""
        host = urllib.parse.urlsplit(url).hostname or PORTAL
        with self.connect(host, port, pair) as connection:
            connection.sendall(request)
            response = http.client.HTTPResponse(connection)
            response.begin()
            text = response.read().decode(errors="replace")
            headers = {name.lower(): value for name, value in response.getheaders()}
            self.cookies = [
                value for name, value in response.getheaders() if name.lower() == "set-cookie"
            ]
        return Answer(url, response.status, headers, text)

    @staticmethod
    def _address(host: str) -> str:
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        argv = [PODMAN, "container", "inspect", "--format", form, host]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


class Visitor:
    """A browser without scripts: keeps cookies, and follows redirects where it is told to.

    Args:
        site: where it visits.
        pair: its certificate and key.
    """

    def __init__(self, site: Site, pair: tuple[Path, Path] | None = None) -> None:
        self.site = site
        self.pair = pair
        self.cookies: dict[str, dict[str, str]] = {}

    def ask(
        self, url: str, *headers: str, form: dict[str, str] | None = None, follow: bool = True
    ) -> Answer:
        """Fetch a page, or send a form; `headers` are sent as they are."""
        for _ in range(10):
            answer = self._once(url, headers, form)
            place = answer.headers.get("location")
            if not follow or not place:
                return answer
            url, form = urllib.parse.urljoin(url, place), None
        raise AssertionError(f"too many redirects: {url}")

    def _once(self, url: str, headers: Sequence[str], form: dict[str, str] | None) -> Answer:
        parts = urllib.parse.urlsplit(url)
        host = parts.hostname or ""
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        body = urllib.parse.urlencode(form).encode() if form is not None else b""
        jar = self.cookies.setdefault(host, {})
        lines = [f"{'GET' if form is None else 'POST'} {target} HTTP/1.1", f"Host: {parts.netloc}"]
        lines += ["Connection: close", *headers]
        if jar:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in jar.items()))
        if form is not None:
            lines += [
                "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {len(body)}",
            ]
        request = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
        pair = self.pair if parts.port == self.site.certificates else None
        answer = self.site.say(request, parts.port or 443, pair, url)
        for each in self.site.cookies:
            name, _, value = each.partition(";")[0].partition("=")
            jar[name] = value
            if not value or "2001 " in each or "Max-Age=0" in each or "1970" in each:
                del jar[name]
        return answer

    # Signing in, step by step.

    def password(self, user: str, word: str = "secret", path: str = "/plain") -> Answer:
        """Ask for a page, and give the provider, whose form comes, name and password.

        The page with its response is what comes. A path is one of the portal.
        """
        page = self.ask(f"https://{PORTAL}{path}" if path.startswith("/") else path)
        place, fields = page.form()
        fields = {"AuthState": fields["AuthState"], "username": user, "password": word}
        return self.ask(page.url if "?" in page.url else place, form=fields)

    def sign_in(self, user: str, path: str = "/plain") -> Answer:
        """Sign in, and get the page."""
        place, fields = self.password(user, path=path).form()
        return self.ask(place, form={name: fields[name] for name in ("SAMLResponse", "RelayState")})
