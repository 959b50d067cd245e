"""Days as reports write them."""

import re
from datetime import date, datetime

_FORMS = ("%d %B %Y", "%B %Y", "%Y-%m-%d", "%d/%m/%Y", "%Y-%m", "%Y", "%d %b %Y")


def day_of(words: str) -> tuple[date, str] | None:
    """The (first possible) day and how it is written: '2019-05-14', '2019-05' or '2019'. None for what is no day."""
    plain = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", words.replace(",", " "))
    plain = re.sub(r"\s+", " ", plain).strip()
    for form in _FORMS:
        try:
            found = datetime.strptime(plain, form).date()  # noqa: DTZ007  (a day has no zone)
        except ValueError:
            continue
        if not 1900 <= found.year <= 2200:
            return None
        written = "%Y-%m-%d" if "%d" in form else "%Y-%m" if "%m" in form or "%B" in form else "%Y"
        return found, found.strftime(written)
    return None
