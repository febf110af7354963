"""Days of the Gregorian calendar."""

LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def is_leap(year):
    """Return whether a year has 366 days: every fourth, but of full centuries only every fourth."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def length(year, month):
    """Return how many days a month, from 1 to 12, has; raise ValueError for any other month."""
    if not 1 <= month <= 12:
        raise ValueError(f"there is no month {month}")
    return 29 if month == 2 and is_leap(year) else LENGTHS[month - 1]


def day_of_year(year, month, day):
    """Return the number of a day in its year: 1 for 1 January."""
    return sum(length(year, one) for one in range(1, month)) + day


def following(year, month, day, count):
    """Return year, month and day, as a list, of the day that is count days (0 or more) later."""
    day += count
    while day > length(year, month):
        day -= length(year, month)
        month += 1
        if month > 12:
            year, month = year + 1, 1
    return [year, month, day]


def duration(seconds):
    """Return seconds as hours, minutes and seconds: 0:05:09, 27:00:00; a minus stands before negative ones."""
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
