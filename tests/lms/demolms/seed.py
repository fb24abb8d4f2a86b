"""Builds a school. Seed 0 is the believable fixed one for demonstrations; any other seed changes
people, numbers, client id and tokens, so that nothing in a test can rest on them by accident."""
import random
import re
import string
import unicodedata
import uuid

from . import names
from .state import CANVAS, EDITING_TEACHER, STUDENT, TEACHER, Course, Grade, Module, School, ToolRegistration, User

DAY = 86400
SCHOOL_NAME = "Northside College"


def build(addresses, tool_url, tool_jwks, seed, layout, learner_count, personality, items=None):
    rng = random.Random(seed) if seed else None
    secrets_rng = random.Random(f"demo school {seed}")
    school = School(addresses, SCHOOL_NAME, personality, rng, uuid.uuid5(uuid.NAMESPACE_DNS, f"northside {seed}"))
    school.ws_token, school.control_token = hex_token(secrets_rng, 32), hex_token(secrets_rng, 40)
    school.rest_token = "7~" + hex_token(random.Random(f"rest {seed}"), 64)
    register_by_hand(school, rng, secrets_rng, tool_url, tool_jwks)

    staff = [add_user(school, *pair, number=f"T{n:02}") for n, pair in enumerate(names.staff_names(rng)[:2 if layout == "small" else None], 1)]
    administrator = add_user(school, "Site", "Administrator", number="", username="admin")
    administrator.site_admin = True
    school.ws_user_id = add_user(school, "Badges", "Web Service", number="", username="badges-ws").id
    learners = [add_user(school, *pair, number=f"S{n:03}")
                for n, pair in enumerate(names.learner_names(rng, learner_count), 1)]

    if layout == "small":
        small_school(school, staff, learners)
    elif layout == "large":
        large_school(school, staff, learners, 50 if items is None else items, random.Random(f"grades {seed}"))
    else:
        believable_school(school, staff, learners, random.Random(f"grades {seed}"))
    add_exercises(school, next(iter(school.courses.values())), 0 if layout == "large" else items or 0, random.Random(f"exercises {seed}"))
    if school.is_canvas:
        for course in school.courses.values():
            add_modules(school, course)
    return school


def add_exercises(school, course, count, rng):
    """Assignments by the dozen, graded for nearly everybody: a course of any size."""
    learners = school.learners(course)
    for number in range(1, count + 1):
        item = school.item_of(school.add_activity(course, "assign", f"Exercise {number}", 10, 5, due=school.now() + number * DAY))
        for learner in learners:
            if rng.random() < 0.9:
                school.grades[item.id, learner.id] = Grade(rng.randint(6, 20) / 2, 10.0, "", school.now() - rng.randint(1, 50) * DAY)


def add_modules(school, course):
    """Canvas's modules: what the course asks for, and one that asks for nothing."""
    required = [a for a in school.activities_of(course) if a.course_requirement]
    first = [a for a in required if a.kind in ("page", "quiz")]
    for title, activities in (("Before you begin", first), ("Coursework", [a for a in required if a not in first]),
                              ("Read me", [a for a in school.activities_of(course) if not a.course_requirement])):
        module = Module(school.next_module(), course.id, title, [a.cmid for a in activities])
        school.modules[module.id] = module


def register_by_hand(school, rng, secrets_rng, tool_url, tool_jwks):
    """The tool as an administrator enters it, with the custom parameters Laurel's instructions ask for."""
    client_id = "".join(secrets_rng.choice(string.ascii_letters + string.digits) for _ in range(15))
    type_id = rng.randint(2, 90) if rng else 1
    tool = ToolRegistration(type_id, client_id, str(type_id), custom={
        "user_name": "$User.username", "ctx_history": "$Context.id.history", "course_label": "$Context.label"})
    if school.personality == CANVAS:
        tool.type_id = 56 + type_id
        tool.client_id = str(10_000_000_000_041 + type_id)
        tool.deployment_id = f"{tool.type_id}:{hex_token(secrets_rng, 40)}"
        tool.custom = {"canvas_user_id": "$Canvas.user.id", "canvas_course_id": "$Canvas.course.id",
                       "ctx_history": "$Context.id.history", "link_history": "$ResourceLink.id.history"}
        school.quirks.storage, school.quirks.exp_seconds = "frame", 3600
    tool.point_to(tool_url, tool_jwks)
    school.tool = school.registrations[tool.client_id] = tool


def hex_token(rng, digits):
    return "".join(rng.choice("0123456789abcdef") for _ in range(digits))


def add_user(school, given, family, number, username=None):
    plain = unicodedata.normalize("NFKD", f"{given}.{family}").encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z]+", ".", plain).strip(".")[:30].strip(".")
    user_id = school.next_user()
    username = username or plain or f"learner{user_id}"
    if username in school.usernames:
        username += str(user_id)
    school.usernames.add(username)
    user = User(user_id, username, given, family, f"{username}@northside.example", number)
    school.users[user.id] = user
    return user


def add_course(school, shortname, fullname, summary, start):
    course = Course(school.next_course(), shortname, fullname, shortname, summary, start=start,
                    total_item_id=school.next_item())
    school.courses[course.id] = course
    return course


def add_tool_link(school, course, title="Badges"):
    return school.add_activity(course, "lti", title, intro="See the badges of this course and what is still missing.",
                               is_navigation=school.is_canvas)


def small_school(school, staff, learners):
    """One course, three graded activities, no grades yet."""
    course = add_course(school, "SMALL1", "Small course", "A course for tests.", school.now() - 7 * DAY)
    staff_course(school, course, staff)
    for number, (kind, gradepass) in enumerate((("quiz", 80), ("assign", 50), ("assign", 50)), 1):
        school.add_activity(course, kind, f"Task {number}", 100, gradepass, due=school.now() + number * 7 * DAY,
                            tracking=2, require_grade=True, require_pass=True, course_requirement=True)
    add_tool_link(school, course)
    for learner in learners:
        school.enrol(course, learner)


def large_school(school, staff, learners, item_count, rng):
    """One course with many activities, four of five of them graded for everybody."""
    start = school.now() - 60 * DAY
    course = add_course(school, "LARGE1", "Large course", "A course for measuring.", start)
    staff_course(school, course, staff)
    for number in range(1, item_count + 1):
        kind = "quiz" if number % 5 == 0 else "assign"
        activity = school.add_activity(course, kind, f"Task {number}", 100, 50, due=start + number * DAY, tracking=2,
                                       require_grade=True, require_pass=True, course_requirement=number <= 10)
        item = school.item_of(activity)
        for learner in learners:
            if rng.random() < 0.8:
                school.set_grade(item, learner.id, rng.randint(20, 100), when=start + number * DAY + learner.id % DAY)
    add_tool_link(school, course)
    for learner in learners:
        school.enrol(course, learner)


def staff_course(school, course, staff):
    school.enrol(course, staff[0], EDITING_TEACHER)
    school.enrol(course, staff[1], TEACHER)


def believable_school(school, staff, learners, rng):
    lab = lab_course(school, staff)
    team = team_course(school, staff)
    growth = growth_course(school, staff)
    for position, learner in enumerate(learners):
        school.enrol(lab, learner, suspended=position > 20 and position % 31 == 0)
        if position % 3 == 0:
            school.enrol(team, learner)
    grade_lab(school, lab, learners, rng)
    for learner in school.learners(team):
        for item in school.items_of(team):
            if rng.random() < 0.5:
                grade(school, item, learner, item.grademax * rng.uniform(0.4, 1), rng)
    for item in school.items_of(growth)[:1]:
        grade(school, item, staff[0], 9, rng)


def lab_course(school, staff):
    now = school.now()
    course = add_course(school, "LAB101", "Lab skills", "Work safely, measure carefully, write it up so that others "
                        "can repeat it.", now - 60 * DAY)
    staff_course(school, course, staff)
    school.add_activity(course, "page", "Read the lab rules", intro="Two pages. Tick it off when you have read them.",
                        tracking=1, course_requirement=True)
    passing = dict(tracking=2, require_grade=True, require_pass=True, course_requirement=True)
    school.add_activity(course, "quiz", "Lab safety quiz", 100, 80, due=now - 40 * DAY,
                        intro="Twenty questions on goggles, gas taps and glass.", **passing)
    for number, task in enumerate(("Measuring density", "Titration", "Growing crystals"), 1):
        school.add_activity(course, "assign", f"Lab {number}", 10, 5, due=now + (number * 14 - 44) * DAY,
                            intro=f"{task}: hand in your notes and one photograph.", **passing)
    school.add_activity(course, "assign", "Field report", 20, 12, due=now + 5 * DAY,
                        intro="Describe one measurement outside the classroom, with its errors.", **passing)
    add_tool_link(school, course)
    return course


def team_course(school, staff):
    now = school.now()
    course = add_course(school, "TEAM2", "Team science", "One question, one team, one poster.", now - 30 * DAY)
    school.enrol(course, staff[1], EDITING_TEACHER)
    school.enrol(course, staff[0], TEACHER)
    school.enrol(course, staff[3], TEACHER)
    rules = dict(tracking=2, require_grade=True, course_requirement=True)
    school.add_activity(course, "assign", "Team charter", 5, 0, due=now - 10 * DAY, intro="Who does what by when.", **rules)
    school.add_activity(course, "assign", "Poster", 50, 30, due=now + 20 * DAY, intro="A1, portrait, readable from two "
                        "metres away.", **rules)
    school.add_activity(course, "quiz", "Peer feedback", 10, 0, due=now + 25 * DAY, intro="What your team would say.")
    add_tool_link(school, course)
    return course


def growth_course(school, staff):
    """Teachers are learners here."""
    now = school.now()
    course = add_course(school, "PD-DIGI", "Teaching with digital tools", "Professional development for staff.",
                        now - 20 * DAY)
    school.enrol(course, staff[2], EDITING_TEACHER)
    for colleague in (staff[0], staff[1], staff[3]):
        school.enrol(course, colleague, STUDENT)
    rules = dict(tracking=2, require_grade=True, require_pass=True, course_requirement=True)
    school.add_activity(course, "quiz", "Accessible documents", 10, 7, due=now + 3 * DAY, **rules)
    school.add_activity(course, "assign", "Lesson redesign", 100, 60, due=now + 30 * DAY, **rules)
    add_tool_link(school, course)
    return course


def grade(school, item, user, score, rng, **more):
    when = school.now() - rng.randint(1, 30) * DAY - rng.randint(0, DAY)
    remarks = ("Well done.", "Clear and careful.", "See my notes in the margin.", "")
    school.set_grade(item, user.id, round(score * 2) / 2, when=when, feedback=rng.choice(remarks), **more)


def grade_lab(school, course, learners, rng):
    """Every kind of learner: finished, almost, stuck, failing one, hidden, ungraded."""
    by_title = {item.title: item for item in school.items_of(course)}
    rules = next(a for a in school.activities_of(course) if a.kind == "page")
    labs = [by_title[f"Lab {n}"] for n in (1, 2, 3)]
    quiz, report = by_title["Lab safety quiz"], by_title["Field report"]
    for position, learner in enumerate(learners):
        if position == 0:           # a quiz well above its pass mark, two labs, a report two points short
            plan = {quiz: 92, labs[0]: 8, labs[1]: 9, report: 10}
        elif position == 1:         # everything done
            plan = {quiz: 96, labs[0]: 9, labs[1]: 8, labs[2]: 10, report: 18}
        elif position == 2:         # nothing yet
            plan = {}
        else:
            ability = rng.betavariate(5, 2)
            plan = {item: item.grademax * min(1, max(0.1, rng.gauss(ability, 0.12)))
                    for item in (quiz, *labs, report) if rng.random() < 0.82}
        for item, score in plan.items():
            grade(school, item, learner, score, rng, hidden=position > 2 and item is report and rng.random() < 0.15)
        if position != 2 and rng.random() < 0.9:
            school.ticked[(rules.cmid, learner.id)] = school.now() - 50 * DAY
