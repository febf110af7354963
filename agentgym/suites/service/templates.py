"""Where a learner of numbers finds the arguments of the shop's tools, for `agentgym.wrappers.ToolTemplates`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["ORDERS", "TOOLS"]

TOOLS = ("shop", "ask_user", "submit")
"""What the families with typed tools have."""

ORDERS: Mapping[str, Any] = {
    "email": {"pattern": r"[\w.]+@[\w.]+", "most": 2},
    "question": ["What is your postcode?"],
    "postcode": {"pattern": r"[A-G]\d\d \d{3}", "most": 2},
    "customer_id": {"keys": ["customer_id"], "most": 2},
    "order_id": {"keys": ["order_id"]},
    "reference": {"keys": ["order_id"]},
    "amount_cents": {"keys": ["total_cents"], "of": "reference"},
    "reason": ["the customer asked for it"],
    "answer": ["done", "refused R2"],
}
"""For refunds of orders: forbidden calls can be made with them, too."""
