"""What becomes of rules when the items they name are renamed, exchanged, doubled, deleted, made anew or worth more."""
import html
import json
import re

import pytest

from support import laurel
from support.laurel import wait_until
from flow.test_pages import Person, upload

PROMPT_S = 20
BADGES = [
    {"key": "one", "name": "By One", "rule": {"item": "Task 1", "min_points": 60}},
    {"key": "two", "name": "By Two", "rule": {"item": "Task 2", "min_points": 7}},
    {"key": "three", "name": "By Three", "on_grade_drop": "revoke", "rule": {"item": "Task 3", "min_percent": 50}},
]


class School:
    def __init__(self, place, lms):
        self.laurel, self.lms = place, lms
        self.course = lms.facts["courses"][0]
        self.cmid = {item["title"]: item["cmid"] for item in self.course["items"]}
        place.start()
        place.start_worker()
        self.teacher = Person(self, lms.user("editingteacher")["id"])
        laurel.import_badges(place, lms, BADGES)
        admin = lms.user("admin")["id"]
        place.cli("admin", "grant", "--issuer", lms.issuer, "--client-id", lms.client_id, "--sub", admin,
                  "--institution", "Northside College")
        self.admin = Person(self, admin)
        self.read()

    def grade(self, nth, cmid, score):
        self.lms.control("set_grade", user=self.lms.user("student", nth)["id"], cmid=cmid, grade=score)

    def read(self):
        """Reads the course anew and lets every job end that came of it."""
        (before,), = self.laurel.rows("SELECT max(synced_at) FROM context")
        self.laurel.cli("sync")
        wait_until(lambda: self.laurel.rows("SELECT max(synced_at) FROM context") != [(before,)], PROMPT_S, "the course is read")
        wait_until(lambda: self.laurel.rows("SELECT count(*) FROM job WHERE kind IN ('sync', 'judge')"
                                            " AND state IN ('waiting', 'leased')") == [(0,)], PROMPT_S, "everybody is judged")

    def holds(self, nth):
        sub = str(self.lms.user("student", nth)["id"])
        return sorted(a["badge"]["key"] for a in self.laurel.cli("award", "list", "--json").json()
                      if a["learner"]["sub"] == sub and a["state"] == "issued")

    def problem(self, key):
        [(text,)] = self.laurel.rows("SELECT coalesce(m.problem, '') FROM badge_course m JOIN badge b ON b.id = m.badge_id"
                                     " WHERE b.key = %s", [key])
        return text

    def items(self):
        return {ref: (item, title) for ref, item, title in self.laurel.rows(
            "SELECT ref, id, title FROM item WHERE gone_at IS NULL AND kind = 0")}


@pytest.fixture(scope="module")
def school(cluster):
    with laurel.school(cluster, seed=47) as (place, lms):
        yield School(place, lms)


def test_1_a_renamed_item_is_the_same_item(school):
    cmid, before = school.cmid["Task 1"], school.items()
    school.lms.control("set_item", cmid=cmid, title="Task 1 (autumn)")
    school.grade(0, cmid, 80)
    school.read()
    assert school.items()[str(cmid)] == (before[str(cmid)][0], "Task 1 (autumn)")
    assert school.problem("one") == "" and school.holds(0) == ["one"]
    assert "Task 1 (autumn)" in html.unescape(school.teacher.page(f"badges/{badge_id(school, 'one')}").text)


def badge_id(school, key):
    [(public_id,)] = school.laurel.rows("SELECT public_id::text FROM badge WHERE key = %s", [key])
    return public_id


def test_2_two_items_that_exchange_their_titles_keep_their_rules(school):
    one, two = school.cmid["Task 1"], school.cmid["Task 2"]
    school.lms.control("set_item", cmid=one, title="Task 2")
    school.lms.control("set_item", cmid=two, title="Task 1")
    school.grade(1, one, 90)        # what was Task 1 when the rules were bound
    school.read()
    assert school.holds(1) == ["one"] and school.problem("one") == school.problem("two") == ""


def test_3_a_second_item_of_the_same_title_confuses_nobody(school):
    school.lms.control("add_item", title="Task 1", grademax=100)
    school.lms.control("add_item", title="Task 2", grademax=100)
    school.grade(2, school.cmid["Task 1"], 90)
    school.read()
    assert school.holds(2) == ["one"] and school.problem("one") == school.problem("two") == ""


def test_4_an_item_that_is_worth_more_is_judged_by_its_new_maximum(school):
    cmid = school.cmid["Task 3"]
    school.lms.control("set_grade", user=school.lms.user("student", 3)["id"], cmid=cmid, grade=40, override=True)
    school.read()
    assert school.holds(3) == []
    [(maximum,)] = school.laurel.rows("SELECT maximum::int FROM item WHERE ref = %s AND kind = 0", [str(cmid)])
    school.lms.control("set_item", cmid=cmid, grademax=maximum * 2)    # the LMS keeps the percentage: 40 of 100 is 80 of 200
    school.read()
    assert school.holds(3) == []
    school.lms.control("set_grade", user=school.lms.user("student", 3)["id"], cmid=cmid, grade=maximum, override=True)
    school.read()
    assert school.holds(3) == ["three"]
    school.lms.control("set_item", cmid=cmid, grademax=maximum)
    school.read()
    assert school.holds(3) == ["three"]


def test_5_an_item_that_vanished_breaks_its_rule_and_takes_nothing_away(school):
    school.lms.control("remove_item", cmid=school.cmid["Task 3"])
    school.read()
    assert school.holds(3) == ["three"], "the badge was taken back because its item is gone"
    assert school.laurel.rows("SELECT state FROM award a JOIN badge b ON b.id = a.badge_id WHERE b.key = 'three'") == [(2,)]
    assert "Task 3 is no longer in the course" in school.problem("three")
    assert "Task 3 is no longer in the course" in html.unescape(school.admin.page("badges").text)
    assert "Needs a look" in school.teacher.page("grid").text


def test_6_what_was_made_anew_is_another_item_and_the_admin_is_told_of_it(school):
    made = school.lms.control("add_item", title="Task 3", grademax=100)["cmid"]
    school.grade(4, made, 100)
    school.read()
    assert school.holds(4) == [] and school.holds(3) == ["three"], "the rule was bound to another item silently"
    assert f"Something else has its name now: moodle {made}." in school.problem("three")
    refused = upload(school.admin, "badges/import", json.dumps({
        "issuer": {"key": "northside", "name": "Northside College", "url": "https://northside.example"},
        "badges": [{**BADGES[2], "description": "For tests.", "courses": [
            {"issuer": school.lms.issuer, "client_id": school.lms.client_id, "deployment_id": school.lms.deployment,
             "context_id": school.course["context_id"]}]}]}))
    assert refused.status == 400 and "no longer in the course" in html.unescape(refused.text)
