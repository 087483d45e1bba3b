# -*- coding: utf-8 -*-
# Copyright (c) The sciportal contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation that the modules of the command share."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of every module that calls sbatch-service."""

    DOCUMENTATION = r"""
options:
  account:
    description:
      - Whose services. Only root may name another account than its own.
      - Without it, the account that the module runs as.
    type: str
  executable:
    description: Where the command is on the host.
    type: path
    default: /usr/local/bin/sbatch-service
requirements:
  - The command C(sbatch-service) on the host, as the role C(sciportal.hosting.sbatch_service)
    installs it.
attributes:
  action_group:
    description:
      - Use C(group/sciportal.hosting.service) in C(module_defaults) to set defaults for all modules
        of the command.
    support: full
    membership:
      - sciportal.hosting.service
author:
  - The sciportal contributors (@sciportal)
"""
