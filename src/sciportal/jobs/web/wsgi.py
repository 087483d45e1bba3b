"""What a WSGI server loads: the application on the settings of this site."""

from __future__ import annotations

from sciportal.jobs.web.app import application as made

application = made()
