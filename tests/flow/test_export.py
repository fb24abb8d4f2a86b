"""`laurel export --static`: badges stay good without Laurel, as files behind nginx or Apache under the same name."""
import base64
import contextlib
import hashlib
import html
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time
import urllib.parse

import pytest

from flow.test_forms import EMAIL, Office, baked_in, pixels
from flow.test_public_pages import BROWSER
from support import laurel, web

openbadges = pytest.importorskip("support.openbadges", reason="needs python3-pyld and python3-jsonschema")
ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PROGRAM = "application/vc+ld+json"
ACCEPTS = [BROWSER, PROGRAM, None, "*/*", "application/vc+jwt", "application/json", "application/ld+json", "application/vc",
           "application/json, */*;q=0.5", "application/vc+jwt, application/json;q=0.5", "application/vc+ld+json;q=0.9, application/json",
           "text/html;q=0.5, application/ld+json", "text/html, application/json", "text/html;q=0.8,application/vc+jwt", "image/png",
           "application/*", "Application/JSON", "application/vcard", "application/json5, text/plain", "application/jwt",
           "application/vc+jwt, application/json", "text/plain;q=0.5, application/vc+jwt;q=0.8"]
AWARD_FORMS = ("", ".json", ".jwt", ".png", ".svg", ".jwt.png", ".jwt.svg", ".pdf")
OB2_FORMS = ("", ".png", ".svg")


class Exit:
    """A school that closed down: what it had issued, and the folder that is left, served at its old address."""

    def __init__(self, desk):
        self.desk, place = desk, desk.laurel
        shared = [desk.award(), desk.award("task-plain"), desk.award(), desk.award(), desk.award(), desk.award("task-plain")]
        self.good, (self.revoked, self.suspended, self.withdrawn) = shared[:3], shared[3:]
        self.old = [*self.good[:2], self.revoked, self.suspended]      # Open Badges 2.0, too
        for award in shared:
            desk.share(award, "email" if award in self.old else "none")
        self.named, self.private = self.good[2], desk.award("task-plain")
        place.rows("INSERT INTO award_share (institution_id, award_id, shows_name, shows_results) SELECT institution_id, id, true, true FROM"
                   " award WHERE public_id = %s ON CONFLICT (institution_id, award_id) DO UPDATE SET shows_name = true,"
                   " shows_results = true RETURNING 1", (self.named,))
        desk.sign_again(self.named)
        desk.laurel.cli("key", "rotate", "--badge-issuer", "northside")
        self.good.append(desk.shared())
        # What people saved while Laurel was there.
        self.saved = {award: (desk.get(f"/awards/{award}.json").text, desk.get(f"/awards/{award}.jwt").text)
                      for award in [*self.good, self.revoked, self.suspended]}
        self.hosted = {award: desk.json(f"/ob2/awards/{award}") for award in self.old}
        place.cli("award", "revoke", self.revoked, "--reason", "Not the lion's own work.")
        place.rows("UPDATE award SET state = 3, suspended_at = now() WHERE public_id = %s RETURNING 1", (self.suspended,))
        place.rows("UPDATE award SET shared_at = NULL WHERE public_id = %s RETURNING 1", (self.withdrawn,))
        desk.sign_again(self.suspended)
        self.shown = [*self.good, self.revoked, self.suspended]
        self.public = sorted(set(self.addresses()))
        self.served = {(path, accept): desk.get(path, **({"Accept": accept} if accept else {}))
                       for path in self.public for accept in self.accepts(path)}
        self.folder = place.folder / "exit"
        begin = time.monotonic()
        self.summary = place.cli("export", "--static", self.folder, "--json", timeout=300).json()
        self.seconds = time.monotonic() - begin

    @staticmethod
    def accepts(path):
        """What is asked for: at addresses that answer in several ways, every way."""
        return ACCEPTS if re.fullmatch(rf"/(awards|badges|issuers|status|ob2/\w+)/{ID}|/awards/{ID}\.(json|jwt)", path) else [None]

    def addresses(self):
        """Of everything public, as Laurel's own documents and pages name them."""
        desk = self.desk
        for award in self.shown:
            credential = desk.json(f"/awards/{award}.json")
            issuer, badge = credential["issuer"]["id"].split(":")[-1], desk.path(credential["credentialSubject"]["achievement"]["id"])
            number = badge.split("/")[-1]
            yield from (f"/awards/{award}{form}" for form in AWARD_FORMS)
            yield from (f"/ob2/awards/{award}{form}" for form in OB2_FORMS)
            yield from (desk.path(credential["credentialStatus"]["statusListCredential"]) + form for form in ("", ".json", ".jwt"))
            yield from (f"/issuers/{issuer}", f"/issuers/{issuer}.json", f"/issuers/{issuer}/did.json", f"/revocations/{issuer}",
                        badge, badge + ".json", badge + "/image.svg", badge + "/image.png", badge + "/preview.png",
                        f"/ob2/badges/{number}", f"/ob2/issuers/{issuer}")
            page = desk.get(f"/awards/{award}", Accept=BROWSER).text
            yield from (link for link in links(desk, page) if not link.startswith("/verify"))
        yield "/.well-known/jwks.json"
        yield from (desk.path(key["kid"]) for key in desk.json("/.well-known/jwks.json")["keys"])

    def close_down(self):
        """Laurel goes; nginx stays, with the configuration of the folder."""
        place = self.desk.laurel
        for name in ("worker", "serve", "nginx"):
            place.end(name)
        place.cluster.drop(place.database)
        shutil.rmtree(place.folder / "nginx-tmp")
        (place.folder / "nginx-tmp").mkdir()
        site = (self.folder / "nginx.conf").read_text().replace("listen 80;", f"listen 127.0.0.1:{place.port};")
        assert f'root "{self.folder}";' in site and "server_name 127.0.0.1;" in site
        (place.folder / "exit-site.conf").write_text(site)
        main = (place.folder / "nginx.conf").read_text().replace("nginx-site.conf", "exit-site.conf")
        (place.folder / "nginx.conf").write_text(main)
        nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        place.run("nginx", [nginx, "-e", str(place.folder / "nginx-error.log"), "-p", str(place.folder),
                            "-c", str(place.folder / "nginx.conf")], place.folder / "nginx.log")
        laurel.wait_until(lambda: place.answers("/.well-known/jwks.json") == 200, 10, "nginx serves the folder")

    def now(self, path, accept, base=None):
        return web.Browser().request("GET", (base or self.desk.laurel.base) + path, headers={"Accept": accept} if accept else {})


def links(desk, page):
    """Paths of our own that a page leads to or is made of."""
    for found in re.findall(r'(?:href|src|content)="([^"]*)"', page):
        url = html.unescape(found)
        url = url.removeprefix(desk.laurel.base) if url.startswith(desk.laurel.base + "/") else url
        if url.startswith("/") and not url.startswith("//"):
            yield url


def text_of(page):
    """What a page says, without what tells its day."""
    words = html.unescape(re.sub(r"<[^>]*>", " ", page.split("<body>")[1]))
    words = re.sub(r"checked just now|as of \d+ \w+ \d{4}|This page says what its issuer’s server knows now\."
                   r"|This page was kept when its issuer’s program ended; it does not change any more\.|\bCheck it\b"
                   r"|Check that it is theirs and still valid\.|Ask for the link to their own page[^.]*\.", " ", words)
    return " ".join(words.split())


def pdf_words(pdf, folder):
    path = folder / "one.pdf"
    path.write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "60", "-png", "-singlefile", str(path), str(folder / "one")], check=True, timeout=60)
    words = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=True, timeout=60).stdout.decode()
    return words, pixels((folder / "one.png").read_bytes())


@pytest.fixture(scope="module")
def left(cluster):
    if not openbadges.is_there():
        pytest.skip("contexts and schemas are absent")
    with laurel.school(cluster, seed=20261211) as (place, lms):
        desk = Office(place, lms)
        path = place.folder / "badges.json"
        issuer = {"key": "northside", "name": "Northside College", "url": "https://northside.example", "email": "badges@northside.example"}
        known = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**known, "issuer": issuer}), encoding="utf-8")
        place.cli("badge", "import", path)
        left = Exit(desk)
        left.close_down()
        yield left


@pytest.fixture(scope="module")
def apache(left):
    """The same folder behind Apache with nothing but its .htaccess: the address, to be asked with the old one's paths."""
    program = shutil.which("apache2", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    modules = pathlib.Path("/usr/lib/apache2/modules")
    if program is None or not modules.is_dir():
        pytest.skip("needs apache2-bin")
    port, folder = laurel.free_port(), left.desk.laurel.folder
    names = ["mpm_event", "authz_core", "dir", "env", "headers", "mime", "rewrite"]
    (folder / "apache.conf").write_text("\n".join([
        *(f"LoadModule {name}_module {modules}/mod_{name}.so" for name in names), "TypesConfig /dev/null",
        f"Listen 127.0.0.1:{port}", "ServerName 127.0.0.1", f"PidFile {folder}/apache.pid", f"ErrorLog {folder}/apache.log",
        f"DefaultRuntimeDir {folder}", *(["User www-data", "Group www-data"] if os.getuid() == 0 else []),
        f'DocumentRoot "{left.folder}"', f'<Directory "{left.folder}">', "AllowOverride All", "Require all granted", "</Directory>"]) + "\n")
    left.desk.laurel.run("apache", [program, "-DFOREGROUND", "-f", str(folder / "apache.conf")], folder / "apache.out")
    base = f"http://127.0.0.1:{port}"

    def answers():
        try:
            return web.Browser().get(base + "/.well-known/jwks.json", timeout=5).status == 200
        except OSError:
            return False
    laurel.wait_until(answers, 10, "Apache serves the folder")
    return base


def independent(left, credential):
    """Proof, dates and status as PyLD and cryptography see them, from what nginx serves: whether it is good."""
    desk = left.desk
    document = desk.did_document(credential["issuer"]["id"])
    if not openbadges.proof_is_right(credential, document):
        return False
    entry = credential["credentialStatus"]
    listed = desk.json(desk.path(entry["statusListCredential"]), Accept=PROGRAM)
    assert listed["id"] == entry["statusListCredential"] and listed["issuer"] == credential["issuer"]["id"]
    assert "validUntil" not in listed, "the list would end, and the badges with it"
    assert openbadges.proof_is_right(listed, document)
    marked, _ = openbadges.bits(listed)
    return int(entry["statusListIndex"]) not in marked


def independent_token(left, token):
    """The same for a token, as jwcrypto sees it."""
    desk = left.desk
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    _, payload = openbadges.token_payload(token, desk.json(desk.path(header["kid"])))
    entry = payload["credentialStatus"]
    listed = desk.get(desk.path(entry["statusListCredential"]), Accept="application/vc+jwt").text
    header = json.loads(base64.urlsafe_b64decode(listed.split(".")[0] + "=="))
    _, listed = openbadges.token_payload(listed, desk.json(desk.path(header["kid"])))
    marked, _ = openbadges.bits(listed)
    return int(entry["statusListIndex"]) not in marked


def independent_hosted(left, assertion, email):
    """Open Badges 2.0, hosted: what stands at the assertion's address counts, then badge and issuer at theirs, and the scope."""
    desk = left.desk
    reply = desk.get(desk.path(assertion["id"]), Accept="application/ld+json")
    if reply.status == 410:
        said = json.loads(reply.text)
        assert said["revoked"] is True and said["id"] == assertion["id"] and said["revocationReason"]
        return False
    assert reply.status == 200
    hosted = json.loads(reply.text)
    badge = desk.json(desk.path(hosted["badge"]))
    issuer = desk.json(desk.path(badge["issuer"]))
    for document, type_ in ((hosted, "Assertion"), (badge, "BadgeClass"), (issuer, "Issuer")):
        assert document["@context"] == "https://w3id.org/openbadges/v2" and document["type"] in (type_, "Profile")
        openbadges.jsonld.expand(document, {"documentLoader": openbadges.loader})
    assert (hosted["id"], badge["id"], issuer["id"]) == (assertion["id"], hosted["badge"], badge["issuer"])
    host = {urllib.parse.urlsplit(url).netloc for url in (hosted["id"], badge["id"], issuer["id"])}
    who = hosted["recipient"]
    hashed = "sha256$" + hashlib.sha256((email + who["salt"]).encode()).hexdigest()
    return len(host) == 1 and hosted["verification"]["type"] in ("HostedBadge", "hosted") and who["identity"] == hashed


# --- served as before

def differences(left, base=None):
    """How answers differ from what the program's were: [(path, accept, what)]."""
    found = []
    for (path, accept), before in left.served.items():
        now = left.now(path, accept, base)
        is_page, is_pdf = before.header("Content-Type").startswith("text/html"), path.endswith(".pdf")
        if now.status != before.status:
            found.append((path, accept, f"{before.status} is {now.status}"))
            continue
        if before.status == 404:
            continue
        for name, value in (("Content-Type", before.header("Content-Type")), ("X-Content-Type-Options", "nosniff"), ("Vary", "Accept"),
                            ("X-Robots-Tag", "noindex" if "/awards/" in path else ""), ("Referrer-Policy", "no-referrer"),
                            ("Access-Control-Allow-Origin", "*")):
            if now.all(name) != [value][:len(value)]:
                found.append((path, accept, f"{name}: {value} is {now.all(name)}"))
        if is_page and not now.header("Content-Security-Policy").startswith("default-src 'none'; style-src 'self'"):
            found.append((path, accept, "policy of pages"))
        if not (text_of(now.text) == text_of(before.text) if is_page else
                pdf_words(now.body, left.desk.laurel.folder) == pdf_words(before.body, left.desk.laurel.folder) if is_pdf else
                now.body == before.body):
            found.append((path, accept, f"body: {before.body[:300]} is {now.body[:300]}"))
    return found


def test_all_that_was_public_is_served_as_before(left):
    assert {before.status for before in left.served.values()} == {200, 404, 410} and len(left.served) > 200
    assert differences(left) == []


def test_apache_serves_the_same(left, apache):
    assert differences(left, apache) == []
    for path in ("/", "/awards/", "/README.txt", "/nginx.conf", "/.htaccess", "/laurel-export.json", f"/awards/{left.private}",
                 f"/ob2/gone/{left.revoked}"):
        assert left.now(path, None, apache).status in (403, 404), path


def test_pages_lead_nowhere_that_is_not_there(left):
    pages = [f for f in left.folder.rglob("*.html")]
    assert len(pages) == len(left.shown) + left.summary["badges"] + left.summary["issuers"]
    for page in pages:
        text = page.read_text()
        found = list(links(left.desk, text))
        assert any(link.endswith("laurel.css") for link in found) and "/verify" not in text and "<form" not in text and "<script" not in text
        for link in found:
            reply = left.now(link, BROWSER)
            assert reply.status == 200, f"{page}: {link}"
            for icon in re.findall(r'url\("?([^")]+)"?\)', reply.text) if link.endswith(".css") else []:
                assert icon.startswith("data:") or left.now(urllib.parse.urljoin(link, icon), None).status == 200, icon
    page = left.now(f"/awards/{left.good[0]}", BROWSER).text
    assert "<strong>Valid</strong>" in page and re.search(r"as of \d+ \w+ \d{4}", page) and "checked just now" not in page
    assert "<strong>Revoked</strong>" in left.now(f"/awards/{left.revoked}", BROWSER).text
    assert f"/awards/{left.revoked}.pdf" not in left.now(f"/awards/{left.revoked}", BROWSER).text


# --- and still good, or not

def test_every_shared_credential_is_accepted_and_what_was_taken_back_is_refused(left):
    for award in left.good:
        credential = left.desk.json(f"/awards/{award}.json")
        assert independent(left, credential) and independent_token(left, left.desk.get(f"/awards/{award}.jwt").text)
        status, checks, words = left.desk.verify(f"{left.desk.laurel.base}/awards/{award}", is_url=True)
        assert status == 0 and set(checks.values()) == {"passed"}, words
    for award in (left.revoked, left.suspended):
        credential = left.desk.json(f"/awards/{award}.json")
        assert not independent(left, credential) and not independent_token(left, left.desk.get(f"/awards/{award}.jwt").text)
        status, checks, words = left.desk.verify(credential)
        assert status == 1 and checks["status"] == "failed" and checks["signature"] == "passed", words


def test_copies_from_before_are_judged_the_same(left):
    for award, (text, token) in left.saved.items():
        is_good = award in left.good
        assert independent(left, json.loads(text)) == independent_token(left, token) == is_good
        assert [left.desk.verify(copy)[0] for copy in (text, token)] == ([0, 0] if is_good else [1, 1])


def test_hosted_badges_of_the_older_kind_are_still_hosted(left):
    assert [independent_hosted(left, left.hosted[award], EMAIL) for award in left.old] == [True, True, False, False]
    assert not independent_hosted(left, left.hosted[left.old[0]], "eve@students.example")
    base = f"{left.desk.laurel.base}/ob2/awards"
    verdicts = [left.desk.laurel.cli("verify", f"{base}/{award}", check=False).status for award in left.old]
    assert verdicts == [0, 0, 1, 1]
    for award in left.shown:
        if award not in left.old:
            assert left.now(f"/ob2/awards/{award}", None).status == 404, "2.0 has nobody without an e-mail address"


def test_pictures_have_the_badge_inside(left):
    for award in left.shown:
        verdict = 0 if award in left.good else 1
        json_text, token = (left.now(f"/awards/{award}{form}", None).text for form in (".json", ".jwt"))
        picture = left.now(f"/awards/{award}.svg", None)
        [inside] = re.findall(r"<!\[CDATA\[(.*?)\]\]>", picture.text, re.S)
        assert json.loads(inside) == json.loads(json_text) and token in left.now(f"/awards/{award}.jwt.svg", None).text
        assert baked_in(left.now(f"/awards/{award}.png", None).body, b"openbadgecredential") == json_text
        assert baked_in(left.now(f"/awards/{award}.jwt.png", None).body, b"openbadgecredential") == token
        for form in (".png", ".svg", ".jwt.png", ".jwt.svg"):
            assert left.desk.check(left.now(f"/awards/{award}{form}", None).body)[0] == verdict, form
    for award in left.old[:2]:
        assert left.desk.check(left.now(f"/ob2/awards/{award}.png", None).body)[0] == 0


# --- nothing else

def words_in(file):
    """What a person can read in a file, pictures and certificates included."""
    data = file.read_bytes()
    if file.suffix == ".pdf":
        data += subprocess.run(["pdftotext", str(file), "-"], capture_output=True, check=True, timeout=60).stdout
    return data.decode("utf-8", "replace")


def test_nothing_private_is_in_the_folder(left):
    place, files = left.desk.laurel, [f for f in left.folder.rglob("*") if f.is_file()]
    assert left.summary["awards"] == len(left.shown) and left.summary["unsigned_awards"] == left.summary["undrawn"] == 0
    assert {f.name.split(".")[0] for f in files if f.parent.name in ("awards", "gone")} == set(left.shown)
    own = {f for f in files if left.named in f.name}
    text = {f: f"{f.name}\n{words_in(f)}" for f in files}
    users = [user["name"] for user in left.desk.lms.facts["users"]]
    everything = "\n".join(text.values())
    [[sub]] = [[name] for name in users if any(name in text[f] for f in own)]
    assert {f.suffix for f in own if sub in text[f]} == {".html", ".pdf"}, "a name is on the page and the certificate, in no signed file"
    others = "\n".join(words for f, words in text.items() if f not in own)
    for word in [left.private, left.withdrawn, "PRIVATE KEY", '"d":', place.key_file.read_text().strip(), "laurel_app", EMAIL,
                 "lion's own work", *(u for u in users if u != sub), *(u.split()[-1] for u in users if u != sub)]:
        assert word and word not in everything, word
    assert sub not in others
    for path in ("/", "/awards/", "/README.txt", "/nginx.conf", "/.htaccess", "/laurel-export.json", f"/awards/{left.private}",
                 f"/ob2/gone/{left.revoked}", "/../laurel.conf"):
        assert left.desk.get(path).status in (400, 404), path
    for award in (left.private, left.withdrawn):
        for path in [f"/awards/{award}{form}" for form in AWARD_FORMS] + [f"/ob2/awards/{award}{form}" for form in OB2_FORMS]:
            for accept in (BROWSER, PROGRAM):
                assert left.now(path, accept).status == 404, path


def test_every_file_is_a_documents_or_said_in_the_text(left):
    known = re.compile(r"(awards/ID(\.json|(\.jwt)?(\.svg|\.png)?|\.pdf|\.html)|status/ID(\.json|\.jwt)?|keys/ID|revocations/ID"
                       r"|issuers/ID(\.json|\.html|/did\.json)|badges/ID(\.json|\.html|/image\.svg|/image\.png|/preview\.png)"
                       r"|ob2/awards/ID(\.png|\.svg)?|ob2/gone/ID|ob2/badges/ID|ob2/issuers/ID|assets/[0-9a-f]{12}/[\w-]+\.(css|svg)"
                       r"|\.well-known/jwks\.json|README\.txt|nginx\.conf|\.htaccess|laurel-export\.json)")
    for file in left.folder.rglob("*"):
        name = re.sub(ID, "ID", str(file.relative_to(left.folder)))
        assert file.is_dir() or (known.fullmatch(name) and name != "awards/ID"), file
    assert not re.search(r"@[A-Z]+@", "".join((left.folder / f).read_text() for f in ("README.txt", "nginx.conf", ".htaccess")))


@pytest.fixture(scope="module")
def sharing(cluster):
    """A school that goes on, where three learners share."""
    with laurel.school(cluster, seed=20261212) as (place, lms):
        desk = Office(place, lms)
        desk.awards = [desk.shared() for _ in range(3)]
        yield desk


def test_certificates_are_not_drawn_twice_and_what_is_hidden_goes(sharing):
    place, desk, awards = sharing.laurel, sharing, sharing.awards
    folder, part = place.folder / "again", place.folder / "again.part"

    def export(*more):
        return place.cli("export", "--static", folder, "--json", *more, timeout=300).json()
    first = export()
    assert (first["awards"], first["certificates_drawn"], first["certificates_kept"]) == (3, 3, 0)
    drawn = {award: (folder / f"awards/{award}.pdf").read_bytes() for award in awards}
    place.rows("UPDATE award SET shared_at = NULL WHERE public_id = %s RETURNING 1", (awards[0],))
    place.rows("INSERT INTO award_share (institution_id, award_id, shows_name) SELECT institution_id, id, true FROM award"
               " WHERE public_id = %s ON CONFLICT (institution_id, award_id) DO UPDATE SET shows_name = true RETURNING 1", (awards[1],))
    desk.sign_again(awards[1])
    second = export()
    assert (second["awards"], second["certificates_drawn"], second["certificates_kept"]) == (2, 1, 1)
    assert not [f for f in folder.rglob("*") if awards[0] in f.name], "what is hidden now is there no more"
    assert (folder / f"awards/{awards[1]}.pdf").read_bytes() != drawn[awards[1]]
    assert (folder / f"awards/{awards[2]}.pdf").read_bytes() == drawn[awards[2]]

    # An export that broke off: what it had drawn is taken over, whole files only, and nothing else of it.
    shutil.rmtree(part, ignore_errors=True)
    os.rename(folder, part)
    (part / f"awards/{awards[0]}.html").write_text("of somebody who has hidden it since")
    torn = part / f"awards/{awards[1]}.pdf"
    torn.write_bytes(torn.read_bytes()[:-20])
    third = export()
    assert (third["awards"], third["certificates_drawn"], third["certificates_kept"]) == (2, 1, 1)
    assert not [f for f in folder.rglob("*") if awards[0] in f.name] and not part.exists()
    assert not (folder / ".drawn").exists()
    assert (folder / f"awards/{awards[2]}.pdf").read_bytes() == drawn[awards[2]]

    # Killed again and again, it still gets there.
    shutil.rmtree(folder)
    for seconds in (0.3, 0.6, 1.0):
        with subprocess.Popen([str(laurel.program()), "-c", str(place.config), "export", "--static", str(folder)],
                              stdout=subprocess.DEVNULL) as running:
            time.sleep(seconds)
            running.kill()
    fourth = export()
    assert fourth["awards"] == 2 and fourth["certificates_drawn"] + fourth["certificates_kept"] == 2 and not part.exists()


def test_forms_can_be_left_out_and_no_page_leads_to_them(sharing):
    place, award = sharing.laurel, sharing.awards[2]
    folder = place.folder / "few"
    done = place.cli("export", "--static", folder, "--forms", "html,svg", "--json").json()
    assert done["certificates_drawn"] == 0
    forms = {f.name.split(".", 1)[1] for f in (folder / "awards").iterdir()}
    assert forms == {"html", "json", "jwt", "svg", "jwt.svg"} and not (folder / "ob2").exists()
    page = (folder / f"awards/{award}.html").read_text()
    assert f"/awards/{award}.svg" in page and f"/awards/{award}.pdf" not in page and f"/awards/{award}.png" not in page
    place.cli("export", "--static", folder, "--forms", "")
    assert {f.name.split(".", 1)[1] for f in (folder / "awards").iterdir()} == {"json", "jwt"} and not (folder / "assets").exists()
    refused = place.cli("export", "--static", folder, "--forms", "html,exe", check=False)
    assert refused.status == 2 and "html, svg, png, pdf and ob2" in refused.err and (folder / "awards").exists()


@pytest.fixture(scope="module")
def plain(cluster):
    """An installation with nothing issued."""
    place = laurel.Laurel(cluster)
    place.prepare()
    yield place
    place.close()


def test_an_export_replaces_an_export_and_nothing_else(plain, tmp_path):
    folder = tmp_path / "exit"
    assert plain.cli("export", "--static", folder, "--json").json()["awards"] == 0
    (folder / "awards").mkdir()
    (folder / "awards/old").write_text("of before")
    plain.cli("export", "--static", f"{folder}/")
    assert not (folder / "awards").exists() and not (tmp_path / "exit.part").exists()
    assert json.loads((folder / ".well-known/jwks.json").read_text()) == {"keys": []}

    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("two years of work")
    refused = plain.cli("export", "--static", mine, check=False)
    assert refused.status == 1 and "is no export of Laurel" in refused.err and [f.name for f in mine.iterdir()] == ["thesis.txt"]
    (tmp_path / "mine2.part").mkdir()
    (tmp_path / "mine2.part/thesis.txt").write_text("two years of work")
    assert plain.cli("export", "--static", tmp_path / "mine2", check=False).status == 1
    assert (tmp_path / "mine2.part/thesis.txt").exists()

    (folder / "laurel-export.json").write_text('{"base_url": "https://other.example"}')
    refused = plain.cli("export", "--static", folder, check=False)
    assert refused.status == 1 and "https://other.example" in refused.err
    for bad in ("/", ".", "..", str(mine / "thesis.txt")):
        assert plain.cli("export", "--static", bad, check=False).status == 1
    assert plain.cli("export", check=False).status == 2
    refused = plain.cli("export", "--static", tmp_path / "new", "--institution", "Nowhere", check=False)
    assert refused.status == 1 and "Nowhere" in refused.err and not (tmp_path / "new").exists()


def test_an_export_that_broke_off_leaves_the_one_before(plain, tmp_path):
    folder, rest = tmp_path / "exit", tmp_path / "exit.part"
    plain.cli("export", "--static", folder)
    before = sorted(f.name for f in folder.iterdir())
    # The disk is full, or a file is in the way: here a limit on how large files may grow; 0 stops at the very first.
    command = [str(laurel.program()), "-c", str(plain.config), "export", "--static", str(folder)]
    for limit in (1, 0):
        done = subprocess.run(["sh", "-c", 'ulimit -f "$1"; shift; exec "$@"', "sh", str(limit), *command], capture_output=True, text=True)
        assert done.returncode == 1 and "cannot be written: File too large" in done.stderr, done
        assert sorted(f.name for f in folder.iterdir()) == before and rest.exists()
        assert all(f.stat().st_size > 0 for f in rest.rglob("*") if f.is_file()), "no file is half there"
        if limit:
            shutil.rmtree(rest)
    plain.cli("export", "--static", folder)
    assert sorted(f.name for f in folder.iterdir()) == before and not rest.exists()


def test_an_export_ends_when_it_is_told_to(plain, tmp_path):
    """A large one takes hours: Ctrl-C is not kept waiting for them. Here a locked table is what takes long."""
    folder, rest = tmp_path / "exit", tmp_path / "exit.part"
    with contextlib.closing(plain.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("BEGIN; LOCK TABLE institution")
        for how in (signal.SIGINT, signal.SIGTERM):
            running = subprocess.Popen([str(laurel.program()), "-c", str(plain.config), "export", "--static", str(folder)])
            try:
                laurel.wait_until(rest.exists, 30, "the export has begun")
                running.send_signal(how)
                assert running.wait(30) == -how
            finally:
                running.kill()
                running.wait()
            assert rest.exists() and not folder.exists()
    plain.cli("export", "--static", folder)
    assert folder.exists() and not rest.exists()


def test_two_exports_do_not_mix(plain, tmp_path):
    rest = tmp_path / "exit.part"
    rest.mkdir()
    holder = subprocess.Popen(["flock", str(rest), "sleep", "60"])
    try:
        laurel.wait_until(lambda: subprocess.run(["flock", "-n", str(rest), "true"]).returncode != 0, 10, "the lock is held")
        refused = plain.cli("export", "--static", tmp_path / "exit", check=False)
        assert refused.status == 1 and "another export" in refused.err
    finally:
        holder.kill()
        holder.wait()
