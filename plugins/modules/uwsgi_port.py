#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) The sciportal contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Gives a service of an account a port for the protocol uwsgi."""

from __future__ import annotations

DOCUMENTATION = r"""
module: uwsgi_port
short_description: Port of an account's service that speaks uwsgi
version_added: 0.1.0
description:
  - Allocates a port to a service of an account and records it as a line C(socket = :PORT) in the
    file C(~/.SERVICE-service/ports.ini), which both uwsgi and the service's job read.
  - The first choice is the account's uid modulo 8192, plus 8192. A port counts as taken when
    another job of the service partition has it, when another service of the account keeps it, or
    when a program of somebody else listens on it on this host.
  - Run it on a login host, as the account or as root. Concurrent runs of one account get different
    ports.
options:
  service:
    description: The service. Beside V(uwsgi), a custom service that speaks uwsgi.
    type: str
    default: uwsgi
  state:
    description:
      - V(present), with a port. One that is recorded is kept as long as it suits.
      - V(absent), without one. It fails while a job runs with it.
    type: str
    default: present
    choices: [present, absent]
  port:
    description: This port and no other. Without it, one is chosen.
    type: int
  port_min:
    description: Lowest port to choose. Without it, that of the rule above.
    type: int
  port_max:
    description: Highest port to choose. Without it, the site's highest.
    type: int
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
  - A file C(ports.ini) that the account wrote or edited is never changed; the module fails where it
    would have to.
  - Where Slurm does not answer, nobody knows which ports are taken; the module then fails.
seealso:
  - module: sciportal.hosting.uwsgi_port_info
  - module: sciportal.hosting.sbatch_service
"""

EXAMPLES = r"""
- name: Have a port for alice's service uwsgi
  sciportal.hosting.uwsgi_port:
    account: alice
  register: allocated

- name: Say which
  ansible.builtin.debug:
    msg: "alice's application server will listen on port {{ allocated.port }}"

- name: Have this port for a custom service that speaks uwsgi
  sciportal.hosting.uwsgi_port:
    account: alice
    service: wiki
    port: 9200

- name: Give it back
  sciportal.hosting.uwsgi_port:
    account: alice
    service: wiki
    state: absent
"""

RETURN = r"""
port:
  description: The port, or that it would have in check mode; none for O(state=absent).
  returned: success
  type: int
  sample: 10193
service:
  description: The service.
  returned: success
  type: str
  sample: uwsgi
account:
  description: Whose it is.
  returned: success
  type: str
  sample: alice
reason:
  description:
    - Why it failed, one of V(failed), V(usage), V(unknown), V(not_permitted), V(busy).
  returned: failure
  type: str
  sample: failed
exit_code:
  description: The command's exit code.
  returned: failure
  type: int
  sample: 1
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sciportal.hosting.plugins.module_utils import command


def document(params):
    """The command's input."""
    return {
        "schema": 1,
        "service": params["service"],
        "state": params["state"],
        "port": params["port"],
        "lowest": params["port_min"],
        "highest": params["port_max"],
    }


def main():
    """Have the port, or have it given back."""
    module = AnsibleModule(
        argument_spec={
            **command.shared_options(),
            "service": {"type": "str", "default": "uwsgi"},
            "state": {"type": "str", "default": "present", "choices": ["present", "absent"]},
            "port": {"type": "int"},
            "port_min": {"type": "int"},
            "port_max": {"type": "int"},
        },
        supports_check_mode=True,
    )
    words = ["port", "--json", *command.account(module)]
    if module.check_mode:
        words.append("--check")
    results = command.call(module, words, document(module.params))
    told = {key: results[0][key] for key in ("changed", "port", "service", "account")}
    module.exit_json(diff=command.differences(results), **told)


if __name__ == "__main__":
    main()
