"""Real applications for the type uwsgi, with the software that they need in a home."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from cluster.testbed import CTL, Cluster

# Debian's packages, unpacked in the home: so every node has them, none has to install them, and
# they are found only by what a virtual environment, local::lib or a manager of Rubies sets. Not
# every release has all of them.
PYTHON = "flask werkzeug jinja2 markupsafe click itsdangerous blinker django asgiref sqlparse tz"
RUBY = "sinatra rack rack-protection rack-session mustermann tilt ruby2-keywords"
PACKAGES = [
    *(f"python3-{name}" for name in PYTHON.split()),
    *(f"ruby-{name}" for name in RUBY.split()),
    "libmojolicious-perl",
    # Django's admin has its jQuery from there.
    "libjs-jquery",
]
PREPARE = f"""\
set -e
cd ~/soft 2>/dev/null && exit
place=$(mktemp -d ~/soft.XXXXXX); cd "$place"
apt-get download -qq $(apt-cache pkgnames | grep -xE '{"|".join(PACKAGES)}')
for deb in *.deb; do dpkg -x "$deb" .; done
# Links into packages that are not needed.
find . -xtype l -delete
python3 -m venv --without-pip venv
echo ~/soft/usr/lib/python3/dist-packages >"$(echo venv/lib/python3*/site-packages)/debian.pth"
mv "$place" ~/soft
"""
# A manager of Rubies in a few lines: in force where its script was read, which ~/.profile does.
MANAGER = """\
# ruby-manager: `ruby_use NAME` makes a set of gems the one in force.
ruby_use() {
    set -- "$HOME/.rubies/$1"
    [ -d "$1" ] || { echo "ruby-manager: no ruby $1" >&2; return 1; }
    PATH=$1/bin:$PATH
    GEM_HOME=$1/gems
    GEM_PATH=$GEM_HOME
    RUBYLIB=$1/lib
    RUBY_IN_FORCE=${1##*/}
    export PATH GEM_HOME GEM_PATH RUBYLIB RUBY_IN_FORCE
}
"""
PROFILE = """\
. ~/.rubies/manager
ruby_use mine
PERL5LIB=~/soft/usr/share/perl5
export PERL5LIB
"""
RUBIES = """\
set -e
mkdir -p ~/.rubies/mine/bin ~/.rubies/mine/gems
ln -sfn ~/soft/usr/lib/ruby/vendor_ruby ~/.rubies/mine/lib
cp -r ~/soft/usr/share/rubygems-integration/all/. ~/.rubies/mine/gems/
"""


class Application(NamedTuple):
    """One application."""

    plugin: str
    location: str
    files: dict[str, str]
    """By path below the home."""
    options: Mapping[str, str | int] = MappingProxyType({})
    prepare: tuple[str, ...] = ()
    """What is run once, in the home."""


def prepare(cluster: Cluster, *users: str) -> None:
    """Give accounts the software and the profile."""
    running = [cluster.start(CTL, ["bash", "-c", PREPARE], user) for user in users]
    for user, each in zip(users, running, strict=True):
        _, problem = each.communicate(timeout=300)
        assert each.returncode == 0, problem
        cluster.lay(user, ".", {".rubies/manager": MANAGER, ".profile": PROFILE})
        cluster.run(CTL, ["bash", "-c", RUBIES], user=user)


def clean(cluster: Cluster, *users: str) -> None:
    """Take the profile and the applications away; the software may be used again."""
    argv = ["rm", "-rf", ".profile", ".rubies", "web", "site", "mojo", "ruby"]
    for user in users:
        cluster.run(CTL, argv, user=user)


def write(cluster: Cluster, user: str, application: Application) -> None:
    """Write an application, and prepare it."""
    cluster.lay(user, ".", application.files)
    if application.prepare:
        cluster.run(CTL, application.prepare, user=user)


def deploy(cluster: Cluster, user: str, application: Application) -> None:
    """Have an application run as the account's service `uwsgi`, by the command."""
    write(cluster, user, application)
    lines = [f"{name} = {value}\n" for name, value in application.options.items()]
    cluster.run(CTL, ["mkdir", "-p", "-m", "700", ".uwsgi-service"], user=user)
    cluster.run(CTL, ["rm", "-f", ".uwsgi-service/app.ini"], user=user)
    cluster.write(user, ".uwsgi-service/options.ini", "".join(lines))
    names = (f"UWSGI_PLUGIN={application.plugin}", f"UWSGI_LOCATION={application.location}")
    argv = ["env", *names, "bash", "-lc", "exec sbatch-service deploy --wait uwsgi"]
    cluster.run(CTL, argv, user=user)


def service(cluster: Cluster, user: str, application: Application) -> dict[str, Any]:
    """What the role `account` is told of an account's service `uwsgi` that is this application.

    Its files are there already: they are what a person unpacks in a home.
    """
    write(cluster, user, application)
    app = {"plugin": application.plugin, "location": application.location}
    return {"name": "uwsgi", "config": {"app": app, "options": dict(application.options)}}
