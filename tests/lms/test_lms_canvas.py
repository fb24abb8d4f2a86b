"""The demo LMS as a Canvas, driven over HTTP as a tool and a browser would; expectations from Canvas's documentation."""
import base64
import json
import re
import time
import urllib.parse

import pytest

from client import DemoLms, read_form, send
from fake_tool import verified

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
NOTICES = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
ENDPOINT = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"
ISSUER = "https://canvas.example"
LINE_ITEM = {"Content-Type": "application/vnd.ims.lis.v2.lineitem+json"}
SCORE = {"Content-Type": "application/vnd.ims.lis.v1.score+json"}


def start(tool, seed):
    return DemoLms.start(tool=tool.url, seed=seed, course="small", learners=60, personality="canvas", issuer=ISSUER)


@pytest.fixture
def lms(tool):
    with start(tool, 42) as running:
        yield running


@pytest.fixture(scope="module")
def same(tool):
    """One school for tests that leave its switches alone."""
    with start(tool, 43) as running:
        yield running


@pytest.fixture
def course(lms):
    return lms.ready["courses"][0]


def assertion(lms, tool, **changes):
    now = int(time.time())
    claims = {"iss": lms.ready["client_id"], "sub": lms.ready["client_id"], "aud": lms.ready["token_url"],
              "iat": now, "exp": now + 300, "jti": str(time.time_ns()), **changes}
    return tool.sign({k: v for k, v in claims.items() if v is not None})


def ask_token(lms, tool, scope, **changes):
    return send("POST", lms.ready["token_url"], {
        "grant_type": "client_credentials", "scope": scope, "client_assertion": changes.pop("token", None) or assertion(lms, tool, **changes),
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"})


@pytest.fixture
def bearer(lms, tool):
    return bearer_of(lms, tool)


def bearer_of(lms, tool):
    reply = ask_token(lms, tool, " ".join([AGS + "lineitem", AGS + "score", AGS + "result.readonly", NRPS, NOTICES]))
    assert reply.status == 200, reply.text
    return {"Authorization": "Bearer " + reply.json()["access_token"]}


def launch_answer(lms, user, path=None, **changes):
    browser = lms.browser(user["id"])
    form = browser.begin_launch(path or lms.ready["courses"][0]["links"][0]["launch_path"])
    return browser.answer_auth(form, **changes)


def launched(lms, user, path=None):
    return verified(lms, launch_answer(lms, user, path).fields["id_token"])


def items_url(lms, course):
    return f"{lms.public_url}/api/lti/courses/{course['id']}/line_items"


def make_item(lms, course, bearer, **more):
    reply = send("POST", items_url(lms, course), json.dumps({"label": "Badge", "scoreMaximum": 10, **more}), {**bearer, **LINE_ITEM})
    assert reply.status == 201, reply.text
    return reply.json()


def score(user_id, given=5, maximum=10, when="2020-01-01T00:00:00Z", **more):
    body = {"userId": str(user_id), "timestamp": when, "scoreGiven": given, "scoreMaximum": maximum,
            "activityProgress": "Completed", "gradingProgress": "FullyGraded", **more}
    return {name: value for name, value in body.items() if value is not None}


def post_score(bearer, item, body):
    return send("POST", item["id"] + "/scores", json.dumps(body), {**bearer, **SCORE})


# ---- launch ----

def test_login_initiation_carries_canvas_fields_and_a_long_hint(lms, course, tool):
    form = lms.browser(lms.people("student")[0]["id"]).begin_launch(course["links"][0]["launch_path"])
    assert form.action == tool.url + "/lti/login" and form.fields["iss"] == ISSUER
    assert form.fields["lti_deployment_id"] == form.fields["deployment_id"] and re.fullmatch(r"\d+:[0-9a-f]{40}", form.fields["deployment_id"])
    assert re.fullmatch(r"1\d{13}", form.fields["client_id"]) and form.fields["lti_storage_target"] == "post_message_forwarding"
    assert len(form.fields["lti_message_hint"]) > 1000 and form.fields["canvas_region"] and form.fields["canvas_environment"]
    lms.quirk("storage", "off")
    form = lms.browser(lms.people("student")[0]["id"]).begin_launch(course["links"][0]["launch_path"])
    assert "lti_storage_target" not in form.fields


def test_student_launch_has_canvas_claims(lms, course):
    student = lms.people("student")[0]
    answer = launch_answer(lms, student, nonce="n-1", state="s-1")
    assert answer.fields["state"] == "s-1" and answer.fields["lti_storage_target"] == "post_message_forwarding"
    claims = verified(lms, answer.fields["id_token"])
    assert claims["iss"] == ISSUER and claims["aud"] == claims["azp"] == lms.ready["client_id"] and claims["nonce"] == "n-1"
    assert claims["exp"] == claims["iat"] + 3600 and claims["errors"] == {"errors": {}}
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", claims["sub"]) and claims["sub"] == student["sub"]
    assert re.fullmatch(r"[0-9a-f]{40}", claims[LTI + "context"]["id"])
    assert claims[LTI + "resource_link"]["id"] == claims[LTI + "context"]["id"], "the course's menu has no link of its own"
    assert claims[LTI + "resource_link"]["title"] is None and claims[LTI + "resource_link"]["description"] is None
    assert claims["https://www.instructure.com/placement"] == "course_navigation"
    assert claims[LTI + "tool_platform"]["product_family_code"] == "canvas"
    assert claims[LTI + "custom"] == {"canvas_user_id": str(student["id"]), "canvas_course_id": str(course["id"]),
                                      "ctx_history": "", "link_history": "$ResourceLink.id.history"}
    assert set(claims[LTI + "roles"]) == {VOCABULARY + "membership#Learner", VOCABULARY + "institution/person#Student",
                                          VOCABULARY + "system/person#User"}
    assert claims[LTI + "platformnotificationservice"]["scope"] == [NOTICES] and "lineitem" not in claims[ENDPOINT]


def test_roles_of_staff_test_student_and_observer(lms):
    teacher, assistant, admin = (launched(lms, lms.people(role)[0])[LTI + "roles"] for role in ("editingteacher", "teacher", "admin"))
    assert VOCABULARY + "membership#Instructor" in teacher and VOCABULARY + "membership/Instructor#TeachingAssistant" not in teacher
    assert {VOCABULARY + "membership/Instructor#TeachingAssistant", VOCABULARY + "membership#Instructor"} <= set(assistant)
    assert VOCABULARY + "institution/person#Administrator" in admin and not [r for r in admin if "/membership" in r]
    viewer = lms.control("add_test_student")
    assert "http://purl.imsglobal.org/vocab/lti/system/person#TestUser" in launched(lms, viewer)[LTI + "roles"]
    child = lms.people("student")[0]
    parent = lms.control("add_user", given="Mo", family="Other", course=lms.ready["courses"][0]["id"], role="observer", observes=[child["id"]])
    claims = launched(lms, parent)
    assert VOCABULARY + "membership#Mentor" in claims[LTI + "roles"] and claims[LTI + "role_scope_mentor"] == [child["sub"]]


@pytest.mark.parametrize("changes, error", [
    ({"nonce": None}, "invalid_request_object"), ({"scope": "openid email"}, "invalid_request_object"),
    ({"login_hint": "other"}, "login_required")])
def test_errors_the_tool_hears_about(same, changes, error):
    answer = launch_answer(same, same.people("student")[0], **changes)
    assert answer.fields["error"] == error and answer.fields["state"] == "state-1" and "id_token" not in answer.fields


def test_hint_is_mandatory_whole_and_single_use_and_the_redirect_uri_registered(lms, course, tool):
    browser = lms.browser(lms.people("student")[0]["id"])
    fields = browser.auth_fields(browser.begin_launch(course["links"][0]["launch_path"]), "n", "s")
    assert browser.authenticate({**fields, "lti_message_hint": fields["lti_message_hint"][:-2]}).status == 400
    assert browser.authenticate({**fields, "redirect_uri": tool.url + "/elsewhere"}).status == 400
    assert "id_token" in read_form(browser.authenticate({**fields, "redirect_uri": fields["redirect_uri"] + "?a=b"}).text).fields
    assert read_form(browser.authenticate(fields).text).fields["error"] == "launch_no_longer_valid"


def test_minted_tokens_are_canvas_tokens(lms):
    minted = lms.control("mint", user=lms.people("student")[0]["id"], nonce="m", claims_delta={"azp": None})
    assert minted["claims"]["iss"] == ISSUER and "azp" not in minted["claims"] and verified(lms, minted["id_token"]) == minted["claims"]


# ---- tokens ----

def test_assertions_are_read_strictly(lms, tool):
    now = int(time.time())
    for changes, text in (({"aud": lms.ready["token_url"] + "/"}, "'aud' is invalid"), ({"jti": None}, "jti"), ({"iat": str(now)}, "number"),
                          ({"iat": now - 301}, "300 seconds"), ({"iat": now + 40}, "future"), ({"exp": now - 1}, "expired")):
        refused = ask_token(lms, tool, NRPS, **changes)
        assert refused.status == 400 and refused.json()["error"] == "invalid_request" and text in refused.text, changes
    once = assertion(lms, tool, aud=["x", lms.ready["token_url"]])
    assert ask_token(lms, tool, NRPS, token=once).status == 200
    assert "jti" in ask_token(lms, tool, NRPS, token=once).json()["error_description"], "an assertion works once"
    assert ask_token(lms, tool, NRPS + " unknown:scope").json()["error"] == "invalid_scope", "all scopes or nothing"


# ---- AGS ----

def test_line_items_are_made_filtered_and_paged(lms, course, bearer):
    made = make_item(lms, course, bearer, resourceId="b-1", tag="badge")
    assert made["id"].startswith(items_url(lms, course) + "/") and "resourceLinkId" not in made
    for number in range(11):
        make_item(lms, course, bearer, tag=f"t{number}")
    assert [i["id"] for i in send("GET", items_url(lms, course) + "?resource_id=b-1&tag=badge", headers=bearer).json()] == [made["id"]]
    page = send("GET", items_url(lms, course), headers=bearer)
    assert len(page.json()) == 10 and 'rel="next"' in page.headers["Link"]
    address = re.search(r'<([^>]+)>; rel="next"', page.headers["Link"]).group(1)
    assert len(send("GET", address, headers=bearer).json()) == 2
    kept = send("PUT", made["id"], json.dumps({"label": "New"}), {**bearer, **LINE_ITEM}).json()
    assert kept == {**made, "label": "New"}
    assert send("DELETE", made["id"], headers=bearer).status == 204 and send("GET", made["id"], headers=bearer).status == 404


def test_foreign_line_items_links_and_concluded_courses(lms, course, bearer):
    foreign = course["items"][0]["item_id"]
    refused = send("GET", f"{items_url(lms, course)}/{foreign}", headers=bearer)
    assert refused.status == 412 and refused.json()["errors"]["message"] == "Tool does not have permission to view line_item"
    body = json.dumps({"label": "x", "scoreMaximum": 1, "resourceLinkId": "not-a-link"})
    assert send("POST", items_url(lms, course), body, {**bearer, **LINE_ITEM}).status == 412
    lms.control("set_course", concluded=True)
    assert send("GET", items_url(lms, course), headers=bearer).status == 422
    assert send("GET", items_url(lms, course)).status == 401


def test_a_score_is_stored_and_makes_an_attempt_unless_told_not_to(lms, course, bearer):
    item, student = make_item(lms, course, bearer), lms.people("student")[0]
    reply = post_score(bearer, item, score(student["sub"]))
    assert reply.status == 200 and reply.json()["resultUrl"].startswith(item["id"] + "/results/")
    quiet = {"https://canvas.instructure.com/lti/submission": {"new_submission": False}}
    assert post_score(bearer, item, score(student["id"], 7, **quiet)).status == 200, "an equal second, and Canvas's own number, are taken"
    state = lms.control("get_state")
    assert [a["count"] for a in state["attempts"]] == [1]
    [result] = send("GET", item["id"] + "/results", headers=bearer).json()
    assert result["userId"] == student["sub"] and result["resultScore"] == 7 and result["scoreOf"] == item["id"]
    assert post_score(bearer, item, score(student["sub"], 9, gradingProgress="PendingManual")).status == 200
    assert send("GET", item["id"] + "/results", headers=bearer).json()[0]["resultScore"] == 9, "PendingManual stores"
    assert post_score(bearer, item, score(student["sub"], gradingProgress="Pending")).status == 200
    assert send("GET", item["id"] + "/results", headers=bearer).json()[0]["resultScore"] is None, "Pending clears"


@pytest.mark.parametrize("status, changes", [
    (400, {"activityProgress": None}), (400, {"when": "yesterday"}), (400, {"when": "2019-12-31T23:59:59Z"}),
    (422, {"maximum": None}), (422, {"maximum": 0}), (422, {"given": -1}), (422, {"user": "nobody"}), (422, {"user": "teacher"})])
def test_scores_that_are_refused(same, tool, status, changes):
    bearer = bearer_of(same, tool)
    item, student = make_item(same, same.ready["courses"][0], bearer), same.people("student")[0]
    assert post_score(bearer, item, score(student["sub"])).status == 200
    users = {"nobody": "0", "teacher": same.people("editingteacher")[0]["sub"], None: student["sub"]}
    more = {name: value for name, value in changes.items() if name != "user"}
    assert post_score(bearer, item, score(users[changes.get("user")], **more)).status == status


def test_scores_for_an_unpublished_assignment_are_refused(lms, course, bearer):
    item = make_item(lms, course, bearer)
    lms.control("set_item", item_id=int(item["id"].rsplit("/", 1)[1]), published=False)
    refused = post_score(bearer, item, score(lms.people("student")[0]["sub"]))
    assert refused.status == 422 and "unpublished" in refused.text


# ---- NRPS ----

def test_roster_has_pages_of_fifty_full_roles_and_custom_with_rlid(lms, course, bearer):
    lms.control("add_test_student")
    base = f"{lms.public_url}/api/lti/courses/{course['id']}/names_and_roles"
    first = send("GET", base + "?limit=1000&role=" + urllib.parse.quote(VOCABULARY + "membership#Learner"), headers=bearer)
    assert len(first.json()["members"]) == 50 and first.json()["context"]["id"] == course["context_id"]
    address = re.search(r'<([^>]+)>; rel="next"', first.headers["Link"]).group(1)
    assert "role=" in address, "the filter stays in the next link"
    second = send("GET", address, headers=bearer)
    assert len(second.json()["members"]) == 10 and 'rel="next"' not in second.headers["Link"], "60 learners, no test student"
    assert {tuple(m["roles"]) for m in second.json()["members"]} == {(VOCABULARY + "membership#Learner",)}
    named = send("GET", f"{base}?rlid={course['context_id']}", headers=bearer).json()["members"]
    student = lms.people("student")[0]
    message = next(m for m in named if m["user_id"] == student["sub"])["message"]
    assert message[0][LTI + "custom"]["canvas_user_id"] == str(student["id"])
    assert send("GET", base + "?rlid=unknown", headers=bearer).status == 400
    assert "message" not in second.json()["members"][0]


# ---- deep linking ----

def response_claims(lms, settings, items, **changes):
    now = int(time.time())
    claims = {"iss": lms.ready["client_id"], "aud": ISSUER, "iat": now, "exp": now + 300, "nonce": str(time.time_ns()),
              LTI + "deployment_id": lms.ready["deployment_id"], LTI + "message_type": "LtiDeepLinkingResponse",
              LTI + "version": "1.3.0", DL + "data": settings["data"], DL + "content_items": items, **changes}
    return {k: v for k, v in claims.items() if v is not None}


def deep_link(lms, course, placement):
    teacher = lms.browser(lms.people("editingteacher")[0]["id"])
    claims = verified(lms, teacher.answer_auth(teacher.begin_deep_linking(course["id"], placement)).fields["id_token"])
    settings = claims[DL + "deep_linking_settings"]
    return teacher, settings, settings["deep_link_return_url"].removeprefix(lms.public_url)


ITEM = {"type": "ltiResourceLink", "title": "Safety badge", "custom": {"badge_id": "b-19"},
        "lineItem": {"label": "Safety badge", "scoreMaximum": 1, "resourceId": "b-19", "tag": "badge"}}


def save(lms, course, teacher):
    sesskey = read_form(teacher.get(f"/course/{course['id']}").text).fields["sesskey"]
    assert teacher.post(f"/course/{course['id']}/activities", {"sesskey": sesskey}).status == 303


def test_deep_linked_items_become_links_with_custom_and_line_item(lms, course, tool):
    teacher, settings, path = deep_link(lms, course, "link_selection")
    assert settings["accept_multiple"] is True and settings["accept_types"] == ["ltiResourceLink"] and settings["data"]
    page = teacher.post(path, {"JWT": tool.sign(response_claims(lms, settings, [ITEM, {**ITEM, "title": "Second", "custom": {}}]))})
    assert page.status == 200, page.text
    save(lms, course, teacher)
    link = lms.control("get_state")["courses"][0]["links"][1]
    claims = launched(lms, lms.people("student")[0], link["launch_path"])
    assert claims[LTI + "custom"]["badge_id"] == "b-19" and claims[LTI + "custom"]["canvas_user_id"]
    assert claims[LTI + "resource_link"]["id"] == link["id"] != course["context_id"] and claims[LTI + "resource_link"]["title"] == "Safety badge"
    [row] = [i for i in lms.control("get_state")["line_items"] if i["label"] == "Safety badge"]
    assert (row["resource_id"], row["tag"]) == ("b-19", "badge") and claims[ENDPOINT]["lineitem"].endswith(f"/{row['id']}")


@pytest.mark.parametrize("problem, changes", [
    ("aud", {"aud": "https://other.example"}), ("iss", {"iss": "other"}), ("exp", {"exp": 1}), ("nonce", {"nonce": None}),
    ("deployment_id", {LTI + "deployment_id": "1"}), ("data", {DL + "data": "x"}), ("version", {LTI + "version": "1.1"})])
def test_deep_linking_responses_are_verified_strictly(same, tool, problem, changes):
    teacher, settings, path = deep_link(same, same.ready["courses"][0], "link_selection")
    refused = teacher.post(path, {"JWT": tool.sign(response_claims(same, settings, [ITEM], **changes))})
    text = "Expired" if problem == "exp" else problem
    assert refused.status == 400 and text in refused.json()["errors"]["errors"]["jwt"][0]["message"]


def test_placements_limit_what_comes_back(lms, course, tool):
    teacher, settings, path = deep_link(lms, course, "assignment_selection")
    assert settings["accept_multiple"] is False and settings["accept_lineitem"] is True
    for items in ([ITEM, ITEM], [{"type": "link", "url": "https://x.example"}], [{**ITEM, "lineItem": {"label": "no maximum"}}],
                  [{**ITEM, "custom": {"n": 1}}]):
        assert teacher.post(path, {"JWT": tool.sign(response_claims(lms, settings, items))}).status == 400, items
    token = tool.sign(response_claims(lms, settings, [ITEM]))
    assert teacher.post(path.partition("?")[0] + "?data=x", {"JWT": token}).status == 400, "the return address has a signed query"
    assert teacher.post(path, {"JWT": token}).status == 200
    assert "nonce" in teacher.post(path, {"JWT": token}).text, "a response works once"
    save(lms, course, teacher)
    item = next(i for i in lms.control("get_state")["line_items"] if i["label"] == "Safety badge")
    assert item["published"] is False, "new assignments wait to be published"


def test_an_empty_response_is_a_cancel(lms, course, tool):
    teacher, settings, path = deep_link(lms, course, "link_selection")
    page = teacher.post(path, {"JWT": tool.sign(response_claims(lms, settings, [], **{DL + "msg": "Nothing added"}))})
    assert page.status == 200 and "Nothing was chosen" in page.text and "Nothing added" in page.text


# ---- notices and copies ----

def put_handler(lms, bearer, url, body):
    return send("PUT", url, json.dumps(body), {**bearer, "Content-Type": "application/json"})


def test_a_copied_course_is_told_to_the_handler(lms, course, tool, bearer):
    url = launched(lms, lms.people("editingteacher")[0])[LTI + "platformnotificationservice"]["platform_notification_service_url"]
    make_item(lms, course, bearer, resourceId="b-1", tag="badge")
    assert put_handler(lms, bearer, url, {"notice_type": "LtiContextCopyNotice", "handler": "https://elsewhere.example/n"}).status == 400
    assert put_handler(lms, bearer, url, {"notice_type": "Unknown", "handler": tool.url + "/lti/notices"}).status == 400
    assert put_handler(lms, bearer, url, {"notice_type": "LtiContextCopyNotice", "handler": tool.url + "/lti/notices"}).status == 200
    listed = {h["notice_type"]: h["handler"] for h in send("GET", url, headers=bearer).json()["notice_handlers"]}
    assert listed == {"LtiContextCopyNotice": tool.url + "/lti/notices", "LtiHelloWorldNotice": ""}
    copy = lms.control("copy_course")
    assert copy["notice"]["status"] == 200 and copy["context_id"] != course["context_id"] and copy["id"] != course["id"]
    claims = verified(lms, tool.notices[-1]["notices"][0]["jwt"])
    assert claims[LTI + "notice"]["type"] == "LtiContextCopyNotice" and claims[LTI + "notice"]["id"] and "sub" not in claims
    assert claims[LTI + "context"]["id"] == copy["context_id"] and claims[LTI + "origin_contexts"] == [course["context_id"]]
    copied = [i for i in lms.control("get_state")["line_items"] if i["course_id"] == copy["id"]]
    assert [(i["resource_id"], i["tag"]) for i in copied] == [("b-1", "badge")]
    again = lms.control("copy_course", course=copy["id"])
    history = launched(lms, lms.people("editingteacher")[0], again["links"][0]["launch_path"])[LTI + "custom"]["ctx_history"]
    assert history == f"{copy['context_id']},{course['context_id']}", "newest first"


def test_a_bent_notice_goes_out_as_often_as_asked(lms, tool, bearer):
    url = launched(lms, lms.people("editingteacher")[0])[LTI + "platformnotificationservice"]["platform_notification_service_url"]
    assert lms.control("send_notice", type="LtiHelloWorldNotice")["status"] is None, "nobody asked for it"
    put_handler(lms, bearer, url, {"notice_type": "LtiHelloWorldNotice", "handler": tool.url + "/lti/notices"})
    sent = lms.control("send_notice", type="LtiHelloWorldNotice", claims_delta={"iss": "other"}, times=2)
    assert sent["status"] == 200 and [n["jwt"] for n in tool.notices[-1]["notices"]] == [sent["jwt"]] * 2
    assert verified(lms, sent["jwt"])["iss"] == "other"


def test_moodle_has_no_notices_but_a_history(tool):
    with DemoLms.start(tool=tool.url, seed=3, course="small") as moodle:
        old = moodle.ready["courses"][0]
        copy = moodle.control("copy_course")
        assert copy["notice"] is None
        claims = verified(moodle, launch_answer(moodle, moodle.people("editingteacher")[0], copy["links"][0]["launch_path"]).fields["id_token"])
        assert claims[LTI + "custom"]["ctx_history"] == str(old["id"])


# ---- storage ----

def test_the_page_around_the_tool_offers_storage_as_switched(tool):
    with DemoLms.start(tool=tool.url, seed=3, course="small", personality="canvas") as lms:
        course = lms.ready["courses"][0]
        browser = lms.browser(lms.people("student")[0]["id"])

        def page():
            return browser.get(f"/course/{course['id']}/tool/{course['links'][0]['instance']}").text
        assert 'name="post_message_forwarding"' in page() and "/static/storage.js" in page()
        lms.quirk("storage", "parent")
        assert 'name="post_message_forwarding"' not in page() and "/static/storage.js" in page()
        assert browser.begin_launch(course["links"][0]["launch_path"]).fields["lti_storage_target"] == "_parent"
        lms.quirk("storage", "off")
        assert "/static/storage.js" not in page()
        assert send("GET", lms.public_url + "/post_message_forwarding").status == 200


def test_message_hints_cannot_be_made_up(lms, course):
    browser = lms.browser(lms.people("student")[0]["id"])
    fields = browser.auth_fields(browser.begin_launch(course["links"][0]["launch_path"]), "n", "s")
    head, body, mac = fields["lti_message_hint"].split(".")
    told = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    forged = base64.urlsafe_b64encode(json.dumps({**told, "context_id": 1}).encode()).rstrip(b"=").decode()
    assert browser.authenticate({**fields, "lti_message_hint": f"{head}.{forged}.{mac}"}).status == 400
