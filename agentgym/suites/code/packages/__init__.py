"""What tasks of the suite `code` are made of: each module is laid, broken, as it stands."""
