"""What anybody sees of an award, a badge and an issuer, and how learners decide it (DESIGN 3.2, 7 "Learner data")."""
import base64
import datetime
import hashlib
import html
import json
import os
import re
import shutil
import threading
import time
import urllib.parse

import pytest

from support import laurel, web
from support.laurel import wait_until

from .test_pages import Person

NAME = 'Lion & <img src=x onerror=alert(1)> "Tamer" 🦁'
BADGE = {"key": "lion", "name": NAME, "description": "Knows <b>lions</b>.", "valid_for_days": 730, "gradebook": True,
         "criteria": "Feed **them**. <script>alert(2)</script> [here](javascript:alert(3)) [there](https://lions.example/a)",
         "image_alt": 'A "lion"', "rule": {"all": [{"item": "Task 1", "min_percent": 80}]},
         "alignments": [{"name": "Lions <i>", "url": "https://frameworks.example/lions", "framework": "Zoo", "code": "L1"}]}
PLAIN = {"key": "plain", "name": "Plain Task", "rule": {"any": [{"item": "Task 2"}, {"badge": "lion"}]}}
DRAFT = {"key": "draft", "name": "Still a Draft", "courses": [], "rule": {"manual": "is thought about"}}
SECRET = "Tamed <u>two</u> lions before breakfast"
PROMPT_S = 60
PROGRAM = "application/vc+ld+json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


class Learner(Person):
    """A student with an award of a badge."""

    def __init__(self, desk, badge="lion"):
        self.desk, self.user = desk, desk.lms.user("student", desk.next)
        desk.next += 1
        desk.lms.mark(desk.teacher["id"], desk.course["id"], desk.cmid["Task 1" if badge == "lion" else "Task 2"], self.user["id"], 92)
        super().__init__(desk, self.user["id"])
        self.badge = desk.badges[badge]
        self.award = wait_until(lambda: desk.signed(self.user["id"], badge), PROMPT_S, "the signed award")
        self.where = f"badges/{self.badge}"

    def choose(self, do="share", identity="none", **shown):
        reply = self.send(self.where + "/share", {"csrf": self.token(self.where), "do": do, "identity": identity,
                                                  **{name: "1" for name, is_on in shown.items() if is_on}})
        assert reply.status == 303 and re.search(r"\?done=(un)?shared$", reply.location), f"{reply.status} {reply.text[:400]}"
        return reply

    def everything(self):
        """All that the world can get of the award, decoded: {what: text}."""
        page = self.desk.open(f"/awards/{self.award}")
        token = self.desk.open(f"/awards/{self.award}.jwt").text
        return {"page": html.unescape(page.text), "head": html.unescape(page.text.split("</head>")[0]),
                "json": json.dumps(json.loads(self.desk.open(f"/awards/{self.award}.json").text), ensure_ascii=False),
                "jwt": base64.urlsafe_b64decode(token.split(".")[1] + "==").decode(),
                "headers": str(page.headers)}


class Desk:
    def __init__(self, place, lms):
        self.laurel, self.lms, self.next = place, lms, 0
        self.course = lms.facts["courses"][0]
        self.cmid = {item["title"]: item["cmid"] for item in self.course["items"]}
        self.teacher = lms.user("editingteacher")
        place.allow.append(f"127.0.0.1:{place.port}")
        place.write_config()
        place.start()
        place.start_worker()
        self.staff = Person(self, self.teacher["id"])
        laurel.import_badges(place, lms, [BADGE, PLAIN, DRAFT])
        self.badges = dict(place.rows("SELECT key, public_id::text FROM badge"))
        (self.issuer,), = place.rows("SELECT public_id::text FROM issuer")

    def signed(self, user, badge):
        rows = self.laurel.rows("SELECT a.public_id::text FROM award a JOIN person p ON p.id = a.person_id JOIN badge b ON"
                                " b.id = a.badge_id WHERE p.sub = %s AND b.key = %s AND a.signed_at IS NOT NULL", (str(user), badge))
        return rows[0][0] if rows else None

    def get(self, path, method="GET", accept=BROWSER):
        return web.Browser().request(method, self.laurel.base + path, headers={"Accept": accept} if accept else {})

    def open(self, path, **more):
        reply = self.get(path, **more)
        assert reply.status == 200, f"{path}: {reply.status} {reply.text[:300]}"
        return reply

    def now(self, award, **columns):
        """Makes the award's row say something else."""
        sets = ", ".join(f"{name} = {value}" for name, value in columns.items())
        self.laurel.rows(f"UPDATE award SET {sets} WHERE public_id = %s RETURNING 1", (award,))


@pytest.fixture(scope="module")
def desk(cluster):
    with laurel.school(cluster, seed=20261205) as (place, lms):
        yield Desk(place, lms)


@pytest.fixture(scope="module")
def ana(desk):
    """Shares, with nothing shown."""
    ana = Learner(desk)
    ana.choose()
    return ana


@pytest.fixture(scope="module")
def cleo(desk):
    """Shares, and thinks better of it."""
    return Learner(desk)


@pytest.fixture(scope="module")
def ben(desk):
    """Whose switches are turned."""
    ben = Learner(desk)
    desk.laurel.rows(
        "INSERT INTO attestation (institution_id, badge_id, person_id, condition, by_person_id, evidence) SELECT institution_id,"
        " badge_id, person_id, 'tames <b>', person_id, %s FROM award WHERE public_id = %s RETURNING 1", (SECRET, ben.award))
    return ben


def meta(page, name):
    found = re.findall(r'<meta (?:name|property)="' + re.escape(name) + r'" content="([^"]*)">', page.text)
    return html.unescape(found[0]) if found else None


def same(reply):
    """Without what is another for each request."""
    return re.sub(r"\b[0-9a-f]{16}\b", "", reply.text), reply.header("Content-Type"), reply.header("Cache-Control")


# --- private until shared

def test_what_is_private_looks_as_if_it_were_not_there(desk, cleo):
    learner, unknown = cleo, "0195e0c2-7c3f-7d3a-9d1e-0123456789ab"
    for ending in ("", ".json", ".jwt"):
        for accept in (BROWSER, PROGRAM, None):
            for method in ("GET", "HEAD"):
                here, there = (desk.get(f"/awards/{id}{ending}", method, accept) for id in (learner.award, unknown))
                assert here.status == there.status == 404 and same(here) == same(there)
    assert "Private" in learner.page(learner.where).text and "Private" in learner.page("learner").text
    learner.choose()
    page = desk.open(f"/awards/{learner.award}")
    assert "<strong>Valid</strong>" in page.text and page.header("Cache-Control") == "no-store"
    assert "Shared" in learner.page("learner").text and "Shared since" in learner.page(learner.where).text
    [listed] = [a for a in desk.laurel.cli("award", "list", "--json").json() if a["id"] == learner.award]
    assert listed["url"] == f"{desk.laurel.base}/awards/{learner.award}"
    learner.choose(do="stop")
    for ending in ("", ".json", ".jwt"):
        here, there = (desk.get(f"/awards/{id}{ending}") for id in (learner.award, unknown))
        assert here.status == 404 and same(here) == same(there), "gone at once"
    assert "Private" in learner.page(learner.where).text


def second_process(desk):
    """Another `serve` of the same installation, behind a web server of its own: what fetches a path from it."""
    place, folder, port = desk.laurel, desk.laurel.folder / "second", laurel.free_port()
    folder.mkdir()
    socket, config = folder / "laurel.sock", folder / "laurel.conf"
    config.write_text(place.config.read_text(encoding="utf-8").replace(str(place.socket), str(socket)), encoding="utf-8")
    place.run("serve 2", [str(laurel.program()), "-c", str(config), "serve"], place.serve_log)
    laurel.private('write_nginx "$1" "$2" "$3"', folder, port, socket)
    nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    place.run("nginx 2", [nginx, "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")],
              folder / "nginx.log")

    def get(path):
        return web.Browser().request("GET", f"http://127.0.0.1:{port}{path}", headers={"Accept": BROWSER})

    def is_up():
        try:
            return get("/readyz").status == 200
        except OSError:
            return False
    wait_until(is_up, 30, "the second serve is ready")
    return get


def test_unsharing_counts_at_once_in_every_process(desk, ana, cleo):
    """Pages are kept for seconds in each process, and many are asked for together: nobody gets what is private by then, nor another's."""
    get, seen, is_over = second_process(desk), [], threading.Event()
    both = {learner.award: learner for learner in (ana, cleo)}
    url = desk.laurel.base + "/awards/"

    def look(award):
        while not is_over.is_set():
            begun = time.monotonic()
            page = get("/awards/" + award)
            is_right = page.status == 404 or f'<link rel="canonical" href="{url}{award}">' in page.text
            seen.append((award, begun, time.monotonic(), page.status, is_right))

    def between(start, end):
        return [status for award, begun, ended, status, _ in list(seen) if award == cleo.award and start < begun and ended < end]
    lookers = [threading.Thread(target=look, args=(award,)) for award in both for _ in range(6)]
    changes = []     # (is shared, asked for, done)
    cleo.choose()
    for looker in lookers:
        looker.start()
    try:
        for do in ("stop", "share") * 3 + ("stop",):
            begun = time.monotonic()
            cleo.choose(do=do)
            changes.append((do == "share", begun, done := time.monotonic()))
            wait_until(lambda: len(between(done, float("inf"))) > 5, 30, "some looks at the page")
    finally:
        is_over.set()
        for looker in lookers:
            looker.join()
    assert all(is_right for *_, is_right in seen), "somebody else's page"
    assert {status for award, _, _, status, _ in seen if award == ana.award} == {200}
    for (is_shared, _, done), (_, next_begun, _) in zip(changes, changes[1:] + [(None, float("inf"), None)]):
        assert set(between(done, next_begun)) == {200 if is_shared else 404}, is_shared
    assert desk.laurel.end("serve 2") == 0
    desk.laurel.end("nginx 2")


# --- only what was shared

SWITCHES = [dict(zip(("name", "results", "evidence"), (bool(n & 1), bool(n & 2), bool(n & 4)))) for n in range(8)]


@pytest.mark.parametrize("identity", ["none", "email", "lti"])
@pytest.mark.parametrize("shown", SWITCHES, ids=lambda s: "+".join(k for k, v in s.items() if v) or "nothing")
def test_each_switch_shows_its_own_thing_and_nothing_else(desk, ben, identity, shown):
    """attacks of the curious: after every choice all forms are read at once, and no job is waited for."""
    ben.choose(identity=identity, **shown)
    (name, email, sub, given, family), = desk.laurel.rows(
        "SELECT p.name, p.email, p.sub, p.given_name, p.family_name FROM award a JOIN person p ON p.id = a.person_id"
        " WHERE a.public_id = %s", (ben.award,))
    assert name and email and given and family
    got = ben.everything()
    for what, text in got.items():
        assert email not in text, what
        assert (name in text) == (shown["name"] and what in ("page", "head")), what
        assert (family in text) == (shown["name"] and what in ("page", "head")), what
        assert (SECRET in text) == (shown["evidence"] and what in ("page", "json", "jwt")), what
        assert bool(re.search(r"\b92\b", text)) == (shown["results"] and what in ("page", "json", "jwt")), what
    for what in ("json", "jwt"):
        subject = json.loads(got[what])["credentialSubject"]
        assert ("identifier" in subject) == (identity != "none")
        if identity != "none":
            one = subject["identifier"][0]
            assert [i["hashed"] for i in subject["identifier"]] == ([True] if identity == "email" else [True, False])
            known = email.lower() if identity == "email" else sub
            assert one["identityHash"] == "sha256$" + hashlib.sha256((known + one["salt"]).encode()).hexdigest()
    assert "<u>two" not in desk.open(f"/awards/{ben.award}").text
    form = ben.page(ben.where).text
    ticked = set(re.findall(r'type="checkbox" name="(\w+)" value="1" checked', form)) - {"code"}    # the wallet's
    assert ticked == {k for k, v in shown.items() if v}
    assert re.findall(r'name="identity" value="(\w+)" checked', form) == [identity]


def test_choices_stay_when_sharing_stops(desk, ben):
    ben.choose(identity="email", name=True, results=True)
    ben.choose(do="stop")
    form = ben.page(ben.where).text
    assert set(re.findall(r'name="(\w+)" value="1" checked', form)) - {"code"} == {"name", "results"}
    assert re.findall(r'name="identity" value="(\w+)" checked', form) == ["email"]


def test_an_address_that_is_not_known_is_not_offered(desk, ben):
    (email,), = desk.laurel.rows("SELECT p.email FROM award a JOIN person p ON p.id = a.person_id WHERE a.public_id = %s", (ben.award,))
    ben.choose(identity="none")

    def know(text):
        desk.laurel.rows("UPDATE person SET email = %s WHERE id = (SELECT person_id FROM award WHERE public_id = %s) RETURNING 1",
                         (text, ben.award))
    know("")
    assert 'value="email"' not in ben.page(ben.where).text and 'value="wallet"' not in ben.page(ben.where).text
    fields = {"csrf": ben.token(ben.where), "do": "share"}
    for identity, words in (("email", "has not told your e-mail address"), ("wallet", "to a wallet first"), ("king", "choose whose name")):
        reply = ben.send(ben.where + "/share", {**fields, "identity": identity})
        assert reply.status == 400 and words.lower() in html.unescape(reply.text).lower()
    know(email)
    ben.choose(identity="email")
    know("")
    ben.choose(do="stop")       # must always work
    assert desk.get(f"/awards/{ben.award}").status == 404
    know(email)


def test_open_badges_2_is_offered_where_it_works(desk, ben):
    """It demands an e-mail address of the issuer, and the learner's, hashed."""
    def offered(email, identity):
        desk.laurel.rows("UPDATE issuer SET email = %s RETURNING 1", (email,))
        ben.choose(identity=identity)
        page = ben.page(ben.where).text
        links = re.findall(r'href="([^"]*/download/ob2.png)"', page)
        assert all(ben.get(html.unescape(link)).status == 200 for link in links)
        assert bool(links) == (desk.get(f"/ob2/awards/{ben.award}", accept=PROGRAM).status == 200)
        return bool(links), "Older collections" in page
    assert offered("", "email") == (False, False), "nothing the learner chooses would help"
    assert offered("badges@northside.example", "none") == (False, True)
    assert offered("badges@northside.example", "email") == (True, False)
    desk.laurel.rows("UPDATE issuer SET email = '' RETURNING 1")


# --- nobody else decides

def test_others_cannot_share_it(desk, ana):
    other, staff = Learner(desk, "plain"), desk.staff
    before = desk.laurel.rows("SELECT shared_at FROM award WHERE public_id = %s", (ana.award,))
    for who in (other, staff):
        page = who.page(ana.where if who is staff else "learner")
        assert "/share" not in page.text
        reply = who.send(ana.where + "/share", {"csrf": who.token(), "do": "stop", "identity": "none"})
        assert reply.status == 404, reply.status
        assert who.send(ana.home + ana.where + "/share", {"csrf": who.token(), "do": "stop", "identity": "none"}).status in (401, 403)
    assert desk.laurel.rows("SELECT shared_at FROM award WHERE public_id = %s", (ana.award,)) == before
    forged = ana.send(ana.where + "/share", {"csrf": other.token(), "do": "stop", "identity": "none"})
    assert forged.status == 403
    foreign = ana.browser.post(ana.base + ana.home + ana.where + "/share", {"csrf": ana.token(ana.where), "do": "stop"},
                               headers={"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"})
    assert foreign.status == 403 and desk.get(f"/awards/{ana.award}").status == 200


# --- the verdict

def stamp(desk, award):
    return html.unescape(re.search(r'<div class="stamp stamp-(\w+)">.*?<strong>([^<]*)</strong>.*?<p>([^<]*)</p>',
                                   desk.open(f"/awards/{award}").text, re.S).expand(r"\1|\2|\3")).split("|")


def test_the_verdict_is_that_of_now(desk):
    learner = Learner(desk)
    learner.choose(name=True)
    assert stamp(desk, learner.award)[:2] == ["earned", "Valid"]
    desk.now(learner.award, expires_at="now() - interval '1 second'")
    assert stamp(desk, learner.award)[:2] == ["problem", "Expired"]
    desk.now(learner.award, expires_at="NULL")
    assert stamp(desk, learner.award) == ["earned", "Valid", "It does not expire."]
    desk.now(learner.award, state=3, suspended_at="now()")
    assert stamp(desk, learner.award)[:2] == ["review", "Suspended"]
    desk.now(learner.award, state=2, suspended_at="NULL")
    desk.now(learner.award, state=6)
    assert stamp(desk, learner.award)[:2] == ["review", "Replaced"]
    desk.now(learner.award, state=2)
    desk.laurel.rows("WITH kept AS (DELETE FROM credential c USING award a WHERE a.id = c.award_id AND a.public_id = %s RETURNING c.*)"
                     " SELECT 1 FROM kept", (learner.award,))
    assert stamp(desk, learner.award)[:2] == ["review", "Not signed yet"]
    assert "/verify?url" not in desk.open(f"/awards/{learner.award}").text
    desk.laurel.cli("award", "revoke", learner.award, "--reason", "Ana fed them cake")
    today = datetime.datetime.now(datetime.timezone.utc)
    state, word, text = stamp(desk, learner.award)
    assert (state, word) == ("problem", "Revoked") and f"withdrew it on {today.day} {today:%B %Y}" in text
    assert "cake" not in desk.open(f"/awards/{learner.award}").text, "a person's words stay inside"
    learner.choose(do="stop")
    assert desk.get(f"/awards/{learner.award}").status == 404, "hidden for ever, if the learner likes"


# --- what the page is

def test_a_page_that_is_kept_is_answered_as_when_it_was_made(desk, ana):
    """By another road: what protects it goes along."""
    desk.now(ana.award, issued_at="issued_at + interval '1 second'")    # so that it is made anew
    made, kept, head = (desk.get(f"/awards/{ana.award}", method) for method in ("GET", "GET", "HEAD"))
    said = [sorted((name, value) for name, value in reply.headers if name not in ("Date", "X-Request-Id"))
            for reply in (made, kept)]
    assert said[0] == said[1] and (made.status, made.body) == (kept.status, kept.body)
    assert head.header("Content-Security-Policy") == kept.header("Content-Security-Policy") and head.body == b""
    assert kept.header("Referrer-Policy") and kept.header("X-Request-Id") != made.header("X-Request-Id")


def test_the_page_of_an_award(desk, ana):
    page = desk.open(f"/awards/{ana.award}")
    url, badge_url = f"{desk.laurel.base}/awards/{ana.award}", f"{desk.laurel.base}/badges/{ana.badge}"
    assert "<script" not in page.text and "<img src=x" not in page.text and "javascript:" not in page.text and "<b>lions" not in page.text
    policy = page.header("Content-Security-Policy")
    assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert page.header("X-Content-Type-Options") == "nosniff" and page.header("X-Robots-Tag") == "noindex"
    assert page.header("Vary") == "Accept" and not page.all("Set-Cookie")
    assert meta(page, "robots") == "noindex" and meta(page, "og:title") == NAME and meta(page, "og:url") == url
    assert meta(page, "og:image") == meta(page, "twitter:image") == f"{badge_url}/preview.png"
    assert (meta(page, "og:image:width"), meta(page, "og:image:height")) == ("1200", "630")
    assert meta(page, "twitter:card") == "summary_large_image"
    assert meta(page, "og:description").startswith("Awarded on ") and "by Northside College" in meta(page, "og:description")
    assert f'<link rel="canonical" href="{url}">' in page.text
    assert f'<link rel="alternate" type="{PROGRAM}" href="{url}.json">' in page.text
    assert "<strong>them</strong>" in page.text and 'href="https://lions.example/a"' in page.text
    assert "Task 1 is at least 80" in page.text.replace("\u00a0", " ")
    head = desk.get(f"/awards/{ana.award}", "HEAD")
    assert head.status == 200 and head.body == b"" and head.header("Content-Type") == page.header("Content-Type")
    # What it links to is there, and says the same.
    for path in set(re.findall(r'(?:href|src)="(/[^"#]*)"', page.text)):
        desk.open(html.unescape(path))
    checked = desk.open("/verify?url=" + urllib.parse.quote(url, safe=""))
    assert "This badge is valid" in checked.text and f'href="/verify?url={urllib.parse.quote(url, safe="")}"' in page.text
    credential = json.loads(desk.open(f"/awards/{ana.award}.json").text)
    assert credential["issuer"]["id"] in page.text
    key = json.loads(desk.open(re.search(r'href="' + re.escape(desk.laurel.base) + r'(/keys/[^"]*)"', page.text).group(1)).text)
    assert credential["proof"][0]["verificationMethod"].split("#")[1] in key["kid"]
    assert thumbprint(key) in page.text


def thumbprint(key):
    """RFC 7638 by another implementation."""
    from jwcrypto import jwk
    return jwk.JWK(**{k: key[k] for k in ("kty", "crv", "x")}).thumbprint()


def test_linkedin_is_filled_in(desk, ana):
    (issued, expires), = desk.laurel.rows("SELECT issued_at AT TIME ZONE 'UTC', expires_at AT TIME ZONE 'UTC' FROM award"
                                          " WHERE public_id = %s", (ana.award,))
    wanted = {"startTask": "CERTIFICATION_NAME", "name": NAME, "organizationName": "Northside College",
              "issueYear": str(issued.year), "issueMonth": str(issued.month), "expirationYear": str(expires.year),
              "expirationMonth": str(expires.month), "certUrl": f"{desk.laurel.base}/awards/{ana.award}", "certId": ana.award}
    text = "https://www.linkedin.com/profile/add?" + urllib.parse.urlencode(wanted, quote_via=urllib.parse.quote, safe="")
    for page in (ana.page(ana.where), desk.open(f"/awards/{ana.award}")):
        [link] = re.findall(r'<a class="button" href="(https://www.linkedin.com/[^"]*)" target="_blank" rel="noopener">', page.text)
        assert html.unescape(link) == text
    desk.now(ana.award, expires_at="NULL")
    assert "expiration" not in desk.open(f"/awards/{ana.award}").text
    desk.now(ana.award, expires_at=f"'{expires}+00'")


@pytest.mark.parametrize("accept, type", [
    (BROWSER, "text/html"), ("text/html", "text/html"), ("*/*", "text/html"), (None, "text/html"), ("", "text/html"),
    ("text/html, application/ld+json", "text/html"), ("application/json;q=0.5, text/html;q=0.6", "text/html"),
    ("application/json;q=0.6, text/html;q=0.5", "application/json"), ("application/ld+json", "application/ld+json"),
    ("text/html;q=0, application/vc", "application/vc"), (PROGRAM + ", */*;q=0.1", PROGRAM),
    ("application/vc+jwt", "application/vc+jwt"), ("nonsense", "text/html")])
def test_who_asks_gets_what_they_read(desk, ana, accept, type):
    reply = desk.open(f"/awards/{ana.award}", accept=accept)
    assert reply.header("Content-Type").split(";")[0] == type and reply.header("Vary") == "Accept"
    assert desk.open(f"/awards/{ana.award}.json", accept=BROWSER).text.startswith("{"), "an ending decides"
    if "jwt" not in type:
        for path in (f"/badges/{ana.badge}", f"/issuers/{desk.issuer}"):
            assert desk.open(path, accept=accept).text.startswith("<!doctype" if type == "text/html" else "{")


def test_badges_and_issuers_have_pages_too(desk, ana):
    badge = desk.open(f"/badges/{ana.badge}")
    assert "<strong>them</strong>" in badge.text and "<script" not in badge.text and "<img src=x" not in badge.text
    assert html.escape("Lions <i>") in badge.text and meta(badge, "robots") is None
    assert meta(badge, "og:url") == f"{desk.laurel.base}/badges/{ana.badge}" and f'href="/issuers/{desk.issuer}"' in badge.text
    # Rules name badges as people do.
    assert html.escape(f'the badge "{NAME}"', quote=False) in desk.open(f"/badges/{desk.badges['plain']}").text.replace("&quot;", '"').replace("&#34;", '"')
    issuer = desk.open(f"/issuers/{desk.issuer}")
    assert "Northside College" in issuer.text and 'href="https://northside.example"' in issuer.text
    assert f"/badges/{ana.badge}" in issuer.text and desk.badges["draft"] not in issuer.text
    (name,), = desk.laurel.rows("SELECT p.name FROM award a JOIN person p ON p.id = a.person_id WHERE a.public_id = %s", (ana.award,))
    for page in (badge, issuer):
        assert name not in page.text and ana.award not in page.text and "max-age=300" in page.header("Cache-Control")
    for path in ("/badges/{}", "/issuers/{}"):
        assert desk.get(path.format(ana.award)).status == desk.get(path.format("x")).status == 404


# --- the gradebook

def test_the_gradebook_has_the_link_while_there_is_a_page(desk, cleo):
    learner = cleo

    def comment():
        found = [g["comment"] for c in desk.lms.state()["line_items"] for g in c["grades"] if g["user_id"] == learner.user["id"]]
        return found[0] if found else ""
    link = f"{desk.laurel.base}/awards/{learner.award}"
    wait_until(lambda: comment() == f"Badge awarded: {NAME}", PROMPT_S, "the score")
    learner.choose()
    wait_until(lambda: comment() == f"Badge awarded: {NAME}, {link}", PROMPT_S, "the link")
    learner.choose(results=True)
    learner.choose(do="stop")
    wait_until(lambda: comment() == f"Badge awarded: {NAME}", PROMPT_S, "no link any more")
