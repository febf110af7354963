"""The made-up country: the same from the same number, consistent, and with traps that are none of its facts."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest

from agentgym.tools.search import Page, corpus_at, from_markdown
from agentgym.tools.world import CENSUSES, TODAY, archived, holder, make_world, pages, price_on
from agentgym.tools.world.drawing import Draws
from agentgym.tools.world.making import draw_world

SEEDS = (0, 1, 2**40)


def read(seed: int) -> dict[str, Page]:
    return {address: from_markdown(address, text) for address, text in pages(make_world(seed))}


def test_the_shipped_corpus_is_the_same_everywhere() -> None:
    # Answers of tasks depend on each word. Whoever changes it changes this, on purpose.
    text = "\0".join(f"{address}\0{text}" for address, text in pages(make_world(0)))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "98f7538eae30d436"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_number_makes_the_same_country_each_time_and_another_makes_another(seed: int) -> None:
    assert draw_world(seed) == make_world(seed)
    assert dict(pages(draw_world(seed))) == dict(pages(make_world(seed)))
    assert make_world(seed).towns != make_world(seed + 1).towns


@pytest.mark.parametrize("seed", SEEDS)
def test_there_are_some_hundred_pages_and_every_link_leads_to_one(seed: int) -> None:
    written = list(pages(make_world(seed)))
    found = read(seed)
    assert len(found) == len(written) >= 300
    assert all(page.revised for page in found.values())
    dead = {link.address for page in found.values() for link in page.links} - set(found)
    assert not dead


@pytest.mark.parametrize("seed", SEEDS)
def test_every_name_that_a_fact_gives_is_there(seed: int) -> None:
    world = make_world(seed)
    assert all(town in world.towns for river in world.rivers.values() for town in river.towns)
    assert all(town.river in world.rivers and town.region in world.regions for town in world.towns.values())
    assert all(person.birthplace in world.towns for person in world.people.values())
    assert all(seat.held in world.towns for company in world.companies.values() for seat in company.seats)
    assert all(company.founder in world.people for company in world.companies.values())
    assert all(product.company in world.companies for product in world.products.values())
    assert all(bridge.architect in world.people for bridge in world.bridges.values())
    assert all(feast.town in world.towns for feast in world.feasts.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_what_follows_each_other_does_so_in_time_and_nothing_is_later_than_today(seed: int) -> None:
    world = make_world(seed)
    chains = [town.mayors for town in world.towns.values()]
    chains += [terms for company in world.companies.values() for terms in (company.seats, company.chiefs)]
    for terms in chains:
        days = [term.since for term in terms]
        assert days == sorted(set(days))
        assert days[-1] < TODAY
    for product in world.products.values():
        days = [since for since, _ in product.prices]
        assert days == sorted(set(days))
    assert all(page.revised < TODAY.isoformat() for page in read(seed).values() if page.revised)


@pytest.mark.parametrize("seed", SEEDS)
def test_there_are_namesakes_and_only_they_say_more_than_their_name(seed: int) -> None:
    world = make_world(seed)
    for things in (world.towns, world.people):
        called = [thing.called for thing in things.values()]
        assert len(set(called)) < len(called)
        for thing in things.values():
            assert (thing.name == thing.called) == (called.count(thing.called) == 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_outdated_differs_from_what_is_true_and_is_older(seed: int) -> None:
    world, found = make_world(seed), read(seed)
    for name, town in world.towns.items():
        assert town.provisional != town.people[2011]
        assert town.former_area != town.area
        now, then = found[world.address("towns", name)], found[archived(world.address("towns", name))]
        assert (then.revised or "") < (now.revised or "")
        assert f"{town.provisional:,}" in then.text
        assert f"{town.provisional:,}" not in now.text
    assert all(product.announced != product.prices[-1][1] for product in world.products.values())
    assert all(bridge.once_ascribed != bridge.architect for bridge in world.bridges.values())


def test_pages_say_the_facts() -> None:
    world, found = make_world(0), read(0)
    for name, town in world.towns.items():
        text = found[world.address("towns", name)].text
        assert all(f"| {year} | {town.people[year]:,} |" in text for year in CENSUSES)
        assert f"{town.area / 10} km²" in text
        assert all(f"| {term.since} | {term.held} |" in text for term in town.mayors)
    for name, company in world.companies.items():
        text = found[world.address("companies", name)].text
        assert all(f"| {year} | {company.revenue[year]:,} |" in text for year in company.revenue)
        assert f"headquarters are in {company.seats[-1].held}." in text


def test_who_held_a_place_and_what_something_cost_on_a_day() -> None:
    world = make_world(0)
    town = next(iter(world.towns.values()))
    first, second = town.mayors[:2]
    assert holder(town.mayors, second.since) == second.held
    assert holder(town.mayors, date.fromordinal(second.since.toordinal() - 1)) == first.held
    assert holder(town.mayors, date(1900, 1, 1)) == first.held
    product = next(iter(world.products.values()))
    assert price_on(product, product.prices[1][0]) == product.prices[1][1]
    assert price_on(product, date(1900, 1, 1)) == product.prices[0][1]


def test_draws_do_not_depend_on_the_version_of_anything() -> None:
    draws = Draws(7)
    assert [draws.between(0, 99) for _ in range(6)] == [32, 15, 65, 7, 53, 36]
    assert draws.some("abcdef", 3) == ["a", "d", "b"]
    assert all(draws.varied(number, 5) != number for number in (1_000, 30, 99_999))


def test_a_corpus_of_each_country_can_be_asked_for() -> None:
    assert corpus_at("world") is corpus_at("world")
    first, other = corpus_at("world:0"), corpus_at("world:5")
    assert len(first) == len(corpus_at("world"))
    assert [hit.address for hit in first.search("towns", 3)] == [
        hit.address for hit in corpus_at("world").search("towns", 3)
    ]
    name = next(iter(make_world(5).towns.values())).name
    assert other.search(f'"{name}" inhabitants', 1)[0].title.startswith(name.partition(" (")[0])
