"""JSON as PHP writes it: compact, slashes and everything beyond ASCII escaped, whole numbers without a point."""
import json


DEEP = frozenset((float, dict, list, tuple))    # everything else stays as it is: most of a large answer


def plain_numbers(value):
    kind = type(value)
    if kind is float:
        return int(value) if value.is_integer() else value
    if kind is dict:
        return {k: plain_numbers(v) if type(v) in DEEP else v for k, v in value.items()}
    if kind in (list, tuple):
        return [plain_numbers(v) if type(v) in DEEP else v for v in value]
    return value


def php_json(value, escape_slashes=True):
    text = json.dumps(plain_numbers(value), separators=(",", ":"))
    return text.replace("/", "\\/") if escape_slashes else text
