"""A question about a JSON file of shipments, which hold parcels and events."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from agentgym.families import TaskFamily
from agentgym.suites.data.asking import DATA, GUESSES, NEAR_MISSES, TOOLS, answered, one_answer
from agentgym.suites.toolmaking import Calls, draw, draw_level, draw_some, lay, make_task
from agentgym.tasks import Task

__all__ = ["FAMILIES"]

_CITIES = ("Bergen", "Cork", "Gdansk", "Lyon", "Porto", "Turin", "Varna")
_TAGS = ("cold", "express", "fragile", "heavy", "insured")
_KINDS = ("sent", "held", "forwarded", "delivered")
_PLACE = f"{DATA}/shipments.json"

Shipment = dict[str, Any]


class _Question(NamedTuple):
    """In words, for us (of shipments, a city, a tag), and for Python in the machine."""

    words: str
    answer: Callable[[Sequence[Shipment], str, str], Any]
    code: str


def _weight(shipments: Sequence[Shipment], city: str, tag: str) -> int:
    return sum(
        parcel["grams"] for one in shipments if one["to"] == city for parcel in one["parcels"] if tag in parcel["tags"]
    )


def _fullest(shipments: Sequence[Shipment], city: str, tag: str) -> str:
    del tag
    found = [one for one in shipments if one["to"] == city]
    return str(min(found, key=lambda one: (-len(one["parcels"]), one["id"]))["id"])


def _undelivered(shipments: Sequence[Shipment], city: str, tag: str) -> int:
    return sum(
        one["to"] == city
        and any(tag in parcel["tags"] for parcel in one["parcels"])
        and all(event["kind"] != "delivered" for event in one["events"])
        for one in shipments
    )


def _slowest(shipments: Sequence[Shipment], city: str, tag: str) -> int:
    del tag
    return int(max(one["events"][-1]["hour"] - one["events"][0]["hour"] for one in shipments if one["to"] == city))


def _heaviest_untagged(shipments: Sequence[Shipment], city: str, tag: str) -> int:
    return max(
        (
            parcel["grams"]
            for one in shipments
            if city in (one["from"], one["to"])
            for parcel in one["parcels"]
            if tag not in parcel["tags"]
        ),
        default=0,
    )


_QUESTIONS = (
    _Question(
        "How many grams do all parcels with the tag {tag} weigh together that are in shipments to {city}? Submit the "
        "number.",
        _weight,
        "sum(p['grams'] for s in shipments if s['to'] == {city!r} for p in s['parcels'] if {tag!r} in p['tags'])",
    ),
    _Question(
        "Which shipment to {city} has the most parcels? Of equal ones take the first in the order of the alphabet. "
        "Submit its id.",
        _fullest,
        "min((-len(s['parcels']), s['id']) for s in shipments if s['to'] == {city!r})[1]",
    ),
    _Question(
        "How many shipments to {city} hold at least one parcel with the tag {tag} and have no event of the kind "
        "delivered? Submit the number.",
        _undelivered,
        "sum(s['to'] == {city!r} and any({tag!r} in p['tags'] for p in s['parcels']) and "
        "all(e['kind'] != 'delivered' for e in s['events']) for s in shipments)",
    ),
    _Question(
        "Over the shipments to {city}, what is the longest time between the first and the last event, in hours? Submit "
        "the number.",
        _slowest,
        "max(s['events'][-1]['hour'] - s['events'][0]['hour'] for s in shipments if s['to'] == {city!r})",
    ),
    _Question(
        "How many grams weighs the heaviest parcel without the tag {tag} in the shipments from or to {city}? Submit "
        "the number, or 0 if there is none.",
        _heaviest_untagged,
        "max((p['grams'] for s in shipments if {city!r} in (s['from'], s['to']) for p in s['parcels'] "
        "if {tag!r} not in p['tags']), default=0)",
    ),
)


def _make(rng: np.random.Generator) -> Task:
    level = draw_level(rng)
    shipments = _draw_shipments(rng, 10 * level)
    question = draw(rng, _QUESTIONS)
    city, tag = draw(rng, sorted({one["to"] for one in shipments})), draw(rng, _TAGS)
    answer = question.answer(shipments, city, tag)
    if str(answer) in GUESSES:
        return _make(rng)
    other = next(
        (wrong for name in _CITIES for wrong in [_try(question, shipments, name, tag)] if wrong not in (None, answer)),
        f"{answer}1",
    )
    return make_task(
        "data/json-question",
        "~/data/shipments.json holds a list of shipments, each with id, from, to, parcels (grams and tags of each) and "
        "events (kind and hour of each, in their order). "
        f"{question.words.format(city=city, tag=tag)}",
        setup=[lay(_PLACE, json.dumps(shipments, indent=1) + "\n")],
        checks=[one_answer(str(answer))],
        tools=TOOLS,
        drawn={
            "level": level,
            "answer": str(answer),
            "other": str(other),
            "code": question.code.format(city=city, tag=tag),
        },
    )


def _try(question: _Question, shipments: Sequence[Shipment], city: str, tag: str) -> Any:
    """The answer for another city; None if it has none."""
    return question.answer(shipments, city, tag) if any(one["to"] == city for one in shipments) else None


def _draw_shipments(rng: np.random.Generator, count: int) -> list[Shipment]:
    ids = draw_some(rng, [f"S{number}" for number in range(100, 999)], count)
    return [_draw_shipment(rng, name) for name in ids]


def _draw_shipment(rng: np.random.Generator, name: str) -> Shipment:
    start, end = draw_some(rng, _CITIES, 2)
    hour = int(rng.integers(0, 500))
    events = [{"kind": "sent", "hour": hour}]
    for kind in _KINDS[1 : int(rng.integers(1, 5))]:
        hour += int(rng.integers(1, 60))
        events.append({"kind": kind, "hour": hour})
    parcels = [
        {"grams": int(rng.integers(50, 9000)), "tags": sorted(draw_some(rng, _TAGS, int(rng.integers(0, 4))))}
        for _ in range(int(rng.integers(1, 7)))
    ]
    return {"id": name, "from": start, "to": end, "parcels": parcels, "events": events}


def _solve(task: Task) -> Calls:
    yield from answered(task.seed_params["code"], f"import json\nshipments = json.load(open({_PLACE!r}))")


FAMILIES = (TaskFamily("json-question", _make, _solve, NEAR_MISSES, tags=("data", "json")),)
