"""Families of the suite `micro` in which something is chosen or dragged: what a careless agent does there scores 0."""

import pytest

from agentgym.actions import Action, Click
from agentgym.envs.micro import MicroEnv
from agentgym.suites.micro.drawing import drop, grab
from tests.suites.playing import Starts, app_of, end


def _submit(env: MicroEnv) -> Action:
    from PySide6.QtWidgets import QPushButton

    app = app_of(env)
    return Click(*app.place(next(button for button in app.findChildren(QPushButton) if button.text() == "Submit")))


def _row(env: MicroEnv, entry: str) -> Action:
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QListWidget

    (rows,) = app_of(env).findChildren(QListWidget)
    (item,) = rows.findItems(entry, Qt.MatchFlag.MatchExactly)
    return Click(*app_of(env).place(rows.viewport(), rows.visualItemRect(item)))


def _solve_but_for_the_last(env: MicroEnv) -> None:
    app = app_of(env)
    while (action := app.solve()) != _submit(env):
        env.step(action)


@pytest.mark.parametrize("name", ["choose-list", "choose-combo", "select-items", "pick-colour", "sort-list"])
def test_submitting_what_is_unfinished_ends_it_with_nothing(start: Starts, name: str) -> None:
    env = start(name, level=2)
    assert end(env, _submit(env)) == 0


def test_a_selected_neighbour_is_not_the_entry(start: Starts) -> None:
    env = start("choose-list", level=2)
    params = app_of(env).params
    env.step(_row(env, next(entry for entry in params["entries"] if entry != params["wanted"])))
    assert end(env, _submit(env)) == 0


def test_one_of_two_boxes_is_half_of_it(start: Starts) -> None:
    env = start("choose-combo", level=3)
    for _ in range(2):
        env.step(app_of(env).solve())
    assert app_of(env).progress == pytest.approx(0.4)
    assert end(env, _submit(env)) == 0


def test_one_selected_too_many_spoils_it(start: Starts) -> None:
    env = start("select-items", level=2)
    _solve_but_for_the_last(env)
    params = app_of(env).params
    env.step(_row(env, next(entry for entry in params["entries"] if entry not in params["wanted"])))
    assert app_of(env).progress < 0.9
    assert end(env, _submit(env)) == 0


def test_a_leaf_of_the_same_name_in_another_folder_is_another(start: Starts) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QTreeWidget

    env = start("open-tree", level=2)
    (tree,) = app_of(env).findChildren(QTreeWidget)
    tree.expandAll()
    folder, leaf = app_of(env).params["path"]
    found = tree.findItems(leaf, Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive)
    other = next(item for item in found if item.parent().text(0) != folder)
    assert end(env, Click(*app_of(env).place(tree.viewport(), tree.visualItemRect(other)))) == 0


def test_the_button_of_the_first_tab_is_another(start: Starts) -> None:
    from PySide6.QtWidgets import QPushButton

    env = start("switch-tab", level=1)
    app = app_of(env)
    shown = next(button for button in app.findChildren(QPushButton) if button.isVisible())
    assert shown.text() == app.params["path"][-1]
    assert end(env, Click(*app.place(shown))) == 0


def test_what_was_coloured_wrongly_counts_until_it_is_undone(start: Starts) -> None:
    from PySide6.QtWidgets import QPushButton, QRadioButton

    env = start("pick-colour", level=3)
    app = app_of(env)
    _solve_but_for_the_last(env)
    other = "Background" if app.params["part"] == "Text" else "Text"
    (radio,) = (radio for radio in app.findChildren(QRadioButton) if radio.text() == other)
    env.step(Click(*app.place(radio)))
    (swatch,) = (swatch for swatch in app.findChildren(QPushButton) if swatch.accessibleName() == app.params["wanted"])
    env.step(Click(*app.place(swatch)))
    assert app.progress == 0
    _solve_but_for_the_last(env)
    assert end(env, _submit(env)) == 1


def test_a_name_in_a_wrong_box_ends_it_and_one_beside_the_boxes_goes_back(start: Starts) -> None:
    from PySide6.QtWidgets import QLabel

    env = start("drag-to-box", level=2)
    app = app_of(env)
    ((name, box),) = app.params["wanted"].items()
    labels = {label.text(): label for label in app.findChildren(QLabel)}
    home = app.place(labels[name])
    env.step(grab(*home))
    _, _, terminated, _, info = env.step(drop(2, 50))
    assert not terminated
    assert info["progress"] == 0
    assert app.place(labels[name]) == home
    env.step(grab(*home))
    wrong = next(other for other in app.params["boxes"] if other != box)
    assert end(env, drop(*app.place(labels[wrong]))) == 0


def test_a_box_around_everything_ends_it(start: Starts) -> None:
    env = start("draw-box", level=2)
    env.step(grab(1, 44))
    assert end(env, drop(158, 208)) == 0


def test_a_box_around_a_part_can_be_drawn_again(start: Starts) -> None:
    env = start("draw-box", level=2)
    app = app_of(env)
    x, y = app.params["shapes"][app.params["wanted"]]["corner"]
    env.step(grab(x - 4, 42 + y - 4))
    _, _, terminated, _, info = env.step(drop(x + 14, 42 + y + 14))
    assert not terminated
    assert 0.1 < info["progress"] < 0.4
    env.step(app.solve())
    assert end(env, app.solve()) == 1


def test_a_panel_beside_the_outline_is_not_done(start: Starts) -> None:
    env = start("resize-box", level=2)
    app = app_of(env)
    env.step(app.solve())
    released = app.solve().actions[0]
    _, _, terminated, _, info = env.step(drop(released.x - 8, released.y))
    assert not terminated
    assert info["progress"] < 0.9


def test_the_line_above_is_another(start: Starts) -> None:
    env = start("scroll-to-line", level=2)
    app = app_of(env)
    while not isinstance(action := app.solve(), Click):
        env.step(action)
    assert action.y is not None
    assert end(env, Click(action.x, action.y - 13)) == 0


def test_another_entry_of_the_right_menu_is_another(start: Starts) -> None:
    env = start("context-menu", level=2)
    app = app_of(env)
    env.step(app.solve())
    assert app.progress == 0.5
    x, y = app.solve().x, app.solve().y
    rows = app.params["entries"].index(app.params["entry"])
    assert end(env, Click(x, y - 21 if rows else y + 21)) == 0


@pytest.mark.parametrize("name", ["drag-to-box", "sort-list", "resize-box", "draw-box"])
def test_the_oracle_goes_on_after_something_else_was_grabbed(start: Starts, name: str) -> None:
    env = start(name, level=3)
    env.step(grab(80, 20))
    while not app_of(env).is_over:
        _, _, _, truncated, _ = env.step(app_of(env).solve())
        assert not truncated
    assert app_of(env).score == 1
