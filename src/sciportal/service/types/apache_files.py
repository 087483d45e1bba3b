"""What stage `init` of the type `apache` writes for people."""

from __future__ import annotations

import textwrap

from sciportal.service.types.apache_options import OPTIONS

_WIDTH = 98

_HEAD = """\
# Options of your web server, in Apache's syntax. This file is read before the site's
# configuration, so that what it defines switches parts of that. Without an option only static
# files are served. Take the # away from a Define to have what is described above it, then:
#
#     sbatch-service reload apache
"""

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

`init` renews these files as long as you have not changed them; .written holds their checksums.

Options: lines in options.conf.

"""


def options() -> str:
    """The file options.conf: every option as a comment."""
    return _HEAD + "".join(
        f"\n{textwrap.fill(each.effect, _WIDTH, initial_indent='# ', subsequent_indent='# ')}\n"
        f"#{each.line}\n"
        for each in OPTIONS
    )


def readme() -> str:
    """The file README."""
    return _README + "\n".join(
        f"{each.line}\n{textwrap.indent(textwrap.fill(each.effect, _WIDTH - 4), '    ')}\n"
        for each in OPTIONS
    )
