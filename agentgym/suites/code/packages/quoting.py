"""Lines of values with commas between them, some of them in double quotes."""


def split(line):
    """Return the values of a line; within double quotes a comma is a part of the value, and two quotes are one.

    Blanks belong to the values.
    """
    values, value, inside, place = [], "", False, 0
    while place < len(line):
        letter = line[place]
        if letter == '"' and inside and line[place + 1 : place + 2] == '"':
            value += '"'
            place += 1
        elif letter == '"':
            inside = not inside
        elif letter == "," and not inside:
            values.append(value)
            value = ""
        else:
            value += letter
        place += 1
    return [*values, value]


def join(values):
    """Return the line that split takes apart into these values; only values with commas or quotes are in quotes."""
    return ",".join(quoted(value) for value in values)


def quoted(value):
    """Return a value as it stands in a line: in quotes, each of its own written twice, if it has commas or quotes."""
    if "," in value or '"' in value:
        return '"' + value.replace('"', '""') + '"'
    return value


def columns(lines, names):
    """Return of each line after the first, which names the columns, the values of these columns as a list.

    A name that there is not, or a value that a short line lacks, is None.
    """
    heads = split(lines[0])
    places = [heads.index(name) if name in heads else None for name in names]
    found = []
    for line in lines[1:]:
        values = split(line)
        found.append([values[place] if place is not None and place < len(values) else None for place in places])
    return found
