"""Google Drive: the account, what is asked of it, and the step that lays it out."""
