"""The connection of this process to Spark, of which it can have but one."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from agentgym.errors import MissingDependencyError, UsageError
from agentgym.extras import needed

__all__ = ["SparkCluster", "connect", "load"]

_LOOPBACK = "127.0.0.1"
_END_PATIENCE_S = 10.0

_CONF = {
    "spark.app.name": "agentgym",
    # What is tried again is the engine's to count.
    "spark.task.maxFailures": "1",
    "spark.speculation": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}


class SparkCluster:
    """A Spark context of this process.

    One that was started here is stopped, and its Java ended, when nobody holds this object any more, at the latest when
    the process ends. Where the process is killed, Java and with it the workers end themselves.
    """

    def __init__(self, context: Any, *, stop: Callable[[], None] | None = None) -> None:
        self.context = context
        self._stop = None if stop is None else weakref.finalize(self, stop)

    @property
    def host(self) -> str:
        """By which workers reach this process."""
        host: str = self.context.getConf().get("spark.driver.host", _LOOPBACK)
        return host

    @property
    def bind(self) -> str:
        """Where this process listens for them."""
        address: str = self.context.getConf().get("spark.driver.bindAddress", self.host)
        return address

    def forget(self) -> None:
        """Leaves it as it is."""
        if self._stop is not None:
            self._stop.detach()


def load() -> Any:
    """The package.

    Raises:
        MissingDependencyError: if it is not installed.
    """
    return needed("pyspark", extra="spark")


def connect(master: str | None, conf: Mapping[str, str], *, workers: int) -> SparkCluster:
    """The context that there is already, else a new one.

    Args:
        master: of a new one; None for the processes of this machine.
        conf: of a new one, before what is usual here.
        workers: how many of this machine, if they are to be.

    Raises:
        UsageError: if a context cannot be made so.
        MissingDependencyError: if PySpark or Java is not installed.
    """
    pyspark = load()
    if "SPARK_REMOTE" in os.environ:
        raise UsageError("the engine 'spark' needs a classic session; SPARK_REMOTE asks for Spark Connect")
    held = _held.get("cluster")
    context = pyspark.SparkContext._active_spark_context
    if context is not None:
        return held if held is not None and held.context is context else SparkCluster(context)
    if held is not None:
        # Somebody else has stopped it.
        held.forget()
    cluster = _start(pyspark, master or f"local[{workers}]", conf)
    _held["cluster"] = cluster
    return cluster


# So that two engines of one process share the context that the first of them made.
_held: weakref.WeakValueDictionary[str, SparkCluster] = weakref.WeakValueDictionary()


def _start(pyspark: Any, master: str, options: Mapping[str, str]) -> SparkCluster:
    folder = tempfile.mkdtemp(prefix="agentgym-spark-")
    with ExitStack() as failed, _usual_sigint(), warnings.catch_warnings():
        # Of a pandas that is newer than PySpark 4.3 knows, which nothing here uses.
        warnings.simplefilter("ignore", FutureWarning)
        failed.callback(shutil.rmtree, folder, ignore_errors=True)
        conf = pyspark.SparkConf().setMaster(master).set("spark.local.dir", folder)
        usual = {**_CONF, **(_here() if master.startswith("local") else {}), **options}
        for name, value in usual.items():
            conf.set(name, value)
        gateway = _java(pyspark, conf, Path(folder, "log"))
        failed.callback(_end, pyspark, gateway)
        try:
            context = pyspark.SparkContext(conf=conf, gateway=gateway)
        except Exception as error:  # Java's, of any class
            raise UsageError(f"Spark does not start with master={master!r}: {_briefly(error)}") from error
        failed.pop_all()
    return SparkCluster(context, stop=partial(_stop, pyspark, context, gateway, folder))


def _here() -> dict[str, str]:
    """Where workers are on this machine: they reach each other alone, and find what this process finds."""
    return {
        "spark.driver.host": _LOOPBACK,
        "spark.driver.bindAddress": _LOOPBACK,
        "spark.pyspark.python": sys.executable,
        "spark.executorEnv.PYTHONPATH": os.pathsep.join(os.path.abspath(path) for path in sys.path),
        "spark.python.daemon.module": "agentgym.engines.sparkdaemon",
    }


def _java(pyspark: Any, conf: Any, log: Path) -> Any:
    """Starts Java, whose complaints of workers that are lost would fill the terminal."""
    with log.open("wb") as complaints:
        try:
            return pyspark.java_gateway.launch_gateway(conf, {"stdout": complaints, "stderr": complaints})
        except pyspark.errors.PySparkRuntimeError as error:
            said = log.read_text(errors="replace").strip()
            if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
                raise MissingDependencyError(
                    "Java is not installed, and Spark needs 17 or newer: sudo apt-get install default-jre-headless"
                ) from error
            raise UsageError(f"Java does not start: {said[-1000:]}") from error


def _stop(pyspark: Any, context: Any, gateway: Any, folder: str) -> None:
    context.stop()
    _end(pyspark, gateway)
    shutil.rmtree(folder, ignore_errors=True)


def _end(pyspark: Any, gateway: Any) -> None:
    """Ends Java, that PySpark keeps for the next context."""
    gateway.shutdown()
    with pyspark.SparkContext._lock:
        pyspark.SparkContext._gateway = pyspark.SparkContext._jvm = None
    if gateway.proc is not None:  # a process that spark-submit started has none of its own
        gateway.proc.stdin.close()
        gateway.proc.wait(_END_PATIENCE_S)


@contextmanager
def _usual_sigint() -> Iterator[None]:
    """A new context has Ctrl-C cancel its jobs, and goes on with that when it has been stopped."""
    before = signal.getsignal(signal.SIGINT)
    yield
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, before)


def _briefly(error: Exception) -> str:
    java = getattr(error, "java_exception", None)
    return str(error if java is None else java.toString()).partition("\n")[0]
