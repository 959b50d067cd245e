"""Settings of a test run: a server in a folder of its own, and the role that may make test databases."""

import os

import run_folder

os.environ["TOCSIN_DATA"] = str(run_folder.own())
os.environ.setdefault("TOCSIN_DATABASE_ROLE", "tocsin_owner")

from tocsin.web.settings import *  # noqa: F403

# a slow hash is right for people and pointless for tests
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
