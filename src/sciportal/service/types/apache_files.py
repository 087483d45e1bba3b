"""Texts of the type `apache`: what stage `init` writes for people, and options.conf from data."""

from __future__ import annotations

import textwrap

from sciportal.light import TYPE_CHECKING
from sciportal.service.types.apache_options import OPTIONS
from sciportal.service.types.owned import checksum

if TYPE_CHECKING:
    from collections.abc import Mapping

# What was written before there was a record of it: options.conf and README of 0.1.0.
EARLIER = (
    "8822a4b995182a462d2acd6e1fdc23bb8ca52468af45d59ccbe86438b87cc498",
    "bd58de27db73f6bddc765d8ccd370be27f5837f0beadda32e04d41e3407950ec",
)

_WIDTH = 98

_HEAD = """\
# Options of your web server, in Apache's syntax. This file is read before the site's
# configuration, so that what it defines switches parts of that. Without an option only static
# files are served. Take the # away from a Define to have what is described above it, then:
#
#     sbatch-service reload apache
"""

_GIVEN = """\
# Options of your web server, in Apache's syntax, written from data by sciportal.hosting (role
# account). Have them changed there: what is changed here is kept, reported to whoever keeps the
# data, and then written no more. This file is read before the site's configuration.
"""

_DIRECTIVES = """
# Directives, as they were given.
"""

# Before its last line the role account of 0.1.0 wrote the checksum of what follows.
_MARK = "# SHA-256 of what follows: "

_README = """\
Files of your web server, the service `apache`. Your pages lie in ~/public_html.

options.conf  your options, below; read at each start and reload
log/          access.log and error.log
sessions/     sessions of PHP

The server runs as a Slurm job under your account:

    sbatch-service start --wait apache
    sbatch-service status apache
    sbatch-service reload apache       after a change of options.conf
    sbatch-service stop apache

`init` renews these files as long as you have not changed them; .written holds their checksums,
.given that of an options.conf which somebody wrote from data.

Options: lines in options.conf.

"""


def options() -> str:
    """The file options.conf as init writes it: every option as a comment."""
    return _HEAD + _options({})


def given(chosen: Mapping[str, str], directives: str) -> str:
    """The file options.conf from data.

    Args:
        chosen: the options that are on, each with what stands behind its name.
        directives: lines in Apache's syntax that follow them.
    """
    rest = directives.strip("\n")
    return _GIVEN + _options(chosen) + (f"{_DIRECTIVES}{rest}\n" if rest.strip() else "")


def is_ours(text: str) -> bool:
    """Whether a text of options.conf was written without a record, or says nothing."""
    if not text.strip() or checksum(text) in EARLIER:
        return True
    head, mark, rest = text.partition(_MARK)
    digest, _end, body = rest.partition("\n")
    plain = all(line.startswith("#") for line in head.splitlines())
    return bool(mark) and plain and digest == checksum(body)


def _options(chosen: Mapping[str, str]) -> str:
    parts = []
    for each in OPTIONS:
        effect = textwrap.fill(each.effect, _WIDTH, initial_indent="# ", subsequent_indent="# ")
        value = chosen.get(each.name)
        line = f"#{each.line}" if value is None else f"Define {each.name} {value}".rstrip()
        parts.append(f"\n{effect}\n{line}\n")
    return "".join(parts)


def readme() -> str:
    """The file README."""
    return _README + "\n".join(
        f"{each.line}\n{textwrap.indent(textwrap.fill(each.effect, _WIDTH - 4), '    ')}\n"
        for each in OPTIONS
    )
