"""The first process of a desktop: starts it, watches it, serves its files and commands, ends it.

Runs inside the sandbox under ``python -I -S``: standard library only, relative imports only.
"""
