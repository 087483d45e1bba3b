#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright (c) The sciportal contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tells which ports the services of an account keep."""

from __future__ import annotations

DOCUMENTATION = r"""
module: uwsgi_port_info
short_description: Ports that an account's services keep
version_added: 0.1.0
description:
  - Tells the ports that services of an account keep, whether they run or not. Nothing is changed,
    and Slurm is not asked.
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
  - module: sciportal.hosting.uwsgi_port
"""

EXAMPLES = r"""
- name: Ask for the ports of alice's services
  sciportal.hosting.uwsgi_port_info:
    account: alice
  register: found

- name: Say them
  ansible.builtin.debug:
    msg: "{{ found.ports | items2dict(key_name='service', value_name='port') }}"
"""

RETURN = r"""
ports:
  description: The ports and whose they are, in their order.
  returned: success
  type: list
  elements: dict
  contains:
    port:
      description: The port.
      type: int
      returned: always
      sample: 10193
    service:
      description: The service that keeps it.
      type: str
      returned: always
      sample: uwsgi
    account:
      description: Whose that is.
      type: str
      returned: always
      sample: alice
reason:
  description: Why it failed, one of V(failed), V(usage).
  returned: failure
  type: str
  sample: usage
exit_code:
  description: The command's exit code.
  returned: failure
  type: int
  sample: 2
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sciportal.hosting.plugins.module_utils import command


def main():
    """Ask for the ports."""
    module = AnsibleModule(argument_spec=command.shared_options(), supports_check_mode=True)
    words = ["port", "--json", *command.account(module)]
    results = command.call(module, words, {"schema": 1, "state": "shown"})
    ports = [{key: each[key] for key in ("port", "service", "account")} for each in results]
    module.exit_json(changed=False, ports=ports)


if __name__ == "__main__":
    main()
