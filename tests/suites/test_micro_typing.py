"""Typing families: what is half typed stays, and applications of one process do not share a clipboard."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDateEdit, QLineEdit, QPushButton, QSpinBox

from agentgym.actions import Click, Hotkey, Press, RightClick, TypeText
from agentgym.backends.qt.app import App
from agentgym.envs.micro import MicroEnv
from agentgym.envs.microactions import quoted

_MakeEnv = Callable[..., MicroEnv]


@pytest.fixture
def make_env() -> Iterator[_MakeEnv]:
    made = []

    def make(name: str, level: int, *, seed: int = 3) -> MicroEnv:
        env = MicroEnv(name, level=level)
        env.reset(seed=seed)
        made.append(env)
        return env

    yield make
    for env in made:
        env.close()


def _app(env: MicroEnv) -> App:
    return env.backend.app  # type: ignore[attr-defined, no-any-return]  # the qt backend's


def _submit(env: MicroEnv) -> float:
    _, reward, terminated, _, _ = env.step(Click(*App.place(_app(env).findChildren(QPushButton)[-1])))
    assert terminated
    return reward


def _press(edit: QLineEdit, key: Qt.Key) -> None:
    QTest.keyClick(edit, key, Qt.KeyboardModifier.ControlModifier)


def test_two_applications_copy_at_once_and_each_pastes_its_own(make_env: _MakeEnv) -> None:
    apps = [_app(make_env("copy-paste", 1, seed=seed)) for seed in (1, 2)]
    pairs = [app.findChildren(QLineEdit) for app in apps]
    assert pairs[0][0].text() != pairs[1][0].text()
    for key in (Qt.Key.Key_A, Qt.Key.Key_C):
        for source, _ in pairs:
            _press(source, key)
    for source, target in pairs:
        _press(target, Qt.Key.Key_V)
        assert target.text() == source.text()


@pytest.mark.parametrize(("name", "kind"), [("enter-number", QSpinBox), ("enter-date", QDateEdit)])
def test_half_typed_fields_stay_while_another_application_is_active(
    make_env: _MakeEnv, name: str, kind: type[QSpinBox | QDateEdit]
) -> None:
    env = make_env(name, 2)
    field = _app(env).findChildren(kind)[0]
    env.step(Click(*App.place(field)))
    for key in ("home", "up") if kind is QDateEdit else ("end", "backspace", "backspace", "backspace"):
        env.step(Press(key))
    if kind is QDateEdit:
        env.step(Press("2"))
    half = field.text()
    other = _app(make_env(name, 2, seed=4))
    other.activateWindow()
    QApplication.processEvents()
    assert QApplication.activeWindow() is other
    assert field.text() == half


def test_copying_leaves_the_clipboard_of_the_process_alone(make_env: _MakeEnv) -> None:
    env = make_env("copy-paste", 3)
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("of somebody else")
    while (action := _app(env).solve()) is not None and not _app(env).is_over:
        env.step(action)
    assert _app(env).score == 1
    assert clipboard.text() == "of somebody else"


def test_the_clipboard_of_the_process_cannot_be_pasted(make_env: _MakeEnv) -> None:
    env = make_env("copy-paste", 1)
    QGuiApplication.clipboard().setText("of somebody else")
    edits = _app(env).findChildren(QLineEdit)
    env.step(Click(*App.place(edits[-1])))
    for keys in (("ctrl", "v"), ("shift", "insert")):
        env.step(Hotkey(keys))
    assert edits[-1].text() == ""


def test_a_password_that_is_not_repeated_scores_zero(make_env: _MakeEnv) -> None:
    env = make_env("enter-password", 1)
    (password,) = quoted(env.task.instruction)
    first, second = _app(env).findChildren(QLineEdit)
    for edit, text in ((first, password), (second, password[:-1])):
        env.step(Click(*App.place(edit)))
        env.step(TypeText(text))
    assert 0.5 < _app(env).progress < 0.9
    assert _submit(env) == 0


@pytest.mark.parametrize(("name", "kind"), [("enter-number", QSpinBox), ("enter-date", QDateEdit)])
def test_fields_open_no_menu_in_which_qt_would_wait(
    make_env: _MakeEnv, name: str, kind: type[QSpinBox | QDateEdit]
) -> None:
    env = make_env(name, 2)
    field = _app(env).findChildren(kind)[0]
    env.step(RightClick(*App.place(field)))
    assert QApplication.activePopupWidget() is None


def test_a_typed_beginning_is_not_a_chosen_entry(make_env: _MakeEnv) -> None:
    env = make_env("auto-complete", 3)
    action = _app(env).solve()
    while action is not None and not isinstance(action, TypeText):
        env.step(action)
        action = _app(env).solve()
    env.step(action)
    assert 0 < _app(env).progress < 0.9
    assert _submit(env) == 0


def test_lines_in_another_order_score_zero(make_env: _MakeEnv) -> None:
    env = make_env("enter-lines", 1)
    first, second = quoted(env.task.instruction)
    for action in (TypeText(second), Press("enter"), TypeText(first)):
        env.step(action)
    assert _submit(env) == 0
