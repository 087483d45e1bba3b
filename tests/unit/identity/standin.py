"""The parts in Lua, run by the real Lua with a stand-in for Apache."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from sciportal.identity import accounts
from unit.identity.test_accounts import HOME

HERE = Path(__file__).parent
RENDERED = HERE.parents[1] / "golden" / "apache"
# The files, and the cases of tests/golden that they are.
PARTS = {
    "access.lua": "access.lua-services",
    "people.lua": "people.lua",
    "sha256.lua": "sha256.lua",
    "store.lua": "store.lua",
    "tokens.lua": "tokens.lua-default",
    "pages/tokens.html": "tokens.html-default",
}
# What these name, and where it is for a test.
PLACES = (
    "/var/lib/sciportal-access",
    "/etc/apache2/sciportal",
    "/usr/local/share/sciportal/identity",
)
HOST = "hello--bob.services.example.org"
PASSED = "-1"


class Came(NamedTuple):
    """What came of a call."""

    returned: str
    env: dict[str, str]
    sent: dict[str, str]
    headers: dict[str, str]
    """Those of the request, as they go on."""
    answer: dict[str, str]

    @property
    def page(self) -> str:
        """The page that is shown."""
        return self.env.get("SCIPORTAL_PAGE", "")

    @property
    def asked(self) -> dict[str, str]:
        """The arguments in the address to which the visitor is sent."""
        return {
            key: each[0] for key, each in parse_qs(urlsplit(self.sent["Location"]).query).items()
        }


class Apache:
    """One process of the stand-in, with a directory of sessions of its own."""

    def __init__(self, place: Path, entries: list[accounts.Entry]) -> None:
        self.place = place
        for each in ("tickets", "sessions", "tokens", "pages"):
            (place / each).mkdir(parents=True)
        (place / "accounts.map").write_text(accounts.text(entries))
        for name, case in PARTS.items():
            text = (RENDERED / case).read_text()
            for each in PLACES:
                text = text.replace(f'"{each}/', f'"{place}/')
            (place / name).write_text(text)
        self._process = subprocess.Popen(
            ["lua5.3", HERE / "apache.lua", place / "access.lua", place / "tokens.lua"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def call(self, function: str, **tables: dict[str, str]) -> Came:
        """Call a function with what a request has."""
        words = [
            f"{name}.{key}={value.encode().hex()}"
            for name, table in tables.items()
            for key, value in table.items()
        ]
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(" ".join([function, *words]) + "\n")
        self._process.stdin.flush()
        returned, *found = self._process.stdout.readline().split()
        env: dict[str, str] = {}
        sent: dict[str, str] = {}
        kept: dict[str, str] = {}
        answer: dict[str, str] = {}
        left = {"subprocess_env": env, "headers_in": kept, "answer": answer}
        for word in found:
            place, _, rest = word.partition(".")
            key, _, value = rest.partition("=")
            left.get(place, sent)[key] = bytes.fromhex(value).decode()
        return Came(bytes.fromhex(returned).decode(), env, sent, kept, answer)

    def visit(
        self, url: str = "/", access: str = "owner", host: str = HOST, **headers: str
    ) -> Came:
        """A request for a service of bob, on the port of those who sign in."""
        env = {"SCIPORTAL_HOST": host, "SCIPORTAL_ACCESS": access, "SCIPORTAL_ACCOUNT": "bob"}
        env |= {"SCIPORTAL_DOOR": "shibboleth", "SCIPORTAL_GATE": "on"}
        path, _, query = url.partition("?")
        request = {"uri": path, "unparsed_uri": url, "method": "GET", "args": query}
        return self.call("gate", r=request, headers_in=headers, subprocess_env=env)

    def door(self, asked: Came, issuer: str = HOME, user: str = "bob") -> Came:
        """Follow a redirect to the door, where somebody is signed in."""
        seen = {"X-Shib-Userid": user, "X-Shib-Email": f"{user}@site.org"} if user else {}
        return self.call(
            "hand_over",
            r={"args": urlsplit(asked.sent["Location"]).query},
            headers_in=seen,
            subprocess_env={"Shib-Identity-Provider": issuer},
        )

    def sign_in(self, issuer: str = HOME, user: str = "bob") -> str:
        """All of it; the cookie of the session."""
        begun = self.visit("/")
        back = self.door(begun, issuer, user)
        return cookie(self.visit(path_of(back), Cookie=cookie(begun)))

    def end(self) -> None:
        self._process.terminate()
        self._process.wait()


def cookie(came: Came) -> str:
    """The cookie that was set, as a browser sends it."""
    return came.sent["Set-Cookie"].partition(";")[0]


def path_of(came: Came) -> str:
    """The path and the query to which a visitor is sent."""
    url = urlsplit(came.sent["Location"])
    return f"{url.path}?{url.query}"
