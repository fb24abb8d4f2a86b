"""The school in memory: people, courses, activities, the gradebook, and the switches tests can turn.

Every access happens while `School.lock` is held; views get it from `app.py`.
"""
import itertools
import secrets
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass, field, fields
from typing import Optional
from urllib.parse import urlsplit

STUDENT, TEACHER, EDITING_TEACHER, OBSERVER = "student", "teacher", "editingteacher", "observer"
ROLE_IDS = {EDITING_TEACHER: 3, TEACHER: 4, STUDENT: 5, OBSERVER: 9}
ROLE_WORDS = {EDITING_TEACHER: "teacher", TEACHER: "non-editing teacher", STUDENT: "student", OBSERVER: "observer"}
MOODLE, CANVAS = "moodle", "canvas"


@dataclass(eq=False)
class User:
    id: int
    username: str
    given: str
    family: str
    email: str
    idnumber: str = ""
    site_admin: bool = False
    is_test_student: bool = False   # Canvas: the teacher in "Student View"

    @property
    def name(self):
        return f"{self.given} {self.family}"


@dataclass(eq=False)
class Enrolment:
    user_id: int
    role: str
    suspended: bool = False
    observes: tuple = ()        # observers: ids of the learners they follow here
    concluded: bool = False     # Canvas: over, and the grades stay


@dataclass(eq=False)
class Course:
    id: int
    shortname: str
    fullname: str
    idnumber: str
    summary: str = ""
    ancestors: tuple = ()       # ids of the courses this one was copied from, newest first
    concluded: bool = False     # Canvas: read only
    start: int = 0
    end: int = 0                # the last day; 0: none
    total_item_id: int = 0      # the gradebook row of the course total
    hide_totals: bool = False   # Canvas: learners see no totals
    ends: int = 0               # Canvas: the course's own last day; it holds when `own_dates`
    own_dates: bool = False
    term_ends: int = 0
    total_overrides: dict = field(default_factory=dict)     # Canvas: user id -> percent
    enrolments: dict = field(default_factory=dict)

    def role_of(self, user_id):
        enrolment = self.enrolments.get(user_id)
        return enrolment.role if enrolment else None

    def active_role_of(self, user_id):
        enrolment = self.enrolments.get(user_id)
        return enrolment.role if enrolment and not enrolment.suspended else None


@dataclass(eq=False)
class Activity:
    """One course module. `kind` is Moodle's module name: assign, quiz, page or lti."""
    cmid: int
    kind: str
    instance: int
    course_id: int
    title: str
    intro: str = ""
    due: int = 0
    tracking: int = 0           # 0 none, 1 the learner ticks it, 2 automatic
    require_grade: bool = False
    require_pass: bool = False
    course_requirement: bool = False
    visible: bool = True
    tool_url: str = ""          # lti only: a deep-linked URL, else the tool's own
    custom: dict = field(default_factory=dict)
    consumer_key: str = ""
    is_navigation: bool = False     # Canvas: the tool in the course's menu, not a link of its own


@dataclass(eq=False)
class GradeItem:
    """A gradebook column. Columns of the tool have `tool_owned`; `link_id` ties one to an lti instance."""
    id: int
    course_id: int
    title: str
    grademax: float
    gradepass: float = 0.0
    module: Optional[str] = None    # assign, quiz, lti; None for a standalone ("manual") column
    instance: Optional[int] = None
    idnumber: str = ""
    tool_owned: bool = False
    resource_id: str = ""
    tag: str = ""
    link_id: Optional[int] = None
    locked: bool = False
    published: bool = True          # Canvas: scores for an unpublished assignment are refused
    grading_type: str = "points"    # Canvas: points, percent, letter_grade, gpa_scale, pass_fail, not_graded
    in_total: bool = True           # Canvas: counts towards the final grade


@dataclass(eq=False)
class Grade:
    score: Optional[float] = None
    maximum: float = 100.0
    feedback: str = ""
    time: int = 0
    hidden: bool = False
    overridden: bool = False


@dataclass(eq=False)
class Submission:
    """What Canvas knows of a learner's work besides its grade."""
    submitted: int = 0
    attempt: int = 0
    graded_attempt: int = 0
    excused: bool = False
    pending: bool = False           # a part of a quiz waits for a teacher
    passed: Optional[bool] = None   # complete or incomplete
    posted: int = 0                 # when the grade was shown; 0: when it was given, unless it is hidden


@dataclass(eq=False)
class Module:
    """Canvas: its items are activities; those that ask for something are its requirements."""
    id: int
    course_id: int
    title: str
    cmids: list = field(default_factory=list)
    published: bool = True


@dataclass(eq=False)
class Outcome:
    """Canvas: mastered by the score of one assignment, scaled to its own points."""
    id: int
    course_id: int
    title: str
    item_id: int
    mastery: float = 3.0
    points: float = 5.0


@dataclass(eq=False)
class AssignmentGrade:
    id: int
    grade: float
    created: int
    modified: int
    grader: int


@dataclass(eq=False)
class Session:
    user_id: int
    sesskey: str
    launches: dict = field(default_factory=dict)    # 4.5: one entry per pending launch
    single_slot: Optional[dict] = None              # 4.1: the last launch only
    chosen_items: list = field(default_factory=list)
    notice: str = ""


@dataclass(eq=False)
class Quirks:
    """Switches of the test control API; the defaults are Moodle 4.5 in good health."""
    version: str = "4.5"
    names: bool = True
    email: bool = True
    ags: int = 2                    # 0 never, 1 grade sync only, 2 with column management
    nrps: bool = True
    ws_html: bool = False
    ws_token_revoked: bool = False
    ws_slow: float = 0.0
    ws_sees_hidden: bool = True
    ws_hides_access: bool = False   # "last access" is a hidden user field, and the account may not see those
    ws_denied: str = ""             # functions, comma separated, that the service does not have
    jwks_down: bool = False
    ssrf_filter: bool = False
    exp_seconds: int = 60
    clock_offset: int = 0
    debug: bool = False
    services_status: int = 0        # answer AGS and NRPS with this status instead
    token_status: int = 0           # the same for the token endpoint
    storage: str = "off"            # platform storage: off, frame (a forwarding frame), parent (the page itself)
    storage_silent: bool = False    # it is offered and never answers
    storage_liar: bool = False      # others answer first: a wrong origin, a wrong frame, a wrong message id
    notices: bool = True            # Canvas: the platform notification service
    registration_status: int = 200  # Canvas: what a dynamic registration is answered with
    rest_busy: int = 0              # Canvas's REST interface: so many requests more are too many
    rest_busy_status: int = 403     # said with 403, as it was, or 429, as it is
    rest_revoked: bool = False      # refuses every token
    rest_denied: str = ""           # a path with this in it may not be seen
    rest_html: bool = False         # answers a page
    rest_slow: float = 0.0          # waits so many seconds
    rest_cut: int = 0               # the page with this number of each list breaks off
    rest_paging: str = ""           # loop, repeat, foreign or empty: what follows a page

    def set(self, name, value):
        kinds = {f.name: f.type for f in fields(self)}
        if name not in kinds:
            raise ValueError(f"There is no quirk {name!r}. Known: {', '.join(sorted(kinds))}.")
        for limited, values in (("version", ("4.5", "4.1")), ("storage", ("off", "frame", "parent")),
                                ("rest_busy_status", (403, 429)), ("rest_paging", ("", "loop", "repeat", "foreign", "empty"))):
            if name == limited and value not in values:
                raise ValueError(f"{name} is one of {', '.join(map(str, values))}.")
        if not isinstance(value, {bool: bool, int: int, float: (int, float), str: str}[kinds[name]]):
            raise ValueError(f"{name} takes a {kinds[name].__name__}.")
        setattr(self, name, value)


class IdSource:
    """Numbers for one kind of thing. Seed 0 counts from `first`; other seeds start and step at random."""

    def __init__(self, rng, first):
        self.rng, self.next_id = rng, first if rng is None else rng.randint(50, 9000)

    def __call__(self):
        taken = self.next_id
        self.next_id += 1 if self.rng is None else self.rng.randint(1, 5)
        return taken


@dataclass(eq=False)
class ToolRegistration:
    """One registration of a tool. `scopes` None means: what the quirks `ags` and `nrps` permit."""
    type_id: int
    client_id: str
    deployment_id: str
    name: str = "Badges"
    login_url: str = ""
    launch_url: str = ""            # the default target of a launch
    redirect_uris: tuple = ()
    jwks_url: str = ""
    domain: str = ""
    custom: dict = field(default_factory=dict)
    scopes: Optional[tuple] = None
    messages: tuple = ()            # dynamic registration: the messages it asked for,
    claims: tuple = ()              # the personal claims,
    registered: Optional[dict] = None   # and its whole request
    is_active: bool = True

    def point_to(self, base_url, jwks_url=None):
        """A tool registered by hand, with the usual addresses below `base_url`."""
        self.login_url, self.launch_url = base_url + "/lti/login", base_url + "/lti/launch"
        self.redirect_uris, self.jwks_url = (self.launch_url,), jwks_url or base_url + "/lti/jwks"
        self.domain = urlsplit(base_url).netloc


@dataclass(frozen=True)
class Addresses:
    """Where the platform is. `public` is what browsers open, `auth` where they go for the authentication request,
    `service` what tools call; all the same unless a proxy stands in front. `issuer` may be a name only: every
    school in Canvas's cloud has the same."""
    issuer: str
    public: str
    auth: str
    service: str


class Crowd:
    """How many requests are inside together, waiting ones included."""

    def __init__(self):
        self.lock, self.inside, self.most = threading.Lock(), 0, 0

    def enter(self):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)

    def leave(self):
        with self.lock:
            self.inside -= 1

    def begin(self):
        with self.lock:
            self.most = self.inside


class School:
    def __init__(self, addresses, name, personality=MOODLE, rng=None, namespace=None):
        self.lock = threading.RLock()
        self.issuer, self.public_url, self.auth_base, self.service_url = (
            addresses.issuer, addresses.public, addresses.auth, addresses.service)
        self.name, self.personality = name, personality
        self.namespace = namespace or uuid.UUID(int=0)      # Canvas: what opaque ids are made from
        self.secret = secrets.token_bytes(32)               # of the platform's own signed parameters
        self.quirks = Quirks()
        self.usernames = set()
        self.users, self.courses, self.activities, self.items = {}, {}, {}, {}
        self.grades = {}                # (item id, user id) -> Grade
        self.accesses = {}              # (course id, user id) -> time of the last access, where it is not the first one
        self.opened = int(time.time())
        self.looked_up, self.look_ups = None, {}
        self.attempts = {}              # Canvas: (item id, user id) -> submissions made by scores
        self.submissions = {}           # Canvas: (item id, user id) -> Submission
        self.modules, self.outcomes = {}, {}    # Canvas
        self.assignment_grades = {}     # (assignment instance, user id) -> AssignmentGrade
        self.ticked = {}                # (cmid, user id) -> time
        self.completion_changed = {}    # (cmid, user id) -> (state, time)
        self.sessions, self.tokens = {}, {}
        self.score_log = []
        self.requests, self.crowd = deque(maxlen=20000), Crowd()
        self.tool = None                # the registration whose links the courses have
        self.registrations = {}         # client id -> ToolRegistration, `tool` among them
        self.used_once = {}             # what must not come twice (registration tokens, jti, nonces) -> time
        self.api = self.events = None   # Canvas: its API developer key, its data stream
        self.notice_handlers = {}       # notice type -> handler address
        self.notices_sent = []
        self.ws_token = self.control_token = self.rest_token = ""
        self.rest_level, self.rest_level_at = 0.0, 0.0      # Canvas's leaking bucket
        self.ws_user_id = 0
        self.next_user, self.next_course = IdSource(rng, 2), IdSource(rng, 2)
        self.next_cmid, self.next_item = IdSource(rng, 1), IdSource(rng, 2)
        self.next_instance = {kind: IdSource(rng, 1) for kind in ("assign", "quiz", "page", "lti")}
        self.next_assignment_grade = itertools.count(1)
        self.next_module, self.next_outcome = IdSource(rng, 30), IdSource(rng, 60)

    @property
    def is_canvas(self):
        return self.personality == CANVAS

    def endpoint(self, name):
        """The address of `auth`, `token` or `jwks`."""
        if self.is_canvas:
            return {"auth": self.auth_base + "/api/lti/authorize_redirect", "token": self.service_url + "/login/oauth2/token",
                    "jwks": self.service_url + "/api/lti/security/jwks"}[name]
        return {"auth": self.auth_base + "/mod/lti/auth.php", "token": self.service_url + "/mod/lti/token.php",
                "jwks": self.service_url + "/mod/lti/certs.php"}[name]

    def take_once(self, kind, value):
        """False when `value` has come before."""
        if (kind, value) in self.used_once:
            return False
        self.used_once[(kind, value)] = self.now()
        return True

    # ---- time ----
    def now(self):
        return int(time.time()) + self.quirks.clock_offset

    @property
    def release(self):
        """Moodle's version as people and as tools are told it."""
        return ("4.5.6 (Build: 20250811)", "2024100706") if self.quirks.version == "4.5" \
            else ("4.1dev (Build: 20220624)", "2022062400")

    # ---- people and courses ----
    def enrol(self, course, user, role=STUDENT, suspended=False, observes=()):
        course.enrolments[user.id] = Enrolment(user.id, role, suspended, tuple(observes))

    def courses_of(self, user):
        if user.site_admin:
            return list(self.courses.values())
        return [c for c in self.courses.values() if c.active_role_of(user.id)]

    def may_teach(self, user, course):
        return user.site_admin or course.active_role_of(user.id) in (TEACHER, EDITING_TEACHER)

    def may_enter(self, user, course):
        return user.site_admin or course.active_role_of(user.id) is not None

    def learners(self, course, suspended=False):
        found = [self.users[e.user_id] for e in course.enrolments.values()
                 if e.role == STUDENT and (suspended or not e.suspended) and not self.users[e.user_id].is_test_student]
        return sorted(found, key=lambda u: (u.family.casefold(), u.given.casefold(), u.id))

    # ---- activities and columns ----
    def add_activity(self, course, kind, title, grademax=None, gradepass=0.0, **more):
        activity = Activity(self.next_cmid(), kind, self.next_instance[kind](), course.id, title, **more)
        self.activities[activity.cmid] = activity
        if grademax is not None:
            item = GradeItem(self.next_item(), course.id, title, float(grademax), float(gradepass),
                             module=kind, instance=activity.instance,
                             idnumber="" if kind == "lti" else f"{course.shortname}-{activity.cmid}")
            if kind == "lti":
                item.tool_owned, item.link_id = True, activity.instance
            self.items[item.id] = item
        return activity

    def index(self):
        """Activities and columns by course and by module; made anew when one came or went."""
        now = (len(self.activities), next(reversed(self.activities), 0), len(self.items), next(reversed(self.items), 0))
        if self.looked_up != now:
            by_course = {"activities": {}, "items": {}}
            for name, things in (("activities", self.activities), ("items", self.items)):
                for thing in things.values():
                    by_course[name].setdefault(thing.course_id, []).append(thing)
            self.look_ups = {**by_course,
                             "item": {(i.module, i.instance): i for i in reversed(self.items.values())},
                             "activity": {(a.kind, a.instance): a for a in reversed(self.activities.values())}}
            self.looked_up = now
        return self.look_ups

    def activities_of(self, course):
        return self.index()["activities"].get(course.id, [])

    def items_of(self, course):
        return self.index()["items"].get(course.id, [])

    def item_of(self, activity):
        return self.index()["item"].get((activity.kind, activity.instance))

    def activity_of(self, item):
        return self.index()["activity"].get((item.module, item.instance))

    def last_access(self, course, user):
        return self.accesses.get((course.id, user.id), self.opened - 3600 - user.id * 61 % 86400)

    def visit(self, course, user, when=None):
        """Moodle notes a person's access at most once a minute."""
        when = self.now() if when is None else when
        if when - self.last_access(course, user) >= 60:
            self.accesses[(course.id, user.id)] = when

    def link(self, instance):
        return next((a for a in self.activities.values() if a.kind == "lti" and a.instance == instance), None)

    def launch_path(self, link, new_window=False):
        """Where a person's browser starts the tool."""
        if not self.is_canvas:
            return f"/mod/lti/launch.php?id={link.cmid}&triggerview=0" + ("&newwindow=1" if new_window else "")
        from .canvas import ids
        window = "&window=1" if new_window else ""
        if link.is_navigation:
            return f"/courses/{link.course_id}/external_tools/{self.tool.type_id}?display=borderless{window}"
        return (f"/courses/{link.course_id}/external_tools/retrieve?display=borderless"
                f"&resource_link_lookup_uuid={ids.link(self, link)}{window}")

    def selection_path(self, course, placement="link_selection"):
        """Where a teacher's browser starts deep linking."""
        if not self.is_canvas:
            return f"/mod/lti/contentitem.php?course={course.id}&id={self.tool.type_id}"
        return (f"/courses/{course.id}/external_tools/{self.tool.type_id}/resource_selection"
                f"?launch_type={placement}&display=borderless")

    def line_items_on(self, link):
        return [i for i in self.items.values() if i.tool_owned and i.link_id == link.instance]

    def submission(self, item, user_id):
        return self.submissions.setdefault((item.id, user_id), Submission())

    # ---- grades ----
    def grade(self, item, user_id):
        return self.grades.get((item.id, user_id))

    def set_grade(self, item, user_id, score, *, feedback=None, when=None, hidden=None,
                  overridden=False, in_module=True, grader=0):
        """Stores one grade. `in_module` also grades the assignment itself, as its own marking page does;
        without it the change is a gradebook override, which mod_assign_get_grades does not show."""
        when = self.now() if when is None else when
        grade = self.grades.setdefault((item.id, user_id), Grade())
        old = grade.score
        if score is not None:
            score = round(min(max(float(score), 0.0), item.grademax), 5)
        grade.score, grade.maximum, grade.time = score, item.grademax, when
        grade.overridden = overridden and score is not None
        if feedback is not None:
            grade.feedback = feedback
        if hidden is not None:
            grade.hidden = hidden
        if self.is_canvas:
            work = self.submission(item, user_id)
            work.graded_attempt, work.excused, work.pending, work.passed, work.posted = work.attempt, False, False, None, 0
        if in_module and item.module == "assign":
            key = (item.instance, user_id)
            if key not in self.assignment_grades and score is not None:
                self.assignment_grades[key] = AssignmentGrade(next(self.next_assignment_grade), score, when, when, grader)
            elif key in self.assignment_grades:
                row = self.assignment_grades[key]
                row.grade, row.modified = -1.0 if score is None else score, when
        activity = self.activity_of(item)
        if activity:
            self.note_completion(activity, user_id, when)
        if self.events is not None:
            from .canvas.events import grade_changed
            grade_changed(self, item, user_id, old)
        return grade

    def rescale(self, item, new_maximum):
        """A column's maximum changed: Moodle keeps every learner's percentage."""
        if item.grademax and new_maximum != item.grademax:
            for (item_id, _), grade in self.grades.items():
                if item_id == item.id and grade.score is not None:
                    grade.score = round(grade.score * new_maximum / item.grademax, 5)
                    grade.maximum = new_maximum
        item.grademax = new_maximum

    def delete_item(self, item):
        del self.items[item.id]
        for key in [k for k in self.grades if k[0] == item.id]:
            del self.grades[key]

    def course_total(self, course, user_id, with_hidden=True):
        """Natural aggregation: points over the maxima of what is graded. (None, 0) without any grade."""
        got = [(g.score, i.grademax) for i in self.items_of(course)
               if (g := self.grade(i, user_id)) and g.score is not None and (with_hidden or not g.hidden)]
        return (sum(s for s, _ in got), sum(m for _, m in got)) if got else (None, 0.0)

    def note_completion(self, activity, user_id, when):
        from .completion import activity_state
        state = activity_state(self, activity, user_id)
        if self.completion_changed.get((activity.cmid, user_id), (0, 0))[0] != state:
            self.completion_changed[(activity.cmid, user_id)] = (state, when)
