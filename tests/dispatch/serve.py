"""The portal as a process of its own: the real application over TLS, and who counts silence.

Arguments: settings, port, certificate, key, and a file with the seconds by which the clock is off.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from werkzeug.serving import make_server

from sciportal.jobs.settings import read
from sciportal.jobs.store import engine
from sciportal.jobs.store.store import Store
from sciportal.jobs.web import app
from sciportal.jobs.web.portal import Portal

SECONDS = 0.2


def main() -> None:
    """Serve until killed."""
    path, port, certificate, key, offset = sys.argv[1:]
    settings = read(path)

    def clock() -> float:
        return time.time() + float(Path(offset).read_text())

    store = Store(engine.connect(settings.database), clock)
    portal = Portal.opened(settings)._replace(store=store)
    server = make_server(
        "127.0.0.1", int(port), app.make(portal), threaded=True, ssl_context=(certificate, key)
    )

    def count() -> None:
        last = time.monotonic()
        while True:
            time.sleep(SECONDS)
            now = time.monotonic()
            store.expire(now - last, settings.lost_seconds)
            last = now

    threading.Thread(target=count, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
