"""Dynamic registration at both personalities of the demo LMS."""
import json
import urllib.parse

import pytest

from client import DemoLms, read_form, send
from fake_tool import verified

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
LTI = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
EXTENSION = "https://canvas.instructure.com/lti/"


@pytest.fixture
def moodle():
    with DemoLms.start(tool="http://127.0.0.1:9", seed=11, course="small") as running:
        yield running


@pytest.fixture(scope="module")
def same_moodle():
    """For tests that leave nothing behind."""
    with DemoLms.start(tool="http://127.0.0.1:9", seed=13, course="small") as running:
        yield running


@pytest.fixture(scope="module")
def canvas():
    with DemoLms.start(tool="http://127.0.0.1:9", seed=12, course="small", personality="canvas") as running:
        yield running


def begin(lms, more=""):
    """What the tool's registration address is opened with, by an administrator's frame."""
    admin = lms.browser(lms.people("admin")[0]["id"])
    sesskey = read_form(admin.get("/my").text).fields["sesskey"]
    address = urllib.parse.quote("https://tool.example/register?code=7")
    page = admin.get(f"/admin/tools/register?url={address}&sesskey={sesskey}{more}").text
    frame = page.partition('name="registration"')[2].partition('src="')[2].partition('"')[0].replace("&amp;", "&")
    reply = admin.get(frame)
    assert reply.status == 302 and reply.headers["Location"].startswith("https://tool.example/register?code=7&openid_configuration=")
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(reply.headers["Location"]).query))
    return admin, sesskey, query["openid_configuration"], {"Authorization": "Bearer " + query["registration_token"]}


def request_of(tool, **changes):
    """A request both platforms take."""
    domain = urllib.parse.urlsplit(tool.url).netloc
    body = {"application_type": "web", "response_types": ["id_token"], "grant_types": ["client_credentials", "implicit"],
            "initiate_login_uri": tool.url + "/lti/login/x", "redirect_uris": [tool.url + "/lti/launch/x"], "client_name": "New badges",
            "jwks_uri": tool.url + "/lti/jwks", "token_endpoint_auth_method": "private_key_jwt",
            "scope": f"{AGS}score {AGS}lineitem.readonly",
            TOOL: {"domain": domain, "target_link_uri": tool.url + "/lti/launch/x", "claims": ["iss", "sub", "email"],
                   "custom_parameters": {"who": "$User.id"},
                   "messages": [{"type": "LtiResourceLinkRequest"}, {"type": "LtiDeepLinkingRequest", "target_link_uri": tool.url + "/lti/launch/x"}]}}
    inner = changes.pop("configuration", {})
    body[TOOL] = {k: v for k, v in {**body[TOOL], **inner}.items() if v is not None}
    return {k: v for k, v in {**body, **changes}.items() if v is not None}


def post(configuration, bearer, body):
    endpoint = send("GET", configuration, headers=bearer).json()["registration_endpoint"]
    return send("POST", endpoint, body if isinstance(body, str) else json.dumps(body), {**bearer, "Content-Type": "application/json"})


def activate(lms, admin, sesskey, client_id):
    assert admin.post("/admin/tools/activate", {"sesskey": sesskey, "client_id": client_id}).status == 303
    return lms.control("get_state")


def test_moodle_registers_with_200_and_once(moodle, tool):
    admin, sesskey, configuration, bearer = begin(moodle)
    told = send("GET", configuration).json()
    assert told["issuer"] == moodle.issuer and told["authorization_endpoint"] == moodle.ready["auth_url"]
    reply = post(configuration, bearer, request_of(tool))
    assert reply.status == 200
    answer = reply.json()
    assert len(answer["client_id"]) == 15 and answer[TOOL]["deployment_id"] and answer["scope"] == f"{AGS}score {AGS}lineitem.readonly"
    assert answer[TOOL]["messages"] == [{"type": "LtiDeepLinkingRequest", "target_link_uri": tool.url + "/lti/launch/x"}]
    again = post(configuration, bearer, request_of(tool))
    assert (again.status, again.text) == (401, "token_already_used")
    pending = moodle.control("get_state")
    assert pending["client_id"] != answer["client_id"], "an administrator must activate it first"


def test_after_activation_moodle_uses_what_was_registered(moodle, tool):
    admin, sesskey, configuration, bearer = begin(moodle)
    answer = post(configuration, bearer, request_of(tool)).json()
    state = activate(moodle, admin, sesskey, answer["client_id"])
    assert state["client_id"] == answer["client_id"] and state["deployment_id"] == answer[TOOL]["deployment_id"]
    student = moodle.people("student")[0]
    browser = moodle.browser(student["id"])
    form = browser.begin_launch(state["courses"][0]["links"][0]["cmid"])
    assert form.action == tool.url + "/lti/login/x" and form.fields["client_id"] == answer["client_id"]
    claims = verified(moodle, browser.answer_auth(form, redirect_uri=tool.url + "/lti/launch/x").fields["id_token"])
    assert claims["email"] and "name" not in claims, "only e-mail was among the claims"
    assert claims[LTI + "custom"]["who"] == str(student["id"])
    assert AGS + "lineitem" not in claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]["scope"]
    assert "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice" not in claims


@pytest.mark.parametrize("text, changes", [
    ("missing required attribute jwks_uri", {"jwks_uri": None}), ("missing required attribute redirect_uris", {"redirect_uris": []}),
    ("invalid_response_types", {"response_types": ["code"]}), ("invalid_redirect_uris", {"redirect_uris": "x"}),
    ("invalid_token_endpoint_auth_method", {"token_endpoint_auth_method": "none"}), ("invalid_application_type", {"application_type": "native"}),
    ("missing_domain", {"configuration": {"domain": None}}), ("domain_targetlinkuri_mismatch", {"configuration": {"domain": "127.0.0.1"}})])
def test_moodles_refusals_are_plain_words(same_moodle, tool, text, changes):
    _, _, configuration, bearer = begin(same_moodle)
    refused = post(configuration, bearer, request_of(tool, **changes))
    assert (refused.status, refused.text) == (400, text) and refused.headers["Content-Type"].startswith("text/html")


def test_moodles_token_is_needed_and_a_broken_body_is_a_page(same_moodle, tool):
    _, _, configuration, bearer = begin(same_moodle)
    without = post(configuration, {}, request_of(tool))
    assert (without.status, without.text) == (401, "missing_registration_token")
    assert post(configuration, bearer, "{").status == 404
    assert post(configuration, {"Authorization": bearer["Authorization"][:-4] + "AAAA"}, request_of(tool)).status == 404


def test_moodles_update_keeps_client_and_state(moodle, tool):
    old = moodle.ready
    _, _, configuration, bearer = begin(moodle, f"&type={old['deployment_id']}")
    answer = post(configuration, bearer, request_of(tool, client_name="Renamed")).json()
    assert answer["client_id"] == old["client_id"] and answer[TOOL]["deployment_id"] == old["deployment_id"]
    state = moodle.control("get_state")
    assert [r["name"] for r in state["registrations"]] == ["Renamed"] and state["client_id"] == old["client_id"]


def test_canvas_registers_an_inactive_key(canvas, tool):
    admin, sesskey, configuration, bearer = begin(canvas)
    assert send("GET", configuration).status == 401, "the configuration is for the bearer of the token"
    reply = post(configuration, bearer, request_of(tool, configuration={EXTENSION + "privacy_level": "name_only"}))
    assert reply.status == 200, reply.text
    answer = reply.json()
    assert answer["client_id"].isdecimal() and "deployment_id" not in answer[TOOL] and answer[TOOL][EXTENSION + "registration_config_url"]
    assert post(configuration, bearer, request_of(tool)).status == 401, "a token works once"
    state = activate(canvas, admin, sesskey, answer["client_id"])
    assert state["client_id"] == answer["client_id"] and state["deployment_id"] != canvas.ready["deployment_id"]
    browser = canvas.browser(canvas.people("student")[0]["id"])
    form = browser.begin_launch(state["courses"][0]["links"][0]["launch_path"])
    claims = verified(canvas, browser.answer_auth(form, redirect_uri=tool.url + "/lti/launch/x").fields["id_token"])
    assert claims["name"] and "email" not in claims, "the privacy level decides, not the claims"
    assert claims[LTI + "custom"] == {"who": claims["sub"]} and LTI + "platformnotificationservice" not in claims


@pytest.mark.parametrize("changes", [
    {"grant_types": ["client_credentials"]}, {"scope": "unknown:scope"}, {"application_type": None},
    {"configuration": {EXTENSION + "privacy_level": "everything"}}, {"configuration": {"claims": None}}, {"configuration": {"domain": "elsewhere.example"}},
    {"configuration": {"messages": [{"type": "LtiResourceLinkRequest", "placements": [EXTENSION + "nowhere"]}]}},
    {"configuration": {"messages": [{"type": "LtiResourceLinkRequest", EXTENSION + "visibility": "nobody"}]}},
    {"configuration": {"messages": [{"type": "LtiResourceLinkRequest", EXTENSION + "course_navigation/default_enabled": "yes"}]}}])
def test_canvas_refuses_what_does_not_fit_its_schema(canvas, tool, changes):
    _, _, configuration, bearer = begin(canvas)
    refused = post(configuration, bearer, request_of(tool, **changes))
    assert refused.status == 422 and refused.json()["errors"]


def test_canvas_may_answer_created(canvas, tool):
    canvas.quirk("registration_status", 201)
    _, _, configuration, bearer = begin(canvas)
    assert post(configuration, bearer, request_of(tool)).status == 201
