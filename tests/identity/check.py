"""The judgement of the command `sciportal-identity check` on the web host of the scenario."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

from identity.site import DOOR, Site

COMMAND = "/opt/sciportal/bin/sciportal-identity"
PLACE = "/srv/test/wrong"
DAYS = datetime.timedelta(days=1)


def until(days: float) -> str:
    """The attribute that says when metadata ends."""
    end = datetime.datetime.now(datetime.UTC) + days * DAYS
    return f'validUntil="{end:%Y-%m-%dT%H:%M:%SZ}" ID="_signed"'


class Check:
    """The command's judgement of the site's settings with some of them changed."""

    def __init__(self, site: Site, place: str) -> None:
        self.site, self.place = site, place
        self.settings: dict[str, Any] = json.loads(
            site.run(DOOR, ["cat", "/etc/sciportal/identity.json"]).out
        )
        # What Apache has now does not help.
        self.settings["state"] = f"{place}/state"

    def file(self, name: str, text: str) -> str:
        """Put a file on the web host; its path there."""
        path = f"{self.place}/{name}"
        self.site.run(DOOR, ["mkdir", "-p", str(Path(path).parent)])
        self.site.write(DOOR, path, text)
        return path

    def said(self) -> str:
        """What is wrong; empty if nothing is."""
        argv = [COMMAND, "check", "--settings", "-"]
        done = self.site.run(DOOR, argv, stdin=json.dumps(self.settings), check=False)
        assert done.code == (1 if done.err else 0)
        assert "Traceback" not in done.err
        # Three parts: what was wanted, what was found, what to do.
        assert all(": " in line and "; " in line for line in done.err.splitlines())
        return done.err

    def shibboleth(self, **changed: object) -> str:
        """With other settings of that door."""
        self.settings["shibboleth"].update(changed)
        return self.said()

    def certificates(self, **changed: object) -> str:
        """With other settings of that door."""
        self.settings["certificates"].update(changed)
        return self.said()


class Signer:
    """Who signs metadata, with samlsign on the web host."""

    def __init__(self, check: Check, name: str) -> None:
        self.check, self.name = check, name
        certificate, key = check.site.authority.self_signed(
            f"signer-{name}", [f"CN={name}"], rsa=True
        )
        self.key = check.file(f"{name}.key", key.read_text())
        self.certificate = check.file(f"{name}.pem", certificate.read_text())

    def sign(self, text: str) -> str:
        """The signed text."""
        path = self.check.file("unsigned.xml", text)
        argv = ["samlsign", "-s", "-f", path, "-k", self.key, "-c", self.certificate]
        return self.check.site.run(DOOR, argv).out
