"""The benchmark of search runs as it stands, small: what it says of the large register is only worth something while it still runs."""

import os
import re
import subprocess
import sys
from pathlib import Path


def test_the_search_of_a_small_register_answers_every_kind_of_reader(tmp_path):
    left = ("DATABASE_URL", "TOCSIN_DATABASE_ROLE", "DJANGO_SETTINGS_MODULE", "TOCSIN_DATA")
    kept = {k: v for k, v in os.environ.items() if k not in left}
    small = {"TOCSIN_BENCH_ITEMS": "1000", "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "benchmarks", "search"]

    ended = subprocess.run(command, cwd=Path(__file__).resolve().parents[2], env=kept | small, capture_output=True, text=True, timeout=600)

    assert ended.returncode == 0, ended.stderr[-3000:]
    items, closed = re.search(r"search: ([\d,]+) items, ([\d,]+) of them closed", ended.stdout).groups()
    assert int(items.replace(",", "")) > 1000
    assert int(closed) == 100
    for reader in ("not signed in", "trust with closed items", "board", "national body"):
        assert re.search(rf"search: {reader}: median \d+ ms", ended.stdout), reader
    assert int(re.search(r"finds (\d+)\.\d in 100 of the ten nearest", ended.stdout)[1]) >= 95
