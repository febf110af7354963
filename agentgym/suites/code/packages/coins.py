"""Amounts of money in whole cents."""


def share(cents, people):
    """Return people shares of an amount of 0 or more, as equal as can be; the larger ones come first."""
    each, rest = divmod(cents, people)
    return [each + 1] * rest + [each] * (people - rest)


def add_tax(cents, percent):
    """Return an amount of 0 or more with a tax of whole percent, to the nearest cent; half a cent counts as one."""
    return cents + (cents * percent + 50) // 100


def fewest(cents, coins):
    """Return the least number of coins that make an amount, of each as many as needed; None if none do."""
    best = [0] + [None] * cents
    for amount in range(1, cents + 1):
        counts = [best[amount - coin] for coin in coins if coin <= amount]
        counts = [count for count in counts if count is not None]
        if counts:
            best[amount] = min(counts) + 1
    return best[cents]


def written(cents):
    """Return an amount as 1,234.50, with a comma before each three digits, and a minus before negative ones."""
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}.{rest:02}"


def settle(paid):
    """Return, for each name, what it gets back (negative: what it owes) if all share equally what each has paid.

    Whoever comes first in the alphabet bears the cents that cannot be divided.
    """
    names = sorted(paid)
    owed = share(sum(paid.values()), len(names)) if names else []
    return {name: paid[name] - due for name, due in zip(names, owed)}
