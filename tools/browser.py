"""Finds a Chromium for the browser tests, or installs one with the system's package manager. Prints its path."""

import glob
import os
import shutil
import subprocess
import sys

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
PLACES = (
    "/usr/lib/chromium/chromium-headless-shell",
    "/usr/lib/chromium*/headless_shell",
    os.path.expanduser("~/.cache/ms-playwright/*/chrome-linux*/headless_shell"),
)


def find() -> str | None:
    named = os.environ.get("TOCSIN_CHROMIUM")
    if named:
        return named
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    return next((path for pattern in PLACES for path in glob.glob(pattern)), None)


def main() -> int:
    if find() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing chromium-headless-shell for the browser tests ...", flush=True)
        quiet = {"stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, "check": False}
        if subprocess.run(["apt-get", "install", "-y", "-q", "chromium-headless-shell"], **quiet).returncode:  # noqa: S607
            subprocess.run(["apt-get", "update", "-q"], **quiet)  # noqa: S607
            subprocess.run(["apt-get", "install", "-y", "-q", "chromium-headless-shell"], **quiet)  # noqa: S607
    found = find()
    if found is None:
        print(
            "The browser tests need Chromium, and none was found. On Debian: apt-get install chromium-headless-shell; elsewhere install "
            "Chromium and name it: TOCSIN_CHROMIUM=/path/to/chromium make test",
            file=sys.stderr,
        )
        return 1
    print(f"Chromium: {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
