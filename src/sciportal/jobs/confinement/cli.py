"""The command `sciportal-confine`: runs a program that sees its own directory only."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import stat
import sys
from typing import TYPE_CHECKING, NoReturn

from sciportal import outcome
from sciportal.jobs.command_line import halves
from sciportal.jobs.confinement import (
    apparmor,
    bubblewrap,
    environment,
    follow,
    landlock,
    layers,
    limits,
    program,
    seccomp,
    view,
)
from sciportal.jobs.confinement.layers import AUTO, Found, Layer
from sciportal.service.errors import NotPermittedError, UsageError

if TYPE_CHECKING:
    from sciportal.jobs.confinement.view import View

_NETWORKS = ("none", "host")


def main(argv: list[str] | None = None) -> int:
    """Become the program, or return an exit code: 1 failed, 2 usage, 5 not permitted.

    Args:
        argv: the command's arguments without its name; the process's by default.
    """
    own, after = halves(argv)
    options = _parser().parse_args(own)

    def action() -> int:
        return _probe(options) if options.probe else _run(options, after)

    return outcome.exit_code("sciportal-confine", action)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sciportal-confine",
        usage="sciportal-confine --directory DIR [option]... -- PROGRAM [argument]...\n"
        "       sciportal-confine --probe [--json]",
        description="Runs a program that sees its own directory, what every program needs, and no"
        " other job. Needs no rights. Ends as the program does; before it, 1 failed, 2 usage,"
        " 5 not permitted.",
    )
    names = (AUTO, *(each.value for each in Layer))
    parser.add_argument("--layer", choices=names, default=AUTO, help="what confines (%(default)s)")
    parser.add_argument("--directory", metavar="DIR", help="the job's own, in which it runs")
    parser.add_argument(
        "--read", metavar="PATH", action="append", default=[], help="what it may read beside"
    )
    parser.add_argument("--network", choices=_NETWORKS, default="none", help="(%(default)s)")
    parser.add_argument(
        "--env", metavar="NAME[=VALUE]", action="append", default=[], help="keep or set a variable"
    )
    parser.add_argument(
        "--shared-memory",
        action="store_true",
        help="under landlock, let it use /dev/shm, with names that others of the account can guess",
    )
    parser.add_argument(
        "--profile", metavar="NAME", help="of AppArmor, that it is put under as well"
    )
    parser.add_argument("--cpu", metavar="SECONDS", type=_positive, help="of processor time")
    parser.add_argument("--file-size", metavar="BYTES", type=_positive, help="of each file")
    parser.add_argument("--processes", metavar="NUMBER", type=_positive, help="of the account here")
    parser.add_argument("--probe", action="store_true", help="say what works here, and run nothing")
    parser.add_argument("--json", action="store_true", help="say it as JSON")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _probe(options: argparse.Namespace) -> int:
    network = options.network == "host"
    found = layers.look(network=network)
    usable = [layer for layer, works in found.works.items() if works]
    told = {
        "layer": usable[0].value if usable else None,
        "bubblewrap": {"works": bool(found.namespaces), "problem": found.problem},
        "landlock": {"works": found.abi > 0, "abi": found.abi},
        "leaves_open": {
            each.value: layers.leaves_open(each, found.abi, network=network) for each in usable
        },
    }
    if options.json:
        print(json.dumps(told))
    else:
        print(f"bubblewrap: {found.problem or 'works'}")
        print(f"landlock: {f'ABI {found.abi}' if found.abi else 'not offered by this kernel'}")
        for layer in usable:
            for each in layers.leaves_open(layer, found.abi, network=network):
                print(f"under {layer.value} a program can still, with other jobs: {each}")
        print(f"auto takes: {usable[0].value if usable else 'nothing, and refuses'}")
    return 0 if usable else 1


def _run(options: argparse.Namespace, words: list[str]) -> int:
    if not words or options.directory is None:
        lacks = "there is no program after --" if options.directory else "there is no --directory"
        raise UsageError("confine a program", lacks, "see sciportal-confine --help")
    if os.geteuid() == 0:
        raise NotPermittedError("confine a program", "this is root", "run it as the job's account")
    network = options.network == "host"
    if options.profile is not None:
        apparmor.check(options.profile)
    seen = view.of(options.directory, options.read)
    variables = environment.of(os.environ, options.env, seen)
    found = layers.look(network=network, only=options.layer)
    layer = layers.choose(options.layer, found, network=network)
    confined = layer is not Layer.NONE
    run = program.find(words, variables["PATH"], seen, confined=confined)
    _say(layer, found, as_json=options.json)
    view.prepare(seen)
    os.chdir(seen.directory)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    limits.impose(limits.Limits(options.cpu, options.file_size, options.processes))
    if layer is Layer.BUBBLEWRAP:
        if options.profile:
            run = apparmor.starting(options.profile, run)
        return _follow(found, seen, run, variables, network=network)
    if options.profile:
        apparmor.change(options.profile)
    if confined:
        landlock.restrict(seen, network=network, shared_memory=options.shared_memory)
        if not network:
            seccomp.close_network()
    return _become(run, variables)


def _become(run: list[str], variables: dict[str, str]) -> NoReturn:
    # Python ignores these; who starts here is not to.
    for each in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(each, signal.SIG_DFL)
    os.execve(run[0], run, variables)  # noqa: S606  # no shell is wanted


def _follow(
    found: Found, seen: View, run: list[str], variables: dict[str, str], *, network: bool
) -> int:
    path = shutil.which("bwrap", path=bubblewrap.SEARCH)
    assert path
    # A setuid bwrap, as older systems have it, could not be one any more.
    if network and not os.stat(path).st_mode & stat.S_ISUID:
        landlock.scope()
    return follow.run(
        lambda tells: bubblewrap.argv(found.namespaces, seen, tells, run), variables, path
    )


def _say(layer: Layer, found: Found, *, as_json: bool) -> None:
    abi = found.abi if layer is Layer.LANDLOCK else None
    if as_json:
        print(json.dumps({"layer": layer.value, "abi": abi}), file=sys.stderr, flush=True)
        return
    text = f"{layer.value} (ABI {abi})" if abi else layer.value
    if layer is Layer.NONE:
        text = "none: this program is not confined"
    print(f"sciportal-confine: layer {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
