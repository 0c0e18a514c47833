"""Token Factory's model list, with entries in the shapes seen in its verbose form."""

import json
from typing import Any

from tests.support.server import Reply, status

FAST: dict[str, Any] = {
    "id": "meta-llama/Meta-Llama-3.1-8B-Instruct-fast",
    "name": "Meta-Llama-3.1-8B-Instruct (fast)",
    "created": 1750954196,
    "description": "",
    "context_length": 131072,
    "architecture": {"modality": "text->text", "tokenizer": "Other"},
    "quantization": "fp8",
    "pricing": {
        "prompt": "0.00000003",
        "completion": "0.00000009",
        "image": "0",
        "price_per_video_second": "0",
        "request": "0",
    },
    "per_request_limits": {"tokens_per_minute": 800000.0, "requests_per_minute": 1200.0, "burst_ratio": 1.0},
    "object": "model",
    "owned_by": "system",
}
TRIMMED: dict[str, Any] = {
    "id": "meta-llama/Llama-3.3-70B-Instruct",
    "name": "Llama-3.3-70B-Instruct",
    "created": 1781351620,
    "context_length": 131072,
    "architecture": {"modality": "text->text"},
    "quantization": "fp8",
    "regions": [{"country_code": "FI", "name": "eu-north1"}],
    "per_request_limits": {"requests_per_minute": 1200.0},
    "supported_features": ["tools"],
}
LIGHTNING: dict[str, Any] = {
    "id": "nvidia/Nemotron-3_5-Lightning",
    "name": "nemotron-3-5-lightning-v1-m",
    "created": 1787607375,
    "context_length": 1048576,
    "pricing": {"prompt": "0.00000006", "completion": "0.00000024", "input_cache_read": "0"},
    "per_request_limits": {"requests_per_minute": 600, "tokens_per_minute": 400000},
    "supported_features": ["tools", "json_mode", "structured_outputs", "reasoning"],
    "status": "active",
}
BASIC: dict[str, Any] = {
    "id": "openai/gpt-oss-120b",
    "created": 1787607375,
    "object": "model",
    "owned_by": "system",
}
ENTRIES = (FAST, TRIMMED, LIGHTNING, BASIC)
IDS = tuple(entry["id"] for entry in ENTRIES)


def model_list(*entries: Any, **headers: str) -> Reply:
    """Return the answer to GET /v1/models; it lists all entries above unless some are given."""
    body = {"object": "list", "data": list(entries or ENTRIES)}
    return status(200, json.dumps(body).encode(), **headers)
