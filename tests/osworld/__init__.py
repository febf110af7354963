"""OSWorld's own tasks, and what is tried with them."""
