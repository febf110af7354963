"""Setup and postconfig steps, by OSWorld's names: what happens before the first observation and before the score."""

from agentgym.setup.registry import SetupAction, check_step, run_steps, steps, unknown_keyword

__all__ = ["SetupAction", "check_step", "run_steps", "steps", "unknown_keyword"]
