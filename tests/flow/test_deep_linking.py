"""A teacher adds badges to a course with "Select content" (lti.md 6; moodle.md 1.4, 5; attacks.md H1-H8, E1, E5, E11, C25).
The demo LMS checks the answer on its own, with the tool's published keys."""
import html
import json
import re
import urllib.parse

import pytest
from jwcrypto import jwk, jwt

from support import forge, laurel, web
from support.laurel import wait_until

LTI, DL = forge.LTI, forge.DL
SETTINGS = DL + "deep_linking_settings"
PROMPT_S = 60
NEWLINE = "Two\nLines <b>&"
BADGES = [
    {"key": "task-one", "name": "First Task Done", "gradebook": True, "rule": {"item": "Task 1", "min_percent": 80}},
    {"key": "plain", "name": "Careful Reader", "description": "Reads <i>twice</i>.", "rule": {"item": "Task 2"}},
    {"key": "score-two", "name": "Second Task Done", "gradebook": True, "rule": {"item": "Task 2", "min_percent": 50}},
]


class School:
    def __init__(self, place, lms):
        self.laurel, self.lms = place, lms
        self.course = lms.facts["courses"][0]
        self.cmid = {item["title"]: item["cmid"] for item in self.course["items"]}
        self.teacher, self.admin = lms.user("editingteacher")["id"], lms.user("admin")["id"]
        place.start()
        place.start_worker()
        lms.launch(self.teacher)
        lms.launch(self.admin)
        laurel.import_badges(place, lms, BADGES)
        self.import_unmapped({"key": "elsewhere", "name": "From Elsewhere", "gradebook": True, "rule": {"item": "Task 3"}})
        place.cli("admin", "grant", "--issuer", lms.issuer, "--client-id", lms.client_id, "--sub", self.admin,
                  "--institution", "Northside College")
        self.keys = jwk.JWKSet.from_json(web.Browser().get(place.base + "/lti/jwks").text)

    def import_unmapped(self, badge):
        """A badge of the school that this course does not have: it belongs to a course nobody has opened."""
        where = {"issuer": self.lms.issuer, "client_id": self.lms.client_id, "deployment_id": self.lms.deployment,
                 "context_id": "987"}
        laurel.import_badges(self.laurel, self.lms, [{"courses": [where], **badge}])

    def id_of(self, key):
        [(found,)] = self.laurel.rows("SELECT public_id::text FROM badge WHERE key = %s", [key])
        return found

    def pick(self, user=None):
        """Presses "Select content" as this person: the LMS's forms, the tool's redirect."""
        return Picker(self, user or self.teacher)

    def columns(self):
        return [i for i in self.lms.state()["line_items"] if i["course_id"] == self.course["id"]]

    def verified(self, token):
        """The answer's claims, by an implementation of its own and the published keys."""
        return json.loads(jwt.JWT(jwt=token, key=self.keys, algs=["RS256"]).claims)


class Picker:
    def __init__(self, school, user, settings=None, claims=None):
        """settings, claims: merge patches on what the LMS asks for; None is its own way, with its own session."""
        self.school, lms = school, school.lms
        if settings is None and claims is None:
            self.here, self.browser = lms.browser(user), web.Browser()
            form = self.here.get(f"{lms.issuer}/mod/lti/contentitem.php?course={school.course['id']}&id={lms.deployment}")
            form = self.here.get(self.browser.post(form.action(), form.fields()).location)
            self.reply = self.browser.post(form.action(), form.fields())
        else:
            pending = school.laurel.begin(lms)
            minted = lms.control("mint", user=user, nonce=pending.nonce, deep_link=True,
                                 claims_delta={SETTINGS: settings or {}, **(claims or {})})
            self.reply, self.browser = school.laurel.present(pending, minted["id_token"]), pending.browser
        self.base = school.laurel.base

    @property
    def home(self):
        assert self.reply.status == 303, f"{self.reply.status} {self.reply.text[:300]}"
        return self.base + self.reply.location

    def page(self):
        return self.browser.get(self.home)

    def send(self, items, csrf=None, deed="add", **headers):
        fields = [("csrf", self.page().fields()["csrf"] if csrf is None else csrf), ("deed", deed)]
        fields += [("item", item) for item in items]
        return self.browser.post(self.home, fields, headers={"Origin": self.base, "Sec-Fetch-Site": "same-origin", **headers})

    def answer(self, items, deed="add"):
        """What goes to the platform: (return URL, claims)."""
        reply = self.send(items, deed=deed)
        assert reply.status == 200 and "data-auto" in reply.text, f"{reply.status} {html.unescape(reply.text)[:1500]}"
        assert set(reply.fields()) == {"JWT"}
        return reply.action(), self.school.verified(reply.fields()["JWT"]), reply

    def give(self, items, deed="add"):
        """Carries the answer to the LMS, which verifies it. Returns the LMS's page."""
        reply = self.send(items, deed=deed)
        assert reply.status == 200, f"{reply.status} {reply.text[:500]}"
        return self.here.post(reply.action(), reply.fields())

    def save(self):
        """The teacher saves the activity form; returns the new links."""
        lms, course = self.school.lms, self.school.course
        before = {link["cmid"] for link in lms.state()["courses"][0]["links"]}
        sesskey = self.here.get(f"{lms.issuer}/course/{course['id']}").fields()["sesskey"]
        assert self.here.post(f"{lms.issuer}/course/{course['id']}/activities", {"sesskey": sesskey}).status == 303
        return [link for link in lms.state()["courses"][0]["links"] if link["cmid"] not in before]


@pytest.fixture(scope="module")
def school(cluster):
    with laurel.school(cluster, seed=61) as (place, lms):
        yield School(place, lms)


def items_of(claims):
    return claims[DL + "content_items"]


def open_link(school, user, link):
    """Launches a placed link; returns (where it leads, the page there)."""
    reply, browser = school.lms.launch(user, link["cmid"])
    assert reply.status == 303, f"{reply.status} {reply.text[:300]}"
    path = re.sub(r"^/app/l/[^/]+/", "", re.sub(r"^https?://[^/]+", "", reply.location))
    return path, html.unescape(browser.get(school.laurel.base + reply.location).text)


# --- the page

def test_select_content_leads_to_the_choice(school):
    picker = school.pick()
    assert picker.reply.location.endswith("/pick")
    page = picker.page()
    shown = html.unescape(page.text)
    assert page.status == 200 and all(name in shown for name in ("My badges", "Course progress", "First Task Done", "Careful Reader"))
    assert 'type="checkbox"' in page.text and 'type="radio"' not in page.text, "Moodle takes several"
    assert "Task 1" in shown, "what the badge takes"
    assert f"form-action 'self' {school.lms.issuer}" in page.header("Content-Security-Policy")


def test_one_at_a_time_where_the_platform_takes_one(school):
    picker = Picker(school, school.teacher, {"accept_multiple": False})
    page = picker.page().text
    assert 'type="radio"' in page and 'type="checkbox"' not in page
    reply = picker.send(["badges", "progress"])
    assert reply.status == 400 and "one thing at a time" in reply.text and "JWT" not in reply.fields()
    _, claims, _ = picker.answer(["progress"])
    assert [i["custom"] for i in items_of(claims)] == [{"laurel_view": "progress"}]


def test_nothing_chosen_and_too_much_are_said_and_the_choice_stays(school):
    picker = school.pick()
    reply = picker.send([])
    assert reply.status == 400 and "Choose what to add first" in reply.text
    assert 'value="badges" checked' not in reply.text
    reply = picker.send(["badges"] + [f"x{n}" for n in range(50)])
    assert reply.status == 400 and "At most 50" in reply.text and 'value="badges" checked' in reply.text
    assert picker.send(["badges"]).status == 200, "nothing was used up"


# --- the answer

def test_a_badge_becomes_an_item_of_the_specification(school):
    action, claims, reply = school.pick().answer([school.id_of("plain")])
    lms = school.lms
    assert action.startswith(f"{lms.issuer}/mod/lti/contentitem_return.php?course={school.course['id']}&id=") and "sesskey=" in action
    assert f"form-action 'self' {lms.issuer}" in reply.header("Content-Security-Policy")
    assert (claims["iss"], claims["aud"], claims[LTI + "deployment_id"]) == (lms.client_id, lms.issuer, lms.deployment)
    assert claims[LTI + "message_type"] == "LtiDeepLinkingResponse" and claims[LTI + "version"] == "1.3.0"
    assert claims["exp"] - claims["iat"] == 360 and claims["nonce"] != claims["jti"]
    assert DL + "data" not in claims, "none came"
    [item] = items_of(claims)
    icon = item.pop("icon")
    assert item == {"type": "ltiResourceLink", "title": "Careful Reader", "text": "Reads <i>twice</i>.",
                    "custom": {"laurel_view": "badge", "laurel_badge": school.id_of("plain")},
                    "iframe": {"width": 800, "height": 600}}, "no url on Moodle, no column without gradebook"
    picture = web.Browser().get(icon["url"])
    assert picture.status == 200 and picture.header("Content-Type") == "image/svg+xml"
    assert (icon["width"], icon["height"]) == (64, 64)


def test_other_platforms_get_the_launch_address(school):
    _, claims, _ = Picker(school, school.teacher, {}, {LTI + "tool_platform": {"product_family_code": "canvas"}}).answer(["badges"])
    assert items_of(claims)[0]["url"] == school.laurel.base + "/lti/launch"
    _, claims, _ = school.pick().answer(["badges"])
    assert "url" not in items_of(claims)[0], "this launch said moodle again"


def test_a_registration_with_a_twin_gets_its_own_launch_address(school):
    """Two schools' keys with one issuer and client id: only the address tells them apart."""
    canvas = {LTI + "tool_platform": {"product_family_code": "canvas"}}
    picker = Picker(school, school.teacher, {}, canvas)
    assert picker.page().status == 200
    school.laurel.rows("INSERT INTO registration (slug, issuer, client_id, auth_url, token_url, jwks_url)"
                       " SELECT 'twin', issuer, client_id, auth_url, token_url, jwks_url FROM registration RETURNING id")
    try:
        _, claims, _ = picker.answer(["badges"])
    finally:
        school.laurel.rows("DELETE FROM registration WHERE slug = 'twin' RETURNING id")
    assert items_of(claims)[0]["url"] == f"{school.laurel.base}/lti/launch/{school.lms.slug}"


def test_an_answer_opens_nothing_as_a_launch(school):
    """F1: what Laurel signs for the platform is no launch."""
    reply = school.pick().send(["badges"])
    pending = school.laurel.begin(school.lms)
    refused = school.laurel.present(pending, reply.fields()["JWT"])
    assert refused.status == 401 and not any("laurel-s-" in cookie for cookie in refused.all("Set-Cookie"))


def test_several_things_become_several_items(school):
    picker = school.pick()
    shown = picker.give(["badges", "progress", school.id_of("plain"), "badges"]).text
    assert all(text in html.unescape(shown) for text in ("3 things chosen.", "My badges", "Course progress", "Careful Reader"))
    assert [link["title"] for link in picker.save()] == ["My badges", "Course progress", "Careful Reader"]


def test_cancel_answers_with_nothing(school):
    _, claims, _ = school.pick().answer([school.id_of("plain")], deed="cancel")
    assert items_of(claims) == [] and DL + "msg" not in claims
    assert "Nothing was chosen" in school.pick().give([], deed="cancel").text


ODD = ' {"a":"b"}\r\n\t\u0001 <script>&amp;\'"\\ \u2028 \U0001f393 ' + "é" * 500


@pytest.mark.parametrize("data", ["", "csrftoken:c7fbba78-7b75-46e3-9201-11e6d5f36f53", ODD, "x" * 32768], ids=["empty", "plain", "odd", "32 KiB"])
def test_data_goes_back_as_it_came(school, data):
    """attacks.md H5."""
    _, claims, _ = Picker(school, school.teacher, {"data": data}).answer(["badges"])
    assert claims[DL + "data"] == data


def test_what_canvas_asks_for_is_answered(school):
    """html first, one item, no columns, windows only."""
    picker = Picker(school, school.teacher, {
        "accept_types": ["html", "link", "ltiResourceLink"], "accept_multiple": False, "accept_lineitem": False,
        "accept_media_types": "image/*,text/html", "accept_presentation_document_targets": ["embed", "window"], "data": "d"})
    _, claims, _ = picker.answer([school.id_of("score-two")])
    [item] = items_of(claims)
    assert "lineItem" not in item and item["window"] == {"targetName": "_blank"} and "iframe" not in item
    assert item["custom"]["laurel_badge"] == school.id_of("score-two") and claims[DL + "data"] == "d"


def test_a_line_break_in_a_name_starts_no_parameter(school):
    """H7, H8."""
    school.laurel.rows("UPDATE badge SET name = %s WHERE key = 'plain' RETURNING id", [NEWLINE])
    try:
        picker = school.pick()
        assert picker.give([school.id_of("plain")]).status == 200
        [link] = picker.save()
    finally:
        school.laurel.rows("UPDATE badge SET name = 'Careful Reader' WHERE key = 'plain' RETURNING id")
    assert link["title"] == "Two Lines <b>&"
    custom = school.lms.control("mint", user=school.teacher, nonce="n", resource_link=link["instance"])["claims"][LTI + "custom"]
    assert {k: v for k, v in custom.items() if k.startswith("laurel")} == {
        "laurel_view": "badge", "laurel_badge": school.id_of("plain")}


# --- refusals

STRANGERS = ["https://evil.example/return", "javascript:alert(1)", "http://lms.example/", "https://127.0.0.1.evil.example/"]


@pytest.mark.parametrize("settings", [*({"deep_link_return_url": url} for url in STRANGERS), {"deep_link_return_url": None},
                                      {"accept_types": ["html", "link"]}, {"accept_types": None}, {"data": {"a": 1}}, {"data": "x" * 32769}],
                         ids=[*STRANGERS, "no address", "no tool links", "no types", "data is no text", "too much data"])
def test_a_request_that_cannot_be_answered_is_refused_at_the_launch(school, settings):
    """attacks.md H1, H5."""
    def rows():     # what a launch writes and the worker does not
        return school.laurel.rows("SELECT (SELECT count(*) FROM session), (SELECT count(*) FROM used_nonce), (SELECT count(*) FROM deep_link)")
    before = rows()
    picker = Picker(school, school.teacher, settings)
    assert picker.reply.status == 401 and "evil.example" not in picker.reply.text
    assert rows() == before
    [line] = school.laurel.logged(picker.reply.header("X-Request-Id"), "launch_refused")
    assert line["reason"] == "deep_linking"


ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership#"


@pytest.mark.parametrize("role", ["Learner", "Mentor", None])
def test_only_teachers_choose(school, role):
    """H2"""
    user = school.lms.user("student")["id"]
    picker = Picker(school, user, {}, {LTI + "roles": [ROLE + role] if role else []})
    reply = picker.page()
    assert reply.status == 403 and "This page is for teachers of the course" in reply.text
    other = Picker(school, school.teacher, {})
    reply = picker.send(["badges"], csrf=other.page().fields()["csrf"])
    assert reply.status == 403 and "JWT" not in reply.text


@pytest.mark.parametrize("csrf, headers", [("", {}), ("x" * 43, {}), ("another", {}), (None, {"Origin": "null", "Sec-Fetch-Site": "cross-site"}),
                                           (None, {"Origin": "https://evil.example"})])
def test_a_choice_from_elsewhere_is_refused_and_uses_nothing_up(school, csrf, headers):
    """H3"""
    picker = school.pick()
    token = school.pick().page().fields()["csrf"] if csrf == "another" else csrf
    reply = picker.send(["badges"], csrf=token, **headers)
    assert reply.status in (400, 403) and "JWT" not in reply.text
    assert picker.send(["badges"]).status == 200


def test_an_answer_is_given_once(school):
    """H4"""
    picker = school.pick()
    csrf = picker.page().fields()["csrf"]
    assert picker.send(["badges"], csrf=csrf).status == 200
    for reply in (picker.send(["badges"], csrf=csrf), picker.send([], csrf=csrf, deed="cancel"), picker.page()):
        assert reply.status == 409 and "This selection was sent already" in reply.text and "JWT" not in reply.text


def test_of_answers_sent_at_once_one_counts(school):
    picker = school.pick()
    csrf = picker.page().fields()["csrf"]
    replies = laurel.Crowd.run(6, lambda _: picker.send(["badges"], csrf=csrf))
    assert sorted(reply.status for reply in replies) == [200] + [409] * 5
    assert sum("JWT" in reply.text for reply in replies) == 1


def test_nothing_is_used_up_when_it_cannot_be_signed(school):
    picker = school.pick()
    school.laurel.rows("UPDATE tool_key SET signs_from = now() + interval '1 day' RETURNING kid")
    try:
        assert picker.send(["badges"]).status >= 400
    finally:
        school.laurel.rows("UPDATE tool_key SET signs_from = now() - interval '1 day' RETURNING kid")
    assert picker.answer(["badges"])[1]


def test_nothing_of_the_answer_comes_from_the_form(school):
    """E11"""
    picker = school.pick()
    fields = [("csrf", picker.page().fields()["csrf"]), ("item", "badges"), ("deep_link_return_url", "https://evil.example/"),
              ("return_url", "https://evil.example/"), ("data", "evil"), ("deployment_id", "evil"), ("action", "https://evil.example/")]
    reply = picker.browser.post(picker.home, fields, headers={"Origin": picker.base})
    assert reply.status == 200 and reply.action().startswith(school.lms.issuer + "/mod/lti/")
    assert "evil" not in json.dumps(school.verified(reply.fields()["JWT"]))


def test_a_badge_of_elsewhere_is_not_there(school):
    """E1: another institution's, one that is not mapped here, and none at all."""
    foreign = "0190a1b2-0000-7000-8000-00000000000b"
    with school.laurel.connect() as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO institution (name) VALUES ('Elsewhere') RETURNING id")
        (institution,) = cursor.fetchone()
        cursor.execute("INSERT INTO issuer (institution_id, key, name, url) VALUES (%s, 'e', 'E', 'https://e.example') RETURNING id", [institution])
        (issuer,) = cursor.fetchone()
        cursor.execute("INSERT INTO badge (institution_id, issuer_id, public_id, key, name, definition, rule_version)"
                       " VALUES (%s, %s, %s, 'theirs', 'Theirs', '{}', 1) RETURNING id", [institution, issuer, foreign])
        (badge,) = cursor.fetchone()
        cursor.execute("INSERT INTO rule_version (institution_id, badge_id, version, rule) VALUES (%s, %s, 1, '{\"manual\": \"x\"}')", [institution, badge])
    for user in (school.teacher, school.admin):
        for value in (foreign, "0190a1b2-0000-7000-8000-00000000000c", "badge", "'"):
            picker = school.pick(user)
            assert picker.send([value]).status == 404 and picker.send(["badges", value]).status == 404
            assert picker.send(["badges"]).status == 200
    picker = school.pick()
    assert "From Elsewhere" not in picker.page().text and picker.send([school.id_of("elsewhere")]).status == 404


def test_a_launch_that_asked_for_nothing_has_nothing_to_choose(school):
    reply, browser = school.lms.launch(school.teacher)
    page = browser.get(school.laurel.base + reply.location + "pick")
    assert page.status == 404 and "did not ask for content" in page.text


def test_without_its_session_the_page_is_closed(school):
    picker = school.pick()
    assert web.Browser().get(picker.home).status == 401
    school.laurel.rows("UPDATE session SET expires_at = now() - interval '1 s' WHERE launch_id = %s RETURNING 1", [picker.home.split("/")[-2]])
    assert picker.page().status == 401 and "start from your course" in picker.page().text


# --- placed links

def test_a_placed_badge_opens_its_page(school):
    picker = school.pick()
    picker.give([school.id_of("plain"), "progress", "badges"])
    badge, progress, badges = picker.save()
    student = school.lms.user("student", 4)["id"]
    for user in (student, school.teacher):
        path, shown = open_link(school, user, badge)
        assert path == "placed/" + school.id_of("plain")
        assert "Reads <i>twice</i>." in shown and "What it takes" in shown
    assert open_link(school, student, progress)[0] == "learner" and open_link(school, school.teacher, progress)[0] == "grid"
    assert open_link(school, student, badges)[0] == "" == open_link(school, school.teacher, badges)[0]


FORGED = [{"laurel_view": "badge", "laurel_badge": "0190a1b2-0000-7000-8000-00000000000d"},
          {"laurel_view": "badge", "laurel_badge": "elsewhere"},
          {"laurel_view": "badge", "laurel_badge": "../badges"}, {"laurel_view": "admin"}, {"laurel_view": "badge"},
          {"laurel_view": "progress", "role": "admin"}]


@pytest.mark.parametrize("custom", FORGED, ids=[json.dumps(custom) for custom in FORGED])
def test_forged_parameters_open_home_and_give_no_right(school, custom):
    """C25, E5: teachers may write anything into a link."""
    if custom.get("laurel_badge") == "elsewhere":
        custom = {**custom, "laurel_badge": school.id_of("elsewhere")}
    user, pending = school.lms.user("student", 3)["id"], school.laurel.begin(school.lms)
    token = school.lms.control("mint", user=user, nonce=pending.nonce, claims_delta={LTI + "custom": custom})["id_token"]
    reply = school.laurel.present(pending, token)
    assert reply.status == 303
    page = pending.browser.get(school.laurel.base + reply.location)
    shown = html.unescape(page.text)
    assert page.status == 200 and "First Task Done" in shown and "From Elsewhere" not in shown and "Course grid" not in shown
    home = re.match(r"/app/l/[^/]+/", reply.location).group(0)
    assert pending.browser.get(school.laurel.base + home + "grid").status == 403


# --- columns and mappings

def test_the_column_made_with_a_badge_is_the_one_that_is_scored(school):
    ana, badge = school.lms.user("student", 0)["id"], school.id_of("task-one")
    picker = school.pick()
    assert "Comes with a column in the gradebook." in picker.page().text
    picker.give([badge])
    # Earned before the teacher has saved: the column is on its way, and Laurel makes none of its own.
    school.lms.mark(school.teacher, school.course["id"], school.cmid["Task 1"], ana, 95)
    school.lms.launch(ana)
    wait_until(lambda: any(line["event"] == "job_failed" and line["reason"] == "column_coming"
                           for line in school.laurel.logs(school.laurel.worker_log)), PROMPT_S, "the score waits")
    assert [c for c in school.columns() if c["resource_id"] == badge] == []
    [link] = picker.save()
    school.laurel.rows("UPDATE job SET run_at = now() WHERE kind = 'score' RETURNING id")
    [column] = [c for c in school.columns() if c["resource_id"] == badge]
    assert (column["tag"], column["score_maximum"], column["label"]) == ("laurel-badge", 1, "First Task Done")

    def scored():
        [found] = [c for c in school.columns() if c["resource_id"] == badge]
        return [g for g in found["grades"] if g["user_id"] == ana and g["score"] == 1]
    wait_until(scored, PROMPT_S, "the score in the column that came with the link")
    assert str(column["resource_link_id"]) == str(link["instance"])

    again = school.pick()
    assert "Comes with a column" not in re.search(r"First Task Done.*?</li>", again.page().text, re.S).group(0)
    _, claims, _ = again.answer([badge])
    assert "lineItem" not in items_of(claims)[0], "asking again would make a second column"


def test_a_column_that_never_comes_is_made_after_a_while(school):
    ben, badge = school.lms.user("student", 1)["id"], school.id_of("score-two")
    _, claims, _ = school.pick().answer([badge])
    assert items_of(claims)[0]["lineItem"] == {"scoreMaximum": 1.0, "label": "Second Task Done", "resourceId": badge, "tag": "laurel-badge"}
    school.laurel.rows("UPDATE badge_course SET column_asked_at = now() - interval '5 minutes' WHERE column_asked_at IS NOT NULL RETURNING 1")
    school.lms.mark(school.teacher, school.course["id"], school.cmid["Task 2"], ben, 90)
    school.lms.launch(ben)
    wait_until(lambda: [g for c in school.columns() if c["resource_id"] == badge for g in c["grades"] if g["score"] == 1],
               PROMPT_S, "a column of Laurel's own")


def test_an_admin_adds_a_badge_of_the_school_to_the_course(school):
    badge = school.id_of("elsewhere")

    def courses():
        return {context for (context,) in school.laurel.rows(
            "SELECT c.context_id FROM badge_course m JOIN badge b ON b.id = m.badge_id JOIN context c ON c.id = m.context_id"
            " WHERE b.key = 'elsewhere'")}
    picker = school.pick(school.admin)
    shown = picker.page().text
    assert "Other badges of your school" in shown and "From Elsewhere" in shown
    assert courses() == {"987"}
    _, claims, _ = picker.answer([badge])
    assert items_of(claims)[0]["lineItem"]["resourceId"] == badge
    assert courses() == {"987", str(school.course["id"])}, "in the same transaction"
    assert school.laurel.rows("SELECT count(*) FROM audit WHERE action = 'badge_mapped'") == [(1,)]
    assert "From Elsewhere" in school.pick().page().text, "now for every teacher of the course"


def test_a_course_without_badges_says_how_to_get_some(school):
    empty = {LTI + "context": {"id": "nobody-was-here", "title": "Empty"}}
    shown = html.unescape(Picker(school, school.teacher, {}, empty).page().text)
    assert "This course has no badges yet" in shown and "badge administrator" in shown
    _, claims, _ = Picker(school, school.teacher, {}, {LTI + "context": None}).answer(["badges"])
    assert len(items_of(claims)) == 1, "also without any course"
