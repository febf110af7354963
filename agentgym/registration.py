"""The environments' ids."""

from __future__ import annotations

import re

import gymnasium as gym

__all__ = ["MICRO", "MINIWOB", "family_name", "module_name", "register_environments"]

MICRO = (
    # pointing
    "ClickButton",
    "ClickLink",
    "ClickCheckBoxes",
    "ChooseRadio",
    "ClickTiny",
    "ClickMoving",
    "ClickShape",
    # typing
    "EnterText",
    "EnterPassword",
    "EnterNumber",
    "EnterDate",
    "AutoComplete",
    "EnterLines",
    "CopyPaste",
    # choosing
    "UseMenu",
    "ChooseList",
    "ChooseCombo",
    "SelectItems",
    "OpenTree",
    "SwitchTab",
    "ContextMenu",
    "PickColour",
    # dragging
    "MoveSlider",
    "DragToBox",
    "SortList",
    "ResizeBox",
    "ScrollToLine",
    "DrawBox",
    # reading
    "FindInTable",
    "CountShapes",
    "CompareNumbers",
    "Calculate",
    "ReplyMail",
    "DeleteMail",
    "StarMail",
    "AnswerDialog",
    "SearchPages",
    # composing
    "LoginSettings",
    "FillForm",
    "ManageFiles",
    "FindReplace",
    "EditCells",
    "BookCalendar",
)
"""The small task families by their classes; ``ClickButton`` is in `agentgym.suites.micro.click_button`."""

_PAGES = """
ascending-numbers bisect-angle book-flight book-flight-nodelay buy-ticket choose-date choose-date-easy
choose-date-medium choose-date-nodelay choose-list circle-center click-button click-button-sequence
click-checkboxes click-checkboxes-large click-checkboxes-soft click-checkboxes-transfer click-collapsible
click-collapsible-2 click-collapsible-2-nodelay click-collapsible-nodelay click-color click-dialog
click-dialog-2 click-link click-menu click-menu-2 click-option click-pie click-pie-nodelay click-scroll-list
click-shades click-shape click-tab click-tab-2 click-tab-2-easy click-tab-2-hard click-tab-2-medium click-test
click-test-2 click-test-transfer click-widget copy-paste copy-paste-2 count-shape count-sides daily-calendar
drag-box drag-circle drag-cube drag-items drag-items-grid drag-shapes drag-shapes-2 drag-single-shape
drag-sort-numbers draw-circle draw-line email-inbox email-inbox-delete email-inbox-forward
email-inbox-forward-nl email-inbox-forward-nl-turk email-inbox-important email-inbox-nl-turk
email-inbox-noscroll email-inbox-reply email-inbox-star-reply enter-date enter-password enter-text enter-text-2
enter-text-dynamic enter-time find-greatest find-midpoint find-word focus-text focus-text-2 form-sequence
form-sequence-2 form-sequence-3 generate-number grid-coordinate guess-number highlight-text highlight-text-2
hot-cold identify-shape login-user login-user-popup multi-layouts multi-orderings navigate-tree
number-checkboxes odd-or-even order-food phone-book read-table read-table-2 resize-textarea right-angle
scroll-text scroll-text-2 search-engine sign-agreement simple-algebra simple-arithmetic social-media
social-media-all social-media-some stock-market terminal text-editor text-transform tic-tac-toe unicode-test
use-autocomplete use-autocomplete-nodelay use-colorwheel use-colorwheel-2 use-slider use-slider-2 use-spinner
visual-addition
"""

MINIWOB = tuple(_PAGES.split())
"""The pages of which MiniWoB++ 1.1 makes environments; ``click-test`` is ``agentgym/miniwob-click-test-v0``."""


def family_name(name: str) -> str:
    """``click-button`` of ``ClickButton``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def module_name(name: str) -> str:
    """``click_button`` of ``ClickButton``."""
    return family_name(name).replace("-", "_")


def small_task_ids() -> dict[str, str]:
    """The ids of the small tasks by their families: ``agentgym/ClickButton-v0`` of ``click-button``."""
    return {family_name(name): f"agentgym/{name}-v0" for name in MICRO}


def register_environments() -> None:
    """Registers every id with Gymnasium. May be called twice."""
    if "agentgym/Desktop-v0" in gym.registry:
        return
    # No max_episode_steps: the environment truncates by itself, because the truncated episode must be scored.
    gym.register(
        "agentgym/Desktop-v0",
        entry_point="agentgym.envs.desktop:DesktopEnv",
        vector_entry_point="agentgym.envs.vector:make_desktops",
    )
    gym.register("agentgym/SkyRL-v0", entry_point="agentgym.envs.skyrl:SkyRLEnv")
    gym.register("agentgym/TextArena-v0", entry_point="agentgym.envs.textarena:TextArenaEnv")
    gym.register("agentgym/Tools-v0", entry_point="agentgym.envs.tools:ToolEnv")
    for name in MICRO:
        gym.register(
            f"agentgym/{name}-v0",
            entry_point="agentgym.envs.micro:MicroEnv",
            vector_entry_point="agentgym.envs.vector:make_micros",
            kwargs={"family": family_name(name)},
        )
    for page in MINIWOB:
        gym.register(
            f"agentgym/miniwob-{page}-v0",
            entry_point="agentgym.envs.miniwob:MiniWobEnv",
            vector_entry_point="agentgym.envs.vector:make_miniwobs",
            kwargs={"page": page},
        )
