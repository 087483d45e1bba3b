"""A custom service at a domain: the front end of the test cluster maps echo.test to bob's echo."""

from __future__ import annotations

import json

from cluster.doors import SIGN_IN, Doors
from cluster.testbed import WEB, Cluster, wait_for
from cluster.visitor import say
from identity.site import Visitor


def test_a_domain_of_a_custom_service_leads_to_it_from_its_root_on(
    cluster: Cluster, echo: str
) -> None:
    for sent in ("/", "/a/b?c=d", "/~alice/x", "/a%2Fb//c", "/~bob:other/"):
        page = cluster.get(sent, {"Host": "echo.test", "X-Forwarded-Prefix": "/evil"})
        told = json.loads(page.text)
        headers = dict(told["headers"])
        assert told["path"] == sent
        assert headers["host"] == "echo.test"
        assert headers["x-forwarded-prefix"] == ""
    assert cluster.get("/", {"Host": "ECHO.test"}).status == 200


def test_a_domain_whose_service_does_not_run_says_so(cluster: Cluster, echo: str) -> None:
    cluster.service("bob", "stop", "echo")
    try:
        page = cluster.get("/any", {"Host": "echo.test"})
        assert page.status == 503
        assert "<strong>echo</strong> of the account <strong>bob</strong>" in page.text
    finally:
        cluster.service("bob", "start", "--wait", "echo")
    wait_for(lambda: cluster.get("/", {"Host": "echo.test"}).status == 200, 5)


def test_a_domain_with_a_certificate_is_served_by_https(cluster: Cluster, echo: str) -> None:
    answer = Visitor(Doors()).ask(f"https://https.test:{SIGN_IN}/a%2Fb?c", "X-Shib-Userid: bob")
    headers = dict(answer.echo["headers"])
    assert answer.echo["path"] == "/a%2Fb?c"
    assert (headers["x-forwarded-proto"], headers["x-forwarded-prefix"]) == ("https", "")
    assert not [name for name in headers if "shib" in name]


def test_the_log_names_the_service_of_a_domain(cluster: Cluster, echo: str) -> None:
    cluster.get("/logged-at-domain", {"Host": "echo.test"})
    log = cluster.run(WEB, ["cat", "/var/log/apache2/sciportal-access.log"]).out
    (line,) = [each for each in log.splitlines() if "/logged-at-domain " in each][-1:]
    assert line.split()[-2:] == ["bob", "echo"]


def test_a_path_at_a_domain_is_not_the_hosts_own(cluster: Cluster, echo: str) -> None:
    for path in ("/.sciportal/gone.html", "/../x", "/a/../../~alice/"):
        request = f"GET {path} HTTP/1.1\r\nHost: echo.test\r\nConnection: close\r\n\r\n"
        answer = say(cluster, request)
        assert answer.status in (400, 404), path
