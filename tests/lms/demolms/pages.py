"""What people see: the start page, courses, activities, the tool in its frame, a learner's own grades."""
import re
import secrets
import time
from datetime import datetime, timezone

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from markupsafe import Markup, escape

from . import describe
from .completion import COMPLETE, COMPLETE_FAIL, COMPLETE_PASS, activity_state, course_completed
from .guards import MoodleError, check_sesskey, course_or_404, logged_in, require_entry
from .state import ROLE_WORDS, Session
from .storage import origin

blueprint = Blueprint("pages", __name__)
KIND_WORDS = {"assign": "Assignment", "quiz": "Quiz", "page": "Page", "lti": "External tool"}
STATE_WORDS = {0: "To do", COMPLETE: "Done", COMPLETE_PASS: "Done, passed", COMPLETE_FAIL: "Done, not passed"}
FIRST_SHOWN = 8


def add_filters(app):
    app.jinja_env.filters.update(day=day, moment=moment, points=points, linked=linked, origin=origin)
    app.jinja_env.globals.update(kind_words=KIND_WORDS, state_words=STATE_WORDS, role_words=ROLE_WORDS)


def day(seconds):
    when = datetime.fromtimestamp(seconds, timezone.utc)
    return f"{when.day} {when:%B %Y}"


def moment(seconds):
    return f"{day(seconds)}, {time.strftime('%H:%M', time.gmtime(seconds))} UTC"


def points(value):
    return "" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


def linked(text):
    """Escaped text in which web addresses are links."""
    pieces = re.split(r"(https?://[^\s<>\"']+)", text)
    return Markup("").join(Markup('<a href="{0}" rel="noopener" target="_blank">{0}</a>').format(p) if n % 2 else escape(p)
                           for n, p in enumerate(pieces))


def new_session(school, user):
    cookie = secrets.token_hex(16)
    session = school.sessions[cookie] = Session(user.id, secrets.token_hex(5))
    return cookie, session


@blueprint.get("/")
def start():
    school = current_app.school
    people = [u for u in school.users.values() if u.id != school.ws_user_id]
    groups = {"admin": [], "staff": [], "student": []}
    for user in people:
        role = describe.main_role(school, user)
        word = {"admin": "administrator", "none": "in no course yet", **ROLE_WORDS}[role]
        groups[{"admin": "admin", "editingteacher": "staff", "teacher": "staff"}.get(role, "student")].append((user, word))
    return render_template("start.html", groups=groups, first_shown=FIRST_SHOWN)


@blueprint.post("/login")
def login():
    school = current_app.school
    user = school.users.get(request.form.get("user", type=int))
    if user is None or user.id == school.ws_user_id:
        raise MoodleError("Nobody here has that number.")
    cookie, _ = new_session(school, user)
    response = redirect("/my", 303)
    # Canvas lets its cookie into requests that other sites start, so that authorize_redirect may come from the tool's frame;
    # Moodle sends the form to itself once more instead.
    https_canvas = school.is_canvas and school.public_url.startswith("https:")
    response.set_cookie("lmsid", cookie, httponly=True, path="/", secure=https_canvas, samesite="None" if https_canvas else None)
    return response


@blueprint.post("/logout")
def logout():
    check_sesskey()
    current_app.school.sessions.pop(request.cookies.get("lmsid", ""), None)
    response = redirect("/", 303)
    response.delete_cookie("lmsid", path="/")
    return response


@blueprint.get("/my")
def my_courses():
    school, user = current_app.school, logged_in()
    cards = [(c, "administrator" if user.site_admin else ROLE_WORDS[c.role_of(user.id)],
              course_completed(school, c, user.id)) for c in school.courses_of(user)]
    return render_template("my.html", cards=cards)


def open_course(course_id):
    course = course_or_404(current_app.school, course_id)
    require_entry(current_app.school, course)
    return course


@blueprint.get("/course/<int:course_id>")
def course_page(course_id):
    school, course = current_app.school, open_course(course_id)
    teaches = school.may_teach(g.user, course)
    rows = [{"activity": a, "item": (item := school.item_of(a)), "state": activity_state(school, a, g.user.id),
             "grade": visible_grade(school, item, g.user) if item and not teaches else None}
            for a in school.activities_of(course)]
    notice, g.session.notice = g.session.notice, ""
    return render_template("course.html", course=course, rows=rows, teaches=teaches, tab="course", notice=notice)


def visible_grade(school, item, user):
    grade = school.grade(item, user.id)
    return None if grade is None or grade.hidden else grade


@blueprint.get("/course/view.php")
def course_by_query():
    return redirect(url_for("pages.course_page", course_id=request.args.get("id", 0, type=int)))


@blueprint.get("/course/<int:course_id>/tool/<int:instance>")
def tool_page(course_id, instance):
    course = open_course(course_id)
    link = current_app.school.link(instance)
    if link is None or link.course_id != course.id:
        raise MoodleError("Invalid course module ID")
    return show_tool(course, link)


def show_tool(course, link):
    teaches = current_app.school.may_teach(g.user, course)
    return render_template("tool.html", course=course, link=link, teaches=teaches, tab=f"tool{link.instance}")


@blueprint.get("/mod/<kind>/view.php")
def activity_page(kind):
    school = current_app.school
    logged_in()
    activity = school.activities.get(request.args.get("id", type=int))
    if activity is None or activity.kind != kind:
        raise MoodleError("Invalid course module ID")
    course = open_course(activity.course_id)
    if kind == "lti":
        return show_tool(course, activity)
    if school.may_teach(g.user, course) and school.item_of(activity):
        return redirect(f"/course/{course.id}/marking/{activity.cmid}", 303)
    item = school.item_of(activity)
    return render_template("activity.html", course=course, activity=activity, item=item, tab="course",
                           grade=visible_grade(school, item, g.user) if item else None,
                           teaches=school.may_teach(g.user, course), state=activity_state(school, activity, g.user.id))


@blueprint.post("/course/<int:course_id>/tick/<int:cmid>")
def tick(course_id, cmid):
    """The learner marks an activity as done, or takes that back."""
    check_sesskey()
    school, course = current_app.school, open_course(course_id)
    activity = school.activities.get(cmid)
    if activity is None or activity.course_id != course.id or activity.tracking != 1:
        raise MoodleError("Invalid course module ID")
    if school.ticked.pop((cmid, g.user.id), None) is None:
        school.ticked[(cmid, g.user.id)] = school.now()
    return redirect(f"/course/{course.id}", 303)


@blueprint.get("/course/<int:course_id>/grades")
def own_grades(course_id):
    school, course = current_app.school, open_course(course_id)
    if school.may_teach(g.user, course):
        return redirect(f"/course/{course.id}/gradebook", 303)
    rows = [(item, visible_grade(school, item, g.user), school.activity_of(item)) for item in school.items_of(course)]
    return render_template("grades.html", course=course, rows=rows, teaches=False, tab="grades",
                           total=school.course_total(course, g.user.id, with_hidden=False))


@blueprint.get("/enrol/index.php")
def enrolment():
    course = course_or_404(current_app.school, request.args.get("id", type=int))
    return render_template("enrol.html", course=course)
