"""What time it is. In a demo, and only there, a visitor may move it forward."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection


def now() -> datetime:
    """The moment, with time zone. In a demo one query."""
    real = datetime.now(UTC)
    return real + offset() if settings.DEMO else real


def offset() -> timedelta:
    """How far the demo's clock is from the real one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seconds FROM record_demo_clock")
        row = cursor.fetchone()
    return timedelta(seconds=row[0]) if row else timedelta(0)


def move(to: datetime) -> None:
    """Set the demo's clock. Raises RuntimeError outside a demo, and ValueError where it would go back."""
    if not settings.DEMO:
        raise RuntimeError("only a demo's clock can be moved")
    with connection.cursor() as cursor:
        cursor.execute("SELECT seconds FROM record_demo_clock FOR UPDATE")
        row = cursor.fetchone()
        real = datetime.now(UTC)
        if row and to < real + timedelta(seconds=row[0]):
            raise ValueError("the clock only goes forward")
        seconds = (to - real).total_seconds()
        cursor.execute(
            "INSERT INTO record_demo_clock (id, seconds) VALUES (1, %s) ON CONFLICT (id) DO UPDATE SET seconds = excluded.seconds",
            [seconds],
        )
