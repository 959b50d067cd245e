"""From what stands in a field to days, weeks of pregnancy, codes and facts; and what of it cannot be."""

import re
from datetime import date, datetime, timedelta, timezone
from typing import Literal
from zoneinfo import ZoneInfo

from tocsin.review.cases.model import FactValue, Moment
from tocsin.review.grades import OutcomeKind

DateOrder = Literal["day-first", "month-first"]
EARLIEST = date(1900, 1, 1)
LONGEST_PREGNANCY_DAYS = 45 * 7 + 6
_FEWEST_WEEKS = {OutcomeKind.STILLBIRTH: 20, OutcomeKind.NEONATAL_DEATH: 18, OutcomeKind.BRAIN_INJURY: 20}
"""Below these no register counts such an outcome: 20 weeks is the lowest limit for a stillbirth in use; younger babies have not lived."""

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_SLASHED = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})")
_NAMED = re.compile(r"(\d{1,2})[ \-]([A-Za-z]{3,9})[ \-](\d{4})")
_TIME = re.compile(r"[T ]+(\d{1,2})[:.](\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?$")
_WEEKS = re.compile(r"(\d{1,2})\s*(?:\+\s*(\d{1,2})|w(?:ee)?k?s?(?:[\s,]*(?:and\s*)?(\d{1,2})\s*d(?:ays?)?)?)?", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_CODE = re.compile(r"[A-Z0-9]{2,12}")
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")
_FACT_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


def unreadable(text: str) -> bool:
    """Whether it has letters that are no letters: what was not UTF-8, or control characters."""
    return any(0xD800 <= ord(c) <= 0xDFFF or c == "\ufffd" or (ord(c) < 32 and c not in "\t\n\r") for c in text)


class BadValueError(ValueError):
    """A value that cannot be read; the message is the reason."""


def day(text: str, order: DateOrder = "day-first") -> date:
    """A date: 2019-03-04, 4 March 2019, or 04/03/2019 read as `order` says. Raises BadValueError."""
    text = text.strip()
    if found := _ISO.fullmatch(text):
        year, month, of_month = (int(p) for p in found.groups())
    elif found := _NAMED.fullmatch(text):
        names = [i for i, m in enumerate(_MONTHS) if found[2].lower().startswith(m)]
        if not names:
            raise BadValueError("is not a date: there is no such month")
        year, month, of_month = int(found[3]), names[0] + 1, int(found[1])
    elif found := _SLASHED.fullmatch(text):
        first, second, year = (int(p) for p in found.groups())
        of_month, month = (first, second) if order == "day-first" else (second, first)
        if month > 12 >= of_month:
            raise BadValueError(f"is not a date read {order.replace('-', ' ')}; write it as 2019-03-04, or say which order the file has")
    else:
        raise BadValueError("is not a date; write it as 2019-03-04")
    try:
        value = date(year, month, of_month)
    except ValueError:
        raise BadValueError("is not a date: that day does not exist") from None
    if value < EARLIEST:
        raise BadValueError(f"is before {EARLIEST.isoformat()}, the first day that may be")
    return value


def slashed(text: str) -> tuple[int, int] | None:
    """The first two numbers of a date like 04/03/2019, None for dates in which the order of day and month is plain."""
    text = _TIME.sub("", text.strip())
    found = _SLASHED.fullmatch(text)
    return (int(found[1]), int(found[2])) if found else None


def moment(text: str, order: DateOrder = "day-first", zone: ZoneInfo | None = None) -> datetime | date:
    """A date, with its time of day where that is given, as clocks at the place of care showed it. Raises BadValueError.

    zone: of the place of care; a time with an offset is turned into it. Without it the offset is dropped.
    """
    found = _TIME.search(text.strip())
    if not found:
        return day(text, order)
    of = day(text.strip()[: found.start()], order)
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    try:
        if found[4] and zone:
            offset = found[4].replace("Z", "+0000").replace(":", "")
            ahead = timedelta(hours=int(offset[:3]), minutes=int(offset[0] + offset[3:]))
            told = datetime(of.year, of.month, of.day, hour, minute, second, tzinfo=timezone(ahead))
            return told.astimezone(zone).replace(tzinfo=None)
        return datetime(of.year, of.month, of.day, hour, minute, second)  # noqa: DTZ001
    except (ValueError, OverflowError):
        raise BadValueError("has a time of day that does not exist") from None


def gestation_days(text: str) -> int:
    """Days of pregnancy from '39+2', '39 weeks 2 days', '39w2d' or '39'. Raises BadValueError for what no pregnancy reaches."""
    found = _WEEKS.fullmatch(text.strip())
    if not found:
        raise BadValueError("is not a length of pregnancy; write weeks and days as 39+2")
    weeks, days = int(found[1]), int(found[2] or found[3] or 0)
    if days > 6:
        raise BadValueError("has more than 6 days beside its weeks")
    return checked_gestation(weeks * 7 + days)


def checked_gestation(days: int) -> int:
    """The same days. Raises BadValueError below 4 and above 45 weeks and 6 days."""
    if not 28 <= days <= LONGEST_PREGNANCY_DAYS:
        raise BadValueError("cannot be: a pregnancy is known from 4 weeks and ends before 46")
    return days


def fits(kind: OutcomeKind, days: int) -> None:
    """Raises BadValueError where this outcome cannot come about at this length of pregnancy."""
    least = _FEWEST_WEEKS.get(kind, 0)
    if days < 7 * least:
        raise BadValueError(f"is too early for the outcome '{kind.value}', which begins at {least} weeks")


def outcome(text: str) -> OutcomeKind:
    """The kind of outcome from its name, in any case and with spaces, hyphens or underscores. Raises BadValueError."""
    name = re.sub(r"[\s_\-]+", "-", text.strip().lower())
    try:
        return OutcomeKind(name)
    except ValueError:
        raise BadValueError(f"is not one of {', '.join(OutcomeKind)}") from None


def provider(text: str) -> str:
    """A code of the register of organisations, in capitals. Raises BadValueError."""
    code = text.strip().upper()
    if not _CODE.fullmatch(code):
        raise BadValueError("is not a code of a provider: 2 to 12 letters and digits, such as RVV")
    return code


def nhs_number(text: str) -> str:
    """Ten digits whose last checks the others (modulus 11, as the NHS Data Dictionary lays down). Raises BadValueError."""
    digits = re.sub(r"[\s\-]", "", text)
    if not re.fullmatch(r"[0-9]{10}", digits):
        raise BadValueError("is not an NHS number: ten digits")
    left = 11 - sum((10 - i) * int(d) for i, d in enumerate(digits[:9])) % 11
    if left == 10 or left % 11 != int(digits[9]):
        raise BadValueError("is not an NHS number: its last digit does not fit the others; a digit is mistyped")
    return digits


def fact_name(text: str) -> str:
    """Name of a fact in small letters, digits and underscores. Raises BadValueError."""
    name = re.sub(r"[\s\-.]+", "_", text.strip().lower())
    if not _FACT_NAME.fullmatch(name):
        raise BadValueError("is not a name of a fact: small letters, digits and underscores, beginning with a letter")
    return name


def fact(text: str) -> FactValue | None:
    """Yes or no, a number, or words; None for what is not known."""
    word = text.strip()
    match word.lower():
        case "" | "unknown" | "not known" | "na" | "n/a" | "?":
            return None
        case "yes" | "y" | "true":
            return True
        case "no" | "n" | "false":
            return False
    if _NUMBER.fullmatch(word):
        return float(word) if "." in word else int(word)
    return word


def timeline(text: str, order: DateOrder = "day-first", zone: ZoneInfo | None = None) -> tuple[Moment, ...]:
    """Moments, one a line (or parted by |), each 'WHEN: WHAT', in the order of time. Raises BadValueError."""
    found = []
    for part in re.split(r"[\n|]", text):
        if not part.strip():
            continue
        when, parted, what = re.match(r"(.*?)(:\s+|\s+-\s+|$)(.*)", part.strip(), re.DOTALL).groups()  # type: ignore[union-attr]
        if not parted or not what.strip():
            raise BadValueError(f"has an entry that does not say 'when: what': '{part.strip()[:40]}'")
        try:
            found.append(Moment(moment(when, order, zone), what.strip()))
        except BadValueError as error:
            raise BadValueError(f"has an entry whose '{when[:30]}' {error}") from None
    return in_order(found)


def in_order(moments: list[Moment]) -> tuple[Moment, ...]:
    """By time; what has only a date comes before what has a time on that day; else as given."""

    def begins(m: Moment) -> datetime:
        return m.when if isinstance(m.when, datetime) else datetime(m.when.year, m.when.month, m.when.day)  # noqa: DTZ001

    return tuple(sorted(moments, key=begins))
