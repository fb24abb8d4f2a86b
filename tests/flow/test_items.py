"""What becomes of rules when the items they name are renamed, exchanged, doubled, deleted, made anew or worth more."""
import html
import json
import re

import pytest

from support import laurel
from support.laurel import wait_until
from flow.test_pages import Person, upload

PROMPT_S = 60
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
        self.settled()

    def settled(self):
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
    for page in ("badges", "courses", "items"):
        assert "Task 3 is no longer in the course" in html.unescape(school.admin.page(page).text), page
    grid = html.unescape(school.teacher.page("grid").text)
    assert "Needs a look" in grid and "By Three: Task 3 is no longer in the course" in grid and f'{school.teacher.home}items"' in grid


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


def test_7_whoever_teaches_the_course_says_what_counts_instead(school):
    [(item, ref)] = school.laurel.rows("SELECT id, ref FROM item WHERE title = 'Task 3' AND gone_at IS NULL")
    page = school.teacher.page("items")
    form = page.fields()
    assert "instead of \"Task 3\"" in html.unescape(page.text) and f'<option value="moodle:{ref}"' in page.text
    assert re.search(r'<option value="" selected', page.text), "nothing is chosen beforehand"
    fields = {name: form[name] for name in ("csrf", "badge", "ref", "seen")}
    for change, status in (({"item": ""}, 400), ({"item": "moodle:999999"}, 409), ({"item": f"moodle:{ref}", "seen": "0" * 32}, 409),
                           ({"item": f"moodle:{ref}", "ref": "1"}, 409), ({"item": f"moodle:{ref}", "ref": "-1"}, 409),
                           ({"item": f"moodle:{ref}", "badge": "0190a1b2-0000-7000-8000-00000000000a"}, 404),
                           ({"item": f"moodle:{ref}", "csrf": "x"}, 403)):
        assert school.teacher.send("items/choose", {**fields, **change}).status == status, change
    assert school.problem("three") != "" and school.holds(4) == []
    done = school.teacher.send("items/choose", {**fields, "item": f"moodle:{ref}"})
    assert done.status == 303 and "The item is chosen" in school.teacher.page(done.location).text
    assert school.teacher.send("items/choose", {**fields, "item": f"moodle:{ref}"}).status == 409, "twice"
    school.settled()
    assert school.problem("three") == "" and school.holds(4) == ["three"]
    assert school.laurel.rows("SELECT count(*) FROM audit WHERE action = 'badge_items_chosen'") == [(1,)]
    assert "instead of" not in school.teacher.page("items").text


def data(person, query=""):
    reply = person.browser.get(person.base + person.home + "items" + query, headers={"Accept": "application/json"})
    assert reply.status == 200 and reply.header("Content-Type").startswith("application/json")
    return json.loads(reply.text)


def test_8_the_items_of_a_course_are_found_by_title(school):
    learner = Person(school, school.lms.user("student")["id"])
    assert learner.get("items").status == 403
    everything = data(school.admin)
    assert everything["total"] == len(everything["items"]) and everything["pages"] == 1
    found = data(school.admin, "?search=AUTUMN")
    assert found["total"] == 0
    found = {item["title"]: item for item in data(school.admin, "?search=task+3&kind=item")["items"] if not item["is_gone"]}
    [(ref,)] = school.laurel.rows("SELECT ref FROM item WHERE title = 'Task 3' AND gone_at IS NULL")
    assert list(found) == ["Task 3"]
    task = found["Task 3"]
    assert (task["kind"], task["maximum"], task["scored"], task["reference"], task["title_reference"]) == (
        "Activity", "100", 1, {"item": {"source": "moodle", "id": ref}}, {"item": "Task 3"})
    twins = [item for item in data(school.admin, "?search=Task+1")["items"]]
    assert len(twins) == 2 and [item["title_reference"] for item in twins] == [None, None], "a title of two says nothing"
    gone = [item for item in everything["items"] if item["is_gone"]]
    assert [item["title"] for item in gone] == ["Task 3"] and gone[0]["reference"] is None and everything["items"][-1] == gone[0]
    assert {"course": "completed"} in [item["reference"] for item in data(school.admin, "?kind=course")["items"]]
    shown = html.unescape(school.admin.page("items?search=task+3").text)
    assert '{"item":"Task 3"}' in shown and "100 points." in shown and "1 person with a score" in shown and "No longer in the course" in shown


def test_9_many_items_come_in_pages_and_titles_are_words(school):
    nasty = "<img src=x onerror=alert(1)> \u05de\u05d1\u05d7\u05df " + "w" * 240
    with school.laurel.connect() as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO item (institution_id, context_id, kind, source, ref, title, due_at) SELECT institution_id, id, 0, 'moodle',"
                       " 'many-' || n, 'Many ' || lpad(n::text, 3, '0'), '2027-05-03T10:12:00Z' FROM context, generate_series(1, 120) n")
        cursor.execute("INSERT INTO item (institution_id, context_id, kind, source, ref, title) SELECT institution_id, id, 4, 'canvas', 'n', %s"
                       " FROM context", [nasty])
        cursor.execute("INSERT INTO institution (name) VALUES ('Elsewhere') RETURNING id")
        (elsewhere,) = cursor.fetchone()
        cursor.execute("INSERT INTO item (institution_id, context_id, kind, source, ref, title) SELECT %s, id, 0, 'moodle', 'x', 'Many theirs'"
                       " FROM context", [elsewhere])
    pages = [data(school.admin, f"?search=many&page={n}") for n in (1, 2, 3)]
    titles = [item["title"] for page in pages for item in page["items"]]
    assert titles == [f"Many {n:03}" for n in range(1, 121)] and [len(page["items"]) for page in pages] == [50, 50, 20]
    assert pages[0]["items"][0]["due_at"] == "2027-05-03T10:12:00Z" and pages[0]["pages"] == 3
    assert data(school.admin, "?search=many&page=99")["page"] == 1 and data(school.admin, "?kind=nonsense")["total"] > 120
    shown = school.admin.page("items?search=many&page=2").text
    assert "Items 51 to 100 of 120" in shown and "Earlier titles" in shown and "Later titles" in shown
    assert "<img src=x" not in school.admin.page("items?search=onerror").text
    assert data(school.admin, "?search=onerror")["items"][0]["reference"] == {"module": {"source": "canvas", "id": "n"}}
    assert school.admin.get("items?search=%FF").status == 400
