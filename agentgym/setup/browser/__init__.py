"""The browser of a machine: the connection that looks into it, and the steps that are done through it."""

from agentgym.setup.browser.connection import (
    CHROMIUM,
    DEBUGGING_PORT,
    FORWARDED_PORT,
    GOOGLES,
    in_browser,
    playwright_error,
)

__all__ = ["CHROMIUM", "DEBUGGING_PORT", "FORWARDED_PORT", "GOOGLES", "in_browser", "playwright_error"]
