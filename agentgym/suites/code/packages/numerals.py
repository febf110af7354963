"""Numbers written in other ways."""

SIGNS = [
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
]
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def to_roman(number):
    """Return a number from 1 to 3999 in Roman numerals; raise ValueError for any other."""
    if not 1 <= number <= 3999:
        raise ValueError(f"{number} has no Roman numeral")
    written = ""
    for value, sign in SIGNS:
        while number >= value:
            written += sign
            number -= value
    return written


def from_roman(text):
    """Return the number that a well-formed Roman numeral stands for; small letters are allowed."""
    known = {sign: value for value, sign in SIGNS}
    values = [known[letter] for letter in text.upper()]
    total = 0
    for place, value in enumerate(values):
        following = values[place + 1] if place + 1 < len(values) else 0
        total += -value if value < following else value
    return total


def to_base(number, base):
    """Return a whole number, which may be negative, with the digits 0-9a-z to a base from 2 to 36."""
    if number == 0:
        return "0"
    digits, rest = "", abs(number)
    while rest:
        digits = DIGITS[rest % base] + digits
        rest //= base
    return "-" + digits if number < 0 else digits


def ordinal(number):
    """Return a positive number as an English ordinal: 1st, 2nd, 3rd, 4th, 11th, 12th, 13th, 21st, 111th."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"
