"""How both doors are built: Mozilla's profile, by sslyze; https only."""

from __future__ import annotations

import json
import subprocess
import venv
from pathlib import Path

import pytest
import yaml

from identity.authority import PORTAL
from identity.site import CERTIFICATES, DOOR, ROOT, Site, Visitor

PINS = Path(__file__).with_name("requirements.txt")


@pytest.fixture(scope="session")
def sslyze() -> Path:
    """The program, made once."""
    place = ROOT / ".cache" / "sslyze"
    stamp = place / "stamp"
    if not stamp.exists() or stamp.read_text() != PINS.read_text():
        venv.create(place, clear=True, with_pip=True)
        pip = [str(place / "bin" / "pip"), "install", "--quiet", "--requirement", str(PINS)]
        subprocess.run(pip, check=True, timeout=600)
        stamp.write_text(PINS.read_text())
    return place / "bin" / "sslyze"


@pytest.mark.parametrize("port", [443, CERTIFICATES])
def test_both_ports_are_as_mozilla_wants_them(
    site: Site, sslyze: Path, jane: tuple[Path, Path], port: int
) -> None:
    certificate, key = jane
    argv = [
        str(sslyze),
        "--mozilla_config=intermediate",
        f"--certinfo_ca_file={site.authority.certificate}",
        *("--cert", str(certificate), "--key", str(key)),
        f"{PORTAL}:{port}{{{site.addresses[PORTAL]}}}",
    ]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=300)
    assert f"{PORTAL}:{port}: OK - Compliant" in done.stdout, done.stdout


def test_the_role_has_the_figures_that_the_checker_has(sslyze: Path) -> None:
    (profile,) = sslyze.parent.parent.glob(
        "lib/python3*/site-packages/sslyze/mozilla_tls_profile/*.json"
    )
    theirs = json.loads(profile.read_text())
    ours = yaml.safe_load((ROOT / "roles/identity/vars/main.yml").read_text())["__identity_tls"]
    intermediate = theirs["configurations"]["intermediate"]
    assert ours["ciphers"] == intermediate["ciphers"]["openssl"]
    assert float(ours["version"]) <= theirs["version"]


def test_http_leads_to_https(site: Site) -> None:
    request = "GET /plain?x=1 HTTP/1.1\\r\\nHost: portal.test\\r\\nConnection: close\\r\\n\\r\\n"
    script = (
        "import socket; s = socket.create_connection(('127.0.0.1', 80));"
        f"s.sendall(b'{request}'); print(s.makefile('rb').read().decode())"
    )
    said = site.run(DOOR, ["python3", "-c", script]).out
    assert said.startswith("HTTP/1.1 301")
    assert "Location: https://portal.test/plain?x=1" in said


def test_browsers_are_told_to_come_by_https(site: Site, jane: tuple[Path, Path]) -> None:
    for port in (443, CERTIFICATES):
        for path in ("/plain", "/nothing"):
            answer = Visitor(site, jane).ask(f"https://{PORTAL}:{port}{path}", follow=False)
            assert answer.headers["strict-transport-security"] == "max-age=63072000"


def test_another_name_gets_no_session(site: Site) -> None:
    """Where people come back to after signing in is the site's name, whatever a client says."""
    request = b"GET /plain HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n"
    answer = site.say(request)
    assert "evil.test" not in answer.headers.get("location", "")
