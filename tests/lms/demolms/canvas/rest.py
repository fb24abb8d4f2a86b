"""Canvas's REST interface: who asks, which course, pages, ids as strings, its limits and its refusals. What stands in the
rows is in `rest_rows.py`."""
import base64
import json
import time
import urllib.parse
from datetime import datetime, timezone

from flask import Blueprint, Response, current_app, request

from ..state import STUDENT
from . import ids, oauth, rest_rows

blueprint = Blueprint("canvas_rest", __name__)
STRING_IDS = "application/json+canvas-string-ids"
PAGE, LARGEST_PAGE = 10, 100
BUCKET, DRAIN_PER_SECOND, IN_ADVANCE = 600.0, 10.0, 50.0
IDS_MAX = 100
NO_SUCH = {"errors": [{"message": "The specified resource does not exist."}]}
FORBIDDEN = {"status": "unauthorized", "errors": [{"message": "user not authorized to perform that action"}]}
BROWSER_PAGE = "<!DOCTYPE html><html><head><title>Canvas</title></head><body><h1>Log in to Canvas</h1></body></html>"


class Refused(Exception):
    def __init__(self, status, body, **headers):
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers


# ---- who asks ----
def require_token(school):
    """The person the token acts as. Whoever is refused for the token alone is told so by WWW-Authenticate."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    grant = oauth.holder(school, token.strip())
    if not school.quirks.rest_revoked and scheme.lower() == "bearer" and grant is not None:
        return school.users[grant.user_id]
    if school.quirks.rest_revoked or scheme.lower() != "bearer" or token.strip() != school.rest_token:
        raise Refused(401, {"errors": [{"message": "Invalid access token."}]}, WWW_Authenticate='Bearer realm="canvas-lms"')
    return school.users[school.ws_user_id]


# ---- limits and trouble ----
def charge(school, seconds):
    """The leaking bucket of the token: what one call costs, and what is left."""
    now = time.monotonic()
    school.rest_level = max(0.0, school.rest_level - (now - school.rest_level_at) * DRAIN_PER_SECOND) + seconds
    school.rest_level_at = now
    return BUCKET - school.rest_level


def check_trouble(school):
    quirks = school.quirks
    if quirks.rest_html:
        raise Refused(200, BROWSER_PAGE)
    if quirks.rest_busy > 0 or charge(school, 0.0) < IN_ADVANCE:
        quirks.rest_busy = max(0, quirks.rest_busy - 1)
        text = "403 Forbidden (Rate Limit Exceeded)\n" if quirks.rest_busy_status == 403 else "429 Too Many Requests (Rate Limit Exceeded)\n"
        raise Refused(quirks.rest_busy_status, text, X_Rate_Limit_Remaining="0.0")
    if quirks.rest_denied and quirks.rest_denied in request.path:
        raise Refused(401, FORBIDDEN)


def strings(value, key=""):
    """Ids as text, as the media type asks for."""
    if isinstance(value, dict):
        return {k: strings(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [strings(v, key) for v in value]
    return str(value) if isinstance(value, int) and (key == "id" or key.endswith("_id")) else value


def reply(school, body, status=200, started=None, **headers):
    if isinstance(body, str):
        kind = "text/html" if body.startswith("<") else "text/plain"
    else:
        body = json.dumps(strings(body) if STRING_IDS in request.headers.get("Accept", "") else body, separators=(",", ":"))
        kind = "application/json"
    cost = time.perf_counter() - started if started else 0.0
    answer = Response(body, status, content_type=f"{kind}; charset=utf-8")
    answer.headers["X-Request-Cost"] = f"{cost:.3f}"
    answer.headers["X-Rate-Limit-Remaining"] = f"{charge(school, cost):.1f}"
    for name, value in headers.items():
        answer.headers[name.replace("_", "-")] = value
    return answer


def answer(view):
    """One call: the token, the switches, then `view(school, person)`."""
    school, started = current_app.school, time.perf_counter()
    try:
        person = require_token(school)
        check_trouble(school)
        return view(school, person, started)
    except Refused as problem:
        return reply(school, problem.body, problem.status, started, **problem.headers)


def single(build):
    def view(school, person, started):
        found = build(school, person)
        if found is None:
            raise Refused(404, NO_SUCH)
        return reply(school, found, started=started)
    return answer(view)


# ---- pages ----
def page_asked():
    """(offset, rows a page); pages are numbers, words or opaque bookmarks, never more than a hundred rows."""
    size = request.args.get("per_page", str(PAGE))
    size = min(LARGEST_PAGE, max(1, int(size) if size.isdecimal() else PAGE))
    page = request.args.get("page", "first")
    if page.startswith("bookmark:"):
        try:
            return int(base64.urlsafe_b64decode(page[9:])), size
        except ValueError:
            raise Refused(400, {"errors": [{"message": "Invalid page"}]}) from None
    return (max(1, int(page)) - 1) * size if page.isdecimal() else 0, size


def address_of(offset, size, base=None):
    """The same question at another place: all its parameters are kept."""
    page = "first" if offset == 0 else "bookmark:" + base64.urlsafe_b64encode(str(offset).encode()).decode()
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in ("page", "per_page")]
    return f"{base or current_app.school.service_url}{request.path}?" + urllib.parse.urlencode([*kept, ("page", page), ("per_page", size)])


def links(offset, size, total):
    """`last` is missing, as it is where counting would cost too much."""
    paging, following = current_app.school.quirks.rest_paging, offset + size
    entries = [("current", address_of(offset, size)), ("first", address_of(0, size))]
    if offset > 0:
        entries.append(("prev", address_of(max(0, offset - size), size)))
    if paging == "loop":
        entries.append(("next", address_of(offset, size)))
    elif paging == "foreign" and following < total:
        entries.append(("next", address_of(following, size, "https://evil.example")))
    elif following < total:
        entries.append(("next", address_of(following, size)))
    return ",".join(f'<{address}>; rel="{rel}"' for rel, address in entries)


def listed(school, started, keys, row, wrap=lambda rows: rows):
    """A page of what `row` makes of the keys; only those of the page are made."""
    offset, size = page_asked()
    chosen = keys[offset:offset + size]
    if offset > 0 and school.quirks.rest_paging == "repeat":
        chosen = keys[:size]
    if offset > 0 and school.quirks.rest_paging == "empty":
        chosen = []
    found = reply(school, wrap([row(key) for key in chosen]), started=started, Link=links(offset, size, len(keys)))
    if school.quirks.rest_cut and offset // size + 1 == school.quirks.rest_cut:
        found.set_data(found.get_data()[:len(found.get_data()) // 2])
    return found


def list_of(prepare):
    """`prepare(school)`: the keys of all rows and what makes a row of one."""
    return answer(lambda school, person, started: listed(school, started, *prepare(school)))


# ---- names in addresses ----
def find_course(school, name):
    prefix, _, value = name.rpartition(":")
    found = None
    if not prefix and value.isdecimal():
        found = school.courses.get(int(value))
    elif prefix == "lti_context_id":
        found = next((c for c in school.courses.values() if ids.context(school, c) == value), None)
    elif prefix == "sis_course_id":
        found = next((c for c in school.courses.values() if c.idnumber == value), None)
    if found is None:
        raise Refused(404, NO_SUCH)
    return found


def find_user(school, name):
    """`lti_user_id:` is for ids of LTI 1.1: a `sub` is none."""
    prefix, _, value = name.rpartition(":")
    if not prefix:
        return school.users.get(int(value)) if value.isdecimal() else None
    if prefix == "lti_1_3_id":
        return None if value.isdecimal() else ids.find_user(school, value)
    if prefix == "sis_user_id":
        return next((u for u in school.users.values() if value and u.idnumber == value), None)
    return None


def moment_asked(name):
    """A filter's time in seconds, or None."""
    value = request.args.get(name)
    if value is None:
        return None
    try:
        when = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        raise Refused(400, {"errors": [{"field": name, "message": f"Invalid datetime for {name}"}]}) from None
    return (when if when.tzinfo else when.replace(tzinfo=timezone.utc)).timestamp()


def people_asked(name):
    """Ids, or None for all."""
    wanted = request.args.getlist(name)
    if not wanted or "all" in wanted:
        return None
    if len(wanted) > IDS_MAX:
        raise Refused(400, {"error": f"too many {name.rstrip('[]')}: at most {IDS_MAX}"})
    return [int(one) for one in wanted if one.isdecimal()]


# ---- people and courses ----
@blueprint.get("/api/v1/users/self")
def who_am_i():
    return single(lambda school, person: rest_rows.user(person))


@blueprint.get("/api/v1/users/<name>")
def one_user(name):
    return single(lambda school, _person: (user := find_user(school, name)) and rest_rows.user(user))


@blueprint.get("/api/v1/courses")
def courses():
    return list_of(lambda school: (list(school.courses.values()), lambda course: rest_rows.course(course, [])))


@blueprint.get("/api/v1/courses/<name>")
def one_course(name):
    return single(lambda school, _person: rest_rows.course(find_course(school, name), request.args.getlist("include[]")))


@blueprint.get("/api/v1/courses/<name>/users/<who>")
def one_member(name, who):
    def build(school, _person):
        user = find_user(school, who)
        return rest_rows.user(user) if user and user.id in find_course(school, name).enrolments else None
    return single(build)


@blueprint.get("/api/v1/courses/<name>/enrollments")
def enrolments(name):
    def prepare(school):
        course, totals = find_course(school, name), rest_rows.Totals(school, find_course(school, name))
        types, states = request.args.getlist("type[]"), request.args.getlist("state[]") or ["active", "invited"]
        chosen = [e for e in course.enrolments.values() if rest_rows.enrolment_state(e) in states
                  and (not types or rest_rows.asked_type(school, e) in types)
                  and request.args.get("user_id", str(e.user_id)) == str(e.user_id)]
        return chosen, lambda enrolment: rest_rows.enrolment(school, course, enrolment, totals)
    return list_of(prepare)


# ---- work ----
@blueprint.get("/api/v1/courses/<name>/assignments")
def assignments(name):
    def prepare(school):
        course = find_course(school, name)
        return school.items_of(course), lambda item: rest_rows.assignment(school, item, request.args.getlist("exclude_response_fields[]"))
    return list_of(prepare)


@blueprint.get("/api/v1/courses/<name>/students/submissions")
def submissions(name):
    """Grouped it is a list of people, filtered or not; else one of submissions. Filters hold all at once."""
    def prepare(school):
        course = find_course(school, name)
        wanted, since = people_asked("student_ids[]"), (moment_asked("graded_since"), moment_asked("submitted_since"))
        if not request.args.getlist("student_ids[]"):
            wanted = []         # the token's own account is no learner
        people = [e.user_id for e in course.enrolments.values()
                  if e.role == STUDENT and not e.suspended and (wanted is None and not e.concluded or e.user_id in (wanted or []))]
        if wanted is not None and len(people) < len(set(wanted)):
            raise Refused(401, FORBIDDEN)
        work = rest_rows.Work(school, course)
        if request.args.get("grouped"):
            return people, lambda user_id: work.grouped(user_id, *since)
        return work.filtered(people, *since), lambda key: work.row(*key)
    return list_of(prepare)


# ---- modules, progress, outcomes ----
@blueprint.get("/api/v1/courses/<name>/modules")
def modules(name):
    def prepare(school):
        course, student = find_course(school, name), request.args.get("student_id")
        include, steps = request.args.getlist("include[]"), rest_rows.Steps(school, find_course(school, name))
        if student is not None:
            enrolment = course.enrolments.get(int(student)) if student.isdecimal() else None
            if enrolment is None or rest_rows.enrolment_state(enrolment) != "active":
                raise Refused(401, FORBIDDEN)
        return steps.modules, lambda module: steps.module(module, int(student) if student else None, "items" in include)
    return list_of(prepare)


@blueprint.get("/api/v1/courses/<name>/modules/<int:module_id>/items")
def module_items(name, module_id):
    def prepare(school):
        steps, module = rest_rows.Steps(school, find_course(school, name)), school.modules.get(module_id)
        if module not in steps.modules:
            raise Refused(404, NO_SUCH)
        return steps.items(module), lambda row: row
    return list_of(prepare)


@blueprint.get("/api/v1/courses/<name>/bulk_user_progress")
def bulk_progress(name):
    def prepare(school):
        course, steps = find_course(school, name), rest_rows.Steps(school, find_course(school, name))
        if not steps.requirements:
            raise Refused(400, {"errors": [{"message": "No progress available because this course is not module based."}]})
        people = [e.user_id for e in course.enrolments.values() if e.role == STUDENT and rest_rows.enrolment_state(e) == "active"]
        return people, lambda user_id: {"id": user_id, "display_name": school.users[user_id].name, "progress": steps.progress(user_id)}
    return list_of(prepare)


@blueprint.get("/api/v1/courses/<name>/users/<int:user_id>/progress")
def one_progress(name, user_id):
    def build(school, _person):
        course = find_course(school, name)
        steps = rest_rows.Steps(school, course)
        if course.role_of(user_id) != STUDENT:
            return {"error": {"message": "no progress available because this user is not a student"}}
        return steps.progress(user_id) if steps.requirements else {"error": {"message": "no progress available because this course is not module based"}}
    return single(build)


@blueprint.get("/api/v1/courses/<name>/outcome_rollups")
def outcome_rollups(name):
    def view(school, _person, started):
        course, wanted = find_course(school, name), people_asked("user_ids[]")
        active = [e.user_id for e in course.enrolments.values() if e.role == STUDENT and rest_rows.enrolment_state(e) == "active"]
        if wanted is not None and not set(wanted) <= set(active):
            raise Refused(400, {"errors": [{"message": "can only include id's of users in the outcome result context"}]})
        found = [o for o in school.outcomes.values() if o.course_id == course.id]
        linked = {"outcomes": [rest_rows.outcome(o) for o in found]} if "outcomes" in request.args.getlist("include[]") else {}
        return listed(school, started, active if wanted is None else wanted, lambda user_id: rest_rows.rollup(school, found, user_id),
                      lambda rows: {"meta": {}, "rollups": rows, "linked": linked})
    return answer(view)
