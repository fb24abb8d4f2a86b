"""Web services about assignments, grades and completion."""
from .completion import (activity_state, counts_for_course, course_completed, required_activities, requirement_rules,
                         state_changed_at)
from .state import STUDENT
from .ws_errors import WsError, course_of, integer, integers, invalid_parameter, user_of


def assignments(school, sent):
    wanted = integers(sent, "courseids") or list(school.courses)
    if sent.get("includenotenrolledcourses", "0") not in ("1", "true"):
        return {"courses": [], "warnings": [
            {"item": "course", "itemid": course_id, "warningcode": "1" if course_id in school.courses else "2",
             "message": "User is not enrolled or does not have requested capability"} for course_id in wanted]}
    found, warnings = [], []
    for course_id in wanted:
        course = school.courses.get(course_id)
        if course is None:
            warnings.append({"item": "course", "itemid": course_id, "warningcode": "1", "message": "No access rights in course context"})
            continue
        found.append({"id": course.id, "fullname": course.fullname, "shortname": course.shortname,
                      "timemodified": course.start,
                      "assignments": [assignment_json(school, course, a) for a in school.activities_of(course) if a.kind == "assign"]})
    return {"courses": found, "warnings": warnings}


def assignment_json(school, course, activity):
    item = school.item_of(activity)
    return {"id": activity.instance, "cmid": activity.cmid, "course": course.id, "name": activity.title,
            "nosubmissions": 0, "submissiondrafts": 0, "sendnotifications": 0, "sendlatenotifications": 0,
            "sendstudentnotifications": 1, "duedate": activity.due, "allowsubmissionsfromdate": course.start,
            "grade": item.grademax if item else 0, "timemodified": course.start, "completionsubmit": 0,
            "cutoffdate": 0, "gradingduedate": 0, "teamsubmission": 0, "requireallteammemberssubmit": 0,
            "teamsubmissiongroupingid": 0, "blindmarking": 0, "hidegrader": 0, "revealidentities": 0,
            "attemptreopenmethod": "none", "maxattempts": -1, "markingworkflow": 0, "markingallocation": 0,
            "requiresubmissionstatement": 0, "preventsubmissionnotingroup": 0, "configs": [],
            "intro": activity.intro, "introformat": 1, "introfiles": [], "introattachments": []}


def assignment_grades(school, sent):
    wanted, since = integers(sent, "assignmentids"), integer(sent, "since", 0)
    if not wanted:
        raise invalid_parameter("Missing required key in single structure: assignmentids")
    known = {a.instance for a in school.activities.values() if a.kind == "assign"}
    news = {}
    for (owner, user_id), row in school.assignment_grades.items():
        if row.modified >= since:
            news.setdefault(owner, []).append((user_id, row))
    found, warnings = [], []
    for instance in wanted:
        if instance not in known:
            warnings.append({"item": "assignment", "itemid": instance, "warningcode": "1",
                             "message": "No access rights in module context"})
            continue
        rows = [{"id": row.id, "userid": user_id, "attemptnumber": 0, "timecreated": row.created,
                 "timemodified": row.modified, "grader": row.grader, "grade": f"{row.grade:.5f}"}
                for user_id, row in news.get(instance, [])]
        if rows:
            found.append({"assignmentid": instance, "grades": sorted(rows, key=lambda r: r["id"])})
        else:
            warnings.append({"item": "assignment", "itemid": instance, "warningcode": "3", "message": "No grades found"})
    return {"assignments": found, "warnings": warnings}


def grade_items(school, sent):
    course = course_of(school, integer(sent, "courseid"))
    user_id = integer(sent, "userid", 0)
    people = [user_of(school, user_id)] if user_id else school.learners(course)
    return {"usergrades": [user_grades(school, course, user) for user in people], "warnings": []}


def user_grades(school, course, user):
    items = school.items_of(course)
    weight_base = sum(i.grademax for i in items if told_score(school, i, user) is not None)
    rows = [grade_item_json(school, item, user, weight_base) for item in items]
    return {"courseid": course.id, "courseidnumber": course.idnumber, "userid": user.id, "userfullname": user.name,
            "useridnumber": user.idnumber, "maxdepth": 2, "gradeitems": rows + [course_total_json(school, course, user)]}


def told_score(school, item, user):
    grade = school.grade(item, user.id)
    return grade.score if grade and (not grade.hidden or school.quirks.ws_sees_hidden) else None


def grade_item_json(school, item, user, weight_base):
    """`weight_base`: the maxima of what has a grade; Moodle leaves out the rest, and weighs nothing where all is missing."""
    grade, activity = school.grade(item, user.id), school.activity_of(item)
    hidden = bool(grade and grade.hidden)
    score = told_score(school, item, user)
    formatted = "-" if score is None else f"{score:.2f}"
    if score is not None and item.gradepass > 0:
        word, icon = ("Pass", "fa-check text-success") if score >= item.gradepass else ("Fail", "fa-times text-danger")
        formatted = f'<i class="icon fa {icon} fa-fw" title="{word}" role="img" aria-label="{word}"></i>{formatted}'
    percentage = "-" if score is None or not item.grademax else f"{100 * score / item.grademax:.2f} %"
    row = {"id": item.id, "itemname": item.title, "itemtype": "mod" if item.module else "manual",
           "itemmodule": item.module, "iteminstance": item.instance, "itemnumber": 0 if item.module else None,
           "idnumber": item.idnumber, "categoryid": item.course_id, "outcomeid": None, "scaleid": None, "locked": item.locked}
    if activity:
        row["cmid"] = activity.cmid
    if weight_base:
        row["weightraw"] = 0 if score is None else round(item.grademax / weight_base, 5)
        row |= {"status": "novalue"} if score is None else {}
    return row | {
        "graderaw": score, "gradedatesubmitted": None,
        "gradedategraded": grade.time if grade and grade.time else None, "gradehiddenbydate": False,
        "gradeneedsupdate": False, "gradeishidden": hidden, "gradeislocked": item.locked,
        "gradeisoverridden": bool(grade and grade.overridden), "gradeformatted": formatted, "grademin": 0,
        "rangeformatted": f"0&ndash;{item.grademax:.0f}", "grademax": item.grademax, "percentageformatted": percentage,
        "feedback": grade.feedback if grade else "", "feedbackformat": 1 if grade and grade.feedback else 0}


def course_total_json(school, course, user):
    total, maximum = school.course_total(course, user.id, school.quirks.ws_sees_hidden)
    return {"id": course.total_item_id, "itemname": None, "itemtype": "course", "itemmodule": None,
            "iteminstance": course.id, "itemnumber": None, "idnumber": "", "categoryid": None, "outcomeid": None,
            "scaleid": None, "locked": False, "weightraw": None, "graderaw": total, "gradedatesubmitted": None,
            "gradedategraded": None, "gradehiddenbydate": False, "gradeneedsupdate": False, "gradeishidden": False,
            "gradeislocked": False, "gradeisoverridden": False,
            "gradeformatted": "-" if total is None else f"{total:.2f}", "grademin": 0, "grademax": maximum,
            "percentageformatted": "-" if not maximum else f"{100 * total / maximum:.2f} %", "feedback": "", "feedbackformat": 0}


def course_completion(school, sent):
    course = course_of(school, integer(sent, "courseid"))
    user = user_of(school, integer(sent, "userid"))
    if course.active_role_of(user.id) != STUDENT:
        raise WsError("moodle_exception", "usernotenroled", "The user is not enroled in this course")
    required = required_activities(school, course)
    if not required:
        raise WsError("moodle_exception", "err_nocriteria", "No completion criteria have been set for this course")
    criteria = []
    for activity in required:
        complete = counts_for_course(school, activity_state(school, activity, user.id))
        path = f"{school.public_url}/mod/{activity.kind}/view.php?id={activity.cmid}"
        criteria.append({
            "type": 4, "title": "Activity completion", "status": "Yes" if complete else "No", "complete": complete,
            "timecompleted": state_changed_at(school, activity, user.id) if complete else None,
            "details": {"type": "Activity completion", "criteria": f'<a href="{path}">{activity.title}</a>',
                        "requirement": requirement_text(activity), "status": ""}})
    return {"completionstatus": {"completed": course_completed(school, course, user.id), "aggregation": 1,
                                 "completions": criteria}, "warnings": []}


def requirement_text(activity):
    if activity.tracking == 1:
        return "Marking yourself complete"
    return "Achieving grade, Achieving passing grade" if activity.require_pass else "Achieving grade"


def activities_completion(school, sent):
    course = course_of(school, integer(sent, "courseid"))
    user = user_of(school, integer(sent, "userid"))
    tracked = course.active_role_of(user.id) == STUDENT
    return {"statuses": [activity_status(school, a, user, tracked) for a in school.activities_of(course) if a.tracking],
            "warnings": []}


def activity_status(school, activity, user, tracked):
    state = activity_state(school, activity, user.id) if tracked else 0
    rules = [{"rulename": name, "rulevalue": {"status": status, "description": text}}
             for name, status, text in requirement_rules(activity, state)]
    row = {"cmid": activity.cmid, "modname": activity.kind, "instance": activity.instance, "state": state,
           "timecompleted": state_changed_at(school, activity, user.id) if tracked else 0, "tracking": activity.tracking,
           "overrideby": None, "valueused": False, "hascompletion": True, "isautomatic": activity.tracking == 2,
           "istrackeduser": tracked, "uservisible": True, "details": rules}
    if school.quirks.version == "4.5":
        row["isoverallcomplete"] = state in (1, 2)
    return row
