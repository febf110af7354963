"""One agent in one environment for one episode: step by step, to its end, as a stream, or as an order to do so."""

from agentgym.runner.episode import Episode
from agentgym.runner.result import EpisodeResult
from agentgym.runner.rollouts import RolloutSpec, rollout
from agentgym.runner.streaming import stream

__all__ = ["Episode", "EpisodeResult", "RolloutSpec", "rollout", "stream"]
