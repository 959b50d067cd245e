"""Makes .venv hold exactly what a lock file names, and this checkout. Needs nothing but Python 3.11 with venv.

Usage: python3 tools/setup.py requirements.lock
"""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"


def main(lock: str) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036  (an older Python reads this file before anything is installed)
        found = ".".join(map(str, sys.version_info[:3]))
        return fail(f"Tocsin needs Python 3.11 or later; this is {found} at {sys.executable}. Name another: make PYTHON=python3.12 test")
    python = VENV / "bin" / "python"
    wanted = hashlib.sha256((ROOT / lock).read_bytes() + (ROOT / "pyproject.toml").read_bytes() + str(ROOT).encode()).hexdigest()
    stamp = VENV / f"installed-{lock}"
    if python.exists() and stamp.exists() and stamp.read_text() == wanted:
        return 0
    if not python.exists() or subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        try:
            import ensurepip  # noqa: F401
            import venv  # noqa: F401
        except ImportError:
            version = f"{sys.version_info.major}.{sys.version_info.minor}"
            return fail(f"This Python cannot make a virtual environment. On Debian: apt-get install python{version}-venv")
        print("Making .venv ...", flush=True)
        if subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=False).returncode:
            return fail("The virtual environment could not be made; the lines above say why.")
    print(f"Installing what {lock} names (a few minutes the first time) ...", flush=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for arguments in (["--require-hashes", "-r", ROOT / lock], ["--no-deps", "-e", ROOT]):
        if subprocess.run([*pip, *arguments], check=False).returncode:
            return fail("Installing failed; the lines above say why. Is a package index reachable?")
    for other in VENV.glob("installed-*"):
        other.unlink()
    stamp.write_text(wanted)
    return 0


def fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
