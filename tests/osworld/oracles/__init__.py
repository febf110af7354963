"""The solutions of OSWorld's tasks, by domain."""
