"""Moodle's completion model: activity states and course completion."""
INCOMPLETE, COMPLETE, COMPLETE_PASS, COMPLETE_FAIL = 0, 1, 2, 3


def activity_state(school, activity, user_id, item=None):
    """`item`: the activity's column, where the caller has it."""
    if activity.tracking == 0:
        return INCOMPLETE
    if activity.tracking == 1:
        return COMPLETE if (activity.cmid, user_id) in school.ticked else INCOMPLETE
    item = item or school.item_of(activity)
    grade = school.grade(item, user_id) if item else None
    if not (activity.require_grade or activity.require_pass) or grade is None or grade.score is None:
        return INCOMPLETE
    if item.gradepass > 0 and (activity.require_pass or not grade.hidden):
        return COMPLETE_PASS if grade.score >= item.gradepass else COMPLETE_FAIL
    return COMPLETE


def state_changed_at(school, activity, user_id):
    """The time of the last change of state, also set when the state is complete-fail; 0 if none."""
    if activity.tracking == 1:
        return school.ticked.get((activity.cmid, user_id), 0)
    state, when = school.completion_changed.get((activity.cmid, user_id), (INCOMPLETE, 0))
    return when if state != INCOMPLETE else 0


def counts_for_course(school, state):
    """4.1 lets an activity that was completed with a failing grade count; 4.5 does not."""
    return state in (COMPLETE, COMPLETE_PASS) or (state == COMPLETE_FAIL and school.quirks.version == "4.1")


def required_activities(school, course):
    return [a for a in school.activities_of(course) if a.course_requirement]


def course_completed(school, course, user_id):
    required = required_activities(school, course)
    return bool(required) and all(counts_for_course(school, activity_state(school, a, user_id)) for a in required)


def requirement_rules(activity, state):
    """The rules of an automatic activity as (rule name, status, description)."""
    rules = []
    if activity.tracking == 2 and (activity.require_grade or activity.require_pass):
        rules.append(("completionusegrade", state, "Receive a grade"))
    if activity.tracking == 2 and activity.require_pass:
        rules.append(("completionpassgrade", state, "Receive a passing grade"))
    return rules
