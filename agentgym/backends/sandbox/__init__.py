"""A private Linux machine: bubblewrap around it, a guest within, tools; without a screen, or with the x11 backend's."""
