"""Named tuples, enumerations and `suppress` as the standard library has them, without its imports.

A call of the command lasts little longer than the squeue it makes. Importing typing, enum, re and
contextlib takes longer than that squeue, and each class of typing.NamedTuple a third of a
millisecond. Type checkers see the standard library's; what programs see behaves the same in all
that is used here, which a test compares.
"""

from __future__ import annotations

# As typing.TYPE_CHECKING, whose import is what this module is to save.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from contextlib import suppress
    from enum import Enum
    from typing import NamedTuple
else:
    try:
        # What collections.namedtuple takes, which falls back in the same way.
        from _collections import _tuplegetter as _field
    except ImportError:

        def _field(place, _doc):
            return property(lambda values: values[place])

    class NamedTuple(tuple):
        """See typing.NamedTuple."""

        __slots__ = ()
        _fields = ()
        _field_defaults = {}  # noqa: RUF012  # each class gets its own

        def __init_subclass__(cls):
            cls._fields = cls.__match_args__ = tuple(cls.__annotations__)
            cls._field_defaults = {
                name: cls.__dict__[name] for name in cls._fields if name in cls.__dict__
            }
            for place, name in enumerate(cls._fields):
                setattr(cls, name, _field(place, None))

        def __new__(cls, *values, **named):
            fields = cls._fields
            given = len(values)
            if named or given != len(fields):
                whole = {**cls._field_defaults, **named}
                try:
                    values += tuple([whole[name] for name in fields[given:]])
                except KeyError as missing:
                    raise TypeError(f"{cls.__name__}: {missing} is missing") from None
                if len(values) != len(fields) or not named.keys() <= {*fields[given:]}:
                    raise TypeError(f"{cls.__name__} has the fields {fields}") from None
            return tuple.__new__(cls, values)

        def __repr__(self):
            pairs = zip(self._fields, self, strict=True)
            return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in pairs)})"

        def __getnewargs__(self):
            return tuple(self)

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def _replace(self, **named):
            return type(self)(**{**self._asdict(), **named})

    class _Kind(type):
        def __init__(cls, name, bases, body):
            super().__init__(name, bases, body)
            cls.__members__ = {}
            for key in [each for each in body if not each.startswith("_")]:
                if not callable(body[key]) and not isinstance(body[key], property):
                    member = object.__new__(cls)
                    member.name, member.value = key, body[key]
                    cls.__members__[key] = member
                    type.__setattr__(cls, key, member)

        def __call__(cls, value):
            for member in cls:
                if member.value == value:
                    return member
            raise ValueError(f"{value!r} is not a valid {cls.__name__}")

        def __iter__(cls):
            return iter(cls.__members__.values())

        def __len__(cls):
            return len(cls.__members__)

        def __getitem__(cls, name):
            return cls.__members__[name]

    class Enum(metaclass=_Kind):
        """See enum.Enum."""

        def __repr__(self):
            return f"<{type(self).__name__}.{self.name}: {self.value!r}>"

        def __str__(self):
            return f"{type(self).__name__}.{self.name}"

        def __reduce__(self):
            return type(self), (self.value,)

    class suppress:  # noqa: N801  # the standard library's name
        """See contextlib.suppress."""

        def __init__(self, *errors):
            self._errors = errors

        def __enter__(self):
            return None

        def __exit__(self, kind, error, trace):
            return kind is not None and issubclass(kind, self._errors)


__all__ = ["TYPE_CHECKING", "Enum", "NamedTuple", "suppress"]
