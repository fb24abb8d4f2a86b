"""Moodle's dynamic registration: the start for an administrator, the configuration, the endpoint, activation."""
import secrets
import string
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, current_app, jsonify, redirect, request

from . import claims
from .guards import MoodleError, check_sesskey, require_administrator
from .keys import decode_unverified
from .state import ToolRegistration

blueprint = Blueprint("registration", __name__)
TOKEN_SECONDS = 3600
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
NAME_CLAIMS = {"name", "given_name", "family_name"}
VARIABLES = ["basic-lti-launch-request", "ContentItemSelectionRequest", "ToolProxyRegistrationRequest", "Context.id",
             "Context.title", "Context.label", "Context.sourcedId", "Context.id.history", "CourseSection.title",
             "CourseSection.label", "CourseSection.sourcedId", "ResourceLink.id", "ResourceLink.title",
             "ResourceLink.description", "User.id", "User.username", "Person.name.full", "Person.name.given",
             "Person.name.family", "Person.email.primary", "Person.sourcedId", "Membership.role", "LineItems.url",
             "LineItem.url", "Results.url", "Scores.url", "ToolProxyBinding.memberships.url"]


class Refused(Exception):
    def __init__(self, text, status=400):
        super().__init__(text)
        self.text, self.status = text, status


@blueprint.get("/mod/lti/openid-configuration.php")
def openid_configuration():
    school = current_app.school
    return jsonify({
        "issuer": school.issuer, "token_endpoint": school.endpoint("token"),
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "jwks_uri": school.endpoint("jwks"), "authorization_endpoint": school.endpoint("auth"),
        "registration_endpoint": school.service_url + "/mod/lti/openid-registration.php",
        "scopes_supported": ["https://purl.imsglobal.org/spec/lti-bo/scope/basicoutcome",
                             *(claims.AGS_SCOPE + name for name in ("lineitem.readonly", "result.readonly", "score", "lineitem")),
                             claims.NRPS_SCOPE, "https://purl.imsglobal.org/spec/lti-ts/scope/toolsetting", "openid"],
        "response_types_supported": ["id_token"], "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "iss", "name", "given_name", "family_name", "email"],
        "https://purl.imsglobal.org/spec/lti-platform-configuration": {
            "product_family_code": "moodle", "version": school.release[0],
            "messages_supported": [{"type": "LtiResourceLinkRequest"},
                                   {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]}],
            "variables": VARIABLES}})


@blueprint.get("/mod/lti/startltiadvregistration.php")
def start():
    """Sends the administrator's frame to the tool; `type` names an existing tool to register anew."""
    require_administrator()
    check_sesskey()
    school = current_app.school
    subject, scope = new_client_id(), "reg"
    update = request.args.get("type", 0, type=int)
    if update:
        by_type(school, update)
        subject, scope = str(update), "reg-update"
    return to_the_tool(request.args.get("url", ""), school.service_url + "/mod/lti/openid-configuration.php",
                       registration_token(school, subject, scope))


def to_the_tool(address, configuration, token):
    if urlsplit(address).scheme not in ("http", "https"):
        raise MoodleError("A required parameter (url) was missing")
    mark = "&" if "?" in address else "?"
    return redirect(address + mark + urlencode({"openid_configuration": configuration, "registration_token": token}))


def new_client_id():
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(15))


def registration_token(school, subject, scope):
    now = school.now()
    return school.key.sign({"sub": subject, "scope": scope, "iat": now, "exp": now + TOKEN_SECONDS})


def by_type(school, type_id):
    found = next((tool for tool in school.registrations.values() if tool.type_id == type_id), None)
    if found is None:
        raise MoodleError("Can't find data record in database table lti_types.")
    return found


def read_token(school):
    """(the token's text, its claims)"""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused("missing_registration_token", 401)
    token = token.strip()
    if decode_unverified(token) is None or not school.key.verifies(token):
        raise MoodleError("Exception - Signature verification failed")
    told = decode_unverified(token)[1]
    if told.get("exp", 0) <= school.now() or told.get("scope") not in ("reg", "reg-update"):
        raise MoodleError("Exception - Expired token")
    return token, told


@blueprint.route("/mod/lti/openid-registration.php", methods=["GET", "POST"])
def register():
    """Errors are plain words that call themselves HTML; what cannot be read at all is a page."""
    school = current_app.school
    try:
        token, told = read_token(school)
        if request.method == "GET":
            if told["scope"] != "reg-update":
                raise Refused("missing_registration_token", 401)
            return jsonify(answer(by_type(school, int(told["sub"]))))
        if ("registration", token) in school.used_once:
            raise Refused("token_already_used", 401)
        body = request.get_json(force=True, silent=True)
        if not isinstance(body, dict):
            raise MoodleError("Exception - Argument #1 must be of type array, null given")
        check(body)
        school.take_once("registration", token)
        tool = by_type(school, int(told["sub"])) if told["scope"] == "reg-update" else None
        return jsonify(answer(store(school, tool, told["sub"], body)))
    except Refused as problem:
        return Response(problem.text, problem.status, content_type="text/html; charset=utf-8")


def check(body):
    for name in ("response_types", "initiate_login_uri", "redirect_uris", "client_name", "jwks_uri", "token_endpoint_auth_method", TOOL):
        if not body.get(name):
            raise Refused(f"missing required attribute {name}")
    if not isinstance(body["response_types"], list) or "id_token" not in body["response_types"]:
        raise Refused("invalid_response_types")
    if not isinstance(body["redirect_uris"], list):
        raise Refused("invalid_redirect_uris")
    if body["token_endpoint_auth_method"] != "private_key_jwt":
        raise Refused("invalid_token_endpoint_auth_method")
    if body.get("application_type", "web") != "web":
        raise Refused("invalid_application_type")
    tool = body[TOOL]
    if not isinstance(tool, dict) or not tool.get("domain"):
        raise Refused("missing_domain")
    target = tool.get("target_link_uri") or "https://" + tool["domain"]
    if urlsplit(target).netloc.removeprefix("www.") != tool["domain"].removeprefix("www."):
        raise Refused("domain_targetlinkuri_mismatch")


def store(school, tool, client_id, body):
    """A new tool waits for the administrator; an updated one keeps its state, client id and type."""
    if tool is None:
        type_id = 1 + max(known.type_id for known in school.registrations.values())
        tool = ToolRegistration(type_id, client_id, str(type_id), is_active=False)
        school.registrations[client_id] = tool
    take(tool, body)
    tool.messages = tuple({"type": m["type"], **({"target_link_uri": m["target_link_uri"]} if m.get("target_link_uri") else {})}
                          for m in body[TOOL].get("messages") or [] if isinstance(m, dict) and m.get("type") == "LtiDeepLinkingRequest")
    return tool


def take(tool, body):
    """What the tool said about itself, kept as it is."""
    told = body[TOOL]
    tool.name, tool.login_url, tool.jwks_url = body["client_name"], body["initiate_login_uri"], body["jwks_uri"]
    tool.redirect_uris, tool.domain = tuple(body["redirect_uris"]), told["domain"]
    tool.launch_url = told.get("target_link_uri") or "https://" + told["domain"]
    tool.scopes = tuple(str(body.get("scope") or "").split())
    tool.custom = {str(k): str(v) for k, v in (told.get("custom_parameters") or {}).items()}
    tool.registered, tool.claims = body, tuple(told.get("claims") or ())


def answer(tool):
    body, told = tool.registered, tool.registered[TOOL]
    granted = [s for s in tool.scopes if s.startswith(claims.AGS_SCOPE) or s == claims.NRPS_SCOPE]
    return {**{name: body[name] for name in ("response_types", "initiate_login_uri", "redirect_uris", "client_name", "jwks_uri",
                                             "token_endpoint_auth_method", "logo_uri") if name in body},
            "application_type": "web", "client_id": tool.client_id, "grant_types": ["client_credentials", "implicit"],
            "scope": " ".join(granted),
            TOOL: {"version": "1.3.0", "deployment_id": tool.deployment_id, "domain": tool.domain,
                   "target_link_uri": tool.launch_url, "custom_parameters": tool.custom, "description": told.get("description", ""),
                   "claims": [c for c in tool.claims if c in NAME_CLAIMS | {"sub", "iss", "email"}],
                   "messages": list(tool.messages)}}


def activate(school, tool):
    """The administrator lets the tool into the courses: its settings are the school's from now on."""
    tool.is_active, school.tool = True, tool
    wanted = set(tool.scopes or ())
    if tool.scopes is not None:
        ags = {scope for scope in wanted if scope.startswith(claims.AGS_SCOPE)}
        school.quirks.ags = 2 if claims.AGS_SCOPE + "lineitem" in ags else int(bool(ags))
        school.quirks.nrps = claims.NRPS_SCOPE in wanted
        school.quirks.names, school.quirks.email = bool(NAME_CLAIMS & set(tool.claims)), "email" in tool.claims


