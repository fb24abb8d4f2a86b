"""Pages for teachers and the administrator: gradebook, marking, adding badge activities, tool settings."""
from urllib.parse import urlencode

from flask import Blueprint, current_app, g, redirect, render_template, request

from . import claims, registration
from .guards import MoodleError, check_sesskey, course_or_404, require_administrator, require_teacher
from .pages import points

blueprint = Blueprint("teaching", __name__)
LEARNERS_PER_PAGE = 40


def taught_course(course_id):
    course = course_or_404(current_app.school, course_id)
    require_teacher(current_app.school, course)
    return course


@blueprint.route("/course/<int:course_id>/gradebook", methods=["GET", "POST"])
def gradebook(course_id):
    """All columns. What is changed here is an override: the assignment keeps its own grade."""
    course = taught_course(course_id)
    return grade_table(course, current_app.school.items_of(course), f"/course/{course.id}/gradebook", marking=None)


@blueprint.route("/course/<int:course_id>/marking/<int:cmid>", methods=["GET", "POST"])
def marking(course_id, cmid):
    """One assignment or quiz, graded in its own page."""
    school, course = current_app.school, taught_course(course_id)
    activity = school.activities.get(cmid)
    item = school.item_of(activity) if activity and activity.course_id == course.id else None
    if item is None:
        raise MoodleError("Invalid course module ID")
    return grade_table(course, [item], f"/course/{course.id}/marking/{cmid}", marking=activity)


def grade_table(course, items, address, marking):
    school = current_app.school
    learners = school.learners(course)
    pages = max(1, -(-len(learners) // LEARNERS_PER_PAGE))
    page = min(max(1, request.values.get("page", 1, type=int)), pages)
    shown = learners[(page - 1) * LEARNERS_PER_PAGE:page * LEARNERS_PER_PAGE]
    saved, problems = 0, []
    if request.method == "POST":
        check_sesskey()
        saved, problems = save_cells(school, items, shown, marking)
        if not problems:
            g.session.notice = "Nothing was changed." if not saved else f"{saved} {'grade' if saved == 1 else 'grades'} saved."
            return redirect(f"{address}?page={page}", 303)
    notice, g.session.notice = g.session.notice, ""
    cells = {(i.id, u.id): school.grade(i, u.id) for i in items for u in shown}
    return render_template("gradebook.html", course=course, items=items, learners=shown, cells=cells, page=page,
                           pages=pages, count=len(learners), address=address, marking=marking, teaches=True,
                           tab="gradebook", notice=notice, saved=saved, problems=problems, typed=request.form,
                           cell_state=cell_state, activity_of=school.activity_of)


def cell_state(grade):
    """What a cell showed when the page was made. A cell is saved only when the teacher changed it,
    so a score that arrived from the tool meanwhile is not overwritten."""
    return f"{points(grade.score) if grade else ''}|{int(bool(grade and grade.hidden))}"


def save_cells(school, items, learners, marking):
    saved, problems = 0, []
    for item in items:
        for learner in learners:
            name = f"{item.id}-{learner.id}"
            if f"was-{name}" not in request.form:
                continue
            text = request.form.get(f"grade-{name}", "").strip().replace(",", ".")
            hidden = f"hidden-{name}" in request.form
            old_text, _, old_hidden = request.form[f"was-{name}"].partition("|")
            if text == old_text and hidden == (old_hidden == "1"):
                continue
            score = read_score(text, item)
            if score is False:
                problems.append((item, learner, text))
                continue
            grade = school.grade(item, learner.id)
            if text == old_text and grade:
                grade.hidden = hidden
            else:
                school.set_grade(item, learner.id, score, hidden=hidden, grader=g.user.id, in_module=bool(marking),
                                 overridden=not marking and item.module is not None)
            saved += 1
    return saved, problems


def read_score(text, item):
    """A number in range, None for an empty cell, False for anything else."""
    if not text:
        return None
    try:
        score = float(text)
    except ValueError:
        return False
    return score if 0 <= score <= item.grademax else False


@blueprint.get("/course/<int:course_id>/add-badge-activity")
def choose_content(course_id):
    course = taught_course(course_id)
    return render_template("choose.html", course=course, teaches=True, tab="add",
                           placement=request.args.get("placement", "link_selection"))


@blueprint.post("/course/<int:course_id>/activities")
def save_chosen(course_id):
    """The activity form after "Select content": the teacher saves what the tool offered."""
    check_sesskey()
    school, course = current_app.school, taught_course(course_id)
    for form in g.session.chosen_items:
        link = school.add_activity(course, "lti", form["name"], form["grade"], intro=form["intro"],
                                   tool_url=form["toolurl"], custom=form["custom"])
        item = school.item_of(link)
        if item:
            item.resource_id, item.tag = form["resource_id"], form["tag"]
            item.published = form.get("published", True)
    count, g.session.chosen_items = len(g.session.chosen_items), []
    g.session.notice = f"{count} {'activity' if count == 1 else 'activities'} added."
    return redirect(f"/course/{course.id}", 303)


@blueprint.get("/admin/tools")
def tools():
    require_administrator()
    school = current_app.school
    tool, quirks = school.tool, school.quirks
    shared = {True: "Always", False: "Never"}
    settings = [
        ("Tool configuration details", [
            ("Platform ID", school.issuer), ("Client ID", tool.client_id), ("Deployment ID", tool.deployment_id),
            ("Public keyset URL", school.endpoint("jwks")), ("Access token URL", school.endpoint("token")),
            ("Authentication request URL", school.endpoint("auth"))]),
        ("Tool settings", [
            ("Tool name", tool.name), ("Tool URL", tool.launch_url), ("LTI version", "LTI 1.3"),
            ("Public key type", "Keyset URL"), ("Public keyset", tool.jwks_url), ("Initiate login URL", tool.login_url),
            ("Redirection URI(s)", "\n".join(tool.redirect_uris)),
            ("Custom parameters", "\n".join(f"{name}={value}" for name, value in tool.custom.items())),
            ("Default launch container", "Embed"), ("Supports Deep Linking (Content-Item Message)", "Yes")]),
        ("Services", [
            ("IMS LTI Assignment and Grade Services", ("Do not use this service", "Use this service for grade sync only",
                                                       "Use this service for grade sync and column management")[quirks.ags]),
            ("IMS LTI Names and Role Provisioning", "Use this service" if quirks.nrps else "Do not use this service")]),
        ("Privacy", [("Share launcher's name with tool", shared[quirks.names]),
                     ("Share launcher's email with tool", shared[quirks.email]),
                     ("Accept grades from the tool", "Delegate to teacher")])]
    return render_template("admin_tools.html", settings=settings, tab="tools",
                           scopes=claims.permitted_ags_scopes(school) + ([claims.NRPS_SCOPE] if quirks.nrps else []))


@blueprint.get("/admin/tools/register")
def register_tool():
    """The tool's registration in a frame, which it closes itself by a message."""
    require_administrator()
    check_sesskey()
    query = {"sesskey": g.session.sesskey}
    if current_app.school.is_canvas:
        frame = "/api/lti/register?" + urlencode({"registration_url": request.args.get("url", ""), **query})
    else:
        query["type"] = request.args.get("type", 0, type=int)
        frame = "/mod/lti/startltiadvregistration.php?" + urlencode({"url": request.args.get("url", ""), **query})
    return render_template("admin_register.html", frame=frame, tab="tools")


@blueprint.post("/admin/tools/activate")
def activate_tool():
    require_administrator()
    check_sesskey()
    school = current_app.school
    tool = school.registrations.get(request.form.get("client_id", ""))
    if tool is None:
        raise MoodleError("There is no such tool.")
    registration.activate(school, tool)
    return redirect("/admin/tools", 303)


@blueprint.get("/admin/webservice")
def web_service():
    from .webservice import FUNCTIONS
    require_administrator()
    return render_template("admin_webservice.html", functions=list(FUNCTIONS), tab="webservice",
                           account=current_app.school.users[current_app.school.ws_user_id])
