"""The web application: one lock around every request, the request log, errors as Moodle shows them."""
import time

from flask import Flask, g, redirect, render_template, request

from . import ags, control, launch, nrps, pages, registration, storage, teaching, token_service, webservice
from .canvas import ags as canvas_ags
from .canvas import launch as canvas_launch
from .canvas import events, notices, oauth, placements, register
from .canvas import nrps as canvas_nrps
from .canvas import rest as canvas_rest
from .canvas import services as canvas_services
from .guards import LoginRequired, MoodleError
from .keys import PlatformKey, ToolKeys

MOODLE = (launch, token_service, ags, nrps, registration, webservice)
CANVAS = (canvas_launch, canvas_services, canvas_ags, canvas_nrps, notices, placements, register, canvas_rest, oauth, events)
# These call the tool in the middle of the request: they take the lock themselves.
UNLOCKED = {"token.issue", "launch.content_item_return", "canvas_token.issue", "canvas_placements.response", "control.control"}
LOGGED_HEADERS = ("Accept", "Content-Type", "User-Agent", "Authorization", "Origin", "Referer")


def create_app(school):
    app = Flask(__name__)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.url_map.strict_slashes = False
    app.school = school
    school.key, school.past_key = PlatformKey(), None
    school.tool_keys = ToolKeys(school)
    if school.is_canvas:
        school.api = oauth.ApiKey(redirect_uris=tuple(uri.replace("/lti/launch", "/oauth/canvas") for uri in school.tool.redirect_uris))
        school.events = events.Stream(school)
    for room in (*(CANVAS if school.is_canvas else MOODLE), storage, control, pages, teaching):
        app.register_blueprint(room.blueprint)

    @app.before_request
    def enter():
        if is_of_interest(request.path):
            remember_request(school)
            school.crowd.enter()
            g.is_counted = True
        if request.path.startswith("/webservice/") and school.quirks.ws_slow:
            time.sleep(school.quirks.ws_slow)
        if request.path.startswith("/api/v1/") and school.quirks.rest_slow:
            time.sleep(school.quirks.rest_slow)
        if request.endpoint not in UNLOCKED:
            school.lock.acquire()
            g.holds_lock = True
        g.session = school.sessions.get(request.cookies.get("lmsid", ""))
        g.user = school.users.get(g.session.user_id) if g.session else None

    @app.teardown_request
    def leave(_problem):
        if g.pop("is_counted", False):
            school.crowd.leave()
        if g.pop("holds_lock", False):
            school.lock.release()

    @app.after_request
    def headers(response):
        response.headers.setdefault("Cache-Control", "private, no-store")
        if response.mimetype == "text/html" and request.path.startswith(("/course", "/my", "/admin", "/mod/lti/view")):
            response.headers["X-Frame-Options"] = "sameorigin"
        return response

    app.register_error_handler(MoodleError, lambda e: (render_template("error.html", message=e.message), e.status))
    app.register_error_handler(404, lambda e: (render_template("error.html", message="There is no such page."), 404))
    app.register_error_handler(LoginRequired, lambda e: redirect("/", 303))
    app.context_processor(lambda: {"school": school, "me": g.get("user"), "sesskey": g.session.sesskey if g.get("session") else ""})
    pages.add_filters(app)
    return app


def is_of_interest(path):
    return not path.startswith(("/_control/", "/static/"))


def remember_request(school):
    """Keeps what tests assert on. Form passwords do not exist here; bearer tokens are the school's own."""
    school.requests.append({
        "time": time.time(), "method": request.method, "path": request.path,
        "query": request.query_string.decode("utf-8", "replace"),
        "headers": {name: request.headers[name] for name in LOGGED_HEADERS if name in request.headers},
        "body": request.get_data(cache=True)[:8192].decode("utf-8", "replace")})
