"""The files of declared workers, with an Apache that takes them or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciportal.frontend import workers
from sciportal.frontend.apache import Apache
from sciportal.frontend.declared import refresh
from sciportal.frontend.hosts import parse
from sciportal.frontend.routes import Route
from sciportal.frontend.workers import Limits
from sciportal.service.errors import ServiceError

HOSTS = [parse("_public=public"), parse("_services=users,owner"), parse("a.test=alice:s9001")]


# A unit that no host has, so that no Apache is reloaded.
UNIT = "no-such-unit-of-sciportal.service"
TAKING, REFUSING = Apache("/bin/true", UNIT), Apache("/bin/false", UNIT)


def route(port: int, access: str = "public") -> Route:
    return Route("alice", f"s{port}", access, "http", "node1", port, 0)


def look(directory: Path, *routes: Route, apache: Apache = TAKING) -> int | None:
    limits = Limits(spare=0)
    return refresh(directory, HOSTS, routes, apache, now=1000, limits=limits, ttl=1)


def declared(path: Path) -> list[str]:
    return workers.parse(path.read_text())


def test_each_host_is_told_of_its_own_services_only(tmp_path: Path) -> None:
    assert look(tmp_path, route(9001), route(9002), route(9003, "owner")) == 4
    assert declared(tmp_path / "_public.conf") == ["node1:9001", "node1:9002"]
    assert declared(tmp_path / "_services.conf") == ["node1:9003"]
    assert declared(tmp_path / "a.test.conf") == ["node1:9001"]
    assert look(tmp_path, route(9001), route(9002), route(9003, "owner")) is None


def test_every_file_names_the_map_of_its_own_workers(tmp_path: Path) -> None:
    look(tmp_path, route(9001), route(9003, "users"))
    for path in tmp_path.glob("*.conf"):
        (line,) = (each for each in path.read_text().splitlines() if "RewriteMap" in each)
        listed = Path(line.split("txt:")[1].strip('"')).read_text()
        addresses = [each.split()[0].removeprefix("public,http,") for each in listed.splitlines()]
        assert addresses == declared(path)


def test_the_map_before_stays_for_processes_that_end_and_the_one_before_that_goes(
    tmp_path: Path,
) -> None:
    maps: list[Path] = []
    for number in range(4):
        look(tmp_path, *(route(9010 + each) for each in range(number + 1)))
        (new,) = set(tmp_path.glob("*.map")) - set(maps)
        maps.append(new)
        assert set(tmp_path.glob("*.map")) == set(maps[-2:])


def test_a_host_that_is_served_no_more_leaves_no_file(tmp_path: Path) -> None:
    look(tmp_path, route(9001))
    limits = Limits()
    assert refresh(tmp_path, HOSTS[:1], [], TAKING, now=1000, limits=limits, ttl=1) == 1
    assert {path.name for path in tmp_path.glob("*.conf")} == {"_public.conf"}


def test_what_apache_refuses_leaves_the_files_as_they_were(tmp_path: Path) -> None:
    look(tmp_path, route(9001))
    before = {path: path.read_text() for path in tmp_path.glob("*.conf")}
    with pytest.raises(ServiceError):
        look(tmp_path, route(9002), apache=REFUSING)
    assert {path: path.read_text() for path in tmp_path.glob("*.conf")} == before
