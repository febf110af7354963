"""Small work on texts of words."""


def wrap(text, width):
    """Return the words of text as lines of at most width characters.

    Each line has as many words as fit, with one blank between them. A longer word has a line of its own.
    """
    lines = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += " " + word
        else:
            lines.append(word)
    return lines


def headline(text, small):
    """Return the words of text with a capital at the beginning, other letters small, and one blank between them.

    Words of the list small, written there in small letters, are not capitalised unless they are the first or last.
    """
    words = text.lower().split()
    last = len(words) - 1
    return " ".join(
        word if word in small and place not in (0, last) else word[0].upper() + word[1:]
        for place, word in enumerate(words)
    )


def frequent(text, count):
    """Return the count most frequent words as lists of word and number, the most frequent first.

    Words are compared in small letters; of equally frequent ones the first in the alphabet comes first.
    """
    words = text.lower().split()
    numbers = {word: words.count(word) for word in words}
    ranked = sorted(numbers, key=lambda word: (-numbers[word], word))
    return [[word, numbers[word]] for word in ranked[:count]]


def slug(text):
    """Return text in small letters, with one hyphen for each run of characters that are no letters and no digits.

    There is no hyphen at the beginning or end.
    """
    kept = "".join(one.lower() if one.isalnum() else " " for one in text)
    return "-".join(kept.split())
