"""The test control API: POST /_control/<name>, JSON in and out, header X-Control-Token."""
import hmac
from dataclasses import replace

from flask import Blueprint, current_app, jsonify, request

from . import claims, describe
from .canvas import claims as canvas_claims
from .canvas import events, notices, placements
from .keys import PlatformKey, merge_patch
from .pages import new_session
from .seed import add_user
from .state import OBSERVER, ROLE_IDS, STUDENT, Course, Module, Outcome

blueprint = Blueprint("control", __name__)
COMMANDS = {}


class BadRequest(Exception):
    pass


def command(function):
    COMMANDS[function.__name__] = function
    return function


@blueprint.post("/_control/<name>")
def control(name):
    school = current_app.school
    if not hmac.compare_digest(request.headers.get("X-Control-Token", "").encode(), school.control_token.encode()):
        return jsonify(error="The header X-Control-Token is missing or wrong."), 403
    if name not in COMMANDS:
        return jsonify(error=f"There is no command {name!r}.", commands=sorted(COMMANDS)), 404
    body = request.get_json(force=True, silent=True) if request.get_data() else {}
    if not isinstance(body, dict):
        return jsonify(error="The body is one JSON object."), 400
    try:
        with school.lock:
            answer = COMMANDS[name](school, body)
        # A command that calls the tool returns the rest of its work: the tool may ask this server meanwhile.
        return jsonify(answer() if callable(answer) else answer)
    except (BadRequest, ValueError) as problem:
        return jsonify(error=str(problem)), 400
    except KeyError as problem:
        return jsonify(error=f"The member {problem} is missing."), 400


def find_user(school, wanted):
    """By id, login name or full name."""
    if isinstance(wanted, int) and wanted in school.users:
        return school.users[wanted]
    found = [u for u in school.users.values() if wanted == u.id or str(wanted) in (str(u.id), u.username, u.name)]
    if len(found) != 1:
        raise BadRequest(f"{len(found)} people match {wanted!r}.")
    return found[0]


def find_course(school, wanted):
    """By id, short name or title; the first course when nothing is said."""
    if wanted is None:
        return next(iter(school.courses.values()))
    found = [c for c in school.courses.values() if str(wanted) in (str(c.id), c.shortname, c.fullname)]
    if len(found) != 1:
        raise BadRequest(f"{len(found)} courses match {wanted!r}.")
    return found[0]


def find_item(school, body):
    course = find_course(school, body.get("course"))
    if "item_id" in body:
        found = [i for i in school.items_of(course) if i.id == body["item_id"]]
    elif "cmid" in body:
        found = [i for a in school.activities_of(course) if a.cmid == body["cmid"] and (i := school.item_of(a))]
    else:
        found = [i for i in school.items_of(course) if i.title == body["item_title"]]
    if len(found) != 1:
        raise BadRequest(f"{len(found)} columns match.")
    return found[0]


def find_activity(school, body):
    course = find_course(school, body.get("course"))
    found = [a for a in school.activities_of(course) if body.get("cmid", a.cmid) == a.cmid
             and body.get("item_title", a.title) == a.title]
    if len(found) != 1:
        raise BadRequest(f"{len(found)} activities match.")
    return found[0]


@command
def set_grade(school, body):
    """{user, item_title | cmid | item_id, grade | null, course?, hidden?, feedback?, override?, time?}.
    At Canvas the grade of a complete/incomplete assignment is "complete" or "incomplete"."""
    item, user = find_item(school, body), find_user(school, body["user"])
    score = body["grade"]
    passed = {"complete": True, "incomplete": False}.get(score) if item.grading_type == "pass_fail" else None
    if passed is not None:
        score = item.grademax if passed else 0.0
    if score is not None and (isinstance(score, bool) or not isinstance(score, (int, float))):
        raise BadRequest("grade is a number or null.")
    override = bool(body.get("override"))
    grade = school.set_grade(item, user.id, score, feedback=body.get("feedback"), hidden=body.get("hidden"),
                             overridden=override, in_module=not override, when=body.get("time"))
    if passed is not None:
        school.submission(item, user.id).passed = passed
    return {"item_id": item.id, "user_id": user.id, **vars(grade)}


@command
def set_grades(school, body):
    """{grades: [{as set_grade}, ...]}: many at once."""
    return {"set": len([set_grade(school, one) for one in body["grades"]])}


@command
def set_item(school, body):
    """{item_title | cmid | item_id, course?, title?, grademax?, gradepass?, locked?, published?, grading_type?, in_total?}"""
    item = find_item(school, body)
    if "grademax" in body:
        school.rescale(item, float(body["grademax"]))
    item.gradepass = float(body.get("gradepass", item.gradepass))
    item.locked = bool(body.get("locked", item.locked))
    item.published = bool(body.get("published", item.published))
    item.grading_type = str(body.get("grading_type", item.grading_type))
    item.in_total = bool(body.get("in_total", item.in_total))
    activity = school.activity_of(item)
    if "title" in body:
        item.title = body["title"]
        if activity:
            activity.title = body["title"]
    if activity:
        for user_id in school.courses[item.course_id].enrolments:
            school.note_completion(activity, user_id, school.now())
    return {"item_id": item.id, "title": item.title, "grademax": item.grademax, "gradepass": item.gradepass}


@command
def submit(school, body):
    """{user, column, time?}: Canvas: one more attempt is handed in; an earlier grade waits."""
    work = school.submission(find_item(school, body), find_user(school, body["user"]).id)
    work.attempt, work.submitted = work.attempt + 1, int(body.get("time", school.now()))
    return vars(work)


@command
def excuse(school, body):
    """{user, column, excused? true}: Canvas: the work need not be done. When it was graded stays."""
    work = school.submission(find_item(school, body), find_user(school, body["user"]).id)
    work.excused = bool(body.get("excused", True))
    return vars(work)


@command
def post_grades(school, body):
    """{column, user? else all, hidden? false}: Canvas: shows or hides grades. When they were given stays."""
    item, hidden = find_item(school, body), bool(body.get("hidden", False))
    only = find_user(school, body["user"]).id if "user" in body else None
    for (item_id, user_id), grade in school.grades.items():
        if item_id == item.id and only in (None, user_id):
            grade.hidden = hidden
            school.submission(item, user_id).posted = 0 if hidden else school.now()
    return {"item_id": item.id, "hidden": hidden}


@command
def override_total(school, body):
    """{user, percent | null, course?}: Canvas: a teacher's final grade above the computed one."""
    course, user = find_course(school, body.get("course")), find_user(school, body["user"])
    course.total_overrides.pop(user.id, None)
    if body["percent"] is not None:
        course.total_overrides[user.id] = float(body["percent"])
    return {"user_id": user.id, "percent": body["percent"]}


@command
def add_module(school, body):
    """{title, items: [title, ...], course?, published?}: Canvas: a module of activities."""
    course = find_course(school, body.get("course"))
    cmids = [find_activity(school, {"course": course.id, "item_title": title}).cmid for title in body["items"]]
    module = Module(school.next_module(), course.id, body["title"], cmids, bool(body.get("published", True)))
    school.modules[module.id] = module
    return {"id": module.id}


@command
def add_outcome(school, body):
    """{title, item_title | cmid | item_id, course?, mastery?, points?}: Canvas: an outcome that a column's grade is scored for."""
    item = find_item(school, body)
    outcome = Outcome(school.next_outcome(), item.course_id, body["title"], item.id, float(body.get("mastery", 3)),
                      float(body.get("points", 5)))
    school.outcomes[outcome.id] = outcome
    return {"id": outcome.id}


@command
def add_item(school, body):
    """{title, grademax, course?, gradepass?, module? assign|quiz, due?, tracked? required?}"""
    course = find_course(school, body.get("course"))
    tracked = body.get("tracked", True)
    activity = school.add_activity(course, body.get("module", "assign"), body["title"], float(body["grademax"]),
                                   float(body.get("gradepass", 0)), due=int(body.get("due", 0)),
                                   tracking=2 if tracked else 0, require_grade=tracked,
                                   require_pass=bool(tracked and body.get("gradepass")),
                                   course_requirement=bool(body.get("required", False)))
    return describe.item_summary(school, activity)


@command
def remove_item(school, body):
    """{item_title | cmid | item_id, course?}: an activity and its column are deleted."""
    item = find_item(school, body)
    activity = school.activity_of(item)
    if activity:
        del school.activities[activity.cmid]
    school.delete_item(item)
    return {"item_id": item.id}


@command
def add_link(school, body):
    """{title, course?, grademax? (gives it a column), url?, custom?, consumer_key?}: another activity of the tool."""
    course = find_course(school, body.get("course"))
    link = school.add_activity(course, "lti", body["title"], body.get("grademax"), intro=body.get("description", ""),
                               tool_url=body.get("url", ""), custom=dict(body.get("custom", {})),
                               consumer_key=body.get("consumer_key", ""))
    return describe.link_summary(school, link)


@command
def tick(school, body):
    """{user, cmid | item_title, course?, done? true, by_teacher?}: completion by hand of a page."""
    activity, user = find_activity(school, body), find_user(school, body["user"])
    if not body.get("by_teacher"):
        school.visit(school.courses[activity.course_id], user)
    if body.get("done", True):
        school.ticked[(activity.cmid, user.id)] = school.now()
    else:
        school.ticked.pop((activity.cmid, user.id), None)
    return {"cmid": activity.cmid, "user_id": user.id}


@command
def visit(school, body):
    """{user, course?, time?}: they open the course; Moodle's last access moves."""
    user, course = find_user(school, body["user"]), find_course(school, body.get("course"))
    school.visit(course, user, body.get("time"))
    return {"user_id": user.id, "last_access": school.last_access(course, user)}


@command
def add_user_(school, body):
    """{given, family, idnumber?, username?, course?, role?}: a new person, enrolled when a course is named."""
    user = add_user(school, body["given"], body["family"], body.get("idnumber", ""), body.get("username"))
    if "course" in body:
        enrol(school, {**body, "user": user.id})
    return describe.user_summary(school, user)


COMMANDS["add_user"] = COMMANDS.pop("add_user_")


@command
def enrol(school, body):
    """{user, course, role? student|teacher|editingteacher|observer (Canvas), suspended?, concluded? (Canvas), observes? [user]}"""
    user, course, role = find_user(school, body["user"]), find_course(school, body["course"]), body.get("role", STUDENT)
    if role not in ROLE_IDS or (role == OBSERVER and not school.is_canvas):
        raise BadRequest(f"role is one of {', '.join(ROLE_IDS)}; only Canvas has observers.")
    observes = [find_user(school, one).id for one in body.get("observes", [])]
    school.enrol(course, user, role, bool(body.get("suspended", False)), observes)
    course.enrolments[user.id].concluded = bool(body.get("concluded", False))
    return describe.user_summary(school, user)


@command
def add_test_student(school, body):
    """{course?}: Canvas's "Student View", as a person of its own."""
    user = add_user(school, "Test", "Student", "", None)
    user.is_test_student = True
    school.enrol(find_course(school, body.get("course")), user)
    return describe.user_summary(school, user)


@command
def set_course(school, body):
    """{course?, concluded?, title?, end?; at Canvas hide_totals?, ends?, own_dates?, term_ends?}"""
    course = find_course(school, body.get("course"))
    course.end = int(body.get("end", course.end))
    course.hide_totals, course.own_dates = bool(body.get("hide_totals", course.hide_totals)), bool(body.get("own_dates", course.own_dates))
    course.ends, course.term_ends = int(body.get("ends", course.ends)), int(body.get("term_ends", course.term_ends))
    course.concluded = bool(body.get("concluded", course.concluded))
    course.fullname = str(body.get("title", course.fullname))
    return describe.course_summary(school, course)


@command
def copy_course(school, body):
    """{course?, shortname?, title?} -> the copy: teachers, activities, links and columns with new ids, and where it came
    from. Canvas then tells the tool, if a handler is registered: `notice` says how that ended."""
    old = find_course(school, body.get("course"))
    new = Course(school.next_course(), body.get("shortname", old.shortname + "-copy"), body.get("title", old.fullname + " (copy)"),
                 "", old.summary, ancestors=(old.id, *old.ancestors), start=school.now(), total_item_id=school.next_item())
    school.courses[new.id] = new
    copy_content(school, old, new)
    summary = describe.course_summary(school, new)
    if not school.is_canvas:
        return {**summary, "notice": None}
    token = notices.context_copied(school, new, old)
    return lambda: {**summary, "notice": notices.deliver(school, "LtiContextCopyNotice", [token])}


def copy_content(school, old, new):
    """Activities get new ids, and so do their columns; resourceId and tag come along."""
    instances = {}
    for activity in school.activities_of(old):
        item = school.item_of(activity)
        twin = school.add_activity(new, activity.kind, activity.title, item.grademax if item else None,
                                   item.gradepass if item else 0.0)
        twin_item = school.item_of(twin)
        for name in ("intro", "due", "tracking", "require_grade", "require_pass", "course_requirement", "visible", "tool_url",
                     "custom", "consumer_key", "is_navigation"):
            setattr(twin, name, getattr(activity, name))
        instances[activity.kind, activity.instance] = twin.instance
        if twin_item:
            twin_item.resource_id, twin_item.tag = item.resource_id, item.tag
    for item in school.items_of(old):
        if item.module is None:
            twin = replace(item, id=school.next_item(), course_id=new.id, link_id=instances.get(("lti", item.link_id)))
            school.items[twin.id] = twin
    for enrolment in old.enrolments.values():
        if enrolment.role not in (STUDENT, OBSERVER):
            school.enrol(new, school.users[enrolment.user_id], enrolment.role)


@command
def send_notice(school, body):
    """{type, claims_delta?, header_delta?, times?}: one notice to the registered handler, bent by JSON merge patches."""
    if not school.is_canvas:
        raise BadRequest("Moodle sends no notices.")
    token = notices.notice(school, body["type"], body.get("claims_delta"), body.get("header_delta"))
    return lambda: {"jwt": token, **notices.deliver(school, body["type"], [token] * int(body.get("times", 1)))}


@command
def set_api_key(school, body):
    """{on?, secret?, scopes? [..] | null, redirect_uris?, seconds?, forget_grants?}: Canvas's API developer key."""
    key = school.api
    if key is None:
        raise BadRequest("Moodle has no developer keys.")
    key.is_on, key.secret, key.seconds = bool(body.get("on", key.is_on)), str(body.get("secret", key.secret)), int(body.get("seconds", key.seconds))
    if "scopes" in body:
        key.scopes = None if body["scopes"] is None else tuple(body["scopes"])
    key.redirect_uris = tuple(body.get("redirect_uris", key.redirect_uris))
    if body.get("forget_grants"):
        key.grants.clear()
    return {"client_id": key.client_id, "secret": key.secret, "redirect_uris": key.redirect_uris, "scopes": key.scopes}


@command
def set_events(school, body):
    """{url ("" ends it), format? canvas|caliper, signed? true}: Canvas's data stream."""
    stream = school.events
    if stream is None:
        raise BadRequest("Moodle sends no live events.")
    if body.get("format", stream.format) not in events.FORMATS:
        raise BadRequest(f"format is one of {', '.join(events.FORMATS)}.")
    stream.url, stream.format, stream.is_signed = body["url"], body.get("format", stream.format), bool(body.get("signed", True))
    return {"url": stream.url, "format": stream.format, "signed": stream.is_signed, "root_account_uuid": stream.account}


@command
def send_event(school, body):
    """{user, column, delta?, header_delta?, times?}: a grade_change of a grade that is there, bent by JSON merge patches."""
    if school.events is None or not school.events.url:
        raise BadRequest("No target is set: set_events.")
    stream = school.events
    event = events.grade_event(school, find_item(school, body), find_user(school, body["user"]).id)
    token, url = events.bent(stream, event, body.get("delta"), body.get("header_delta")), stream.url
    return lambda: {"body": token, "statuses": [events.post(url, token) for _ in range(int(body.get("times", 1)))]}


@command
def unenrol(school, body):
    """{user, course}: the enrolment goes, the grades stay, as in Moodle."""
    user, course = find_user(school, body["user"]), find_course(school, body["course"])
    course.enrolments.pop(user.id, None)
    return describe.user_summary(school, user)


@command
def set_quirk(school, body):
    """{name, value}; the name rotate_key needs no value."""
    if body["name"] == "rotate_key":
        school.key, school.past_key = PlatformKey(), school.key
        return {"kid": school.key.kid}
    school.quirks.set(body["name"], body["value"])
    return {body["name"]: body["value"]}


@command
def set_tool(school, body):
    """{url, jwks_url?}: where the tool lives, when that is known only after this server listens."""
    school.tool.point_to(body["url"].rstrip("/"), body.get("jwks_url"))
    return {"login": school.tool.login_url, "launch": school.tool.launch_url, "jwks": school.tool.jwks_url}


@command
def expire_tokens(school, _body):
    """Every access token given out so far stops working."""
    count = len(school.tokens)
    school.tokens.clear()
    for grant in school.api.grants.values() if school.api else ():
        count, grant.access = count + bool(grant.access), ""
    return {"expired": count}


@command
def delete_line_item(school, body):
    """{item_id}: a teacher removes a column of the tool."""
    school.delete_item(school.items[body["item_id"]])
    return {}


@command
def get_state(school, _body):
    return describe.state(school)


@command
def requests(school, body):
    """{since?: index, prefix?: path, clear?}: what was received, oldest first, and the index to go on from; how many were
    inside together at most since the last `clear`."""
    rows = list(school.requests)[int(body.get("since", 0)):]
    shown = [row for row in rows if row["path"].startswith(body.get("prefix", "/"))]
    total, at_once = len(school.requests), school.crowd.most
    if body.get("clear"):
        school.requests.clear()
        school.crowd.begin()
        total = 0
    return {"requests": shown, "next": total, "at_once": at_once}


@command
def mint(school, body):
    """{user, resource_link? instance, course?, nonce, claims_delta?, header_delta?, deep_link?, other_key?} -> {id_token, claims}.
    The deltas are JSON merge patches on a good token's claims and header: null deletes."""
    good = canvas_claims_of(school, body) if school.is_canvas else moodle_claims_of(school, body)
    bent = merge_patch(good, body.get("claims_delta", {}))
    key = PlatformKey() if body.get("other_key") else school.key
    if key is not school.key:
        key.kid = school.key.kid
    return {"id_token": key.sign(bent, body.get("header_delta")), "claims": bent}


def moodle_claims_of(school, body):
    user = find_user(school, body["user"])
    if body.get("deep_link"):
        course = find_course(school, body.get("course"))
        settings = claims.deep_linking_settings(school, course, "mintedkey1")
        return claims.build(school, course, user, body["nonce"], deep_link=settings)
    link = mint_link(school, body)
    return claims.build(school, school.courses[link.course_id], user, body["nonce"], link=link, sesskey="mintedkey1")


def canvas_claims_of(school, body):
    user = find_user(school, body["user"])
    if body.get("deep_link"):
        course, placement = find_course(school, body.get("course")), body.get("placement", "link_selection")
        settings = placements.settings(school, course, placement)
        return canvas_claims.build(school, course, user, body["nonce"], placement=placement, deep_link=settings)
    link = mint_link(school, body)
    placement = "course_navigation" if link.is_navigation else None
    return canvas_claims.build(school, school.courses[link.course_id], user, body["nonce"], link=link, placement=placement)


def mint_link(school, body):
    if "resource_link" in body:
        link = school.link(int(body["resource_link"]))
    else:
        course = find_course(school, body.get("course"))
        link = next((a for a in school.activities_of(course) if a.kind == "lti"), None)
    if link is None:
        raise BadRequest("There is no such resource link.")
    return link


@command
def login(school, body):
    """{user} -> {cookie, sesskey}: a browser session without the start page."""
    cookie, session = new_session(school, find_user(school, body["user"]))
    return {"cookie": cookie, "sesskey": session.sesskey}
