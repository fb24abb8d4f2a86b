"""Names and Role Provisioning Services as Canvas has them: full role names, pages of at most fifty."""
import json

from flask import Blueprint, Response, request

from ..claims import LTI, NRPS_SCOPE
from ..nrps import V2
from ..variables import canvas as variables
from ..variables import expand
from . import claims, ids
from .ags import course_of
from .services import Refused, guarded, page_of, require_scope

blueprint = Blueprint("canvas_nrps", __name__)
PAGE_MAX = 50


@blueprint.get("/api/lti/courses/<int:course_id>/names_and_roles")
def memberships(course_id):
    return guarded(lambda school: roster(school, course_id))


def roster(school, course_id):
    """Active people only, never the test student. `rlid` adds each person's custom parameters."""
    require_scope(school, NRPS_SCOPE)
    course = course_of(school, course_id)
    wanted_link = link_of(school, course)
    people = [school.users[e.user_id] for e in course.enrolments.values() if not e.suspended]
    people = [user for user in people if not user.is_test_student]
    if request.args.get("role"):
        people = [user for user in people if request.args["role"] in claims.context_roles(course, user)]
    page, header = page_of(people, PAGE_MAX, PAGE_MAX)
    body = {"id": f"{school.service_url}{request.full_path.rstrip('?')}",
            "context": {"id": ids.context(school, course), "label": course.shortname, "title": course.fullname},
            "members": [member(school, course, user, wanted_link) for user in page]}
    return Response(json.dumps(body), content_type=f"{V2}; charset=utf-8", headers={"Link": header})


def link_of(school, course):
    """None without `rlid`; else (the link,) where the link is None for the course's own menu entry."""
    rlid = request.args.get("rlid")
    if rlid is None:
        return None
    if rlid == ids.context(school, course):
        return (None,)
    link = ids.find_link(school, course, rlid)
    if link is None:
        raise Refused(400, f"Tool does not have access to rlid {rlid}")
    return (link,)


def member(school, course, user, wanted_link):
    found = {"status": "Active", "user_id": ids.user(school, user), "roles": claims.context_roles(course, user)}
    found |= claims.personal(school, user)
    if school.quirks.names and user.idnumber:
        found["lis_person_sourcedid"] = user.idnumber
    if wanted_link is not None:
        link = wanted_link[0]
        parameters = {**school.tool.custom, **(link.custom if link else {})}
        found["message"] = [{LTI + "message_type": "LtiResourceLinkRequest", "locale": "en",
                             LTI + "custom": expand(parameters, variables(school, course, user, link))}]
    return found
