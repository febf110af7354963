"""Right answers to the puzzles that reasoning-gym gives none for."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = ["SOLVERS"]

_SIDE = 6
_EXIT_ROW = 2


def _boxes(metadata: Mapping[str, Any]) -> str:
    """Carries one box after the other to its target, first along the rows, then along the columns."""
    state: Mapping[str, list[str]] = metadata["initial_state"]
    targets = [(item[7:], square) for square, items in state.items() for item in items if item.startswith("target_")]
    plan = []
    for square, items in state.items():
        for item in items:
            if item.startswith("box_"):
                goal = next(target for target in targets if target[0] == item[4:])
                targets.remove(goal)
                plan += list(_carried(item[4:], _place(square), _place(goal[1])))
    return json.dumps(plan)


def _carried(colour: str, here: list[float], goal: list[float]) -> Iterator[dict[str, str]]:
    for axis in (0, 1):
        while here[axis] != goal[axis]:
            there = list(here)
            there[axis] += 1 if goal[axis] > here[axis] else -1
            yield {f"Agent{here}": f"move(box_{colour}, square{there})"}
            here = there
    yield {f"Agent{here}": f"move(box_{colour}, target_{colour})"}


def _place(square: str) -> list[float]:
    return [float(number) for number in square.split("_")]


def _colours(metadata: Mapping[str, Any]) -> str:
    return json.dumps(metadata["possible_answer"])


def _conclusion(metadata: Mapping[str, Any]) -> str:
    """All premises together: they follow from themselves, and are not true of everything."""
    premises: list[str] = metadata["premises"]
    joined = premises[0]
    for premise in premises[1:]:
        joined = f"({joined} ∧ {premise})"
    return joined


def _turns(metadata: Mapping[str, Any]) -> str:
    return str(metadata["example_correct_answer"])


def _cars(metadata: Mapping[str, Any]) -> str:
    """The fewest moves that bring car A to the right edge, found breadth first."""
    start = _relabelled(metadata["board_config"])
    came: dict[str, tuple[str, str] | None] = {start: None}
    waiting = deque([start])
    while waiting:
        board = waiting.popleft()
        if board[(_EXIT_ROW + 1) * _SIDE - 1] == "A":
            return " ".join(_moves_to(board, came))
        for move, after in _moved(board):
            if after not in came:
                came[after] = (board, move)
                waiting.append(after)
    raise AssertionError(f"the board {start} has no way out, which reasoning-gym says of none")


def _relabelled(board: str) -> str:
    """The board as it is shown: with the letters from A on, none left out."""
    cars = sorted(set(board) - {"o", "x"})
    return board.translate({ord(car): ord("A") + index for index, car in enumerate(cars)})


def _moves_to(board: str, came: Mapping[str, tuple[str, str] | None]) -> list[str]:
    moves: list[str] = []
    step = came[board]
    while step is not None:
        moves.append(step[1])
        step = came[step[0]]
    return moves[::-1]


def _moved(board: str) -> Iterator[tuple[str, str]]:
    """Every move of a car by one square, and the board after it."""
    for car in sorted(set(board) - {"o", "x"}):
        cells = [index for index, label in enumerate(board) if label == car]
        stride = cells[1] - cells[0]
        for sign, gone, new in (("+", cells[0], cells[-1] + stride), ("-", cells[-1], cells[0] - stride)):
            beside = cells[-1] if sign == "+" else cells[0]
            if _inside(beside, new, stride) and board[new] == "o":
                after = list(board)
                after[gone], after[new] = "o", car
                yield f"{car}{sign}1", "".join(after)


def _inside(cell: int, new: int, stride: int) -> bool:
    if not 0 <= new < _SIDE * _SIDE:
        return False
    return stride != 1 or cell // _SIDE == new // _SIDE


SOLVERS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "boxnet": _boxes,
    "graph_color": _colours,
    "propositional_logic": _conclusion,
    "rubiks_cube": _turns,
    "rush_hour": _cars,
}
