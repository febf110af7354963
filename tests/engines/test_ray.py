from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agentgym.engines import make_engine
from agentgym.engines.ray import RayEngine
from agentgym.errors import MissingDependencyError, UsageError
from agentgym.testing.engines import check_engine, check_isolation, check_timeouts, square
from tests.engines import clusters

pytestmark = pytest.mark.episodes


@pytest.fixture(scope="module")
def ray(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Connected to a cluster that is there already, as far as the engines know."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        holder = RayEngine(workers=2)
        # A thread that ends before the cluster is to.
        starter = threading.Thread(target=lambda: list(holder.map(square, [1])))
        starter.start()
        starter.join()
        import ray

        yield ray
        assert ray.is_initialized()
        holder.close()
        with warnings.catch_warnings():
            # Ray drops its handles of processes that take a moment to end.
            warnings.simplefilter("ignore", ResourceWarning)
            # Engines that errors of tests hold by their frames.
            gc.collect()
        assert not ray.is_initialized()


def test_ray_keeps_what_every_engine_promises(ray: Any) -> None:
    check_engine(RayEngine)


def test_workers_of_ray_are_isolated(ray: Any) -> None:
    check_isolation(RayEngine)


def test_an_item_on_ray_that_is_out_of_time_is_given_up(ray: Any) -> None:
    check_timeouts(RayEngine, timeout_s=3.0)


def test_an_item_on_ray_that_is_late_closes_what_it_has_open_or_is_killed(ray: Any, tmp_path: Path) -> None:
    clusters.check_that_late_items_close(RayEngine, tmp_path)


def test_items_on_ray_that_are_given_up_close_what_they_have_open(ray: Any, tmp_path: Path) -> None:
    clusters.check_that_given_up_items_close(RayEngine, tmp_path)


def test_the_machine_of_a_killed_worker_of_ray_vanishes_and_its_item_is_played_again(ray: Any, tmp_path: Path) -> None:
    clusters.check_killed_worker(RayEngine, tmp_path)


def test_no_item_on_ray_is_lost_and_none_comes_twice_where_workers_are_killed(ray: Any, tmp_path: Path) -> None:
    clusters.check_that_none_is_lost(RayEngine, tmp_path, items=300, killed=3)


def test_equal_seeds_give_equal_episodes_on_ray(ray: Any) -> None:
    clusters.check_equal_seeds(RayEngine())


def large(number: int) -> bytes:
    return bytes([number]) * 2_000_000


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_large_values_come_by_way_of_shared_storage(ray: Any, tmp_path: Path, scheme: str) -> None:
    outcomes = RayEngine(spill=f"{scheme}{tmp_path}/spill").map(large, range(3))
    first = next(outcomes)
    assert first.value == large(first.index)
    assert [*tmp_path.glob("spill/agentgym-*")]
    assert {outcome.unwrap()[0] for outcome in outcomes} == {0, 1, 2} - {first.index}
    assert not [*tmp_path.glob("spill/*")]


def variable(name: str) -> str | None:
    return os.environ.get(name)


def test_workers_are_made_as_the_runtime_environment_says(ray: Any) -> None:
    engine = RayEngine(workers=1, runtime_env={"env_vars": {"AGENTGYM_TRIED": "yes"}})
    assert [outcome.value for outcome in engine.map(variable, ["AGENTGYM_TRIED"])] == ["yes"]


def test_as_many_items_run_as_the_cluster_has_room_for(ray: Any) -> None:
    taken: list[int] = []

    def taking() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            yield number

    next(RayEngine(num_cpus=2).map(square, taking()))
    assert len(taken) <= 2


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"num_gpus": 100}, "an item takes 100 of 'GPU' and Ray finds 0 here"),
        ({"resources": {"desktop": 1}}, "an item takes 1 of 'desktop' and Ray finds 0 here"),
        ({"resources": {"GPU": 1}}, "use num_cpus, num_gpus or memory"),
        ({"num_cpus": -1}, "an item cannot take -1 of 'CPU'"),
        ({"runtime_env": {"working_dir": "."}}, "give it to ray.init"),
        ({"spill": "/proc/nowhere"}, "nothing can be spilled to '/proc/nowhere'"),
    ],
)
def test_what_can_never_run_is_refused(ray: Any, options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        make_engine("ray", **options).map(square, [1])


JOINING = """
from agentgym.cli.options import modules_from_here
from agentgym.engines import make_engine

def tenfold(number):
    return number * 10

if __name__ == "__main__":
    with modules_from_here(), make_engine("ray", workers=2) as engine:
        import beside
        print(sorted(outcome.unwrap() for outcome in engine.map(beside.twice, [1, 2])))
        print(sorted(outcome.unwrap() for outcome in engine.map(tenfold, [1, 2])))
"""


def test_a_script_joins_a_cluster_of_which_it_only_knows_the_address(ray: Any, tmp_path: Path) -> None:
    """Its workers find the module beside the script, and the cluster lives on."""
    (tmp_path / "joining.py").write_text(JOINING)
    (tmp_path / "beside.py").write_text("def twice(number):\n    return 2 * number\n")
    address = ray.get_runtime_context().gcs_address
    script = subprocess.run(
        [sys.executable, "-W", "error", "joining.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.getcwd(), "RAY_ADDRESS": address},
        capture_output=True,
        text=True,
    )
    assert (script.stdout, script.stderr) == ("[2, 4]\n[10, 20]\n", "")
    assert [outcome.value for outcome in RayEngine().map(square, [3])] == [9]


@pytest.fixture
def short_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a cluster lays its sockets, whose paths must be."""
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        yield Path(folder)


@pytest.mark.slow
def test_ctrl_c_ends_the_items_and_the_cluster_that_was_started_for_them(tmp_path: Path, short_path: Path) -> None:
    clusters.check_end_by_signal("ray", tmp_path, signal.SIGINT)
    assert not [*short_path.iterdir()]
    assert not (tmp_path / ".ray").exists()


@pytest.mark.slow
def test_a_cluster_ends_with_the_process_that_started_it(tmp_path: Path, short_path: Path) -> None:
    # For a minute these two look for a cluster to tell of its end; Ray 2.60.
    agents = ("ray::DashboardAgent", "ray::RuntimeEnvAgent")
    clusters.check_end_by_signal("ray", tmp_path, signal.SIGKILL, leaves=agents)


def test_where_ray_is_missing_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependencyError, match=r"agentgym-envs\[ray\]"):
        RayEngine().map(square, [1])


TOKENS = """
import os
from pathlib import Path

from agentgym.engines import make_engine
from agentgym.testing.engines import square

if __name__ == "__main__":
    token = Path.home() / ".ray" / "auth_token"
    for of in ("variable", "file"):
        if of == "file":
            del os.environ["RAY_AUTH_TOKEN"]
            token.parent.mkdir(exist_ok=True)
            token.write_text("ab" * 32)
        with make_engine("ray", workers=1) as engine:
            print(of, [outcome.unwrap() for outcome in engine.map(square, [3])])
"""


def test_a_cluster_is_started_whatever_token_the_one_before_had(tmp_path: Path) -> None:
    (tmp_path / "tokens.py").write_text(TOKENS)
    home = {"HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    done = subprocess.run(
        [sys.executable, "tokens.py"],
        cwd=tmp_path,
        env={**environment, **home},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (0, "variable [9]\nfile [9]\n"), done.stderr
