"""Families of the suite `micro` about a text, a sheet and a calendar: what a careless agent does there scores 0."""

import datetime as dt

import pytest

from agentgym.actions import Action, Click, DoubleClick, Press, TypeText
from agentgym.envs.micro import MicroEnv
from tests.suites.playing import Starts, app_of, end


def _button(env: MicroEnv, text: str) -> Action:
    from PySide6.QtWidgets import QAbstractButton

    app = app_of(env)
    buttons = app.findChildren(QAbstractButton)
    return Click(*app.place(next(button for button in buttons if button.isVisible() and button.text() == text)))


def _solve_until(env: MicroEnv, last: str) -> None:
    while (action := app_of(env).solve()) != _button(env, last):
        env.step(action)


def _solve(env: MicroEnv) -> float:
    while True:
        _, reward, terminated, truncated, _ = env.step(app_of(env).solve())
        assert not truncated
        if terminated:
            return reward


def _text(env: MicroEnv) -> str:
    from PySide6.QtWidgets import QPlainTextEdit

    (edit,) = app_of(env).findChildren(QPlainTextEdit)
    return str(edit.toPlainText())


def test_what_is_only_searched_for_is_not_replaced(start: Starts) -> None:
    env = start("find-replace", level=2)
    _solve_until(env, "Replace all")
    assert end(env, _button(env, "Save")) == 0


def test_longer_words_are_spoilt_without_the_box(start: Starts) -> None:
    env = start("find-replace", level=3)
    _solve_until(env, "Whole words")
    before = _text(env)
    env.step(_button(env, "Replace all"))
    assert _text(env) == before.replace(env.words[0], env.words[1])
    assert env.step(_button(env, "Save"))[1] == 0


def test_a_letter_too_many_in_the_text_is_judged(start: Starts) -> None:
    from PySide6.QtWidgets import QPlainTextEdit

    env = start("find-replace", level=1)
    _solve_until(env, "Save")
    env.step(Click(*app_of(env).place(app_of(env).findChild(QPlainTextEdit))))
    env.step(Press("x"))
    assert end(env, _button(env, "Save")) == 0


def test_a_text_that_was_spoilt_can_be_reverted(start: Starts) -> None:
    env = start("find-replace", level=3)
    before = _text(env)
    _solve_until(env, "Whole words")
    env.step(_button(env, "Replace all"))
    _, _, _, _, info = env.step(_button(env, "Revert"))
    assert _text(env) == before
    assert 0 < info["progress"] < 0.9
    assert _solve(env) == 1


def _cell(env: MicroEnv, cell: str) -> tuple[int, int]:
    from PySide6.QtWidgets import QTableWidget

    app = app_of(env)
    (table,) = app.findChildren(QTableWidget)
    index = table.model().index(int(cell[1]) - 1, "ABCD".index(cell[0]))
    place: tuple[int, int] = app.place(table.viewport(), table.visualRect(index))
    return place


def _wanted(env: MicroEnv) -> tuple[str, str]:
    ((cell, text),) = app_of(env).params["wanted"].items()
    return cell, text


def _neighbour(cell: str) -> str:
    return f"{'BADC'['ABCD'.index(cell[0])]}{cell[1]}"


@pytest.mark.parametrize("level", [1, 3])
def test_the_right_number_in_another_cell_is_wrong(start: Starts, level: int) -> None:
    env = start("edit-cells", level=level)
    cell, text = _wanted(env)
    for action in (Click(*_cell(env, _neighbour(cell))), TypeText(text), Press("enter")):
        env.step(action)
    assert end(env, _button(env, "Save")) == 0


def test_a_cell_that_was_changed_besides_spoils_the_sheet(start: Starts) -> None:
    env = start("edit-cells", level=2)
    _solve_until(env, "Save")
    other = next(cell for cell in ("A1", "B1", "C1") if cell not in app_of(env).params["wanted"])
    for action in (Click(*_cell(env, other)), TypeText("7"), Press("enter")):
        env.step(action)
    assert end(env, _button(env, "Save")) == 0


def test_what_is_typed_into_an_open_cell_is_added_to_its_text(start: Starts) -> None:
    env = start("edit-cells", level=1)
    cell, text = _wanted(env)
    for action in (DoubleClick(*_cell(env, cell)), TypeText(text[0]), TypeText(text[1:])):
        env.step(action)
    # A click elsewhere puts in what was typed, as enter does.
    assert end(env, _button(env, "Save")) == 1


def test_what_is_given_up_is_not_put_in(start: Starts) -> None:
    env = start("edit-cells", level=1)
    cell, text = _wanted(env)
    for action in (Click(*_cell(env, cell)), TypeText(text), Press("esc")):
        env.step(action)
    assert end(env, _button(env, "Save")) == 0


def test_the_oracle_mends_an_empty_cell_that_was_filled(start: Starts) -> None:
    env = start("edit-cells", level=1)
    cell, text = _wanted(env)
    empty = next(name for name, held in app_of(env).params["sheet"].items() if not held and name != cell)
    for action in (Click(*_cell(env, empty)), TypeText(text), Press("enter")):
        env.step(action)
    assert _solve(env) == 1


def test_a_cell_stays_open_while_another_environment_is_used(start: Starts) -> None:
    env = start("edit-cells", level=3)
    cell, text = _wanted(env)
    env.step(Click(*_cell(env, cell)))
    env.step(Press(text[0]))
    other = start("edit-cells", level=3, seed=1)
    other.step(other.backend.app.solve())  # type: ignore[attr-defined]  # the qt backend's
    env.step(TypeText(text[1:]))
    env.step(Press("enter"))
    assert end(env, _button(env, "Save")) == 1


def test_the_day_of_another_month_is_not_booked(start: Starts) -> None:
    env = start("book-calendar", level=2)
    app = app_of(env)
    env.step(_button(env, str(app.params["wanted"][1])))
    env.step(_button(env, app.params["time"]))
    assert end(env, _button(env, "Book")) == 0


def test_another_time_is_not_booked(start: Starts) -> None:
    env = start("book-calendar", level=2)
    _solve_until(env, "Book")
    env.step(_button(env, next(time for time in app_of(env).params["times"] if time != app_of(env).params["time"])))
    assert end(env, _button(env, "Book")) == 0


def test_no_day_is_booked_without_a_click_on_it(start: Starts) -> None:
    env = start("book-calendar", level=1)
    env.step(_button(env, app_of(env).params["time"]))
    assert end(env, _button(env, "Book")) == 0


def test_a_day_stays_chosen_when_the_page_is_turned(start: Starts) -> None:
    env = start("book-calendar", level=2)
    _solve_until(env, "Book")
    env.step(_button(env, ">"))
    assert end(env, _button(env, "Book")) == 1


def test_the_named_weekday_is_the_wanted_day(start: Starts) -> None:
    for seed in range(10):
        app = app_of(start("book-calendar", level=3, seed=seed))
        month, day = app.params["wanted"]
        _, _, ordinal, weekday, *_ = app.params["instruction"].split()
        date = dt.date(month // 12, month % 12 + 1, day)
        assert f"{date:%A}" == weekday
        assert ("first", "second", "third", "fourth").index(ordinal) == (day - 1) // 7
