"""MiniWoB++'s pages in a browser on a private desktop."""
