"""What every application of a desktop finds in its environment, and how each is started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["BROWSER_FLAGS", "COMMANDS", "ENVIRONMENT"]

ENVIRONMENT: Mapping[str, str] = {
    # The same language, formats and time zone everywhere; UTF-8, so that any text can be typed and shown.
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    # Settings come from files of the home, without a daemon that would outlive a reset.
    "GSETTINGS_BACKEND": "keyfile",
    # Scroll bars that fade in and out are animations.
    "GTK_OVERLAY_SCROLLING": "0",
    "GTK_THEME": "Adwaita",
    # Decorations by the window manager, so that every window looks and behaves alike.
    "GTK_CSD": "0",
    # The input method that takes what the keyboard sends, as it is: others compose, pop up and time out.
    "GTK_IM_MODULE": "gtk-im-context-simple",
    "QT_IM_MODULE": "simple",
    "XMODIFIERS": "",
    # Accessibility; which of these is needed by whom is in docs/accessibility.md.
    "GTK_MODULES": "gail:atk-bridge",
    "QT_ACCESSIBILITY": "1",
    "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
    "GNOME_ACCESSIBILITY": "1",
    "ACCESSIBILITY_ENABLED": "1",
    # The one toolkit of LibreOffice that draws like the others and is accessible.
    "SAL_USE_VCLPLUGIN": "gtk3",
    # No GPU and no GLX in a private X server.
    "LIBGL_ALWAYS_SOFTWARE": "1",
    "GDK_BACKEND": "x11",
    "QT_QPA_PLATFORM": "xcb",
    "XDG_SESSION_TYPE": "x11",
    "XDG_CURRENT_DESKTOP": "agentgym",
    # File choosers of the toolkit, not of a portal.
    "GTK_USE_PORTAL": "0",
    # Answers that virtual file systems, thumbnailers and settings daemons would give late.
    "GIO_USE_VFS": "local",
    "GIO_USE_VOLUME_MONITOR": "unix",
    "NO_AT_BRIDGE": "0",
    # A profile that a newer Thunderbird wrote is used, not asked about; a crash is no dialogue.
    "MOZ_ALLOW_DOWNGRADE": "1",
    "MOZ_CRASHREPORTER_DISABLE": "1",
    # The prompt of shells that read no start-up file.
    "PS1": "$ ",
    "HISTFILE": "",
}

BROWSER_FLAGS: Sequence[str] = (
    # The sandbox of the desktop holds it; inside, namespaces for one of its own are not to be had.
    "--no-sandbox",
    # Without the bar that warns of the flag above.
    "--test-type",
    "--disable-gpu",
    # The sandbox's /dev/shm may be small.
    "--disable-dev-shm-usage",
    "--password-store=basic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-search-engine-choice-screen",
    # What asks the network or draws when it is done.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    # The same pixels every time.
    "--force-device-scale-factor=1",
    "--disable-lcd-text",
    "--disable-smooth-scrolling",
    "--force-prefers-reduced-motion",
    "--animation-duration-scale=0",
    "--disable-features="
    + ",".join(
        (
            "AutofillServerCommunication",
            "DialMediaRouteProvider",
            "DownloadBubble",
            "GlobalMediaControls",
            "MediaRouter",
            "OptimizationHints",
            "PaintHolding",
            "Translate",
        )
    ),
)
"""What Chromium is told by whoever starts it."""

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "text editor": ("mousepad", "--disable-server"),
    "file manager": ("pcmanfm",),
    "terminal": ("xfce4-terminal", "--disable-server"),
    "calc": ("libreoffice", "--calc", "--norestore", "--nologo"),
    "writer": ("libreoffice", "--writer", "--norestore", "--nologo"),
    "browser": (
        "chromium",
        *BROWSER_FLAGS,
        "--disable-extensions",
    ),
}
"""How the applications that we configure are started, by what they are."""
