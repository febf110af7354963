"""Objects that keep something."""


class Ledger:
    """Accounts with amounts of 0 or more; an account begins with 0 when it is named first."""

    def __init__(self, limit):
        """No single deposit may be more than limit."""
        self.limit = limit
        self.accounts = {}
        self.done = []

    def deposit(self, name, amount):
        """Add an amount and return the new one; return None, and change nothing, if it is not from 1 to limit."""
        if not 1 <= amount <= self.limit:
            return None
        self.accounts[name] = self.accounts.get(name, 0) + amount
        self.done.append(["deposit", name, amount])
        return self.accounts[name]

    def withdraw(self, name, amount):
        """Take an amount away and return what is left.

        Return None, and change nothing, if the account has less, or the amount is less than 1.
        """
        if amount < 1 or amount > self.accounts.get(name, 0):
            return None
        self.accounts[name] -= amount
        self.done.append(["withdraw", name, amount])
        return self.accounts[name]

    def transfer(self, one, other, amount):
        """Move an amount, which may be more than limit, and return true.

        Return false, and change nothing, if the account has less, the amount is less than 1, or one is other.
        """
        if one == other or self.withdraw(one, amount) is None:
            return False
        self.accounts[other] = self.accounts.get(other, 0) + amount
        self.done[-1] = ["transfer", one, other, amount]
        return True

    def balance(self, name):
        """Return what an account has; 0 if it was never named."""
        return self.accounts.get(name, 0)

    def history(self, name):
        """Return what was done with an account, the oldest first, as lists of the method's name and arguments."""
        return [one for one in self.done if name in one[1:3]]


class Cache:
    """The values of the keys that were used last."""

    def __init__(self, size):
        """At most size keys, 1 or more, are kept; the one that was used longest ago goes first."""
        self.size = size
        self.kept = {}

    def put(self, key, value):
        """Keep a value; return the key that had to go, or None. To change a value is to use its key."""
        self.kept.pop(key, None)
        self.kept[key] = value
        if len(self.kept) > self.size:
            oldest = next(iter(self.kept))
            del self.kept[oldest]
            return oldest
        return None

    def get(self, key):
        """Return the value of a key, which uses it, or None."""
        if key not in self.kept:
            return None
        value = self.kept.pop(key)
        self.kept[key] = value
        return value

    def peek(self, key):
        """Return the value of a key, or None, without using it."""
        return self.kept.get(key)

    def keys(self):
        """Return all keys, the one that was used longest ago first."""
        return list(self.kept)


class Queue:
    """Things that wait, the most urgent first."""

    def __init__(self, size):
        """At most size things wait."""
        self.size = size
        self.waiting = []

    def push(self, name, urgency):
        """Let a thing wait and return true.

        Return false, and change nothing, if it waits already or there is no room.
        """
        if len(self.waiting) >= self.size or any(one == name for one, _ in self.waiting):
            return False
        place = 0
        while place < len(self.waiting) and self.waiting[place][1] >= urgency:
            place += 1
        self.waiting.insert(place, [name, urgency])
        return True

    def pop(self):
        """Take out and return the thing with the highest urgency, of equal ones the first that came; None if empty."""
        return self.waiting.pop(0)[0] if self.waiting else None

    def raise_to(self, name, urgency):
        """Give a thing that waits another urgency, as if it had just come, and return whether it waits."""
        if all(one != name for one, _ in self.waiting):
            return False
        self.waiting = [pair for pair in self.waiting if pair[0] != name]
        return self.push(name, urgency)

    def names(self):
        """Return what waits in the order in which it would be taken out."""
        return [name for name, _ in self.waiting]


class Buffer:
    """A text that is changed, with a way back."""

    def __init__(self, text):
        """It begins with this text."""
        self.text = text
        self.before = []
        self.after = []

    def insert(self, place, text):
        """Put text before the character at place, from 0, or at the end if there are fewer; return the whole text."""
        return self.change(self.text[:place] + text + self.text[place:])

    def delete(self, place, count):
        """Take out count characters from place on, or as many as there are; return the whole text."""
        return self.change(self.text[:place] + self.text[place + count :])

    def change(self, text):
        """Replace the whole text and return it; what was undone before cannot be redone any more."""
        self.before.append(self.text)
        self.after = []
        self.text = text
        return self.text

    def undo(self):
        """Take the last change back, if there is one, and return the whole text."""
        if self.before:
            self.after.append(self.text)
            self.text = self.before.pop()
        return self.text

    def redo(self):
        """Do again what was undone last, if nothing was changed since, and return the whole text."""
        if self.after:
            self.before.append(self.text)
            self.text = self.after.pop()
        return self.text


class Stock:
    """Pieces of goods, of which some may be reserved."""

    def __init__(self, warn):
        """Of a kind with less than warn free pieces there is little."""
        self.warn = warn
        self.pieces = {}
        self.reserved = {}

    def add(self, kind, count):
        """Add pieces, 1 or more, and return how many there are, reserved ones included."""
        self.pieces[kind] = self.pieces.get(kind, 0) + count
        return self.pieces[kind]

    def free(self, kind):
        """Return how many pieces are not reserved."""
        return self.pieces.get(kind, 0) - sum(
            count for (_, reserved), count in self.reserved.items() if reserved == kind
        )

    def reserve(self, who, kind, count):
        """Reserve that many more pieces for somebody and return true.

        Return false, and change nothing, if there are not as many free ones.
        """
        if count > self.free(kind):
            return False
        self.reserved[who, kind] = self.reserved.get((who, kind), 0) + count
        return True

    def deliver(self, who, kind):
        """Hand somebody all pieces of a kind that are reserved for them; return how many."""
        count = self.reserved.pop((who, kind), 0)
        if count:
            self.pieces[kind] -= count
        return count

    def cancel(self, who):
        """Set all that is reserved for somebody free; return how many pieces."""
        keys = [key for key in self.reserved if key[0] == who]
        return sum(self.reserved.pop(key) for key in keys)

    def little(self):
        """Return the kinds, in the order of the alphabet, of which there is little."""
        return sorted(kind for kind in self.pieces if self.free(kind) < self.warn)
