"""An application in each framework, with pages that a person can use."""

from __future__ import annotations

from cluster.applications import Application

FLASK = Application(
    "python",
    "web/app.py",
    {
        "web/words.py": 'GREETING = "hello"\n',
        "web/static/style.css": "body { color: green }\n",
        "web/templates/first.html": """\
{{ greeting }} {{ name }} {{ style }} {{ address }}
<link rel="stylesheet" href="{{ style }}">
<form method="post" action="{{ url_for('name') }}">
<input name="name"><button>Remember me</button></form>
""",
        "web/app.py": """\
import os, time
from flask import Flask, redirect, render_template, request, session, url_for
import words
app = application = Flask(__name__)
app.secret_key = "of a test"

@app.get("/")
def first():
    style = url_for("static", filename="style.css")
    name = session.get("name", "stranger")
    told = {"greeting": words.GREETING, "name": name, "address": request.remote_addr}
    return render_template("first.html", style=style, **told)

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
    {"virtualenv": "soft/venv", "workers": 4},
)
# With the admin's pages, accounts, a database, and static files gathered from the applications.
DJANGO = Application(
    "python3",
    "site/wsgi.py",
    {
        "site/settings.py": """\
from pathlib import Path
HERE = Path(__file__).parent
SECRET_KEY = "of a test"
ROOT_URLCONF = "urls"
ALLOWED_HOSTS = ["localhost", "app.bob.test"]
STATIC_URL = "static/"
STATIC_ROOT = HERE / "static"
STATICFILES_STORAGE = "notes.storage.EachAddress"
INSTALLED_APPS = ["notes"] + [f"django.contrib.{name}" for name in (
    "admin", "auth", "contenttypes", "sessions", "messages", "staticfiles")]
MIDDLEWARE = [f"django.{name}" for name in (
    "contrib.sessions.middleware.SessionMiddleware",
    "middleware.common.CommonMiddleware",
    "middleware.csrf.CsrfViewMiddleware",
    "contrib.auth.middleware.AuthenticationMiddleware",
    "contrib.messages.middleware.MessageMiddleware")]
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "APP_DIRS": True,
    "OPTIONS": {"context_processors": [
        "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages"]},
}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": HERE / "notes.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
""",
        "site/notes/__init__.py": "",
        "site/notes/storage.py": """\
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.urls import get_script_prefix

class EachAddress(StaticFilesStorage):
    def url(self, name):
        return f"{get_script_prefix()}static/{name}"
""",
        "site/notes/models.py": """\
from django.db import models

class Note(models.Model):
    text = models.CharField(max_length=80)

    def __str__(self):
        return self.text
""",
        "site/notes/admin.py": """\
from django.contrib import admin
from notes.models import Note
admin.site.register(Note)
""",
        "site/notes/static/notes.css": "li { color: blue }\n",
        "site/notes/templates/notes.html": """\
{% load static %}<link rel="stylesheet" href="{% static 'notes.css' %}">
<a href="{% url 'away' %}">away</a><a href="{% url 'admin:index' %}">admin</a>
<ul>{% for each in notes %}<li>{{ each }}</li>{% endfor %}</ul>
""",
        "site/urls.py": """\
from django.contrib import admin
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from notes.models import Note

def first(request):
    return render(request, "notes.html", {"notes": Note.objects.all()})

def page(request, number):
    return HttpResponse(f"page {number} of {request.build_absolute_uri()}")

def away(request):
    return redirect("page", number=8)

def cookie(request):
    answer = HttpResponse(f"got {', '.join(request.COOKIES) or 'nothing'}")
    answer.set_cookie("session", "of bob")
    return answer

urlpatterns = [
    path("", first),
    path("page/<int:number>/", page, name="page"),
    path("away", away, name="away"),
    path("cookie", cookie),
    path("admin/", admin.site.urls),
]
""",
        "site/wsgi.py": """\
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
""",
        # What `manage.py` is for, in one go.
        "site/prepare.py": """\
import wsgi
from django.contrib.auth.models import User
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
call_command("collectstatic", interactive=False, verbosity=0)
User.objects.create_superuser("carol", password="a-secret")
""",
    },
    {"virtualenv": "soft/venv", "static-map": "/static=site/static"},
    prepare=("soft/venv/bin/python", "site/prepare.py"),
)
MOJOLICIOUS = Application(
    "psgi",
    "mojo/app.psgi",
    {
        "mojo/public/style.css": "p { color: purple }\n",
        "mojo/app.psgi": """\
use Mojolicious::Lite -signatures;
get '/' => 'first';
post '/names' => sub ($c) {
    return $c->render(text => 'from elsewhere', status => 403)
        if $c->validation->csrf_protect->has_error;
    $c->session(name => $c->param('name'));
    $c->flash(said => 'nice to meet you');
    $c->redirect_to('greet', name => $c->param('name'));
} => 'names';
get '/greet/:name' => 'greet';
post '/size' => sub ($c) { $c->render(text => length $c->req->body) };
app->secrets(['of a test'])->start;
__DATA__
@@ first.html.ep
% layout 'page';
<p>perl <%= session('name') // 'stranger' %></p>
%= form_for names => begin
%= text_field 'name'
%= csrf_field
%= submit_button 'Greet'
% end
@@ greet.html.ep
% layout 'page';
<p>hello <%= param 'name' %>, <%= flash('said') // 'again' %></p>
%= link_to 'back' => 'first'
@@ layouts/page.html.ep
%= stylesheet '/style.css'
%= content
""",
    },
    {"env": "MOJO_MODE=production"},
)
SINATRA = Application(
    "rack",
    "ruby/config.ru",
    {
        "ruby/public/style.css": "p { color: red }\n",
        "ruby/config.ru": """\
require 'sinatra/base'
class App < Sinatra::Base
  set :root, File.dirname(File.expand_path(__FILE__))
  enable :sessions
  set :session_secret, 'of a test, and as long as a secret has to be ' * 2
  get('/') do
    sinatra = $LOADED_FEATURES.grep(/sinatra.base/).first
    <<~PAGE
      <link rel="stylesheet" href="#{url('/style.css')}">
      <p>#{ENV['RUBY_IN_FORCE']} #{sinatra} #{session[:name] || 'stranger'}</p>
      <form method="post" action="#{url('/names', false)}">
      <input name="name"><button>Greet</button></form>
    PAGE
  end
  post('/names') do
    session[:name] = params['name']
    redirect to("/greet/#{params['name']}")
  end
  get('/greet/:name') { "hello #{params['name']} <a href='#{to('/')}'>back</a>" }
  post('/size') { request.body.read.length.to_s }
end
run App
""",
    },
    {"env": "RACK_ENV=production"},
)
