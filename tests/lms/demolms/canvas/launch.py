"""OpenID Connect third-party login as Canvas does it: the launch pages, authorize_redirect, authorize, the key set."""
import json
import secrets
from urllib.parse import urlencode

from flask import Blueprint, current_app, g, redirect, render_template, request

from ..guards import MoodleError, course_or_404, logged_in, require_entry, require_teacher
from ..keys import read_sealed, seal
from ..launch import post_form
from ..storage import storage_target
from . import claims, ids, placements

blueprint = Blueprint("canvas_launch", __name__)
HINT_SECONDS = 300
NEEDED = ("scope", "response_type", "response_mode", "prompt", "client_id", "redirect_uri", "login_hint", "nonce")
FIXED = {"scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none"}


@blueprint.get("/api/lti/security/jwks")
def jwks():
    school = current_app.school
    if school.quirks.jwks_down:
        return "<html><body><h1>503 Service Unavailable</h1></body></html>", 503
    keys = [key.public() for key in (school.key, school.past_key) if key]
    reply = current_app.response_class(json.dumps({"keys": keys}), content_type="application/json; charset=utf-8")
    reply.headers["Cache-Control"] = "public, max-age=864000"
    return reply


def entered_course(course_id):
    course = course_or_404(current_app.school, course_id)
    logged_in()
    require_entry(current_app.school, course)
    return course


@blueprint.get("/courses/<int:course_id>/external_tools/<int:tool_id>")
def navigation(course_id, tool_id):
    """The tool in the course's menu."""
    school, course = current_app.school, entered_course(course_id)
    if tool_id != school.tool.type_id:
        raise MoodleError("Couldn't find valid settings for this link")
    link = next((a for a in school.activities_of(course) if a.is_navigation), None)
    return login_initiation(school, course, {"instance": link.instance if link else None, "placement": "course_navigation"},
                            school.tool.launch_url)


@blueprint.get("/courses/<int:course_id>/external_tools/retrieve")
def retrieve(course_id):
    """A link in a module or an assignment."""
    school, course = current_app.school, entered_course(course_id)
    link = ids.find_link(school, course, request.args.get("resource_link_lookup_uuid", ""))
    if link is None:
        raise MoodleError("Couldn't find valid settings for this link")
    return login_initiation(school, course, {"instance": link.instance, "placement": None}, link.tool_url or school.tool.launch_url)


@blueprint.get("/courses/<int:course_id>/external_tools/<int:tool_id>/resource_selection")
def resource_selection(course_id, tool_id):
    """A placement with deep linking."""
    school, course = current_app.school, entered_course(course_id)
    require_teacher(school, course)
    placement = request.args.get("launch_type", "")
    if tool_id != school.tool.type_id or placement not in placements.PLACEMENTS:
        raise MoodleError("Couldn't find valid settings for this link")
    return login_initiation(school, course, {"instance": None, "placement": placement, "deep_link": True}, school.tool.launch_url)


def login_initiation(school, course, pending, target):
    verifier = secrets.token_hex(64)
    pending |= {"course": course.id, "window": "window" if request.args.get("window") else "iframe"}
    g.session.launches[verifier] = pending
    fields = {"iss": school.issuer, "login_hint": ids.user(school, g.user), "client_id": school.tool.client_id,
              "lti_deployment_id": school.tool.deployment_id, "target_link_uri": target,
              "lti_message_hint": message_hint(school, course, verifier), "canvas_environment": "prod",
              "canvas_region": "us-east-1", "deployment_id": school.tool.deployment_id}
    if school.quirks.storage != "off":
        fields["lti_storage_target"] = storage_target(school)
    return post_form("external_tool_form", school.tool.login_url, fields)


def message_hint(school, course, verifier):
    """A long signed token that must come back as it is."""
    return seal(school.secret, {
        "verifier": verifier, "canvas_domain": school.public_url.partition("://")[2], "context_type": "Course",
        "context_id": 10_000_000_000_000 + course.id, "canvas_locale": "en", "include_storage_target": school.quirks.storage != "off",
        "return_url": f"{school.public_url}/courses/{course.id}/external_content/success/external_tool_redirect",
        "trace": secrets.token_hex(256), "iat": school.now(), "exp": school.now() + HINT_SECONDS})


@blueprint.route("/api/lti/authorize_redirect", methods=["GET", "POST"])
def authorize_redirect():
    """One address for every school; the hint says which one is meant."""
    school = current_app.school
    if read_sealed(school.secret, request.values.get("lti_message_hint", "")) is None:
        return render_template("error.html", message="The message hint is missing or invalid."), 400
    return redirect(f"{school.public_url}/api/lti/authorize?{urlencode(request.values.to_dict())}")


@blueprint.get("/api/lti/authorize")
def authorize():
    school, sent = current_app.school, request.args
    tool = school.registrations.get(sent.get("client_id", ""))
    if tool is None or not is_registered(tool, sent.get("redirect_uri", "")):
        return render_template("error.html", message="redirect_uri and client_id are not those of a developer key."), 400
    answer = refusal(school, tool, sent)
    if answer is None:
        answer = launch_or_refusal(school, sent)
    if school.quirks.storage != "off":
        answer["lti_storage_target"] = storage_target(school)
    return post_form("lti_form", sent["redirect_uri"], {**answer, "state": sent.get("state", "")})


def is_registered(tool, wanted):
    """An exact match; a query is tolerated when the registered address has none."""
    return any(wanted == uri or ("?" not in uri and wanted.partition("?")[0] == uri) for uri in tool.redirect_uris)


def error(code, description):
    return {"error": code, "error_description": description}


def refusal(school, tool, sent):
    missing = [name for name in NEEDED if not sent.get(name)]
    if missing:
        return error("invalid_request_object", f"The following parameters are missing: {','.join(missing)}")
    for name, value in FIXED.items():
        if sent[name] != value:
            return error("invalid_request_object", f"The '{name}' must be '{value}'")
    if not tool.is_active or tool is not school.tool:
        return error("unauthorized_client", "Client not authorized in requested context")
    if g.user is None or sent["login_hint"] != ids.user(school, g.user):
        return error("login_required", "Must have an active user session")
    return None


def launch_or_refusal(school, sent):
    hint = read_sealed(school.secret, sent.get("lti_message_hint", "")) or {}
    pending = g.session.launches.pop(hint.get("verifier"), None)
    if pending is None or hint["exp"] < school.now():
        return error("launch_no_longer_valid", "The launch has either expired or already been consumed")
    course = school.courses[pending["course"]]
    require_entry(school, course)
    settings = None
    if pending.get("deep_link"):
        require_teacher(school, course)
        settings = placements.settings(school, course, pending["placement"])
    built = claims.build(school, course, g.user, sent["nonce"], link=school.link(pending["instance"]), window=pending["window"],
                         placement=pending["placement"], deep_link=settings)
    return {"id_token": school.key.sign(built)}


@blueprint.get("/courses/<int:course_id>/external_content/success/external_tool_redirect")
def come_back(course_id):
    messages = {kind: request.args[kind] for kind in ("lti_msg", "lti_errormsg") if request.args.get(kind)}
    return render_template("return.html", course=entered_course(course_id), messages=messages)
