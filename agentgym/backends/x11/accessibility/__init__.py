"""What a desktop's applications say about themselves to assistive technologies: AT-SPI over D-Bus."""

from __future__ import annotations

from agentgym.backends.x11.accessibility.client import AccessibilityClient

__all__ = ["AccessibilityClient"]
