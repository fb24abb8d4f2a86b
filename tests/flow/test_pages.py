"""The course's pages by role: who sees what, and what a teacher and a badge administrator do there."""
import html
import json
import re

import pytest

from support import laurel, web
from support.laurel import wait_until

PROMPT_S = 60
BADGES = [
    {"key": "task-one", "name": "First Task Done", "rule": {"item": "Task 1", "min_percent": 80}},
    {"key": "approved", "name": "Looked At Twice", "approval": "teacher", "rule": {"item": "Task 2", "min_points": 5}},
    {"key": "shown", "name": "Shown to Visitors",
     "rule": {"all": [{"badge": "task-one"}, {"manual": "explained <it> to \"visitors\""}]}},
    {"key": "careful", "name": "Careful Reader", "on_grade_drop": "review", "rule": {"item": "Task 3", "min_percent": 50}},
    {"key": "by-hand", "name": "Helped Others", "rule": {"manual": "helped somebody"}},
    {"key": "after", "name": "Helper and More", "rule": {"badge": "by-hand"}},
]
# What the table of routes says: (method, path, flags). Every page that is added comes into the matrices by itself.
ROUTES = re.findall(r'\{(WEB_GET|WEB_POST),\s*"/app/l/:launch/([^"]*)",\s*go_\w+,\s*([^}]*)\}',
                    (laurel.SOURCE / "module/page/page.c").read_text(encoding="utf-8"))
FOR_STAFF = [(method, path) for method, path, flags in ROUTES if "PAGE_TEACHER" in flags or "PAGE_ADMIN" in flags]


class Person:
    """Somebody inside the course, after a launch."""

    def __init__(self, school, user, claims=None):
        """claims: a merge patch on what the LMS says in the launch."""
        if claims is None:
            reply, self.browser = school.lms.launch(user)
        else:
            pending = school.laurel.begin(school.lms)
            minted = school.lms.control("mint", user=user, nonce=pending.nonce, claims_delta=claims)
            reply, self.browser = school.laurel.present(pending, minted["id_token"]), pending.browser
        assert reply.status == 303, f"{reply.status} {reply.text[:300]}"
        self.base = school.laurel.base
        self.home = re.sub(r"^https?://[^/]+", "", reply.location)

    def get(self, path=""):
        return self.browser.get(self.base + (path if path.startswith("/") else self.home + path))

    def page(self, path=""):
        reply = self.get(path)
        assert reply.status == 200, f"{path}: {reply.status} {reply.text[:300]}"
        return reply

    def send(self, path, fields, **headers):
        """A form as a page of ours sends it."""
        path = path if path.startswith("/") else self.home + path
        return self.browser.post(self.base + path, fields, headers={"Origin": self.base, "Sec-Fetch-Site": "same-origin", **headers})

    def csrf(self):
        return self.token()

    def token(self, path=""):
        """The page's form token; while grades are being read the page has no form."""
        return wait_until(lambda: self.page(path).fields().get("csrf"), 40, f"a form on the page /{path}")


class School:
    def __init__(self, place, lms):
        self.laurel, self.lms = place, lms
        self.course = lms.facts["courses"][0]
        self.cmid = {item["title"]: item["cmid"] for item in self.course["items"]}
        place.start()
        place.start_worker()
        self.teacher = Person(self, lms.user("editingteacher")["id"])
        laurel.import_badges(place, lms, BADGES)
        admin = lms.user("admin")["id"]
        place.cli("admin", "grant", "--issuer", lms.issuer, "--client-id", lms.client_id, "--sub", admin,
                  "--institution", "Northside College")
        self.admin = Person(self, admin)

    def student(self, nth):
        return self.lms.user("student", nth)

    def mark(self, user, grade, task):
        self.lms.mark(self.lms.user("editingteacher")["id"], self.course["id"], self.cmid[task], user["id"], grade)

    def why(self, user, badge):
        """The address of the why page of a learner and a badge, from the grid."""
        [found] = set(re.findall(r'href="(/app/l/[^"]+/why/[^"]+)"><span class="hidden">' + re.escape(f"{user['name']}, {badge}: "),
                                 html.unescape(self.teacher.page("grid").text)))
        return found

    def awards(self, user, badge, state="issued"):
        return [a for a in self.laurel.cli("award", "list", "--json").json()
                if a["learner"]["sub"] == str(user["id"]) and a["badge"]["name"] == badge and a["state"] == state]

    def grades_read(self):
        """Reads the course again and waits for it."""
        (before,), = self.laurel.rows("SELECT max(synced_at) FROM context")
        self.laurel.cli("sync")
        wait_until(lambda: self.laurel.rows("SELECT max(synced_at) FROM context") != [(before,)], PROMPT_S, "the course is read")


@pytest.fixture(scope="module")
def school(cluster):
    with laurel.school(cluster, seed=31) as (place, lms):
        school = School(place, lms)
        school.grades_read()
        yield school


@pytest.fixture(scope="module")
def pupil(school):
    return Person(school, school.student(0)["id"])


def badge_ids(school):
    return dict(school.laurel.rows("SELECT key, public_id::text FROM badge"))


def at(path, why, badge):
    """A route's path with names in it: whose why page this is, and a badge."""
    person = why.split("/why/")[1].split("/")[0]
    return path.replace(":person", person).replace(":badge", badge).replace(":deed", "award").replace(":decision", "take")


# --- who sees what

@pytest.mark.parametrize("method, path", FOR_STAFF)
def test_a_learner_is_refused_at_the_pages_of_teachers(school, pupil, method, path):
    """attacks.md E4: asked again for every request, also with the names and the form token of a page of their own."""
    where = at(path, school.why(school.student(0), "First Task Done"), badge_ids(school)["task-one"])
    reply = pupil.get(where) if method == "WEB_GET" else pupil.send(where, {"csrf": pupil.csrf(), "reason": "I want it"})
    assert reply.status == 403


def test_these_pages_and_no_more_are_for_learners():
    """attacks.md E4, F10: their forms ask for a reading, say what others see, and put what they have into a wallet; what
    they did comes from the LMS alone."""
    assert {(method, path) for method, path, _ in ROUTES} - set(FOR_STAFF) == {
        ("WEB_POST", "check"), ("WEB_POST", "badges/:badge/wallet"), ("WEB_POST", "badges/:badge/share"), *(
            ("WEB_GET", path) for path in (
                "", "learner", "fresh", "badges/:badge", "badges/:badge/share", "badges/:badge/wallet",
                "badges/:badge/download/:form", "download/badges.zip", "image/:badge.svg", "placed/:badge"))}


@pytest.mark.parametrize("deed", ["award", "revoke", "decide", "approve", "attest", "restore"])
def test_a_learner_awards_nothing(school, pupil, deed):
    """attacks.md E4, F10."""
    address = school.why(school.student(0), "First Task Done").split("/why/")[1]
    reply = pupil.send(f"why/{address}/{deed}", {"csrf": pupil.csrf(), "reason": "I want it", "decision": "approve"})
    assert reply.status == 403 and school.awards(school.student(0), "First Task Done") == []


def test_a_teacher_is_no_badge_administrator(school):
    assert school.teacher.get("badges").status == 403
    assert school.teacher.send("badges/import", {"csrf": school.teacher.token("grid"), "text": "{}"}).status == 403


@pytest.mark.parametrize("path", ["badges/00000000-0000-7000-8000-000000000000", "badges/1", "image/1.svg", "why/AAAAAAAAAAAAAAAAAAAAAA/%(badge)s",
                                  "image/00000000-0000-7000-8000-000000000000.svg", "nothing"])
def test_what_is_not_there_is_404(school, path):
    assert school.teacher.get(path % {"badge": badge_ids(school)["task-one"]}).status == 404


def test_another_institutions_badge_is_not_there(school):
    """attacks.md E1. Also for a badge administrator, by an id that exists, at every page that takes one."""
    foreign = "0190a1b2-0000-7000-8000-00000000000a"
    with school.laurel.connect() as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO institution (name) VALUES ('Elsewhere') RETURNING id")
        (institution,) = cursor.fetchone()
        cursor.execute("INSERT INTO issuer (institution_id, key, name, url) VALUES (%s, 'e', 'E', 'https://e.example') RETURNING id", [institution])
        (issuer,) = cursor.fetchone()
        cursor.execute("INSERT INTO badge (institution_id, issuer_id, public_id, key, name, definition)"
                       " VALUES (%s, %s, %s, 'theirs', 'Theirs', '{}')", [institution, issuer, foreign])
    why = school.why(school.student(0), "First Task Done")
    takes_one = [(method, at(path, why, foreign)) for method, path, _ in ROUTES if ":badge" in path]
    assert len(takes_one) >= 5
    for person in (school.admin, school.teacher):
        for method, path in takes_one:
            reply = person.get(path) if method == "WEB_GET" else person.send(path, {"csrf": person.token("learner"), "reason": "mine now"})
            assert reply.status == (200 if path.startswith("placed/") else 404), path      # a placed link opens the course then
            assert "Theirs" not in reply.text, path


def test_a_learner_sees_no_other_learner(school, pupil):
    others = [user["name"] for user in school.lms.facts["users"] if user["id"] != school.student(0)["id"]]
    for path in ("", "learner", f"badges/{badge_ids(school)['task-one']}"):
        shown = html.unescape(pupil.page(path).text)
        assert [name for name in others if name in shown] == []


def test_people_are_named_by_tokens_that_hold_in_one_course_only(school):
    """attacks.md E7."""
    token, badge = school.why(school.student(0), "First Task Done").split("/")[-2:]
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", token) and str(school.student(0)["id"]) != token
    [(person,)] = school.laurel.rows("SELECT id FROM person WHERE sub = %s", [str(school.student(0)["id"])])
    assert school.teacher.get(f"why/{person}/{badge}").status == 404


def test_the_picture_of_a_badge_can_do_nothing(school, pupil):
    reply = pupil.page(f"image/{badge_ids(school)['task-one']}.svg")
    assert reply.header("Content-Type") == "image/svg+xml" and "<svg" in reply.text and "<script" not in reply.text
    assert any("sandbox" in policy for policy in reply.all("Content-Security-Policy"))


def test_the_learner_view_of_a_teacher_knows_nobody(school):
    shown = school.teacher.page("learner").text
    assert "First Task Done" in shown and "Earned" not in re.sub(r"<h2.*?</h2>", "", shown)


CLAIM, CONTEXT_ROLE = "https://purl.imsglobal.org/spec/lti/claim/", "http://purl.imsglobal.org/vocab/lis/v2/membership#"


def test_a_mentor_sees_the_learners_of_the_launch_and_nobody_else(school):
    mine, other = school.student(3), school.student(2)
    mentor = Person(school, school.lms.user("teacher")["id"],
                    {CLAIM + "roles": [CONTEXT_ROLE + "Mentor"], CLAIM + "role_scope_mentor": [str(mine["id"]), "9999999"]})
    shown = html.unescape(mentor.page().text)
    assert mine["name"] in shown and other["name"] not in shown and "Check now" not in shown
    for path in ("grid", "badges"):
        assert mentor.get(path).status == 403


def test_a_guest_sees_badges_and_nobody(school):
    guest = Person(school, school.lms.user("teacher")["id"], {CLAIM + "roles": []})
    shown = html.unescape(guest.page().text)
    assert "You are a guest" in shown and "First Task Done" in shown and "Check now" not in shown
    assert [user["name"] for user in school.lms.facts["users"] if user["name"] in shown] == []
    assert guest.get("grid").status == 403
    reply = guest.send("check", {"csrf": school.teacher.token("learner"), "back": ""})
    assert reply.status == 403, "another session's token, and no role"


# --- search and choices

def test_search_and_choices_narrow_the_grid(school):
    ana, ben = school.student(0)["name"], school.student(1)["name"]
    def names(path):
        return re.findall(r'<span class="clamp">([^<]*)</span>', html.unescape(school.teacher.page(path).text))
    assert {ana, ben} <= set(names("grid"))
    assert names("grid?search=" + web.urllib.parse.quote(ana.upper())) == [ana]
    assert names("grid?search=nobody-is-called-this") == []
    assert names("grid?show=nonsense") == names("grid") == names("grid?page=99")
    assert school.teacher.get("grid?search=%FF").status == 400


# --- changes

def test_award_by_hand_and_revoke(school):
    ben = school.student(1)
    address = school.why(ben, "First Task Done")
    form = school.teacher.page(address).fields()
    too_short = school.teacher.send(f"{address}/award", {"csrf": form["csrf"], "reason": " x "})
    assert too_short.status == 400 and "Write a reason" in too_short.text and school.awards(ben, "First Task Done") == []
    done = school.teacher.send(f"{address}/award", {"csrf": form["csrf"], "reason": "shown <b>orally</b>"})
    assert done.status == 303 and done.location.endswith("?done=awarded")
    shown = school.teacher.page(done.location).text
    assert "shown &lt;b&gt;orally&lt;/b&gt;" in shown and "Awarded by hand" in shown and "The badge is awarded" in shown
    assert len(school.awards(ben, "First Task Done")) == 1
    assert school.teacher.send(f"{address}/award", {"csrf": form["csrf"], "reason": "once more"}).status == 409

    gone = school.teacher.send(f"{address}/revoke", {"csrf": form["csrf"], "reason": "it was Task 3, not Task 1"})
    assert gone.status == 303 and school.awards(ben, "First Task Done") == []
    seen = html.unescape(Person(school, ben["id"]).page().text)
    assert "Revoked" in seen and "it was Task 3, not Task 1" in seen
    assert school.teacher.send(f"{address}/revoke", {"csrf": form["csrf"], "reason": "once more"}).status == 409


def test_a_proposal_is_declined_with_a_reason_or_approved(school):
    cyd, dov = school.student(2), school.student(3)
    for user in (cyd, dov):
        school.mark(user, 6, "Task 2")
    school.grades_read()
    for user in (cyd, dov):
        wait_until(lambda: school.awards(user, "Looked At Twice", "proposed"), PROMPT_S, "the proposal")
    assert "Waiting for your teacher" in Person(school, cyd["id"]).page().text

    address = school.why(cyd, "Looked At Twice")
    token = school.teacher.token(address)
    silent = school.teacher.send(f"{address}/decide", {"csrf": token, "decision": "decline", "reason": ""})
    assert silent.status == 400 and len(school.awards(cyd, "Looked At Twice", "proposed")) == 1
    school.teacher.send(f"{address}/decide", {"csrf": token, "decision": "decline", "reason": "hand it in again"})
    assert len(school.awards(cyd, "Looked At Twice", "declined")) == 1
    assert "hand it in again" in Person(school, cyd["id"]).page().text

    address = school.why(dov, "Looked At Twice")
    assert school.teacher.send(f"{address}/decide", {"csrf": token, "decision": "approve"}).status == 303
    assert len(school.awards(dov, "Looked At Twice")) == 1
    assert school.teacher.send(f"{address}/decide", {"csrf": token, "decision": "approve"}).status == 409


def test_a_badge_whose_grade_dropped_waits_for_the_teacher_and_can_be_kept(school):
    fay = school.student(2)
    school.mark(fay, 90, "Task 3")
    school.grades_read()
    wait_until(lambda: school.awards(fay, "Careful Reader"), PROMPT_S, "the badge")
    school.mark(fay, 10, "Task 3")
    school.grades_read()
    address = school.why(fay, "Careful Reader")
    shown = html.unescape(school.teacher.page(address).text)
    assert "no longer meet the rule" in shown and "Keep the badge" in shown
    assert fay["name"] in html.unescape(school.teacher.page("grid?show=review").text)
    assert "Careful Reader" in Person(school, fay["id"]).page().text
    token = school.teacher.token(address)
    assert school.teacher.send(f"{address}/decide", {"csrf": token, "decision": "approve", "reason": ""}).status == 303
    assert len(school.awards(fay, "Careful Reader")) == 1
    assert "no longer meet the rule" not in school.teacher.page(address).text


def test_a_badge_given_by_hand_opens_the_next_one(school):
    gus = school.student(3)
    address = school.why(gus, "Helped Others")
    token = school.teacher.token(address)
    assert school.teacher.send(f"{address}/award", {"csrf": token, "reason": "tutored two others"}).status == 303
    wait_until(lambda: school.awards(gus, "Helper and More"), PROMPT_S, "the badge that asks for it")


def test_nobody_decides_about_a_badge_of_their_own(school):
    both = Person(school, school.student(1)["id"], {CLAIM + "roles": [
        "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor", "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"]})
    address = school.why(school.student(1), "Helped Others").split("/why/")[1]
    reply = both.send(f"why/{address}/award", {"csrf": both.token("grid"), "reason": "I deserve it"})
    assert reply.status == 403 and school.awards(school.student(1), "Helped Others") == []


def test_rights_for_one_issuer_end_at_its_badges(school):
    lms = school.lms
    def file_of(issuer, key):
        return json.dumps({"issuer": {"key": issuer, "name": issuer.title(), "url": "https://n.example"}, "badges": [
            {"key": key, "name": key.title(), "description": "d", "rule": {"manual": "x"}, "courses": [
                {"issuer": lms.issuer, "client_id": lms.client_id, "deployment_id": lms.deployment,
                 "context_id": str(school.course["id"])}]}]})
    path = school.laurel.folder / "maths.json"
    path.write_text(file_of("maths", "sums"), encoding="utf-8")
    school.laurel.cli("badge", "import", path)
    helper = lms.user("teacher")["id"]
    grant = ["admin", "grant", "--issuer", lms.issuer, "--client-id", lms.client_id, "--sub", helper,
             "--institution", "Northside College", "--badge-issuer"]
    assert "no badge issuer" in school.laurel.cli(*grant, "physics", check=False).err
    school.laurel.cli(*grant, "maths")
    person = Person(school, helper)
    listed = html.unescape(person.page("badges").text)
    assert "Sums" in listed and "First Task Done" not in listed
    own = upload(person, "badges/import", file_of("maths", "products"))
    assert own.status == 200 and "Products" in own.text
    other = upload(person, "badges/import", file_of("northside", "stolen"))
    assert other.status in (400, 403) and "rights are for other issuers" in html.unescape(other.text)
    theft = upload(person, "badges/import", file_of("maths", "task-one"))
    assert theft.status in (400, 403) and "belongs to the issuer" in html.unescape(theft.text)


def test_a_dry_run_writes_nothing(school):
    laurel.wait_until(lambda: school.laurel.rows("SELECT count(*) FROM job WHERE kind IN ('draw', 'sign') AND state <> 'dead'") == [(0,)],
                      120, "what earlier imports asked for is drawn and signed")
    before = school.laurel.counts()
    where = {"issuer": school.lms.issuer, "client_id": school.lms.client_id, "deployment_id": school.lms.deployment,
             "context_id": "nobody-was-here"}
    path = school.laurel.folder / "dry.json"
    path.write_text(json.dumps({"issuer": {"key": "n", "name": "N", "url": "https://n.example"}, "badges": [
        {"key": "dry", "name": "Dry", "description": "d", "courses": [where], "rule": {"item": "X"}}]}), encoding="utf-8")
    shown = school.laurel.cli("badge", "import", path, "--dry-run")
    assert "Nothing was changed" in shown.out and "nobody has opened Laurel" in shown.out
    after = school.laurel.counts()
    assert {t: n for t, n in after.items() if "job" not in t} == {t: n for t, n in before.items() if "job" not in t}


def test_a_teacher_confirms_what_only_a_teacher_can(school):
    eve = school.student(4)
    school.mark(eve, 90, "Task 1")
    school.grades_read()
    wait_until(lambda: school.awards(eve, "First Task Done"), PROMPT_S, "the first badge")
    address = school.why(eve, "Shown to Visitors")
    form = school.teacher.page(address).fields()
    assert form["condition"] == BADGES[2]["rule"]["all"][1]["manual"]
    other = school.teacher.send(f"{address}/attest", {"csrf": form["csrf"], "condition": "something else"})
    assert other.status == 409
    done = school.teacher.send(f"{address}/attest", {"csrf": form["csrf"], "condition": form["condition"], "evidence": "open day"})
    assert done.status == 303
    wait_until(lambda: school.awards(eve, "Shown to Visitors"), PROMPT_S, "the badge after the confirmation")
    assert "open day" in school.teacher.page(address).text


# --- forms

@pytest.mark.parametrize("fields, headers", [({"csrf": "wrong"}, {}), ({}, {}), (None, {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"})],
                         ids=["another token", "no token", "from elsewhere"])
def test_a_form_that_is_not_ours_changes_nothing(school, fields, headers):
    address = school.why(school.student(0), "First Task Done")
    token = school.teacher.token(address)
    reply = school.teacher.send(f"{address}/award", {"reason": "because", **({"csrf": token} if fields is None else fields)}, **headers)
    assert reply.status in (400, 403) and school.awards(school.student(0), "First Task Done") == []


@pytest.mark.parametrize("back, leads", [("grid", True), ("//evil.example/", False), ("https://evil.example/", False), ("", True)])
def test_check_now_leads_back_to_our_own_pages_only(school, back, leads):
    page = school.teacher
    [(before,)] = school.laurel.rows("SELECT max(sync_requested_at) FROM context")
    reply = page.send("check", {"csrf": page.token("learner"), "back": page.home + back if leads else back})
    assert reply.status == 303 and before is not None
    assert reply.location.removesuffix("?done=asked") == page.home + (back if leads else "")


# --- import

def upload(person, path, text, field="text", filename=None):
    """multipart/form-data, as the page's form sends it."""
    edge, token = "edge-of-a-part", person.page("badges").fields()["csrf"]
    what = f'name="{field}"' + (f'; filename="{filename}"\r\nContent-Type: application/json' if filename else "")
    body = (f'--{edge}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{token}\r\n'
            f'--{edge}\r\nContent-Disposition: form-data; {what}\r\n\r\n').encode() + text.encode() + f"\r\n--{edge}--\r\n".encode()
    return person.browser.request("POST", person.base + person.home + path, body=body,
                                  headers={"Content-Type": f"multipart/form-data; boundary={edge}", "Origin": person.base})


def badge_file(school, *badges):
    where = {"issuer": school.lms.issuer, "client_id": school.lms.client_id, "deployment_id": school.lms.deployment,
             "context_id": str(school.course["id"])}
    return json.dumps({"issuer": {"key": "northside", "name": "Northside College", "url": "https://northside.example"},
                       "badges": [{"description": "d", "courses": [where], **badge} for badge in badges]}, indent=1)


NEW = {"key": "third", "name": "Third <Task>", "rule": {"item": "Task 3"}}


@pytest.mark.parametrize("how", [{}, {"field": "file", "filename": "badges.json"}], ids=["pasted", "a file"])
def test_an_import_says_first_what_it_would_do(school, how):
    reply = upload(school.admin, "badges/import", badge_file(school, {**NEW, "key": f"third-{len(how)}"}), **how)
    assert reply.status == 200 and "1 new badge" in reply.text and "Third &lt;Task&gt;" in reply.text
    assert f"third-{len(how)}" not in badge_ids(school), "the dry run changes nothing"
    plan = reply.fields()["plan"]
    done = upload(school.admin, "badges/import/confirm", plan, field="plan")
    assert done.status == 303 and done.location.endswith("badges?done=imported")
    assert f"third-{len(how)}" in badge_ids(school)
    assert "Third &lt;Task&gt;" in school.admin.page("badges").text
    again = upload(school.admin, "badges/import", badge_file(school, {**NEW, "key": f"third-{len(how)}"}), **how)
    assert "0 new badges, 0 changed, 1 unchanged" in again.text


@pytest.mark.parametrize("path, field", [("badges/import", "text"), ("badges/import/confirm", "plan")])
def test_what_is_wrong_with_a_file_is_said_with_line_and_column(school, path, field):
    text = badge_file(school, {**NEW, "key": "wrong", "rule": {"item": "Task 3", "min_percent": "many"}})
    reply = upload(school.admin, path, text, field=field)
    assert reply.status == 400 and re.search(r"min_percent.*line \d+, column \d+", html.unescape(reply.text))
    assert html.unescape(re.search(r"<textarea[^>]*>(.*?)</textarea>", reply.text, re.S).group(1)).strip() == text
    assert "wrong" not in badge_ids(school)


def test_a_reference_that_fits_nothing_names_what_is_near(school):
    reply = upload(school.admin, "badges/import", badge_file(school, {**NEW, "key": "near", "rule": {"item": "Task 33"}}))
    assert reply.status == 400 and "Task 3" in re.search(r'id="import-problem">(.*?)</p>', reply.text, re.S).group(1)
