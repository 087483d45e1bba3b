"""The options of an account's web server: one table, from which files and documentation are made.

Effects are those of seed 000. Each option is a section of templates/apache/account.conf.j2.
"""

from __future__ import annotations

from sciportal.light import NamedTuple


class Option(NamedTuple):
    """What a line `Define NAME` in options.conf does."""

    name: str
    effect: str
    of_seed: bool
    """Whether the name is the seed's own; the others' names were lost there and are ours."""
    value: str = ""
    """What is written behind the name, for an option that takes a value."""

    @property
    def line(self) -> str:
        """The line that switches it on."""
        return " ".join(filter(None, ("Define", self.name, self.value)))


OPTIONS = (
    Option(
        "EnableAutoIndex",
        "Lists directories that are accessible and have no index.* file.",
        of_seed=False,
    ),
    Option(
        "EnablePHP",
        "Runs PHP everywhere: *.php, *.php[3457], *.pht, *.phtml; shows *.phps coloured. index.php"
        " is an index of its directory.",
        of_seed=True,
    ),
    Option(
        "EnableExplicitCGI",
        "Runs CGI programs where a .htaccess file says so with Options +ExecCGI. Each of the"
        " following three options implies this one.",
        of_seed=True,
    ),
    Option(
        "EnableContainedCGI",
        "Runs executable files in subdirectories cgi-bin, and only there.",
        of_seed=True,
    ),
    Option(
        "EnableCGI",
        "Runs executable files *.cgi everywhere. index.cgi is an index of its directory.",
        of_seed=False,
    ),
    Option(
        "EnablePerlCGI",
        "Runs executable files *.pl everywhere. index.pl is an index of its directory. Consider"
        " EnableContainedCGI, with programs in cgi-bin only, or EnableExplicitCGI instead.",
        of_seed=False,
    ),
    Option(
        "EnableExplicitSSI",
        "Parses server-side includes where a .htaccess file says so with Options +IncludesNOEXEC"
        " or +Includes. The following option implies this one.",
        of_seed=True,
    ),
    Option(
        "EnableSSI",
        "Parses *.shtml everywhere, without exec: whatever is more needs a .htaccess file that"
        " says so. index.shtml is an index of its directory.",
        of_seed=False,
    ),
    Option(
        "EnableStatus",
        "Shows at the path server-status what the server does, to everybody.",
        of_seed=False,
    ),
    Option(
        "DisableHTTPS",
        "Takes the scheme of the public address to be http, where the site has it as https.",
        of_seed=True,
    ),
    Option(
        "DebugRewriting",
        "Logs each step of RewriteCond and RewriteRule (trace4) in log/error.log.",
        of_seed=True,
    ),
    Option(
        "PrefixParts",
        "Path elements that are cut from a request's path to find the file: 1 by default, for"
        " /~ACCOUNT; 0 where the pages are at the root of a full domain, too; at most 4.",
        of_seed=True,
        value="0",
    ),
)
