"""From where a service is acted on: the command, root for an account, the module, the role."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cluster.plays import Task, run_tasks
from cluster.preparations import DEAD_CONF
from cluster.testbed import CTL, Cluster, Ended
from messages.table import Case

MODULE = "sciportal.hosting.sbatch_service"
ROLE = "sciportal.hosting.account"
USAGE = 2

# Runs the calls that it reads, a few at once, each as its account, and prints how they ended.
CALLER = """\
import concurrent.futures, json, os, pwd, subprocess, sys

def call(each):
    user, argv, more, text = each
    who = pwd.getpwnam(user)
    env = {"HOME": who.pw_dir, "USER": user, "LOGNAME": user, "PATH": os.environ["PATH"], **more}
    done = subprocess.run(argv, input=text, capture_output=True, errors="replace",
        cwd=who.pw_dir, env=env, user=who.pw_uid, group=who.pw_gid,
        extra_groups=os.getgrouplist(user, who.pw_gid))
    return [done.returncode, done.stdout, done.stderr]

with concurrent.futures.ThreadPoolExecutor(3) as pool:
    json.dump(list(pool.map(call, json.load(sys.stdin))), sys.stdout)
"""


def by_command(cluster: Cluster, cases: Sequence[Case], *, as_root: bool) -> list[Ended]:
    """How the calls of the cases end, typed by their users, or by root for them."""
    calls = []
    for each in cases:
        user, words = each.user, ["sbatch-service", *each.call]
        if as_root:
            user, words = "root", [*words, "--account", each.user]
        more = {"SLURM_CONF": DEAD_CONF} if each.silent else {}
        calls.append((user, words, more, each.stdin))
    done = cluster.run(CTL, ["python3", "-c", CALLER], stdin=json.dumps(calls))
    return [Ended(*each) for each in done.json()]


def by_ansible(
    module: Sequence[Case], role: Sequence[Case], directory: Path
) -> tuple[list[Ended], list[Ended]]:
    """How the cases end for the module and for the role account, in one play.

    What is wrong with one service is told beside what is wrong with others, so these go
    together; each other case is a task, or a run of the role, of its own.
    """
    alone = [each for each in module if not _goes_together(each)]
    asked = [each for each in role if not _goes_together(each)]
    tasks = [
        _task("together", {"services": [each.wanted for each in module if _goes_together(each)]}),
        *(_task(f"module{n}", _options(each), silent=each.silent) for n, each in enumerate(alone)),
        *_role_together([each for each in role if _goes_together(each)]),
        *(_role(f"role{n}", _variables(each)) for n, each in enumerate(asked)),
        {"name": "Show", "ansible.builtin.debug": {"var": "heard"}, "register": "shown"},
    ]
    answers = run_tasks(tasks, directory)
    heard: dict[str, str] = answers["shown"]["heard"]
    results = {
        (each["account"], each["service"]): Ended(each["exit_code"], "", each["message"])
        for each in answers["together"]["services"]
    }

    def of_module(case: Case) -> Ended:
        if _goes_together(case):
            return results[case.user, case.wanted["name"]]
        answer = answers[f"module{alone.index(case)}"]
        return Ended(answer.get("exit_code", 1), "", answer["msg"])

    def of_role(case: Case) -> Ended:
        if not _goes_together(case):
            return Ended(case.exit, "", heard[f"role{asked.index(case)}"])
        said = [each for each in (heard["asked"], heard["done"]) if _key(case) in each]
        return Ended(case.exit, "", said[0].partition(_key(case))[2] if said else "nothing")

    return [of_module(each) for each in module], [of_role(each) for each in role]


def _goes_together(case: Case) -> bool:
    """Whether it can be asked for in one call with others: nothing is wrong with the call."""
    own = case.options is not None or case.variables is not None or case.silent
    return not own and case.exit != USAGE


def _key(case: Case) -> str:
    """What the module puts before the message of a service."""
    return f"{case.wanted['name']} of {case.user}: "


def _options(case: Case) -> dict[str, Any]:
    return case.options if case.options is not None else {"services": [case.wanted]}


def _variables(case: Case) -> dict[str, Any]:
    return case.variables if case.variables is not None else {"account_accounts": [_entry(case)]}


def _entry(case: Case) -> dict[str, Any]:
    wanted = case.wanted
    return {"account": wanted.pop("account"), "services": [wanted]}


def _task(register: str, options: dict[str, Any], *, silent: bool = False) -> Task:
    task = {"name": register, MODULE: options, "register": register, "ignore_errors": True}
    return {**task, "environment": {"SLURM_CONF": DEAD_CONF}} if silent else task


def _role(name: str, variables: dict[str, Any]) -> Task:
    """A run of the role, whose failure is kept in `heard`."""
    kept = f"heard | default({{}}) | combine({{'{name}': ansible_failed_result.msg}})"
    keep = {"ansible.builtin.set_fact": {"heard": f"{{{{ {kept} }}}}"}}
    return {
        "name": name,
        "block": [{"name": "Run the role", "ansible.builtin.include_role": {"name": ROLE}}],
        "rescue": [{"name": "Keep what it said", **keep}],
        "vars": variables,
    }


def _role_together(cases: Sequence[Case]) -> list[Task]:
    """Two runs: the second one is of what the role does not find out by asking."""
    rows = [{"key": _key(each), "entry": _entry(each)} for each in cases]
    left = "rows | rejectattr('key', 'in', heard.asked | default('')) | map(attribute='entry')"
    return [
        _role("asked", {"account_accounts": [row["entry"] for row in rows]}),
        _role("done", {"account_accounts": f"{{{{ {left} | list }}}}", "rows": rows}),
    ]
