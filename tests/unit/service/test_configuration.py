"""Files of a type from data: written, tested, taken by what runs, kept where they were edited."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sciportal.service import apply, document, work
from sciportal.service.errors import ServiceError
from sciportal.service.result import Result
from sciportal.service.types import apache_files
from sciportal.service.types.owned import GIVEN, WRITTEN, checksum
from unit.service.world import World

# As the types do: init makes what is missing, and all stages refuse a mistake, stop only if a start
# is to follow.
TYPE = """\
#!/bin/sh
echo "$SERVICE $1 ${PORT-none}" >>"$STAGES"
cd HOME || exit
case $1 in
    stop) [ "$AGAIN" ] || exit 0 ;;
    init)
        mkdir -p -m 700 ".$SERVICE-service"
        [ -e .apache-service/options.conf ] || echo '# of init' >.apache-service/options.conf ;;
esac
if grep -qs Bad .$SERVICE-service/*; then echo 'Bad is wrong' >&2; exit 1; fi
"""
CONF = ".apache-service/options.conf"
PHP = {"options": {"EnablePHP": True}}
BAD = {"directives": "Bad\n"}


@pytest.fixture
def account(world: World) -> World:
    """An account of a site with both types."""
    for name in ("apache", "uwsgi"):
        path = world.types / name
        path.write_text(TYPE.replace("HOME", str(world.home)))
        path.chmod(0o755)
    return world


@pytest.fixture
def served(account: World) -> World:
    """The same, with an apache and a uwsgi that run."""
    (account.home / ".apache-service").mkdir(mode=0o700)
    text = apache_files.options()
    conf(account).write_text(text)
    conf(account).with_name(WRITTEN).write_text(f"{checksum(text)}  options.conf\n")
    for service in ("apache", "uwsgi"):
        assert run(account, service=service).exit_code == 0
    account.cluster.sleep(10)
    account.stages_file.unlink()
    return account


def run(world: World, config: Any = None, *, check: bool = False, **wanted: Any) -> Result:
    """Apply one entry, for apache in state deployed where nothing else is said."""
    entry = {"service": "apache", "state": "deployed", **wanted}
    if config is not None:
        entry["config"] = config
    services, _ = document.read(json.dumps({"schema": 1, "services": [entry]}))
    return apply.run(world.session(check=check, quiet=True), services)[0]


def conf(world: World) -> Path:
    return world.home / CONF


def contents(world: World) -> Iterator[tuple[str, str]]:
    """All files with their texts, but for what the command keeps of its own."""
    for name in world.files():
        path = world.home / name
        if path.is_symlink():
            yield name, f"link to {path.readlink()}"
        elif path.is_file() and ".state" not in name:
            yield name, path.read_text()


def steps(result: Result) -> list[str]:
    return [each.step for each in result.steps]


def test_a_running_apache_is_reloaded_once_and_its_job_stays(served):
    job = served.job("apache")
    result = run(served, PHP)
    assert (result.exit_code, result.changed, result.state) == (0, True, "running")
    assert steps(result) == ["put", "test", "reload"]
    assert "\nDefine EnablePHP\n" in conf(served).read_text()
    assert served.job("apache") == job
    assert [signal for _job, signal, *_ in served.cluster.signals] == [1]
    assert served.ledger("apache")["wanted"] == "running"


def test_present_leaves_a_running_apache_running(served):
    result = run(served, PHP, state="present")
    assert (steps(result), result.state) == (["put", "test", "reload"], "running")
    # The runner asks there whether an end was meant.
    assert served.ledger("apache")["wanted"] == "running"


def test_a_running_uwsgi_is_tried_with_them_and_then_restarted(served):
    job = served.job("uwsgi")
    result = run(served, {"options": {"workers": 4}}, service="uwsgi")
    assert steps(result) == ["put", "stop", "stage", "stage", "submit"]
    assert [each.split()[1] for each in served.stages()] == ["stop", "init", "start"]
    assert served.job("uwsgi") != job
    assert "workers = 4\n" in (served.home / ".uwsgi-service/options.ini").read_text()


def test_what_waits_for_its_turn_is_tested_and_not_signalled(served):
    for job in served.cluster.of("apache"):
        served.cluster.put(job._replace(raw_state="PENDING", node=""))
    result = run(served, PHP)
    assert (steps(result), result.state) == (["put", "test"], "pending")
    assert served.cluster.signals == []


def test_what_does_not_run_is_set_up_and_started_with_them(account):
    result = run(account, {**PHP, "directives": "ServerSignature Off"})
    assert steps(result)[0] == "put"
    assert steps(result)[-1] == "submit"
    assert "test" not in steps(result)
    text = conf(account).read_text()
    assert text.endswith("ServerSignature Off\n")
    assert conf(account).parent.stat().st_mode & 0o777 == 0o700


CHANGES = {
    "nothing is there": None,
    "options": PHP,
    "other options": {"options": ["EnableCGI"]},
    "none": {"options": {}},
    "directives": {"directives": "ServerSignature Off"},
}


@pytest.mark.parametrize("state", ["present", "deployed"])
@pytest.mark.parametrize("before", CHANGES)
@pytest.mark.parametrize("wanted", [each for each in CHANGES if CHANGES[each] is not None])
def test_check_mode_foretells_the_run_and_a_second_run_changes_nothing(
    account, before, wanted, state
):
    if CHANGES[before] is not None:
        run(account, CHANGES[before])
        account.cluster.sleep(10)
    files = dict(contents(account))
    foretold = run(account, CHANGES[wanted], check=True, state=state)
    assert dict(contents(account)) == files
    done = run(account, CHANGES[wanted], state=state)
    assert (foretold.changed, foretold.steps) == (done.changed, done.steps)
    assert foretold.changed == (before != wanted or before == "nothing is there")
    assert foretold.before == done.before
    assert foretold.after["config"] == done.after["config"] == {CONF: conf(account).read_text()}
    account.cluster.sleep(10)
    again = run(account, CHANGES[wanted], state=state)
    assert (again.exit_code, again.changed, again.steps) == (0, False, ())


def test_an_option_that_the_data_drop_is_gone_and_a_file_that_they_leave_out_stays(served):
    run(served, {"options": {"EnablePHP": True, "EnableCGI": True}})
    run(served, {"options": {"EnableCGI": True}})
    assert "#Define EnablePHP\n" in conf(served).read_text()
    assert "\nDefine EnableCGI\n" in conf(served).read_text()
    text = conf(served).read_text()
    for none in ({}, None):
        assert not run(served, none).changed
    assert conf(served).read_text() == text


def test_a_file_that_was_edited_is_kept_and_reported_until_it_is_forced(served):
    run(served, PHP)
    with conf(served).open("a") as file:
        file.write("# by hand\n")
    edited = conf(served).read_text()
    for check in (True, False):
        kept = run(served, {"options": {}}, check=check)
        assert (kept.exit_code, kept.changed, kept.kept) == (0, False, (CONF,))
        assert f"~/{CONF} was changed by hand and is kept" in kept.warnings[0]
        assert conf(served).read_text() == edited
    forced = run(served, {"options": {}}, force=True)
    assert (forced.changed, forced.kept, forced.warnings) == (True, (), ())
    assert "by hand" not in conf(served).read_text()
    assert not run(served, {"options": {}}).changed


def test_files_beside_an_edited_one_are_written(served):
    own = served.home / ".uwsgi-service"
    (own / "options.ini").write_text("threads = 2\n")
    app = {"plugin": "psgi", "location": "x"}
    result = run(served, {"app": app, "options": {}}, service="uwsgi")
    assert result.kept == (".uwsgi-service/options.ini",)
    assert (own / "options.ini").read_text() == "threads = 2\n"
    assert "psgi = x\n" in (own / "app.ini").read_text()


def test_what_init_wrote_is_replaced_and_init_does_not_take_it_back(served):
    run(served, PHP)
    before = conf(served).read_text()
    assert served.one("init", "apache").exit_code == 0
    assert conf(served).read_text() == before


def test_a_file_that_was_removed_is_written_again(served):
    run(served, PHP)
    conf(served).unlink()
    assert run(served, PHP).changed
    assert "\nDefine EnablePHP\n" in conf(served).read_text()


@pytest.mark.parametrize("before", ["as init wrote it", "from data", "edited", "a link", "none"])
@pytest.mark.parametrize("runs", [True, False])
def test_what_the_type_refuses_is_put_back_and_what_runs_goes_on(account, before, runs):
    run(account, PHP if before == "from data" else None, state="deployed" if runs else "present")
    account.cluster.sleep(10)
    if before == "edited":
        conf(account).write_text("# mine\n")
        conf(account).chmod(0o640)
    elif before == "a link":
        conf(account).rename(account.home / "mine")
        conf(account).symlink_to("../mine")
    elif before == "none":
        conf(account).unlink()
    files, jobs = dict(contents(account)), account.live("apache")
    mode = conf(account).lstat().st_mode if before != "none" else 0
    for _ in range(2):
        result = run(account, BAD, force=True)
        assert result.exit_code == 1
        assert result.message.startswith("the config of apache: stage ")
        assert "Bad is wrong" in result.message
        assert "mend the data; its files are as they were before" in result.message
        left = dict(contents(account))
        if before == "none" and not runs:
            # Of a type that makes what is missing.
            left.pop(CONF, None)
        assert left == files
        if mode:
            assert conf(account).lstat().st_mode == mode
    assert account.live("apache") == jobs
    assert account.cluster.signals == []
    # What is mended is taken, and what was mended by dropping it changes nothing.
    if before == "from data" and runs:
        assert not run(account, PHP).changed
    assert run(account, {"options": ["EnableCGI"]}, force=True).exit_code == 0


@pytest.mark.parametrize(("state", "stage"), [("present", "reload"), ("deployed", "stop")])
def test_a_uwsgi_that_refuses_them_is_not_stopped(served, state, stage):
    job, files = served.job("uwsgi"), dict(contents(served))
    bad = {"app": {"plugin": "psgi", "location": "Bad"}, "options": {}, "port": 9200}
    result = run(served, bad, service="uwsgi", state=state)
    assert (result.exit_code, result.changed) == (1, False)
    assert result.message.startswith(f"the config of uwsgi: stage {stage}: ")
    assert dict(contents(served)) == files
    assert served.job("uwsgi") == job
    assert served.cluster.signals == []
    assert served.ledger("uwsgi")["wanted"] == "running"


def test_what_is_no_utf_8_is_put_back_byte_by_byte(served):
    latin = b"# f\xfcr mich\n\xff\xfe\n"
    conf(served).write_bytes(latin)
    assert run(served, PHP).kept == (CONF,)
    refused = run(served, BAD, force=True)
    assert refused.exit_code == 1
    assert conf(served).read_bytes() == latin
    forced = run(served, PHP, force=True)
    json.dumps(forced.as_json()).encode()
    assert "Define EnablePHP" in forced.after["config"][CONF]


@pytest.mark.parametrize("service", ["apache", "uwsgi"])
def test_who_interrupts_it_leaves_the_files_as_they_were(served, monkeypatch, service):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    files = dict(contents(served))
    with monkeypatch.context() as patched:
        patched.setattr(work, "run_stage", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run(served, {"options": {}}, service=service)
    assert dict(contents(served)) == files
    assert run(served, {"options": {}}, service=service).exit_code == 0


class KilledError(Exception):
    """In place of SIGKILL."""


@pytest.mark.parametrize("at", ["reload", "stage", "put"])
def test_a_run_that_was_killed_is_finished_by_the_next(served, monkeypatch, at):
    def die(*_: object, **__: object) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        # Who is killed puts nothing back.
        patched.setattr("sciportal.service.configuration.Configuration.restore", lambda _: False)
        if at == "put":
            patched.setattr("sciportal.service.home.Home.write", dying_at(CONF))
        elif at == "stage":
            patched.setattr(work, "run_stage", die)
        else:
            patched.setitem(work._WORKING, "reload", die)
        with pytest.raises(KilledError):
            run(served, PHP)
    assert [signal for _job, signal, *_ in served.cluster.signals] == []
    result = run(served, PHP)
    assert (result.exit_code, result.changed, result.kept) == (0, True, ())
    assert steps(result)[-1] == "reload"
    assert not run(served, PHP).changed
    # Other data find a file that is nobody else's.
    assert run(served, {"options": {}}).kept == ()


def dying_at(path: str) -> Any:
    from sciportal.service.home import Home

    write = Home.write

    def dies(self: Home, relative: str, text: str, mode: int = 0o600) -> None:
        if relative == path:
            raise KilledError
        write(self, relative, text, mode)

    return dies


# Hostile homes.


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("place", [".apache-service", CONF, f".apache-service/{GIVEN}"])
@pytest.mark.parametrize("is_there", [True, False])
def test_nothing_is_written_out_of_the_home(served, tmp_path, place, force, is_there):
    outside = tmp_path / "outside"
    path = served.home / place
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    if place == ".apache-service":
        outside.mkdir()
        (outside / "options.conf").write_text("theirs\n")
    elif is_there:
        outside.write_text("theirs\n")
    path.symlink_to(outside)
    before = {each: each.read_text() for each in tmp_path.glob("outside*/**/*")}
    run(served, PHP, force=force)
    run(served, {"options": {}}, state="present", force=force)
    assert {each: each.read_text() for each in tmp_path.glob("outside*/**/*")} == before
    if place != ".apache-service":
        assert outside.exists() == is_there
        assert not is_there or outside.read_text() == "theirs\n"


def test_a_directory_that_leads_out_of_the_home_is_refused_before_anything_is_done(
    served, tmp_path
):
    shutil.rmtree(served.home / ".apache-service")
    (served.home / ".apache-service").symlink_to(tmp_path)
    for check in (True, False):
        result = run(served, PHP, check=check)
        assert (result.exit_code, result.changed) == (1, False)
        assert "a symbolic link leads out of the home" in result.message
    assert served.stages() == []


def test_a_link_in_the_place_of_a_file_is_the_accounts_own(served):
    conf(served).rename(served.home / "dotfile")
    conf(served).symlink_to("../dotfile")
    assert run(served, PHP).kept == (CONF,)
    run(served, PHP, force=True)
    assert not conf(served).is_symlink()
    assert "\nDefine EnablePHP\n" not in (served.home / "dotfile").read_text()


@pytest.mark.parametrize("kind", ["directory", "pipe"])
def test_what_is_no_file_is_told_and_holds_nobody_up(served, kind):
    conf(served).unlink()
    os.mkfifo(conf(served)) if kind == "pipe" else conf(served).mkdir()
    result = run(served, PHP, force=True)
    assert (result.exit_code, result.changed) == (1, False)
    assert str(conf(served)) in result.message
    assert served.stages() == []


# Ports.


def test_a_given_port_is_the_jobs(account):
    result = run(account, {"port": 9200}, service="uwsgi")
    assert result.exit_code == 0
    assert account.cluster.of("uwsgi")[0].comment == "sbatch-service/1 uwsgi 9200 public"
    account.cluster.sleep(10)
    assert not run(account, {"port": 9200}, service="uwsgi").changed


def test_a_given_port_that_is_not_to_be_had_is_told_before_anything_is_done(served):
    settings = {"port": 9300}
    other = served.cluster.of("apache")[0]
    files, stages = dict(contents(served)), served.stages()
    for config, more, says in (
        ({"port": 80}, {}, "80 is not one for services"),
        ({"port": 9200}, {"settings": settings}, "its settings say 9300, its ports.ini says 9200"),
        ({"port": other.endpoint.port}, {}, f"job {other.id} (apache-service of"),
    ):
        result = run(served, config, service="uwsgi", **more)
        assert (result.exit_code, result.changed) == (1, False)
        assert says in result.message
    assert (dict(contents(served)), served.stages()) == (files, stages)


# The document.


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"config": {"options": {"EnablePhp": True}}}, "did you mean 'EnablePHP'?"),
        ({"config": []}, "config is []"),
        ({"config": PHP, "force": "yes"}, "force is 'yes'"),
        ({"config": PHP, "state": "started"}, "config with state 'started'"),
        ({"config": PHP, "service": "notes"}, "apache or uwsgi"),
        ({"config": {"options": {"EnablePhp": 1}}, "account": "bob"}, "apache of bob, config"),
    ],
)
def test_a_mistake_in_the_data_of_one_service_is_found_before_any_is_touched(served, entry, says):
    good = {"service": "uwsgi", "state": "stopped"}
    whole = {"service": "apache", "state": "deployed", **entry}
    with pytest.raises(ServiceError) as raised:
        document.read(json.dumps({"schema": 1, "services": [good, whole]}))
    assert raised.value.exit_code == 2
    assert says in str(raised.value)
