"""Deep linking at Canvas: what each placement takes, the settings a request carries, and the strict reading of a response."""
import math
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, current_app, g, jsonify, render_template, request

from ..claims import DEEP_LINKING, LTI
from ..guards import course_or_404, require_teacher
from ..keys import KeysetUnavailable, TokenRefused, decode_unverified, read_sealed, seal

blueprint = Blueprint("canvas_placements", __name__)
RETURN_SECONDS = 3600
ANY = ("link", "file", "html", "ltiResourceLink", "image")


@dataclass(frozen=True)
class Placement:
    accepts: tuple = ("ltiResourceLink",)
    is_multiple: bool = False
    takes_line_item: bool = False
    makes_assignment: bool = False
    auto_create: bool = False


PLACEMENTS = {
    "assignment_selection": Placement(takes_line_item=True, makes_assignment=True),
    "link_selection": Placement(is_multiple=True, takes_line_item=True),
    "course_assignments_menu": Placement(is_multiple=True, takes_line_item=True, makes_assignment=True),
    "module_index_menu_modal": Placement(is_multiple=True, takes_line_item=True, auto_create=True),
    "module_menu_modal": Placement(is_multiple=True, takes_line_item=True, auto_create=True),
    "submission_type_selection": Placement(),
    "collaboration": Placement(),
    "editor_button": Placement(accepts=ANY, is_multiple=True),
    "homework_submission": Placement(accepts=("file", "ltiResourceLink")),
    "migration_selection": Placement(accepts=("file",)),
    "conference_selection": Placement(accepts=("link", "html")),
}


class ResponseRefused(Exception):
    """The reason goes out as JSON, in the frame."""


def settings(school, course, placement):
    rules, data = PLACEMENTS[placement], secrets.token_hex(24)
    query = seal(school.secret, {"placement": placement, "course": course.id, "data": data, "exp": school.now() + RETURN_SECONDS})
    return {"deep_link_return_url": f"{school.public_url}/courses/{course.id}/deep_linking_response?{urlencode({'data': query})}",
            "accept_types": list(rules.accepts), "accept_presentation_document_targets": ["iframe", "window"],
            "accept_media_types": "application/vnd.ims.lti.v1.ltilink" if rules.accepts == ("ltiResourceLink",) else "*/*",
            "auto_create": rules.auto_create, "accept_multiple": rules.is_multiple, "accept_lineitem": rules.takes_line_item,
            "data": data, "validation_context": None, "errors": {"errors": {}}}


@blueprint.post("/courses/<int:course_id>/deep_linking_response")
def response(course_id):
    """Takes the tool's response. Runs without the lock, since it may fetch the tool's keys."""
    school = current_app.school
    course = course_or_404(school, course_id)
    require_teacher(school, course)
    try:
        expected = read_sealed(school.secret, request.args.get("data", ""))
        if expected is None or expected["course"] != course.id or expected["exp"] < school.now():
            raise ResponseRefused("The data parameter is missing, invalid or expired")
        claims = verified(school, request.form.get("JWT", ""), expected)
        rules = PLACEMENTS[expected["placement"]]
        items = [form(rules, item) for item in wanted_items(rules, claims)]
    except ResponseRefused as problem:
        return jsonify(errors={"errors": {"jwt": [{"message": str(problem)}]}}), 400
    with school.lock:
        g.session.chosen_items = items
        return render_template("chosen.html", course=course, items=items, message=claims.get(DEEP_LINKING + "msg"),
                               error=claims.get(DEEP_LINKING + "errormsg"))


def verified(school, token, expected):
    tool, parts = school.tool, decode_unverified(token)
    if parts is None:
        raise ResponseRefused("JWT format is incorrect")
    try:
        claims = school.tool_keys.verify(token, tool)
    except (TokenRefused, KeysetUnavailable) as problem:
        raise ResponseRefused(str(problem)) from problem
    now, audience = school.now(), claims.get("aud")
    checks = {
        "the 'iss' is invalid": claims.get("iss") == tool.client_id,
        "the 'aud' is invalid": school.issuer in (audience if isinstance(audience, list) else [audience]),
        "the 'exp' is missing or past": is_time(claims.get("exp")) and claims["exp"] > now,
        "the 'iat' is missing or out of range": is_time(claims.get("iat")) and now - 300 <= claims["iat"] <= now + 30,
        "the 'azp' is invalid": claims.get("azp", tool.client_id) == tool.client_id,
        "the deployment_id is invalid": claims.get(LTI + "deployment_id") == tool.deployment_id,
        "the message_type is invalid": claims.get(LTI + "message_type") == "LtiDeepLinkingResponse",
        "the version is invalid": claims.get(LTI + "version") == "1.3.0",
        "the data was not returned": claims.get(DEEP_LINKING + "data") == expected["data"],
        "the 'nonce' is missing or was used": bool(claims.get("nonce")) and school.take_once("nonce", claims["nonce"])}
    for problem, holds in checks.items():
        if not holds:
            raise ResponseRefused(problem)
    return claims


def is_time(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def wanted_items(rules, claims):
    items = claims.get(DEEP_LINKING + "content_items") or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ResponseRefused("content_items is no list of objects")
    if len(items) > 1 and not rules.is_multiple:
        raise ResponseRefused("this placement takes one item")
    for item in items:
        if item.get("type") not in rules.accepts:
            raise ResponseRefused(f"the type {item.get('type')!r} is not accepted here")
    return items


def form(rules, item):
    """A content item as what "Save" makes of it. Custom values must be strings; a line item needs its maximum."""
    parameters, line_item = item.get("custom") or {}, item.get("lineItem")
    if not isinstance(parameters, dict) or not all(isinstance(v, str) for v in parameters.values()):
        raise ResponseRefused("custom is no object of strings")
    maximum = None
    if line_item is not None and rules.takes_line_item:
        maximum = line_item.get("scoreMaximum") if isinstance(line_item, dict) else None
        if not is_time(maximum) or not math.isfinite(maximum) or maximum <= 0:
            raise ResponseRefused("lineItem.scoreMaximum is missing or no positive number")
    line_item = line_item if isinstance(line_item, dict) else {}
    return {"name": str(item.get("title") or current_app.school.tool.name), "intro": str(item.get("text") or ""),
            "toolurl": str(item.get("url") or ""), "grade": maximum, "resource_id": str(line_item.get("resourceId") or ""),
            "tag": str(line_item.get("tag") or ""), "custom": parameters,
            "published": not (maximum is not None and rules.makes_assignment)}
