"""Codes and checks of texts."""


def shifted(text, count):
    """Return the text with each letter of a-z and A-Z moved count places in its alphabet, which begins again."""
    moved = ""
    for letter in text:
        if "a" <= letter <= "z":
            letter = chr((ord(letter) - ord("a") + count) % 26 + ord("a"))
        elif "A" <= letter <= "Z":
            letter = chr((ord(letter) - ord("A") + count) % 26 + ord("A"))
        moved += letter
    return moved


def valid_card(text):
    """Return whether a text of digits and blanks, at least two digits, fulfils Luhn's check.

    From the right, every second digit is doubled, less 9 if that is more than 9; the sum can be divided by 10.
    """
    digits = [int(letter) for letter in text if letter != " "]
    if len(digits) < 2:
        return False
    total = sum(digits[-1::-2])
    for digit in digits[-2::-2]:
        total += digit * 2 - 9 if digit > 4 else digit * 2
    return total % 10 == 0


def packed(text):
    """Return the text with each run of three or more of one character, which is no digit, as number and character."""
    short, place = "", 0
    while place < len(text):
        end = place
        while end < len(text) and text[end] == text[place]:
            end += 1
        count = end - place
        short += f"{count}{text[place]}" if count >= 3 else text[place] * count
        place = end
    return short


def balanced(text):
    """Return whether each of the brackets ([{ in the text is closed by its own kind, in the right order."""
    closing = {")": "(", "]": "[", "}": "{"}
    opened = []
    for letter in text:
        if letter in "([{":
            opened.append(letter)
        elif letter in closing:
            if not opened or opened.pop() != closing[letter]:
                return False
    return not opened


def distance(one, other):
    """Return the least number of letters to be inserted, taken out or changed to make the other text of the one."""
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        before, row = row, [place]
        for column, wanted in enumerate(other, 1):
            row.append(min(before[column] + 1, row[-1] + 1, before[column - 1] + (letter != wanted)))
    return row[-1]
