"""Grades of a Canvas course become badges: read by its REST API, with people matched by their launches' ids."""
import contextlib
import json

import pytest

from support import forge, laurel
from support.canvas_rest import Canvas
from support.laurel import wait_until

PROMPT_S = 120
ANA, BEN, CHO, TEST, TEA = 871, 872, 21070000000000873, 899, 3
QUIZ, ESSAY, EXTRA = 120, 121, 122
BADGES = [
    {"key": "quiz", "name": "Safe Lab", "on_grade_drop": "keep", "rule": {"item": "Lab safety quiz", "min_percent": 80}},
    {"key": "essay", "name": "Writer", "on_grade_drop": "revoke", "rule": {"item": {"source": "canvas", "id": str(ESSAY)}}},
    {"key": "week", "name": "Week One", "rule": {"module": "Week 1"}},
    {"key": "course", "name": "Whole Course", "rule": {"course": "completed"}},
    {"key": "total", "name": "Good Total", "rule": {"course": {"min_percent": 40}}},
]


class School:
    def __init__(self, place, platform, canvas):
        self.laurel, self.platform, self.canvas = place, platform, canvas

    def open(self):
        place, canvas = self.laurel, self.canvas
        place.prepare()
        place.add_platform(self.platform)
        self.where = ["--issuer", self.platform.issuer, "--client-id", self.platform.client_id, "--deployment",
                      self.platform.deployment]
        self.token_file = place.folder / "canvas-token"
        self.set_token(canvas.token)
        place.start()
        place.start_worker()
        self.launch(TEA, roles=(forge.INSTRUCTOR,))
        path = place.folder / "badges.json"
        course = {"issuer": self.platform.issuer, "client_id": self.platform.client_id,
                  "deployment_id": self.platform.deployment, "context_id": canvas.context}
        path.write_text(json.dumps({
            "issuer": {"key": "northside", "name": "Northside College", "url": "https://northside.example"},
            "badges": [{"description": "For tests.", "courses": [course], **badge} for badge in BADGES]}), encoding="utf-8")
        place.cli("badge", "import", path)
        wait_until(lambda: self.synced_at(), PROMPT_S, "the course is read for the first time")

    def set_token(self, token):
        self.token_file.write_text(token + "\n", encoding="utf-8")
        self.laurel.cli("source", "set", *self.where, "--kind", "canvas", "--base-url", self.canvas.base,
                        "--token-file", self.token_file)

    def launch(self, user, **more):
        reply, _ = self.laurel.launch(self.platform, sub=self.canvas.users[user]["sub"], context=self.canvas.context, **more)
        assert reply.status == 303, f"{reply.status} {reply.text[:300]}"

    def awards(self, user, key, state="issued"):
        sub = self.canvas.users[user]["sub"]
        return [a for a in self.laurel.cli("award", "list", "--json").json()
                if a["learner"]["sub"] == sub and a["badge"]["key"] == key and a["state"] == state]

    def synced_at(self):
        [(when,)] = self.laurel.rows("SELECT max(synced_at) FROM context")
        return when

    def read_again(self):
        before = self.synced_at()
        self.laurel.cli("sync")
        wait_until(lambda: self.synced_at() not in (None, before), PROMPT_S, "the course is read again")
        wait_until(lambda: self.laurel.rows("SELECT count(*) FROM job WHERE kind IN ('judge', 'sync')") == [(0,)],
                   PROMPT_S, "everybody is judged")

    def error(self):
        [(text,)] = self.laurel.rows("SELECT coalesce(max(sync_error), '') FROM context")
        return text


def fill(canvas):
    canvas.enrol(ANA, "0c7f2a10-0000-4000-8000-000000000871", "Ana Ruiz", sis_user_id="s-1", login_id="ana01")
    canvas.enrol(BEN, "0c7f2a10-0000-4000-8000-000000000872", "Ben Okri", state="completed")
    canvas.enrol(CHO, "0c7f2a10-0000-4000-8000-000000000873", "Cho Lin")
    canvas.enrol(TEST, "0c7f2a10-0000-4000-8000-000000000899", "Test Student", kind="StudentViewEnrollment")
    canvas.enrol(TEA, "0c7f2a10-0000-4000-8000-000000000003", "Tea Cher", kind="TeacherEnrollment")
    canvas.assign(QUIZ, "Lab safety quiz")
    canvas.assign(ESSAY, "Essay", 0, grading_type="pass_fail")
    canvas.assign(EXTRA, "Extra", 10)
    canvas.assign(123, "Reading", 0, grading_type="not_graded")
    canvas.modules = [{"id": 31, "name": "Week 1", "published": True, "items_count": 1,
                       "items": [{"id": 1, "completion_requirement": {"type": "must_submit"}}]},
                      {"id": 32, "name": "Read me", "published": True, "items_count": 1, "items": [{"id": 2}]}]
    for user in (ANA, CHO):
        canvas.progress[user] = {"requirement_count": 1, "requirement_completed_count": 0, "next_requirement_url": None,
                                 "completed_at": None}
    canvas.progress[BEN] = {**canvas.progress[ANA]}


@pytest.fixture(scope="module")
def school(cluster):
    with contextlib.ExitStack() as stack:
        canvas = Canvas()
        stack.callback(canvas.close)
        fill(canvas)
        platform = forge.Platform("canvas")
        stack.callback(platform.close)
        place = laurel.Laurel(cluster, allow=[canvas.port, platform.port])
        stack.callback(place.close)
        school = School(place, platform, canvas)
        school.open()
        yield school


def test_the_course_is_read_and_the_token_is_judged_in_words(school):
    out = school.laurel.cli("source", "test", *school.where, "--course", school.canvas.context).out
    assert "Canvas, as Laurel Reader" in out and "Submissions can be read." in out and "Biology" in out
    titles = {t for (t,) in school.laurel.rows("SELECT title FROM item WHERE gone_at IS NULL")}
    assert {"Lab safety quiz", "Essay", "Extra", "Week 1", "Course total", "Current total", "Course completion"} == titles


def test_a_grade_becomes_a_badge_and_stays_when_the_grade_goes(school):
    """With the grade it was given for (attacks.md F14)."""
    canvas = school.canvas
    canvas.grade(ANA, QUIZ, 8)
    school.launch(ANA)
    wait_until(lambda: school.awards(ANA, "quiz"), PROMPT_S, "the award at exactly 80 percent")
    canvas.ungrade(ANA, QUIZ)
    school.read_again()
    assert school.laurel.rows("SELECT f.score FROM fact f JOIN item i ON i.id = f.item_id WHERE i.title = 'Lab safety quiz'"
                              " AND f.submitted_at IS NOT NULL") == [(None,)]
    assert len(school.awards(ANA, "quiz")) == 1, "the policy is to keep"
    [(reasons,)] = school.laurel.rows("SELECT a.reasons FROM award a JOIN badge b ON b.id = a.badge_id WHERE b.key = 'quiz'")
    assert [(leaf["score"], leaf["state"]) for leaf in reasons["leaves"]] == [("8", "met")]


def test_nothing_is_given_for_hidden_pending_or_excused_work(school):
    """attacks.md F15."""
    canvas = school.canvas
    school.launch(CHO)
    for more in ({"posted_at": None}, {"workflow_state": "pending_review"}, {"excused": True},
                 {"grade_matches_current_submission": False}):
        canvas.grade(CHO, QUIZ, 10, **more)
        school.read_again()
        assert school.awards(CHO, "quiz") == [], more
        assert "posted_at" not in more or school.awards(CHO, "total") == [], "a total leaves hidden grades out"
    canvas.grade(CHO, QUIZ, 10)         # posted late
    school.read_again()
    wait_until(lambda: school.awards(CHO, "quiz"), PROMPT_S, "the award once it is posted")
    wait_until(lambda: school.awards(CHO, "total"), PROMPT_S, "the award for the course total (10 of 20 points)")


def test_complete_without_points_counts_and_its_loss_follows_the_policy(school):
    canvas = school.canvas
    canvas.grade(ANA, ESSAY, 0, grade="incomplete")
    school.read_again()
    assert school.awards(ANA, "essay") == []
    canvas.grade(ANA, ESSAY, 0, grade="complete")
    school.read_again()
    wait_until(lambda: school.awards(ANA, "essay"), PROMPT_S, "the award")
    canvas.grade(ANA, ESSAY, 0, grade="complete", posted_at=None)
    school.read_again()
    wait_until(lambda: school.awards(ANA, "essay", "suspended"), PROMPT_S, "suspended while it is hidden again")
    canvas.grade(ANA, ESSAY, 0, grade="complete")
    school.read_again()
    wait_until(lambda: school.awards(ANA, "essay"), PROMPT_S, "restored")


def test_who_has_concluded_still_earns_and_a_test_student_never(school):
    canvas = school.canvas
    canvas.grade(BEN, QUIZ, 9)
    canvas.grade(TEST, QUIZ, 10)
    school.launch(BEN)
    wait_until(lambda: school.awards(BEN, "quiz"), PROMPT_S, "the award of somebody whose enrolment is over")
    assert school.awards(TEST, "quiz") == []
    assert school.laurel.rows("SELECT count(*) FROM person WHERE sub = %s", (canvas.users[TEST]["sub"],)) == [(0,)]


def test_modules_and_the_course_are_complete_when_every_requirement_is(school):
    canvas = school.canvas
    canvas.states[ANA, 31] = "completed"
    canvas.progress[ANA] = {"requirement_count": 2, "requirement_completed_count": 1, "completed_at": "2027-05-03T10:00:00Z"}
    school.read_again()
    wait_until(lambda: school.awards(ANA, "week"), PROMPT_S, "the award for the module")
    assert school.awards(ANA, "course") == [], "a requirement was added after Canvas said completed"
    canvas.progress[ANA]["requirement_completed_count"] = 2
    school.read_again()
    wait_until(lambda: school.awards(ANA, "course"), PROMPT_S, "the award for the course")


def test_people_are_looked_up_once(school):
    school.read_again()
    del school.canvas.requests[:]
    school.read_again()
    assert not [path for path in school.canvas.requests if "lti_1_3_id" in path]
    assert school.laurel.rows("SELECT count(*) FROM source_person") >= [(3,)]


def test_a_canvas_in_trouble_takes_nothing_away(school):
    canvas = school.canvas
    before = school.laurel.rows("SELECT count(*) FROM fact")
    canvas.busy = 2                     # the same page again, a little later
    school.read_again()
    canvas.down = True
    school.laurel.cli("sync")
    wait_until(lambda: "503" in school.error(), PROMPT_S, "the reason is told")
    canvas.down = False
    school.set_token("7~revoked")
    school.laurel.cli("sync")
    wait_until(lambda: "refused the access token" in school.error(), PROMPT_S, "the reason is told")
    assert school.laurel.rows("SELECT count(*) FROM fact") == before and school.awards(ANA, "quiz")
    school.set_token(canvas.token)
    school.read_again()
    assert school.error() == ""


def test_the_access_token_is_in_no_log_and_sealed(school):
    for log in (school.laurel.serve_log, school.laurel.worker_log):
        assert school.canvas.token not in log.read_text(errors="replace")
    sealed = school.laurel.rows("SELECT encode(token_sealed, 'escape') FROM grade_source")
    assert sealed and all(school.canvas.token not in text for (text,) in sealed)


def test_words_are_ranked_by_the_course_s_own_scheme(school):
    canvas = school.canvas
    canvas.scheme = [("Exceeds", 0.9), ("Meets", 0.7), ("Nearly there", 0.5), ("Not yet", 0)]
    canvas.assign(140, "Poster", 10, grading_type="letter_grade")
    canvas.grade(ANA, 140, 9.5, grade="Exceeds")
    canvas.grade(CHO, 140, 5, grade="Nearly there")
    for user in (ANA, CHO):
        school.launch(user)

    def read_whole():
        before = school.synced_at()
        school.laurel.rows("UPDATE context SET whole_at = NULL RETURNING 1")     # as in the night
        school.laurel.cli("sync", "--course", canvas.context)
        wait_until(lambda: school.synced_at() != before, PROMPT_S, "the course is read")

    def badge(letter):
        path = school.laurel.folder / "letters.json"
        course = {"issuer": school.platform.issuer, "client_id": school.platform.client_id,
                  "deployment_id": school.platform.deployment, "context_id": canvas.context}
        path.write_text(json.dumps({
            "issuer": {"key": "northside", "name": "Northside College", "url": "https://northside.example"},
            "badges": [{"key": "poster", "name": "Poster", "description": "For tests.", "courses": [course],
                        "rule": {"item": "Poster", "min_letter": letter}}]}), encoding="utf-8")
        return school.laurel.cli("badge", "import", path, check=False)

    read_whole()
    refused = badge("B")
    assert refused.status != 0 and "Exceeds, Meets, Nearly there, Not yet" in refused.err, refused.err
    assert badge("Meets").status == 0
    wait_until(lambda: school.awards(ANA, "poster"), PROMPT_S, "who exceeds has it")
    assert school.awards(CHO, "poster") == []
    canvas.scheme = [("Exceeds", 0.9), ("Nearly there", 0.6), ("Meets", 0.5), ("Not yet", 0)]    # it takes less now
    read_whole()
    wait_until(lambda: school.awards(CHO, "poster"), PROMPT_S, "so have others, though no grade changed")
