"""Foreign forms of a dataset: one pure function each, from what is at rest to what another program reads.

An exporter is a function ``(dataset, out, *, option=default, ...)`` that writes a file or a folder. It leaves the
dataset as it is. What the foreign format has no place for is listed in its docstring; what the format demands and the
dataset lacks is null, or refused with a reason.

Trainers' own objects, in memory: `to_replay_buffer`, `to_mdp_dataset`, `to_torchrl`, `to_tensordict`. Back from a
foreign form: `from_minari`, `from_osworld`.
"""

from agentgym.export.base import Exporter, ExportWarning, exporters
from agentgym.export.from_minari import from_minari
from agentgym.export.from_osworld import from_osworld
from agentgym.export.to_d3rlpy import to_mdp_dataset
from agentgym.export.to_sb3 import to_replay_buffer
from agentgym.export.to_torchrl import to_tensordict, to_torchrl

__all__ = [
    "ExportWarning",
    "Exporter",
    "exporters",
    "from_minari",
    "from_osworld",
    "to_mdp_dataset",
    "to_replay_buffer",
    "to_tensordict",
    "to_torchrl",
]
