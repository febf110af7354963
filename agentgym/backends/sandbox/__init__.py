"""The x11 backend's sandbox without a screen: a home, a system, and tools that act in it."""
