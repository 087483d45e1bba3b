"""Pages and programs of an account, and its Apache with any options."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from cluster.testbed import CTL, Cluster, Page, wait_for

# In the source of every program, and never in what it prints.
SOURCE = "kept-secret"
OPTIONS = ".apache-service/options.conf"
_NUMBERS = itertools.count(1)
_AT_ONCE = 8


class Site:
    """The directory `place` in the pages of `user`, whose service apache is deployed.

    Args:
        cluster: where.
        user: whose.
        place: name of the directory.
        files: what is in it, by path; what begins with #! is made executable.
    """

    def __init__(self, cluster: Cluster, user: str, place: str, files: Mapping[str, str]) -> None:
        self.cluster = cluster
        self.user = user
        self.place = place
        self.base = f"/~{user}/{place}"
        cluster.run(CTL, ["rm", "-rf", f"public_html/{place}", ".apache-service"], user=user)
        cluster.lay(user, f"public_html/{place}", files)
        cluster.service(user, "deploy", "--wait", "apache")
        wait_for(lambda: cluster.get(f"/~{user}/").status != 503, 5)

    def remove(self) -> None:
        """Leave neither pages nor the service."""
        self.cluster.service(self.user, "purge", "--yes", "--no-archive", "apache")
        self.cluster.run(CTL, ["rm", "-rf", f"public_html/{self.place}"], user=self.user)

    def set_options(self, *options: str, more: str = "") -> None:
        """Have exactly these options, from the next request on."""
        mark = f"options {next(_NUMBERS)}"
        lines = [f"Define {each}" for each in options]
        # A core directive, so that it is known this early; it tells when the reload has been done.
        text = "\n".join([*lines, f'ErrorDocument 410 "{mark}"', more, ""])
        self.cluster.write(self.user, OPTIONS, text)
        self.cluster.write(self.user, f"public_html/{self.place}-mark/.htaccess", "Redirect gone /")
        self.cluster.service(self.user, "reload", "apache")
        wait_for(lambda: self._is_new(mark), 10, every=0.05)

    def _is_new(self, mark: str) -> bool:
        path = f"/~{self.user}/{self.place}-mark/x"
        return all(self.cluster.get(path).text == mark for _ in range(3))

    def get(self, path: str, **headers: str) -> Page:
        """A page below the directory, or one of the account where a slash is first."""
        below = f"/~{self.user}" if path.startswith("/") else f"{self.base}/"
        return self.cluster.get(below + path, headers)

    def verdicts(self, paths: Iterable[str]) -> dict[str, str]:
        """What becomes of a request for each path."""
        wanted = list(paths)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(zip(wanted, map(verdict, pool.map(self.get, wanted)), strict=True))


def verdict(page: Page) -> str:
    """What became of a request, in a word."""
    if "<code" in page.text and "<span style" in page.text:
        return "shown"
    if SOURCE in page.text:
        return "SOURCE"
    if page.status == 200:
        marks = {"ran:": "runs", "Index of": "listed", "Apache Status": "status"}
        return next((word for mark, word in marks.items() if mark in page.text), "served")
    return {403: "refused", 404: "none", 500: "refused"}.get(page.status, str(page.status))
