"""Files from elsewhere, fetched once."""

from agentgym.setup.downloads.fetching import download, fetch, have, offline

__all__ = ["download", "fetch", "have", "offline"]
