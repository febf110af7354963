"""Families of the suite `micro` with several screens: what a careless agent does there does not score."""

from collections.abc import Callable

from agentgym.actions import Action, Click, DoubleClick, Hotkey, Press, TypeText
from agentgym.envs.micro import MicroEnv
from tests.suites.playing import Starts, app_of, end


def _button(env: MicroEnv, text: str) -> Action:
    from PySide6.QtWidgets import QPushButton

    (button,) = (found for found in app_of(env).findChildren(QPushButton) if found.text() == text and found.isVisible())
    return Click(*app_of(env).place(button))


def _solve_until(env: MicroEnv, reached: Callable[[], bool]) -> None:
    while not reached():
        env.step(app_of(env).solve())


def _solve_up_to(env: MicroEnv, button: str) -> None:
    """Solves it but for the click on that button."""

    def next_is_that() -> bool:
        try:
            return bool(app_of(env).solve() == _button(env, button))
        except ValueError:
            return False  # the button is not on this screen

    _solve_until(env, next_is_that)


def _rest(env: MicroEnv) -> float:
    """What the oracle scores from here."""
    while True:
        _, reward, terminated, truncated, _ = env.step(app_of(env).solve())
        if terminated or truncated:
            return float(reward)


def _search(env: MicroEnv) -> None:
    app = app_of(env)
    _solve_until(env, lambda: app.params["wanted"] in app._found)


def test_a_result_of_nearly_that_title_is_not_it(start: Starts) -> None:
    env = start("search-pages", level=3)
    _search(env)
    first = app_of(env)._links[0].text()
    assert first != app_of(env).params["wanted"]
    assert end(env, _button(env, first)) == 0


def test_the_wanted_result_of_level_two_is_not_on_the_first_page(start: Starts) -> None:
    for seed in range(5):
        env = start("search-pages", level=2, seed=seed)
        _search(env)
        app = app_of(env)
        assert app.params["wanted"] not in [link.text() for link in app._links]
        before = app.progress
        env.step(_button(env, "Next"))
        assert app.progress > before


def test_a_page_too_far_is_undone(start: Starts) -> None:
    env = start("search-pages", level=1)
    _search(env)
    app = app_of(env)
    _solve_until(env, lambda: app.params["wanted"] in [link.text() for link in app._links])
    before = app.progress
    env.step(_button(env, "Next" if app._page == 0 else "Back"))
    assert app.progress < before
    assert _rest(env) == 1


def test_a_search_for_something_else_finds_other_titles(start: Starts) -> None:
    env = start("search-pages", level=1)
    _search(env)
    app = app_of(env)
    for action in (Click(*app.place(app._edit)), Hotkey(("ctrl", "a")), TypeText("zebra"), Press("enter")):
        env.step(action)
    assert app._found == []
    assert app.progress == 0
    assert _rest(env) == 1


def test_a_wrong_password_does_not_log_in(start: Starts) -> None:
    env = start("login-settings", level=1)
    _solve_up_to(env, "Log in")
    env.step(TypeText("x"))
    env.step(_button(env, "Log in"))
    app = app_of(env)
    assert app._error.text() == "Wrong name or password"
    assert app._pages.currentIndex() == 0
    assert _rest(env) == 1


def test_saving_unchanged_settings_scores_nothing(start: Starts) -> None:
    env = start("login-settings", level=2)
    _solve_up_to(env, "Settings")
    env.step(_button(env, "Settings"))
    assert end(env, _button(env, "Save")) == 0


def test_one_option_too_many_scores_nothing(start: Starts) -> None:
    env = start("login-settings", level=2)
    _solve_up_to(env, "Save")
    app = app_of(env)
    before = app.progress
    other = next(box for key, box in app._boxes.items() if list(key) != app.params["wanted"])
    env.step(Click(*app.place(other)))
    assert app.progress < before
    assert end(env, _button(env, "Save")) == 0


def test_the_same_option_under_another_tab_scores_nothing(start: Starts) -> None:
    seen = 0
    for seed in range(8):
        env = start("login-settings", level=3, seed=seed)
        app = app_of(env)
        tabs, (wanted, option) = app.params["tabs"], app.params["wanted"]
        if wanted == tabs[0]:
            continue
        seen += 1
        _solve_up_to(env, "Settings")
        env.step(_button(env, "Settings"))
        env.step(Click(*app.place(app._boxes[tabs[0], option])))
        assert end(env, _button(env, "Save")) == 0
    assert seen


def test_cancel_forgets_what_was_switched(start: Starts) -> None:
    env = start("login-settings", level=1)
    _solve_up_to(env, "Save")
    env.step(_button(env, "Cancel"))
    env.step(_button(env, "Settings"))
    assert end(env, _button(env, "Save")) == 0


def test_logging_out_loses_what_was_reached(start: Starts) -> None:
    env = start("login-settings", level=1)
    _solve_up_to(env, "Settings")
    env.step(_button(env, "Log out"))
    assert app_of(env).progress == 0
    assert _rest(env) == 1


def test_an_incomplete_form_says_what_is_missing_and_goes_on(start: Starts) -> None:
    env = start("fill-form", level=1)
    _, _, terminated, _, _ = env.step(_button(env, "Submit"))
    assert not terminated
    assert app_of(env)._error.text() == f"{app_of(env).params['fields'][0]} is missing"
    assert _rest(env) == 1


def test_a_form_without_its_terms_goes_on(start: Starts) -> None:
    env = start("fill-form", level=3)
    app = app_of(env)
    _solve_until(env, lambda: {field: edit.text() for field, edit in app._edits.items()} == app.params["wanted"])
    _, _, terminated, _, _ = env.step(_button(env, "Submit"))
    assert not terminated
    assert app._error.text() == "Accept the terms"
    assert _rest(env) == 1


def test_a_complete_form_with_a_wrong_value_scores_nothing(start: Starts) -> None:
    tried = 0
    for seed in range(8):
        env = start("fill-form", level=2, seed=seed)
        app = app_of(env)
        if "Name" not in app._edits:
            continue
        tried += 1
        _solve_up_to(env, "Submit")
        env.step(Click(*app.place(app._edits["Name"])))
        env.step(TypeText("x"))
        assert end(env, _button(env, "Submit")) == 0
    assert tried


def test_words_in_each_others_fields_score_nothing(start: Starts) -> None:
    tried = 0
    for seed in range(20):
        env = start("fill-form", level=1, seed=seed)
        app = app_of(env)
        wanted = app.params["wanted"]
        if set(wanted) != {"Name", "City"}:
            continue
        tried += 1
        for field, other in (("Name", "City"), ("City", "Name")):
            env.step(Click(*app.place(app._edits[field])))
            env.step(TypeText(wanted[other]))
        assert app.progress == 0
        assert end(env, _button(env, "Submit")) == 0
    assert tried


def test_a_form_knows_an_age_and_a_mail() -> None:
    from agentgym.suites.micro.fill_form import _complaint

    assert _complaint("Age", "34") == _complaint("Mail", "ly@a.org") == ""
    assert _complaint("Age", "7") == _complaint("Age", "old") == "Age must be 18 or more"
    assert _complaint("Mail", "a.org") == _complaint("Mail", "a@org") == "Mail is like a@b.org"
    assert _complaint("Name", "34") == "Name has letters only"


def test_the_file_of_that_name_in_another_folder_scores_nothing(start: Starts) -> None:
    env = start("manage-files", level=1)
    app = app_of(env)
    other = next(name for name, inside in app._tree.items() if inside is not None and [name] != app.params["path"])
    env.step(DoubleClick(*app._place_of(other)))
    assert app.progress == 0
    env.step(Click(*app._place_of(app.params["wanted"])))
    env.step(_button(env, "Delete"))
    assert end(env, _button(env, "Yes")) == 0


def test_a_neighbour_in_the_right_folder_scores_nothing(start: Starts) -> None:
    env = start("manage-files", level=1)
    app = app_of(env)
    _solve_until(env, lambda: app._path == app.params["path"])
    env.step(Click(*app._place_of(next(name for name in app._folder() if name != app.params["wanted"]))))
    env.step(_button(env, "Delete"))
    assert end(env, _button(env, "Yes")) == 0


def test_deleting_the_folder_scores_nothing(start: Starts) -> None:
    env = start("manage-files", level=1)
    app = app_of(env)
    env.step(Click(*app._place_of(app.params["path"][0])))
    env.step(_button(env, "Delete"))
    assert end(env, _button(env, "Yes")) == 0


def test_deleting_what_was_to_be_renamed_scores_nothing(start: Starts) -> None:
    env = start("manage-files", level=2)
    _solve_up_to(env, "Rename")
    env.step(_button(env, "Delete"))
    assert app_of(env).progress < 0.6
    assert end(env, _button(env, "Yes")) == 0


def test_a_name_that_is_nearly_right_scores_nothing(start: Starts) -> None:
    env = start("manage-files", level=2)
    _solve_up_to(env, "Save")
    env.step(TypeText("x"))
    assert end(env, _button(env, "Save")) == 0


def test_a_taken_name_is_refused(start: Starts) -> None:
    env = start("manage-files", level=2)
    app = app_of(env)
    _solve_up_to(env, "Rename")
    env.step(_button(env, "Rename"))
    _, _, terminated, _, _ = env.step(_button(env, "Save"))
    assert not terminated
    assert app._error.text() == "Name is taken"
    assert _rest(env) == 1


def test_no_keeps_the_file(start: Starts) -> None:
    env = start("manage-files", level=1)
    _solve_up_to(env, "Yes")
    _, _, terminated, _, _ = env.step(_button(env, "No"))
    assert not terminated
    assert app_of(env).params["wanted"] in app_of(env)._folder()
    assert _rest(env) == 1


def test_a_changed_folder_leaves_the_others_as_they_are(start: Starts) -> None:
    env = start("manage-files", level=1)
    app = app_of(env)
    assert _rest(env) == 1
    (path,) = app.params["path"]
    left = {name: inside for name, inside in app._tree.items() if name != path}
    assert app.params["wanted"] not in app._tree[path]
    assert left == {name: inside for name, inside in app.params["tree"].items() if name != path}
