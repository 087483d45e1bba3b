# -*- coding: utf-8 -*-
# Copyright (c) The sciportal contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs the host's sbatch-service, whose version and policy decide, and hands on its answer."""

from __future__ import annotations

import json
import os
import typing as t

# What the command's exit codes mean, for playbooks that tell failures apart.
REASONS = {
    1: "failed",
    2: "usage",
    3: "not_running",
    4: "unknown",
    5: "not_permitted",
    6: "busy",
}

# Of what the command says was and is, the texts of files.
FILES = ("settings", "script")
# The texts of the files of its type, by path.
CONFIG = "config"


def shared_options() -> dict[str, t.Any]:
    """Options that every module of the command has."""
    return {
        "account": {"type": "str"},
        "executable": {"type": "path", "default": "/usr/local/bin/sbatch-service"},
    }


def account(module: t.Any) -> list[str]:
    """The words of a call that name the account which the task names."""
    return ["--account", module.params["account"]] if module.params["account"] else []


def call(
    module: t.Any, words: list[str], document: t.Any = None, accepted: tuple[int, ...] = (0,)
) -> list[dict[str, t.Any]]:
    """Run the command and return its results; a failure of it ends the module.

    Args:
        module: the AnsibleModule.
        words: the words of the call after the program.
        document: what the command reads on its standard input.
        accepted: exit codes that are no failure.
    """
    executable = module.params["executable"]
    if not os.access(executable, os.X_OK):
        module.fail_json(
            msg=f"a call of sbatch-service: {executable} is no program on this host; install it"
            " with the role sciportal.hosting.sbatch_service, or name its place with the option"
            " executable"
        )
    stdin = None if document is None else json.dumps(document)
    code, out, err = module.run_command([executable, *words], data=stdin)
    try:
        answer = json.loads(out)
        results = answer["results"]
    except (ValueError, KeyError, TypeError):
        answer, results = {}, None
    for each in results or []:
        for warning in each.get("warnings", []):
            module.warn(f"{each['service']} of {each['account']}: {warning}")
    if results is None or code not in accepted:
        silent = f"sbatch-service ended with exit code {code} and said nothing"
        module.fail_json(
            msg=sentence(answer, err) or silent,
            exit_code=code,
            reason=REASONS.get(code, "failed"),
            services=results or [],
            changed=any(each["changed"] for each in results or []),
            diff=differences(results or []),
            stderr=err,
        )
    return results


def sentence(answer: t.Any, err: str) -> str:
    """What went wrong, in the command's own words.

    Args:
        answer: the command's answer, of which the services that failed speak, or the call itself.
        err: what it wrote for people, which speaks where there is no answer.
    """
    said = [
        f"{each['service']} of {each['account']}: {each['message']}"
        for each in answer.get("results", [])
        if each.get("exit_code") and each.get("message")
    ]
    if "error" in answer:
        said.append(answer["error"]["message"])
    return "; ".join(said) or " ".join(err.split())


def differences(results: list[dict[str, t.Any]]) -> list[dict[str, str]]:
    """Ansible's diff of each service that changed, from what the command says was and is."""
    return [
        {
            "before_header": f"{each['service']} of {each['account']}",
            "after_header": f"{each['service']} of {each['account']}",
            "before": _text(each.get("before") or {}),
            "after": _text(each.get("after") or {}),
        }
        for each in results
        if each["changed"]
    ]


def _text(side: dict[str, t.Any]) -> str:
    """One side of a diff: a line for each fact, and then the texts of files as they are."""
    texts = {key: side[key] for key in FILES if side.get(key)}
    texts.update(sorted(side.get(CONFIG, {}).items()))
    lines = [
        f"{key}: {json.dumps(side[key])}" for key in sorted(side) if key not in (*FILES, CONFIG)
    ]
    for name, text in texts.items():
        lines += [f"{name}:", *text.splitlines()]
    return "".join(line + "\n" for line in lines)
