from __future__ import annotations

from agentgym.actions import Fail, ToolCall
from agentgym.testing.mutants import Asked, mutants_of


def call(name: str, **arguments: object) -> ToolCall:
    return ToolCall(name, dict(arguments))


ONE, TWO = call("bash", command="sort a"), call("submit", answer="12")


def mutated(*calls: Asked, most: int = 100) -> dict[str, list[Asked]]:
    return {mutant.name: list(mutant.calls) for mutant in mutants_of(calls, most=most)}


def test_a_call_is_left_out_made_twice_and_made_late() -> None:
    found = mutated(ONE, TWO)
    assert found["without call 1, bash"] == [TWO]
    assert found["twice call 2, submit"] == [ONE, TWO, TWO]
    assert found["late call 1, bash"] == [TWO, ONE]


def test_a_text_loses_its_last_character_and_keeps_the_blanks_after_it() -> None:
    found = mutated(call("write", content="ab\n"))
    assert found["another content in call 1, write"] == [call("write", content="a\n")]


def test_a_text_of_several_lines_also_loses_one_in_the_middle() -> None:
    text = "one\ntwo\nthree\n"
    found = mutants_of([call("write", content=text)], most=100)
    changed = [one.calls[0].arguments["content"] for one in found if one.calls and "another" in one.name]  # type: ignore[union-attr]  # calls they are
    assert changed == ["one\ntwo\nthre\n", "one\nthree\n"]


def test_a_text_of_one_line_also_loses_a_word_in_the_middle() -> None:
    found = mutants_of([call("bash", command="sort -r in.txt")], most=100)
    changed = [one.calls[0].arguments["command"] for one in found if one.calls and "another" in one.name]  # type: ignore[union-attr]  # calls they are
    assert changed == ["sort -r in.tx", "sort in.txt"]


def test_numbers_lists_and_truths_are_changed() -> None:
    found = mutated(call("f", count=1, names=["a", "b"], every=True, some={"a": 1, "b": 2}, nothing=None))
    assert found["another count in call 1, f"] == [
        call("f", count=2, names=["a", "b"], every=True, some={"a": 1, "b": 2}, nothing=None)
    ]
    assert {one.arguments["every"] for calls in found.values() for one in calls if isinstance(one, ToolCall)} == {
        True,
        False,
    }
    assert any(
        one.arguments["names"] == ["a"] for calls in found.values() for one in calls if isinstance(one, ToolCall)
    )
    assert any(
        one.arguments["some"] == {"a": 1} for calls in found.values() for one in calls if isinstance(one, ToolCall)
    )
    assert not any("nothing" in name for name in found)


def test_a_time_limit_is_not_changed() -> None:
    assert not any("timeout_s" in name for name in mutated(call("bash", command="ls", timeout_s=3.0)))


def test_no_mutant_is_the_sequence_itself() -> None:
    assert "late call 1, bash" not in mutated(ONE, ONE)


def test_giving_up_can_be_left_out() -> None:
    assert mutated(Fail()) == {"without call 1, Fail": [], "twice call 1, Fail": [Fail(), Fail()]}


def test_there_are_as_many_as_asked_for_of_all_kinds() -> None:
    calls = [call("bash", command=f"echo {number}") for number in range(40)]
    names = list(mutated(*calls, most=30))
    assert len(names) == 30
    assert {name.split()[0] for name in names} == {"without", "twice", "another", "late"}
