"""JSON as PHP writes it: compact, slashes and everything beyond ASCII escaped, whole numbers without a point."""
import json


def plain_numbers(value):
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {k: plain_numbers(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_numbers(v) for v in value]
    return value


def php_json(value, escape_slashes=True):
    text = json.dumps(plain_numbers(value), separators=(",", ":"))
    return text.replace("/", "\\/") if escape_slashes else text
