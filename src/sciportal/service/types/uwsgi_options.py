"""options.ini of the type `uwsgi`: what an account may switch on beside the site's standard."""

from __future__ import annotations

from sciportal.light import NamedTuple
from sciportal.service.types import given, ini

NUMBER, FLAG, TEXT = "a whole number", "true or false", "a text"


class Option(NamedTuple):
    """An option of uwsgi."""

    kind: str
    meaning: str
    example: str


# Names are uwsgi's own (https://uwsgi-docs.readthedocs.io/en/latest/Options.html).
OPTIONS = {
    "workers": Option(NUMBER, "processes; as many requests are served at once", "4"),
    "threads": Option(NUMBER, "threads of each worker", "4"),
    "enable-threads": Option(FLAG, "threads that a Python application starts itself", "true"),
    "cheaper": Option(NUMBER, "least workers, while there is little to do", "1"),
    "cheaper-initial": Option(NUMBER, "workers at the start, with cheaper", "2"),
    "cheaper-step": Option(NUMBER, "workers that are added at once, with cheaper", "1"),
    "max-requests": Option(NUMBER, "requests after which a worker is started anew", "5000"),
    "reload-on-as": Option(NUMBER, "MB of addresses after which a worker ends gently", "1024"),
    "evil-reload-on-as": Option(NUMBER, "MB of addresses at which a worker is killed", "2048"),
    "reload-on-rss": Option(NUMBER, "MB of memory after which a worker ends gently", "192"),
    "evil-reload-on-rss": Option(NUMBER, "MB of memory at which a worker is killed", "384"),
    "harakiri": Option(NUMBER, "seconds that one request may take", "60"),
    "buffer-size": Option(NUMBER, "bytes of the headers of a request", "65535"),
    "post-buffering": Option(NUMBER, "bytes of an upload above which it goes to a file", "65536"),
    "listen": Option(NUMBER, "requests that may wait for a worker", "100"),
    "offload-threads": Option(NUMBER, "threads that send static files", "1"),
    "lazy-apps": Option(FLAG, "each worker loads the application itself", "true"),
    "single-interpreter": Option(FLAG, "one Python interpreter; some extensions need it", "true"),
    "thunder-lock": Option(FLAG, "workers take turns; for many of them", "true"),
    "memory-report": Option(FLAG, "each line of the log tells the memory used", "true"),
    "disable-logging": Option(FLAG, "no line in the log for each request", "true"),
    "static-map": Option(TEXT, "PATH=DIRECTORY that uwsgi serves itself", "/static=web/static"),
    "check-static": Option(TEXT, "directory whose files come before the application", "web/public"),
    "static-index": Option(TEXT, "file that stands for its directory", "index.html"),
    "stats": Option(TEXT, "socket that tells figures, for uwsgitop", ".uwsgi-service/stats"),
    "env": Option(TEXT, "NAME=VALUE for the application", "STAGE=production"),
    "virtualenv": Option(TEXT, "the virtual environment of a Python application", "venv"),
    "pythonpath": Option(TEXT, "directory of Python modules", "web"),
    "callable": Option(TEXT, "name of a Python application in its file", "app"),
    "touch-reload": Option(TEXT, "file that reloads the service when it is touched", "reload"),
}

HEADER = """\
; Options of your service beside the site's standard, one NAME = VALUE a line. Paths are relative
; to your home. They take effect with: sbatch-service restart uwsgi
"""


def words(text: str, path: str) -> list[str]:
    """The command line of uwsgi that a file of options means.

    Args:
        text: of the file.
        path: of the file, for messages.

    Raises:
        ServiceError: a line is no option, an option is unknown, or a value is wrong.
    """
    found: list[str] = []
    for line in ini.read(text, path, needs_section=False):
        option = OPTIONS.get(line.key)
        if option is None:
            meant = given.near(line.key, OPTIONS)
            advice = f"did you mean {meant!r}?" if meant else "README lists all that there are"
            raise ini.mistake(path, line.number, f"unknown option {line.key!r}", advice)
        if not is_valid(option.kind, line.value):
            wrong = f"{line.key} = {line.value!r} is not {option.kind}"
            raise ini.mistake(path, line.number, wrong, f"write it as: {_example(line.key)}")
        # A flag that is not there is off, and some cannot be switched off by a value.
        if option.kind != FLAG or line.value == "true":
            found += [f"--{line.key}", line.value]
    return found


def template() -> str:
    """What init writes: every option as a comment."""
    shown = "".join(
        f"\n; {option.meaning}\n;{_example(name)}\n" for name, option in OPTIONS.items()
    )
    return HEADER + shown


def is_ours(text: str) -> bool:
    """Whether a text of options.ini is as init writes it, or says nothing."""
    return not text.strip() or text == template()


def table() -> str:
    """The options for README, a line each."""
    width = max(map(len, OPTIONS))
    return "".join(f"  {name:{width}}  {each.meaning}\n" for name, each in OPTIONS.items())


def is_valid(kind: str, value: str) -> bool:
    """Whether a value is of a kind."""
    if kind == NUMBER:
        return value.isascii() and value.isdigit() and len(value) < 10
    if kind == FLAG:
        return value in ("true", "false")
    return bool(value) and value.isprintable()


def _example(name: str) -> str:
    return f"{name} = {OPTIONS[name].example}"
