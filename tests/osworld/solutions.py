"""All tasks of OSWorld's that are solved here, by domain. A new domain is a module of `oracles` and a line below."""

from __future__ import annotations

from collections.abc import Mapping

from tests.osworld.oracles import (
    chrome,
    gimp,
    libreoffice_calc,
    libreoffice_impress,
    libreoffice_writer,
    multi_apps,
    thunderbird,
    ubuntu,
    vlc,
)
from tests.osworld.solution import Solution

__all__ = ["SOLUTIONS"]

SOLUTIONS: Mapping[str, tuple[Solution, ...]] = {
    "chrome": chrome.SOLUTIONS,
    "gimp": gimp.SOLUTIONS,
    "libreoffice_calc": libreoffice_calc.SOLUTIONS,
    "libreoffice_impress": libreoffice_impress.SOLUTIONS,
    "libreoffice_writer": libreoffice_writer.SOLUTIONS,
    "multi_apps": multi_apps.SOLUTIONS,
    "os": ubuntu.SOLUTIONS,
    "thunderbird": thunderbird.SOLUTIONS,
    "vlc": vlc.SOLUTIONS,
}
