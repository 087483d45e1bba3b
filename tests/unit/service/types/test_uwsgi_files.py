"""The files of the type uwsgi, and what their mistakes say."""

from __future__ import annotations

import pytest

from sciportal.service.errors import ServiceError
from sciportal.service.types import ini, uwsgi_app, uwsgi_options
from sciportal.service.types.uwsgi_app import App


def words(text: str) -> list[str]:
    return uwsgi_options.words(text, "options.ini")


def test_what_init_writes_changes_nothing() -> None:
    assert words(uwsgi_options.template()) == []


def test_every_option_is_taken_as_its_example_shows_it() -> None:
    for name, option in uwsgi_options.OPTIONS.items():
        assert words(f"{name} = {option.example}") == [f"--{name}", option.example]
        assert f"  {name} " in uwsgi_options.table()


def test_options_are_read_with_and_without_a_section_and_in_their_order() -> None:
    text = "# few\n[uwsgi]\nworkers=4\n static-map = /a=b \nstatic-map = /c=d\nlazy-apps = false\n"
    assert words(text) == ["--workers", "4", "--static-map", "/a=b", "--static-map", "/c=d"]
    assert words("threads = 2") == ["--threads", "2"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("worker = 2", ["options.ini, line 1", "unknown option 'worker'", "'workers'"]),
        ("\n\nuid = root", ["line 3", "unknown option 'uid'", "README"]),
        ("workers = many", ["workers = 'many' is not a whole number", "workers = 4"]),
        ("workers", ["line 1", "no line NAME = VALUE"]),
        ("lazy-apps = yes", ["is not true or false"]),
        ("stats =", ["is not a text"]),
    ],
)
def test_a_mistake_names_file_line_and_remedy(text: str, says: list[str]) -> None:
    with pytest.raises(ServiceError) as raised:
        words(text)
    assert [each for each in says if each not in str(raised.value)] == []


@pytest.mark.parametrize("plugin", [*uwsgi_app.PLUGINS, "python"])
def test_the_environment_names_an_application(plugin: str) -> None:
    environ = {"UWSGI_PLUGIN": plugin, "UWSGI_LOCATION": "web/app"}
    app = uwsgi_app.from_environment(environ, "app.ini")
    known = "python3" if plugin == "python" else plugin
    assert app == App(known, "web/app")
    lines = {line.key: line.value for line in ini.read(uwsgi_app.text(app), "app.ini")}
    assert lines["plugin"] == known
    assert lines[uwsgi_app.PLUGINS[known]] == "web/app"
    assert ("pythonpath" in lines) == (known == "python3")


def test_without_it_the_error_shows_how_to_write_the_file() -> None:
    with pytest.raises(ServiceError) as raised:
        uwsgi_app.from_environment({"UWSGI_PLUGIN": "psgi"}, "app.ini")
    for each in ("UWSGI_PLUGIN", "UWSGI_LOCATION", "[uwsgi]\nplugin = python3\nwsgi-file = "):
        assert each in str(raised.value)


@pytest.mark.parametrize(("plugin", "location"), [("perl", "x"), ("rack", " "), ("rack", "a\nb")])
def test_what_cannot_be_is_refused(plugin: str, location: str) -> None:
    with pytest.raises(ServiceError):
        uwsgi_app.checked(plugin, location)


def test_a_person_is_asked_until_there_is_an_answer() -> None:
    shown: list[str] = []
    answers = iter(["ruby\n", "python\n", "\n", "web/wsgi.py\n"])
    app = uwsgi_app.ask(shown.append, lambda: next(answers))
    assert app == App("python3", "web/wsgi.py")
    assert [each.split()[1] for each in shown] == ["plugin", "plugin", "file", "file"]


def test_a_person_who_goes_away_gets_no_file() -> None:
    with pytest.raises(ServiceError, match="there was no answer"):
        uwsgi_app.ask(lambda _text: None, lambda: "")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("plugin = python3", "line 1: no section before 'plugin'"),
        ("[uwsgi]\n\nplugin python3", "line 3: 'plugin python3' is no line NAME = VALUE"),
        ("[uwsgi]\n= x", "line 2"),
    ],
)
def test_a_mistake_in_the_syntax_has_a_line(text: str, says: str) -> None:
    with pytest.raises(ServiceError, match=r"app\.ini") as raised:
        ini.read(text, "app.ini")
    assert says in str(raised.value)


def test_other_sections_and_comments_are_not_looked_at() -> None:
    found = ini.read("; a\n# b\n[other]\nx = 1\n[uwsgi]\nini = :other\n", "app.ini")
    assert found == [ini.Line(6, "ini", ":other")]


@pytest.fixture
def installed(tmp_path, monkeypatch) -> None:
    (tmp_path / "python3_plugin.so").touch()
    monkeypatch.setattr(uwsgi_app, "PLUGIN_DIRECTORIES", (str(tmp_path),))


def plugins(value: str, more: str = "") -> list[str]:
    return uwsgi_app.plugins(ini.read(f"[uwsgi]\nplugins = {value}\n{more}", "app.ini"), "app.ini")


@pytest.mark.usefixtures("installed")
def test_the_seeds_word_for_python_is_the_one_python_that_there_is() -> None:
    assert plugins("python3") == []
    assert plugins("python") == ["python3"]


@pytest.mark.usefixtures("installed")
def test_a_plugin_that_is_not_there_is_named_with_its_package() -> None:
    with pytest.raises(ServiceError, match="uwsgi-plugin-psgi") as raised:
        plugins("python3, psgi")
    assert "app.ini, line 2: uwsgi's plugin 'psgi' is not installed" in str(raised.value)
    with pytest.raises(ServiceError, match="name another"):
        plugins("fish")
    assert plugins("/home/alice/x_plugin.so, %d/y") == []
    assert plugins("fish", "plugins-dir = x\n") == []


def test_an_application_without_a_plugin_is_a_mistake() -> None:
    with pytest.raises(ServiceError, match="no line says plugin = NAME"):
        uwsgi_app.plugins([], "app.ini")
