"""POST /mod/lti/token.php: client credentials with a signed assertion. JSON that calls itself HTML, as Moodle's does."""
import secrets

from flask import Blueprint, Response, current_app, request

from . import claims
from .keys import KeysetUnavailable, TokenRefused, decode_unverified
from .guards import MoodleError

blueprint = Blueprint("token", __name__)
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME_SECONDS = 3600
NEEDED = ("grant_type", "client_assertion_type", "client_assertion", "scope")


def answer(body, status=200):
    return Response(body, status, content_type="text/html; charset=utf-8")


def refuse(error):
    """Moodle pastes the text between quotes without escaping, so this may not be JSON at all."""
    return answer('{"error" : "%s"}' % error, 400)


@blueprint.route("/mod/lti/token.php", methods=["GET", "POST"])
def issue():
    school = current_app.school
    if school.quirks.token_status:
        return answer("<html><body><h1>Service unavailable</h1></body></html>", school.quirks.token_status)
    form = request.form
    if request.method != "POST" or request.mimetype != "application/x-www-form-urlencoded" \
            or not all(form.get(name) for name in NEEDED):
        return refuse("invalid_request")
    if form["grant_type"] != "client_credentials" or form["client_assertion_type"] != ASSERTION_TYPE:
        return refuse("unsupported_grant_type")
    parts = decode_unverified(form["client_assertion"])
    if parts is None or not parts[1].get("sub"):
        return refuse("invalid_request")
    tool = school.registrations.get(parts[1]["sub"])
    if tool is None:
        return refuse("invalid_client")
    try:
        school.tool_keys.verify(form["client_assertion"], tool)
    except TokenRefused as problem:
        return refuse(str(problem))
    except KeysetUnavailable as problem:
        raise MoodleError(str(problem)) from problem
    with school.lock:
        return grant(school, form["scope"].split())


def grant(school, wanted):
    permitted = claims.permitted_ags_scopes(school) + ([claims.NRPS_SCOPE] if school.quirks.nrps else [])
    scopes = [scope for scope in dict.fromkeys(wanted) if scope in permitted]
    if not scopes:
        return refuse("invalid_scope")
    token = secrets.token_hex(16)
    school.tokens[token] = {"scopes": scopes, "expires": school.now() + LIFETIME_SECONDS}
    return answer('{\n  "access_token" : "%s",\n  "token_type" : "Bearer",\n  "expires_in" : %d,\n  "scope" : "%s"\n}\n'
                  % (token, LIFETIME_SECONDS, " ".join(scopes)))
