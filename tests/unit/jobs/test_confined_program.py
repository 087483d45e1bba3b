"""A confined program is run as if nothing were between it and who started it."""

from __future__ import annotations

import importlib.metadata
import resource
import shutil
import signal
import sysconfig
import time
from pathlib import Path
from typing import Any

import pytest

from confined.place import PATIENCE, PYTHON, Place

TRAPS = """
import os, signal, sys, time
def ends(number, _frame):
    os.write(1, signal.Signals(number).name.encode())
    sys.exit(40 + number)
for each in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP):
    signal.signal(each, ends)
os.write(1, b"ready\\n")
time.sleep(60)
"""


def as_shell(code: int) -> int:
    """An exit status as a shell, and so a batch script, sees it."""
    return code if code >= 0 else 128 - code


def test_its_exit_code_is_the_commands(place: Place, layer: str) -> None:
    for code in (0, 1, 7, 125, 255):
        ended = place.job(f"{layer}-code", ["sh", "-c", f"exit {code}"], "--layer", layer)
        assert ended.returncode == code, ended
        assert f"layer {layer}" in ended.stderr


def test_its_death_by_a_signal_is_the_commands(place: Place, layer: str) -> None:
    ended = place.job(f"{layer}-dies", ["sh", "-c", "kill -TERM $$"], "--layer", layer)
    assert as_shell(ended.returncode) == 128 + signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP])
def test_a_signal_arrives_at_it(place: Place, layer: str, number: signal.Signals) -> None:
    directory = place.directory(f"{layer}-signal")
    words = place.words(directory, [PYTHON, "-c", TRAPS], "--layer", layer)
    process = place.start(words)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert (out, process.returncode) == (number.name, 40 + number), err


def test_a_signal_while_it_starts_ends_it(place: Place, layer: str) -> None:
    directory = place.directory(f"{layer}-early")
    words = place.words(directory, ["sleep", "60"], "--layer", layer)
    for delay in (0.0, 0.05, 0.1, 0.15, 0.2, 0.25):
        process = place.start(words)
        time.sleep(delay)
        process.terminate()
        process.communicate(timeout=30)
        assert as_shell(process.returncode) == 128 + signal.SIGTERM


def test_nothing_of_it_outlives_the_command(place: Place) -> None:
    if not place.probe()["bubblewrap"]["works"]:
        pytest.skip("under Landlock the command is the program")
    directory = place.directory("killed")
    beats = "while :; do date +%N >beat; sleep 0.05; done"
    process = place.start(place.words(directory, ["sh", "-c", beats], "--layer", "bubblewrap"))
    deadline = time.monotonic() + PATIENCE
    while not (directory / "beat").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    process.communicate(timeout=PATIENCE)
    time.sleep(0.5)
    last = (directory / "beat").read_text()
    time.sleep(0.5)
    assert (directory / "beat").read_text() == last


def test_it_gets_no_descriptor_but_the_first_three(place: Place, layer: str) -> None:
    with (place.root / "open").open("w") as file:
        # The one more is that of the list itself.
        text = "import json, os; print(json.dumps(sorted(map(int, os.listdir('/proc/self/fd')))))"
        found = place.python(f"{layer}-fds", text, "--layer", layer, pass_fds=[file.fileno()])
    assert found == [0, 1, 2, 3]


def test_its_environment_is_a_short_list(place: Place, layer: str) -> None:
    given = {
        "PASSWORD": "secret",
        "LD_PRELOAD": "",
        "SLURM_CONF": "/etc/slurm/other.conf",
        "SLURM_ARRAY_TASK_ID": "3",
        "OMP_NUM_THREADS": "2",
        "LC_TIME": "C",
        "KEPT": "kept",
        "HOME": "/home/alice",
    }
    text = "import json, os; print(json.dumps(dict(os.environ)))"
    words = ["--env", "KEPT", "--env", "SET=a=b", "--env", "PYTHONPATH", "--env", "MISSING"]
    found = place.python(f"{layer}-env", text, "--layer", layer, *words, env=given)
    own = str(place.directory(f"{layer}-env"))
    places = {
        "HOME": own,
        "TMPDIR": f"{own}/.tmp",
        "XDG_CONFIG_HOME": f"{own}/.config",
        "MPLCONFIGDIR": f"{own}/.config/matplotlib",
        "XDG_CACHE_HOME": f"{own}/.cache",
        "NUMBA_CACHE_DIR": f"{own}/.cache/numba",
        "XDG_DATA_HOME": f"{own}/.local/share",
        "XDG_STATE_HOME": f"{own}/.local/state",
        "XDG_RUNTIME_DIR": f"{own}/.run",
    }
    rest = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "KEPT": "kept", "SET": "a=b"}
    rest |= {name: given[name] for name in ("SLURM_ARRAY_TASK_ID", "OMP_NUM_THREADS", "LC_TIME")}
    # The last two are what libraries and bwrap set by themselves.
    found = {name: value for name, value in found.items() if name not in ("LC_CTYPE", "PWD")}
    assert found == {**places, **rest, "PYTHONPATH": str(place.tools)}
    assert all(Path(each).is_dir() for each in places.values())


def test_limits_hold(place: Place, layer: str) -> None:
    spins = [PYTHON, "-c", "while True: pass"]
    ended = place.job(f"{layer}-cpu", spins, "--layer", layer, "--cpu", "1")
    assert as_shell(ended.returncode) == 128 + signal.SIGXCPU
    writes = ["dd", "if=/dev/zero", "of=big", "bs=1k", "count=2000", "status=none"]
    ended = place.job(f"{layer}-size", writes, "--layer", layer, "--file-size", "1000000")
    assert as_shell(ended.returncode) == 128 + signal.SIGXFSZ
    assert (place.directory(f"{layer}-size") / "big").stat().st_size == 1000000
    text = "import json, resource; print(json.dumps(resource.getrlimit(resource.RLIMIT_CORE)))"
    assert place.python(f"{layer}-core", text, "--layer", layer) == [0, 0]


def test_a_limit_above_the_sessions_own_is_refused(place: Place) -> None:
    def lower() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000000, 5000000))

    options = ["--layer", "none", "--file-size", "9000000"]
    ended = place.job("high", ["true"], *options, preexec_fn=lower)
    assert ended.returncode == 2
    assert "this session's own limit is 5000000" in ended.stderr


PLOT = """
import numpy
import matplotlib
matplotlib.use("agg")
from matplotlib import pyplot
x = numpy.linspace(0, 10, 200)
pyplot.plot(x, numpy.sin(x))
pyplot.title("of a confined job")
pyplot.savefig("plot.png")
a = numpy.random.default_rng(1).random((300, 300))
assert numpy.allclose(a @ numpy.linalg.inv(a), numpy.eye(300), atol=1e-6)
print('"drawn"')
"""
PACKAGES = ("numpy", "matplotlib", "contourpy", "cycler", "fonttools", "kiwisolver", "packaging")
MORE_PACKAGES = ("pillow", "pyparsing", "python-dateutil")


@pytest.fixture(scope="module")
def libraries(place: Place) -> Path:
    """numpy and matplotlib where the account can read them, with their own version of Python."""
    pytest.importorskip("matplotlib", reason="tools/newest has no libraries for the newest Python")
    target = place.root / "libraries"
    target.mkdir()
    source = Path(sysconfig.get_path("purelib"))
    tops: set[str] = set()
    for each in (*PACKAGES, *MORE_PACKAGES):
        files = importlib.metadata.files(each) or []
        tops |= {file.parts[0] for file in files if file.parts[0] != ".."}
    for top in tops - {"__pycache__"}:
        if (source / top).is_dir():
            shutil.copytree(source / top, target / top)
        else:
            shutil.copy(source / top, target)
    return target


def test_a_program_with_numpy_and_matplotlib_writes_its_plot(
    place: Place, layer: str, libraries: Path
) -> None:
    words = ["--layer", layer, "--read", str(libraries), "--env", f"PYTHONPATH={libraries}"]
    assert place.python(f"{layer}-plot", PLOT, *words) == "drawn"
    directory = place.directory(f"{layer}-plot")
    assert (directory / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert (directory / ".config/matplotlib").is_dir()


def test_many_processes_of_it_share_the_work(place: Place, layer: str) -> None:
    text = """
import json
from concurrent.futures import ProcessPoolExecutor
if __name__ == "__main__":
    with ProcessPoolExecutor(2) as pool:
        print(json.dumps(list(pool.map(abs, range(-3, 3)))))
"""
    options = ["--layer", layer, "--shared-memory"]
    assert place.python(f"{layer}-pool", text, *options) == [3, 2, 1, 0, 1, 2]


def test_auto_takes_the_better_layer_and_says_so(place: Place, offered: Any) -> None:
    better = next(each for each in ("bubblewrap", "landlock") if offered[each]["works"])
    assert offered["layer"] == better
    ended = place.job("auto", ["true"], "--json")
    abi = offered["landlock"]["abi"] if better == "landlock" else None
    assert (
        ended.stderr.strip() == f'{{"layer": "{better}", "abi": {"null" if abi is None else abi}}}'
    )


def test_where_bubblewrap_cannot_run_auto_takes_landlock(place: Place, offered: Any) -> None:
    """In a confined program nothing can be mounted, as in many a container."""
    if not offered["landlock"]["works"]:
        pytest.skip("this machine has no Landlock")
    inner = place.words(place.directory("inner"), ["sh", "-c", "exit 3"])
    options = ["--layer", "landlock", "--env", "PYTHONPATH"]
    outer = place.words(place.directory("inner"), inner, *options)
    ended = place.run(outer)
    assert ended.returncode == 3, ended
    assert "layer landlock" in ended.stderr.splitlines()[-1]
    refused = place.words(place.directory("inner"), ["true"], "--layer", "bubblewrap")
    ended = place.run(place.words(place.directory("inner"), refused, *options))
    assert ended.returncode == 1
    assert "confine a program: bubblewrap: bwrap: " in ended.stderr
    assert "install bubblewrap" in ended.stderr
