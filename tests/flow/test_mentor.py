"""A launch with the Mentor role: the badges of the learners it names, and nothing else of the course (attacks.md C26, E4)."""
import html
import re

import pytest

from support import laurel
from support.laurel import wait_until

from .test_pages import CLAIM, CONTEXT_ROLE, ROUTES, Person

BADGES = [{"key": "task-one", "name": "First Task Done", "rule": {"item": "Task 1", "min_percent": 80}},
          {"key": "task-two", "name": "Second Task Done", "rule": {"item": "Task 2", "min_percent": 80}}]
LONG = "Maximiliane-Konstantia " * 20


class School:
    def __init__(self, place, lms):
        self.laurel, self.lms = place, lms
        self.course = lms.facts["courses"][0]
        place.start()
        place.start_worker()
        self.teacher = Person(self, lms.user("editingteacher")["id"])
        laurel.import_badges(place, lms, BADGES)
        self.pupils = [lms.user("student", n) for n in range(4)]
        task = next(item["cmid"] for item in self.course["items"] if item["title"] == "Task 1")
        for pupil in self.pupils:
            lms.mark(lms.user("editingteacher")["id"], self.course["id"], task, pupil["id"], 95)
        place.cli("sync")
        wait_until(lambda: self.holders() >= {str(pupil["id"]) for pupil in self.pupils}, 60, "all hold the first badge")
        self.badge = re.search(r"/badges/([0-9a-f-]{36})", self.teacher.page("learner").text).group(1)

    def mentor(self, mentees, roles=("Mentor",)):
        claims = {CLAIM + "roles": [CONTEXT_ROLE + role for role in roles]}
        if mentees is not None:
            claims[CLAIM + "role_scope_mentor"] = mentees
        return Person(self, self.lms.user("teacher")["id"], claims)

    def holders(self):
        return {sub for (sub,) in self.laurel.rows(
            "SELECT p.sub FROM award a JOIN person p ON p.id = a.person_id JOIN badge b ON b.id = a.badge_id"
            " WHERE a.state = 2 AND b.key = 'task-one'")}

    def names(self, person):
        shown = html.unescape(person.page().text)
        return [user["name"] for user in self.lms.facts["users"] if user["name"] in shown]


@pytest.fixture(scope="module")
def school(cluster):
    with laurel.school(cluster, seed=32) as (place, lms):
        yield School(place, lms)


def test_several_learners_are_shown_with_their_badges_and_nobody_else(school):
    one, two = school.pupils[:2]
    mentor = school.mentor([str(one["id"]), str(two["id"])])
    assert sorted(school.names(mentor)) == sorted([one["name"], two["name"]])
    shown = mentor.page().text
    assert shown.count(">First Task Done<") == 2
    assert not re.search(r"\d+\s*(%|points)", html.unescape(re.sub(r"<[^>]+>", " ", shown))), "a grade is shown"


@pytest.mark.parametrize("mentees", [None, [], "not-an-array", [17, None, {}], ["9999999"], [""], ["x" * 300]])
def test_nobody_is_shown_where_the_launch_names_no_learner_of_the_course(school, mentees):
    mentor = school.mentor(mentees)
    assert school.names(mentor) == []
    assert "No learner to show" in mentor.page().text


def test_one_learner_as_a_plain_text_is_taken_too(school):
    assert school.names(school.mentor(str(school.pupils[0]["id"]))) == [school.pupils[0]["name"]]


def test_a_teacher_of_the_course_is_no_mentee(school):
    teacher = school.lms.user("editingteacher")
    assert school.names(school.mentor([str(teacher["id"])])) == []


def test_the_claim_without_the_role_shows_nobody(school):
    guest = school.mentor([str(school.pupils[0]["id"])], roles=())
    assert school.names(guest) == []
    learner = school.mentor([str(school.pupils[0]["id"])], roles=("Learner",))
    assert school.pupils[0]["name"] not in school.names(learner)


def test_a_long_name_is_shown_whole_in_the_page(school):
    school.laurel.rows("UPDATE person SET name = %s WHERE sub = %s RETURNING 1", (LONG, str(school.pupils[3]["id"])))
    assert LONG.strip() in re.sub(r"\s+", " ", school.mentor([str(school.pupils[3]["id"])]).page().text)


def address(school, path):
    """The route with somebody's real names in it: what a mentor would have to guess."""
    found = re.search(r"why/([A-Za-z0-9_-]{22})/", school.teacher.page("grid").text)
    return (path.replace(":person", found.group(1) if found else "x" * 22).replace(":badge", school.badge)
            .replace(":deed", "award"))


@pytest.mark.parametrize("method, path, flags", ROUTES)
def test_every_other_page_is_closed_to_a_mentor(school, method, path, flags):
    mentor = school.mentor([str(school.pupils[0]["id"])])
    csrf = school.teacher.token("learner")
    where = address(school, path)
    if "PAGE_MENTOR" in flags:
        assert mentor.get(where).status == 200
        return
    before = school.laurel.counts()
    reply = mentor.get(where) if method == "WEB_GET" else mentor.send(where, {"csrf": csrf, "back": "", "reason": "x"})
    assert reply.status in (403, 404)
    assert not [user["name"] for user in school.pupils if user["name"] in html.unescape(reply.text)]
    assert {k: v for k, v in school.laurel.counts().items() if "award" in k or "attestation" in k} == {
        k: v for k, v in before.items() if "award" in k or "attestation" in k}


def test_the_matrix_has_every_page_of_a_course(school):
    assert {"learner", "grid", "why/:person/:badge", "badges/:badge", "connection", ""} <= {path for _, path, _ in ROUTES}
    assert [path for _, path, flags in ROUTES if "PAGE_MENTOR" in flags] == ["", "fresh", "image/:badge.svg", "placed/:badge"]


def test_a_link_that_was_placed_with_a_badge_leads_a_mentor_to_their_learners(school):
    pupil, other = school.pupils[:2]
    mentor = school.mentor([str(pupil["id"])])
    placed, home = mentor.get(f"placed/{school.badge}"), mentor.page()
    assert placed.status == 200 and pupil["name"] in html.unescape(placed.text)
    assert other["name"] not in html.unescape(placed.text) and placed.text.count("First Task Done") == home.text.count("First Task Done")
