#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) The sciportal contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Brings services of accounts into a state."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sbatch_service
short_description: Persistent services of accounts, each one Slurm job
version_added: 0.1.0
description:
  - Sets up, starts, stops, reloads and removes services by the host's C(sbatch-service), for one
    service or for many of many accounts in one task.
  - Run it on a login host, as the account or as root.
options:
  name:
    description:
      - The service, or a list of services to treat alike.
      - Any service beside the site's types (for example V(apache)) is a custom service, with a
        program of the account's own.
    type: list
    elements: str
  services:
    description:
      - Services that differ from each other, each with its own options.
      - What an entry leaves out is taken from the task's options O(state), O(account) and O(force).
    type: list
    elements: dict
    suboptions:
      name:
        description: The service.
        type: str
        required: true
      state:
        description: As O(state).
        type: str
        choices: [present, deployed, started, stopped, restarted, reloaded, absent]
      script:
        description: As O(script).
        type: str
      src:
        description: As O(src).
        type: path
      settings:
        description: As O(settings).
        type: dict
      config:
        description: As O(config).
        type: dict
      force:
        description: As O(force).
        type: bool
      account:
        description: As O(account).
        type: str
  state:
    description:
      - V(present), set up with this program and these settings. A running job is stopped only when
        they changed.
      - V(deployed), set up as V(present), and running. It is restarted only when program, settings
        or the type changed.
      - V(started), running. V(stopped), without a job.
      - V(restarted) and V(reloaded) act on every run, so they are always changed. V(reloaded) fails
        where there is no job.
      - V(absent), without a job and without its files.
    type: str
    default: deployed
    choices: [present, deployed, started, stopped, restarted, reloaded, absent]
  script:
    description:
      - Text of a custom service's program. Without it and O(src), the program that the account has
        is kept.
    type: str
  src:
    description:
      - File on the controller with the text of a custom service's program, searched as by
        M(ansible.builtin.copy).
    type: path
  settings:
    description:
      - Keys of the service's C(SERVICE.toml), such as C(port), C(protocol), C(access), C(restart),
        C(stop_timeout), C(sbatch).
      - Without it, the settings that the account has are kept.
    type: dict
  config:
    description:
      - Data from which the files of one of the types that ship with the collection are written.
        What they leave out is off; a file of which they say nothing is left as it is. A key or
        value that is unknown ends the task before anything is done, with the nearest known one.
      - For V(apache), C(options) for C(~/.apache-service/options.conf), a dictionary of its options
        with V(true) or V(false), for C(PrefixParts) a number, or a list of what stands behind
        C(Define); and C(directives), lines in Apache's syntax that follow them.
      - For V(uwsgi), C(app) for C(app.ini), a dictionary with C(plugin), C(location), and where
        needed C(virtualenv), C(callable), C(pythonpath) (a text or a list) and C(env) (a
        dictionary); C(port) for C(ports.ini), where it is not to be chosen; and C(options) for
        C(options.ini), a dictionary of options that the README in C(~/.uwsgi-service) lists.
      - A running V(apache) is reloaded when they change, a running V(uwsgi) restarted. If it could
        not run with them, it is left alone and its files are put back.
    type: dict
  force:
    description:
      - Write the files of O(config) even where somebody changed them by hand. Otherwise such a
        file is kept, with a warning.
    type: bool
    default: false
  wait:
    description:
      - Wait until the endpoint of a started, deployed, restarted or reloaded service accepts a
        connection.
    type: bool
    default: false
  timeout:
    description: Longest time to wait, in seconds. Without it, the site's default.
    type: int
  archive:
    description:
      - For O(state=absent), first write what is removed to an archive in
        C(~/.sbatch-service-purged/).
    type: bool
    default: true
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - sciportal.hosting.command
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  platform:
    platforms: posix
notes:
  - Where Slurm does not answer, the state is unknown; the module then fails and changes nothing.
seealso:
  - module: sciportal.hosting.sbatch_service_info
"""

EXAMPLES = r"""
- name: Serve alice's pages
  sciportal.hosting.sbatch_service:
    name: apache
    account: alice
    wait: true

- name: Have a service of bob's own, open to everybody
  sciportal.hosting.sbatch_service:
    name: notes
    account: bob
    script: |
      #!/bin/sh
      [ "$1" = main ] || exit 0
      mkdir -p notes && cd notes && exec python3 -m http.server "$PORT"
    settings:
      access: public
  register: notes

- name: Say where it runs
  ansible.builtin.debug:
    msg: "{{ notes.services[0].service }} listens on port {{ notes.services[0].endpoint.port }}"

- name: Let alice's pages run PHP
  sciportal.hosting.sbatch_service:
    name: apache
    account: alice
    config:
      options:
        EnablePHP: true
      directives: |
        ErrorDocument 404 "not here"

- name: Treat services of several accounts in one task
  sciportal.hosting.sbatch_service:
    services:
      - name: apache
        account: alice
        state: reloaded
      - name: notes
        account: bob
        state: stopped

- name: Remove a service and its files
  sciportal.hosting.sbatch_service:
    name: notes
    account: bob
    state: absent
"""

RETURN = r"""
services:
  description:
    - What was done, or in check mode would be, for each service; also when the module fails.
  returned: always
  type: list
  elements: dict
  contains:
    service:
      description: The service.
      type: str
      returned: always
      sample: apache
    account:
      description: Whose it is.
      type: str
      returned: always
      sample: alice
    changed:
      description: Whether anything was done.
      type: bool
      returned: always
    state:
      description: V(stopped), V(pending), V(running), V(stopping) or V(unknown).
      type: str
      returned: always
      sample: running
    job_id:
      description: The Slurm job, if there is one.
      type: int
      returned: always
      sample: 4711
    node:
      description: Where it runs.
      type: str
      returned: always
      sample: node1
    endpoint:
      description: Protocol, port and access of a service that listens.
      type: dict
      returned: always
      sample: {protocol: http, port: 24601, access: owner}
    steps:
      description: What was done, in order.
      type: list
      elements: dict
      returned: always
      sample: [{step: submit, detail: apache-service}]
    message:
      description: What the command has to say about it.
      type: str
      returned: always
    kept:
      description:
        - Files that O(config) is about and that somebody changed by hand, so that they were kept.
          Paths are relative to the home.
      type: list
      elements: str
      returned: always
      sample: [.apache-service/options.conf]
    warnings:
      description: What is to be known about it although nothing failed; also shown as warnings.
      type: list
      elements: str
      returned: always
    exit_code:
      description: The command's exit code for this service.
      type: int
      returned: always
      sample: 0
reason:
  description:
    - Why it failed, one of V(failed), V(usage), V(not_running), V(unknown), V(not_permitted),
      V(busy).
  returned: failure
  type: str
  sample: not_permitted
exit_code:
  description: The command's exit code.
  returned: failure
  type: int
  sample: 5
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sciportal.hosting.plugins.module_utils import command

STATES = ["present", "deployed", "started", "stopped", "restarted", "reloaded", "absent"]
SERVICE = {
    "script": {"type": "str"},
    # Read on the controller by the action plugin of this module.
    "src": {"type": "path"},
    "settings": {"type": "dict"},
    "config": {"type": "dict"},
}
KINDS = ("state", "account", "script", "settings", "config")


def document(params):
    """The command's input: one entry a service, with what it leaves out taken from the task."""
    entries = params["services"] or [{**params, "name": name} for name in params["name"]]
    inherited = {"state": params["state"], "account": params["account"]}
    services = []
    for entry in entries:
        own = {kind: entry[kind] for kind in KINDS if entry[kind] is not None}
        if params["force"] if entry["force"] is None else entry["force"]:
            own["force"] = True
        nothing = {"script": None, "settings": None}
        services.append({"service": entry["name"], **nothing, **inherited, **own})
    return {"schema": 1, "services": services, "archive": params["archive"]}


def words(params, check):
    """The words of the call."""
    chosen = ["apply", "--json"]
    if check:
        chosen.append("--check")
    if params["wait"]:
        chosen.append("--wait" if params["timeout"] is None else f"--wait={params['timeout']}")
    return chosen


def main():
    """Bring the services into their states."""
    state = {"type": "str", "choices": STATES}
    only_one = [("script", "src")]
    each = {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "state": state,
            "account": {"type": "str"},
            "force": {"type": "bool"},
            **SERVICE,
        },
        "mutually_exclusive": only_one,
    }
    module = AnsibleModule(
        argument_spec={
            **command.shared_options(),
            **SERVICE,
            "name": {"type": "list", "elements": "str"},
            "services": each,
            "state": {**state, "default": "deployed"},
            "force": {"type": "bool", "default": False},
            "wait": {"type": "bool", "default": False},
            "timeout": {"type": "int"},
            "archive": {"type": "bool", "default": True},
        },
        mutually_exclusive=[*only_one, *(("services", other) for other in ("name", *SERVICE))],
        required_one_of=[("name", "services")],
        supports_check_mode=True,
    )
    asked = words(module.params, module.check_mode)
    results = command.call(module, asked, document(module.params))
    module.exit_json(
        changed=any(each["changed"] for each in results),
        services=results,
        diff=command.differences(results),
    )


if __name__ == "__main__":
    main()
