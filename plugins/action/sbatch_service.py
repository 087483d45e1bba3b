# -*- coding: utf-8 -*-
# Copyright (c) The sciportal contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the option src of the module sbatch_service, which names files on the controller."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Replaces src by script, which the module on the host takes."""

    def run(
        self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None
    ) -> dict[str, t.Any]:
        """Run the module with the texts of the files."""
        result = super().run(tmp, task_vars)
        options = self._with_script(self._task.args)
        if isinstance(options.get("services"), list):
            options["services"] = [self._with_script(entry) for entry in options["services"]]
        answer = self._execute_module(
            module_args=options, task_vars=task_vars, wrap_async=self._task.async_val
        )
        return {**result, **answer}

    def _with_script(self, options: t.Any) -> t.Any:
        # Both together, or an entry that is no dictionary, are for the module to refuse.
        if not isinstance(options, dict) or not options.get("src") or "script" in options:
            return options
        rest = {name: value for name, value in options.items() if name != "src"}
        return {**rest, "script": self._text(options["src"])}

    def _text(self, src: str) -> str:
        try:
            path = self._loader.get_real_file(self._find_needle("files", src))
            return Path(path).read_text("utf-8")
        except (AnsibleError, OSError, UnicodeDecodeError) as error:
            raise AnsibleActionFail(
                f"the program of a service: {src} cannot be read as text ({error});"
                " name a text file on the controller"
            ) from error
