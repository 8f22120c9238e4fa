"""What stands in paths, each described once."""

import re
from typing import Any

NAMES: dict[str, dict[str, Any]] = {
    "catalogue": {
        "description": "The catalogue's name: letters, digits and _ . -",
        "example": "shop",
        "schema": {"type": "string", "minLength": 1, "maxLength": 64},
    },
    "sku": {
        "description": "The product's SKU.",
        "example": "shoe-1",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    },
    "job_id": {
        "description": "The job.",
        "example": "018f6d3e-7c1a-7b6e-9d3c-2f4b5a6c7d8e",
        "schema": {"type": "string", "format": "uuid"},
    },
    "rank": {"description": "The hit's rank, from 1.", "example": 1, "schema": {"type": "integer", "minimum": 1}},
    "digest": {
        "description": "SHA-256 of the picture or recording, in hex.",
        "example": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    },
    "space_id": {"description": "The embedding space.", "example": 2, "schema": {"type": "integer", "minimum": 1}},
    "webhook_id": {"description": "The webhook.", "example": 1, "schema": {"type": "integer", "minimum": 1}},
    "prefix": {
        "description": "The key's first ten characters.",
        "example": "ts_4fJk2aQ",
        "schema": {"type": "string", "minLength": 1},
    },
}


def names_in(rule: str) -> list[str]:
    """The names in a rule such as `/jobs/<job_id>/hits/<int:rank>/heat`."""
    return re.findall(r"<(?:\w+:)?(\w+)>", rule)


def parameters(rule: str) -> list[dict[str, Any]]:
    """A rule's parameters in OpenAPI's words."""
    return [{"in": "path", "name": name, "required": True, **NAMES[name]} for name in names_in(rule)]
