"""Moodle's REST web services: /webservice/rest/server.php. Every answer is 200, refusals too."""
from xml.sax.saxutils import escape, quoteattr

from flask import Blueprint, Response, current_app, request

from . import ws_courses, ws_grades
from .phpjson import php_json, plain_numbers
from .ws_errors import WsError

blueprint = Blueprint("webservice", __name__)

FUNCTIONS = {
    "core_webservice_get_site_info": ws_courses.site_info,
    "core_course_get_courses": ws_courses.courses,
    "core_course_get_courses_by_field": ws_courses.courses_by_field,
    "core_course_get_contents": ws_courses.contents,
    "core_enrol_get_enrolled_users": ws_courses.enrolled_users,
    "mod_assign_get_assignments": ws_grades.assignments,
    "mod_assign_get_grades": ws_grades.assignment_grades,
    "gradereport_user_get_grade_items": ws_grades.grade_items,
    "core_completion_get_course_completion_status": ws_grades.course_completion,
    "core_completion_get_activities_completion_status": ws_grades.activities_completion,
}

# In Moodle, but not in this token's service.
OUTSIDE_THE_SERVICE = {"core_user_get_users", "core_user_get_users_by_field", "core_user_create_users",
                       "core_enrol_get_users_courses", "core_badges_get_user_badges", "mod_assign_save_grade",
                       "gradereport_user_get_grades_table", "core_files_upload", "core_grades_update_grades"}


@blueprint.route("/webservice/rest/server.php", methods=["GET", "POST"])
def serve():
    school = current_app.school
    if school.quirks.ws_html:
        return Response("<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>This site is undergoing "
                        "maintenance and is currently not available</h1></body></html>", content_type="text/html; charset=utf-8")
    sent = request.values
    as_json = sent.get("moodlewsrestformat") == "json"
    try:
        value = call(school, sent)
    except WsError as problem:
        return refusal(problem, school.quirks.debug, as_json)
    if as_json:
        return Response(php_json(value), content_type="application/json")
    return Response('<?xml version="1.0" encoding="UTF-8" ?>\n<RESPONSE>\n' + xml_of(plain_numbers(value)) + "</RESPONSE>\n",
                    content_type="application/xml; charset=utf-8")


def call(school, sent):
    if school.quirks.ws_token_revoked or sent.get("wstoken") != school.ws_token:
        raise WsError("moodle_exception", "invalidtoken", "Invalid token - token not found")
    name = sent.get("wsfunction", "")
    function = FUNCTIONS.get(name)
    if name in OUTSIDE_THE_SERVICE or name in school.quirks.ws_denied.split(","):
        raise WsError("webservice_access_exception", "accessexception", "Access control exception",
                      f"Access to the function {name}() is not allowed.")
    if function is None:
        raise WsError("dml_missing_record_exception", "invalidrecord",
                      "Can't find data record in database table external_functions.", f"name={name}")
    return function(school, sent)


def refusal(problem, debug, as_json):
    if as_json:
        body = {"exception": problem.exception, "errorcode": problem.code, "message": problem.message}
        if debug:
            body["debuginfo"] = problem.debuginfo
        return Response(php_json(body), content_type="application/json")
    debuginfo = f"<DEBUGINFO>{escape(problem.debuginfo)}</DEBUGINFO>\n" if debug else ""
    return Response(f'<?xml version="1.0" encoding="UTF-8" ?>\n<EXCEPTION class="{problem.exception}">\n'
                    f"<ERRORCODE>{problem.code}</ERRORCODE>\n<MESSAGE>{escape(problem.message)}</MESSAGE>\n{debuginfo}"
                    "</EXCEPTION>\n", content_type="application/xml; charset=utf-8")


def xml_of(value):
    """Moodle's REST XML: SINGLE with KEYs, MULTIPLE with the members, VALUE at the leaves."""
    if isinstance(value, dict):
        keys = "".join(f"<KEY name={quoteattr(name)}>{xml_of(member)}</KEY>\n" for name, member in value.items())
        return f"<SINGLE>\n{keys}</SINGLE>\n"
    if isinstance(value, list):
        return "<MULTIPLE>\n" + "".join(xml_of(member) for member in value) + "</MULTIPLE>\n"
    if value is None:
        return '<VALUE null="null"/>'
    text = str(int(value)) if isinstance(value, bool) else str(value)
    return f"<VALUE>{escape(text)}</VALUE>"
