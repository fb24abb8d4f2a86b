"""The gradebook's columns and scores under pressure: one column, scores in order, refusals kept for a person
(lti.md 4; attacks.md F11-F13)."""
import contextlib
import re

import pytest

from support import laurel
from support.laurel import Crowd, wait_until

PROMPT_S = 60
WORKERS = 3
BADGE = {"key": "welcome", "name": "Welcome", "gradebook": True, "rule": {"item": "Task 1", "min_points": 1}}
HAND = {"key": "helper", "name": "Helper", "gradebook": True, "rule": {"manual": "helped somebody"}}


class School:
    def __init__(self, place, lms):
        self.laurel, self.lms, self.course = place, lms, lms.facts["courses"][0]
        self.teacher = lms.user("editingteacher")["id"]
        place.start()
        self.enter(self.teacher)

    def enter(self, user):
        reply, browser = self.lms.launch(user)
        assert reply.status == 303, reply.text[:300]
        return re.sub(r"^https?://[^/]+", "", reply.location), browser

    def columns(self):
        return [i for i in self.lms.state()["line_items"] if i["course_id"] == self.course["id"]]

    def settled(self):
        [(left,)] = self.laurel.rows("SELECT count(*) FROM job WHERE state IN ('waiting', 'leased')")
        return left == 0

    def import_badges(self, *badges):
        laurel.import_badges(self.laurel, self.lms, list(badges))

    def parked(self):
        return self.laurel.rows("SELECT kind, last_error FROM job WHERE state = 'parked' ORDER BY id")


@contextlib.contextmanager
def opened(cluster, **more):
    with laurel.school(cluster, seed=20261128, **more) as (place, lms):
        yield School(place, lms)


def test_F13_fifty_first_launches_at_once_make_one_column(cluster):
    """Nobody had opened the tool: fifty learners do, three workers read, award and write."""
    with opened(cluster) as school:
        users = [school.lms.control("add_user", given=f"Nr{n}", family="Neu", course=school.course["id"], role="student")["id"]
                 for n in range(50)]
        school.lms.control("set_grades", grades=[{"course": school.course["id"], "user": user, "item_title": "Task 1",
                                                  "grade": 50} for user in users])
        school.import_badges(BADGE)
        for n in range(WORKERS):
            school.laurel.start_worker(f"worker-{n}")
        replies = Crowd.run(len(users), lambda n: school.lms.launch(users[n])[0])
        assert [r.status for r in replies if not isinstance(r, Exception)] == [303] * len(users), replies

        def scored():
            return {g["user_id"] for column in school.columns() for g in column["grades"] if g["score"] is not None}

        wait_until(lambda: set(users) <= scored() and school.settled(), PROMPT_S, "every learner has a score")
        created = [r for r in school.lms.control("requests", prefix="/mod/lti/services.php")["requests"]
                   if r["method"] == "POST" and r["path"].endswith("/lineitems")]
        assert [c["label"] for c in school.columns()] == ["Welcome"] and len(created) == 1


class TestOneSchool:
    @pytest.fixture(scope="class")
    def school(self, cluster):
        with opened(cluster) as school:
            school.import_badges(HAND)
            for n in range(WORKERS):
                school.laurel.start_worker(f"worker-{n}")
            yield school

    def deed(self, school, user, deed, **fields):
        """Award or revoke by hand, as a teacher does in the learner's page."""
        home, browser = school.home
        grid = browser.get(school.laurel.base + home + "grid").text
        row = next(r for r in grid.split("<tr>") if school.name[user] in r)
        path = re.search(r'href="([^"]*/why/[^"]+)"', row).group(1)
        page = browser.get(school.laurel.base + path)
        return browser.post(f"{school.laurel.base}{path}/{deed}", {"csrf": page.fields()["csrf"], **fields},
                            headers={"Origin": school.laurel.base, "Sec-Fetch-Site": "same-origin"})

    def test_F12_scores_of_one_person_go_out_in_order(self, school):
        """Awarded and revoked again and again while three workers race: what the gradebook got is in order, and ends
        with what is true."""
        student = school.lms.user("student")
        school.home, school.name = school.enter(school.teacher), {student["id"]: student["name"]}
        wait_until(school.settled, PROMPT_S, "the course is read")
        for turn in range(6):
            reply = self.deed(school, student["id"], "award" if turn % 2 == 0 else "revoke", reason="for the test")
            assert reply.status == 303, reply.text[-1500:]
        wait_until(school.settled, PROMPT_S, "no job is left")
        scores = [s["body"] for s in school.lms.state()["scores"] if s["body"]["userId"] == str(student["id"])]
        times = [s["timestamp"] for s in scores]
        assert times == sorted(set(times)), "two scores in one second, or out of order"
        assert scores[-1]["scoreGiven"] == 0 and school.parked() == []

    def test_a_renamed_badge_renames_its_column_and_keeps_the_rest(self, school):
        [before] = school.columns()
        school.import_badges({**HAND, "name": "Great Helper"})
        wait_until(lambda: [c["label"] for c in school.columns()] == ["Great Helper"], PROMPT_S, "the column's new name")
        [after] = school.columns()
        assert {k: v for k, v in after.items() if k != "label"} == {k: v for k, v in before.items() if k != "label"}
        asked = len(self.puts(school))
        school.import_badges({**HAND, "name": "Great Helper", "description": "Another text."})
        wait_until(school.settled, PROMPT_S, "no job is left")
        assert len(self.puts(school)) == asked, "a column that is right was written again"

    @staticmethod
    def puts(school):
        return [r for r in school.lms.control("requests", prefix="/mod/lti/services.php")["requests"] if r["method"] == "PUT"]

    def test_a_column_that_is_gone_is_made_again_once(self, school):
        [column] = school.columns()
        school.lms.control("delete_line_item", item_id=column["id"])
        student = school.lms.user("student", 1)
        school.name = {student["id"]: student["name"]}
        assert self.deed(school, student["id"], "award", reason="for the test").status == 303
        wait_until(lambda: school.settled() and school.columns(), PROMPT_S, "the column is there again")
        [again] = school.columns()
        assert again["label"] == "Great Helper"
        assert [g["user_id"] for g in again["grades"]] == [student["id"]]

    def test_E9_a_column_of_another_course_is_not_used(self, school):
        """Whatever address is remembered: only what is below this course's own list gets a score."""
        [(url,)] = school.laurel.rows("SELECT url FROM line_item")
        foreign = url.replace(f"/{school.course['id']}/lineitems", "/999/lineitems")
        assert foreign != url
        school.laurel.rows("UPDATE line_item SET url = %s RETURNING 1", (foreign,))
        student = school.lms.user("student")
        school.name = {student["id"]: student["name"]}
        assert self.deed(school, student["id"], "award", reason="for the test").status == 303
        wait_until(school.settled, PROMPT_S, "no job is left")
        assert school.laurel.rows("SELECT url FROM line_item") == [(url,)] and len(school.columns()) == 1
        assert not school.lms.control("requests", prefix="/mod/lti/services.php/999")["requests"]
        assert school.lms.state()["scores"][-1]["body"]["scoreGiven"] == 1

    def test_a_refused_score_waits_for_a_person_with_the_platforms_reason(self, school):
        """The learner's role changed in the LMS and nobody has read the course since: Moodle says 400."""
        student = school.lms.user("student", 2)
        school.name = {student["id"]: student["name"]}
        school.lms.control("enrol", user=student["id"], course=school.course["id"], role="teacher")
        assert self.deed(school, student["id"], "award", reason="for the test").status == 303
        [(kind, text)] = wait_until(school.parked, PROMPT_S, "the job is parked")
        assert kind == "score" and "refused the score (400)" in text
        assert school.laurel.rows("SELECT outcome FROM score_sent s JOIN person p ON p.id = s.person_id WHERE p.sub = %s",
                                  (str(student["id"]),)) == [("refused",)]

    def test_F11_staff_get_no_score(self, school):
        """Now the roster says so, and it is not even tried."""
        student = school.lms.user("student", 3)
        school.name = {student["id"]: student["name"]}
        school.laurel.rows("UPDATE membership SET is_test_user = true WHERE person_id = (SELECT id FROM person WHERE sub = %s) "
                           "RETURNING 1", (str(student["id"]),))
        before = len(school.lms.state()["scores"])
        [(award,)] = school.laurel.rows(
            """INSERT INTO award (institution_id, badge_id, person_id, context_id, rule_version, state, reasons, issued_at)
               SELECT b.institution_id, b.id, p.id, c.context_id, 1, 2, '{}', now() FROM badge b, person p, badge_course c
               WHERE p.sub = %s AND c.badge_id = b.id RETURNING id""", (str(student["id"]),))
        school.laurel.rows("INSERT INTO job (institution_id, kind, dedupe, payload) SELECT institution_id, 'score', 'score:test', "
                           "jsonb_build_object('award', id) FROM award WHERE id = %s RETURNING 1", (award,))
        wait_until(school.settled, PROMPT_S, "no job is left")
        assert len(school.lms.state()["scores"]) == before
        assert any(line["event"] == "score_not_for_learner" for line in school.laurel.logs(school.laurel.worker_log))

    def test_who_leaves_is_counted_no_more_and_keeps_the_badge(self, school):
        student = school.lms.user("student", 1)
        home, browser = school.home
        assert student["name"] in browser.get(school.laurel.base + home + "grid").text
        school.lms.control("unenrol", user=student["id"], course=school.course["id"])
        school.laurel.cli("sync")
        wait_until(lambda: school.laurel.rows("SELECT NOT is_active FROM membership m JOIN person p ON p.id = m.person_id "
                                              "WHERE p.sub = %s", (str(student["id"]),)) == [(True,)], PROMPT_S, "has left")
        grid = browser.get(school.laurel.base + home + "grid").text
        counted = int(re.search(r"<strong>(\d+)</strong> learners?", grid).group(1))
        assert student["name"] not in grid and counted == grid.count('<th scope="row"') > 0
        left = browser.get(school.laurel.base + home + "grid?show=left").text
        assert "Left the course" in left and student["name"] in left
        assert [a["state"] for a in school.laurel.cli("award", "list", "--json").json()
                if a["learner"]["sub"] == str(student["id"])] == ["issued"]
