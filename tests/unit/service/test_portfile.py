"""The port that ports.ini records: whose word it is, and what follows."""

from __future__ import annotations

import pytest

from sciportal.service import portfile
from sciportal.service.answers import Answer
from sciportal.service.errors import ServiceError
from sciportal.service.home import Home
from sciportal.service.layout import Layout

LAYOUT = Layout("web")


def put(home, text: str) -> None:
    place = home / ".web-service"
    place.mkdir(exist_ok=True)
    (place / "ports.ini").write_text(text)


@pytest.fixture
def spoken(web):
    """A service that speaks uwsgi."""
    web.write("web", settings='protocol = "uwsgi"')
    return web


def ports(world) -> list[int]:
    return [int(what.options["comment"].split()[2]) for what in world.cluster.submitted]


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("[uwsgi]\nsocket = :9000\n", 9000),
        ("socket=127.0.0.1:9000", 9000),
        ("; socket = :1\n[uwsgi]\n socket = :9000 \nsocket = :9001", 9000),
        (portfile.text(9000), 9000),
    ],
)
def test_the_first_socket_is_the_port(web, text, port):
    put(web.home, text)
    assert portfile.load(Home(str(web.home)), LAYOUT, 9000).port == port


@pytest.mark.parametrize("text", ["", "socket = /tmp/x", "sockets = :9000", "socket = :99999", "x"])
def test_a_file_without_a_port_is_a_mistake(web, text):
    put(web.home, text)
    with pytest.raises(ServiceError, match="no line says socket = :PORT"):
        portfile.load(Home(str(web.home)), LAYOUT, 0)


def test_what_we_wrote_is_ours_and_all_else_the_accounts(web):
    home = Home(str(web.home))
    assert portfile.load(home, LAYOUT, 0) == portfile.NOTHING
    put(web.home, portfile.text(9000))
    assert not portfile.load(home, LAYOUT, 0).is_own
    assert not portfile.load(home, LAYOUT, 9000).is_own
    # Its number was changed by hand.
    assert portfile.load(home, LAYOUT, 9001).is_own
    put(web.home, portfile.text(9000) + "socket = /tmp/x\n")
    assert portfile.load(home, LAYOUT, 9000).is_own


def test_the_port_of_the_account_is_used_and_not_noted_as_ours(spoken):
    put(spoken.home, "[uwsgi]\nsocket = :9000\n")
    spoken.one("start")
    spoken.one("restart")
    assert ports(spoken) == [9000, 9000]
    assert spoken.ledger()["port"] == 0


def test_other_protocols_have_no_such_file(web):
    put(web.home, "[uwsgi]\nsocket = :9000\n")
    web.one("start")
    assert ports(web) != [9000]


def test_settings_and_file_that_differ_are_a_mistake(spoken):
    spoken.write("web", settings='protocol = "uwsgi"\nport = 9001')
    put(spoken.home, "[uwsgi]\nsocket = :9000\n")
    result = spoken.one("start")
    assert result.exit_code == 1
    assert "its settings say 9001, its ports.ini says 9000" in result.message
    spoken.write("web", settings='protocol = "uwsgi"\nport = 9000')
    assert spoken.one("start").exit_code == 0


@pytest.mark.parametrize("port", [80, 8191, 32768])
def test_a_port_outside_the_range_is_refused(spoken, port):
    put(spoken.home, f"[uwsgi]\nsocket = :{port}\n")
    result = spoken.one("start")
    assert result.exit_code == 1
    assert "use 8192 to 32767" in result.message
    assert spoken.cluster.calls["sbatch"] == 0


def test_a_port_that_another_has_is_named_and_the_file_stays(spoken):
    job = spoken.cluster.add("other", user="bob", uid=9, comment="sbatch-service/1 http 9000 owner")
    put(spoken.home, "[uwsgi]\nsocket = :9000\n")
    result = spoken.one("start")
    assert result.exit_code == 1
    assert f"job {job.id} (other-service of bob) has it" in result.message


def test_a_port_of_the_account_that_the_scheduler_refuses_is_not_tried_again(spoken):
    put(spoken.home, "[uwsgi]\nsocket = :9000\n")
    refusal = "sbatch: error: sciportal: port 9000 is taken, by another account"
    spoken.cluster.answers.append((Answer.REFUSED, refusal))
    result = spoken.one("start")
    assert result.exit_code == 1
    assert "port 9000 is taken" in result.message
    assert ports(spoken) == [9000]


def test_a_port_that_we_wrote_gives_way(spoken):
    put(spoken.home, portfile.text(9000))
    spoken.one("start")
    spoken.one("stop")
    spoken.cluster.add("other", user="bob", uid=9, comment="sbatch-service/1 http 9000 owner")
    spoken.one("start")
    first, second = ports(spoken)
    assert first == 9000
    assert second != 9000


def test_the_port_of_another_service_of_the_account_is_left_to_it(spoken):
    spoken.one("start")
    (port,) = ports(spoken)
    spoken.write("wiki", settings='protocol = "uwsgi"')
    spoken.one("start", "wiki")
    assert ports(spoken) == [port, port + 1]
