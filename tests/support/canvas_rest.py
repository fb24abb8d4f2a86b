"""A small Canvas that answers the REST calls of a grade source, over real HTTP: paged with opaque bookmarks, ids as
strings where they are asked for so, scoped to a token. Tests change its dictionaries while it runs."""
import http.server
import json
import secrets
import threading
import time
import urllib.parse

POSTED, SUBMITTED = "2027-05-03T10:00:00Z", "2027-05-01T09:00:00Z"


def strings(value, key=""):
    """Ids as Canvas writes them for `Accept: application/json+canvas-string-ids`."""
    if isinstance(value, dict):
        return {k: strings(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [strings(v, key) for v in value]
    return str(value) if isinstance(value, int) and (key == "id" or key.endswith("_id")) else value


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.canvas.answer(self)


class Canvas:
    """One course, and `also`: contexts that are copies of it (same ids, other context id). `users`: id -> {name, sub, ...}; `enrolments`, `assignments`, `modules`: lists as the API gives them;
    `submissions`: (user, assignment) -> row; `progress`: user -> object; `states`: (user, module) -> state."""

    def __init__(self, course=55, context=None, page=3):
        self.course, self.context = course, context or secrets.token_hex(20)
        self.token, self.page = "7~" + secrets.token_hex(24), page
        self.users, self.enrolments, self.assignments, self.modules = {}, [], [], []
        self.submissions, self.progress, self.states, self.hide_final_grades = {}, {}, {}, False
        self.busy, self.denied, self.down, self.requests, self.rows = 0, set(), False, [], {}
        # `breaks_after`: so many more answers, then 503; `retry_after`: seconds, sent with the next `busy`; `slow`:
        # seconds an answer takes; `at_once`, `most`: requests under way, now and at most; `remaining`: of the rate limit.
        self.also, self.breaks_after, self.retry_after, self.slow, self.remaining = set(), None, None, 0, "599.1"
        self.scheme = []        # (name, value) of the course's own grading scheme
        self.slow_at = {}       # part of an address: seconds that answers there take besides
        self.at_once, self.most, self.good, self.lock = 0, 0, [], threading.Lock()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads, self.server.canvas = True, self
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.port = self.server.server_address[1]
        self.base = f"http://127.0.0.1:{self.port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    # --- the course

    def enrol(self, user, sub, name, kind="StudentEnrollment", state="active", **user_more):
        self.users[user] = {"id": user, "name": name, "sub": sub, **user_more}
        self.enrolments.append({"id": 9000 + len(self.enrolments), "user_id": user, "type": kind, "enrollment_state": state})

    def assign(self, number, name, points=10, **more):
        self.assignments.append({"id": number, "name": name, "points_possible": points, "grading_type": "points",
                                 "published": True, **more})

    def grade(self, user, assignment, score, **more):
        self.submissions[user, assignment] = {
            "id": user * 1000 + assignment, "user_id": user, "assignment_id": assignment, "score": score,
            "grade": None if score is None else str(score), "excused": False, "workflow_state": "graded", "attempt": 1,
            "grade_matches_current_submission": True, "submitted_at": SUBMITTED, "graded_at": POSTED, "posted_at": POSTED,
            **more}

    def ungrade(self, user, assignment):
        self.grade(user, assignment, None, workflow_state="submitted", graded_at=None)

    # --- the API

    def answer(self, request):
        with self.lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        try:
            time.sleep(self.slow + sum(seconds for part, seconds in self.slow_at.items() if part in request.path))
            self.reply(request)
        finally:
            with self.lock:
                self.at_once -= 1

    def is_broken(self):
        with self.lock:
            if self.breaks_after is not None and self.breaks_after > 0:
                self.breaks_after -= 1
                return False
        return self.down or self.breaks_after == 0

    def reply(self, request):
        address = urllib.parse.urlsplit(request.path)
        query = urllib.parse.parse_qs(address.query)
        self.requests.append(request.path)
        if self.is_broken():
            return self.send(request, 503, "<html>maintenance</html>", kind="text/html")
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return self.send(request, 401, {"errors": [{"message": "Invalid access token."}]},
                             **{"WWW-Authenticate": 'Bearer realm="canvas-lms"'})
        if self.busy > 0:
            self.busy -= 1
            return self.send(request, 403, "403 Forbidden (Rate Limit Exceeded)\n", kind="text/plain",
                             **({"Retry-After": str(self.retry_after)} if self.retry_after else {}))
        if any(part in request.path for part in self.denied):
            return self.send(request, 401, {"status": "unauthorized", "errors": [{"message": "not authorized"}]})
        bookmark = query.get("page", [""])[0]
        rows = self.rows.get(bookmark) if bookmark else self.find(address.path, query)
        if rows is None:
            return self.send(request, 404, {"errors": [{"message": "The specified resource does not exist."}]})
        self.good.append(request.path)
        if not isinstance(rows, list):
            return self.send(request, 200, rows)
        size = min(int(query.get("per_page", ["10"])[0]), self.page)
        links = {}
        if len(rows) > size:
            opaque = "bookmark:" + secrets.token_urlsafe(12)
            self.rows[opaque] = rows[size:]
            links["Link"] = f'<{self.base}{address.path}?page={opaque}&per_page={size}>; rel="next"'
        return self.send(request, 200, rows[:size], **links)

    def find(self, path, query):
        if path == "/api/v1/users/self":
            return {"id": 1, "name": "Laurel Reader"}
        if path.startswith("/api/v1/users/lti_1_3_id:"):
            found = [user for user in self.users.values() if path.endswith(":" + user["sub"])]
            return {"id": found[0]["id"], "name": found[0]["name"]} if found else None
        if path.startswith("/api/v1/users/"):
            return self.users.get(int(path.rsplit("/", 1)[1]))
        named = path.removeprefix("/api/v1/courses/lti_context_id:")
        if named in {self.context, *self.also} or path == f"/api/v1/courses/{self.course}":
            return {"id": self.course, "name": "Biology", "workflow_state": "available",
                    "hide_final_grades": self.hide_final_grades, "grading_standard_id": 7 if self.scheme else None}
        part = path.removeprefix(f"/api/v1/courses/{self.course}/")
        if part == "enrollments":
            return self.listed(query)
        if part == "assignments":
            return self.assignments
        if part == "students/submissions":
            return self.grouped(query["student_ids[]"]) if "grouped" in query else self.since(query)
        if part == "modules":
            return self.modules_for(query.get("student_id", [None])[0])
        if part == "grading_standards/7" and self.scheme:
            return {"id": 7, "title": "Words", "context_type": "Account", "context_id": 1,
                    "grading_scheme": [{"name": name, "value": value} for name, value in self.scheme]}
        if part == "outcome_rollups":
            return {"rollups": [], "linked": {"outcomes": []}}
        if part == "bulk_user_progress":
            return [{"id": user, "display_name": self.users[user]["name"], "progress": p} for user, p in self.progress.items()]
        if part.startswith("users/") and part.endswith("/progress"):
            return self.progress.get(int(part.split("/")[1]))
        return None

    def listed(self, query):
        rows = []
        for row in self.enrolments:
            wanted = query.get("user_id", [str(row["user_id"])]) == [str(row["user_id"])]
            if wanted and row["type"] in query.get("type[]", []) and row["enrollment_state"] in query.get("state[]", []):
                user = self.users[row["user_id"]]
                grades = {"grades": self.totals(row["user_id"])} if row["type"] == "StudentEnrollment" else {}
                rows.append({**row, "course_id": self.course, "sis_user_id": user.get("sis_user_id"),
                             "user": {"id": user["id"], "name": user["name"], "login_id": user.get("login_id")}, **grades})
        return rows

    def totals(self, user):
        """What is posted, as a percentage of what is graded, and of everything."""
        maximum = {a["id"]: a["points_possible"] or 0 for a in self.assignments}
        seen = [s for (who, _), s in self.submissions.items()
                if who == user and s["score"] is not None and s["posted_at"] and not s["excused"]]
        points, graded = sum(s["score"] for s in seen), sum(maximum.get(s["assignment_id"], 0) for s in seen)
        percent = lambda of: round(100 * points / of, 2) if of else None
        return {"current_score": percent(graded), "final_score": percent(sum(maximum.values())), "current_grade": None,
                "final_grade": None, "unposted_current_score": 99.0, "unposted_final_score": 99.0}

    def grouped(self, wanted):
        students = sorted({row["user_id"] for row in self.enrolments if "Student" in row["type"]})
        return [{"user_id": user, "section_id": 7,
                 "submissions": [s for (who, _), s in sorted(self.submissions.items()) if who == user]}
                for user in students if "all" in wanted or str(user) in wanted]

    def since(self, query):
        return [row for row in self.submissions.values() if all(
            (row[f"{what}_at"] or "") >= query[f"{what}_since"][0] for what in ("graded", "submitted") if f"{what}_since" in query)]

    def modules_for(self, student):
        if student is None:
            return self.modules
        return [{"id": m["id"], "name": m["name"], "state": self.states.get((int(student), m["id"]), "unlocked"),
                 "completed_at": POSTED if self.states.get((int(student), m["id"])) == "completed" else None}
                for m in self.modules]

    def send(self, request, status, body, kind="application/json; charset=utf-8", **headers):
        if not isinstance(body, str):
            by_string = "canvas-string-ids" in request.headers.get("Accept", "")
            body = json.dumps(strings(body) if by_string else body)
        data = body.encode()
        request.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), "X-Request-Cost": "0.9",
                            "X-Rate-Limit-Remaining": self.remaining, **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(data)
