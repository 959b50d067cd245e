"""Settings of a process that a test starts: the test's own database."""

import os

from settings_for_tests import *  # noqa: F403
from settings_for_tests import DATABASES

DATABASES["default"]["NAME"] = os.environ["PGTEST"]
