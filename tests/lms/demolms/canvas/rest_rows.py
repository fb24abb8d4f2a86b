"""What Canvas's REST interface says of people, work and progress, row by row."""
from datetime import datetime, timezone

from ..completion import activity_state, state_changed_at
from ..state import EDITING_TEACHER, OBSERVER, STUDENT, TEACHER, Submission

TYPES = {STUDENT: "StudentEnrollment", EDITING_TEACHER: "TeacherEnrollment", TEACHER: "TaEnrollment", OBSERVER: "ObserverEnrollment"}
TEST_STUDENT = "StudentViewEnrollment"
STANDARD = ((94, "A"), (90, "A-"), (87, "B+"), (84, "B"), (80, "B-"), (77, "C+"), (74, "C"), (70, "C-"), (67, "D+"), (64, "D"),
            (61, "D-"), (0, "F"))     # Canvas's own
NOTHING = Submission()


def moment(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds else None


def letter(percent):
    return next((word for least, word in STANDARD if percent >= least), "F")


def plain(number):
    return f"{number:g}"


def user(person):
    return {"id": person.id, "name": person.name, "sortable_name": f"{person.family}, {person.given}", "short_name": person.given,
            "sis_user_id": person.idnumber or None, "login_id": person.username, "email": person.email}


def course(one, include):
    found = {"id": one.id, "name": one.fullname, "course_code": one.shortname, "workflow_state": "completed" if one.concluded else "available",
             "sis_course_id": one.idnumber or None, "start_at": moment(one.start), "end_at": moment(one.ends),
             "restrict_enrollments_to_course_dates": one.own_dates, "enrollment_term_id": 1, "time_zone": "Etc/UTC",
             "hide_final_grades": one.hide_totals, "apply_assignment_group_weights": False}
    if "term" in include:
        found["term"] = {"id": 1, "name": "Default Term", "start_at": None, "end_at": moment(one.term_ends)}
    if "concluded" in include:
        found["concluded"] = one.concluded
    return found


# ---- enrolments ----
def enrolment_state(one):
    return "inactive" if one.suspended else "completed" if one.concluded else "active"


def enrolment_type(school, one):
    return TEST_STUDENT if school.users[one.user_id].is_test_student else TYPES[one.role]


def asked_type(school, one):
    """Who asks for students gets the test student with them."""
    return TYPES[one.role] if school.users[one.user_id].is_test_student else enrolment_type(school, one)


def enrolment(school, of, one, totals):
    person = school.users[one.user_id]
    row = {"id": of.id * 1_000_000 + person.id, "user_id": person.id, "course_id": of.id, "course_section_id": of.id,
           "type": enrolment_type(school, one), "role": enrolment_type(school, one), "enrollment_state": enrolment_state(one),
           "sis_user_id": person.idnumber or None, "last_activity_at": None,
           "user": {"id": person.id, "name": person.name, "sortable_name": f"{person.family}, {person.given}",
                    "sis_user_id": person.idnumber or None, "login_id": person.username}}
    if one.role == STUDENT:
        row["grades"] = totals.of(person.id)
    return row


class Totals:
    """Of one course: what is shown to learners, and beside it what only teachers see (`unposted_...`)."""

    def __init__(self, school, of):
        self.school, self.course = school, of
        self.items = [i for i in school.items_of(of) if i.published and i.in_total and i.grading_type != "not_graded"]

    def percents(self, user_id, with_hidden):
        """(of what is graded, of everything); None where there is nothing to divide by."""
        got = graded = whole = 0.0
        for item in self.items:
            work, grade = self.school.submissions.get((item.id, user_id), NOTHING), self.school.grade(item, user_id)
            if work.excused:
                continue
            whole += item.grademax
            if grade and grade.score is not None and not work.pending and (with_hidden or not grade.hidden):
                got, graded = got + grade.score, graded + item.grademax
        return (round(100 * got / graded, 2) if graded else None, round(100 * got / whole, 2) if whole else None)

    def of(self, user_id):
        current, final = self.percents(user_id, False)
        unposted_current, unposted_final = self.percents(user_id, True)
        word = lambda percent: None if percent is None else letter(percent)
        found = {"html_url": f"{self.school.public_url}/courses/{self.course.id}/grades/{user_id}",
                 "current_score": current, "final_score": final, "current_grade": word(current), "final_grade": word(final),
                 "unposted_current_score": unposted_current, "unposted_final_score": unposted_final,
                 "unposted_current_grade": word(unposted_current), "unposted_final_grade": word(unposted_final)}
        if user_id in self.course.total_overrides:
            found |= {"override_score": self.course.total_overrides[user_id], "override_grade": letter(self.course.total_overrides[user_id])}
        return found


# ---- work ----
def assignment(school, item, left_out):
    activity = school.activity_of(item)
    row = {"id": item.id, "course_id": item.course_id, "name": item.title, "description": activity.intro if activity else "",
           "points_possible": item.grademax, "grading_type": item.grading_type, "due_at": moment(activity.due) if activity else None,
           "published": item.published, "workflow_state": "published" if item.published else "unpublished",
           "submission_types": ["external_tool" if item.tool_owned else "online_text_entry"], "post_manually": False,
           "omit_from_final_grade": not item.in_total, "anonymous_grading": False, "rubric": []}
    return {name: value for name, value in row.items() if name not in left_out}


class Work:
    """The submissions of one course. Canvas has one of everybody for everything, made when nothing is there yet."""

    def __init__(self, school, of):
        self.school, self.course, self.items = school, of, school.items_of(of)

    def row(self, item, user_id):
        work, grade = self.school.submissions.get((item.id, user_id), NOTHING), self.school.grade(item, user_id)
        score = grade.score if grade else None
        is_graded = score is not None or work.excused
        waits = is_graded and work.attempt > work.graded_attempt
        state = "pending_review" if work.pending else "submitted" if waits else "graded" if is_graded \
            else "submitted" if work.submitted else "unsubmitted"
        return {"id": item.id * 1_000_000 + user_id, "user_id": user_id, "assignment_id": item.id, "score": None if work.excused else score,
                "grade": None if work.excused else self.shown(item, score, work), "entered_score": score, "excused": work.excused,
                "attempt": work.attempt or None, "submission_type": "online_text_entry" if work.submitted else None, "body": None,
                "submitted_at": moment(work.submitted), "graded_at": moment(self.graded(item, user_id)),
                "posted_at": moment(work.posted or grade.time) if grade and score is not None and not grade.hidden else None,
                "grader_id": 1 if is_graded else None, "workflow_state": state, "late": False, "missing": False, "late_policy_status": None,
                "grade_matches_current_submission": not waits, "points_deducted": None, "redo_request": False, "attachments": []}

    @staticmethod
    def shown(item, score, work):
        if score is None:
            return None
        if item.grading_type == "pass_fail":
            return "complete" if (score > 0 if work.passed is None else work.passed) else "incomplete"
        percent = 100 * score / item.grademax if item.grademax else 0.0
        if item.grading_type in ("letter_grade", "gpa_scale"):
            return letter(percent)
        return f"{plain(round(percent, 2))}%" if item.grading_type == "percent" else plain(score)

    def graded(self, item, user_id):
        """An un-graded work was never graded; posting, hiding and excusing do not touch it."""
        grade = self.school.grade(item, user_id)
        return grade.time if grade and grade.score is not None else 0

    def is_news(self, item, user_id, graded_since, submitted_since):
        return (graded_since is None or self.graded(item, user_id) > graded_since) and (
            submitted_since is None or self.school.submissions.get((item.id, user_id), NOTHING).submitted > submitted_since)

    def grouped(self, user_id, graded_since, submitted_since):
        person = self.school.users[user_id]
        return {"user_id": user_id, "section_id": self.course.id, "sis_user_id": person.idnumber or None, "integration_id": None,
                "submissions": [self.row(item, user_id) for item in self.items
                                if item.published and self.is_news(item, user_id, graded_since, submitted_since)]}

    def filtered(self, people, graded_since, submitted_since):
        return [(item, user_id) for item in self.items if item.published for user_id in people
                if self.is_news(item, user_id, graded_since, submitted_since)]


# ---- modules ----
class Steps:
    """Modules of one course and how far somebody is in them."""

    def __init__(self, school, of):
        self.school = school
        self.modules = [m for m in school.modules.values() if m.course_id == of.id]
        columns = {(i.module, i.instance): i for i in school.items_of(of)}
        self.entries = {m.id: [(a, columns.get((a.kind, a.instance))) for cmid in m.cmids if (a := school.activities.get(cmid))]
                        for m in self.modules}
        self.requirements = [entry for m in self.modules if m.published for entry in self.asked(m)]

    def asked(self, module):
        return [entry for entry in self.entries[module.id] if entry[0].tracking]

    def is_met(self, entry, user_id):
        return activity_state(self.school, entry[0], user_id, entry[1]) in (1, 2)

    def items(self, module):
        return [self.item(module, *entry, position) for position, entry in enumerate(self.entries[module.id], 1)]

    def item(self, module, activity, column, position):
        row = {"id": activity.cmid, "module_id": module.id, "title": activity.title, "position": position, "indent": 0,
               "type": "Assignment" if column else "Page", "content_id": column.id if column else activity.instance, "published": True}
        if activity.tracking == 1:
            row["completion_requirement"] = {"type": "must_mark_done"}
        elif activity.tracking == 2 and column and activity.require_pass:
            row["completion_requirement"] = {"type": "min_score", "min_score": column.gradepass}
        elif activity.tracking == 2:
            row["completion_requirement"] = {"type": "must_submit"}
        return row

    def module(self, module, student_id, with_items):
        row = {"id": module.id, "name": module.title, "position": module.id, "published": module.published,
               "items_count": len(self.entries[module.id]), "require_sequential_progress": False, "prerequisite_module_ids": []}
        if with_items:
            row["items"] = self.items(module)
        if student_id is not None:
            met = [self.is_met(entry, student_id) for entry in self.asked(module)]
            row["state"] = "completed" if all(met) else "started" if any(met) else "unlocked"
            row["completed_at"] = moment(self.since(self.asked(module), student_id)) if all(met) else None
        return row

    def since(self, entries, user_id):
        return max((state_changed_at(self.school, activity, user_id) for activity, _ in entries), default=0)

    def progress(self, user_id):
        met = sum(self.is_met(entry, user_id) for entry in self.requirements)
        is_done = met == len(self.requirements)
        return {"requirement_count": len(self.requirements), "requirement_completed_count": met, "next_requirement_url": None,
                "completed_at": moment(self.since(self.requirements, user_id)) if is_done else None}


# ---- outcomes ----
def outcome(one):
    return {"id": one.id, "title": one.title, "display_name": None, "mastery_points": one.mastery, "points_possible": one.points,
            "calculation_method": "highest", "alignments": [f"assignment_{one.item_id}"]}


def rollup(school, outcomes, user_id):
    """Computed from every grade there is: hidden ones count, too."""
    scores = []
    for one in outcomes:
        item = school.items.get(one.item_id)
        grade = school.grade(item, user_id) if item else None
        if grade and grade.score is not None and item.grademax:
            scores.append({"score": round(one.points * grade.score / item.grademax, 2), "title": item.title,
                           "submitted_at": moment(grade.time), "count": 1, "links": {"outcome": str(one.id)}})
    return {"scores": scores, "links": {"user": str(user_id), "section": None, "status": "active"}}
