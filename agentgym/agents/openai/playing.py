"""An episode as the model plays it: what it is told, what it says, and what comes of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import gymnasium as gym

from agentgym.accessibility import middle
from agentgym.agents.base import Emit
from agentgym.agents.openai.asking import Dialect, Model
from agentgym.agents.openai.conversation import Answer, Reply, Seen, Turn
from agentgym.agents.openai.estimate import Estimate, fitting
from agentgym.agents.openai.options import Options, Tokenizer
from agentgym.agents.openai.places import BY_THE_SCREEN, Place, kind_of, written_in
from agentgym.agents.openai.prompts import filled
from agentgym.agents.openai.reading import NoAction, action_of, as_it_came
from agentgym.agents.openai.responses import PREVIEW
from agentgym.agents.openai.seeing import screen_of, seen
from agentgym.events import Note, utc_now
from agentgym.events.usage import Usage
from agentgym.spaces import Computer13, DesktopCallText, PyAutoGUIText
from agentgym.tasks import Task
from agentgym.tools.replies import manual
from agentgym.tools.results import encodable

__all__ = ["Play"]

_NOT_DONE = "Not done: {}"
_DONE = "Done."
_REPLACED = "Not called: something else was done in place of it."
_ANOTHER = "another call of the same reply is none"
_OF_A_SCREEN = (PyAutoGUIText, Computer13, DesktopCallText)


class Play:
    """One episode.

    Args:
        options: what the agent was told.
        model: is asked.
        dialect: the API that it is asked by.
        task: what is to be done.
        emit: publishes.
        space: of the environment's actions; None if nobody said.
        template: of the system prompt.
        tokenizer: counts tokens; None to estimate them.
    """

    def __init__(
        self,
        options: Options,
        model: Model,
        dialect: Dialect,
        *,
        task: Task,
        emit: Emit,
        space: gym.Space[Any] | None,
        template: str,
        tokenizer: Tokenizer | None,
    ) -> None:
        self._options, self._model, self._dialect = options, model, dialect
        self._task, self._emit, self._space, self._template = task, emit, space, template
        self._estimate = Estimate(tokenizer)
        self._date = f"{utc_now():%Y-%m-%d}"
        self._info: Mapping[str, Any] = {}
        self._offered: tuple[Mapping[str, Any], ...] = ()
        self._turns: list[Turn] = []
        self._said: Reply | None = None

    def read_info(self, info: Mapping[str, Any]) -> None:
        self._info = info
        if "tools" in info:
            self._offered = tuple(info["tools"])

    def act(self, observation: Any) -> Any:
        """What the model does next; what it wrote, if that is still no action after so many repairs."""
        place = self._place(observation)
        self._look(observation, place)
        left = self._options.repairs
        while True:
            reply = self._asked(place)
            try:
                action = action_of(reply, place)
            except NoAction as error:
                if left:
                    left -= 1
                    self._repair(reply, error, place)
                    continue
                action = as_it_came(reply)
            self._note_checks(reply)
            self._said = reply
            return action

    def _place(self, observation: Any) -> Place:
        kind = kind_of(self._space, observation)
        if kind == "words" and self._space is None and self._offered:
            kind = "calls"
        # In other environments a call of a tool is no action.
        offered = self._offered if kind in ("calls", "screen") else ()
        writing = written_in(self._space, kind, self._options.actions, offered=offered)
        seen_size = screen_of(observation) if kind == "screen" else None
        return Place(
            kind=kind,
            writing=writing,
            api=self._options.api,
            offered=() if writing in BY_THE_SCREEN else offered,
            screen=self._space.screen if isinstance(self._space, _OF_A_SCREEN) else seen_size,
            display=seen_size,
            space=self._space,
            preview=self._options.model.startswith(PREVIEW),
            tags=self._tags(),
        )

    def _tags(self) -> list[tuple[int, int]] | None:
        """The middles of the marks on the screen, where actions can name them."""
        if not isinstance(self._space, PyAutoGUIText) or not self._space.tags:
            return None
        return [middle(box) for box in self._info.get("marks") or ()]

    def _look(self, observation: Any, place: Place) -> None:
        """Adds the turn that ended with what is seen now."""
        now, instruction = seen(observation), encodable(self._task.instruction)
        if not self._turns:
            told = now.text if instruction in now.text else _joined(instruction, now.text)
            self._turns = [Turn(seen=Seen(told, now.image))]
            return
        if self._said is None:
            # The model was asked before, and nothing came.
            return
        # What environments of tools show begins with the task, which stands at the beginning.
        now = replace(now, text=now.text.removeprefix(instruction).lstrip())
        said, self._said = self._said, None
        self._turns.append(self._came_of(said, now, place))

    def _came_of(self, said: Reply, now: Seen, place: Place) -> Turn:
        error = self._info.get("action_error")
        refused = None if error is None else encodable(_NOT_DONE.format(error))
        results = {one["call_id"]: str(one["content"]) for one in self._info.get("tool_results") or ()}
        if not said.asked:
            text = now.text if refused is None or refused in now.text else _joined(refused, now.text)
            return Turn(said, (), replace(now, text=text))
        usual = dict.fromkeys(place.names, _REPLACED)
        answers = tuple(
            Answer(one, encodable(results.get(one.call_id, refused or usual.get(one.name, _DONE))))
            for one in said.asked
        )
        all_told = place.kind == "calls" and all(refused or one.call_id in results for one in said.asked)
        return Turn(said, answers, replace(now, text="") if all_told else now)

    def _asked(self, place: Place) -> Reply:
        """What the model says to all that was said so far, or as much of it as there is room for."""
        system, tools = self._system(place), self._dialect.tools(place.definitions())

        def conversation(turns: list[Turn]) -> list[dict[str, Any]]:
            return self._dialect.conversation(system, turns)

        most = self._options.context_tokens
        self._turns = fitting(self._turns, most, lambda turns: self._estimate.of([conversation(turns), tools]))
        said = conversation(self._turns)
        reply = self._model.ask(self._model.request(said, tools))
        if most is not None:
            self._estimate.learn([said, tools], Usage.read(reply.usage).input_tokens)
        return reply

    def _system(self, place: Place) -> str:
        task = self._task
        values = {
            "instruction": task.instruction,
            "tools": manual(place.offered) if place.offered else "",
            "actions": place.manual(),
            "screen": "" if place.screen is None else f"{place.screen[0]}x{place.screen[1]}",
            "date": self._date,
            "max_steps": "" if task.max_steps is None else str(task.max_steps),
        }
        return encodable(filled(self._template, values))

    def _repair(self, reply: Reply, error: NoAction, place: Place) -> None:
        """Tells the model why its reply is no action."""
        if not reply.asked:
            told = f"{_NOT_DONE.format(error.reason)}\n{place.hint}"
            self._turns.append(Turn(reply, (), Seen(encodable(told))))
            return
        answers = tuple(
            Answer(one, encodable(_NOT_DONE.format(error.faults.get(one.call_id, _ANOTHER)))) for one in reply.asked
        )
        # A computer's call is answered by a screenshot alone, so that the reason goes beside it.
        screens = [one for one in answers if isinstance(one.to.arguments, list)]
        image = next((turn.seen.image for turn in reversed(self._turns) if turn.seen.image is not None), None)
        self._turns.append(Turn(reply, answers, Seen(screens[0].text, image) if screens else Seen()))

    def _note_checks(self, reply: Reply) -> None:
        """Puts into the stream what the provider wants someone to see before the calls are made."""
        for one in reply.asked:
            if one.checks:
                told = {"call_id": one.call_id, "checks": list(one.checks)}
                self._emit(Note(kind="safety_check", value=told, agent_id=self._options.agent_id))


def _joined(*texts: str) -> str:
    return "\n\n".join(text for text in texts if text)
