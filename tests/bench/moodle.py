"""A Moodle web service that is only as big as one course: many learners, many assignments, quick answers."""
import http.server
import json
import threading
import time
import urllib.parse

ITEMS, FIRST_USER = 50, 1000
GRADED_AT = 1795000000


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self):
        course = self.server.course
        sent = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        with course.at_once:
            body = course.answer(sent).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()
        self.server.course.asked.append(time.monotonic())

    def log_message(self, *_):
        pass


class AtOnce:
    """Counts how many are inside together; each stays at least `delay_s`."""

    def __init__(self, delay_s=0.0):
        self.delay_s, self.lock, self.inside, self.highest = delay_s, threading.Lock(), 0, 0

    def __enter__(self):
        with self.lock:
            self.inside += 1
            self.highest = max(self.highest, self.inside)
        time.sleep(self.delay_s)

    def __exit__(self, *_):
        with self.lock:
            self.inside -= 1


class Course:
    """`score(user, item)` is what the teacher gave, or None: what differs from before was graded when it was set. `asked`
    has the time of each answer. Whatever course is asked for, it is this one."""

    def __init__(self, learners, delay_s=0.0):
        self.learners, self.asked, self.at_once = learners, [], AtOnce(delay_s)
        self.graded, self.known = {}, {}    # (user, item): time of the last change; the grade
        self.score = lambda user, item: None
        self.rows = [self.row_start(item) for item in range(ITEMS)]
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads, self.server.course = True, self
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.port = self.server.server_address[1]
        self.base = f"http://127.0.0.1:{self.port}"

    @property
    def score(self):
        return self.given

    @score.setter
    def score(self, given):
        now = int(time.time())
        for user in range(FIRST_USER, FIRST_USER + self.learners):
            for item in range(ITEMS):
                if self.known.get((user, item)) != given(user, item):
                    self.known[user, item], self.graded[user, item] = given(user, item), now
        self.given = given

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, sent):
        name = sent["wsfunction"]
        if name == "core_enrol_get_enrolled_users":
            at, limit = int(sent["options[0][value]"]), int(sent["options[1][value]"])
            return json.dumps([self.person(FIRST_USER + n) for n in range(at, min(at + limit, self.learners))])
        if name == "core_course_get_contents":
            return json.dumps([{"id": 1, "name": "Tasks", "modules": [self.module(item) for item in range(ITEMS)]}])
        if name == "gradereport_user_get_grade_items":
            return self.grades(int(sent["userid"]))
        if name == "mod_assign_get_grades":
            return self.newly_graded(int(sent["since"]))
        if name == "core_course_get_courses_by_field":
            return json.dumps({"courses": [{"id": int(sent["value"]), "enddate": 0}], "warnings": []})
        # Completion is not granted to this token: the reader notices, and asks once.
        return json.dumps({"exception": "webservice_access_exception", "errorcode": "accessexception",
                           "message": "Access control exception"})

    def newly_graded(self, since):
        rows = {}
        for (user, item), at in self.graded.items():
            if at >= since:
                grade = self.known[user, item]
                rows.setdefault(item, []).append({"id": user * ITEMS + item, "userid": user, "attemptnumber": 0, "timecreated": at,
                                                  "timemodified": at, "grader": 3, "grade": f"{-1 if grade is None else grade:.5f}"})
        return json.dumps({"assignments": [{"assignmentid": 1 + item, "grades": found} for item, found in rows.items()],
                           "warnings": []})

    @staticmethod
    def person(user):
        return {"id": user, "fullname": f"Person Number {user}", "email": f"user{user}@school.example", "idnumber": "",
                "lastaccess": GRADED_AT, "lastcourseaccess": GRADED_AT,
                "roles": [{"roleid": 5, "name": "", "shortname": "student", "sortorder": 0}]}

    @staticmethod
    def module(item):
        return {"id": 100 + item, "name": f"Task {item}", "instance": 1 + item, "modname": "assign", "visible": 1,
                "completion": 0}

    @staticmethod
    def row_start(item):
        return json.dumps({
            "id": 500 + item, "itemname": f"Task {item}", "itemtype": "mod", "itemmodule": "assign", "iteminstance": 1 + item,
            "itemnumber": 0, "idnumber": "", "categoryid": 1, "outcomeid": None, "scaleid": None, "locked": False,
            "cmid": 100 + item, "weightraw": 0.02, "gradedatesubmitted": None, "gradehiddenbydate": False,
            "gradeneedsupdate": False, "gradeishidden": False, "gradeislocked": False, "gradeisoverridden": False,
            "grademin": 0, "grademax": 100, "feedback": "", "feedbackformat": 0})[:-1]

    def grades(self, user):
        rows = []
        for item in range(ITEMS):
            score = self.score(user, item)
            rows.append(self.rows[item] + (
                ',"graderaw":null,"gradedategraded":null,"gradeformatted":"-"}' if score is None else
                f',"graderaw":{score},"gradedategraded":{GRADED_AT},"gradeformatted":"{score}.00"}}'))
        return (f'{{"usergrades":[{{"courseid":42,"userid":{user},"userfullname":"Person Number {user}","maxdepth":2,'
                f'"gradeitems":[{",".join(rows)}]}}],"warnings":[]}}')
