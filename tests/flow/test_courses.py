"""The list of courses: whose it is, what it says of each, in which order, and "Check now" for one of them."""
import html
import json
import re
import uuid

import pytest

from support import laurel, web
from flow.test_pages import Person

NASTY = '<script>alert("x")</script> & \u05e9\u05d9\u05e2\u05d5\u05e8 ' + "W" * 300
ADMIN_OF = "maths"


class School:
    def __init__(self, place, lms):
        self.laurel, self.lms = place, lms
        self.course = lms.facts["courses"][0]
        place.start()
        self.teacher = Person(self, lms.user("editingteacher")["id"])
        self.learner = Person(self, lms.user("student")["id"])
        self.file("northside", "first", "Task 1")
        self.file(ADMIN_OF, "sums", "Task 2", context="sums-course")
        self.admin = self.grant(lms.user("admin")["id"])
        self.helper = self.grant(lms.user("teacher")["id"], "--badge-issuer", ADMIN_OF)
        [(self.institution, self.deployment)] = place.rows("SELECT institution_id, id FROM deployment")

    def file(self, issuer, key, item, context=None):
        where = {"issuer": self.lms.issuer, "client_id": self.lms.client_id, "deployment_id": self.lms.deployment,
                 "context_id": context or self.course["context_id"]}
        path = self.laurel.folder / f"{key}.json"
        path.write_text(json.dumps({"issuer": {"key": issuer, "name": issuer.title(), "url": "https://n.example"}, "badges": [
            {"key": key, "name": key.title(), "description": "d", "courses": [where], "rule": {"item": item}}]}), encoding="utf-8")
        self.laurel.cli("badge", "import", path)

    def grant(self, sub, *more):
        self.laurel.cli("admin", "grant", "--issuer", self.lms.issuer, "--client-id", self.lms.client_id, "--sub", sub,
                        "--institution", "Northside College", *more)
        return Person(self, sub)

    def sql(self, text, parameters=()):
        with self.laurel.connect() as connection, connection.cursor() as cursor:
            cursor.execute(text, parameters)
            return cursor.fetchall() if cursor.description else None

    def make(self, title, institution=None, **columns):
        """A course of its own; returns its id and public id."""
        values = {"institution_id": institution or self.institution, "deployment_id": self.deployment,
                  "context_id": str(uuid.uuid4()), "title": title, **columns}
        names = ", ".join(values)
        return self.sql(f"INSERT INTO context ({names}) VALUES ({', '.join(['%s'] * len(values))}) RETURNING id, public_id::text",
                        list(values.values()))[0]


@pytest.fixture(scope="module")
def school(cluster):
    with laurel.school(cluster, seed=61) as (place, lms):
        yield School(place, lms)


def rows(page):
    """Title, and everything that is said of a course, in the order of the page."""
    found = re.findall(r'<li class="row row-plain">(.*?)</div></li>\s*(?=<li class="row|</ul>)', page, re.S)
    titles = [html.unescape(re.search(r'<span class="clamp">(.*?)</span>', row, re.S)[1]) for row in found]
    return list(zip(titles, [re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", row))) for row in found]))


def counts(page):
    return [int(n.replace(",", "")) for n in re.findall(r"<li><strong>([\d,]+)</strong>", page)]


def walk(person, path="courses"):
    """Titles of all pages, and how many pages there were."""
    titles, pages = [], 0
    while path:
        page = person.page(path).text
        titles, pages = titles + [title for title, _ in rows(page)], pages + 1
        found = re.search(r'rel="next" href="([^"]+)"', page)
        path = html.unescape(found[1]) if found else None
    return titles, pages


def test_1_it_is_for_badge_admins(school):
    for person in (school.teacher, school.learner):
        assert person.get("courses").status == 403
    assert "Courses" in school.admin.page("badges").text


def test_2_an_admin_of_one_issuer_sees_the_courses_of_its_badges(school):
    [mine] = rows(school.helper.page("courses").text)
    assert "sums-course" in mine[0] and counts(school.helper.page("courses").text)[0] == 1
    all_of_them = dict(rows(school.admin.page("courses").text))
    assert len(all_of_them) == 2
    [other] = school.sql("SELECT public_id::text FROM context WHERE context_id = %s", [school.course["context_id"]])
    token = school.helper.page("badges").fields()["csrf"]
    for course, status in ((other[0], 404), (str(uuid.uuid4()), 404), ("1", 404), ("", 404)):
        assert school.helper.send("courses/check", {"csrf": token, "course": course}).status == status
    own = school.sql("SELECT public_id::text FROM context WHERE context_id = 'sums-course'")[0][0]
    assert school.helper.send("courses/check", {"csrf": token, "course": own}).status == 303
    assert school.helper.send("courses/check", {"csrf": "x", "course": own}).status == 403
    assert school.teacher.send("courses/check", {"csrf": token, "course": own}).status == 403


def test_3_another_institution_is_not_there(school):
    [(elsewhere,)] = school.sql("INSERT INTO institution (name) VALUES ('Elsewhere') RETURNING id")
    _, public_id = school.make("Theirs", institution=elsewhere)
    assert "Theirs" not in school.admin.page("courses").text
    token = school.admin.page("badges").fields()["csrf"]
    assert school.admin.send("courses/check", {"csrf": token, "course": public_id}).status == 404
    assert "Theirs" not in school.admin.page(f"courses?after=0.{public_id}").text


def test_4_problems_come_first_and_pages_join_without_a_gap(school):
    made = [f"Course {n:03}" for n in range(120)]
    for n, title in enumerate(made):
        failed = {"sync_failed_at": "2026-01-01T00:00:00Z", "sync_error": "the token is not accepted"} if n % 40 == 39 else {}
        course, _ = school.make(title, **failed)
        if n == 60:
            school.sql("INSERT INTO badge_course (institution_id, badge_id, context_id, problem)"
                       " SELECT institution_id, id, %s, 'Task 1 is no longer in the course' FROM badge WHERE key = 'first'", [course])
    school.make(made[0])        # two of a title, on one page or on two
    titles, pages = walk(school.admin)
    bad = ["Course 039", "Course 060", "Course 079", "Course 119"]
    assert titles[:4] == bad and pages == 3
    assert sorted(t for t in titles if t.startswith("Course ")) == sorted(made + [made[0]])
    named = [title for title in titles[4:] if "not opened yet" not in title]
    assert named == sorted(named, key=str.lower)
    assert walk(school.admin, "courses?show=problems") == (bad, 1)
    assert counts(school.admin.page("courses").text) == [123, 0, 4]
    assert [t for t, _ in rows(school.admin.page("courses?search=COURSE+06").text)] == [
        "Course 060", *(f"Course 06{n}" for n in range(1, 10))]
    assert rows(school.admin.page("courses?search=%25").text) == [], "a search is no pattern"
    assert walk(school.helper)[0] == ["course sums-course (not opened yet)"]


def test_5_it_says_what_broke_off_and_what_to_do(school):
    page = school.admin.page("courses?show=problems").text
    found = dict(rows(page))
    assert "Needs a look" in found["Course 039"] and "broke off: The token is not accepted." in found["Course 039"]
    assert "Look at the connection" in found["Course 039"] and "Check now" in found["Course 039"]
    assert "First: Task 1 is no longer in the course." in found["Course 060"]
    assert "Open Laurel in that course to choose its items." in found["Course 060"]


def test_6_it_says_when_it_was_read_and_when_it_is_next(school):
    for title, columns, words in (
            ("Aa due", "synced_at = now() - interval '8 minutes', next_read_at = now() + interval '11 minutes 30 seconds'",
             ["Read 8 minutes ago", "Next in 12 minutes."]),
            ("Aa over", "synced_at = now() - interval '9 days', is_over = true", ["Fine", "Next when somebody asks: the course has ended."]),
            ("Aa late", "synced_at = now() - interval '9 days', next_read_at = now() - interval '2 days'", ["Overdue", "Next now."]),
            ("Aa new", "synced_at = NULL", ["Never read."])):
        course, _ = school.make(title)
        school.sql("INSERT INTO badge_course (institution_id, badge_id, context_id)"
                   " SELECT institution_id, id, %s FROM badge WHERE key = 'first'", [course])
        school.sql(f"UPDATE context SET {columns} WHERE id = %s", [course])
        [(_, said)] = rows(school.admin.page("courses?search=" + web.urllib.parse.quote(title)).text)
        assert [word for word in words if word not in said] == [], said
    [(_, said)] = rows(school.admin.page("courses?search=course+001").text)
    assert "no badge can be earned in it" in said
    assert {"Aa new"} <= set(walk(school.admin, "courses?show=unread&search=aa")[0]) and "Aa due" not in walk(
        school.admin, "courses?show=unread&search=aa")[0]


def test_7_check_now_asks_for_that_course_and_comes_back(school):
    [(course, public_id)] = school.sql("SELECT id, public_id::text FROM context WHERE title = 'Aa due'")
    token = school.admin.page("badges").fields()["csrf"]
    school.sql("DELETE FROM job")
    reply = school.admin.send("courses/check", {"csrf": token, "course": public_id, "show": "all", "search": "aa d", "after": ""})
    assert reply.status == 303 and reply.location == school.admin.home + "courses?show=all&search=aa%20d"
    assert school.sql("SELECT dedupe FROM job WHERE kind = 'sync'") == [(f"sync:{course}",)]
    page = school.admin.page(reply.location).text
    [(_, said)] = rows(page)
    assert "Asked for" in said and "Check now" not in said and "data-ask" in page
    ask = school.admin.browser.get(school.admin.base + reply.location, headers={"Accept": "application/json"})
    assert json.loads(ask.text) == {"is_busy": True}
    school.sql("UPDATE job SET run_at = now() + interval '20 minutes'")
    school.sql("UPDATE context SET sync_requested_at = NULL")
    assert "Laurel waits until" in rows(school.admin.page(reply.location).text)[0][1]


def test_8_it_says_what_the_nightly_comparison_found(school):
    [(course,)] = school.sql("SELECT id FROM context WHERE title = 'Aa late'")
    for key, numbers in (("first", (2, 1, 3)), ("sums", (40, 40, 40))):
        school.sql("INSERT INTO reconciliation (institution_id, context_id, badge_id, at, earned_not_awarded, awarded_not_earned,"
                   " unreachable) SELECT institution_id, %s, id, now() - interval '5 hours', %s, %s, %s FROM badge WHERE key = %s",
                   [course, *numbers, key])
    [(_, said)] = rows(school.admin.page("courses?search=aa+late").text)
    for words in ("42 earned and not awarded", "41 held and not earned any more", "43 could not be judged", "compared 5 hours ago"):
        assert words in said
    school.sql("INSERT INTO badge_course (institution_id, badge_id, context_id)"
               " SELECT institution_id, id, %s FROM badge WHERE key = 'sums'", [course])
    said = dict(rows(school.helper.page("courses").text))["Aa late"]
    assert "40 earned and not awarded" in said and "1 badge" in said, "another issuer's numbers"


def test_9_it_says_what_a_reading_could_not_tell_until_it_can(school):
    function = "core_completion_get_course_completion_status"
    context = school.course["context_id"]
    for denied in (function, ""):
        school.lms.control("set_quirk", name="ws_denied", value=denied)
        school.laurel.cli("sync", "--course", context)
        school.laurel.cli("worker", "--once")
        [(title,)] = school.sql("SELECT title FROM context WHERE context_id = %s AND synced_at IS NOT NULL", [context])
        said = dict(rows(school.admin.page("courses?search=" + web.urllib.parse.quote(title)).text))[title]
        assert bool(denied) == (f"Read in part. Completion of the course is not granted ({function})." in said), said
        assert "Fine" in said


def test_10_titles_are_words(school):
    school.make(NASTY)
    page = school.admin.page("courses?search=%3Cscript").text
    assert [title for title, _ in rows(page)] == [NASTY] and "<script>alert" not in page
