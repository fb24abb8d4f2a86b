"""A grade in the LMS becomes a badge, and the badge a score in the LMS's gradebook (DESIGN 5)."""
import signal
import time

import pytest

from support import laurel
from support.laurel import wait_until

BADGE = {"key": "task-one", "name": "First Task Done", "gradebook": True, "rule": {"item": "Task 1", "min_percent": 80}}
PROMPT_S = 60


class School:
    def __init__(self, place, lms):
        self.laurel, self.lms = place, lms
        self.teacher = self.lms.user("editingteacher")["id"]
        self.course = self.lms.facts["courses"][0]
        self.cmid = {item["title"]: item["cmid"] for item in self.course["items"]}
        self.laurel.start()
        self.laurel.start_worker()
        self.launch(self.teacher)
        laurel.import_badges(self.laurel, self.lms, [BADGE])

    def student(self, nth):
        return self.lms.user("student", nth)["id"]

    def launch(self, user):
        reply, browser = self.lms.launch(user)
        assert reply.status == 303, f"{reply.status} {reply.text[:300]}"
        return reply, browser

    def mark(self, user, grade, task="Task 1", **more):
        self.lms.mark(self.teacher, self.course["id"], self.cmid[task], user, grade, **more)

    def awards(self, user, state="issued"):
        return [a for a in self.laurel.cli("award", "list", "--json").json()
                if a["learner"]["sub"] == str(user) and a["state"] == state]

    def column(self):
        """The tool's own columns in the LMS."""
        return [i for i in self.lms.state()["line_items"] if i["course_id"] == self.course["id"]]

    def posted(self, user):
        return [g for column in self.column() for g in column["grades"] if g["user_id"] == user]

    def read_again(self):
        """Makes the course due and waits until it was read after now."""
        before = self.synced_at()
        self.laurel.cli("sync")
        wait_until(lambda: self.synced_at() not in (None, before), PROMPT_S, "the course is read again")

    def synced_at(self):
        [(when,)] = self.laurel.rows("SELECT max(synced_at) FROM context")
        return when


@pytest.fixture(scope="module")
def school(cluster):
    with laurel.school(cluster, seed=20261123) as (place, lms):
        yield School(place, lms)


def test_a_grade_becomes_a_badge_and_a_score(school):
    ana = school.student(0)
    assert school.awards(ana) == []
    school.mark(ana, 92)
    school.launch(ana)
    [award] = wait_until(lambda: school.awards(ana), PROMPT_S, "the award")
    assert award["badge"] == {"key": "task-one", "name": "First Task Done"}
    assert award["learner"]["issuer"] == school.lms.issuer and award["learner"]["client_id"] == school.lms.client_id
    assert award["course"]["context_id"] == str(school.course["id"])
    assert award["issued_at"].endswith("Z") and award["revoked_at"] is None and award["url"] is None
    [score] = wait_until(lambda: school.posted(ana), PROMPT_S, "the score in the LMS")
    assert score["score"] == school.column()[0]["score_maximum"]
    assert "First Task Done" in score["comment"]


def test_the_student_sees_the_badge(school):
    ana = school.student(0)
    wait_until(lambda: school.awards(ana) or school.mark(ana, 92) or school.launch(ana) and None, PROMPT_S, "the award")
    reply, browser = school.launch(ana)
    shown = browser.get(reply.location if "://" in reply.location else school.laurel.base + reply.location)
    assert shown.status == 200 and "First Task Done" in shown.text


def test_the_boundary_counts_and_nothing_below_it_or_hidden(school):
    """attacks.md F15."""
    exactly, below, hidden, ungraded = (school.student(n) for n in (1, 2, 3, 4))
    school.mark(exactly, 80)
    school.mark(below, 79.5)
    school.mark(hidden, 95, hidden=True)
    school.read_again()
    wait_until(lambda: school.awards(exactly), PROMPT_S, "the award at exactly 80 percent")
    for user in (below, hidden, ungraded):
        assert school.awards(user) == [] and school.posted(user) == []


def test_a_launch_right_after_a_reading_is_not_lost(school):
    """A grade given a second after the course was read, and then a launch: the launch makes the course due."""
    late = school.student(4)
    school.read_again()
    school.launch(school.teacher)
    time.sleep(1.5)
    school.mark(late, 90)
    school.launch(late)
    wait_until(lambda: school.awards(late), PROMPT_S, "the award after the second launch")


def test_nobody_is_awarded_twice(school):
    ana = school.student(0)
    school.mark(ana, 93)
    school.read_again()
    wait_until(lambda: school.awards(ana), PROMPT_S, "the award")
    wait_until(lambda: school.posted(ana), PROMPT_S, "the score")
    for grade in (94, 50, 96):
        school.mark(ana, grade)
        school.read_again()
    assert len(school.awards(ana)) == 1
    assert len(school.column()) == 1, "one column per badge and course"
    assert len(school.posted(ana)) == 1
    assert [s["body"]["userId"] for s in school.lms.state()["scores"]].count(str(ana)) == 1, "one score per award"


def test_a_killed_worker_loses_nothing(school):
    ben = school.student(2)
    school.mark(ben, 88)
    school.launch(ben)
    school.laurel.end("worker", signal.SIGKILL)
    school.laurel.start_worker()
    school.laurel.cli("sync")
    wait_until(lambda: school.awards(ben), 90, "the award after the worker was killed")
    wait_until(lambda: school.posted(ben), 30, "the score after the worker was killed")
    assert len(school.awards(ben)) == 1


def test_an_lms_in_trouble_takes_no_badge_away(school):
    ana = school.student(0)
    school.mark(ana, 97)
    school.read_again()
    wait_until(lambda: school.awards(ana), PROMPT_S, "the award")
    try:
        school.lms.control("set_quirk", name="ws_html", value=True)
        school.launch(school.teacher)
        wait_until(lambda: school.laurel.rows("SELECT 1 FROM source_host WHERE failures > 0"), PROMPT_S,
                   "maintenance counts against the host, which all its courses share")
        time.sleep(1)
        assert len(school.awards(ana)) == 1
        assert school.laurel.processes["worker"].poll() is None
        assert school.laurel.answers("/readyz") == 200
    finally:
        school.lms.control("set_quirk", name="ws_html", value=False)


def test_the_web_service_token_is_in_no_log(school):
    for log in (school.laurel.serve_log, school.laurel.worker_log):
        assert school.lms.facts["ws_token"] not in log.read_text(errors="replace")
    sealed = school.laurel.rows("SELECT encode(token_sealed, 'escape') FROM grade_source")
    assert sealed and all(school.lms.facts["ws_token"] not in text for (text,) in sealed)
