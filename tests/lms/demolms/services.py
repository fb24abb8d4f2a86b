"""What AGS and NRPS share: bearer tokens, the media type rule, Moodle's error object."""
from dataclasses import dataclass

from flask import Response, request

from .phpjson import php_json


class ServiceError(Exception):
    def __init__(self, status, reason):
        super().__init__(reason)
        self.status, self.reason = status, reason


@dataclass(frozen=True)
class Resource:
    """One row of the dispatch table. GET compares Accept, the others Content-Type, with `formats`;
    `any_accepts` says whether the wildcard that curl sends is taken."""
    formats: tuple
    methods: dict
    any_accepts: bool = True


def wire(text):
    """UTF-8 bytes in the one-byte strings WSGI wants for header lines."""
    return text.encode().decode("latin-1")


def media_type_fits(resource):
    if request.method == "DELETE":
        return True
    if request.method == "GET":
        accept = request.headers.get("Accept")
        return not accept or accept in resource.formats or (resource.any_accepts and "*/*" in accept)
    return request.headers.get("Content-Type", "").split(";")[0].strip() in resource.formats


def dispatch(resource, path):
    """The handler for this request; 400 for a wrong media type comes before 405 for a wrong method."""
    if not media_type_fits(resource):
        sent = request.headers.get("Accept" if request.method == "GET" else "Content-Type", "")
        raise ServiceError(400, f"No handler found for {path} {sent}")
    handler = resource.methods.get(request.method)
    if handler is None:
        raise ServiceError(405, "Method Not Allowed")
    return handler


def require_scope(school, scopes, type_id=None):
    """A live token that has one of the scopes, for this tool's type."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    held = school.tokens.get(token.strip()) if scheme.lower() == "bearer" else None
    wrong_type = type_id is not None and str(type_id) != str(school.tool.type_id)
    if held is None or held["expires"] <= school.now() or wrong_type or not set(held["scopes"]) & set(scopes):
        raise ServiceError(401, "Unauthorized")


def json_reply(value, content_type, status=200, escape_slashes=True, link=None):
    reply = Response(php_json(value, escape_slashes), status, content_type=content_type)
    if link:
        reply.headers["Link"] = wire(link)
    return reply


def error_reply(error):
    """The reason is the HTTP reason phrase too, whatever it holds."""
    body = {"status": error.status, "reason": error.reason,
            "request": {"method": request.method, "url": request.full_path.rstrip("?"),
                        "accept": request.headers.get("Accept", ""),
                        "contentType": request.headers.get("Content-Type", "")}}
    reply = Response(php_json(body), content_type="application/json")
    reply.status = wire(f"{error.status} {error.reason}")
    return reply


def page_of(rows):
    """(rows asked for by limit and from, limit, offset); without limit everything, and `from` is ignored."""
    limit = request.args.get("limit", 0, type=int)
    if limit <= 0:
        return rows, 0, 0
    offset = max(0, request.args.get("from", 0, type=int))
    return rows[offset:offset + limit], limit, offset
