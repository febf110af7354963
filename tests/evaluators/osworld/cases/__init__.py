"""Generators of cases for metrics, a module a family; each has ``cases(rng, folder) -> Iterator[Case]`` without end."""
