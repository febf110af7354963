"""The suite `bfcl`: the 800 stateful multi-turn episodes of the Berkeley Function Calling Leaderboard."""

from agentgym.families import Suite
from agentgym.suites.bfcl.conversation import EVIDENCE
from agentgym.suites.bfcl.episodes import episode_names
from agentgym.suites.bfcl.families import episode_family

__all__ = ["SUITE"]

SUITE = Suite(
    "bfcl",
    {name: episode_family(name) for name in episode_names()},
    "BFCL's stateful multi-turn episodes, of the installed package bfcl-eval; judged as its own checker does.",
    env="agentgym/Tools-v0",
    # Which calls were made is how an episode was played; what of it counts is what BFCL's checker says.
    traces=(EVIDENCE,),
)
