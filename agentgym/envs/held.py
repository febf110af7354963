"""The machine of a desktop: made by its name when it is first needed, or one's own."""

from __future__ import annotations

import msgspec
from gymnasium.error import ResetNeeded

from agentgym.backends.base import Backend, BackendOptions, backends
from agentgym.setup.browser.threads import end_idle_drivers

__all__ = ["HoldsMachine"]


class HoldsMachine:
    """An environment that has a machine for one episode after the other."""

    _backend: Backend | None
    _backend_name: str | None
    _options: BackendOptions
    _running: bool
    _begun: bool

    @property
    def backend(self) -> Backend:
        """The machine; made when it is first needed."""
        if self._backend is None:
            if self._backend_name is None:
                raise ResetNeeded("the environment is closed, and its backend with it")
            self._backend = backends[self._backend_name](self._options)
        return self._backend

    def show_accessibility(self) -> None:
        """Has the machine show an accessibility tree, from the next ``reset`` on if it does not do so already."""
        self._remake(accessibility=True)

    def _remake(self, **options: bool) -> None:
        """Gives a machine up that was made without these options, if it was made by name."""
        wanted = msgspec.structs.replace(self._options, **options)
        if wanted == self._options:
            return
        self._options = wanted
        if self._backend_name is not None and self._backend is not None:
            self._backend.close()
            self._backend = None
            self._running = self._begun = False

    def _give_up_machine(self) -> None:
        if self._backend is not None:
            self._backend.close()
            # Of other environments, too: they start one again.
            end_idle_drivers()
            if self._backend_name is not None:
                self._backend = None
