"""Work that somebody asked for is done again when the database went away in the middle of it, and not given up."""

from django.db import InterfaceError, OperationalError
from procrastinate import RetryStrategy

LOST = (OperationalError, InterfaceError)
"""What Django raises when the database is gone, full or restarting. It says nothing of the work itself, so no page says that the work failed."""
AGAIN = RetryStrategy(max_attempts=360, wait=10, retry_exceptions=LOST)
"""For an hour, every ten seconds. What a task does must bear being begun twice, as after a killed worker."""
