"""A process that belongs to another ends with it."""

import os
import signal
import threading
import time


def end_with_parent() -> None:
    """Where TOCSIN_WITH_PARENT is set, end as by Ctrl-C when the process that started this one is gone, also by kill -9."""
    if not os.environ.get("TOCSIN_WITH_PARENT"):
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=watch, daemon=True).start()
