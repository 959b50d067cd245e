"""What was acknowledged is never lost: web, worker and database are killed in turn while programs, members and families act."""

import os
import subprocess
import sys
from pathlib import Path


def test_web_worker_and_database_are_killed_twice_each_and_nothing_that_was_answered_is_lost():
    root = Path(__file__).resolve().parents[2]
    kept = {
        k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "TOCSIN_DATABASE_ROLE", "DJANGO_SETTINGS_MODULE", "TOCSIN_DATA")
    }
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.kill", "--times", "6"], cwd=root, env=kept, capture_output=True, text=True, timeout=900
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 kills" in done.stdout
    assert "each as it was written" in done.stdout
