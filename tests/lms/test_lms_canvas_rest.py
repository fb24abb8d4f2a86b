"""The REST interface of the demo LMS as a Canvas, driven over HTTP; expectations from Canvas's documentation."""
import re
import time
import urllib.parse

import pytest

from client import DemoLms, send

STRING_IDS = "application/json+canvas-string-ids"
QUIZ, LAB = "Lab safety quiz", "Lab 1"


@pytest.fixture(scope="module")
def rest(tool):
    with DemoLms.start(tool=tool.url, personality="canvas", learners=30) as lms:
        yield Rest(lms)


class Rest:
    def __init__(self, lms):
        self.lms, self.token, self.course = lms, lms.ready["rest_token"], lms.ready["courses"][0]
        self.items = {item["title"]: item["item_id"] for item in self.course["items"]}
        self.first, self.second = lms.people("student")[:2]

    def ask(self, path, accept="application/json", token=None, **query):
        url = path if path.startswith("http") else self.lms.ready["rest_url"] + "/api/v1" + path
        if query:
            url += "?" + urllib.parse.urlencode(query, doseq=True)
        return send("GET", url, headers={"Authorization": f"Bearer {token or self.token}", "Accept": accept})

    def get(self, path, **query):
        reply = self.ask(path, **query)
        assert reply.status == 200, f"{reply.status} {reply.text[:300]}"
        return reply.json()

    def of(self, path, **query):
        """Below the course; brackets in names of parameters are left out here."""
        return self.get(f"/courses/{self.course['id']}{path}", **{name.replace("__", "[]"): value for name, value in query.items()})

    def every(self, path, **query):
        """All pages, and how many there were."""
        reply, rows, pages = self.ask(f"/courses/{self.course['id']}{path}", **query), [], 0
        while True:
            rows, pages = rows + reply.json(), pages + 1
            following = re.search(r'<([^>]+)>; rel="next"', reply.headers.get("Link", ""))
            if not following:
                return rows, pages
            reply = self.ask(following[1])

    def submission(self, user, title):
        [found] = self.of("/students/submissions", student_ids__=user["id"], grouped=1)
        return next(s for s in found["submissions"] if s["assignment_id"] == self.items[title])

    def totals(self, user):
        rows, _ = self.every("/enrollments", **{"type[]": "StudentEnrollment", "per_page": 100})
        return next(r["grades"] for r in rows if r["user_id"] == user["id"])

    def control(self, name, **body):
        return self.lms.control(name, **body)


def test_a_token_is_refused_in_canvas_way(rest):
    bad = rest.ask("/users/self", token="7~wrong")
    assert bad.status == 401 and bad.headers["WWW-Authenticate"] and bad.json()["errors"]
    rest.lms.quirk("rest_revoked", True)
    assert rest.ask("/users/self").headers["WWW-Authenticate"]
    rest.lms.quirk("rest_revoked", False)
    rest.lms.quirk("rest_denied", "/modules")
    missing = rest.ask(f"/courses/{rest.course['id']}/modules")
    assert missing.status == 401 and "WWW-Authenticate" not in missing.headers
    rest.lms.quirk("rest_denied", "")
    assert rest.get("/users/self")["name"] == "Badges Web Service"
    assert rest.ask("/courses/999999").status == 404


def test_ids_are_numbers_or_strings_as_asked(rest):
    path = f"/courses/{rest.course['id']}/enrollments"
    assert isinstance(rest.ask(path).json()[0]["user"]["id"], int)
    row = rest.ask(path, accept=STRING_IDS).json()[0]
    assert isinstance(row["id"], str) and isinstance(row["user_id"], str) and isinstance(row["user"]["id"], str)


def test_people_and_courses_are_found_by_the_ids_of_launches(rest):
    assert rest.get(f"/users/lti_1_3_id:{rest.first['sub']}")["id"] == rest.first["id"]
    assert rest.get(f"/courses/{rest.course['id']}/users/lti_1_3_id:{rest.first['sub']}")["id"] == rest.first["id"]
    assert rest.ask(f"/users/lti_user_id:{rest.first['sub']}").status == 404, "ids of LTI 1.1 are others"
    assert rest.ask("/users/lti_1_3_id:0c7f2a10-0000-4000-8000-000000000001").status == 404
    course = rest.get(f"/courses/lti_context_id:{rest.course['context_id']}", **{"include[]": "term"})
    assert course["id"] == rest.course["id"] and course["workflow_state"] == "available" and course["term"]["end_at"] is None


def test_pages_are_linked_with_every_filter_and_hold_a_hundred_rows_at_most(rest):
    rows, pages = rest.every("/enrollments", **{"type[]": ["StudentEnrollment"], "state[]": ["active", "inactive"], "per_page": 7})
    assert len(rows) == 30 and pages == 5 and len({r["id"] for r in rows}) == 30
    assert {r["type"] for r in rows} == {"StudentEnrollment"}
    assert len(rest.of("/enrollments")) == 10, "Canvas's default"
    reply = rest.ask(f"/courses/{rest.course['id']}/students/submissions",
                     **{"student_ids[]": "all", "graded_since": "2001-01-01T00:00:00Z", "per_page": 500})
    assert len(reply.json()) == 100 and "per_page=100" in reply.headers["Link"] and 'rel="last"' not in reply.headers["Link"]


def test_a_submission_tells_its_state(rest):
    someone = rest.lms.people("student")[2]         # nothing is graded yet
    row = lambda: rest.submission(someone, QUIZ)
    assert (row()["workflow_state"], row()["score"], row()["posted_at"], row()["graded_at"]) == ("unsubmitted", None, None, None)
    rest.control("submit", user=someone["id"], item_title=QUIZ)
    assert row()["workflow_state"] == "submitted" and row()["submitted_at"]
    rest.control("set_grade", user=someone["id"], item_title=QUIZ, grade=88.5)
    assert (row()["workflow_state"], row()["score"], row()["grade"], row()["grade_matches_current_submission"]) == ("graded", 88.5, "88.5", True)
    assert row()["posted_at"] == row()["graded_at"]
    rest.control("submit", user=someone["id"], item_title=QUIZ)
    assert (row()["workflow_state"], row()["score"], row()["grade_matches_current_submission"], row()["attempt"]) == ("submitted", 88.5, False, 2)
    rest.control("set_grade", user=someone["id"], item_title=QUIZ, grade=90, hidden=True)
    assert (row()["workflow_state"], row()["posted_at"]) == ("graded", None)
    rest.control("post_grades", item_title=QUIZ, user=someone["id"])
    assert row()["posted_at"] and row()["score"] == 90
    rest.control("excuse", user=someone["id"], item_title=QUIZ)
    assert (row()["excused"], row()["score"], row()["grade"], row()["workflow_state"]) == (True, None, None, "graded")
    rest.control("excuse", user=someone["id"], item_title=QUIZ, excused=False)
    assert row()["score"] == 90
    rest.control("set_grade", user=someone["id"], item_title=QUIZ, grade=None)
    assert (row()["workflow_state"], row()["score"], row()["graded_at"], row()["posted_at"]) == ("submitted", None, None, None)


def test_the_way_of_grading_decides_what_a_grade_looks_like(rest):
    for kind, grade, shown in (("points", 9, "9"), ("percent", 9, "90%"), ("letter_grade", 9, "A-"), ("letter_grade", 8.6, "B"),
                               ("pass_fail", "complete", "complete"), ("pass_fail", "incomplete", "incomplete")):
        rest.control("set_item", item_title=LAB, grading_type=kind)
        rest.control("set_grade", user=rest.second["id"], item_title=LAB, grade=grade)
        assert rest.submission(rest.second, LAB)["grade"] == shown, kind
        [row] = [a for a in rest.of("/assignments", per_page=100) if a["id"] == rest.items[LAB]]
        assert row["grading_type"] == kind
    rest.control("set_item", item_title=LAB, grading_type="points")
    rest.control("add_item", title="No points", grademax=0)
    rest.control("set_item", item_title="No points", grading_type="pass_fail")
    rest.items["No points"] = next(a["id"] for a in rest.of("/assignments", per_page=100) if a["name"] == "No points")
    rest.control("set_grade", user=rest.second["id"], item_title="No points", grade="complete")
    row = rest.submission(rest.second, "No points")
    assert (row["score"], row["grade"]) == (0.0, "complete")


def test_filters_by_time_see_grades_and_hand_ins_and_nothing_else(rest):
    user, later = rest.first["id"], int(time.time()) + 3600
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(later - 60))
    news = lambda name: {(s["user_id"], s["assignment_id"]) for s in rest.of("/students/submissions", student_ids__="all", per_page=100, **{name: since})}
    rest.control("set_grade", user=user, item_title=QUIZ, grade=80, time=later)
    assert news("graded_since") == {(user, rest.items[QUIZ])} and news("submitted_since") == set()
    rest.control("submit", user=user, item_title=LAB, time=later)
    assert news("submitted_since") == {(user, rest.items[LAB])}
    both = rest.of("/students/submissions", student_ids__="all", graded_since=since, submitted_since=since)
    assert both == [], "filters hold together"
    rest.control("set_grade", user=user, item_title=QUIZ, grade=None, time=later)
    rest.control("excuse", user=user, item_title="Lab 2")
    rest.control("post_grades", item_title="Lab 3", hidden=True, user=user)
    assert news("graded_since") == set(), "un-grading, excusing and hiding are not seen"
    bad = rest.ask(f"/courses/{rest.course['id']}/students/submissions", **{"student_ids[]": "all", "graded_since": "yesterday"})
    assert bad.status == 400 and "graded_since" in bad.text
    many = rest.ask(f"/courses/{rest.course['id']}/students/submissions", **{"student_ids[]": list(range(101))})
    assert many.status == 400


def test_totals_move_with_what_learners_see(rest):
    user = rest.lms.people("student")[1]
    items = {QUIZ: 100, "Lab 1": 10, "Lab 2": 10, "Lab 3": 10, "Field report": 20}
    for title, maximum in items.items():
        rest.control("set_grade", user=user["id"], item_title=title, grade=maximum / 2)
        rest.control("post_grades", item_title=title, user=user["id"])
    before = rest.totals(user)
    assert (before["current_score"], before["final_score"], before["final_grade"]) == (50.0, 50.0, "F")
    rest.control("set_grade", user=user["id"], item_title=QUIZ, grade=90)
    assert rest.totals(user)["current_score"] == round(100 * (90 + 25) / 150, 2)
    rest.control("post_grades", item_title=QUIZ, user=user["id"], hidden=True)
    hidden = rest.totals(user)
    assert (hidden["current_score"], hidden["final_score"]) == (50.0, round(100 * 25 / 150, 2))
    assert hidden["unposted_current_score"] == hidden["unposted_final_score"] == round(100 * (90 + 25) / 150, 2)
    rest.control("excuse", user=user["id"], item_title=QUIZ)
    assert rest.totals(user)["final_score"] == 50.0, "25 of the other 50 points"
    rest.control("override_total", user=user["id"], percent=95)
    assert rest.totals(user)["override_score"] == 95.0 and rest.totals(user)["override_grade"] == "A"
    rest.control("override_total", user=user["id"], percent=None)
    assert "override_score" not in rest.totals(user)


def test_enrolments_have_states(rest):
    person = rest.control("add_user", given="Con", family="Cluded", course="LAB101")
    state = lambda: {r["user_id"]: r["enrollment_state"] for r in rest.every(
        "/enrollments", **{"state[]": ["active", "completed", "inactive"], "per_page": 100})[0]}[person["id"]]
    assert state() == "active"
    rest.control("enrol", user=person["id"], course="LAB101", concluded=True)
    assert state() == "completed"
    assert person["id"] not in [r["id"] for r in rest.every("/bulk_user_progress")[0]], "of the concluded one by one only"
    assert rest.of(f"/users/{person['id']}/progress")["requirement_completed_count"] == 0
    rest.control("enrol", user=person["id"], course="LAB101", suspended=True)
    assert state() == "inactive"
    test = rest.control("add_test_student", course="LAB101")
    rows, _ = rest.every("/enrollments", **{"type[]": "StudentEnrollment", "per_page": 100})
    assert [r["type"] for r in rows if r["user_id"] == test["id"]] == ["StudentViewEnrollment"]
    rest.control("unenrol", user=test["id"], course="LAB101")
    rest.control("unenrol", user=person["id"], course="LAB101")


def test_modules_follow_their_requirements(rest):
    user = rest.second
    modules = {m["name"]: m for m in rest.of("/modules", include__="items")}
    first, plain = modules["Before you begin"], modules["Read me"]
    assert [i["completion_requirement"]["type"] for i in first["items"]] == ["must_mark_done", "min_score"]
    assert all("completion_requirement" not in i for i in plain["items"]) and "state" not in first
    assert rest.of(f"/modules/{first['id']}/items") == first["items"]
    state = lambda: {m["name"]: (m["state"], m["completed_at"]) for m in rest.of("/modules", student_id=user["id"])}
    progress = lambda: next(r["progress"] for r in rest.every("/bulk_user_progress")[0] if r["id"] == user["id"])
    rest.control("tick", user=user["id"], item_title="Read the lab rules")
    rest.control("set_grade", user=user["id"], item_title=QUIZ, grade=10)
    assert state()["Before you begin"] == ("started", None) and state()["Read me"][0] == "completed"
    before = progress()
    rest.control("set_grade", user=user["id"], item_title=QUIZ, grade=95)
    assert state()["Before you begin"][0] == "completed" and state()["Before you begin"][1]
    assert progress()["requirement_completed_count"] == before["requirement_completed_count"] + 1
    assert progress()["requirement_count"] == 6 and rest.of(f"/users/{user['id']}/progress") == progress()
    other = rest.lms.ready["courses"][2]
    assert rest.ask(f"/courses/{other['id']}/modules").json()
    bare = rest.control("copy_course", course="LAB101")
    assert rest.ask(f"/courses/{bare['id']}/bulk_user_progress").status == 400, "not based on modules"


def test_outcomes_count_hidden_grades_too(rest):
    assert rest.of("/outcome_rollups", include__="outcomes")["linked"]["outcomes"] == []
    rest.control("add_outcome", title="Works safely", item_title=QUIZ)
    rest.control("set_grade", user=rest.second["id"], item_title=QUIZ, grade=80, hidden=True)
    found = rest.of("/outcome_rollups", include__="outcomes", user_ids__=rest.second["id"])
    [rollup] = found["rollups"]
    assert rollup["links"]["user"] == str(rest.second["id"]) and rollup["scores"][0]["score"] == 4.0
    assert found["linked"]["outcomes"][0]["alignments"] == [f"assignment_{rest.items[QUIZ]}"]
    teacher = rest.lms.people("editingteacher")[0]
    assert rest.ask(f"/courses/{rest.course['id']}/outcome_rollups", **{"user_ids[]": teacher["id"]}).status == 400


def test_trouble_looks_like_canvas_trouble(rest):
    rest.lms.quirk("rest_busy", 2)
    assert [rest.ask("/users/self").status for _ in range(3)] == [403, 403, 200]
    rest.lms.quirk("rest_busy_status", 429)
    rest.lms.quirk("rest_busy", 1)
    busy = rest.ask("/users/self")
    assert busy.status == 429 and "Rate Limit Exceeded" in busy.text
    rest.lms.quirk("rest_html", True)
    assert rest.ask("/users/self").text.startswith("<!DOCTYPE html>")
    rest.lms.quirk("rest_html", False)
    path, query = f"/courses/{rest.course['id']}/enrollments", {"per_page": 10}
    following = lambda reply: re.search(r'<([^>]+)>; rel="next"', reply.headers["Link"])[1]
    rest.lms.quirk("rest_cut", 2)
    with pytest.raises(ValueError):
        rest.ask(following(rest.ask(path, **query))).json()
    rest.lms.quirk("rest_cut", 0)
    for paging, check in (("loop", lambda reply: "page=first" in following(reply)),
                          ("foreign", lambda reply: following(reply).startswith("https://evil.example/")),
                          ("repeat", lambda reply: rest.ask(following(reply)).json() == reply.json()),
                          ("empty", lambda reply: rest.ask(following(reply)).json() == [])):
        rest.lms.quirk("rest_paging", paging)
        assert check(rest.ask(path, **query)), paging
    rest.lms.quirk("rest_paging", "")
    began = time.monotonic()
    rest.lms.quirk("rest_slow", 0.5)
    rest.ask("/users/self")
    assert time.monotonic() - began >= 0.5
    rest.lms.quirk("rest_slow", 0.0)
    left = float(rest.ask("/users/self").headers["X-Rate-Limit-Remaining"])
    assert 500 < left <= 600


def test_a_large_course_answers_quickly(tool):
    """Two thousand learners and fifty assignments more: a page of a thousand submissions takes well under a second."""
    with DemoLms.start(tool=tool.url, timeout=120, personality="canvas", learners=2000, items=50) as lms:
        rest = Rest(lms)
        for path, query, rows in (("/enrollments", {"per_page": 100}, 100), ("/bulk_user_progress", {"per_page": 100}, 100),
                                  ("/students/submissions", {"student_ids[]": "all", "grouped": 1, "per_page": 18}, 18),
                                  ("/students/submissions", {"student_ids[]": "all", "graded_since": "2001-01-01T00:00:00Z", "per_page": 100}, 100)):
            began = time.monotonic()
            reply = rest.ask(f"/courses/{rest.course['id']}{path}", **query)
            assert len(reply.json()) == rows
            assert time.monotonic() - began < 3, f"{path} took {time.monotonic() - began:.1f} s"
