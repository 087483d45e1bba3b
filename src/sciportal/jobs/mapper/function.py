"""A function in a file that somebody wrote, loaded where it is evaluated."""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_MODULE = "sciportal_function"


class FunctionFile:
    """A function that a Python file defines, called with one point.

    The file is run at the first call, so each process of a pool has its own. What the function
    returns is made into what JSON can hold.

    Args:
        path: the file.
        name: of the function.
    """

    def __init__(self, path: str, name: str) -> None:
        self._path = path
        self._name = name
        self._function: Callable[[Any], Any] | None = None

    def __call__(self, point: Any) -> Any:
        """The function's value at a point; whatever it raises, TypeError for what is no JSON."""
        return plain(self._loaded()(point))

    def check(self, _point: Any) -> None:
        """Load the file.

        Raises:
            AttributeError: there is no such function in it.
            Exception: whatever it raises.
        """
        self._loaded()

    def _loaded(self) -> Callable[[Any], Any]:
        if self._function is None:
            directory = os.path.dirname(os.path.abspath(self._path))
            if directory not in sys.path:
                sys.path.insert(0, directory)
            spec = importlib.util.spec_from_file_location(_MODULE, self._path)
            if spec is None or spec.loader is None:
                raise ImportError(f"{self._path} is no Python file")
            module = importlib.util.module_from_spec(spec)
            sys.modules[_MODULE] = module
            spec.loader.exec_module(module)
            function = getattr(module, self._name, None)
            if not callable(function):
                raise AttributeError(f"{self._path} defines no function {self._name}")
            self._function = function
        return self._function


def plain(value: Any) -> Any:
    """A value as JSON has it: arrays become lists, and scalars of numpy plain numbers.

    Raises:
        TypeError: a part of it can be none.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("the result is a dictionary whose keys are not all texts")
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if hasattr(value, "tolist"):
        # Whatever has it says by it what it is; a scalar of a subclass of float is one of these.
        listed = value.tolist()
        if type(listed) is not type(value):
            return plain(listed)
    raise TypeError(f"the result has a {type(value).__name__}, which is no JSON")
