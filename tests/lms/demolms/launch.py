"""OpenID Connect third-party login as Moodle's mod/lti does it: launch.php, auth.php, certs.php,
return.php and the two deep-linking pages."""
import json
import secrets

from flask import Blueprint, current_app, g, redirect, render_template, request

from . import claims
from .guards import MoodleError, check_sesskey, course_or_404, logged_in, require_entry, require_teacher
from .keys import KeysetUnavailable, TokenRefused, decode_unverified
from .storage import storage_target

blueprint = Blueprint("launch", __name__)
INVALID = "Invalid request"


@blueprint.get("/mod/lti/certs.php")
def certs():
    school = current_app.school
    if school.quirks.jwks_down:
        return "<html><body><h1>503 Service Unavailable</h1></body></html>", 503
    return current_app.response_class(json.dumps({"keys": [school.key.public()]}),
                                      content_type="application/json; charset=utf-8")


@blueprint.get("/mod/lti/launch.php")
def start():
    """Checks nothing but the session: whoever may not enter the course is turned away at auth.php."""
    school = current_app.school
    logged_in()
    activity = school.activities.get(request.args.get("id", type=int))
    if activity is None or activity.kind != "lti":
        raise MoodleError("Invalid course module ID")
    window = "window" if request.args.get("newwindow") else "iframe"
    pending = {"cmid": activity.cmid, "window": window}
    return login_initiation(school, pending, activity.instance, activity.cmid, activity.tool_url)


@blueprint.get("/mod/lti/contentitem.php")
def content_item():
    school = current_app.school
    course = course_or_404(school, request.args.get("course", type=int))
    require_teacher(school, course)
    if request.args.get("id", type=int) != school.tool.type_id:
        raise MoodleError("Can't find data record in database table lti_types.")
    return login_initiation(school, {"cmid": 0, "course": course.id}, "", 0, "")


def login_initiation(school, pending, instance, cmid, tool_url):
    if not school.tool.is_active:
        raise MoodleError("This tool is not active yet.")
    if school.quirks.version == "4.5":
        launch_id = f"ltilaunch{instance}_{secrets.randbelow(100_000_000)}"
        g.session.launches[launch_id] = pending
        hint = json.dumps({"cmid": cmid, "launchid": launch_id}, separators=(",", ":"))
    else:
        g.session.single_slot = pending
        hint = str(cmid)
    fields = {"iss": school.issuer, "target_link_uri": tool_url or school.tool.launch_url,
              "login_hint": str(g.user.id), "lti_message_hint": hint,
              "client_id": school.tool.client_id, "lti_deployment_id": school.tool.deployment_id}
    if school.quirks.storage != "off":
        fields["lti_storage_target"] = storage_target(school)
    return post_form("ltiInitiateLoginForm", school.tool.login_url, fields)


def post_form(name, action, fields):
    return render_template("post_form.html", name=name, action=action, fields=fields)


@blueprint.route("/mod/lti/auth.php", methods=["GET", "POST"])
def authenticate():
    """The authentication request. The order of the checks decides which mistakes the tool hears about:
    everything before the client is known ends in an HTML page."""
    school = current_app.school
    sent = request.values
    if g.user is None:
        if sent.get("repost"):
            return redirect("/", 303)
        return post_form("ltiRepostForm", "/mod/lti/auth.php", {**sent.to_dict(), "repost": "true"})
    needed = ("scope", "response_type", "client_id", "redirect_uri", "login_hint", "nonce")
    if not all(sent.get(name) for name in needed):
        raise MoodleError(INVALID)
    if sent["scope"] != "openid" or sent["response_type"] != "id_token":
        raise MoodleError(INVALID)
    pending, column_link = take_pending(school, sent.get("lti_message_hint", ""))
    if pending is None or sent["redirect_uri"] not in school.tool.redirect_uris:
        raise MoodleError(INVALID)

    answer = refusal(school, sent)
    if not answer:
        answer = {"id_token": signed_launch(school, pending, column_link, sent["nonce"])}
        if school.quirks.storage != "off":
            answer["lti_storage_target"] = storage_target(school)
    return post_form("ltiAuthForm", sent["redirect_uri"], {**answer, "state": sent.get("state", "")})


def refusal(school, sent):
    if sent["client_id"] != school.tool.client_id:
        return {"error": "unauthorized_client"}
    if sent["login_hint"] != str(g.user.id):
        return {"error": "access_denied"}
    if sent.get("response_mode") != "form_post":
        return {"error": "invalid_request", "error_description": "Invalid response_mode"}
    if sent.get("prompt", "none") != "none":
        return {"error": "invalid_request", "error_description": "Invalid prompt"}
    return None


def take_pending(school, hint):
    """(the launch this hint stands for, the activity whose column will be announced); single use.
    4.1 keeps one launch for the whole session and takes the column from the hint, whatever that says."""
    session = g.session
    if school.quirks.version != "4.5":
        pending, session.single_slot = session.single_slot, None
        named = school.activities.get(int(hint)) if hint.isdecimal() else None
        return pending, named if named and named.kind == "lti" else None
    try:
        parsed = json.loads(hint)
        pending = session.launches.get(parsed["launchid"])
    except (ValueError, TypeError, KeyError):
        return None, None
    if pending is None or hint != json.dumps({"cmid": pending["cmid"], "launchid": parsed["launchid"]}, separators=(",", ":")):
        return None, None
    del session.launches[parsed["launchid"]]
    return pending, school.activities.get(pending["cmid"])


def signed_launch(school, pending, column_link, nonce):
    sesskey = g.session.sesskey
    if not pending["cmid"]:
        course = school.courses[pending["course"]]
        require_teacher(school, course)
        settings = claims.deep_linking_settings(school, course, sesskey)
        return school.key.sign(claims.build(school, course, g.user, nonce, deep_link=settings))
    link = school.activities.get(pending["cmid"])
    if link is None:
        raise MoodleError("Invalid course module ID")
    course = school.courses[link.course_id]
    require_entry(school, course)
    return school.key.sign(claims.build(school, course, g.user, nonce, link=link, line_item_link=column_link,
                                        window=pending["window"], sesskey=sesskey))


@blueprint.get("/mod/lti/return.php")
def come_back():
    school = current_app.school
    course = course_or_404(school, request.args.get("course", type=int))
    require_entry(school, course)
    check_sesskey()
    messages = {kind: request.args[kind] for kind in ("lti_msg", "lti_errormsg") if request.args.get(kind)}
    return render_template("return.html", course=course, messages=messages)


@blueprint.route("/mod/lti/contentitem_return.php", methods=["GET", "POST"])
def content_item_return():
    """Takes the tool's deep-linking response. Runs without the lock, since it may fetch the tool's keys."""
    school = current_app.school
    if g.user is None:
        if request.values.get("repost"):
            return redirect("/", 303)
        return post_form("ltiRepostForm", request.full_path, {**request.form.to_dict(), "repost": "true"})
    course = course_or_404(school, request.values.get("course", type=int))
    require_teacher(school, course)
    check_sesskey()
    token = request.values.get("JWT")
    if token is None:
        raise MoodleError("A required parameter (oauth_consumer_key) was missing")
    response = verified_response(school, token)
    items = [i for i in response.get(claims.DEEP_LINKING + "content_items") or [] if isinstance(i, dict)]
    with school.lock:
        g.session.chosen_items = [activity_form(school, item) for item in items]
        return render_template("chosen.html", course=course, items=g.session.chosen_items,
                               message=response.get(claims.DEEP_LINKING + "msg"),
                               error=response.get(claims.DEEP_LINKING + "errormsg"))


def verified_response(school, token):
    parts = decode_unverified(token)
    if parts is None:
        return {}
    if parts[1].get("iss") != school.tool.client_id:
        raise MoodleError("Consumer key is incorrect.")
    try:
        return school.tool_keys.verify(token, school.tool)
    except (TokenRefused, KeysetUnavailable) as problem:
        raise MoodleError(str(problem)) from problem


def activity_form(school, item):
    """A content item as the fields of Moodle's activity form."""
    line_item = item.get("lineItem") if isinstance(item.get("lineItem"), dict) else None
    parameters = item.get("custom") if isinstance(item.get("custom"), dict) else {}
    try:
        maximum = float((line_item or {}).get("scoreMaximum", 100))
    except (TypeError, ValueError):
        maximum = 100.0
    lines = "\n".join(f"{name}={value}" for name, value in parameters.items())
    return {"name": str(item.get("title") or school.tool.name),
            "intro": str(item.get("text") or item.get("html") or ""),
            "toolurl": str(item.get("url") or ""),
            "grade": maximum if line_item else None,
            "resource_id": str((line_item or {}).get("resourceId", "")),
            "tag": str((line_item or {}).get("tag", "")),
            "custom": dict(line.split("=", 1) for line in lines.split("\n") if "=" in line)}
