"""Real applications for the type uwsgi, with the software that they need in a home."""

from __future__ import annotations

from typing import NamedTuple

from cluster.testbed import CTL, Cluster

# Debian's packages, unpacked in the home: so every node has them, none has to install them, and
# they are found only by what a virtual environment, local::lib or a manager of Rubies sets.
PYTHON = "flask werkzeug jinja2 markupsafe click itsdangerous blinker django asgiref sqlparse tz"
RUBY = "sinatra rack rack-protection mustermann tilt ruby2-keywords"
PERL = "libmojolicious-perl"
PREPARE = f"""\
set -e
cd ~/soft 2>/dev/null && exit
place=$(mktemp -d ~/soft.XXXXXX); cd "$place"
names="{PERL}"
for name in {PYTHON}; do names="$names python3-$name"; done
for name in {RUBY}; do names="$names ruby-$name"; done
for name in $names; do apt-get download -qq "$name" || echo "no $name"; done
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
    options: str = ""


FLASK = Application(
    "python",
    "web/app.py",
    {
        "web/words.py": 'GREETING = "hello"\n',
        "web/static/style.css": "p { color: green }\n",
        "web/app.py": """\
import os, time
from flask import Flask, redirect, request, session, url_for
import words
app = application = Flask(__name__)
app.secret_key = "of a test"

@app.get("/")
def first():
    style = url_for("static", filename="style.css")
    return f"{words.GREETING} {session.get('name', 'stranger')} {style} {request.remote_addr}"

@app.post("/name")
def name():
    session["name"] = request.form["name"]
    return redirect(url_for("first"))

@app.post("/size")
def size():
    return str(len(request.get_data()))

@app.get("/seen/<path:rest>")
def seen(rest):
    told = {key: str(value) for key, value in request.environ.items()}
    return {"rest": rest, "query": request.query_string.decode(), "environ": told}

@app.get("/slow")
def slow():
    time.sleep(4)
    return "slow"

@app.get("/die")
def die():
    os._exit(3)

@app.get("/status/<int:number>")
def status(number):
    return "the application's own words", number
""",
    },
    "virtualenv = soft/venv\nworkers = 4\n",
)
DJANGO = Application(
    "python3",
    "site/wsgi.py",
    {
        "site/static/site.css": "h1 { color: blue }\n",
        "site/settings.py": """\
SECRET_KEY = "of a test"
ROOT_URLCONF = "urls"
ALLOWED_HOSTS = ["*"]
STATIC_URL = "static/"
INSTALLED_APPS = ["django.contrib.staticfiles"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
""",
        "site/urls.py": """\
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template import Context, Engine
from django.urls import path, reverse

PAGE = '{% load static %}<a href="{{ page }}">{{ page }}</a> {% static "site.css" %}'

def first(request):
    engine = Engine(libraries={"static": "django.templatetags.static"})
    link = Context({"page": reverse("page", args=[7])})
    return HttpResponse(engine.from_string(PAGE).render(link))

def page(request, number):
    return HttpResponse(f"page {number} of {request.build_absolute_uri()}")

def away(request):
    return redirect("page", number=8)

urlpatterns = [path("", first), path("page/<int:number>/", page, name="page"), path("away", away)]
""",
        "site/wsgi.py": """\
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
""",
    },
    "virtualenv = soft/venv\nstatic-map = /static=site/static\n",
)
MOJOLICIOUS = Application(
    "psgi",
    "mojo/app.psgi",
    {
        "mojo/app.psgi": """\
use Mojolicious::Lite -signatures;
get '/' => sub ($c) { $c->render(text => 'perl ' . $c->url_for('greet', name => 'bob')) };
get '/greet/:name' => sub ($c) { $c->render(text => 'hello ' . $c->param('name')) } => 'greet';
get '/away' => sub ($c) { $c->redirect_to('greet', name => 'eve') };
post '/size' => sub ($c) { $c->render(text => length $c->req->body) };
app->secrets(['of a test'])->start;
""",
    },
)
SINATRA = Application(
    "rack",
    "ruby/config.ru",
    {
        "ruby/config.ru": """\
require 'sinatra/base'
class App < Sinatra::Base
  disable :protection
  get('/') do
    sinatra = $LOADED_FEATURES.grep(/sinatra.base/).first
    "#{ENV['RUBY_IN_FORCE']} #{sinatra} #{url('/page/3', false)}"
  end
  get('/page/:number') { "page #{params['number']}" }
  get('/away') { redirect to('/page/4') }
  post('/size') { request.body.read.length.to_s }
end
run App
""",
    },
)


def prepare(cluster: Cluster, user: str) -> None:
    """Give an account the software and the profile."""
    cluster.run(CTL, ["bash", "-c", PREPARE], user=user, timeout=300)
    cluster.write(user, ".rubies/manager", MANAGER)
    cluster.run(CTL, ["bash", "-c", RUBIES], user=user)
    cluster.write(user, ".profile", PROFILE)


def clean(cluster: Cluster, user: str) -> None:
    """Take the profile and the applications away; the software may be used again."""
    argv = ["rm", "-rf", ".profile", ".rubies", "web", "site", "mojo", "ruby"]
    cluster.run(CTL, argv, user=user)


def write(cluster: Cluster, user: str, application: Application) -> None:
    """Write an application and the options of its server."""
    for path, text in application.files.items():
        cluster.write(user, path, text)
    cluster.run(CTL, ["mkdir", "-p", "-m", "700", ".uwsgi-service"], user=user)
    cluster.run(CTL, ["rm", "-f", ".uwsgi-service/app.ini"], user=user)
    cluster.write(user, ".uwsgi-service/options.ini", application.options)


def deploy(cluster: Cluster, user: str, application: Application) -> None:
    """Have an application run as the account's service `uwsgi`."""
    write(cluster, user, application)
    names = (f"UWSGI_PLUGIN={application.plugin}", f"UWSGI_LOCATION={application.location}")
    argv = ["env", *names, "bash", "-lc", "exec sbatch-service deploy --wait uwsgi"]
    cluster.run(CTL, argv, user=user)
