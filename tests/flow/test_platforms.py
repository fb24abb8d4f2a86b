"""Laurel and the demo LMS from the invitation to the score, as a Moodle and as a Canvas: what was built apart, together
(lti.md 4-7, 9, 14; moodle.md 3, 5, 6)."""
import contextlib
import html
import re
import threading
import urllib.parse

import pytest

from support import laurel, web
from support.forge import LTI
from support.laurel import Crowd, wait_until

SCHOOL = "Northside College"
PROMPT_S = 60
LEARNERS = 120
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
NOTICES = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
CANVAS = "https://canvas.instructure.com/lti/"
NEEDED = {AGS + "lineitem", AGS + "score", AGS + "result.readonly", NRPS}
TICKET = "Entry ticket"     # a column of the tool's, which is all that LTI shows of a Canvas
ISOLATES = {0x2068: None, 0x2069: None}     # around names, so that the page's direction stays
BADGES = [{"key": "entered", "name": "Well Prepared", "rule": {"item": TICKET, "min_percent": 50}},
          {"key": "helper", "name": "Helper", "gradebook": True, "rule": {"manual": "helped somebody"}},
          {"key": "speaker", "name": "Speaker", "gradebook": True, "rule": {"manual": "gave a talk"}}]


class Platform:
    """A demo LMS, and Laurel as its people meet it."""

    def __init__(self, place, lms):
        self.laurel, self.lms = place, lms
        self.admin = lms.browser(lms.user("admin")["id"])
        self.sesskey = self.admin.get(lms.public_url + "/my").fields()["sesskey"]
        self.teacher = lms.user("editingteacher")
        lms.login_url, lms.launch_url = place.base + "/lti/login", place.base + "/lti/launch"

    # --- the administrator

    def invite(self, *more):
        return self.laurel.cli("platform", "invite", *(more or ("--institution", SCHOOL)), "--json").json()["url"]

    def register(self, invite, type_id=0):
        """Opens the invitation in the LMS's own page; what its frame then shows."""
        query = urllib.parse.urlencode({"url": invite, "sesskey": self.sesskey, "type": type_id})
        page = self.admin.get(f"{self.lms.public_url}/admin/tools/register?{query}")
        [frame] = re.findall(r'<iframe[^>]*\bsrc="([^"]+)"', page.text)
        reply = self.admin.get(self.lms.public_url + html.unescape(frame))
        assert reply.status == 302, reply.text[:500]
        sent = reply.query()
        assert invite.endswith(sent["invite"]) and sent["openid_configuration"] and sent["registration_token"]
        return web.Browser().get(reply.location)

    def tools(self):
        """What the LMS knows of tools, oldest first; the first is the one it was started with."""
        return self.lms.state()["registrations"]

    def activate(self, tool):
        reply = self.admin.post(self.lms.public_url + "/admin/tools/activate",
                                {"sesskey": self.sesskey, "client_id": tool["client_id"]})
        assert reply.status == 303
        self.lms.facts.update({k: v for k, v in self.lms.state().items() if k in self.lms.facts})
        self.lms.client_id, self.lms.deployment = self.lms.facts["client_id"], self.lms.facts["deployment_id"]
        self.lms.slug = self.laurel.rows("SELECT slug FROM registration WHERE client_id = %s", [self.lms.client_id])[0][0]

    def shown(self):
        return self.laurel.cli("platform", "show", "--registration", self.lms.slug, "--json").json()

    def row(self):
        return self.laurel.rows("SELECT issuer, client_id, auth_url, token_url, jwks_url, product, scopes FROM registration"
                                " WHERE slug = %s", [self.lms.slug])

    # --- people

    @property
    def course(self):
        return self.lms.facts["courses"][0]

    def enter(self, user, link=None, here=None):
        """(address inside the tool, browser)"""
        reply, browser = self.lms.launch(user["id"], link, here=here)
        assert reply.status == 303, f"{reply.status} {reply.text[:800]}"
        return self.laurel.base + re.sub(r"^https?://[^/]+", "", reply.location), browser

    def see(self, user, link=None):
        """The text of the page a launch leads to."""
        address, browser = self.enter(user, link)
        page = browser.get(address)
        assert page.status == 200, page.text[:500]
        return html.unescape(re.sub(r"<[^>]+>", " ", page.text))

    def award(self, badge, user, link=None):
        """By hand, in the page about this learner and badge."""
        home, browser = self.enter(self.teacher, link)
        home = re.match(r".*/app/l/[^/]+/", home).group(0)
        found = browser.get(home + "grid?" + urllib.parse.urlencode({"search": user["name"], "show": "all"}))
        grid = html.unescape(found.text).translate(ISOLATES)
        why = re.search(rf'href="([^"]+/why/[^"]+)"><span class="hidden">{re.escape(user["name"])}, {badge}: ', grid).group(1)
        page = browser.get(self.laurel.base + why)
        reply = self.send(browser, f"{why}/award", {"csrf": page.fields()["csrf"], "reason": "Seen with my own eyes."})
        assert reply.status == 303, reply.text[:1000]

    def send(self, browser, path, fields):
        return browser.post(path if "://" in path else self.laurel.base + path, fields,
                            headers={"Origin": self.laurel.base, "Sec-Fetch-Site": "same-origin"})

    def holders(self, key, context=None):
        return {a["learner"]["sub"] for a in self.laurel.cli("award", "list", "--json").json()
                if a["badge"]["key"] == key and a["state"] == "issued" and a["learner"]["client_id"] == self.lms.client_id
                and (a["course"] or {}).get("context_id") == (context or self.course["context_id"])}

    # --- the worker

    def settled(self):
        return self.laurel.rows("SELECT count(*) FROM job WHERE state IN ('waiting', 'leased')") == [(0,)]

    def parked(self):
        return self.laurel.rows("SELECT kind, last_error FROM job WHERE state = 'parked' ORDER BY id")

    def of_course(self, columns, course=None):
        """What the database has of the course itself."""
        [row] = self.laurel.rows(f"SELECT {columns} FROM context c JOIN deployment d ON d.id = c.deployment_id"
                                 " WHERE d.deployment_id = %s AND c.context_id = %s",
                                 [self.lms.deployment, (course or self.course)["context_id"]])
        return row

    def read_again(self, course=None):
        """The course, by the worker, after now; nothing that was asked for before is left then."""
        def when():
            return self.of_course("c.synced_at", course)[0]
        before = when()
        self.laurel.cli("sync", "--course", (course or self.course)["context_id"])
        wait_until(lambda: when() not in (None, before) and self.settled(), PROMPT_S, "the course is read again")

    def received(self, prefix, since=0):
        return self.lms.control("requests", prefix=prefix, since=since)["requests"]

    def now(self):
        return self.lms.control("requests")["next"]

    def columns(self, course=None, label=None):
        return [i for i in self.lms.state()["line_items"] if i["course_id"] == (course or self.course)["id"]
                and label in (None, i["label"])]

    def scores(self, label, course=None):
        """user id -> score, of the one column with this name."""
        [column] = self.columns(course, label)
        return {g["user_id"]: g["score"] for g in column["grades"]}

    # --- adding content

    def choose(self, placement="link_selection"):
        """Presses the LMS's button. (address of the choice, browser at the tool, browser at the LMS)"""
        here, number = self.lms.browser(self.teacher["id"]), self.lms.deployment.partition(":")[0]
        path = f"/mod/lti/contentitem.php?course={self.course['id']}&id={number}"
        if self.lms.facts["personality"] == "canvas":
            path = f"/courses/{self.course['id']}/external_tools/{number}/resource_selection?launch_type={placement}"
        address, browser = self.enter(self.teacher, path, here)
        assert address.endswith("/pick")
        return address, browser, here

    def answer(self, *names, deed="add", placement="link_selection"):
        """Chooses by the names that are shown; the LMS's page about it, and its browser."""
        address, browser, here = self.choose(placement)
        page = browser.get(address)
        options = {html.unescape(n): v for v, n in re.findall(
            r'<input type="(?:radio|checkbox)" name="item" value="([^"]+)".*?<span[^>]*>([^<]+)</span>', page.text, re.S)}
        reply = self.send(browser, address, [("csrf", page.fields()["csrf"]), ("deed", deed)]
                          + [("item", options[name]) for name in names])
        assert reply.status == 200 and set(reply.fields()) == {"JWT"}, reply.text[:1000]
        return here.post(reply.action(), reply.fields()), here

    def place(self, name, placement="link_selection"):
        """The whole way; returns the new link."""
        reply, here = self.answer(name, placement=placement)
        assert reply.status == 200, reply.text[:500]
        before = [link["cmid"] for link in self.course["links"]]
        sesskey = here.get(f"{self.lms.public_url}/course/{self.course['id']}").fields()["sesskey"]
        assert here.post(f"{self.lms.public_url}/course/{self.course['id']}/activities", {"sesskey": sesskey}).status == 303
        self.lms.facts["courses"] = self.lms.state()["courses"]
        [link] = [link for link in self.course["links"] if link["cmid"] not in before]
        return link


class House:
    def __init__(self, cluster, stack):
        self.laurel = laurel.Laurel(cluster)
        stack.callback(self.laurel.close)
        found = []
        for personality, learners in (("moodle", 5), ("canvas", LEARNERS)):
            lms = laurel.Lms(self.laurel.base, seed=71, course="small", personality=personality, learners=learners)
            stack.callback(lms.close)
            self.laurel.allow.append(f"127.0.0.1:{lms.port}")
            found.append(lms)
        self.laurel.write_config()
        self.laurel.prepare().start()
        self.moodle, self.canvas = (Platform(self.laurel, lms) for lms in found)


@pytest.fixture(scope="module")
def house(cluster):
    with contextlib.ExitStack() as stack:
        yield House(cluster, stack)


def connected(platform, shown):
    """What both have in common when the window says that all is well."""
    assert shown.status == 200 and "Laurel is connected" in shown.text and SCHOOL in shown.text, shown.text[:1500]
    tool = platform.tools()[-1]
    host = urllib.parse.urlsplit(platform.laurel.base).netloc
    assert tool["domain"] == host and tool["login_url"] == platform.laurel.base + "/lti/login"
    assert tool["redirect_uris"] == [platform.laurel.base + "/lti/launch"] and not tool["is_active"]
    return tool


def own_key(platform, tool):
    """The registration's own, at its own address, which is where the LMS looks."""
    assert tool["jwks_url"] == f"{platform.laurel.base}/lti/jwks/{platform.lms.slug}"
    [key] = [k for k in platform.laurel.cli("key", "list", "--json").json() if k["registration"] == platform.lms.slug]
    assert key["use"] == "signs"


@pytest.fixture(scope="module")
def moodle(house):
    """Registered by an invitation, activated, with a grade source and badges."""
    platform = house.moodle
    tool = connected(platform, platform.register(platform.invite()))
    assert set(tool["scopes"]) == NEEDED
    assert [m["type"] for m in tool["registered"][TOOL]["messages"]] == ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"]
    assert platform.lms.state()["client_id"] != tool["client_id"], "nobody has activated it"
    platform.activate(tool)
    own_key(platform, tool)
    furnish(platform)
    return platform


@pytest.fixture(scope="module")
def canvas(house):
    """Registered by an invitation, turned on, its deployment approved, with a grade source and badges."""
    platform = house.canvas
    shown = platform.register(platform.invite())
    tool = connected(platform, shown)
    assert set(tool["scopes"]) == NEEDED | {NOTICES}
    told = tool["registered"][TOOL]
    assert [p for m in told["messages"] for p in m["placements"]] == [
        CANVAS + "course_navigation", CANVAS + "link_selection", CANVAS + "assignment_selection"]
    assert told[CANVAS + "privacy_level"] == "public"
    platform.activate(tool)
    own_key(platform, tool)
    refused, _ = platform.lms.launch(platform.teacher["id"])
    assert refused.status == 401 and "waits for" in html.unescape(refused.text), "a deployment nobody has approved"
    [waiting] = platform.shown()["parked"]
    assert waiting["deployment_id"] == platform.lms.deployment
    platform.laurel.cli("platform", "approve", "--registration", platform.lms.slug, "--deployment", platform.lms.deployment,
                        "--institution", SCHOOL)
    furnish(platform)
    return platform


def furnish(platform):
    if "worker" not in platform.laurel.processes:
        platform.laurel.start_worker()
    platform.lms.control("add_link", title=TICKET, grademax=10)
    platform.lms.facts["courses"] = platform.lms.state()["courses"]
    platform.enter(platform.teacher)
    laurel.add_source(platform.laurel, platform.lms)
    laurel.import_badges(platform.laurel, platform.lms,
                         [{**b, "key": f"{platform.lms.facts['personality']}-{b['key']}"} for b in BADGES])
    platform.read_again()


@pytest.fixture(params=["moodle", "canvas"])
def either(request):
    return request.getfixturevalue(request.param)


# --- registration


def test_after_the_registration_people_launch_and_services_work(either):
    student = either.lms.user("student")
    assert "Well Prepared" in either.see(student)
    assert either.shown()["deployments"] == [{**either.shown()["deployments"][0], "deployment_id": either.lms.deployment,
                                              "institution": SCHOOL}]
    assert either.parked() == []
    members = either.laurel.rows("SELECT count(*) FROM membership m JOIN context c ON c.id = m.context_id JOIN deployment d ON"
                                 " d.id = c.deployment_id WHERE d.deployment_id = %s AND m.is_active", [either.lms.deployment])
    assert members[0][0] >= len([u for u in either.lms.facts["users"] if u["role"] == "student"]), "the course was read"


def test_registering_once_more_makes_another_and_changes_nothing(either):
    before, known = either.row(), either.tools()
    count = either.laurel.rows("SELECT count(*) FROM registration")[0][0]
    assert "Laurel is connected" in either.register(either.invite()).text
    assert either.row() == before and either.tools()[:len(known)] == known
    assert either.laurel.rows("SELECT count(*) FROM registration") == [(count + 1,)]
    either.see(either.lms.user("student"))


def tool_of(moodle):
    return next(tool for tool in moodle.tools() if tool["client_id"] == moodle.lms.client_id)


def test_an_invitation_for_a_new_platform_does_not_update_a_moodle_tool(moodle):
    """The administrator chose "update" and brought the wrong link: nothing changes on either side."""
    before, tool = moodle.row(), tool_of(moodle)
    reply = moodle.register(moodle.invite(), type_id=tool["type_id"])
    assert reply.status == 409 and "--update" in reply.text, reply.text[:1500]
    assert moodle.row() == before and tool_of(moodle) == tool


def test_a_bound_invitation_shows_the_difference_and_updates_when_confirmed(moodle):
    before, tool = moodle.row(), tool_of(moodle)
    moodle.laurel.rows("UPDATE registration SET jwks_url = jwks_url || '?old' WHERE slug = %s RETURNING 1", [moodle.lms.slug])
    asked = moodle.register(moodle.invite("--update", moodle.lms.slug), type_id=tool["type_id"])
    try:
        assert asked.status == 200 and moodle.lms.jwks_url + "?old" in html.unescape(asked.text), asked.text[:1500]
        assert moodle.row() != before and tool_of(moodle) == tool, "something happened before the confirmation"
        done = moodle.send(web.Browser(), asked.action(), asked.fields())
        assert done.status == 200 and "updated" in done.text, done.text[:1500]
        assert moodle.row() == before and tool_of(moodle) == tool, "both sides say the same of each other again"
    finally:
        moodle.laurel.rows("UPDATE registration SET jwks_url = %s WHERE slug = %s RETURNING 1", [moodle.lms.jwks_url, moodle.lms.slug])
    moodle.see(moodle.lms.user("student"))
    moodle.read_again()
    assert moodle.parked() == []


# --- what Canvas sends


def test_canvas_people_have_opaque_names_and_the_menu_is_a_link_of_its_own(canvas):
    student = canvas.lms.user("student", 1)
    canvas.enter(student)
    [(sub, link)] = canvas.laurel.rows(
        "SELECT p.sub, l.resource_link_id FROM person p, resource_link l JOIN context c ON c.id = l.context_id"
        " WHERE p.sub = %s AND c.context_id = %s AND l.resource_link_id = c.context_id",
        [student["sub"], canvas.course["context_id"]])
    assert sub == student["sub"] and re.fullmatch("[0-9a-f-]{36}", sub) and link == canvas.course["context_id"]


def test_a_hint_of_canvas_comes_back_whole(canvas):
    """It is longer than any of Moodle's, and the LMS opens nothing without it."""
    here = canvas.lms.browser(canvas.teacher["id"])
    form = here.get(canvas.lms.public_url + canvas.lms.launch_path())
    assert len(form.fields()["lti_message_hint"]) > 1000
    for method in ("GET", "POST"):
        fields = {k: v for k, v in form.fields().items() if k != "lti_storage_target"}
        reply = (web.Browser().post(form.action(), fields) if method == "POST"
                 else web.Browser().get(form.action() + "?" + urllib.parse.urlencode(fields)))
        assert reply.query()["lti_message_hint"] == form.fields()["lti_message_hint"]


def test_canvas_student_view_is_awarded_nothing(canvas):
    """The same grade, in the same reading, as a learner who is."""
    viewer, learner = canvas.lms.control("add_test_student"), canvas.lms.user("student", 2)
    canvas.enter(viewer)
    for user in (viewer, learner):
        canvas.lms.control("set_grade", user=user["id"], item_title=TICKET, grade=9)
    canvas.read_again()
    assert canvas.holders("canvas-entered") == {learner["sub"]}
    assert "Well Prepared" in canvas.see(viewer)
    known = canvas.laurel.rows("SELECT p.sub, m.is_test_user FROM membership m JOIN person p ON p.id = m.person_id"
                               " WHERE p.sub IN (%s, %s)", [viewer["sub"], learner["sub"]])
    assert dict(known) == {viewer["sub"]: True, learner["sub"]: False}, "the roster's silence alone keeps the badge away"


def test_a_canvas_observer_sees_the_observed_learner_only(canvas):
    child, other = canvas.lms.user("student", 3), canvas.lms.user("student", 4)
    for user in (child, other):
        canvas.lms.control("set_grade", user=user["id"], item_title=TICKET, grade=8)
    parent = canvas.lms.control("add_user", given="Mo", family="Mentor", course=canvas.course["id"], role="observer",
                                observes=[child["id"]])
    canvas.read_again()
    seen = canvas.see(parent)
    assert child["name"] in seen and "Well Prepared" in seen
    assert not [u["name"] for u in canvas.lms.facts["users"] if u["name"] in seen and u["id"] not in (child["id"], parent["id"])]
    home, browser = canvas.enter(parent)
    assert browser.get(home + "grid").status == 403


# --- deep linking


def test_a_badge_is_placed_and_its_score_lands_in_the_column_it_came_with(either):
    student = either.lms.user("student", 0)
    link = either.place("Helper")
    assert link["title"] == "Helper"
    [column] = either.columns(label="Helper")
    [(badge,)] = either.laurel.rows("SELECT public_id::text FROM badge WHERE key = %s", [f"{either.lms.facts['personality']}-helper"])
    assert (column["resource_id"], column["tag"], column["score_maximum"]) == (badge, "laurel-badge", 1)
    custom = either.lms.control("mint", user=student["id"], nonce="n", resource_link=link["instance"])["claims"][LTI + "custom"]
    assert (custom["laurel_view"], custom["laurel_badge"]) == ("badge", badge)
    address, browser = either.enter(student, link["cmid"])
    assert address.endswith(f"placed/{badge}") and "Helper" in browser.get(address).text
    either.award("Helper", student)
    wait_until(lambda: either.scores("Helper").get(student["id"]) == 1, PROMPT_S, "the score")
    wait_until(either.settled, PROMPT_S, "no job is left")
    assert either.columns(label="Helper") == [{**column, "grades": either.columns(label="Helper")[0]["grades"]}], "a second column"
    assert either.parked() == []


def test_several_things_go_at_once_where_they_may(either):
    reply, _ = either.answer("My badges", "Course progress")
    assert reply.status == 200 and "2 things chosen." in reply.text


def test_cancelling_leaves_the_course_as_it_was(either):
    before = either.course
    reply, _ = either.answer(deed="cancel")
    assert reply.status == 200 and "Nothing was chosen" in reply.text, "Canvas takes it only with its data and a fresh nonce"
    assert either.lms.state()["courses"][0] == before


def test_a_placement_of_canvas_that_takes_one_thing_gets_one(canvas):
    address, browser, _ = canvas.choose("assignment_selection")
    page = browser.get(address).text
    assert 'type="radio"' in page and 'type="checkbox"' not in page


def test_a_score_for_an_unpublished_assignment_waits_with_canvas_reason(canvas):
    """422: Canvas makes the assignment unpublished."""
    student = canvas.lms.user("student", 5)
    canvas.place("Speaker", placement="assignment_selection")
    [column] = canvas.columns(label="Speaker")
    assert not column["published"]
    canvas.award("Speaker", student)
    [(kind, error)] = wait_until(canvas.parked, PROMPT_S, "the score is parked")
    assert kind == "score" and "(422)" in error and "unpublished" in error, error
    canvas.lms.control("set_item", item_id=column["id"], published=True)
    canvas.laurel.rows("UPDATE job SET state = 'waiting', run_at = now() WHERE state = 'parked' RETURNING 1")
    wait_until(lambda: canvas.scores("Speaker").get(student["id"]) == 1, PROMPT_S, "the score after it was published")
    assert [a["count"] for a in canvas.lms.state()["attempts"] if a["item_id"] == column["id"]] in ([], [0]), "no attempt of the learner's"


def test_a_column_that_is_not_ours_is_refused_by_canvas_and_waits(canvas):
    """412: somebody else's assignment."""
    student, foreign = canvas.lms.user("student", 6), canvas.course["items"][0]["item_id"]
    [(url,)] = canvas.laurel.rows("SELECT l.url FROM line_item l JOIN badge b ON b.id = l.badge_id WHERE b.key = 'canvas-helper'")
    canvas.laurel.rows("UPDATE line_item SET url = regexp_replace(url, '[0-9]+$', %s) WHERE url = %s RETURNING 1", [str(foreign), url])
    try:
        canvas.award("Helper", student)
        [(kind, error)] = wait_until(canvas.parked, PROMPT_S, "the score is parked")
        assert kind == "score" and "(412)" in error and "permission" in error, error
    finally:
        canvas.laurel.rows("UPDATE line_item SET url = %s WHERE url LIKE '%%/' || %s RETURNING 1", [url, str(foreign)])
        canvas.laurel.rows("DELETE FROM job WHERE state = 'parked' RETURNING 1")


def test_a_concluded_course_of_canvas_is_read_no_more_and_says_why(canvas):
    before = canvas.holders("canvas-entered")
    canvas.lms.control("set_course", concluded=True)
    try:
        canvas.laurel.cli("sync", "--course", canvas.course["context_id"])
        [text] = wait_until(lambda: [e for e in canvas.of_course("c.sync_error") if e], PROMPT_S, "the reading failed")
        assert "is it concluded" in text, "what 422 means for a list of columns"
    finally:
        canvas.lms.control("set_course", concluded=False)
        canvas.laurel.rows("DELETE FROM job WHERE state = 'parked' RETURNING 1")
    canvas.read_again()
    assert canvas.of_course("c.sync_error") == (None,) and canvas.holders("canvas-entered") == before


# --- copies


def copied(platform, kind):
    """The course is copied: asked about, nothing awarded, confirmed, awarded."""
    learner = platform.lms.user("student", 1)
    new = platform.lms.control("copy_course", shortname=f"copy-{kind}", title="Once more")
    entry = next(link["launch_path"] for link in new["links"] if link["title"] == "Badges")
    platform.lms.control("enrol", user=learner["id"], course=new["id"])
    platform.lms.control("set_grade", user=learner["id"], course=new["id"], item_title=TICKET, grade=10)
    home, browser = platform.enter(platform.teacher, entry)
    grid = browser.get(home + "grid").text
    assert "This course was copied from Small course" in html.unescape(grid), grid[:3000]
    platform.read_again(new)
    page = browser.get(home + "copy")
    key = f"{kind}-entered"
    assert platform.holders(key, new["context_id"]) == set(), "something was awarded before anybody confirmed"
    answers = {}
    for name, body in re.findall(r'<select[^>]*name="(item-\d+)"[^>]*>(.*?)</select>', page.text, re.S):
        [answers[name]] = re.findall(r'<option value="([^"]*)" selected', body)
    reply = platform.send(browser, home + "copy/confirm", {"csrf": page.fields()["csrf"], "seen": page.fields()["seen"], **answers})
    assert reply.status == 303, reply.text[:1500]
    wait_until(lambda: learner["sub"] in platform.holders(key, new["context_id"]), PROMPT_S, "the award in the new course")
    return new, entry, learner


def test_a_copied_course_of_canvas_is_announced_and_taken_over(canvas):
    ours = canvas.laurel.base + "/lti/notices"
    wait_until(lambda: canvas.lms.state()["notice_handlers"] == {"LtiContextCopyNotice": ours}, PROMPT_S, "a handler for copies only")
    new, entry, learner = copied(canvas, "canvas")
    [sent] = canvas.lms.state()["notices"]
    assert (sent["handler"], sent["status"]) == (ours, 200)
    # A badge by hand, and its score in the column that came along with the copy.
    columns = canvas.columns(new, "Helper")
    assert len(columns) == 1
    canvas.award("Helper", learner, entry)
    wait_until(lambda: canvas.scores("Helper", new).get(learner["id"]) == 1, PROMPT_S, "the score in the copied column")
    assert [c["id"] for c in canvas.columns(new, "Helper")] == [c["id"] for c in columns]


def test_a_copied_course_of_moodle_says_so_in_its_launches(moodle):
    copied(moodle, "moodle")


# --- the roster


def test_three_pages_of_members_are_read_and_who_leaves_is_not_counted(canvas):
    leaver = canvas.lms.user("student", LEARNERS - 1)
    canvas.lms.control("set_grade", user=leaver["id"], item_title=TICKET, grade=10)
    canvas.read_again()     # what earlier launches asked for
    since = canvas.now()
    canvas.read_again()
    pages = [urllib.parse.parse_qs(r["query"]).get("page", ["1"])[0] for r in canvas.received("/api/lti/courses", since)
             if r["path"].endswith(f"/{canvas.course['id']}/names_and_roles")]
    assert pages == ["1", "2", "3"]

    def counted():
        home, browser = canvas.enter(canvas.teacher)
        return int(re.search(r"<strong>(\d+)</strong> learners?", browser.get(home + "grid").text).group(1))
    before = counted()
    assert before == LEARNERS and leaver["sub"] in canvas.holders("canvas-entered")
    canvas.lms.control("unenrol", user=leaver["id"], course=canvas.course["id"])
    canvas.read_again()
    assert counted() == before - 1 and leaver["sub"] in canvas.holders("canvas-entered")


def test_the_probe_says_what_canvas_grants(canvas):
    canvas.laurel.rows("INSERT INTO job (institution_id, kind, dedupe, payload) SELECT institution_id, 'probe', 'probe:test',"
                       " jsonb_build_object('deployment', id) FROM deployment WHERE deployment_id = %s RETURNING 1",
                       [canvas.lms.deployment])
    [(found,)] = wait_until(lambda: canvas.laurel.rows("SELECT capabilities FROM deployment WHERE deployment_id = %s AND probed_at"
                                                       " IS NOT NULL", [canvas.lms.deployment]), PROMPT_S, "the probe")
    judged = {name: value["good"] for name, value in found.items() if isinstance(value, dict)}
    assert {name for name, is_good in judged.items() if not is_good} == {"lineitem_read"}, "which the registration did not ask for"
    assert {"lineitem", "score", "result_read", "roster", "source"} < judged.keys() and found["names"] == found["people"] > 0


# --- trouble


def test_an_expired_token_is_asked_for_once_more(canvas):
    def failed():
        return [line["text"] for line in canvas.laurel.logs(canvas.laurel.worker_log) if line["event"] == "job_failed"]
    canvas.read_again()
    canvas.lms.control("expire_tokens")
    before, since = failed(), canvas.now()
    canvas.read_again()
    assert failed() == before, "the job came back instead of the request"
    asked = canvas.received("/", since)
    wanted = [urllib.parse.parse_qs(r["body"])["scope"] for r in asked if r["path"] == "/login/oauth2/token"]
    assert wanted and sorted(wanted) == sorted({tuple(w): w for w in wanted}.values()), "a token for each purpose, once"
    rosters = [r["query"] for r in asked if r["path"].endswith(f"/{canvas.course['id']}/names_and_roles")]
    assert len(rosters) == 4 and rosters[0] == rosters[1], "one retry, with the new token"
    assert canvas.parked() == []


def test_canvas_turns_its_key_while_people_launch(canvas):
    since = canvas.now()
    users, turns, gone = [canvas.lms.user("student", n) for n in range(8)], 4, threading.Semaphore(0)

    def turn():
        for _ in range(len(users) * turns // 2):
            gone.acquire()
        canvas.lms.control("set_quirk", name="rotate_key", value=True)

    turner = threading.Thread(target=turn)
    turner.start()

    def one(n):
        statuses = []
        for _ in range(turns):
            gone.release()
            statuses.append(canvas.lms.launch(users[n]["id"])[0].status)
        return statuses
    results = Crowd.run(len(users), one)
    turner.join()
    assert results == [[303] * turns] * len(users)
    assert len(canvas.received("/api/lti/security/jwks", since)) == 1, "the new key was not fetched, or by everybody"


def test_fifty_first_launches_of_canvas_make_one_column(cluster):
    """Nobody had opened the course: fifty learners do, three workers read, award and write."""
    with laurel.school(cluster, seed=72, lms_options={"personality": "canvas", "learners": 50}) as (place, lms):
        place.start()
        lms.control("add_link", title=TICKET, grademax=10)
        users, course = [u for u in lms.facts["users"] if u["role"] == "student"], lms.facts["courses"][0]
        lms.control("set_grades", grades=[{"user": user["id"], "item_title": TICKET, "grade": 9} for user in users])
        assert lms.launch(lms.user("editingteacher")["id"])[0].status == 303
        laurel.import_badges(place, lms, [{**BADGES[0], "gradebook": True}])
        for n in range(3):
            place.start_worker(f"worker-{n}")
        replies = Crowd.run(len(users), lambda n: lms.launch(users[n]["id"])[0])
        assert [r.status for r in replies if not isinstance(r, Exception)] == [303] * len(users), replies

        def scored():
            columns = [c for c in lms.state()["line_items"] if c["label"] == "Well Prepared"]
            return {g["user_id"] for c in columns for g in c["grades"] if g["score"] is not None}
        wait_until(lambda: scored() == {u["id"] for u in users}, PROMPT_S, "every learner has a score")
        created = [r for r in lms.control("requests", prefix="/api/lti/courses")["requests"]
                   if r["method"] == "POST" and r["path"].endswith(f"/{course['id']}/line_items")]
        assert len(created) == 1 and len([c for c in lms.state()["line_items"] if c["label"] == "Well Prepared"]) == 1
