"""Paths with slashes, as texts; nothing is looked up."""


def normal(path):
    """Return a path without empty parts and dots; each .. takes the part before it away.

    What leads above the root is left out; of a relative path it stays. The path of nothing is a dot.
    """
    rooted = path.startswith("/")
    parts = []
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part != "..":
            parts.append(part)
        elif parts and parts[-1] != "..":
            parts.pop()
        elif not rooted:
            parts.append(part)
    return ("/" if rooted else "") + "/".join(parts) or "."


def suffix(path):
    """Return what the last part of a path has from its last dot on, or nothing; dots at its beginning are none."""
    name = path.rpartition("/")[2]
    stem, dot, rest = name.rpartition(".")
    return dot + rest if stem.strip(".") else ""


def from_to(start, end):
    """Return the way from one absolute folder to a path, as a relative path."""
    one, other = ([part for part in normal(path).split("/") if part] for path in (start, end))
    same = 0
    while same < min(len(one), len(other)) and one[same] == other[same]:
        same += 1
    return "/".join([".."] * (len(one) - same) + other[same:]) or "."


def inside(path, folder):
    """Return whether an absolute path is an absolute folder, or lies below it."""
    path, folder = normal(path), normal(folder)
    return path == folder or path.startswith(folder.rstrip("/") + "/")
