"""What pointing families forgive and what they do not."""

import re
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QCheckBox, QPushButton

from agentgym.actions import Click, MoveTo
from agentgym.backends.qt.app import App
from agentgym.envs.micro import MicroEnv
from agentgym.suites.micro.shapes import Shape

_MakeEnv = Callable[[str, int], MicroEnv]


@pytest.fixture
def make_env() -> Iterator[_MakeEnv]:
    made = []

    def make(name: str, level: int) -> MicroEnv:
        env = MicroEnv(name, level=level, size=None)
        env.reset(seed=3)
        made.append(env)
        return env

    yield make
    for env in made:
        env.close()


def _app(env: MicroEnv) -> App:
    return env.backend.app  # type: ignore[attr-defined, no-any-return]  # the qt backend's


def _click(env: MicroEnv, place: tuple[int, int]) -> tuple[float, bool]:
    _, reward, terminated, _, _ = env.step(Click(*place))
    return reward, terminated


def test_one_box_too_many_scores_zero(make_env: _MakeEnv) -> None:
    env = make_env("click-check-boxes", 2)
    app = _app(env)
    while isinstance(action := app.solve(), Click) and app.progress < 0.9:
        env.step(action)
    other = next(box for box in app.findChildren(QCheckBox) if not box.isChecked())
    _click(env, app.place(other))
    assert app.progress < 0.9
    assert _click(env, app.place(app.findChildren(QPushButton)[0])) == (0, True)


def test_the_corner_beside_a_triangle_is_not_the_triangle(make_env: _MakeEnv) -> None:
    env = make_env("click-shape", 3)
    app = _app(env)
    triangles = [shape for shape in app.findChildren(Shape) if shape.accessibleName().endswith("triangle")]
    assert triangles
    for shape in triangles:
        assert _click(env, app.place(shape, shape.rect().topLeft())) == (0, False)
    assert _click(env, app.place(triangles[-1]))[1]


def test_a_pixel_beside_the_tiny_square_is_a_miss(make_env: _MakeEnv) -> None:
    env = make_env("click-tiny", 3)
    app = _app(env)
    action = app.solve()
    assert isinstance(action, Click)
    assert action.x is not None
    assert action.y is not None
    assert _click(env, (action.x + 3, action.y)) == (0, False)
    assert _click(env, (action.x + 2, action.y)) == (1, True)


def test_a_missed_button_flees_and_always_to_the_same_places(make_env: _MakeEnv) -> None:
    ways = []
    for _ in range(2):
        env = make_env("click-moving", 3)
        app = _app(env)
        (button,) = app.findChildren(QPushButton)
        way = [button.pos().toTuple()]
        for x in (3, 156, 3, 156):
            env.step(MoveTo(x, 208))
            way.append(button.pos().toTuple())
        ways.append(way)
    assert ways[0] == ways[1]
    assert len(set(ways[0])) == len(ways[0])


def test_a_button_that_was_hit_goes_one_place_on(make_env: _MakeEnv) -> None:
    env = make_env("click-moving", 3)
    app = _app(env)
    (button,) = app.findChildren(QPushButton)
    places = app.params["places"]
    assert list(button.pos().toTuple()) == places[0]
    env.step(Click(*app.place(button)))
    assert list(button.pos().toTuple()) == places[1]


def test_a_link_must_be_the_link_and_not_the_word(make_env: _MakeEnv) -> None:
    from PySide6.QtWidgets import QLabel

    env = make_env("click-link", 3)
    app = _app(env)
    wanted = app.params["wanted"]
    plain = [label for label in app.findChildren(QLabel) if label.text().strip(".,") == wanted]
    assert plain
    for label in plain:
        assert _click(env, app.place(label)) == (0, False)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_links_are_links_in_the_accessibility_tree(make_env: _MakeEnv, level: int) -> None:
    env = make_env("click-link", level)
    tree = env.backend.observe(["accessibility_tree"])["accessibility_tree"]
    found = re.findall(r'<link name="([^"]*)"', tree)
    assert sorted(found) == sorted(_app(env).params["links"])
