"""Canvas's dynamic registration: the configuration only for the bearer of a token, a schema for what comes back."""
import secrets
from urllib.parse import urlsplit

from flask import Blueprint, current_app, jsonify, request

from ..claims import AGS_SCOPE, NRPS_SCOPE
from ..guards import check_sesskey, require_administrator
from ..keys import read_sealed, seal
from ..registration import TOOL, TOKEN_SECONDS, take, to_the_tool
from ..state import ToolRegistration
from .claims import NOTICE_TYPES, NOTICES_SCOPE
from .placements import PLACEMENTS

blueprint = Blueprint("canvas_register", __name__)
EXTENSION = "https://canvas.instructure.com/lti/"
SCOPES = [*(AGS_SCOPE + name for name in ("lineitem", "lineitem.readonly", "result.readonly", "score")), NRPS_SCOPE, NOTICES_SCOPE,
          "https://canvas.instructure.com/lti-ags/progress/scope/show", EXTENSION + "public_jwk/scope/update",
          EXTENSION + "account_lookup/scope/show", EXTENSION + "page_content/show"]
NAVIGATION = ("course_navigation", "account_navigation", "user_navigation", "global_navigation", "assignment_edit", "assignment_view")
IMS_PLACEMENTS = ("ContentArea", "RichTextEditor")
PRIVACY = ("public", "name_only", "email_only", "anonymous")
VISIBILITY = ("admins", "members", "public")
DISPLAY = ("default", "full_width", "full_width_in_context", "in_nav_context", "borderless", "new_window")
STRINGS = ("client_name", "initiate_login_uri", "jwks_uri")


@blueprint.get("/api/lti/register")
def start():
    """The administrator's frame, on its way to the tool."""
    require_administrator()
    check_sesskey()
    school = current_app.school
    token = seal(school.secret, {"uuid": secrets.token_hex(16), "scope": "registration", "exp": school.now() + TOKEN_SECONDS,
                                 "root_account_global_id": 10_000_000_000_001})
    return to_the_tool(request.args.get("registration_url", ""), school.service_url + "/api/lti/security/openid-configuration", token)


def bearer(school):
    """(token, claims) of a registration in progress, or None."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    told = read_sealed(school.secret, token.strip()) if scheme.lower() == "bearer" else None
    if told is None or told.get("scope") != "registration" or told["exp"] <= school.now():
        return None
    return token.strip(), told


@blueprint.get("/api/lti/security/openid-configuration")
def openid_configuration():
    school = current_app.school
    if bearer(school) is None:
        return jsonify(errors=[{"message": "Invalid access token"}]), 401
    return jsonify({
        "issuer": school.issuer, "authorization_endpoint": school.endpoint("auth"), "token_endpoint": school.endpoint("token"),
        "registration_endpoint": school.service_url + "/api/lti/registrations", "jwks_uri": school.endpoint("jwks"),
        "authorization_server": school.endpoint("token"),
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"], "scopes_supported": ["openid", *SCOPES],
        "response_types_supported": ["id_token"], "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "picture", "email", "name", "given_name", "family_name", "locale"],
        "subject_types_supported": ["public"],
        "https://purl.imsglobal.org/spec/lti-platform-configuration": {
            "product_family_code": "canvas", "version": "OpenSource",
            "messages_supported": [
                {"type": "LtiResourceLinkRequest", "placements": [EXTENSION + name for name in NAVIGATION]},
                {"type": "LtiDeepLinkingRequest", "placements": [*IMS_PLACEMENTS, *(EXTENSION + name for name in PLACEMENTS)]}],
            "variables": ["Context.id", "Context.id.history", "ResourceLink.id", "User.id", "User.username", "Person.name.full",
                          "Canvas.user.id", "Canvas.user.globalId", "Canvas.course.id", "Canvas.api.baseUrl"],
            "notice_types_supported": NOTICE_TYPES,
            EXTENSION + "account_name": school.name, EXTENSION + "account_lti_guid": str(school.namespace)}})


@blueprint.post("/api/lti/registrations")
def register():
    """Makes a developer key that is off until the administrator turns it on; its deployment comes with that."""
    school, held = current_app.school, bearer(current_app.school)
    if held is None or ("registration", held[0]) in school.used_once:
        return jsonify(errors=[{"message": "Invalid access token"}]), 401
    body = request.get_json(force=True, silent=True)
    problems = problems_of(body) if isinstance(body, dict) else ["the body is no JSON object"]
    if problems:
        return jsonify(errors=problems), 422
    school.take_once("registration", held[0])
    number = 1 + max(int(tool.client_id) for tool in school.registrations.values())
    type_id = 1 + max(tool.type_id for tool in school.registrations.values())
    tool = ToolRegistration(type_id, str(number), f"{type_id}:{secrets.token_hex(20)}", is_active=False)
    take(tool, body)
    tool.messages = tuple(body[TOOL]["messages"])
    tool.claims = claims_of(body[TOOL])
    school.registrations[tool.client_id] = tool
    return jsonify({**body, "client_id": tool.client_id, TOOL: {
        **body[TOOL], EXTENSION + "registration_config_url": f"{school.public_url}/api/lti/registrations/{number}/view"}}), \
        school.quirks.registration_status


def claims_of(told):
    """The privacy level says what is shared; without one it follows from the claims."""
    names, email = ("name", "given_name", "family_name"), ("email",)
    level = told.get(EXTENSION + "privacy_level")
    if level is None:
        return tuple(told.get("claims") or ())
    return {"public": names + email, "name_only": names, "email_only": email, "anonymous": ()}[level]


def problems_of(body):
    """Every way in which the body does not fit the schema."""
    found = [f"{name} is no string" for name in STRINGS if not isinstance(body.get(name), str) or not body[name]]
    fixed = {"application_type": "web", "token_endpoint_auth_method": "private_key_jwt"}
    found += [f"{name} must be {value}" for name, value in fixed.items() if body.get(name) != value]
    if not isinstance(body.get("grant_types"), list) or not {"client_credentials", "implicit"} <= set(body["grant_types"]):
        found.append("grant_types must contain client_credentials and implicit")
    if not isinstance(body.get("response_types"), list) or "id_token" not in body["response_types"]:
        found.append("response_types must contain id_token")
    if not isinstance(body.get("redirect_uris"), list) or not body["redirect_uris"]:
        found.append("redirect_uris is no list")
    if not isinstance(body.get("scope"), str):
        found.append("scope is no string")
    else:
        found += [f"unknown scope {scope}" for scope in body["scope"].split() if scope not in SCOPES]
    told = body.get(TOOL)
    return found + (problems_of_tool(told) if isinstance(told, dict) else [f"{TOOL} is no object"])


def problems_of_tool(told):
    found = [f"{name} is no string" for name in ("domain", "target_link_uri") if not isinstance(told.get(name), str)]
    if not found and urlsplit(told["target_link_uri"]).netloc != told["domain"]:
        found.append("target_link_uri is not on the domain")
    if not isinstance(told.get("claims"), list):
        found.append("claims is no list")
    if told.get(EXTENSION + "privacy_level") not in (None, *PRIVACY):
        found.append("privacy_level is invalid")
    found += [f"{name} is no string" for name in ("tool_id", "vendor")
              if not isinstance(told.get(EXTENSION + name, ""), str)]
    custom = told.get("custom_parameters", {})
    if not isinstance(custom, dict) or not all(isinstance(v, str) for v in custom.values()):
        found.append("custom_parameters is no object of strings")
    messages = told.get("messages")
    if not isinstance(messages, list):
        return [*found, "messages is no list"]
    return found + [problem for message in messages for problem in problems_of_message(message)]


def problems_of_message(message):
    if not isinstance(message, dict) or message.get("type") not in ("LtiResourceLinkRequest", "LtiDeepLinkingRequest"):
        return ["a message has an unknown type"]
    found = []
    deep = message["type"] == "LtiDeepLinkingRequest"
    allowed = {*PLACEMENTS, *IMS_PLACEMENTS} if deep else {*NAVIGATION, *PLACEMENTS, *IMS_PLACEMENTS}
    for placement in message.get("placements", []):
        if not isinstance(placement, str) or placement.removeprefix(EXTENSION) not in allowed:
            found.append(f"unknown placement {placement}")
    if message.get(EXTENSION + "visibility") not in (None, *VISIBILITY):
        found.append("visibility is invalid")
    if message.get(EXTENSION + "display_type") not in (None, *DISPLAY):
        found.append("display_type is invalid")
    if not isinstance(message.get(EXTENSION + "course_navigation/default_enabled", True), bool):
        found.append("course_navigation/default_enabled is no boolean")
    found += [f"{name} is no number" for name in ("launch_width", "launch_height")
              if not str(message.get(EXTENSION + name, 1)).isdecimal()]
    return found
