"""What Canvas's services share: access tokens, bearer checks, error objects, Link headers."""
import secrets
import urllib.parse

from flask import Blueprint, Response, current_app, jsonify, request

from ..keys import KeysetUnavailable, TokenRefused, decode_unverified, seal
from . import claims, oauth

blueprint = Blueprint("canvas_token", __name__)
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LIFETIME_SECONDS = 3600
NEEDED_CLAIMS = ("iss", "sub", "aud", "exp", "iat", "jti")
IAT_OLD_SECONDS, IAT_AHEAD_SECONDS = 300, 30


class Refused(Exception):
    def __init__(self, status, message, kind=None):
        super().__init__(message)
        self.status, self.message = status, message
        self.kind = kind or {401: "unauthorized", 412: "precondition_failed", 422: "unprocessable_entity"}.get(status, "bad_request")


def refuse(problem):
    return jsonify(errors={"type": problem.kind, "message": problem.message}), problem.status


def guarded(view):
    """Runs one service call: the status switch, then `view(school)`, refusals as JSON."""
    school = current_app.school
    if school.quirks.services_status:
        return Response("<html><body><h1>Trouble</h1></body></html>", school.quirks.services_status)
    try:
        return view(school)
    except Refused as problem:
        return refuse(problem)


def require_scope(school, *scopes):
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    held = school.tokens.get(token.strip()) if scheme.lower() == "bearer" else None
    if held is None or held["expires"] <= school.now() or not set(scopes) & set(held["scopes"]):
        raise Refused(401, "Unauthorized")


def link_header(total, limit, page):
    """Canvas keeps every filter in its links."""
    last = max(1, -(-total // limit))
    kept = {name: value for name, value in request.args.items() if name not in ("page", "per_page", "limit")}
    base = current_app.school.service_url + request.path

    def entry(rel, number):
        return f'<{base}?{urllib.parse.urlencode({**kept, "page": number, "per_page": limit})}>; rel="{rel}"'
    entries = [entry("current", page)]
    if page < last:
        entries.append(entry("next", page + 1))
    if page > 1:
        entries.append(entry("prev", page - 1))
    return ",".join([*entries, entry("first", 1), entry("last", last)])


def page_of(rows, default, most):
    """(the rows of this page, the Link header). Larger limits are clamped in silence."""
    asked = request.args.get("limit", type=int) or request.args.get("per_page", type=int) or default
    limit, page = min(max(1, asked), most), max(1, request.args.get("page", 1, type=int))
    return rows[(page - 1) * limit:page * limit], link_header(len(rows), limit, page)


def oauth_error(code, description, status=400):
    return jsonify(error=code, error_description=description), status


@blueprint.post("/login/oauth2/token")
def issue():
    """Runs without the lock: it may fetch the tool's keys."""
    school, form = current_app.school, request.form
    if school.quirks.token_status:
        return Response("<html><body><h1>Service unavailable</h1></body></html>", school.quirks.token_status)
    if form.get("grant_type") in oauth.GRANTS:
        return oauth.issue(school, form)
    if form.get("grant_type") != "client_credentials":
        return oauth_error("unsupported_grant_type", "The grant_type you requested is not currently supported by Canvas")
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        return oauth_error("invalid_request", "assertion method not supported for this grant_type")
    parts = decode_unverified(form.get("client_assertion", ""))
    tool = school.registrations.get(parts[1].get("sub")) if parts and isinstance(parts[1].get("sub"), str) else None
    if tool is None or not tool.is_active:
        return oauth_error("invalid_client", "invalid client", 401)
    problem = assertion_problem(school, tool, form["client_assertion"], parts[1])
    if problem:
        return oauth_error("invalid_request", problem)
    return grant(school, form.get("scope", "").split())


def assertion_problem(school, tool, token, told):
    """Canvas compares `aud` with the token URL itself, wants numbers as numbers, and each `jti` once."""
    missing = [name for name in NEEDED_CLAIMS if name not in told]
    if missing:
        return f"the following assertions are missing: {','.join(missing)}"
    audience = told["aud"] if isinstance(told["aud"], list) else [told["aud"]]
    if school.endpoint("token") not in audience:
        return "the 'aud' is invalid"
    if told["iss"] != told["sub"]:
        return "the 'iss' and 'sub' must be the client id"
    now = school.now()
    for name in ("exp", "iat"):
        if isinstance(told[name], bool) or not isinstance(told[name], (int, float)):
            return f"the '{name}' must be a number"
    if told["exp"] <= now:
        return "the JWT has expired"
    if told["iat"] < now - IAT_OLD_SECONDS:
        return "the 'iat' must be less than 300 seconds old"
    if told["iat"] > now + IAT_AHEAD_SECONDS:
        return "the 'iat' must not be in the future"
    try:
        school.tool_keys.verify(token, tool)
    except (TokenRefused, KeysetUnavailable) as refused:
        return str(refused)
    if not isinstance(told["jti"], str) or not told["jti"] or not school.take_once("jti", told["jti"]):
        return "the 'jti' is invalid"
    return None


def grant(school, wanted):
    """All of the scopes or nothing."""
    if not wanted or not set(wanted) <= set(claims.permitted_scopes(school)):
        return oauth_error("invalid_scope", "A requested scope is invalid, unknown, malformed, or exceeds the scope granted "
                                            "by the resource owner. The following scopes were requested, but not granted: "
                                            + " ".join(sorted(set(wanted) - set(claims.permitted_scopes(school)))))
    with school.lock:
        expires = school.now() + LIFETIME_SECONDS
        token = seal(school.secret, {"sub": school.tool.client_id, "exp": expires, "jti": secrets.token_hex(16), "scopes": " ".join(wanted)})
        school.tokens[token] = {"scopes": wanted, "expires": expires}
    return jsonify(access_token=token, token_type="Bearer", expires_in=LIFETIME_SECONDS, scope=" ".join(wanted))
