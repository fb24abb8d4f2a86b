"""Assignment and Grade Services as Canvas has them."""
import json
from datetime import datetime, timezone

from flask import Blueprint, Response, request

from ..ags import CONTAINER, LINE_ITEM, RESULTS, SCORE
from ..claims import AGS_SCOPE
from ..state import STUDENT, GradeItem
from . import claims, ids
from .services import Refused, guarded, page_of, require_scope

blueprint = Blueprint("canvas_ags", __name__)
BASE = "/api/lti/courses/<int:course_id>/line_items"
SUBMISSION = "https://canvas.instructure.com/lti/submission"
SUBMISSION_TYPE = "https://canvas.instructure.com/lti/submission_type"
LAUNCH_URL = "https://canvas.instructure.com/lti/launch_url"
ACTIVITY = ("Initialized", "Started", "InProgress", "Submitted", "Completed")
GRADING = ("FullyGraded", "Pending", "PendingManual", "Failed", "NotReady")
NEEDED = ("userId", "activityProgress", "gradingProgress", "timestamp")
DEFAULT_PAGE, LARGEST_PAGE = 10, 100


@blueprint.route(BASE, methods=["GET", "POST"])
def collection(course_id):
    view = list_items if request.method == "GET" else create_item
    return guarded(lambda school: view(school, course_of(school, course_id)))


@blueprint.route(BASE + "/<int:item_id>", methods=["GET", "PUT", "DELETE"])
def single(course_id, item_id):
    view = {"GET": read_item, "PUT": replace_item, "DELETE": delete_item}[request.method]
    return guarded(lambda school: view(school, course_of(school, course_id), item_id))


@blueprint.post(BASE + "/<int:item_id>/scores")
def scores(course_id, item_id):
    return guarded(lambda school: post_score(school, course_of(school, course_id), item_id))


@blueprint.get(BASE + "/<int:item_id>/results")
def results(course_id, item_id):
    return guarded(lambda school: list_results(school, course_of(school, course_id), item_id))


def course_of(school, course_id):
    course = school.courses.get(course_id)
    if course is None:
        raise Refused(404, "The specified resource does not exist.", "not_found")
    return course


def require_running(course):
    if course.concluded:
        raise Refused(422, "This course has concluded. AGS requests will no longer be accepted for this course.")


def own_item(school, course, item_id):
    """An item of this course that the tool made; somebody else's is 412."""
    item = school.items.get(item_id)
    if item is None or item.course_id != course.id:
        raise Refused(404, "The specified resource does not exist.", "not_found")
    if not item.tool_owned:
        raise Refused(412, "Tool does not have permission to view line_item")
    return item


def reply(value, media_type, status=200, link=None):
    answer = Response(json.dumps(value), status, content_type=f"{media_type}; charset=utf-8")
    if link:
        answer.headers["Link"] = link
    return answer


def shown(school, item):
    """Empty members are left out."""
    link = school.link(item.link_id) if item.link_id is not None else None
    found = {"id": claims.line_item_url(school, item), "scoreMaximum": item.grademax, "label": item.title,
             "resourceId": item.resource_id, "tag": item.tag, "resourceLinkId": ids.link(school, link) if link else None}
    if link and "launch_url" in request.args.getlist("include[]"):
        found[LAUNCH_URL] = school.public_url + school.launch_path(link)
    return {name: value for name, value in found.items() if value not in (None, "")}


def list_items(school, course):
    require_scope(school, AGS_SCOPE + "lineitem", AGS_SCOPE + "lineitem.readonly")
    require_running(course)
    rows = [i for i in school.items_of(course) if i.tool_owned]
    if request.args.get("tag"):
        rows = [i for i in rows if i.tag == request.args["tag"]]
    if request.args.get("resource_id"):
        rows = [i for i in rows if i.resource_id == request.args["resource_id"]]
    if request.args.get("resource_link_id"):
        link = ids.find_link(school, course, request.args["resource_link_id"])
        rows = [i for i in rows if link and i.link_id == link.instance]
    page, header = page_of(rows, DEFAULT_PAGE, LARGEST_PAGE)
    return reply([shown(school, i) for i in page], CONTAINER, link=header)


def body_object():
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise Refused(400, "The body is no JSON object")
    return body


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def label_and_maximum(body, item=None):
    """Both are needed to create; a replacement keeps what it does not name."""
    label = body.get("label", item.title if item else None)
    maximum = body.get("scoreMaximum", item.grademax if item else None)
    if not isinstance(label, str) or not label.strip() or maximum is None:
        raise Refused(400, "The following parameters are missing: label, scoreMaximum")
    if not is_number(maximum) or maximum < 0:
        raise Refused(422, "scoreMaximum must be a number that is not negative")
    return label, float(maximum)


def linked(school, course, body):
    wanted = body.get("resourceLinkId")
    if not wanted:
        return None
    link = ids.find_link(school, course, str(wanted))
    if link is None:
        raise Refused(412, "The specified LTI link does not exist")
    return link.instance


def create_item(school, course):
    """Without a link it is an assignment of its own."""
    require_scope(school, AGS_SCOPE + "lineitem")
    require_running(course)
    body = body_object()
    label, maximum = label_and_maximum(body)
    kind = body.get(SUBMISSION_TYPE)
    if kind is not None and (not isinstance(kind, dict) or kind.get("type") not in ("none", "external_tool")):
        raise Refused(400, "Invalid submission_type")
    item = GradeItem(school.next_item(), course.id, label, maximum, tool_owned=True, link_id=linked(school, course, body),
                     resource_id=str(body.get("resourceId") or ""), tag=str(body.get("tag") or ""))
    school.items[item.id] = item
    return reply(shown(school, item), LINE_ITEM, 201)


def read_item(school, course, item_id):
    require_scope(school, AGS_SCOPE + "lineitem", AGS_SCOPE + "lineitem.readonly")
    require_running(course)
    return reply(shown(school, own_item(school, course, item_id)), LINE_ITEM)


def replace_item(school, course, item_id):
    require_scope(school, AGS_SCOPE + "lineitem")
    require_running(course)
    item, body = own_item(school, course, item_id), body_object()
    item.title, maximum = label_and_maximum(body, item)
    school.rescale(item, maximum)
    item.resource_id = str(body.get("resourceId", item.resource_id) or "")
    item.tag = str(body.get("tag", item.tag) or "")
    return reply(shown(school, item), LINE_ITEM)


def delete_item(school, course, item_id):
    """The column a link came with stays."""
    require_scope(school, AGS_SCOPE + "lineitem")
    require_running(course)
    item = own_item(school, course, item_id)
    if item.module == "lti":
        raise Refused(401, "You can't delete a line item that was created with the resource link")
    school.delete_item(item)
    return Response("", 204)


def moment(text):
    """An ISO 8601 time, or None."""
    try:
        when = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=timezone.utc)


def learner_of(school, course, name):
    user = ids.find_user(school, str(name))
    if user is None or course.active_role_of(user.id) != STUDENT:
        raise Refused(422, "User not found in course or is not a student")
    return user


def checked_score(school, course, item, body):
    """(learner, when, the submission extension)"""
    missing = [name for name in NEEDED if body.get(name) in (None, "")]
    if missing:
        raise Refused(400, f"The following parameters are missing: {','.join(missing)}")
    when = moment(body["timestamp"])
    if when is None:
        raise Refused(400, "Provided timestamp of {} not a valid timestamp".format(body["timestamp"]))
    if body["activityProgress"] not in ACTIVITY or body["gradingProgress"] not in GRADING:
        raise Refused(400, "Provided activityProgress or gradingProgress is not valid")
    user = learner_of(school, course, body["userId"])
    if not item.published:
        raise Refused(422, "Assignment is unpublished")
    given, maximum = body.get("scoreGiven"), body.get("scoreMaximum")
    if given is not None and (not is_number(given) or given < 0):
        raise Refused(422, "ScoreGiven must be greater than or equal to 0")
    if given is not None and (not is_number(maximum) or maximum < 0 or (maximum == 0 and item.grademax != 0)):
        raise Refused(422, "ScoreMaximum must be greater than 0")
    extension = body.get(SUBMISSION) or {}
    submitted = moment(extension["submitted_at"]) if isinstance(extension, dict) and extension.get("submitted_at") else None
    if submitted and submitted.timestamp() > school.now() + 60:
        raise Refused(400, "Provided submission timestamp is in the future")
    return user, when, extension if isinstance(extension, dict) else {}


def post_score(school, course, item_id):
    require_scope(school, AGS_SCOPE + "score")
    require_running(course)
    item, body = own_item(school, course, item_id), body_object()
    user, when, extension = checked_score(school, course, item, body)
    stored = school.grade(item, user.id)
    if stored and stored.time > int(when.timestamp()):      # an equal second is taken, unlike in Moodle
        raise Refused(400, f"Provided timestamp of {body['timestamp']} before last updated timestamp")
    if extension.get("new_submission", True) is not False:
        school.attempts[(item.id, user.id)] = school.attempts.get((item.id, user.id), 0) + 1
    store_score(school, item, user, body, extension, int(when.timestamp()))
    school.score_log.append({"item_id": item.id, "course_id": item.course_id, "received": school.now(), "body": body})
    result_url = f"{claims.line_item_url(school, item)}/results/{user.id}"
    return reply({"resultUrl": result_url}, SCORE)


def store_score(school, item, user, body, extension, when):
    """PendingManual keeps a grade; the other states, or a score without a number, clear it unless told to preserve it."""
    stored, given = school.grade(item, user.id), body.get("scoreGiven")
    score = None
    if given is not None and body["gradingProgress"] in ("FullyGraded", "PendingManual"):
        score = float(given) * item.grademax / body["scoreMaximum"] if body["scoreMaximum"] else 0.0
    elif extension.get("preserve_score") and stored:
        score = stored.score
    if extension.get("prioritize_non_tool_grade") and stored and stored.overridden:
        score = stored.score
    comment = body.get("comment")
    school.set_grade(item, user.id, score, feedback=str(comment) if comment is not None else None, when=when, in_module=False)


def list_results(school, course, item_id):
    require_scope(school, AGS_SCOPE + "result.readonly")
    require_running(course)
    item = own_item(school, course, item_id)
    rows = [(school.users[user_id], grade) for (owner, user_id), grade in school.grades.items() if owner == item.id]
    if request.args.get("user_id"):
        rows = [row for row in rows if request.args["user_id"] in (ids.user(school, row[0]), str(row[0].id))]
    page, header = page_of(rows, DEFAULT_PAGE, LARGEST_PAGE)
    base = claims.line_item_url(school, item)
    return reply([{"id": f"{base}/results/{user.id}", "scoreOf": base, "userId": ids.user(school, user),
                   "resultScore": grade.score, "resultMaximum": grade.maximum} for user, grade in page], RESULTS, link=header)
