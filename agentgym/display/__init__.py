"""What notebooks show of environments and recordings: HTML that needs nothing beside itself."""

from agentgym.display.chart import terms_chart
from agentgym.display.elements import Html, card, element, table
from agentgym.display.film import Frame, film
from agentgym.display.ipython import environment_html, show_environments
from agentgym.display.pictures import Picture, image, picture_in

__all__ = [
    "Frame",
    "Html",
    "Picture",
    "card",
    "element",
    "environment_html",
    "film",
    "image",
    "picture_in",
    "show_environments",
    "table",
    "terms_chart",
]
