"""The demo LMS, driven over HTTP as a tool and a browser would, judged with jwcrypto."""
import http.client
import json
import threading
import time
import urllib.parse

import pytest
from client import DemoLms, read_form, send
from fake_tool import verified

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
ENDPOINT = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
MEMBERS = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
SETTINGS = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
LINE_ITEM = "application/vnd.ims.lis.v2.lineitem+json"
CONTAINER = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
ROSTER = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"


@pytest.fixture
def lms(tool):
    with DemoLms.start(tool=tool.url, seed=4711, course="small", learners=12) as running:
        yield running


@pytest.fixture
def course(lms):
    return lms.ready["courses"][0]


def assertion(lms, tool, **changes):
    now = int(time.time()) - 60
    claims = {"iss": lms.ready["client_id"], "sub": lms.ready["client_id"], "aud": lms.ready["token_url"],
              "iat": now, "exp": now + 300, "jti": str(time.time_ns()), **changes}
    return tool.sign({k: v for k, v in claims.items() if v is not None})


def ask_token(lms, tool, scope, **changes):
    return send("POST", lms.ready["token_url"], {
        "grant_type": "client_credentials", "scope": scope,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion(lms, tool, **changes)})


@pytest.fixture
def bearer(lms, tool):
    reply = ask_token(lms, tool, " ".join([AGS + "lineitem", AGS + "score", AGS + "result.readonly", NRPS]))
    return {"Authorization": "Bearer " + reply.json()["access_token"]}


@pytest.fixture
def column(lms, course, bearer):
    reply = send("POST", line_items(lms, course), json.dumps({"label": "Badge col", "scoreMaximum": 50, "resourceId": "badge-1",
                 "tag": "gold", "submission": {"x": 1}}), {**bearer, "Content-Type": LINE_ITEM})
    assert reply.status == 201
    return reply.json()["id"]


def line_items(lms, course, extra=""):
    return f"{lms.issuer}/mod/lti/services.php/{course['id']}/lineitems?type_id={lms.ready['deployment_id']}{extra}"


def below(item_url, part):
    path, _, query = item_url.partition("?")
    return f"{path}/{part}?{query}"


def launch(lms, user, cmid=None, **changes):
    browser = lms.browser(user["id"])
    form = browser.begin_launch(cmid or lms.ready["courses"][0]["links"][0]["cmid"])
    return browser.answer_auth(form, **changes)


def score(user_id, given=5, maximum=10, when="2020-01-01T00:00:00Z", **more):
    return {"userId": str(user_id), "timestamp": when, "scoreGiven": given, "scoreMaximum": maximum,
            "activityProgress": "Completed", "gradingProgress": "FullyGraded", **more}


def post_score(bearer, column, body):
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
    return send("POST", below(column, "scores"), text, {**bearer, "Content-Type": SCORE})


# ---- launch ----

def test_student_launch_has_moodles_claims(lms, course, tool):
    student = lms.people("student")[0]
    browser = lms.browser(student["id"])
    form = browser.begin_launch(course["links"][0]["cmid"])
    assert form.action == tool.url + "/lti/login" and form.name == "ltiInitiateLoginForm"
    assert list(form.fields) == ["iss", "target_link_uri", "login_hint", "lti_message_hint", "client_id", "lti_deployment_id"]
    assert set(json.loads(form.fields["lti_message_hint"])) == {"cmid", "launchid"}
    answer = browser.answer_auth(form, nonce="n-1", state="s-1")
    assert answer.action == tool.url + "/lti/launch" and answer.fields["state"] == "s-1"
    claims = verified(lms, answer.fields["id_token"])
    assert claims["aud"] == lms.ready["client_id"] and "azp" not in claims and "nbf" not in claims and "jti" not in claims
    assert claims["exp"] == claims["iat"] + 60 and claims["nonce"] == "n-1" and claims["sub"] == str(student["id"])
    assert claims["name"] == student["name"] and claims[LTI + "roles"] == ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"]
    assert claims[LTI + "context"]["id"] == str(course["id"]) and claims[LTI + "context"]["type"] == ["CourseSection"]
    assert claims[LTI + "resource_link"]["id"] == str(course["links"][0]["instance"])
    assert "lineitem" not in claims[ENDPOINT] and claims[LTI + "launch_presentation"]["document_target"] == "iframe"


def test_roles_of_teachers_and_administrator(lms):
    for role, count in (("editingteacher", 1), ("teacher", 1), ("admin", 3)):
        claims = verified(lms, launch(lms, lms.people(role)[0]).fields["id_token"])
        assert len(claims[LTI + "roles"]) == count
        assert "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor" in claims[LTI + "roles"]


@pytest.mark.parametrize("changes, error", [
    ({"prompt": "login"}, "invalid_request"), ({"response_mode": "query"}, "invalid_request"),
    ({"response_mode": None}, "invalid_request"), ({"client_id": "other"}, "unauthorized_client"),
    ({"login_hint": "1"}, "access_denied")])
def test_errors_the_tool_hears_about(lms, changes, error):
    answer = launch(lms, lms.people("student")[0], **changes)
    assert answer.fields["error"] == error and answer.fields["state"] == "state-1" and "id_token" not in answer.fields


@pytest.mark.parametrize("changes", [
    {"nonce": ""}, {"login_hint": None}, {"scope": "openid profile"}, {"response_type": "code"},
    {"redirect_uri": "http://elsewhere.example/"}, {"lti_message_hint": None}, {"lti_message_hint": '{"cmid":1}'}])
def test_errors_that_end_in_a_page(lms, course, changes):
    browser = lms.browser(lms.people("student")[0]["id"])
    form = browser.begin_launch(course["links"][0]["cmid"])
    fields = {**browser.auth_fields(form, "n", "s"), **changes}
    reply = browser.authenticate({k: v for k, v in fields.items() if v is not None})
    assert reply.status == 404 and "Invalid request" in reply.text


def test_hint_is_single_use_and_optional_parameters_may_be_left_out(lms, course):
    browser = lms.browser(lms.people("student")[0]["id"])
    fields = browser.auth_fields(browser.begin_launch(course["links"][0]["cmid"]), "n", "s")
    del fields["prompt"], fields["state"]
    assert read_form(browser.authenticate(fields).text).fields["state"] == ""
    assert browser.authenticate(fields).status == 404


def test_without_session_the_request_is_reposted_and_outsiders_are_turned_away_late(lms, course):
    reply = send("POST", lms.ready["auth_url"], {"scope": "openid"})
    assert reply.status == 200 and read_form(reply.text).fields == {"scope": "openid", "repost": "true"}
    outsider = lms.control("add_user", given="Out", family="Sider")
    browser = lms.browser(outsider["id"])
    form = browser.begin_launch(course["links"][0]["cmid"])
    reply = browser.authenticate(browser.auth_fields(form, "n", "s"))
    assert reply.status == 303 and reply.headers["Location"] == f"/enrol/index.php?id={course['id']}"


def test_privacy_and_41_hint(lms, course):
    lms.quirk("names", False)
    lms.quirk("email", False)
    claims = verified(lms, launch(lms, lms.people("student")[0]).fields["id_token"])
    assert not {"name", "given_name", "family_name", "email"} & set(claims) and claims[LTI + "ext"] == {"lms": "moodle-2"}
    assert claims[LTI + "lis"]["person_sourcedid"]
    lms.quirk("version", "4.1")
    answer = launch(lms, lms.people("student")[0], lti_message_hint=None)
    assert verified(lms, answer.fields["id_token"])[ENDPOINT]["lineitem"] == ""


def test_mint_and_key_rotation(lms):
    student = lms.people("student")[0]
    minted = lms.control("mint", user=student["id"], nonce="m", claims_delta={"azp": "evil", "name": None}, header_delta={"kid": "x"})
    assert minted["claims"]["azp"] == "evil" and "name" not in minted["claims"]
    unsigned = lms.control("mint", user=student["id"], nonce="m", header_delta={"alg": "none"})["id_token"]
    assert unsigned.endswith(".")
    before = send("GET", lms.ready["jwks_url"]).json()["keys"]
    lms.quirk("rotate_key", True)
    after = send("GET", lms.ready["jwks_url"]).json()["keys"]
    assert len(before) == len(after) == 1 and before[0]["kid"] != after[0]["kid"]
    lms.quirk("jwks_down", True)
    assert send("GET", lms.ready["jwks_url"]).status == 503


def test_deep_linking_round(lms, course, tool):
    teacher = lms.browser(lms.people("editingteacher")[0]["id"])
    answer = teacher.answer_auth(teacher.begin_deep_linking(course["id"]))
    claims = verified(lms, answer.fields["id_token"])
    assert LTI + "resource_link" not in claims and "data" not in claims[SETTINGS]
    now = int(time.time()) - 60
    response = {"iss": lms.ready["client_id"], "aud": [lms.issuer], "iat": now, "exp": now + 600,
                "https://purl.imsglobal.org/spec/lti-dl/claim/content_items": [
                    {"type": "ltiResourceLink", "title": "Gold badge", "url": tool.url + "/lti/launch?badge=7",
                     "custom": {"badge_id": "7"}, "lineItem": {"scoreMaximum": 1, "resourceId": "badge-7", "tag": "badge"}}]}
    path = claims[SETTINGS]["deep_link_return_url"].removeprefix(lms.issuer)
    assert teacher.post(path, {"JWT": tool.sign({**response, "iss": "other"})}).status == 404
    page = teacher.post(path, {"JWT": tool.sign(response)})
    assert page.status == 200 and "Gold badge" in page.text
    sesskey = read_form(teacher.get(f"/course/{course['id']}").text).fields["sesskey"]
    assert teacher.post(f"/course/{course['id']}/activities", {"sesskey": sesskey}).status == 303
    link = lms.control("get_state")["courses"][0]["links"][-1]
    claims = verified(lms, launch(lms, lms.people("student")[0], link["cmid"]).fields["id_token"])
    assert claims[LTI + "target_link_uri"].endswith("?badge=7") and claims[LTI + "custom"]["badge_id"] == "7"
    assert claims[ENDPOINT]["lineitem"] and "https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome" in claims


# ---- tokens ----

def test_token_reply_and_refusals(lms, tool):
    reply = ask_token(lms, tool, f"{AGS}score unknown:scope")
    assert reply.status == 200 and reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert reply.json()["scope"] == AGS + "score" and reply.json()["expires_in"] == 3600
    now = int(time.time())
    for changes, text in (({"iat": now + 3}, "Cannot handle token with iat prior to"), ({"exp": now - 1}, "Expired token"),
                          ({"sub": "other"}, "invalid_client")):
        refused = ask_token(lms, tool, AGS + "score", **changes)
        assert refused.status == 400 and text in refused.text
    assert "invalid_scope" in ask_token(lms, tool, "unknown:scope").text
    assert send("GET", lms.ready["token_url"]).status == 400


def test_keys_of_the_tool_are_cached_and_fetched_again_after_a_failure(lms, tool):
    before = tool.fetches
    ask_token(lms, tool, NRPS)
    ask_token(lms, tool, NRPS)
    assert tool.fetches == before + 1
    ask_token(lms, tool, NRPS, exp=1)
    assert tool.fetches == before + 2
    lms.control("set_tool", url="http://127.0.0.1:9")
    assert ask_token(lms, tool, NRPS).status == 404


# ---- AGS ----

def test_line_items(lms, course, bearer, column):
    listed = send("GET", line_items(lms, course), headers={**bearer, "Accept": CONTAINER})
    assert listed.json() == [{"id": column, "label": "Badge col", "scoreMaximum": 50, "resourceId": "badge-1", "tag": "gold"}]
    assert "\\/" in listed.text
    for accept in ("*/*", "application/json", CONTAINER + ", */*;q=0.1"):
        assert send("GET", line_items(lms, course), headers={**bearer, "Accept": accept}).status == 400
    assert send("GET", column, headers={**bearer, "Accept": "*/*"}).status == 200
    assert send("GET", column + "/scores", headers={**bearer, "Accept": SCORE}).status == 400
    assert send("GET", line_items(lms, course), headers={"Accept": CONTAINER}).status == 401
    assert send("POST", line_items(lms, course), "{}", {**bearer, "Content-Type": LINE_ITEM}).reason == "No label or Score Maximum"
    assert send("DELETE", column, headers=bearer).status == 204
    assert send("GET", column, headers={**bearer, "Accept": LINE_ITEM}).status == 404


def test_paging_of_line_items_has_typographic_quotes(lms, course, bearer, column):
    for number in range(3):
        send("POST", line_items(lms, course), json.dumps({"label": f"C{number}", "scoreMaximum": 1}), {**bearer, "Content-Type": LINE_ITEM})
    reply = send("GET", line_items(lms, course, "&limit=2"), headers={**bearer, "Accept": CONTAINER})
    link = reply.headers["Link"].encode("latin-1").decode("utf-8")
    assert len(reply.json()) == 2 and "rel=“next”" in link and "&amp;limit=2&amp;from=2" in link


def test_put_erases_what_is_left_out_and_rescales(lms, bearer, column, course):
    student = lms.people("student")[0]
    assert post_score(bearer, column, score(student["id"])).status == 200
    reply = send("PUT", column, json.dumps({"label": "New", "scoreMaximum": 100}), {**bearer, "Content-Type": LINE_ITEM})
    assert reply.status == 200 and reply.json()["tag"] == reply.json()["resourceId"] == ""
    result = send("GET", below(column, "results"), headers={**bearer, "Accept": RESULTS}).json()[0]
    assert result["resultScore"] == 50 and result["resultMaximum"] == 100


def test_scores(lms, course, bearer, column):
    student = lms.people("student")[0]
    stored = post_score(bearer, column, score(student["id"], comment="Safe <b>Lab</b>"))
    assert stored.status == 200 and stored.body == b""
    again = post_score(bearer, column, score(student["id"]))
    assert again.status == 409 and again.body == b"[]" and again.reason.startswith("Refusing score with an earlier timestamp")
    assert post_score(bearer, column, score(student["id"], when="2020-01-01T00:00:00.900Z")).status == 409
    result = send("GET", below(column, "results"), headers={**bearer, "Accept": RESULTS}).json()
    assert result[0]["resultScore"] == 25 and result[0]["comment"] == "Safe <b>Lab</b>"
    assert post_score(bearer, column, score(student["id"], when="2020-01-02T00:00:00Z", gradingProgress="Pending")).status == 200
    cleared = send("GET", below(column, "results"), headers={**bearer, "Accept": RESULTS}).json()
    assert "resultScore" not in cleared[0]
    assert send("GET", below(column, "results"), headers={**bearer, "Accept": "application/json"}).status == 400
    assert send("GET", below(column, "scores"), headers={**bearer, "Accept": SCORE}).status == 405


def test_a_refused_score_with_a_newline_comes_back_as_200(lms, bearer, column):
    refused = score(lms.people("editingteacher")[0]["id"])
    compact = post_score(bearer, column, refused)
    assert compact.status == 400 and compact.reason.startswith("Incorrect score received{") and compact.body == b"[]"
    pretty = post_score(bearer, column, json.dumps(refused, indent=1))
    assert pretty.status == 200 and pretty.body == b"[]"


def test_results_with_limit_are_broken(lms, bearer, column):
    url = below(column, "results")
    assert send("GET", url + "&limit=5", headers={**bearer, "Accept": RESULTS}).status == 200
    post_score(bearer, column, score(lms.people("student")[0]["id"]))
    broken = send("GET", url + "&limit=5", headers={**bearer, "Accept": RESULTS})
    assert broken.status == 404 and "text/html" in broken.headers["Content-Type"]
    assert send("GET", url.split("?")[0] + "?limit=5", headers={**bearer, "Accept": RESULTS}).status == 200


def test_locked_column_and_suspended_learner(lms, course, bearer, column):
    student = lms.people("student")[0]
    lms.control("enrol", user=student["id"], course=course["id"], suspended=True)
    assert post_score(bearer, column, score(student["id"])).status == 200
    item_id = lms.control("get_state")["line_items"][0]["id"]
    lms.control("set_item", item_id=item_id, locked=True)
    locked = post_score(bearer, column, score(student["id"], when="2021-01-01T00:00:00Z"))
    assert locked.status == 500 and locked.body == b"[]"


def test_one_item_on_the_link_is_announced_two_are_not(lms, course, bearer):
    link = course["links"][0]
    body = {"label": "A", "scoreMaximum": 1, "resourceLinkId": str(link["instance"])}
    for expected in (True, False):
        send("POST", line_items(lms, course), json.dumps(body), {**bearer, "Content-Type": LINE_ITEM})
        claims = verified(lms, launch(lms, lms.people("student")[0]).fields["id_token"])
        assert ("lineitem" in claims[ENDPOINT]) is expected
    body["resourceLinkId"] = "999999"
    assert send("POST", line_items(lms, course), json.dumps(body), {**bearer, "Content-Type": LINE_ITEM}).status == 403


# ---- NRPS ----

def test_roster(lms, course, bearer):
    claims = verified(lms, launch(lms, lms.people("editingteacher")[0]).fields["id_token"])
    url = claims[MEMBERS]["context_memberships_url"]
    headers = {**bearer, "Accept": ROSTER}
    members = send("GET", url, headers=headers).json()["members"]
    assert len(members) == 14 and {r for m in members for r in m["roles"]} == {"Instructor", "Learner"}
    assistant = next(m for m in members if m["user_id"] == str(lms.people("teacher")[0]["id"]))
    assert assistant["roles"] == ["Learner"] and assistant["ext_user_username"]
    page = send("GET", url + "?role=Learner&limit=5", headers=headers)
    assert len(page.json()["members"]) == 5 and page.headers["Link"] == f'<{url}?limit=5&from=5>; rel="next"'
    assert len(send("GET", url + "?role=Nobody", headers=headers).json()["members"]) == 14
    lms.control("enrol", user=lms.people("student")[0]["id"], course=course["id"], suspended=True)
    assert len(send("GET", url, headers=headers).json()["members"]) == 13
    rlid = send("GET", f"{url}?rlid={course['links'][0]['instance']}", headers=headers).json()["members"]
    assert rlid[0]["message"][0][LTI + "message_type"] == "LtiResourceLinkRequest"
    assert send("GET", url + "?rlid=999999", headers=headers).status == 404
    assert send("GET", url, headers={**bearer, "Accept": "application/json"}).status == 400


# ---- web services ----

def test_web_service_errors_are_200(lms, course):
    def code(function, **parameters):
        return lms.web_service(function, **parameters)["errorcode"]
    assert code("core_webservice_get_site_info", wstoken="wrong") == "invalidtoken"
    assert code("core_user_get_users") == "accessexception"
    assert code("core_grades_get_grades") == "invalidrecord"
    assert code("core_course_get_contents", courseid=999999) == "invalidrecord"
    assert code("core_course_get_contents", courseid="x") == "invalidparameter"
    assert code("gradereport_user_get_grade_items", courseid=course["id"], userid=999999) == "invaliduser"
    admin = lms.people("admin")[0]["id"]
    assert code("core_completion_get_course_completion_status", courseid=course["id"], userid=admin) == "usernotenroled"
    xml = send("GET", f"{lms.issuer}/webservice/rest/server.php?wstoken=x")
    assert xml.status == 200 and "<ERRORCODE>invalidtoken</ERRORCODE>" in xml.text
    lms.quirk("ws_html", True)
    assert "text/html" in send("GET", f"{lms.issuer}/webservice/rest/server.php").headers["Content-Type"]


def test_web_service_tells_of_visits_but_not_of_grading(lms, course):
    learner = next(u for u in lms.ready["users"] if u["role"] == "student" and course["id"] in u["courses"])

    def access():
        found = lms.web_service("core_enrol_get_enrolled_users", courseid=course["id"])
        return next(row.get("lastcourseaccess") for row in found if row["id"] == learner["id"])
    before = access()
    graded = next(i for i in course["items"] if i["grademax"])
    lms.control("set_grade", user=learner["id"], course=course["id"], item_title=graded["title"], grade=1)
    assert access() == before
    assert lms.control("visit", user=learner["id"], course=course["id"], time=before + 30)["last_access"] == before
    assert lms.control("visit", user=learner["id"], course=course["id"], time=before + 60)["last_access"] == before + 60
    assert access() == before + 60
    lms.control("set_quirk", name="ws_hides_access", value=True)
    assert access() is None
    lms.control("set_quirk", name="ws_hides_access", value=False)
    lms.control("set_quirk", name="ws_denied", value="core_course_get_contents,mod_assign_get_grades")
    assert lms.web_service("core_course_get_contents", courseid=course["id"])["errorcode"] == "accessexception"
    lms.control("set_quirk", name="ws_denied", value="")
    lms.control("set_course", course=course["id"], end=1795900000)
    assert lms.web_service("core_course_get_courses_by_field", field="id", value=course["id"])["courses"][0]["enddate"] == 1795900000


def test_web_service_reads_courses_and_people(lms, course):
    assert lms.web_service("core_webservice_get_site_info")["siteurl"] == lms.issuer
    assert [c["id"] for c in lms.web_service("core_course_get_courses", **{"options[ids][0]": course["id"]})] == [course["id"]]
    found = lms.web_service("core_course_get_courses_by_field", field="shortname", value=course["shortname"])
    assert found["courses"][0]["id"] == course["id"]
    modules = [m for section in lms.web_service("core_course_get_contents", courseid=course["id"]) for m in section["modules"]]
    assert [m["id"] for m in modules] == [i["cmid"] for i in course["items"]] + [course["links"][0]["cmid"]]
    people = lms.web_service("core_enrol_get_enrolled_users", courseid=course["id"])
    assert len(people) == 14 and people[0]["roles"][0]["shortname"] in ("student", "teacher", "editingteacher")
    some = lms.web_service("core_enrol_get_enrolled_users", courseid=course["id"], **{
        "options[0][name]": "limitnumber", "options[0][value]": 3, "options[1][name]": "userfields", "options[1][value]": "fullname"})
    assert len(some) == 3 and set(some[0]) == {"id", "fullname"}


def test_web_service_reads_grades(lms, course):
    student, quiz, task = lms.people("student")[0], course["items"][0], course["items"][1]
    lms.control("set_grade", user=student["id"], cmid=quiz["cmid"], grade=92)
    lms.control("set_grade", user=student["id"], item_title=task["title"], grade=62, hidden=True)
    ask = {"courseids[0]": course["id"]}
    assert lms.web_service("mod_assign_get_assignments", **ask)["courses"] == []
    listed = lms.web_service("mod_assign_get_assignments", includenotenrolledcourses=1, **ask)["courses"][0]["assignments"]
    assert [a["cmid"] for a in listed] == [i["cmid"] for i in course["items"][1:]]
    grades = lms.web_service("mod_assign_get_grades", **{"assignmentids[0]": task["instance"]})
    assert grades["assignments"][0]["grades"][0]["grade"] == "62.00000"
    everyone = lms.web_service("gradereport_user_get_grade_items", courseid=course["id"], userid=0)["usergrades"]
    assert len(everyone) == 12
    rows = next(u for u in everyone if u["userid"] == student["id"])["gradeitems"]
    assert [r["graderaw"] for r in rows] == [92, 62, None, 154] and rows[1]["gradeishidden"] and rows[-1]["itemtype"] == "course"
    lms.control("set_grade", user=student["id"], item_title=task["title"], grade=70, override=True)
    one = lms.web_service("gradereport_user_get_grade_items", courseid=course["id"], userid=student["id"])["usergrades"][0]
    assert one["gradeitems"][1]["graderaw"] == 70 and one["gradeitems"][1]["gradeisoverridden"]
    grades = lms.web_service("mod_assign_get_grades", **{"assignmentids[0]": task["instance"]})
    assert grades["assignments"][0]["grades"][0]["grade"] == "62.00000"


def test_completion_and_the_41_error(lms, course):
    student = lms.people("student")[0]["id"]
    ask = {"courseid": course["id"], "userid": student}
    for item, grade in zip(course["items"], (90, 70, 20)):
        lms.control("set_grade", user=student, cmid=item["cmid"], grade=grade)
    statuses = lms.web_service("core_completion_get_activities_completion_status", **ask)["statuses"]
    assert [s["state"] for s in statuses] == [2, 2, 3] and all(s["timecompleted"] for s in statuses)
    assert lms.web_service("core_completion_get_course_completion_status", **ask)["completionstatus"]["completed"] is False
    lms.quirk("version", "4.1")
    assert lms.web_service("core_completion_get_course_completion_status", **ask)["completionstatus"]["completed"] is True
    lms.quirk("version", "4.5")
    lms.control("set_grade", user=student, cmid=course["items"][2]["cmid"], grade=50)
    status = lms.web_service("core_completion_get_course_completion_status", **ask)["completionstatus"]
    assert status["completed"] and len(status["completions"]) == 3


# ---- pages and server ----

def test_teacher_grades_and_student_sees_them(lms, course):
    teacher, student = lms.browser(lms.people("editingteacher")[0]["id"]), lms.people("student")[0]
    page = teacher.get(f"/course/{course['id']}/gradebook")
    name = f"{course['items'][0]['item_id']}-{student['id']}"
    fields = {"sesskey": read_form(page.text).fields["sesskey"], f"was-{name}": "|0", f"grade-{name}": "77,5"}
    assert teacher.post(f"/course/{course['id']}/gradebook", fields).status == 303
    pupil = lms.browser(student["id"])
    assert "77.5" in pupil.get(f"/course/{course['id']}/grades").text
    assert pupil.get(f"/course/{course['id']}/gradebook").status == 404
    fields |= {f"was-{name}": "77.5|0", f"grade-{name}": "101"}
    refused = teacher.post(f"/course/{course['id']}/gradebook", fields)
    assert refused.status == 200 and "is not a number from 0 to 100" in refused.text
    fields |= {f"grade-{name}": "77.5", f"hidden-{name}": "on"}
    assert teacher.post(f"/course/{course['id']}/gradebook", fields).status == 303
    assert "77.5" not in pupil.get(f"/course/{course['id']}/grades").text
    assert teacher.post(f"/course/{course['id']}/gradebook", {**fields, "sesskey": "no"}).status == 404


def test_the_demonstration_school_is_always_the_same(tool):
    with DemoLms.start(tool=tool.url) as lms:
        assert lms.ready["users"][0]["name"] == "Basil Haddad" and len(lms.people("student")) == 62
        assert lms.people("student")[0]["name"] == "Amina Diallo" and lms.ready["deployment_id"] == "1"


def test_every_page_answers_and_escapes_names(tool):
    with DemoLms.start(tool=tool.url, seed=3) as lms:
        assert "<b>Bo</b> & Sons" in {u["name"] for u in lms.ready["users"]}
        assert "&lt;b&gt;Bo&lt;/b&gt;" in send("GET", lms.issuer + "/").text
        course = lms.ready["courses"][0]
        paths = ["/my", f"/course/{course['id']}", f"/course/{course['id']}/tool/{course['links'][0]['instance']}",
                 *(f"/mod/{i['module']}/view.php?id={i['cmid']}" for i in course["items"][:2])]
        extra = {"student": [f"/course/{course['id']}/grades"], "admin": ["/admin/tools", "/admin/webservice"],
                 "editingteacher": [f"/course/{course['id']}/gradebook?page=2", f"/course/{course['id']}/add-badge-activity",
                                    f"/course/{course['id']}/marking/{course['items'][2]['cmid']}"]}
        for role, more in extra.items():
            browser = lms.browser(lms.people(role)[0]["id"])
            for path in paths + more:
                reply = browser.get(path)
                assert reply.status in (200, 303) and "<b>Bo</b>" not in reply.text, (role, path)


def test_connections_are_kept_and_requests_remembered(lms):
    address = urllib.parse.urlsplit(lms.issuer)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=10)
    for path in ("/mod/lti/certs.php", "/nowhere", "/mod/lti/certs.php"):
        connection.request("GET", path)
        connection.getresponse().read()
        assert connection.sock is not None
    connection.close()
    assert [r["path"] for r in lms.control("requests")["requests"]] == ["/mod/lti/certs.php", "/nowhere", "/mod/lti/certs.php"]
    assert send("POST", lms.issuer + "/_control/get_state", "{}").status == 403


def test_seeds_differ_and_the_end_is_prompt(tool):
    first, second = (DemoLms.start(tool=tool.url, seed=seed, course="small") for seed in (1, 2))
    for key in ("client_id", "ws_token", "control_token"):
        assert first.ready[key] != second.ready[key]
    assert {u["id"] for u in first.ready["users"]} != {u["id"] for u in second.ready["users"]}
    for running in (first, second):
        started = time.monotonic()
        assert running.stop() == 0 and time.monotonic() - started < 2
