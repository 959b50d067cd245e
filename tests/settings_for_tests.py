"""Settings of a test run: a server in a folder of its own, and the role that may make test databases."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("TOCSIN_DATA", str(Path(tempfile.gettempdir()) / f"tocsin-tests-{os.getuid()}"))
os.environ.setdefault("TOCSIN_DATABASE_ROLE", "tocsin_owner")

from tocsin.web.settings import *  # noqa: F403

# a slow hash is right for people and pointless for tests
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
