"""The browser of a machine: the connection that looks into it, and the steps that are done through it."""

from agentgym.setup.browser.connection import DEBUGGING_PORT, FORWARDED_PORT, in_browser, playwright_error

__all__ = ["DEBUGGING_PORT", "FORWARDED_PORT", "in_browser", "playwright_error"]
