"""The site's settings."""

from __future__ import annotations

import pytest

from sciportal.service import site
from sciportal.service.errors import UsageError

DEFAULTS = site.Site()


def refused(values: dict[str, object]) -> str:
    with pytest.raises(UsageError) as raised:
        site.parse(values, "/etc/sciportal/service.toml")
    assert raised.value.exit_code == 2
    assert "/etc/sciportal/service.toml" in str(raised.value)
    return str(raised.value)


def test_without_the_file_everything_has_a_default(tmp_path):
    assert site.load(str(tmp_path / "missing.toml")) == DEFAULTS


def test_the_defaults_are_those_of_the_specification():
    assert (DEFAULTS.partition, DEFAULTS.group) == ("service-pool", "service-pool")
    assert DEFAULTS.sbatch == ("--mem=512M", "--cpus-per-task=1", "--requeue")
    assert (DEFAULTS.init_timeout, DEFAULTS.stage_timeout, DEFAULTS.stop_timeout) == (600, 60, 60)
    assert (DEFAULTS.wait_timeout, DEFAULTS.lock_timeout) == (60, 60)
    assert (DEFAULTS.port_min, DEFAULTS.port_max) == (8192, 32767)


def test_a_file_sets_what_it_names_and_leaves_the_rest(tmp_path):
    path = tmp_path / "service.toml"
    path.write_text('partition = "web"\nsbatch = []\nstop_timeout = 7\n')
    assert site.load(str(path)) == DEFAULTS._replace(partition="web", sbatch=(), stop_timeout=7)


@pytest.mark.parametrize("key", DEFAULTS._fields)
def test_every_key_takes_a_value_of_its_kind(key):
    default = getattr(DEFAULTS, key)
    value = ["--x"] if isinstance(default, tuple) else default or "/usr/bin"
    wanted = tuple(value) if isinstance(value, list) else value
    assert getattr(site.parse({key: value}, "p"), key) == wanted


@pytest.mark.parametrize("key", DEFAULTS._fields)
@pytest.mark.parametrize("value", [None, True, -1, 0, 1.5, {}, [1], ["a", None], ["\0"]], ids=repr)
def test_a_value_of_another_kind_is_refused_with_its_key(key, value):
    said = refused({key: value})
    assert f"{key} = " in said
    assert "give " in said


def test_a_number_is_no_string_and_a_string_no_number():
    assert "a string" in refused({"partition": 5})
    assert "a whole number above 0" in refused({"stop_timeout": "5"})


def test_an_unknown_key_is_named_with_the_known_ones():
    said = refused({"partitoin": "web"})
    assert "unknown key 'partitoin'" in said
    assert "partition" in said


@pytest.mark.parametrize(
    "ports",
    [{"port_max": 65536}, {"port_min": 9000, "port_max": 8999}, {"port_min": 40000}],
    ids=str,
)
def test_a_range_that_holds_no_port_is_refused(ports):
    assert "port_m" in refused(ports)


@pytest.mark.parametrize("data", [b"partition = ", b"\xff\xfe", b"a = " + b"[" * 30000])
def test_a_file_that_is_no_toml_is_refused_with_its_path(tmp_path, data):
    path = tmp_path / "service.toml"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=str(path)):
        site.load(str(path))


def test_a_file_that_cannot_be_read_is_refused_with_its_path(tmp_path):
    with pytest.raises(UsageError, match=str(tmp_path)):
        site.load(str(tmp_path))
