"""The order of the widgets, which the accessibility tree shows, does not tell which of them is wanted."""

import pytest

from agentgym.actions import Click
from agentgym.envs.micro import MicroEnv

_FAMILIES = (
    *("click-button", "click-check-boxes", "choose-radio", "click-tiny", "click-shape", "pick-colour"),
    *("compare-numbers", "count-shapes", "reply-mail", "delete-mail", "star-mail"),
)


@pytest.mark.parametrize("name", _FAMILIES)
def test_the_wanted_one_is_not_always_made_at_the_same_turn(name: str) -> None:
    from PySide6.QtWidgets import QWidget

    env = MicroEnv(name, level=2)
    turns = set()
    for seed in range(12):
        env.reset(seed=seed)
        app = env.backend.app  # type: ignore[attr-defined]  # the qt backend's
        action = app.solve()
        assert isinstance(action, Click)
        widgets = [widget for widget in app.findChildren(QWidget) if widget.isVisible()]
        wanted = next(widget for widget in reversed(widgets) if app.place(widget) == (action.x, action.y))
        turns.add([widget for widget in widgets if type(widget) is type(wanted)].index(wanted))
    env.close()
    assert len(turns) > 2
