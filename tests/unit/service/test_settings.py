"""SERVICE.toml, as users write it."""

from __future__ import annotations

import contextlib
import sys
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.service import settings
from sciportal.service.endpoint import ACCESS, PROTOCOLS
from sciportal.service.errors import ServiceError
from sciportal.service.restart import POLICIES

PATH = "/home/alice/.sbatch-service/web.toml"

# TOML has no place for half a surrogate pair, nor may a word of a command line hold a NUL.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
valid = st.fixed_dictionaries(
    {},
    optional={
        "port": st.one_of(st.sampled_from(["auto", "none"]), st.integers(1, 65535)),
        "protocol": st.sampled_from(PROTOCOLS),
        "access": st.sampled_from(ACCESS),
        "restart": st.sampled_from(POLICIES),
        "stop_timeout": st.integers(1, 3600),
        "sbatch": st.lists(texts, max_size=4),
    },
)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner)),
    max_leaves=5,
)


def load(text: str | None, service: str = "web") -> settings.Settings:
    return settings.load(text, service, PATH, 60)


def refused(text: str) -> str:
    with pytest.raises(ServiceError) as raised:
        load(text)
    assert raised.value.exit_code == 1
    assert PATH in str(raised.value)
    assert len(str(raised.value)) < 1000
    return str(raised.value)


def test_without_a_file_a_custom_service_is_its_owners():
    assert load(None) == settings.Settings(settings.AUTO, "http", "owner", "never", 60, ())


def test_an_empty_file_is_no_file():
    assert load("") == load(None)


def test_a_type_has_defaults_of_its_own():
    assert load(None, "apache").access == "public"
    assert load(None, "apache").restart == "on-failure"


def test_every_key_is_taken_from_the_file():
    text = """
        port = 24601
        protocol = "tcp"
        access = "users"
        restart = "always"
        stop_timeout = 5
        sbatch = ["--mem=1G", "-t 5"]
    """
    assert load(text) == settings.Settings(24601, "tcp", "users", "always", 5, ("--mem=1G", "-t 5"))


@pytest.mark.parametrize(
    ("port", "meaning"), [('"auto"', settings.AUTO), ('"none"', settings.NO_PORT), ("8192", 8192)]
)
def test_a_port_is_a_number_or_one_of_two_words(port, meaning):
    assert load(f"port = {port}").port == meaning


@given(valid)
def test_what_we_write_is_the_toml_of_the_values(values):
    text = settings.dump(values)
    assert tomllib.loads(text) == values
    assert load(text) == settings.parse(values, "web", PATH, 60)


def test_control_characters_survive_being_written():
    values = {"sbatch": ["".join(map(chr, range(1, 160)))]}
    assert tomllib.loads(settings.dump(values)) == values


def test_the_order_of_keys_makes_no_other_file():
    one = settings.dump({"port": 9000, "access": "users"})
    assert one == settings.dump({"access": "users", "port": 9000})


def test_an_unknown_key_is_named_with_the_file_and_the_known_ones():
    said = refused("prot = 1")
    assert "unknown key 'prot'" in said
    assert "protocol" in said


@pytest.mark.parametrize(
    "line",
    [
        *("port = 0", "port = 65536", "port = -1", "port = true", "port = 1.5", 'port = "80"'),
        *("port = []", "port = {}", 'protocol = "ftp"', "protocol = 1", 'protocol = ["http"]'),
        *('access = "world"', "access = true", "stop_timeout = 0", "stop_timeout = 3601"),
        *('stop_timeout = "5"', "stop_timeout = 5.0", "stop_timeout = true", "sbatch = 1"),
        *('sbatch = "--mem=1G"', "sbatch = [1]", "sbatch = [[]]", "port = 2020-01-01"),
    ],
)
def test_a_wrong_value_names_its_key_and_what_to_give(line):
    key = line.partition(" ")[0]
    said = refused(line)
    assert f"{key} = " in said
    assert settings.KEYS[key] in said


@pytest.mark.parametrize(
    "text",
    [
        "port = ",
        "port",
        "= 1",
        "port = 1\nport = 2",
        "[port",
        "\0",
        'sbatch = ["',
        "a = " + "[" * 30000,
        "port = " + "9" * 5000,
        "port = 0x" + "f" * 5000,
        "port = 1979-99-99",
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_what_is_no_toml_is_refused(text):
    refused(text)


def test_a_nul_in_an_option_is_refused():
    assert "sbatch" in refused('sbatch = ["--mem=1\\u0000G"]')


@given(st.text())
def test_whatever_stands_in_the_file_is_settings_or_one_clear_refusal(text):
    with contextlib.suppress(ServiceError):
        load(text)


@given(st.dictionaries(st.one_of(st.sampled_from(sorted(settings.KEYS)), st.text()), anything))
def test_whatever_values_are_given_are_settings_or_one_clear_refusal(values):
    with contextlib.suppress(ServiceError):
        found = settings.parse(values, "web", PATH, 60)
        assert found.protocol in PROTOCOLS
        assert found.access in ACCESS
        assert -1 <= found.port <= 65535
        assert 1 <= found.stop_timeout <= 3600


def test_every_key_has_a_description():
    assert sorted(settings.KEYS) == sorted(settings.Settings._fields)


def test_a_file_as_people_write_it_needs_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    # Importing it takes longer than the squeue of a call.
    monkeypatch.setitem(sys.modules, "tomllib", None)
    text = '# a note\nport = 24600\naccess = "public"\nsbatch = ["--mem=1G", "--hold"]\n'
    assert settings.load(text, "web", PATH, 60).sbatch == ("--mem=1G", "--hold")
