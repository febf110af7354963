"""MiniWoB++'s pages, acted on and looked at through the screen."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import gymnasium as gym
import numpy as np
import numpy.typing as npt
import pytest
from gymnasium.utils.env_checker import check_env

import agentgym
from agentgym.actions import Click, Done, DoubleClick, Press, Scroll, TypeText, Wait
from agentgym.backends.miniwob.backend import MiniwobBackend
from agentgym.backends.miniwob.pages import NATIVE, PROGRAM, page_family, pages_folder
from agentgym.backends.x11.backend import X11Backend
from agentgym.envs.miniwob import MiniWobEnv
from agentgym.errors import BackendError, MissingDependencyError, UnknownNameError, UsageError
from agentgym.families import suites
from agentgym.registration import MINIWOB
from agentgym.tasks import Task

pytest.importorskip("miniwob")

_BUTTON = (239, 239, 239)
_MOVING = (
    "click-collapsible",
    "choose-date",
    "terminal",
    "click-dialog",
    "email-inbox",
    "use-autocomplete",
)


@pytest.fixture(scope="module")
def env() -> Iterator[MiniWobEnv]:
    """One browser for all tests, each of which resets it to a page of its own."""
    made = MiniWobEnv("click-test", size=None, settle_timeout=10.0)
    yield made
    made.close()


def _task(page: str, seed: int = 0) -> Task:
    return page_family(page).make(np.random.default_rng(seed))


def _reset(env: MiniWobEnv, page: str, seed: int = 0) -> npt.NDArray[np.uint8]:
    observation, info = env.reset(seed=0, options={"task": _task(page, seed)})
    assert info["settled"]
    return np.array(observation)


def _buttons(picture: npt.NDArray[np.uint8]) -> list[tuple[int, int]]:
    """The middles of what has the colour of a button, the leftmost first."""
    _, _, found, middles = cv2.connectedComponentsWithStats((picture == _BUTTON).all(-1).astype(np.uint8))
    large = [middle for box, middle in zip(found[1:], middles[1:], strict=True) if box[4] > 100]
    return sorted((round(x), round(y)) for x, y in large)


def test_the_names_are_those_of_the_installed_version() -> None:
    registered = (pages_folder().parent / "registration.py").read_text()
    names = re.findall(r'id="miniwob/([\w.-]+)-v\d', registered)
    # The other three are sites of airlines, in a frame of another size.
    assert set(MINIWOB) == {name for name in names if not name.startswith("flight.")}
    assert len(MINIWOB) == 125
    assert all((pages_folder() / "miniwob" / f"{name}.html").is_file() for name in MINIWOB)
    assert list(suites["miniwob"].families) == list(MINIWOB)
    assert all(f"agentgym/miniwob-{name}-v0" in gym.registry for name in MINIWOB)


def test_importing_the_package_does_not_look_for_it() -> None:
    code = "import sys, agentgym; print([name for name in sys.modules if name.startswith('agentgym.backends.miniwob')])"
    root = Path(agentgym.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root).stdout == "[]\n"


def test_without_the_pages_it_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "miniwob", None)
    env = MiniWobEnv("click-test")
    with pytest.raises(MissingDependencyError, match=r"pip install 'agentgym-envs\[miniwob\]'$"):
        env.reset(seed=0)


def test_names_and_arguments_that_cannot_work_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="no MiniWoB\\+\\+ page named 'click-tset'; did you mean 'click-test'"):
        MiniWobEnv("click-tset")
    with pytest.raises(UsageError, match="split is 'dev'"):
        page_family("click-test", split="dev")  # type: ignore[arg-type]  # what is tested


def test_a_split_draws_seeds_of_its_own() -> None:
    seeds = [page_family("click-test", split=split).make(np.random.default_rng(0)) for split in ("train", "test")]
    assert seeds[0].seed_params["seed"] < 2**31 <= seeds[1].seed_params["seed"]


@pytest.mark.desktop
def test_gymnasium_finds_nothing_to_complain_of() -> None:
    made = gym.make("agentgym/miniwob-click-test-v0", render_mode="rgb_array")
    check_env(made.unwrapped)
    made.close()


@pytest.mark.desktop
def test_stable_baselines_takes_it_as_it_is_and_learns_on_it() -> None:
    stable_baselines3 = pytest.importorskip("stable_baselines3")
    from stable_baselines3.common.env_checker import check_env as check_for_sb3

    made = gym.make("agentgym/miniwob-click-test-v0")
    check_for_sb3(made)
    policy = stable_baselines3.PPO("CnnPolicy", made, n_steps=16, batch_size=8, n_epochs=1, device="cpu")
    assert policy.learn(16).num_timesteps == 16
    made.close()


@pytest.mark.desktop
@pytest.mark.slow
def test_every_page_begins_with_a_picture_and_an_instruction(env: MiniWobEnv) -> None:
    for page in MINIWOB:
        picture = _reset(env, page)
        assert picture.shape == (*NATIVE[::-1], 3)
        # The bar that the instruction stands in.
        assert (picture[:40] == (255, 255, 0)).all(-1).mean() > 0.5, page
        assert len(env.task.instruction) > 10, page


@pytest.mark.desktop
@pytest.mark.parametrize("page", _MOVING)
def test_a_seed_makes_one_picture(env: MiniWobEnv, page: str) -> None:
    first = _reset(env, page)
    env.step(Click(*_place_on(first)))
    again = _reset(env, page)
    # Where Chromium blends an edge it may round the other way: a few pixels, by one of 255.
    assert (again != first).mean() < 0.001
    np.testing.assert_allclose(again.astype(int), first, atol=1)


def _place_on(picture: npt.NDArray[np.uint8]) -> tuple[int, int]:
    """Somewhere below the instruction where there is something."""
    rows, columns = np.nonzero((picture[60:] != picture[-1, -1]).any(-1))
    return int(columns[0]), int(rows[0]) + 60


@pytest.mark.desktop
def test_seeds_make_pictures_of_their_own(env: MiniWobEnv) -> None:
    assert (_reset(env, "click-test", 0) != _reset(env, "click-test", 1)).any()


@pytest.mark.desktop
def test_the_button_that_is_asked_for_pays_and_time_does_not_count(env: MiniWobEnv) -> None:
    picture = _reset(env, "click-test")
    env.step(Wait(0.2))
    (button,) = _buttons(picture)
    observation, reward, terminated, truncated, info = env.step(Click(*button))
    assert (reward, terminated, truncated) == (1.0, True, False)
    assert (info["score"], info["raw_reward"], info["progress"], info["is_success"]) == (1.0, 1.0, 1.0, True)
    # The page is still there, without a cover over it.
    assert (np.array(observation)[:40] == (255, 255, 0)).all(-1).mean() > 0.5


@pytest.mark.desktop
def test_of_two_buttons_the_wrong_one_is_punished(env: MiniWobEnv) -> None:
    paid = []
    for index in range(2):
        buttons = _buttons(_reset(env, "click-test-2"))
        assert len(buttons) == 2
        _, reward, terminated, _, info = env.step(Click(*buttons[index]))
        assert terminated
        paid.append((reward, info["raw_reward"], info["is_success"]))
    assert sorted(paid) == [(0.0, -1.0, False), (1.0, 1.0, True)]


@pytest.mark.desktop
def test_a_second_click_does_not_begin_another_episode(env: MiniWobEnv) -> None:
    (button,) = _buttons(_reset(env, "click-test"))
    _, reward, terminated, _, _ = env.step(DoubleClick(*button))
    assert (reward, terminated) == (1.0, True)


@pytest.mark.desktop
def test_keys_type_what_the_instruction_quotes_from_the_first_step_on() -> None:
    made = MiniWobEnv("enter-text", size=None, settle_timeout=10.0)
    made.reset(seed=0)
    assert made.task.instruction == f'Enter "{made.words[0]}" into the text field and press Submit.'
    for action in (Press("tab"), TypeText(made.words[0]), Press("tab")):
        made.step(action)
    assert made.step(Press("enter"))[1:3] == (1.0, True)
    made.close()


@pytest.mark.desktop
def test_a_list_that_the_browser_opens_as_a_window_is_seen_and_used(env: MiniWobEnv) -> None:
    before = _reset(env, "choose-list")
    wanted = env.task.instruction.removeprefix("Select ").partition(" from")[0]
    opened = np.array(env.step(Click(80, 66))[0])
    assert (opened != before).any(-1).sum() > 1000
    for action in (TypeText(wanted), Press("enter"), Press("tab")):
        env.step(action)
    assert env.step(Press("enter"))[1:3] == (1.0, True)


@pytest.mark.desktop
def test_the_wheel_scrolls(env: MiniWobEnv) -> None:
    before = _reset(env, "email-inbox")
    after, _, _, _, info = env.step(Scroll(0, -3, 80, 120))
    assert info["settled"]
    assert (np.array(after)[60:] != before[60:]).any(-1).sum() > 1000


@pytest.mark.desktop
def test_what_opens_slowly_is_waited_for(env: MiniWobEnv) -> None:
    before = _reset(env, "click-collapsible")
    opened, _, _, _, info = env.step(Click(60, 58))
    again, _, _, _, _ = env.step(Wait())
    assert info["settled"]
    assert (np.array(opened)[70:] != before[70:]).any(-1).sum() > 500
    np.testing.assert_array_equal(opened, again)


@pytest.mark.desktop
def test_leaving_the_page_ends_the_episode_unpaid(env: MiniWobEnv) -> None:
    _reset(env, "click-test")
    _, reward, terminated, _, info = env.step(Press("f5"))
    if not terminated:
        # The browser had not begun to load when the page was asked; then the next step finds it.
        _, reward, terminated, _, info = env.step(Wait())
    assert (reward, terminated, info["raw_reward"]) == (0.0, True, 0.0)
    assert _reset(env, "click-test") is not None, "and the next episode has its page again"


@pytest.mark.desktop
def test_the_instruction_is_observed_as_tokens() -> None:
    made = MiniWobEnv("click-button", observation=["screenshot", "instruction"], max_steps=1)
    observation, _ = made.reset(seed=0)
    assert made.observation_space.contains(observation)
    assert observation["screenshot"].shape == (84, 84, 3)
    assert observation["instruction"].any()
    assert made.task.instruction.startswith("Click on the ")
    _, reward, terminated, truncated, info = made.step(Wait())
    assert (reward, terminated, truncated, info["score"]) == (0.0, False, True, 0.0)
    made.close()


@pytest.mark.desktop
@pytest.mark.parametrize("between", [False, True])
def test_a_browser_that_dies_is_an_error_and_the_next_reset_clean(between: bool) -> None:
    made = MiniWobEnv("click-test", size=None, settle_timeout=10.0)
    first, _ = made.reset(seed=0)
    # As x11 has it: this backend would begin anew because something was run.
    X11Backend.run(_machine(made), ["pkill", "--signal", "KILL", "chromium"])
    if not between:
        with pytest.raises(BackendError) as caught:
            made.step(Click(80, 100))
        assert caught.value.kind == "application"
    second, info = made.reset(seed=0)
    assert info["settled"]
    np.testing.assert_array_equal(first, second)
    made.close()


def _machine(env: Any) -> MiniwobBackend:
    machine = env.backend
    assert isinstance(machine, MiniwobBackend)
    return machine


@pytest.mark.desktop
def test_what_is_not_a_page_is_an_x11_desktops(env: MiniWobEnv) -> None:
    _reset(env, "click-test")
    machine = _machine(env)
    machine.write("~/left.txt", b"here")
    assert machine.run(["cat", "left.txt"]).stdout == b"here"
    assert machine.run(["touch", "/run/agentgym-miniwob/miniwob/click-test.html"]).returncode
    _reset(env, "click-test")
    with pytest.raises(FileNotFoundError):
        machine.read("~/left.txt")
    with pytest.raises(UsageError, match="is called with a page"):
        machine.launch([PROGRAM, "click-test"])


@pytest.mark.desktop
def test_a_desktop_of_any_size_shows_the_page_at_its_top_left(env: MiniWobEnv) -> None:
    task = _task("click-test")
    small, _ = env.reset(seed=0, options={"task": task})
    desktop = gym.make("agentgym/Desktop-v0", task=task, backend="miniwob", screen=(640, 400))
    observation, _ = desktop.reset(seed=0)
    assert observation["screenshot"].shape == (400, 640, 3)
    np.testing.assert_array_equal(observation["screenshot"][:210, :160], small)
    (button,) = _buttons(np.array(small))
    # A desktop's episode is over when the agent says so.
    assert desktop.step(Click(*button))[1:3] == (0.0, False)
    assert desktop.step(Done())[1:3] == (1.0, True)
    desktop.close()


@pytest.mark.desktop
@pytest.mark.slow
def test_many_share_one_array() -> None:
    many = gym.make_vec("agentgym/miniwob-click-test-v0", num_envs=2, size=None)
    observations, _ = many.reset(seed=1)
    assert observations.shape == (2, 210, 160, 3)
    assert (observations[0] != observations[1]).any()
    many.step(many.action_space.sample())
    many.close()
