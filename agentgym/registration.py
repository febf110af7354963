"""The environments' ids."""

from __future__ import annotations

import re

import gymnasium as gym

__all__ = ["MICRO", "family_name", "module_name", "register_environments"]

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


def family_name(name: str) -> str:
    """``click-button`` of ``ClickButton``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def module_name(name: str) -> str:
    """``click_button`` of ``ClickButton``."""
    return family_name(name).replace("-", "_")


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
    for name in MICRO:
        gym.register(
            f"agentgym/{name}-v0",
            entry_point="agentgym.envs.micro:MicroEnv",
            vector_entry_point="agentgym.envs.vector:make_micros",
            kwargs={"family": family_name(name)},
        )
