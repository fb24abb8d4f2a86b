"""Drives the demo LMS from tests: starts it, speaks its control API, walks through launches as a browser would.

    with DemoLms.start(seed=7, course="small") as lms:
        browser = lms.browser(lms.ready["users"][0]["id"])
        form = browser.begin_launch(cmid)           # the six fields of the login initiation
        answer = browser.answer_auth(form, nonce="n", state="s")    # what would be posted to the tool
"""
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser

HERE = os.path.dirname(os.path.abspath(__file__))
DEBIAN_PYTHON = "/usr/bin/python3"


class Reply:
    def __init__(self, raw):
        self.status, self.reason, self.headers, self.url = raw.status, raw.reason, raw.headers, raw.url
        self.body = raw.read()

    @property
    def text(self):
        return self.body.decode("utf-8")

    def json(self):
        return json.loads(self.body)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


def send(method, url, data=None, headers=None):
    """One request, redirects not followed, any status returned. A dict becomes a form."""
    if isinstance(data, dict):
        data = urllib.parse.urlencode(data)
    if isinstance(data, str):
        data = data.encode()
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    opener = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))
    try:
        return Reply(opener.open(request, timeout=30))
    except urllib.error.HTTPError as refused:
        return Reply(refused)


class FormReader(HTMLParser):
    """The first form of a page: its action, name and hidden fields."""

    def __init__(self):
        super().__init__()
        self.action = self.name = None
        self.fields = {}

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form" and self.action is None:
            self.action, self.name = attrs.get("action"), attrs.get("name")
        if tag == "input" and attrs.get("type") == "hidden" and attrs.get("name") not in self.fields:
            self.fields[attrs["name"]] = attrs.get("value", "")


def read_form(html):
    reader = FormReader()
    reader.feed(html)
    return reader


class Browser:
    """One person's session."""

    def __init__(self, lms, user_id):
        self.lms, self.user_id = lms, user_id
        reply = send("POST", lms.public_url + "/login", {"user": user_id})
        self.cookie = reply.headers["Set-Cookie"].split(";")[0]

    def get(self, path):
        return send("GET", self.lms.public_url + path, headers={"Cookie": self.cookie})

    def post(self, path, fields):
        return send("POST", self.lms.public_url + path, fields, {"Cookie": self.cookie})

    def begin_launch(self, cmid):
        """`cmid` of a link; at Canvas also a launch path."""
        path = cmid if isinstance(cmid, str) else f"/mod/lti/launch.php?id={cmid}&triggerview=0"
        return read_form(self.get(path).text)

    def begin_deep_linking(self, course_id, placement="link_selection"):
        tool = self.lms.ready["deployment_id"].partition(":")[0]
        path = f"/courses/{course_id}/external_tools/{tool}/resource_selection?launch_type={placement}"
        if self.lms.ready["personality"] == "moodle":
            path = f"/mod/lti/contentitem.php?course={course_id}&id={tool}"
        return read_form(self.get(path).text)

    def auth_fields(self, form, nonce, state, redirect_uri=None):
        """The authentication request a correct tool makes of a login initiation."""
        return {"scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none",
                "client_id": form.fields["client_id"], "redirect_uri": redirect_uri or self.lms.tool + "/lti/launch",
                "login_hint": form.fields["login_hint"], "lti_message_hint": form.fields["lti_message_hint"],
                "nonce": nonce, "state": state}

    def authenticate(self, fields):
        """Canvas's first address sends the browser on to the school's own."""
        reply = send("GET", self.lms.ready["auth_url"] + "?" + urllib.parse.urlencode(fields), headers={"Cookie": self.cookie})
        if reply.status == 302 and "/api/lti/authorize?" in reply.headers["Location"]:
            reply = send("GET", reply.headers["Location"], headers={"Cookie": self.cookie})
        return reply

    def answer_auth(self, form, nonce="nonce-1", state="state-1", **changes):
        """The form the platform then posts to the tool. A change to None leaves the parameter out."""
        fields = {**self.auth_fields(form, nonce, state), **changes}
        return read_form(self.authenticate({k: v for k, v in fields.items() if v is not None}).text)


class DemoLms:
    """A running demo LMS. `ready` is the line it printed."""

    def __init__(self, process, ready, tool):
        self.process, self.ready, self.tool = process, ready, tool
        self.issuer, self.public_url = ready["issuer"], ready["public_url"]

    @classmethod
    def start(cls, tool="http://127.0.0.1:9", timeout=30, **options):
        command = [DEBIAN_PYTHON if os.path.exists(DEBIAN_PYTHON) else sys.executable, os.path.join(HERE, "lms.py"), "--tool", tool]
        for name, value in options.items():
            command += ["--" + name.replace("_", "-"), str(value)]
        log = tempfile.TemporaryFile()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        ready, _, _ = select.select([process.stdout], [], [], timeout)
        line = process.stdout.readline() if ready else b""
        if not line:
            process.kill()
            process.wait()
            log.seek(0)
            raise RuntimeError("The demo LMS did not start: " + log.read().decode("utf-8", "replace")[-2000:])
        return cls(process, json.loads(line), tool)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(5)
        finally:
            self.process.kill()
            self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.stop()

    def control(self, command, **body):
        """One control command; a refusal is an error."""
        reply = send("POST", f"{self.public_url}/_control/{command}", json.dumps(body),
                     {"X-Control-Token": self.ready["control_token"], "Content-Type": "application/json"})
        if reply.status != 200:
            raise RuntimeError(f"{command}: {reply.status} {reply.text}")
        return reply.json()

    def quirk(self, name, value):
        return self.control("set_quirk", name=name, value=value)

    def browser(self, user_id):
        return Browser(self, user_id)

    def people(self, role):
        return [user for user in self.ready["users"] if user["role"] == role]

    def web_service(self, function, **parameters):
        query = {"wstoken": self.ready["ws_token"], "wsfunction": function, "moodlewsrestformat": "json", **parameters}
        return send("POST", self.ready["ws_url"] + "/webservice/rest/server.php", query).json()
