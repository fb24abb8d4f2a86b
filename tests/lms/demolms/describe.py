"""The school as JSON: the line that is printed when the server listens, and the control API's get_state."""
from dataclasses import asdict

from .canvas import ids
from .completion import activity_state, course_completed


def ready(school):
    return {
        "personality": school.personality, "issuer": school.issuer, "public_url": school.public_url,
        "service_url": school.service_url, "client_id": school.tool.client_id, "deployment_id": school.tool.deployment_id,
        "auth_url": school.endpoint("auth"), "token_url": school.endpoint("token"), "jwks_url": school.endpoint("jwks"),
        "rest_url": school.service_url, "rest_token": school.rest_token, "ws_url": school.service_url, "ws_token": school.ws_token, "control_token": school.control_token,
        "courses": [course_summary(school, course) for course in school.courses.values()],
        **canvas_summary(school),
        "users": [user_summary(school, user) for user in school.users.values() if user.id != school.ws_user_id]}


def canvas_summary(school):
    if not school.is_canvas:
        return {}
    return {"api_client_id": school.api.client_id, "api_secret": school.api.secret, "root_account_uuid": school.events.account,
            "events_jwks_url": school.service_url + "/main/jwks"}


def course_summary(school, course):
    activities = school.activities_of(course)
    return {"id": course.id, "title": course.fullname, "shortname": course.shortname,
            "modules": [{"id": m.id, "title": m.title} for m in school.modules.values() if m.course_id == course.id],
            "items": [item_summary(school, a) for a in activities if a.kind != "lti"],
            "context_id": ids.context(school, course) if school.is_canvas else str(course.id),
            "links": [link_summary(school, a) for a in activities if a.kind == "lti"]}


def link_summary(school, activity):
    course = school.courses[activity.course_id]
    return {"cmid": activity.cmid, "instance": activity.instance, "title": activity.title,
            "id": ids.resource_link(school, course, activity) if school.is_canvas else str(activity.instance),
            "launch_path": school.launch_path(activity)}


def item_summary(school, activity):
    item = school.item_of(activity)
    return {"cmid": activity.cmid, "module": activity.kind, "instance": activity.instance,
            "item_id": item.id if item else None, "title": activity.title,
            "grademax": item.grademax if item else None, "gradepass": item.gradepass if item else None}


def user_summary(school, user):
    own = {course.id: course.enrolments[user.id] for course in school.courses.values() if user.id in course.enrolments}
    return {"id": user.id, "sub": ids.user(school, user) if school.is_canvas else str(user.id),
            "username": user.username, "name": user.name, "role": main_role(school, user),
            "courses": list(own), "roles": {str(course_id): e.role for course_id, e in own.items()},
            "suspended": [course_id for course_id, e in own.items() if e.suspended]}


def main_role(school, user):
    """One word for the start page and for tests: admin, editingteacher, teacher, student, observer or none."""
    if user.site_admin:
        return "admin"
    held = {c.enrolments[user.id].role for c in school.courses.values() if user.id in c.enrolments}
    return next((role for role in ("editingteacher", "teacher", "student", "observer") if role in held), "none")


def state(school):
    learners = {c.id: school.learners(c, suspended=True) for c in school.courses.values()}
    return {
        **ready(school), "quirks": asdict(school.quirks), "now": school.now(), "version": school.release[0],
        "line_items": [line_item(school, i) for i in school.items.values() if i.tool_owned],
        "grades": [{"item_id": item_id, "user_id": user_id, **vars(grade)} for (item_id, user_id), grade in school.grades.items()],
        "scores": list(school.score_log),
        "completion": [{"course_id": c.id, "user_id": user.id, "completed": course_completed(school, c, user.id),
                        "activities": {str(a.cmid): activity_state(school, a, user.id)
                                       for a in school.activities_of(c) if a.tracking}}
                       for c in school.courses.values() for user in learners[c.id]],
        "attempts": [{"item_id": item_id, "user_id": user_id, "count": count}
                     for (item_id, user_id), count in school.attempts.items()],
        "registrations": [asdict(tool) for tool in school.registrations.values()],
        "events": list(school.events.sent) if school.events else [],
        "api_grants": [{"user_id": one.user_id, "scopes": one.scopes} for one in school.api.grants.values()] if school.api else [],
        "notice_handlers": dict(school.notice_handlers), "notices": list(school.notices_sent),
        "tokens_issued": len(school.tokens), "tool_jwks_fetches": school.tool_keys.fetches}


def line_item(school, item):
    return {"id": item.id, "course_id": item.course_id, "label": item.title, "score_maximum": item.grademax,
            "resource_id": item.resource_id, "tag": item.tag, "resource_link_id": item.link_id, "locked": item.locked,
            "published": item.published,
            "grades": [{"user_id": user_id, "score": g.score, "comment": g.feedback, "time": g.time}
                       for (item_id, user_id), g in school.grades.items() if item_id == item.id]}
