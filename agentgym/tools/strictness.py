"""What a type says of keys that it does not know: none is taken where it says nothing."""

from __future__ import annotations

import inspect
from typing import Any

__all__ = ["closed", "schema_of", "validator_of"]

_NOT_SCHEMAS = frozenset({"cls", "config", "default", "expected", "function", "members", "metadata", "serialization"})
_BY_NAME = frozenset({"choices", "fields"})
_KEYED = frozenset({"dataclass", "model", "typed-dict"})
_BEHAVIOUR = "extra_fields_behavior"


def closed(schema: Any) -> Any:
    """A copy of a schema of pydantic's core, of which models, dataclasses and typed dicts refuse what they do not know.

    Those whose configuration says what becomes of it stay as they are.
    """
    if isinstance(schema, list | tuple):
        return type(schema)(closed(one) for one in schema)
    if not isinstance(schema, dict):
        return schema
    copied = {key: _part(key, one) for key, one in schema.items()}
    if copied.get("type") not in _KEYED or "cls" not in copied:
        return copied
    # A typed dict that says nothing is made to ignore, but for what PEP 728 lets it say.
    by_itself = "allow" if copied.get("extra_behavior") == "allow" else "forbid"
    copied["config"] = {_BEHAVIOUR: by_itself, **copied.get("config", {})}
    if copied["type"] == "typed-dict":
        copied["extra_behavior"] = copied["config"][_BEHAVIOUR]
    return copied


def _part(key: str, part: Any) -> Any:
    if key in _NOT_SCHEMAS:
        return part
    if key in _BY_NAME and isinstance(part, dict):
        return {name: closed(one) for name, one in part.items()}
    return closed(part)


def validator_of(schema: Any) -> Any:
    """What reads JSON by a schema of pydantic's core."""
    from pydantic_core import SchemaValidator

    # From pydantic 2.11 on, a model's own validator stands in for what the schema says of the model.
    own: dict[str, Any] = (
        {"_use_prebuilt": False} if "_use_prebuilt" in inspect.signature(SchemaValidator).parameters else {}
    )
    return SchemaValidator(schema, **own)


def schema_of(schema: Any) -> dict[str, Any]:
    """The JSON Schema of a schema of pydantic's core, which says where no other key is taken."""
    from pydantic.json_schema import GenerateJsonSchema

    class Generator(GenerateJsonSchema):
        def model_schema(self, schema: Any) -> Any:
            return _told(super().model_schema(schema), schema)

        def dataclass_schema(self, schema: Any) -> Any:
            return _told(super().dataclass_schema(schema), schema)

        def typed_dict_schema(self, schema: Any) -> Any:
            return _told(super().typed_dict_schema(schema), schema)

    found: dict[str, Any] = Generator().generate(schema)
    return found


def _told(found: dict[str, Any], schema: Any) -> dict[str, Any]:
    forbids = schema.get("config", {}).get(_BEHAVIOUR) == "forbid" and not schema.get("root_model")
    return {**found, "additionalProperties": False} if forbids and "$ref" not in found else found
