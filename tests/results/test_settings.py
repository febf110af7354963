from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from agentgym.errors import UsageError
from agentgym.results import RunConfig, dotenv, read_config


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_what_is_given_wins_over_variables_and_they_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path / "run.toml", 'agent = "random"\nepisodes = 2\nseed = 2\nworkers = 2\n')
    config = read_config(
        {"workers": 4}, file=file, environ={"AGENTGYM_SEED": "3", "AGENTGYM_WORKERS": "3", "HOME": "/root"}
    )
    assert (config.agent, config.episodes, config.seed, config.workers) == ("random", 2, 3, 4)


def test_options_are_taken_together_key_by_key(tmp_path: Path) -> None:
    file = written(tmp_path / "run.toml", "[agent_options]\nsteps = 1\npatience = 2\n")
    environ = {"AGENTGYM_AGENT_OPTIONS": '{"steps": 3}'}
    config = read_config({"agent_options": {"temperature": 0}}, file=file, environ=environ)
    assert config.agent_options == {"steps": 3, "patience": 2, "temperature": 0}


def test_yaml_says_the_same_as_toml(tmp_path: Path) -> None:
    yaml = written(tmp_path / "run.yaml", "agent: random\nhooks: ['step=m:f']\nagent_options: {steps: 3}\n")
    toml = written(tmp_path / "run.toml", 'agent = "random"\nhooks = ["step=m:f"]\nagent_options.steps = 3\n')
    assert read_config({}, file=yaml, environ={}) == read_config({}, file=toml, environ={})


@pytest.mark.parametrize("said", ["0", "false", "off", "no"])
def test_recording_is_switched_off_by_the_usual_words(said: str) -> None:
    assert read_config({}, environ={}).trace is True
    assert read_config({}, environ={"TRACE_TRAJECTORY": said}).trace is False
    assert read_config({"trace": True}, environ={"TRACE_TRAJECTORY": said}).trace is True


def test_the_place_of_recordings_has_a_variable_of_its_own() -> None:
    assert read_config({}, environ={"TRACE_DIR": "traces"}).trace_dir == "traces"
    assert read_config({}, environ={"TRACE_DIR": "a", "AGENTGYM_TRACE_DIR": "b"}).trace_dir == "b"


def test_variables_give_lists_as_json_or_one_thing() -> None:
    environ = {"AGENTGYM_SINKS": "console", "AGENTGYM_OBSERVATION": '["screenshot", "terminal"]'}
    config = read_config({}, environ=environ)
    assert (config.sinks, config.observation) == (("console",), ("screenshot", "terminal"))


def test_an_empty_variable_is_nothing() -> None:
    config = read_config({}, environ={"AGENTGYM_MODEL": "", "AGENTGYM_HOOKS": "", "TRACE_DIR": ""})
    assert (config.model, config.hooks, config.trace_dir) == (None, (), None)


@pytest.mark.parametrize(
    ("file", "environ", "says"),
    [
        ("episods = 2", {}, "run.toml: no setting 'episods'; did you mean 'episodes'?"),
        ("episodes = 0", {}, "run.toml: episodes: expected greater than or equal to 1, got 0"),
        ("", {"AGENTGYM_EPISODES": "many"}, "AGENTGYM_EPISODES: expected a valid integer, "),
        ("", {"AGENTGYM_EPISODS": "2"}, "AGENTGYM_EPISODS: no setting 'episods'; did you mean 'episodes'?"),
        ("", {"AGENTGYM_AGENT_OPTIONS": "steps=3"}, "AGENTGYM_AGENT_OPTIONS: expected JSON: Expecting value"),
        ("episodes = ", {}, "run.toml: Invalid value"),
        ('session = "../up"', {}, "run.toml: session: a session is named by letters"),
    ],
)
def test_a_mistake_is_told_with_its_place(file: str, environ: dict[str, str], says: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        read_config({}, file=written(tmp_path / "run.toml", file), environ=environ)
    assert says in str(raised.value)


def test_a_variable_of_somebody_else_is_left_alone() -> None:
    assert read_config({}, environ={"AGENTGYM_CACHE_FOR_SOMETHING": "x"}) == RunConfig()


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"run.ini: settings are read from \.toml"):
        read_config({}, file=written(tmp_path / "run.ini", ""), environ={})
    with pytest.raises(UsageError, match=r"nowhere\.toml cannot be read"):
        read_config({}, file=tmp_path / "nowhere.toml", environ={})
    with pytest.raises(UsageError, match="expected settings by name, got list"):
        read_config({}, file=written(tmp_path / "run.yaml", "- a"), environ={})


def test_the_settings_themselves_suggest_what_was_meant() -> None:
    with pytest.raises(ValidationError, match="no setting 'worker'; did you mean 'workers'"):
        RunConfig.model_validate({"worker": 2})


def test_no_value_of_an_option_is_shown_in_an_error(tmp_path: Path) -> None:
    file = written(tmp_path / "run.toml", 'agent_options = "sk-of-no-known-form"')
    with pytest.raises(UsageError, match=r"agent_options: expected a valid dictionary$"):
        read_config({}, file=file, environ={})
    with pytest.raises(UsageError) as raised:
        read_config({}, environ={"AGENTGYM_AGENT_OPTIONS": '{"api_key": "of-no-known-form"'})
    assert "of-no-known-form" not in str(raised.value)


def test_dotenv_is_read_for_the_block_and_what_is_set_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "AGENTGYM_SEED=5\nexport AGENTGYM_MODEL='a model'\nAGENTGYM_EPISODES=7 # why\n"
    file = written(tmp_path / ".env", text)
    monkeypatch.setenv("AGENTGYM_EPISODES", "2")
    with dotenv(tmp_path):
        config = read_config({})
    assert (config.seed, config.model, config.episodes) == (5, "a model", 2)
    assert "AGENTGYM_SEED" not in os.environ
    assert os.environ["AGENTGYM_EPISODES"] == "2"
    assert file.read_text() == text


@pytest.mark.parametrize(
    ("written", "says"),
    [(b"A=1\nB='2\nC=secret\n", ":2: expected NAME=VALUE, or a comment$"), (b"A=\xff\n", " cannot be read: ")],
)
def test_a_line_of_dotenv_that_cannot_be_read_is_told_with_its_file(written: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(written)
    with pytest.raises(UsageError, match=rf"\.env{says}"), dotenv(tmp_path):
        pass


def test_a_value_is_shown_once() -> None:
    with pytest.raises(UsageError) as told:
        read_config({"session": "../x"}, environ={})
    assert str(told.value).count("../x") == 1


def test_settings_survive_json() -> None:
    config = RunConfig(hooks=("step=m:f", {"point": "step", "hook": "m:f"}), timeout=None)
    assert RunConfig(**json.loads(config.model_dump_json())) == config
