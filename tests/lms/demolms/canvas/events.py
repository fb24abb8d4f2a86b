"""Canvas Live Events: one data stream over HTTPS. A grade that changes is told to the target, in Canvas's own form or in
Caliper's, signed (as "Sign Payload") or not, by a thread of its own; what fails is tried four times, as Canvas does."""
import json
import queue
import threading
import time
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timezone

from flask import Blueprint, current_app, jsonify

from ..keys import PlatformKey, merge_patch

blueprint = Blueprint("canvas_events", __name__)
SHARD = 10 ** 13
TRIES, PAUSES, SEND_SECONDS = 4, (0.2, 0.5, 1.0), 15
CALIPER = "http://purl.imsglobal.org/ctx/caliper/v1p1"
FORMATS = ("canvas", "caliper")


class Stream:
    """Where events go; nowhere until `set_events`. Its keys are not those of launches."""

    def __init__(self, school):
        self.school, self.key = school, PlatformKey()
        self.account = uuid.uuid5(school.namespace, "account").hex + uuid.uuid5(school.namespace, "root").hex[:8]
        self.url, self.format, self.is_signed, self.sent = "", "canvas", True, []
        self.waiting = queue.Queue()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            url, name, body = self.waiting.get()
            deliver(self, url, name, body)

    def tell(self, name, event):
        """Later, by the thread: whoever holds the school's lock goes on."""
        if self.url:
            self.waiting.put((self.url, name, self.body(event)))

    def body(self, event, header_delta=None):
        return self.key.sign(event, header_delta) if self.is_signed else json.dumps(event)


def global_id(number):
    return str(SHARD + number)


def moment(school):
    return datetime.fromtimestamp(school.now(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.time_ns() // 10 ** 6 % 1000:03d}Z"


def grade_changed(school, item, user_id, old):
    """For School.set_grade: says so to the target, if there is one."""
    stream = school.events
    if stream is not None and stream.url:
        stream.tell("grade_change", grade_event(school, item, user_id, old))


def grade_event(school, item, user_id, old=None):
    return (caliper if school.events.format == "caliper" else raw)(school, item, user_id, old)


def raw(school, item, user_id, old):
    score = school.grade(item, user_id).score
    return {
        "metadata": {"event_name": "grade_change", "event_time": moment(school), "root_account_uuid": school.events.account,
                     "root_account_id": global_id(1), "root_account_lti_guid": school.events.account + ":canvas-lms",
                     "context_type": "Course", "context_id": global_id(item.course_id), "request_id": str(uuid.uuid4()),
                     "producer": "canvas", "hostname": school.public_url.partition("://")[2]},
        "body": {"submission_id": global_id(user_id * 1000 + item.id), "assignment_id": global_id(item.id),
                 "student_id": global_id(user_id), "user_id": global_id(user_id), "grade": None if score is None else str(score),
                 "score": score, "points_possible": item.grademax, "old_score": old, "grading_complete": score is not None}}


def caliper(school, item, user_id, _old):
    score, at = school.grade(item, user_id).score, moment(school)
    more = lambda **extension: {"com.instructure.canvas": extension}
    course = global_id(item.course_id)
    return {"sensor": school.public_url + "/", "sendTime": at, "dataVersion": CALIPER, "data": [{
        "@context": CALIPER, "id": f"urn:uuid:{uuid.uuid4()}", "type": "GradeEvent", "action": "Graded", "eventTime": at,
        "actor": {"id": "urn:instructure:canvas:system", "type": "SoftwareApplication",
                  "extensions": more(root_account_id=global_id(1), root_account_uuid=school.events.account)},
        "object": {"id": f"urn:instructure:canvas:submission:{global_id(user_id * 1000 + item.id)}", "type": "Attempt",
                   "assignee": f"urn:instructure:canvas:user:{global_id(user_id)}"},
        "generated": {"type": "Score", "maxScore": item.grademax, "scoreGiven": score},
        "group": {"id": f"urn:instructure:canvas:course:{course}", "type": "CourseOffering",
                  "extensions": more(context_type="Course", entity_id=course)}}]}


def bent(stream, event, delta=None, header_delta=None):
    """What to post for an event that JSON merge patches have bent."""
    return stream.body(merge_patch(event, delta or {}), header_delta)


def post(url, body):
    ask = urllib.request.Request(url, data=body.encode(), headers={"Content-Type": "application/jwt"})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(ask, timeout=SEND_SECONDS) as reply:
            return reply.status
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0


def deliver(stream, url, name, body):
    """Until it is taken. Call it without the lock."""
    for turn in range(TRIES):
        status = post(url, body)
        with stream.school.lock:
            stream.sent.append({"name": name, "status": status})
        if 200 <= status < 300 or turn == TRIES - 1:
            return status
        time.sleep(PAUSES[turn])
    return 0


@blueprint.get("/main/jwks")
def jwks():
    return jsonify(keys=[current_app.school.events.key.public()])
