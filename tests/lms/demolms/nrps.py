"""Names and Role Provisioning Services with Moodle's short role names."""
from flask import Blueprint, Response, current_app, request

from .claims import LTI, NRPS_SCOPE, basic_outcome, memberships_url
from .services import Resource, ServiceError, dispatch, error_reply, json_reply, page_of, require_scope
from .state import EDITING_TEACHER

blueprint = Blueprint("nrps", __name__)

V2 = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
V1 = "application/vnd.ims.lis.v2.membershipcontainer+json"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"


@blueprint.route("/mod/lti/services.php/CourseSection/<int:course_id>/bindings/<int:binding>/memberships",
                 methods=["GET", "POST", "PUT", "DELETE"])
def memberships(course_id, binding):
    school = current_app.school
    if school.quirks.services_status:
        return Response("<html><body><h1>Trouble</h1></body></html>", school.quirks.services_status)
    path = f"/CourseSection/{course_id}/bindings/{binding}/memberships"
    try:
        handler = dispatch(Resource((V2, V1), {"GET": roster}), path)
        return handler(school, course_id, binding)
    except ServiceError as problem:
        return error_reply(problem)


def roster(school, course_id, binding):
    if not school.quirks.nrps:
        raise ServiceError(401, "Unauthorized")
    require_scope(school, [NRPS_SCOPE], binding)
    course = school.courses.get(course_id)
    if course is None:
        raise ServiceError(404, f"Not Found: Course {course_id} doesn't exist")
    link = wanted_link(school, course)
    active = [e for e in course.enrolments.values() if not e.suspended]
    role = request.args.get("role", "").removeprefix(MEMBERSHIP)
    if role in ("Learner", "Instructor"):
        active = [e for e in active if short_role(e) == role]
    shown, limit, offset = page_of(active)
    url = memberships_url(school, course)
    next_link = None
    if limit and offset + limit < len(active):
        kept = f"&rlid={link.instance}" if link else ""     # the role filter is lost here, as in Moodle
        next_link = f'<{url}?limit={limit}&from={offset + limit}{kept}>; rel="next"'
    members = [member(school, course, e, link) for e in shown]
    if request.headers.get("Accept") == V1:
        return json_reply({"@context": "http://purl.imsglobal.org/ctx/lis/v2/MembershipContainer", "@type": "Page",
                           "@id": url, "pageOf": {"@type": "LISMembershipContainer", "membershipSubject": {
                               "@type": "Context", "contextId": str(course.id), "membership": members}}}, V1, link=next_link)
    return json_reply({"id": url, "context": {"id": str(course.id), "label": course.shortname, "title": course.fullname},
                       "members": members}, V2, link=next_link)


def wanted_link(school, course):
    rlid = request.args.get("rlid")
    if rlid is None:
        return None
    link = school.link(int(rlid)) if rlid.isdecimal() else None
    if link is None or link.course_id != course.id:
        raise ServiceError(404, f"Not Found: Resource link {rlid} doesn't exist")
    return link


def short_role(enrolment):
    """Only editing teachers are instructors here; a launch sees non-editing teachers as instructors too."""
    return "Instructor" if enrolment.role == EDITING_TEACHER else "Learner"


def member(school, course, enrolment, link):
    user, quirks = school.users[enrolment.user_id], school.quirks
    shown = {"status": "Active", "roles": [short_role(enrolment)], "user_id": str(user.id),
             "lis_person_sourcedid": user.idnumber}
    if quirks.names:
        shown |= {"name": user.name, "given_name": user.given, "family_name": user.family}
    if quirks.email:
        shown["email"] = user.email
    if quirks.names and quirks.version == "4.5":
        shown["ext_user_username"] = user.username
    if link:
        message = {LTI + "message_type": "LtiResourceLinkRequest"}
        if school.item_of(link):
            message["https://purl.imsglobal.org/spec/lti-bo/claim/basicoutcome"] = basic_outcome(school, link, user)
        shown["message"] = [message]
    return shown
