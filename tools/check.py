"""Every check that a commit must pass, one after another; the exit status is 0 only if all passed."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"

CHECKS = (
    ("Style", ["ruff", "check", "--no-cache", "."]),
    ("Who may import whom", ["lint-imports"]),
    ("Types", ["mypy"]),
    ("Tests", ["pytest", "-n", "2", "--dist", "loadfile", "-m", "not browser"]),
    ("Chromium", ["python", "tools/browser.py"]),
    ("Browser tests", ["pytest", "-m", "browser"]),
)


def main() -> int:
    failed = []
    for name, command in CHECKS:
        print(f"\n{name}: {' '.join(command)}", flush=True)
        began = time.monotonic()
        if subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, check=False).returncode:
            failed.append(name)
        print(f"{name}: {'FAILED' if name in failed else 'passed'} in {time.monotonic() - began:.0f} s", flush=True)
    print(f"\nFailed: {', '.join(failed)}" if failed else "\nAll checks passed.", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
