"""Data of the types: what is refused, with the nearest that could be meant, and what is written."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciportal.service import portfile
from sciportal.service.errors import UsageError
from sciportal.service.types import (
    apache_config,
    apache_files,
    apache_options,
    formats,
    ini,
    uwsgi_app,
    uwsgi_config,
    uwsgi_options,
)
from sciportal.service.types.given import File
from sciportal.service.types.owned import checksum

NAMES = {each.name: each for each in apache_options.OPTIONS}
NUMBERS = ("PrefixParts",)


def rendered(service: str, **config: Any) -> dict[str, File]:
    return {each.name: each for each in formats.files(service, config, f"{service} of alice")}


def refused(service: str, config: dict[str, Any]) -> str:
    with pytest.raises(UsageError) as raised:
        formats.files(service, config, f"{service} of alice")
    return str(raised.value)


def defined(text: str) -> list[str]:
    """What options.conf defines."""
    return re.findall(r"^Define (.+)$", text, re.MULTILINE)


# What is wrong is named, and the nearest that could be meant.


@pytest.mark.parametrize(
    ("service", "config", "says"),
    [
        ("apache", {"options": {"EnablePhp": True}}, "did you mean 'EnablePHP'?"),
        ("apache", {"options": ["EnableAutoindex"]}, "did you mean 'EnableAutoIndex'?"),
        ("apache", {"options": {"PrefixPart": 0}}, "did you mean 'PrefixParts'?"),
        ("apache", {"option": {}}, "did you mean 'options'?"),
        ("apache", {"directive": ""}, "did you mean 'directives'?"),
        ("apache", {"options": {"zzz": True}}, "use one of EnableAutoIndex, "),
        ("uwsgi", {"options": {"worker": 2}}, "did you mean 'workers'?"),
        ("uwsgi", {"ap": {}}, "did you mean 'app'?"),
        ("uwsgi", {"app": {"plugin": "pyton", "location": "x"}}, "did you mean 'python'?"),
        ("uwsgi", {"app": {"plugin": "psgi", "locaton": "x"}}, "did you mean 'location'?"),
        ("uwsgi", {"app": {"plugin": "psgi", "location": "x", "uid": "root"}}, "use one of plugin"),
    ],
    ids=str,
)
def test_a_misspelt_name_is_told_with_the_nearest_one(service, config, says) -> None:
    said = refused(service, config)
    assert said.startswith(f"{service} of alice, config")
    assert "there is no '" in said
    assert says in said


APP = {"plugin": "python", "location": "x"}


@pytest.mark.parametrize(
    ("service", "config", "place", "says"),
    [
        ("apache", {"options": {"EnablePHP": 1}}, "options.EnablePHP", "give true or false"),
        ("apache", {"options": {"EnablePHP": "yes"}}, "options.EnablePHP", "'yes'"),
        ("apache", {"options": {"EnablePHP": None}}, "options.EnablePHP", "null"),
        ("apache", {"options": {"PrefixParts": 5}}, "options.PrefixParts", "from 0 to 4"),
        ("apache", {"options": {"PrefixParts": True}}, "options.PrefixParts", "from 0 to 4"),
        ("apache", {"options": {"PrefixParts": 10**50}}, "options.PrefixParts", "from 0 to 4"),
        ("apache", {"options": ["PrefixParts"]}, "options.PrefixParts", "from 0 to 4"),
        ("apache", {"options": ["EnablePHP on"]}, "options.EnablePHP", "'on'"),
        ("apache", {"options": [{"EnablePHP": True}]}, "options", "list of their names"),
        ("apache", {"options": "EnablePHP"}, "options", "give a dictionary"),
        ("apache", {"directives": ["x"]}, "directives", "give a text"),
        ("apache", {"directives": "a\0b"}, "directives", "printable"),
        ("apache", {"directives": "a\rUser root"}, "directives", "printable"),
        ("uwsgi", {"options": {"workers": "many"}}, "options.workers", "a whole number, such as 4"),
        ("uwsgi", {"options": {"workers": -1}}, "options.workers", "a whole number"),
        ("uwsgi", {"options": {"workers": [1, 2]}}, "options.workers", "[1, 2]"),
        ("uwsgi", {"options": {"lazy-apps": "on"}}, "options.lazy-apps", "true or false"),
        ("uwsgi", {"options": {"stats": "a\nuid = root"}}, "options.stats", "a text"),
        ("uwsgi", {"options": {"stats": {}}}, "options.stats", "a text"),
        ("uwsgi", {"options": ["workers"]}, "options", "give a dictionary"),
        ("uwsgi", {"app": {"plugin": "rack"}}, "app.location", "null"),
        ("uwsgi", {"app": {"location": "x"}}, "app.plugin", "null"),
        ("uwsgi", {"app": {**APP, "location": "x\nuid = 0"}}, "app.location", "one line"),
        ("uwsgi", {"app": {**APP, "env": {"A B": "x"}}}, "app.env", "letters"),
        ("uwsgi", {"app": {**APP, "env": {"A": "x\ny"}}}, "app.env.A", "one line"),
        ("uwsgi", {"app": {**APP, "env": ["A=x"]}}, "app.env", "a dictionary"),
        ("uwsgi", {"app": {**APP, "callable": ["a"]}}, "app.callable", "one line"),
        (
            *("uwsgi", {"app": {"plugin": "psgi", "location": "x", "virtualenv": "v"}}),
            *("app.virtualenv", "the plugin python3, not psgi"),
        ),
        ("uwsgi", {"port": "9200"}, "port", "from 1 to 65535"),
        ("uwsgi", {"port": True}, "port", "from 1 to 65535"),
        ("uwsgi", {"port": 65536}, "port", "from 1 to 65535"),
    ],
    ids=lambda value: ascii(value)[:60],
)
def test_a_value_that_cannot_be_is_told_with_its_place(service, config, place, says) -> None:
    said = refused(service, config)
    assert said.startswith(f"{service} of alice, config.{place}: ")
    assert says in said
    assert len(said) < 400


def test_a_number_that_python_does_not_print_is_refused_all_the_same() -> None:
    assert "this value is not possible" in refused("apache", {"options": {"PrefixParts": 10**5000}})


@pytest.mark.parametrize("service", ["notes", "board", "log"])
def test_a_service_of_another_type_takes_no_data(service) -> None:
    assert "give it for apache or uwsgi" in refused(service, {})


@pytest.mark.parametrize(
    ("service", "config"),
    [
        ("apache", {"directives": "# x\n" * 20_000}),
        ("uwsgi", {"options": {"env": [f"A{n}=x" for n in range(9000)]}}),
    ],
    ids=["apache", "uwsgi"],
)
def test_a_file_that_would_be_too_long_to_be_read_is_refused(service, config) -> None:
    assert "give less, for 60000 bytes at most" in refused(service, config)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
some = (
    *apache_config.KEYS,
    *uwsgi_config.KEYS,
    *uwsgi_config.APP_KEYS,
    *NAMES,
    *uwsgi_options.OPTIONS,
    *uwsgi_app.PLUGINS,
)
words = st.sampled_from(some) | st.text(max_size=8)
near_json = st.recursive(
    json | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
)


@given(st.sampled_from(sorted(formats.FORMATS)), st.dictionaries(words, near_json, max_size=3))
def test_whatever_is_given_is_a_file_of_the_type_or_one_usage_error(service, config) -> None:
    try:
        files = formats.files(service, config, "x")
    except UsageError as error:
        assert str(error).isprintable()
        return
    assert {each.name for each in files} <= {"options.conf", "app.ini", "ports.ini", "options.ini"}


# What is written.

flags = st.dictionaries(
    st.sampled_from([each for each in NAMES if each not in NUMBERS]), st.booleans()
)
lines = st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(" \t\n"))


@given(flags, st.none() | st.integers(0, 4), lines)
def test_options_conf_defines_what_is_on_and_ends_in_the_directives(chosen, parts, more) -> None:
    options = {**chosen, **({} if parts is None else {"PrefixParts": parts})}
    file = rendered("apache", options=options, directives=more)["options.conf"]
    own, _, rest = file.text.partition("\n# Directives, as they were given.\n")
    expected = [name for name, is_on in chosen.items() if is_on]
    assert sorted(defined(own)) == sorted(
        expected + ([] if parts is None else [f"PrefixParts {parts}"])
    )
    assert rest.strip("\n") == (more.strip("\n") if more.strip() else "")
    assert all(not line or line.startswith(("#", "Define ")) for line in own.splitlines())


@given(flags)
def test_a_list_means_what_a_dictionary_means(chosen) -> None:
    names = [name for name, is_on in chosen.items() if is_on]
    assert rendered("apache", options=chosen) == rendered("apache", options=names)


@pytest.mark.parametrize("name", NAMES)
def test_each_option_of_the_table_can_be_switched_on_and_off(name) -> None:
    on = 3 if name in NUMBERS else True
    text = rendered("apache", options={name: on})["options.conf"].text
    assert defined(text) == [f"{name} 3" if name in NUMBERS else name]
    assert defined(rendered("apache", options={})["options.conf"].text) == []


@pytest.mark.parametrize("name", uwsgi_options.OPTIONS)
def test_each_option_of_uwsgi_is_written_as_the_type_reads_it(name) -> None:
    option = uwsgi_options.OPTIONS[name]
    text = rendered("uwsgi", options={name: option.example})["options.ini"].text
    assert uwsgi_options.words(text, "options.ini") == [f"--{name}", option.example]


VALUES = {
    uwsgi_options.NUMBER: st.integers(0, 10**9 - 1),
    uwsgi_options.FLAG: st.booleans(),
    uwsgi_options.TEXT: st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1)),
}
several = st.fixed_dictionaries(
    {}, optional={name: VALUES[each.kind] for name, each in uwsgi_options.OPTIONS.items()}
)


@given(several)
def test_options_ini_says_what_was_given_to_the_type_that_reads_it(options) -> None:
    text = rendered("uwsgi", options=options)["options.ini"].text
    found = uwsgi_options.words(text, "options.ini")
    expected: list[str] = []
    for name, value in options.items():
        each = value if isinstance(value, list) else [value]
        for one in each:
            if one is not False:
                expected += [f"--{name}", "true" if one is True else str(one)]
    assert found == expected


@pytest.mark.parametrize("plugin", [*uwsgi_app.PLUGINS, "python"])
def test_app_ini_names_plugin_and_location_as_uwsgi_has_them(plugin) -> None:
    text = rendered("uwsgi", app={"plugin": plugin, "location": " web/app "})["app.ini"].text
    found = {line.key: line.value for line in ini.read(text, "app.ini")}
    known = uwsgi_app.ALIASES.get(plugin, plugin)
    assert found["plugin"] == known
    assert found[uwsgi_app.PLUGINS[known]] == "web/app"


def test_only_files_that_there_are_data_for_are_written() -> None:
    assert rendered("apache") == rendered("uwsgi") == {}
    assert list(rendered("uwsgi", options={})) == ["options.ini"]
    assert list(rendered("uwsgi", app=None, port=9200)) == ["ports.ini"]
    assert list(rendered("apache", directives="x")) == ["options.conf"]


def test_a_given_port_is_the_accounts_own_and_not_one_that_we_chose(home) -> None:
    home.make_directory(".uwsgi-service")
    text = rendered("uwsgi", port=9200)["ports.ini"].text
    home.write(".uwsgi-service/ports.ini", text)
    found = portfile.load(home, portfile.Layout("uwsgi"), 9200)
    assert found == portfile.Recorded(9200, is_own=True)


# What a type wrote by itself may be replaced, without any record.

OLD_ROLE = """\
#
# Ansible managed
#
# Role sciportal.hosting.account: options of this account's Apache.
# SHA-256 of what follows: 5d0d9fcc0ce1b2ec6e1b4ed5e5ac75a2b6dbf8d5a9a8e2a3b0a7ddf8d0d2e8c1
ServerSignature Off
"""


def test_what_the_types_write_themselves_is_theirs() -> None:
    assert apache_files.is_ours("")
    assert uwsgi_options.is_ours(uwsgi_options.template())
    assert uwsgi_app.is_ours(uwsgi_app.text(uwsgi_app.App("python3", "web/app.py")))
    assert portfile.is_ours(portfile.text(9000))


@pytest.mark.parametrize("text", ["Define EnablePHP\n", "# mine\n", OLD_ROLE])
def test_an_options_conf_of_the_accounts_own_is_not(text) -> None:
    assert not apache_files.is_ours(text)


def test_an_options_conf_of_the_role_of_the_first_version_is_until_it_is_edited() -> None:
    body = "ServerSignature Off\n"
    head, _, _rest = OLD_ROLE.partition("# SHA-256 of what follows: ")
    written = f"{head}# SHA-256 of what follows: {checksum(body)}\n{body}"
    assert apache_files.is_ours(written)
    assert not apache_files.is_ours(written + "Define EnablePHP\n")
    assert not apache_files.is_ours("Define EnablePHP\n" + written)


@pytest.mark.parametrize(
    ("text", "is_ours"),
    [
        ("", True),
        ("[uwsgi]\nplugin = python3\nwsgi-file = web/app.py\n", False),
        ("[uwsgi]\nplugin = fish\n", False),
        ("[uwsgi]\nplugin\n", False),
        (uwsgi_app.text(uwsgi_app.App("psgi", "x")) + "uid = root\n", False),
    ],
)
def test_an_app_ini_of_the_accounts_own_is_not(text, is_ours) -> None:
    assert uwsgi_app.is_ours(text) == is_ours


def test_an_edited_options_ini_or_ports_ini_is_not() -> None:
    assert not uwsgi_options.is_ours(uwsgi_options.template() + "workers = 2\n")
    assert not portfile.is_ours(portfile.text(9000) + "; mine\n")
    assert not portfile.is_ours("nothing")
