"""Pages and programs of an account's Apache that are not for everybody."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from cluster.apache_site import Site
from cluster.doors import DOORS, SERVICES, SIGN_IN, Doors, Person
from cluster.testbed import CTL, Cluster, wait_for

pytestmark = pytest.mark.apache

HOST = "apache--bob"
FILES = {
    "page.html": "bob's page\n",
    "tell.php": "<?php echo json_encode($_SERVER);\n",
    "old/.htaccess": "Redirect /old /new\n",
}
SETTINGS = ".sbatch-service/apache.toml"


@pytest.fixture(scope="module", params=["owner", "users"])
def access(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """bob's Apache is for him alone, or for whoever is signed in."""
    word: str = request.param
    cluster.write("bob", SETTINGS, f'access = "{word}"\n')
    site = Site(cluster, "bob", "private", FILES)
    cluster.write("bob", ".apache-service/options.conf", "Define EnablePHP\nDefine PrefixParts 0\n")
    cluster.service("bob", "restart", "--wait", "apache")
    wait_for(lambda: cluster.get("/~bob/private/page.html").status == 302, 10)
    yield word
    site.remove()
    cluster.run(CTL, ["rm", "-f", SETTINGS], user="bob")


@pytest.fixture(scope="module")
def people() -> dict[tuple[str, str], Person]:
    """alice and bob on both doors."""
    doors = Doors()
    return {(door, user): Person(doors, door, user) for door in DOORS for user in ("alice", "bob")}


def test_nobody_sees_it_at_its_path_or_domain(cluster: Cluster, access: str) -> None:
    own = f"https://{HOST}.{SERVICES}:{SIGN_IN}"
    page = cluster.get("/~bob/private/page.html?a=b")
    assert (page.status, page.headers["Location"]) == (302, f"{own}/~bob/private/page.html?a=b")
    page = cluster.get("/private/page.html", {"Host": "bob.test"})
    assert (page.status, page.headers["Location"]) == (302, f"{own}/private/page.html")
    nobody = Person(Doors(), "shibboleth", None)
    answer = nobody.ask(HOST, "/~bob/private/page.html", follow=False)
    assert (answer.status, "bob's page" in answer.text) == (302, False)


@pytest.mark.parametrize("door", list(DOORS))
def test_it_is_for_those_whom_its_access_names(
    people: dict[tuple[str, str], Person], access: str, door: str
) -> None:
    for path in ("/~bob/private/page.html", "/private/page.html"):
        assert people[door, "bob"].ask(HOST, path).text == "bob's page\n", path
        answer = people[door, "alice"].ask(HOST, path)
        assert answer.status == (403 if access == "owner" else 200)
        assert ("bob's page" in answer.text) == (access == "users")


@pytest.mark.parametrize("door", list(DOORS))
def test_its_programs_are_told_who_visits(
    people: dict[tuple[str, str], Person], access: str, door: str
) -> None:
    bob = people[door, "bob"]
    forged = ("X-Shib-Userid: alice", "X_Shib_Userid: alice", "X-Identity-Source: x")
    seen = json.loads(bob.ask(HOST, "/private/tell.php", *forged).text)
    assert seen["HTTP_X_SHIB_USERID"] == "bob"
    assert seen["HTTP_X_SHIB_EMAIL"] == "bob@example.org"
    assert seen["HTTP_X_IDENTITY_SOURCE"] == door
    assert "alice" not in json.dumps(seen)
    assert "__Host-sciportal" not in json.dumps(seen)
