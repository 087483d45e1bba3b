"""Setting up and restarting one service."""

from __future__ import annotations

import pytest

TYPE = '#!/bin/sh\necho "$SERVICE $1 ${PORT-none}" >>"$STAGES"\nmkdir -p .web-service\n'
GENERIC = [
    ".logrotate.d",
    ".logrotate.d/web-service",
    ".sbatch-service",
    ".sbatch-service/.state",
    ".sbatch-service/.state/.ports.lock",
    ".sbatch-service/.state/web.json",
    ".sbatch-service/.state/web.lock",
    ".sbatch-service/.state/web.logrotate",
    ".sbatch-service/log",
    ".sbatch-service/web",
]


def stages(world) -> list[str]:
    return [line.split()[1] for line in world.stages()]


def kinds(result) -> list[str]:
    return [step.step for step in result.steps]


def most_at_once(world) -> list[int]:
    """Notes how many jobs of the service live whenever another is submitted."""
    living: list[int] = []
    world.cluster.before_sbatch = lambda: living.append(len(world.cluster.of("web")))
    return living


# Set-up


def test_init_makes_the_generic_files_and_calls_the_stage_and_starts_nothing(web):
    result = web.one("init")
    assert (result.exit_code, result.changed, result.state) == (0, True, "stopped")
    assert web.files() == GENERIC
    assert stages(web) == ["init"]
    assert web.cluster.calls["sbatch"] == 0


def test_init_is_told_the_port_that_the_service_will_have(web):
    web.one("init")
    web.one("start")
    port = web.ledger()["port"]
    assert port >= 24576
    assert web.stages() == [f"web init {port}", f"web start {port}"]


def test_a_port_of_the_settings_is_told_to_init_though_another_has_it(world):
    world.write("web", settings="port = 24700")
    world.cluster.add("wiki", user="bob", comment="sbatch-service/1 http 24700 owner")
    assert world.one("init").exit_code == 0
    assert world.stages() == ["web init 24700"]


def test_init_of_a_service_that_does_not_listen_is_told_no_port(world):
    world.write("web", settings='port = "none"')
    world.one("init")
    assert world.stages() == ["web init none"]


def test_the_files_of_a_service_are_private(web):
    web.one("init")
    for name in (".sbatch-service", ".sbatch-service/.state", ".sbatch-service/log"):
        assert (web.home / name).stat().st_mode & 0o077 == 0
    for name in ("web.json", "web.lock", "web.logrotate"):
        assert (web.home / ".sbatch-service/.state" / name).stat().st_mode & 0o077 == 0


def test_logrotate_finds_the_rotation_of_the_log_by_a_link_within_the_home(web):
    web.one("init")
    link = web.home / ".logrotate.d/web-service"
    assert link.is_symlink()
    assert link.resolve() == web.home / ".sbatch-service/.state/web.logrotate"
    assert f'"{web.home}/.sbatch-service/log/web.log"' in link.read_text()
    assert "copytruncate" in link.read_text()


def test_a_second_init_calls_the_stage_and_writes_nothing(web):
    web.one("init")
    before = {name: (web.home / name).lstat().st_ino for name in web.files()}
    result = web.one("init")
    assert kinds(result) == ["stage"]
    assert {name: (web.home / name).lstat().st_ino for name in web.files()} == before
    assert stages(web) == ["init", "init"]


def test_the_first_init_of_a_type_links_it(world):
    path = world.types / "web"
    path.write_text(TYPE)
    path.chmod(0o755)
    assert world.one("init").exit_code == 0
    link = world.home / ".sbatch-service/web"
    assert link.is_symlink()
    assert link.resolve() == path


def test_a_custom_executable_is_preferred_to_the_type_of_its_name(world):
    (world.types / "web").write_text(TYPE)
    world.write("web", '#!/bin/sh\necho "mine" >>"$STAGES"\n')
    assert world.one("init").exit_code == 0
    assert not (world.home / ".sbatch-service/web").is_symlink()
    assert world.stages() == ["mine"]


def test_init_stops_what_runs_and_does_not_start_it_again(web):
    web.one("start")
    web.cluster.sleep(10)
    result = web.one("init")
    assert (result.exit_code, result.state) == (0, "stopped")
    assert web.cluster.of("web") == []
    assert stages(web) == ["start", "stop", "init"]
    assert web.cluster.calls["sbatch"] == 1


def test_a_stage_init_that_fails_fails_the_action(web):
    web.write("web", "#!/bin/sh\necho 'no ruby here' >&2; exit 1\n")
    for action in ("init", "deploy"):
        result = web.one(action)
        assert (result.exit_code, result.state) == (1, "stopped")
        assert "no ruby here" in result.message
    assert web.cluster.calls["sbatch"] == 0


def test_an_init_that_failed_is_finished_by_the_same_command(web):
    web.write("web", "#!/bin/sh\n[ -e ok ] || exit 1\n")
    assert web.one("init").exit_code == 1
    web.write("web")
    assert web.one("init").exit_code == 0
    assert web.files() == GENERIC


def test_deploy_sets_up_and_starts(web):
    result = web.one("deploy")
    assert result.exit_code == 0
    assert stages(web) == ["init", "start"]
    assert len(web.cluster.of("web")) == 1


def test_deploy_replaces_the_job_that_runs(web):
    web.one("start")
    web.cluster.sleep(10)
    living = most_at_once(web)
    first = web.cluster.of("web")[0].id
    assert web.one("deploy").job_id != first
    assert stages(web) == ["start", "stop", "init", "start"]
    assert living == [0]


# Mistakes in the account's files


@pytest.mark.parametrize("action", ["init", "deploy", "start", "restart"])
@pytest.mark.parametrize(
    ("mistake", "advice"),
    [
        ("missing", "write the executable"),
        ("not executable", "chmod u+x"),
        ("world-writable", "chmod o-w"),
        ("dangling", "dangling link"),
        ("directory", "no regular file"),
        ("settings", "mend the file"),
    ],
)
def test_a_mistake_is_told_before_anything_is_touched(world, action, mistake, advice):
    path = world.write("web", settings="port = " if mistake == "settings" else None)
    world.cluster.add("web")
    world.cluster.sleep(10)
    if mistake in ("missing", "dangling", "directory"):
        path.unlink()
    if mistake == "not executable":
        path.chmod(0o600)
    elif mistake == "world-writable":
        path.chmod(0o777)
    elif mistake == "dangling":
        path.symlink_to(world.types / "gone")
    elif mistake == "directory":
        path.mkdir()
    if action == "start":
        world.cluster.table.clear()
    result = world.one(action)
    assert result.exit_code == 1
    assert advice in result.message
    assert world.cluster.calls["scancel"] == world.cluster.calls["sbatch"] == 0
    assert world.stages() == []


@pytest.mark.parametrize(
    "name", [".sbatch-service", ".sbatch-service/log", ".sbatch-service/.state"]
)
def test_a_file_where_a_directory_should_be_is_told(world, name):
    world.home.joinpath(name).parent.mkdir(exist_ok=True)
    world.home.joinpath(name).touch()
    result = world.one("start")
    assert result.exit_code == 1
    assert "a file of that name is there" in result.message


def test_a_home_that_is_full_is_told_and_the_same_command_finishes_later(web, monkeypatch):
    import errno
    import os

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = web.one("deploy")
    assert (result.exit_code, result.state) == (1, "stopped")
    assert "free some space in your home" in result.message
    assert web.cluster.calls["sbatch"] == 0
    assert not [name for name in web.files() if name.endswith(".tmp")]
    monkeypatch.undo()
    assert web.one("deploy").exit_code == 0


@pytest.mark.parametrize("action", ["restart", "deploy"])
def test_in_a_home_that_is_full_nothing_is_stopped_that_could_not_be_started(
    web, monkeypatch, action
):
    import errno
    import os

    def full(*_):
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    web.one("start")
    job = web.job()
    web.cluster.sleep(10)
    monkeypatch.setattr(os, "fsync", full)
    result = web.one(action)
    assert (result.exit_code, result.state) == (1, "running")
    assert "Disk quota exceeded" in result.message
    assert web.job() == job
    monkeypatch.undo()
    assert web.one(action).exit_code == 0


# Restart


def test_restart_never_lets_two_jobs_live(web):
    web.one("start")
    web.cluster.sleep(10)
    web.cluster.end_seconds = 5.0
    living = most_at_once(web)
    first = web.cluster.of("web")[0].id
    result = web.one("restart")
    assert (result.exit_code, result.changed) == (0, True)
    assert result.job_id != first
    assert living == [0]
    assert web.ledger()["wanted"] == "running"


def test_restart_of_what_is_stopped_is_a_start(web):
    web.one("init")
    assert kinds(web.one("restart")) == ["stage", "submit"]
    assert len(web.cluster.of("web")) == 1


def test_restart_whose_stop_fails_submits_nothing(web):
    web.one("start")
    web.cluster.sleep(10)
    web.cluster.end_seconds = None
    web.cluster.immortal.add(web.cluster.of("web")[0].id)
    assert web.one("restart").exit_code == 1
    assert web.cluster.calls["sbatch"] == 1


@pytest.mark.parametrize("action", ["start", "restart", "stop"])
def test_a_job_in_another_partition_is_the_services_job(web, action):
    web.write("web", settings='sbatch = ["-p", "other"]')
    web.one("start")
    web.cluster.sleep(10)
    living = most_at_once(web)
    assert web.cluster.of("web")[0].partition == "other"
    result = web.one(action)
    assert result.exit_code == 0
    assert result.changed == (action != "start")
    assert living == ([0] if action == "restart" else [])
    assert web.cluster.cancelled == []


def test_the_log_of_another_job_is_not_touched_by_a_start(web):
    web.one("start")
    log = web.home / ".sbatch-service/log/web.log"
    log.write_text("before\n")
    web.one("restart")
    assert log.read_text() == "before\n"
