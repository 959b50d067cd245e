"""The load on the pages runs as its page says, at a small size: every page answers every member, and prints what it took."""

import os
import re
import subprocess
import sys
from pathlib import Path


def test_fifty_members_read_and_no_page_fails_them():
    root = Path(__file__).resolve().parents[2]
    left = ("DATABASE_URL", "TOCSIN_DATABASE_ROLE", "DJANGO_SETTINGS_MODULE", "TOCSIN_DATA")
    kept = {k: v for k, v in os.environ.items() if k not in left}
    small = {"TOCSIN_BENCH_CONCERNS": "300", "TOCSIN_BENCH_ENTRIES": "3000", "TOCSIN_BENCH_SECONDS": "12"}
    command = [sys.executable, "-m", "benchmarks.web"]

    done = subprocess.run(command, cwd=root, env=kept | small, capture_output=True, text=True, timeout=300)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "300 concerns, 3,000 entries" in done.stdout
    read = dict(re.findall(r"bench-web: ([^:]+): (\d+) requests, .* failures 0$", done.stdout, re.MULTILINE))
    assert {"overview", "my body", "concern", "Aggregated"} <= set(read), done.stdout
    assert int(read["concern"]) > 0
