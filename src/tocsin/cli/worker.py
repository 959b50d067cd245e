"""`tocsin worker`: background work."""

import os
from typing import Any

from tocsin.cli.parent import end_with_parent


def command() -> None:
    """Do background work until stopped: pass on concerns whose time is over, tell those who want to hear, sign the record, make board packs,
    look for new files of births in TOCSIN_WATCH_FOLDER, and take up lost jobs.

    Example: TOCSIN_WATCH_FOLDER=/srv/births tocsin worker
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.web.settings")
    end_with_parent()
    import django

    django.setup()
    from procrastinate.contrib.django import app

    # Django's connector serves requests; a worker needs one that waits for jobs
    connector: Any = app.connector
    with app.replace_connector(connector.get_worker_connector()) as working:
        working.run_worker(concurrency=1, shutdown_graceful_timeout=8)
