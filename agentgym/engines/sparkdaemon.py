"""Spark's parent of Python workers, which are forked from it with this package loaded."""

from pyspark import daemon

import agentgym.engines.sparkworker  # noqa: F401

if __name__ == "__main__":
    daemon.manager()
