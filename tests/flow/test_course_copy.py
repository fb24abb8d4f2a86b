"""A course that was copied: recognised, proposed, confirmed by its teacher, and nothing awarded before (lti.md 9)."""
import html
import json
import re
import secrets
import time

import pytest

from support import laurel, web
from support.forge import LTI
from support.laurel import wait_until

PROMPT_S = 60
OLD, NEW = 0, 1     # of the LMS's courses


def badges(lms):
    quiz = next(item["cmid"] for item in lms.facts["courses"][OLD]["items"] if item["title"] == "Lab safety quiz")
    return [
        {"key": "safe-lab", "name": "Safe Lab", "gradebook": True,
         "rule": {"item": {"source": "moodle", "id": str(quiz)}, "min_percent": 80}},
        {"key": "first-lab", "name": "First Lab", "rule": {"item": "Lab 1", "min_points": 5}},
        {"key": "reporter", "name": "Reporter", "rule": {"item": "Field report", "min_points": 12}},
    ]


class School:
    def __init__(self, place, lms):
        self.laurel, self.lms = place, lms
        self.old, self.new = lms.facts["courses"][OLD], lms.facts["courses"][NEW]
        self.teacher = self.person("editingteacher")
        # who has earned nothing in the old course
        self.learner = lms.control("add_user", given="Nils", family="Neumann", course=self.new["id"], role="student")["id"]
        self.quiz = lms.control("add_item", course=self.new["id"], title="Lab safety quiz", grademax=100, module="quiz")
        place.start()
        self.enter(self.person("editingteacher", self.old), self.old)
        laurel.import_badges(place, lms, badges(lms), course=OLD)
        self.home, self.browser = self.enter(self.teacher, self.new)

    def person(self, role, course=None):
        key = str((course or self.new)["id"])
        return next(user["id"] for user in self.lms.facts["users"] if user["roles"].get(key) == role)

    def enter(self, user, course):
        reply, browser = self.lms.launch(user, link=course["links"][0]["cmid"])
        assert reply.status == 303, reply.text[:300]
        return re.sub(r"^https?://[^/]+", "", reply.location), browser

    def page(self, path="", browser=None, home=None):
        return (browser or self.browser).get(self.laurel.base + (home or self.home) + path)

    def send(self, path, fields, browser=None, home=None):
        return (browser or self.browser).post(
            self.laurel.base + (home or self.home) + path, fields,
            headers={"Origin": self.laurel.base, "Sec-Fetch-Site": "same-origin"})

    def notice(self, **delta):
        now = int(time.time())
        token = self.lms.control("mint", user=self.teacher, nonce=secrets.token_hex(8), claims_delta={
            LTI + "message_type": None, LTI + "resource_link": None, LTI + "target_link_uri": None, LTI + "roles": None,
            "iat": now, "exp": now + 60,
            LTI + "notice": {"id": secrets.token_hex(8), "timestamp": "2026-11-28T10:00:00Z", "type": "LtiContextCopyNotice"},
            LTI + "context": {"id": str(self.new["id"]), "title": "Team science"},
            LTI + "origin_contexts": [str(self.old["id"])], **delta})["id_token"]
        return web.Browser().request("POST", self.laurel.base + "/lti/notices",
                                     body=json.dumps({"notices": [{"jwt": token}]}).encode(),
                                     headers={"Content-Type": "application/json"})

    def awards(self):
        return [(a["badge"]["key"], a["learner"]["sub"]) for a in self.laurel.cli("award", "list", "--json").json()
                if a["course"] and a["course"]["context_id"] == str(self.new["id"]) and a["state"] == "issued"]

    def synced(self):
        [(both,)] = self.laurel.rows("SELECT count(*) = 2 FROM context WHERE synced_at IS NOT NULL AND context_id IN (%s, %s)",
                                     (str(self.old["id"]), str(self.new["id"])))
        return both


@pytest.fixture(scope="module")
def school(cluster):
    with laurel.school(cluster, seed=0, course="believable") as (place, lms):
        yield School(place, lms)


def selects(text):
    """Field name by the old item's title, and the options (label -> value) with the chosen label."""
    found = {}
    for label, name, body in re.findall(r'<label for="(item-\d+)">.*?</span>(.*?)</label>\s*<select[^>]*>(.*?)</select>', text, re.S):
        options = re.findall(r'<option value="([^"]*)"( selected)?\s*>(.*?)</option>', body)
        found[html.unescape(name)] = (label, {html.unescape(t): html.unescape(v) for v, _, t in options},
                                      next(html.unescape(t) for _, chosen, t in options if chosen))
    return found


def test_1_without_a_copy_nothing_is_asked(school):
    assert "was copied from" not in school.page("grid").text
    assert school.page("copy").status == 404


def test_2_a_notice_becomes_a_question_to_the_teacher_and_to_nobody_else(school):
    assert school.notice().status == 200
    grid = school.page("grid").text
    assert "This course was copied from Lab skills" in grid and "3 badges can be earned there" in grid
    home, browser = school.enter(school.learner, school.new)
    assert "copied" not in school.page("", browser, home).text
    assert school.page("copy", browser, home).status == 403
    assert school.send("copy/confirm", {"csrf": "x"}, browser, home).status == 403


def test_3_an_unread_course_is_read_first(school):
    page = school.page("copy")
    assert page.status == 200 and "has not been read yet" in page.text and "<select" not in page.text
    fields = page.fields()
    assert school.send("copy/confirm", {"csrf": fields["csrf"], "seen": fields["seen"]}).status == 409
    school.lms.control("set_grade", course=school.new["id"], user=school.learner, cmid=school.quiz["cmid"], grade=95)
    school.laurel.start_worker()
    school.laurel.cli("sync", "--course", school.new["id"])
    wait_until(school.synced, PROMPT_S, "both courses are read")


def test_4_items_are_proposed_by_kind_and_title(school):
    page = school.page("copy")
    asked = selects(page.text)
    assert set(asked) == {"Lab safety quiz", "Lab 1", "Field report"}
    assert asked["Lab safety quiz"][2] == "Lab safety quiz", "an id is found again by its item's title"
    assert asked["Lab safety quiz"][1]["Lab safety quiz"] == f"moodle:{school.quiz['cmid']}"
    assert asked["Lab 1"][2] == asked["Field report"][2] == "Not in this course"
    words = page.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Lab 1 has at least 5 points" in words and "Lab safety quiz is at least 80 %" in words, "the rules in words"
    assert page.text.count(">Needs an item<") == 2 and page.text.count(">Ready<") == 1
    assert school.awards() == [], "something was awarded before anybody confirmed"


def test_5_an_answer_to_another_page_is_not_taken(school):
    fields = school.page("copy").fields()
    for path, change, status in (("copy/confirm", {"seen": "0" * 32}, 409), ("copy/confirm", {"csrf": "x"}, 403),
                                 ("copy/perhaps", {}, 404), ("copy/confirm", {"item-0": "moodle:999"}, 409)):
        reply = school.send(path, {"csrf": fields["csrf"], "seen": fields["seen"], **change})
        assert reply.status == status, (path, change, reply.status)
    nothing = {"csrf": fields["csrf"], "seen": fields["seen"], "item-0": "", "item-1": "", "item-2": ""}
    reply = school.send("copy/confirm", nothing)
    assert reply.status == 400 and "at least one badge" in reply.text
    assert school.laurel.rows("SELECT state FROM course_copy") == [("proposed",)]


def test_6_what_the_teacher_confirms_is_earned_from_then_on(school):
    page = school.page("copy")
    asked = selects(page.text)
    answers = {name: options[chosen] for name, options, chosen in asked.values()}
    answers[asked["Lab 1"][0]] = asked["Lab 1"][1]["Poster"]
    reply = school.send("copy/confirm", {"csrf": page.fields()["csrf"], "seen": page.fields()["seen"], **answers})
    assert reply.status == 303 and reply.location.endswith("grid?done=copied_some"), reply.text[:500]
    wait_until(lambda: ("safe-lab", str(school.learner)) in school.awards(), PROMPT_S, "the award in the new course")
    poster = next(item["cmid"] for item in school.new["items"] if item["title"] == "Poster")
    school.lms.control("set_grade", course=school.new["id"], user=school.learner, cmid=poster, grade=20)
    school.laurel.cli("sync", "--course", school.new["id"])
    wait_until(lambda: ("first-lab", str(school.learner)) in school.awards(), PROMPT_S, "the award by the chosen item")
    assert {key for key, _ in school.awards()} == {"safe-lab", "first-lab"}, "a badge without its item was switched on"
    grid = school.page("grid").text
    assert "was copied from" not in grid and "Safe Lab" in grid and "Reporter" not in grid


def test_7_an_answer_is_given_once_and_written_down(school):
    fields = {"csrf": "x", "seen": "x"}
    token = re.search(r'name="csrf" value="([^"]+)"', school.page("grid").text).group(1)
    assert school.send("copy/decline", {**fields, "csrf": token}).status == 404
    assert school.notice().status == 200
    assert "was copied from" not in school.page("grid").text, "a decided copy is asked about again"
    [(action, by)] = school.laurel.rows("SELECT action, actor_person_id IS NOT NULL FROM audit WHERE action LIKE 'course_copy%%'")
    assert (action, by) == ("course_copy_confirmed", True)


def test_8_an_export_carries_the_items_and_changes_nothing_when_imported(school):
    exported = school.laurel.cli("badge", "export", "--institution", "Northside College").json()
    there = str(school.new["id"])
    courses = {b["key"]: {c["context_id"]: c for c in b["courses"]} for b in exported["badges"]}
    assert courses["safe-lab"][there]["items"][0]["to"] == {"source": "moodle", "id": str(school.quiz["cmid"])}
    assert courses["first-lab"][there]["items"][0]["item"] == "Lab 1"
    assert there not in courses["reporter"]
    maps = school.laurel.rows("SELECT badge_id, context_id, item_map::text FROM badge_course ORDER BY 1, 2")
    path = school.laurel.folder / "again.json"

    def import_again():
        path.write_text(json.dumps(exported), encoding="utf-8")
        return school.laurel.cli("badge", "import", path).out

    assert "changed" not in import_again().replace("unchanged", "")
    for badge in exported["badges"]:        # a file that does not say keeps what there is
        for course in badge["courses"]:
            course.pop("items", None)
    assert "changed" not in import_again().replace("unchanged", "")
    assert school.laurel.rows("SELECT badge_id, context_id, item_map::text FROM badge_course ORDER BY 1, 2") == maps


def test_9_a_declined_copy_stays_declined(school):
    third = school.lms.facts["courses"][2]
    home, browser = school.enter(school.person("editingteacher", third), third)
    assert school.notice(**{LTI + "context": {"id": str(third["id"])}}).status == 200
    page = school.page("copy", browser, home)
    fields = page.fields()
    reply = school.send("copy/decline", {"csrf": fields["csrf"], "seen": fields["seen"]}, browser, home)
    assert reply.status == 303
    assert school.notice(**{LTI + "context": {"id": str(third["id"])}}).status == 200
    assert "was copied from" not in school.page("grid", browser, home).text
    assert school.laurel.rows("SELECT count(*) FROM badge_course b JOIN context c ON c.id = b.context_id WHERE c.context_id = %s",
                              (str(third["id"]),)) == [(0,)]
