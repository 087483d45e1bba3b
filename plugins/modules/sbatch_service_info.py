#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) The sciportal contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tells the state of an account's services."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sbatch_service_info
short_description: State of an account's services
version_added: 0.1.0
description:
  - Asks the host's C(sbatch-service) for the state of services. Nothing is changed.
  - Where Slurm does not answer, the state is unknown and the module fails.
options:
  name:
    description: The services. Without it, all that the account has.
    type: list
    elements: str
extends_documentation_fragment:
  - ansible.builtin.action_common_attributes
  - sciportal.hosting.command
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details: Nothing is changed.
  platform:
    platforms: posix
seealso:
  - module: sciportal.hosting.sbatch_service
"""

EXAMPLES = r"""
- name: Ask for all services of alice
  sciportal.hosting.sbatch_service_info:
    account: alice
  register: found

- name: Say which of them run
  ansible.builtin.debug:
    msg: "{{ found.services | selectattr('state', 'eq', 'running') | map(attribute='service') }}"
"""

RETURN = r"""
services:
  description: The services, each as M(sciportal.hosting.sbatch_service) returns it.
  returned: success
  type: list
  elements: dict
  sample:
    - service: apache
      account: alice
      state: running
      job_id: 4711
      node: node1
      endpoint: {protocol: http, port: 18385, access: public}
reason:
  description: Why it failed, one of V(failed), V(usage), V(unknown), V(not_permitted).
  returned: failure
  type: str
  sample: unknown
exit_code:
  description: The command's exit code.
  returned: failure
  type: int
  sample: 4
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sciportal.hosting.plugins.module_utils import command

# The command's exit codes where it could tell: all run, some do not.
TOLD = (0, 3)


def main():
    """Ask for the state."""
    module = AnsibleModule(
        argument_spec={**command.shared_options(), "name": {"type": "list", "elements": "str"}},
        supports_check_mode=True,
    )
    words = ["status", "--json", *command.account(module), *(module.params["name"] or [])]
    module.exit_json(changed=False, services=command.call(module, words, accepted=TOLD))


if __name__ == "__main__":
    main()
