"""Checks that a user's own parts can be put to; ours must pass them too."""
