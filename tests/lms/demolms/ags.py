"""Assignment and Grade Services with Moodle's habits, the odd ones included."""
import json
import re
from datetime import datetime, timezone
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, request

from .claims import AGS_SCOPE, line_item_url, line_items_url
from .guards import MoodleError
from .services import Resource, ServiceError, dispatch, error_reply, json_reply, page_of, require_scope
from .state import STUDENT, GradeItem

blueprint = Blueprint("ags", __name__)

CONTAINER = "application/vnd.ims.lis.v2.lineitemcontainer+json"
LINE_ITEM = "application/vnd.ims.lis.v2.lineitem+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
MANAGE = [AGS_SCOPE + "lineitem"]
READ = MANAGE + [AGS_SCOPE + "lineitem.readonly"]

# PHP's own pattern is longer; this takes the same calendar dates with optional time, fraction and zone.
ISO_8601 = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:[.,]\d+)?)?\s*([zZ]|[+-]\d\d(?::?\d\d)?)?")


@blueprint.route("/mod/lti/services.php/<int:course_id>/lineitems", methods=["GET", "POST", "PUT", "DELETE"])
def collection(course_id):
    # Two formats are registered for this address, so Accept: */* finds neither.
    formats = (CONTAINER,) if request.method == "GET" else (LINE_ITEM,)
    resource = Resource(formats, {"GET": list_items, "POST": create_item}, any_accepts=False)
    return serve(resource, f"/{course_id}/lineitems", course_id)


@blueprint.route("/mod/lti/services.php/<int:course_id>/lineitems/<int:item_id>/lineitem",
                 methods=["GET", "POST", "PUT", "DELETE"])
def single(course_id, item_id):
    resource = Resource((LINE_ITEM,), {"GET": read_item, "PUT": replace_item, "DELETE": delete_item})
    return serve(resource, f"/{course_id}/lineitems/{item_id}/lineitem", course_id, item_id)


@blueprint.route("/mod/lti/services.php/<int:course_id>/lineitems/<int:item_id>/lineitem/results",
                 methods=["GET", "POST", "PUT", "DELETE"])
def results(course_id, item_id):
    return serve(Resource((RESULTS,), {"GET": list_results}), f"/{course_id}/lineitems/{item_id}/lineitem/results",
                 course_id, item_id)


@blueprint.route("/mod/lti/services.php/<int:course_id>/lineitems/<int:item_id>/lineitem/scores",
                 methods=["GET", "POST", "PUT", "DELETE"])
def scores(course_id, item_id):
    """Errors here have an empty list as body. PHP refuses a status line with a newline in it,
    so an error whose reason quotes such a request body goes out as 200."""
    reply = serve(Resource((SCORE,), {"POST": post_score}), f"/{course_id}/lineitems/{item_id}/lineitem/scores",
                  course_id, item_id)
    if reply.status_code < 400:
        return reply
    spoiled = "\n" in reply.status or "\r" in reply.status
    silent = Response("[]", content_type=SCORE)
    silent.status = "200 OK" if spoiled else reply.status
    return silent


@blueprint.route("/mod/lti/services.php/<path:rest>", methods=["GET", "POST", "PUT", "DELETE"])
def unknown(rest):
    return error_reply(ServiceError(400, f"No handler found for /{rest} {request.headers.get('Accept', '')}"))


def serve(resource, path, course_id, *item_id):
    school = current_app.school
    if school.quirks.services_status:
        return Response("<html><body><h1>Trouble</h1></body></html>", school.quirks.services_status)
    try:
        return dispatch(resource, path)(school, course_id, *item_id)
    except ServiceError as problem:
        return error_reply(problem)


def type_id():
    return request.args.get("type_id")


def authorise(school, scopes):
    if not school.quirks.ags or (scopes is MANAGE and school.quirks.ags < 2):
        raise ServiceError(401, "Unauthorized")
    # A query glued to type_id by a second "?" is read as PHP reads it: the number in front counts.
    number = re.match(r"\d+", type_id()) if type_id() else None
    require_scope(school, scopes, number.group() if number else type_id() or None)


def require_course(school, course_id):
    if course_id not in school.courses:
        raise ServiceError(404, f"Not Found: Course {course_id} doesn't exist")
    return school.courses[course_id]


def require_item(school, item_id):
    """An item the tool may see. As in Moodle the course in the path is not compared, and any item whose
    activity instance number happens to be one of the tool's activities slips through."""
    item = school.items.get(item_id)
    if item is None or not (item.tool_owned or (item.module and school.link(item.instance))):
        raise ServiceError(404, f"Not Found: Grade item {item_id} doesn't exist")
    return item


def item_json(school, item, type_number=None):
    shown = {"id": line_item_url(school, item, type_number or school.tool.type_id), "label": item.title,
             "scoreMaximum": item.grademax, "resourceId": item.resource_id, "tag": item.tag}
    if item.link_id is not None:
        shown["resourceLinkId"] = shown["ltiLinkId"] = str(item.link_id)
    return shown


def list_items(school, course_id):
    authorise(school, READ)
    course = require_course(school, course_id)
    wanted = {"resource_id": "resource_id", "tag": "tag", "resource_link_id": "link_id", "lti_link_id": "link_id"}
    rows = [i for i in school.items_of(course) if i.tool_owned]
    for parameter, attribute in wanted.items():
        if request.args.get(parameter):
            rows = [i for i in rows if str(getattr(i, attribute)) == request.args[parameter]]
    shown, limit, offset = page_of(rows)
    link = curly_link(line_items_url(school, course), len(rows), limit, offset) if limit else None
    return json_reply([item_json(school, i) for i in shown], CONTAINER, link=link)


def curly_link(base, total, limit, offset):
    """The Link header as Moodle sends it: typographic quotes, `&amp;`, and a miscounted last page."""
    kept = {k: v for k, v in request.args.items() if k not in ("limit", "from")}

    def entry(name, start):
        query = urlencode({**kept, "limit": limit, "from": start}).replace("&", "&amp;")
        return f"<{base}?{query}>; rel=“{name}”"
    entries = [entry("first", 0), entry("canonical", offset)]
    if offset + limit < total:
        entries.append(entry("next", offset + limit))
    if offset > 0:
        entries.append(entry("prev", max(0, offset - limit)))
    entries.append(entry("last", max(0, total - limit + 1)))
    return ", ".join(entries)


def parsed_body():
    try:
        body = json.loads(request.get_data())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def label_and_maximum(body):
    label, maximum = body.get("label"), body.get("scoreMaximum")
    if not isinstance(label, str) or not label.strip() or maximum is None:
        raise ServiceError(400, "No label or Score Maximum")
    if not is_numeric(maximum):
        raise ServiceError(400, "The ScoreMaximum is not numeric")
    return label, float(maximum)


def linked_instance(school, body, course):
    wanted = body.get("resourceLinkId") or body.get("ltiLinkId")
    if not wanted:
        return None
    link = school.link(int(wanted)) if str(wanted).isdecimal() else None
    if link is None or link.course_id != course.id:
        raise ServiceError(403, "Forbidden")
    return link.instance


def create_item(school, course_id):
    authorise(school, MANAGE)
    course = require_course(school, course_id)
    body = parsed_body()
    label, maximum = label_and_maximum(body)
    link_id = linked_instance(school, body, course)
    item = GradeItem(school.next_item(), course.id, label, maximum, tool_owned=True, link_id=link_id,
                     resource_id=str(body.get("resourceId") or ""), tag=str(body.get("tag") or ""))
    school.items[item.id] = item
    echo = {**body, "id": line_item_url(school, item, school.tool.type_id)}
    return json_reply(echo, LINE_ITEM, 201, escape_slashes=False)


def read_item(school, course_id, item_id):
    authorise(school, READ)
    require_course(school, course_id)
    return json_reply(item_json(school, require_item(school, item_id)), LINE_ITEM)


def replace_item(school, course_id, item_id):
    authorise(school, MANAGE)
    require_course(school, course_id)
    item = require_item(school, item_id)
    body = parsed_body()
    label, maximum = label_and_maximum(body)
    link_id = linked_instance(school, body, school.courses[item.course_id])
    school.rescale(item, maximum)
    item.title = label
    item.resource_id, item.tag = str(body.get("resourceId") or ""), str(body.get("tag") or "")
    if item.module is None:
        item.link_id = link_id
    return json_reply(item_json(school, item), LINE_ITEM)


def delete_item(school, course_id, item_id):
    authorise(school, MANAGE)
    require_course(school, course_id)
    school.delete_item(require_item(school, item_id))
    return Response(status=204)


def is_numeric(value):
    if isinstance(value, bool):
        return False
    try:
        return abs(float(value)) < float("inf")
    except (TypeError, ValueError):
        return False


def seconds_of(timestamp):
    """Whole seconds since 1970, as strtotime reads it; None when it is no ISO 8601 date. No zone means UTC."""
    found = ISO_8601.fullmatch(timestamp) if isinstance(timestamp, str) else None
    if not found:
        return None
    day, clock, zone = found.groups()
    zone = "+00:00" if not zone or zone in "zZ" else zone
    if len(zone) == 3:
        zone += ":00"
    try:
        return int(datetime.fromisoformat(f"{day}T{clock or '00:00'}{zone}").astimezone(timezone.utc).timestamp())
    except (ValueError, OverflowError):
        return None


def acceptable_score(school, item, body):
    needed = all(body.get(name) is not None for name in ("userId", "timestamp", "gradingProgress", "activityProgress"))
    if not needed or seconds_of(body["timestamp"]) is None:
        return False
    given, maximum = body.get("scoreGiven"), body.get("scoreMaximum")
    if given is not None and (maximum is None or not is_numeric(given)):
        return False
    if maximum is not None and not is_numeric(maximum):
        return False
    user_id = str(body["userId"])
    course = school.courses[item.course_id]
    return user_id.isdecimal() and course.role_of(int(user_id)) == STUDENT


def post_score(school, course_id, item_id):
    authorise(school, [AGS_SCOPE + "score"])
    require_course(school, course_id)
    item = require_item(school, item_id)
    body = parsed_body()
    if not acceptable_score(school, item, body):
        raise ServiceError(400, "Incorrect score received" + request.get_data().decode("utf-8", "replace"))
    user_id, when = int(body["userId"]), seconds_of(body["timestamp"])
    stored = school.grade(item, user_id)
    if stored and stored.time >= when:
        raise ServiceError(409, f"Refusing score with an earlier timestamp for item {item.id} and user {user_id}")
    if item.locked:
        raise ServiceError(500, "Internal Server Error")
    score = None
    if body["gradingProgress"] == "FullyGraded" and body.get("scoreGiven") is not None:
        maximum = float(body["scoreMaximum"])
        score = float(body["scoreGiven"]) * item.grademax / maximum if maximum else 0.0
    comment = body.get("comment")
    school.set_grade(item, user_id, score, feedback=str(comment) if comment is not None else None,
                     when=when, in_module=False)
    school.score_log.append({"item_id": item.id, "course_id": item.course_id, "received": school.now(), "body": body})
    return Response("", 200, content_type=SCORE)


def list_results(school, course_id, item_id):
    authorise(school, [AGS_SCOPE + "result.readonly"])
    require_course(school, course_id)
    item = require_item(school, item_id)
    rows = [(user_id, grade) for (owner, user_id), grade in school.grades.items() if owner == item.id and grade.time]
    if request.args.get("user_id"):
        rows = [row for row in rows if str(row[0]) == request.args["user_id"]]
    if request.args.get("limit") and type_id() and rows:
        raise MoodleError("Exception - Attempt to read property \"id\" on null")
    base = line_item_url(school, item)
    shown, limit, offset = page_of(rows)
    link = curly_link(base + "/results", len(rows), limit, offset) if limit else None
    query = f"?type_id={type_id()}&" if type_id() else "?"
    score_of = f"{base}?type_id={type_id()}" if type_id() else base
    return json_reply([result_json(base, query, score_of, item, *row) for row in shown], RESULTS, link=link)


def result_json(base, query, score_of, item, user_id, grade):
    result = {"id": f"{base}/results{query}user_id={user_id}", "userId": str(user_id)}
    if grade.score is None:
        if grade.feedback and item.module is None:
            result["comment"] = grade.feedback
        return result
    result |= {"resultScore": grade.score, "resultMaximum": grade.maximum}
    if grade.feedback:
        result["comment"] = grade.feedback
    when = datetime.fromtimestamp(grade.time, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S+00:00")
    return result | {"scoreOf": score_of, "timestamp": when}
