"""When grades were read: every page says it, says when that broke off, and everybody who may asks for more."""
import html
import json
import re

import pytest

from support import laurel
from flow.test_pages import CLAIM, CONTEXT_ROLE, Person, upload

BADGES = [{"key": "one", "name": "Task One Done", "rule": {"item": "Task 1", "min_points": 60}}]


class School:
    def __init__(self, place, lms):
        self.laurel, self.lms = place, lms
        self.course = lms.facts["courses"][0]
        place.start()
        self.teacher = Person(self, lms.user("editingteacher")["id"])
        laurel.import_badges(place, lms, BADGES)
        admin = lms.user("admin")["id"]
        place.cli("admin", "grant", "--issuer", lms.issuer, "--client-id", lms.client_id, "--sub", admin,
                  "--institution", "Northside College")
        self.admin = Person(self, admin)
        self.learner = Person(self, lms.user("student")["id"])
        self.tokens = {}

    def set(self, columns):
        with self.laurel.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"UPDATE context SET {columns}")

    def work(self):
        """Everything that is due, and nothing more."""
        self.laurel.cli("worker", "--once")

    def settle(self):
        """Read now, nobody asks, nothing waits."""
        self.lms.control("set_quirk", name="ws_html", value=False)
        self.laurel.cli("sync")
        self.work()
        with self.laurel.connect() as connection, connection.cursor() as cursor:
            cursor.execute("DELETE FROM job WHERE kind = 'sync'")
        self.set("sync_requested_at = now() - interval '10 minutes'")


def words(person, path=""):
    """The bar of a page, in words."""
    text = person.page(path).text
    bar = re.search(r'<header class="bar">(.*?)</header>', text, re.S)[1]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", bar))), text


def is_busy(person):
    return json.loads(person.page("fresh").text)["is_busy"]


@pytest.fixture(scope="module")
def school(cluster):
    with laurel.school(cluster, seed=53) as (place, lms):
        yield School(place, lms)


def test_1_what_was_never_read_says_so(school):
    school.set("sync_requested_at = NULL")
    with school.laurel.connect() as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM job")
    for person, path in ((school.teacher, "grid"), (school.learner, "")):
        bar, text = words(person, path)
        assert "Grades not read yet." in bar and "Check now" in bar and "data-ask" not in text
        school.tokens[person] = person.page(path).fields()["csrf"]      # of the session, in every form


def test_2_who_asks_is_told_that_it_is_asked_for_until_it_is_read(school):
    token = school.tokens[school.teacher]
    reply = school.teacher.send("check", {"csrf": token, "back": school.teacher.home + "grid"})
    assert reply.location == school.teacher.home + "grid"
    bar, text = words(school.teacher, "grid?show=all")
    assert "Asked for a moment ago" in bar and "Check now" not in bar and "Reading grades now" not in bar
    assert f'href="{school.teacher.home}grid?show=all" data-ask="{school.teacher.home}fresh"' in html.unescape(text)
    assert is_busy(school.teacher) and is_busy(school.learner)
    again = school.learner.send("check", {"csrf": school.tokens[school.learner], "back": ""})
    assert again.location.endswith("?done=asked") and "Asked for a moment ago" in school.learner.page(again.location).text
    school.set("sync_requested_at = now() - interval '5 minutes'")
    assert "Asked for 5 minutes ago: other courses come first." in words(school.learner)[0]
    school.work()
    assert not is_busy(school.teacher)
    bar, text = words(school.teacher, "grid")
    assert re.search(r"Grades read just now", bar) and "Check now" in bar and "data-ask" not in text
    assert re.search(r'<time datetime="[^"]+Z" title="\d+ \w+ \d{4}, \d\d:\d\d">', text)


def test_3_every_page_with_grades_says_when_they_were_read(school):
    school.settle()
    badge = school.laurel.rows("SELECT public_id::text FROM badge")[0][0]
    why = re.search(r'href="/app/l/[^/]+/(why/[^"]+)"', school.teacher.page("grid").text)[1]
    pages = [(school.teacher, path) for path in ("", "grid", "learner", f"badges/{badge}", f"placed/{badge}", why)]
    pages += [(school.learner, path) for path in ("", "learner", f"badges/{badge}", f"placed/{badge}")]
    pages += [(school.admin, "badges")]
    for person, path in pages:
        bar, _ = words(person, path)
        assert "Grades read just now" in bar and "Check now" in bar, path
    mentor = Person(school, school.lms.user("teacher")["id"], {
        CLAIM + "roles": [CONTEXT_ROLE + "Mentor"], CLAIM + "role_scope_mentor": [str(school.lms.user("student")["id"])]})
    school.settle()
    bar, _ = words(mentor)
    assert "Grades read" in bar and "Check now" not in bar


def test_4_a_learner_may_ask_but_not_every_moment(school):
    school.settle()
    token = school.tokens[school.learner]
    reply = school.learner.send("check", {"csrf": token, "back": ""})
    assert reply.location.endswith("?done=fresh") and not is_busy(school.learner)
    assert "less than a minute ago" in school.learner.page(reply.location).text
    school.set("synced_at = now() - interval '2 minutes'")
    reply = school.learner.send("check", {"csrf": token, "back": ""})
    assert not reply.location.endswith("?done=fresh") and is_busy(school.learner)


def test_5_a_reading_that_broke_off_is_never_called_one_that_is_under_way(school):
    school.settle()
    token = school.tokens[school.teacher]
    school.lms.control("set_quirk", name="ws_html", value=True)
    school.teacher.send("check", {"csrf": token, "back": ""})
    school.laurel.cli("worker", "--once")
    school.set("sync_requested_at = sync_started_at - interval '1 second'")
    bar, text = words(school.teacher, "grid")
    assert "The last reading, just now, broke off:" in bar and "Check now" in bar and "Grades read" in bar
    assert "Reading grades" not in bar and "data-ask" not in text and not is_busy(school.teacher)
    bar, _ = words(school.learner)
    assert "The grades could not be read just now." in bar and "broke off" not in bar
    school.settle()
    assert "broke off" not in words(school.teacher, "grid")[0]


def test_6_old_grades_are_called_old(school):
    school.settle()
    school.set("synced_at = now() - interval '3 days', next_read_at = now() - interval '2 days'")
    assert "Grades read 3 days ago . That is long ago" in words(school.learner)[0]
    school.set("next_read_at = NULL, is_over = true")
    bar, _ = words(school.learner)
    assert "long ago" not in bar and "The course has ended: they are read when somebody asks." in bar
    school.set("is_over = false")


def test_7_files_are_uploaded_and_not_asked_for(school):
    school.settle()
    token = school.tokens[school.teacher]
    with school.laurel.connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE grade_source SET kind = 'csv'")
    try:
        bar, _ = words(school.teacher, "grid")
        assert "Grades uploaded" in bar and "Check now" not in bar
        reply = school.teacher.send("check", {"csrf": token, "back": ""})
        assert reply.status == 409 and "a teacher uploads them" in reply.text and not is_busy(school.teacher)
    finally:
        with school.laurel.connect() as connection, connection.cursor() as cursor:
            cursor.execute("UPDATE grade_source SET kind = 'moodle'")


def test_8_a_dry_run_says_by_which_grades_it_counts(school):
    school.settle()
    school.set("synced_at = now() - interval '3 hours'")
    where = {"issuer": school.lms.issuer, "client_id": school.lms.client_id, "deployment_id": school.lms.deployment,
             "context_id": school.course["context_id"]}
    reply = upload(school.admin, "badges/import", json.dumps({
        "issuer": {"key": "northside", "name": "Northside College", "url": "https://northside.example"},
        "badges": [{**BADGES[0], "key": "new", "description": "d", "courses": [where]}]}))
    assert "By grades read 3 hours ago." in reply.text
