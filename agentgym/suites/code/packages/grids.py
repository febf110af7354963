"""Grids: lists of rows, which are lists of the same length, at least one of at least one."""


def turn(grid):
    """Return the grid turned by a quarter to the right: its first column, from below, becomes the first row."""
    return [list(row) for row in zip(*grid[::-1])]


def product(one, other):
    """Return the matrix product; raise ValueError if one has not as many columns as the other has rows."""
    if len(one[0]) != len(other):
        raise ValueError("these do not fit")
    return [[sum(a * b for a, b in zip(row, column)) for column in zip(*other)] for row in one]


def spiral(grid):
    """Return all values, from the top left to the right and then inwards, as a spiral goes."""
    values, rest = [], [list(row) for row in grid]
    while rest:
        values += rest.pop(0)
        rest = [list(row) for row in zip(*rest)][::-1]
    return values


def neighbours(grid, row, column):
    """Return the sum of the values around a place, up to eight, without that of the place itself."""
    rows = range(max(0, row - 1), min(len(grid), row + 2))
    columns = range(max(0, column - 1), min(len(grid[0]), column + 2))
    return sum(grid[i][j] for i in rows for j in columns) - grid[row][column]


def saddles(grid):
    """Return the places [row, column], in their order, whose value is the largest of its row and least of its column.

    Equal values do not matter: several of a row may be its largest.
    """
    return [
        [i, j]
        for i, row in enumerate(grid)
        for j, value in enumerate(row)
        if value == max(row) and value == min(line[j] for line in grid)
    ]
