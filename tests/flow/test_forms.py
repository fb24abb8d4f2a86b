"""Other forms of an award: Open Badges 2.0, pictures that hold it, certificates, archives. Read by programs that are not ours."""
import base64
import hashlib
import io
import json
import re
import shutil
import struct
import subprocess
import urllib.parse
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib

import pytest

from flow.test_credentials import BADGE, PLAIN, PROMPT_S, Desk
from support import laurel, web
from support.laurel import wait_until

openbadges = pytest.importorskip("support.openbadges", reason="needs python3-pyld and python3-jsonschema")
image = pytest.importorskip("PIL.Image", reason="needs python3-pil")

EMAIL = "ada@students.example"
UNKNOWN = "0195e0c2-7c3f-7d3a-9d1e-0123456789ab"


class Office(Desk):
    """A desk whose issuer has an e-mail address, which 2.0 asks for."""

    def share(self, award, identity="email", evidence=False):
        if identity == "email":
            salt = "a1b2"
            said = (1, "sha256$" + hashlib.sha256((EMAIL + salt).encode()).hexdigest(), salt)
        else:
            said = (0, "", "")
        self.laurel.rows("UPDATE award SET shared_at = now() WHERE public_id = %s RETURNING 1", (award,))
        self.laurel.rows(
            "INSERT INTO award_share (institution_id, award_id, identity, identity_hash, salt, shows_evidence)"
            " SELECT institution_id, id, %s, %s, %s, %s FROM award WHERE public_id = %s"
            " ON CONFLICT (institution_id, award_id) DO UPDATE SET identity = excluded.identity,"
            " identity_hash = excluded.identity_hash, salt = excluded.salt, shows_evidence = excluded.shows_evidence"
            " RETURNING 1", (*said, evidence, award))
        self.sign_again(award)

    def learner(self, award):
        """Their browser, in the course: (browser, address of the launch)."""
        [[sub]] = self.laurel.rows("SELECT p.sub FROM award a JOIN person p ON p.id = a.person_id WHERE a.public_id = %s", (award,))
        reply, browser = self.lms.launch(int(sub))
        return browser, self.laurel.base + f"/app/l/{laurel.launch_id(reply)}"

    def badge_of(self, award):
        [[badge]] = self.laurel.rows("SELECT b.public_id FROM award a JOIN badge b ON b.id = a.badge_id WHERE a.public_id = %s", (award,))
        return badge

    def check(self, file, *more):
        """`laurel verify` of bytes: (status, verdicts, words)."""
        path = self.laurel.folder / "file"
        path.write_bytes(file)
        done = self.laurel.cli("verify", path, "--json", *more, check=False)
        report = done.json()
        return done.status, {c["check"]: c["verdict"] for c in report["checks"]}, " ".join(c["text"] for c in report["checks"])


@pytest.fixture(scope="module")
def desk(cluster):
    with laurel.school(cluster, seed=20261202) as (place, lms):
        office = Office(place, lms)
        path = place.folder / "badges.json"
        issuer = {"key": "northside", "name": "Northside College", "url": "https://northside.example", "email": "badges@northside.example"}
        known = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**known, "issuer": issuer}), encoding="utf-8")
        place.cli("badge", "import", path)
        yield office


@pytest.fixture(scope="module")
def one(desk):
    """A shared award, named by e-mail, that no test changes."""
    award = desk.award()
    desk.share(award)
    return award


# --- pictures

def chunks(png):
    """Kind and data of each chunk; every CRC is checked (PNG 3rd edition, 5.3)."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at, found = 8, []
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        data = png[at + 8:at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length:at + 12 + length])[0] == zlib.crc32(kind + data)
        found.append((kind, data))
        at += 12 + length
    return found


def baked_in(png, keyword):
    texts = [data for kind, data in chunks(png) if kind == b"iTXt" and data.split(b"\0")[0] == keyword]
    assert len(texts) == 1 and chunks(png)[1] == (b"iTXt", texts[0])
    assert texts[0].startswith(keyword + b"\0\0\0\0\0")
    return texts[0][len(keyword) + 5:].decode()


def pixels(png):
    picture = image.open(io.BytesIO(png))
    picture.load()
    return picture.size, picture.tobytes()


def test_a_badge_has_its_picture_and_the_preview_of_a_link(desk, one):
    badge = desk.badge_of(one)
    for name, size in (("image.png", (512, 512)), ("preview.png", (1200, 630))):
        reply = desk.get(f"/badges/{badge}/{name}")
        assert reply.status == 200 and reply.header("Content-Type") == "image/png"
        assert reply.header("Access-Control-Allow-Origin") == "*"
        picture = image.open(io.BytesIO(reply.body)).convert("RGBA")
        assert picture.size == size and len(picture.getcolors(1 << 20)) > 20, "something is drawn"
        again = desk.get(f"/badges/{badge}/{name}", If_None_Match=reply.header("ETag"))
        assert again.status == 304
        assert desk.get(f"/badges/{UNKNOWN}/{name}").status == desk.get(f"/badges/{one}/{name}").status == 404
    assert desk.get(f"/badges/{badge}/image.svg").header("Content-Type") == "image/svg+xml"


def test_pictures_are_drawn_by_the_worker_and_kept(desk, one):
    badge = desk.badge_of(one)
    kept = wait_until(lambda: len(rows := desk.laurel.rows(
        "SELECT p.kind, p.bytes FROM picture p JOIN badge b ON b.id = p.badge_id WHERE b.public_id = %s ORDER BY 1", (badge,))) == 2
        and rows, PROMPT_S, "both pictures")
    assert bytes(kept[0][1]) == desk.get(f"/badges/{badge}/image.png").body
    # Without the program that draws, what is kept is served all the same; what is missing is made once it can be.
    desk.laurel.rows("UPDATE picture SET digest = '\\x00' WHERE kind = 1 AND badge_id = (SELECT id FROM badge WHERE public_id = %s)"
                     " RETURNING 1", (badge,))
    assert desk.get(f"/badges/{badge}/preview.png").status == 200
    [[digest]] = desk.laurel.rows("SELECT p.digest FROM picture p JOIN badge b ON b.id = p.badge_id WHERE b.public_id = %s AND kind = 1",
                                  (badge,))
    assert len(bytes(digest)) == 32, "drawn on demand, and kept"


def test_many_ask_for_a_missing_picture_and_it_is_drawn_once(desk, one):
    badge = desk.badge_of(one)
    desk.laurel.rows("DELETE FROM picture WHERE kind = 0 AND badge_id = (SELECT id FROM badge WHERE public_id = %s) RETURNING 1", (badge,))
    desk.laurel.rows("CREATE TABLE drawn (); CREATE FUNCTION drawn() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
                     " $$ BEGIN INSERT INTO drawn DEFAULT VALUES; RETURN NEW; END $$; CREATE TRIGGER drawn AFTER INSERT OR UPDATE"
                     " ON picture FOR EACH ROW EXECUTE FUNCTION drawn(); SELECT 1")
    replies = laurel.Crowd.run(8, lambda index: desk.get(f"/badges/{badge}/image.png"))
    assert {r.status for r in replies} <= {200, 503} and any(r.status == 200 for r in replies)
    assert all(r.header("Retry-After") for r in replies if r.status == 503)
    assert len({r.body for r in replies if r.status == 200}) == 1
    assert desk.laurel.rows("SELECT count(*) FROM drawn") == [(1,)]


@pytest.mark.parametrize("ending, keyword, is_token", [(".png", b"openbadgecredential", False),
                                                       (".jwt.png", b"openbadgecredential", True)])
def test_a_picture_holds_the_credential_and_is_the_same_picture(desk, one, ending, keyword, is_token):
    reply = desk.get(f"/awards/{one}{ending}")
    assert reply.status == 200 and reply.header("Content-Type") == "image/png"
    text = baked_in(reply.body, keyword)
    assert text == desk.get(f"/awards/{one}.{'jwt' if is_token else 'json'}").text
    assert pixels(reply.body) == pixels(desk.get(f"/badges/{desk.badge_of(one)}/image.png").body)
    status, checks, words = desk.check(reply.body)
    assert status == 0 and set(checks.values()) == {"passed"}, words
    if shutil.which("pngcheck"):
        path = desk.laurel.folder / "baked.png"
        path.write_bytes(reply.body)
        assert subprocess.run(["pngcheck", "-q", str(path)], capture_output=True, timeout=30).returncode == 0
    # One byte of what is inside: noticed (the chunk's own checksum is made right again).
    forged = text.replace("First", "Worst", 1) if not is_token else text[:-8] + "AAAAAAAA"
    inside = keyword + b"\0\0\0\0\0" + forged.encode()
    parts = [(kind, inside if kind == b"iTXt" else data) for kind, data in chunks(reply.body)]
    rebuilt = reply.body[:8] + b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)
    assert desk.check(rebuilt)[0] == 1


@pytest.mark.parametrize("path, space, element", [
    ("/awards/{}.svg", "https://purl.imsglobal.org/ob/v3p0", "credential"),
    ("/awards/{}.jwt.svg", "https://purl.imsglobal.org/ob/v3p0", "credential"),
    ("/ob2/awards/{}.svg", "http://openbadges.org", "assertion")])
def test_a_drawing_holds_the_credential(desk, one, path, space, element):
    reply = desk.get(path.format(one))
    assert reply.status == 200 and reply.header("Content-Type") == "image/svg+xml"
    assert "sandbox" in reply.header("Content-Security-Policy")
    root = ElementTree.fromstring(reply.body)
    [found] = root.iter(f"{{{space}}}{element}")
    said = found.text or found.get("verify")
    if ".jwt" in path:
        assert found.get("verify") == desk.get(f"/awards/{one}.jwt").text and not (found.text or "").strip()
    else:
        assert json.loads(said)["id"].endswith(one)
    status, checks, words = desk.check(reply.body)
    assert status == 0, words
    # Without it, it is the badge's drawing.
    root.remove(found)
    plain = ElementTree.fromstring(desk.get(f"/badges/{desk.badge_of(one)}/image.svg").body)
    assert ElementTree.canonicalize(ElementTree.tostring(root)) == ElementTree.canonicalize(ElementTree.tostring(plain))


def test_no_form_of_a_private_award_is_there(desk):
    private = desk.award("task-plain")
    desk.share(private)
    assert desk.get(f"/ob2/awards/{private}").status == 200
    desk.laurel.rows("UPDATE award SET shared_at = NULL WHERE public_id = %s RETURNING 1", (private,))
    paths = [f"/awards/{{}}{e}" for e in (".png", ".svg", ".jwt.png", ".jwt.svg", ".pdf", ".zip", ".gif")] + \
            [f"/ob2/awards/{{}}{e}" for e in ("", ".png", ".svg")]
    assert {path: desk.get(path.format(private)).status for path in paths} == {path: 404 for path in paths}
    words = [re.sub(r"\b[0-9a-f]{16}\b", "", desk.get(paths[0].format(i)).text) for i in (private, UNKNOWN)]
    assert words[0] == words[1]


# --- Open Badges 2.0

def ob2(desk, url):
    """Fetches a hosted document and all it names, as a backpack does; the rules are those of the standard."""
    assertion = desk.json(desk.path(url), Accept="application/ld+json")
    badge = desk.json(desk.path(assertion["badge"]))
    issuer = desk.json(desk.path(badge["issuer"]))
    for document, address in ((assertion, url), (badge, assertion["badge"]), (issuer, badge["issuer"])):
        assert document["id"] == address and document["@context"] == "https://w3id.org/openbadges/v2"
    assert assertion["type"] == "Assertion" and badge["type"] == "BadgeClass" and issuer["type"] == "Issuer"
    assert assertion["verification"] == {"type": "HostedBadge"}
    assert url.startswith(issuer["verification"]["startsWith"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", assertion["issuedOn"])
    assert all(isinstance(issuer[k], str) and issuer[k] for k in ("name", "url", "email"))
    assert badge["name"] and badge["description"] and (badge["criteria"]["narrative"] or badge["criteria"]["id"])
    return assertion, badge, issuer


def test_an_old_backpack_reads_the_hosted_badge(desk, one):
    url = f"{desk.laurel.base}/ob2/awards/{one}"
    assertion, badge, issuer = ob2(desk, url)
    who = assertion["recipient"]
    assert who["type"] == "email" and who["hashed"] is True
    assert who["identity"] == "sha256$" + hashlib.sha256((EMAIL + who["salt"]).encode()).hexdigest()
    assert assertion["expires"] > assertion["issuedOn"] and "evidence" not in assertion
    assert badge["name"] == BADGE["name"] and badge["tags"] == BADGE["tags"] and badge["criteria"]["narrative"] == BADGE["criteria"]
    assert badge["alignment"] == [{"targetName": "Lions", "targetUrl": "https://frameworks.example/lions",
                                   "targetFramework": "Zoo", "targetCode": "L1"}]
    assert issuer["email"] == "badges@northside.example"
    picture = desk.get(desk.path(badge["image"]["id"]))
    assert picture.header("Content-Type") == "image/png" and assertion["image"] == badge["image"]["id"]
    for accept, type_ in (("application/json", "application/json"), ("application/ld+json", "application/ld+json"),
                          ("*/*", "application/ld+json"), ("application/ld+json, application/json", "application/ld+json")):
        assert desk.get(desk.path(url), Accept=accept).header("Content-Type") == type_
    # Nothing of 3.0 in it, and nothing of 2.0 in that.
    assert "v3p0" not in json.dumps([assertion, badge, issuer])
    assert "w3id.org/openbadges" not in desk.get(f"/awards/{one}.json").text


def test_our_verifier_takes_the_hosted_badge_and_its_owner(desk, one):
    url = f"{desk.laurel.base}/ob2/awards/{one}"
    status, checks, words = desk.check(url.encode())
    done = desk.laurel.cli("verify", url, "--email", EMAIL.upper(), check=False)
    assert done.status == 0 and "It was awarded to that address" in done.out, done.out
    assert desk.laurel.cli("verify", url, "--email", "eve@students.example", check=False).status == 1
    picture = desk.get(f"/ob2/awards/{one}.png").body
    assert json.loads(baked_in(picture, b"openbadges"))["id"] == url
    assert desk.check(picture)[0] == 0
    page = web.Browser().get(f"{desk.laurel.base}/verify?url={urllib.parse.quote(desk.laurel.base)}/awards/{one}")
    assert "This badge is valid" in page.text
    body = urllib.parse.urlencode({"badge": url, "email": ""}).encode()
    page = web.Browser().request("POST", desk.laurel.base + "/verify", body=body,
                                 headers={"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"})
    assert "This badge is valid" in page.text


def test_what_is_handed_in_counts_for_nothing_but_its_address(desk, one):
    """A hosted badge is true because its address says so: changes of the copy change nothing, another address is another badge."""
    assertion = desk.json(f"/ob2/awards/{one}")
    forged = {**assertion, "recipient": {**assertion["recipient"], "identity": "sha256$" + "0" * 64}}
    assert desk.check(json.dumps(forged).encode(), "--email", EMAIL)[0] == 0, "what is hosted is judged"
    forged["id"] = f"{desk.laurel.base}/ob2/badges/{desk.badge_of(one)}"
    assert desk.check(json.dumps(forged).encode())[0] == 1
    forged["id"] = f"{desk.laurel.base}/ob2/awards/{UNKNOWN}"
    assert desk.check(json.dumps(forged).encode())[0] == 1


def test_evidence_is_told_when_it_is_shown(desk):
    award = desk.award("task-plain")
    desk.laurel.rows("INSERT INTO attestation (institution_id, badge_id, person_id, condition, evidence, by_person_id)"
                     " SELECT institution_id, badge_id, person_id, 'Seen it', 'On Friday', person_id FROM award WHERE public_id = %s"
                     " RETURNING 1", (award,))
    desk.share(award)
    assert "evidence" not in desk.json(f"/ob2/awards/{award}")
    desk.share(award, evidence=True)
    assert desk.json(f"/ob2/awards/{award}")["evidence"] == [{"type": "Evidence", "name": "Seen it", "narrative": "On Friday"}]
    assert "expires" not in desk.json(f"/ob2/awards/{award}")
    # What was pasted from slides has line breaks of its own kind, and worse: it is signed all the same.
    desk.laurel.rows("UPDATE attestation t SET evidence = %s FROM award a WHERE a.public_id = %s AND t.badge_id = a.badge_id"
                     " AND t.person_id = a.person_id RETURNING 1", ("On\x0bFriday\x07\x7f", award))
    desk.sign_again(award)
    signed = desk.json(f"/awards/{award}.json")
    assert signed["evidence"][0]["narrative"] == "On\nFriday  " and desk.verify(signed)[0] == 0
    assert desk.json(f"/ob2/awards/{award}")["evidence"][0]["narrative"] == "On\nFriday  "
    desk.share(award, identity="none")
    assert desk.get(f"/ob2/awards/{award}").status == 404, "2.0 has nobody without an e-mail address"
    assert desk.get(f"/awards/{award}.png").status == 200


def test_a_revoked_or_suspended_badge_is_gone_with_the_reason_and_no_private_word(desk):
    award = desk.award()
    desk.share(award)
    url = f"{desk.laurel.base}/ob2/awards/{award}"
    desk.laurel.rows("UPDATE award SET state = 3, suspended_at = now() WHERE public_id = %s RETURNING 1", (award,))
    reply = desk.get(desk.path(url))
    assert reply.status == 410 and "restore" in json.loads(reply.text)["revocationReason"]
    assert desk.laurel.cli("verify", url, check=False).status == 1 and desk.get(f"/awards/{award}.pdf").status == 404
    desk.laurel.rows("UPDATE award SET state = 2, suspended_at = NULL WHERE public_id = %s RETURNING 1", (award,))
    assert desk.get(desk.path(url)).status == 200
    kept = desk.get(f"/ob2/awards/{award}.png").body
    desk.laurel.cli("award", "revoke", award, "--reason", "Ada copied it from Eve.")
    reply = desk.get(desk.path(url))
    assert reply.status == 410 and reply.header("Content-Type") == "application/ld+json"
    assert reply.header("Access-Control-Allow-Origin") == "*" and reply.header("Cache-Control") == "no-store"
    assert json.loads(reply.text) == {"@context": "https://w3id.org/openbadges/v2", "id": url, "type": "Assertion", "revoked": True,
                                      "revocationReason": "withdrawn by its issuer"}
    again = desk.get(desk.path(url), If_None_Match=reply.header("ETag"))
    assert again.status == 410 and "Eve" not in again.text
    status, checks, words = desk.check(kept)
    assert status == 1, words
    assert [desk.get(p.format(award)).status for p in ("/ob2/awards/{}.png", "/ob2/awards/{}.svg", "/awards/{}.pdf")] == [404] * 3


# --- certificates

def pdf_pages(desk, pdf):
    path = desk.laurel.folder / "certificate.pdf"
    path.write_bytes(pdf)
    text = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True, timeout=60).stdout.decode()
    subprocess.run(["pdftoppm", "-r", "150", "-png", "-singlefile", str(path), str(path.with_suffix(""))], check=True, timeout=60)
    found = subprocess.run(["zbarimg", "-q", "--raw", str(path.with_suffix(".png"))], capture_output=True, timeout=60)
    return text, found.stdout.decode().split()


@pytest.mark.skipif(not shutil.which("zbarimg") or not shutil.which("pdftoppm"), reason="needs zbar-tools and poppler-utils")
def test_a_certificate_leads_to_the_public_page_and_names_whom_it_may(desk, one):
    [[name]] = desk.laurel.rows("SELECT p.name FROM award a JOIN person p ON p.id = a.person_id WHERE a.public_id = %s", (one,))
    reply = desk.get(f"/awards/{one}.pdf")
    assert reply.status == 200 and reply.header("Content-Type") == "application/pdf" and reply.body.startswith(b"%PDF-")
    text, codes = pdf_pages(desk, reply.body)
    url = f"{desk.laurel.base}/awards/{one}"
    assert codes == [url] and "First Task Done" in text and "Northside College" in text
    assert name and name not in text, "the public one names nobody who did not say so"
    browser, launch = desk.learner(one)
    mine = browser.get(f"{launch}/badges/{desk.badge_of(one)}/download/pdf")
    text, codes = pdf_pages(desk, mine.body)
    assert name in text and codes == [url]


@pytest.mark.skipif(not shutil.which("zbarimg") or not shutil.which("pdftoppm"), reason="needs zbar-tools and poppler-utils")
def test_a_private_certificate_leads_nowhere(desk):
    award = desk.award("task-plain")
    browser, launch = desk.learner(award)
    reply = browser.get(f"{launch}/badges/{desk.badge_of(award)}/download/pdf")
    assert reply.header("Content-Disposition").startswith('attachment; filename="task-plain.pdf"')
    text, codes = pdf_pages(desk, reply.body)
    assert codes == [] and award not in text and "Plain Task" in text


# --- a learner's own

def test_learners_take_away_their_own_also_private_ones(desk):
    award = desk.award("task-plain")
    browser, launch = desk.learner(award)
    badge = desk.badge_of(award)
    page = browser.get(f"{launch}/badges/{badge}")
    links = re.findall(r'href="([^"]*/download/[^"]*)"', page.text)
    assert [link.rsplit("/", 1)[1] for link in links] == ["png", "pdf", "svg", "json", "jwt", "zip", "badges.zip"]
    assert "works only while a badge is shared" in page.text
    for link in links:
        reply = browser.get(desk.laurel.base + link)
        assert reply.status == 200 and reply.header("Content-Disposition").startswith("attachment; "), link
        assert reply.header("Cache-Control") == "no-store"
        if not link.endswith(("pdf", "zip")):
            assert desk.check(reply.body)[0] == 0, link
        assert web.Browser().get(desk.laurel.base + link, headers={"Sec-Fetch-Dest": "empty"}).status == 401
    assert browser.get(f"{launch}/badges/{badge}/download/ob2.png").status == 404
    assert browser.get(f"{launch}/badges/{badge}/download/gif").status == 404
    desk.share(award)
    page = browser.get(f"{launch}/badges/{badge}")
    assert "works only as long as you share this badge" in page.text
    assert desk.check(browser.get(f"{launch}/badges/{badge}/download/ob2.png").body)[0] == 0
    # Who has no such award has no file of it: a teacher too.
    reply, teacher = desk.lms.launch(desk.teacher)
    home = f"{desk.laurel.base}/app/l/{laurel.launch_id(reply)}"
    assert teacher.get(f"{home}/badges/{badge}/download/json").status == 404
    assert teacher.get(f"{home}/download/badges.zip").status == 404


def test_without_cookies_the_shells_token_gets_the_same_file(desk, one):
    """shell.js fetches links with the Authorization header and saves what comes as an attachment."""
    browser, launch = desk.learner(one)
    [[name, token]] = [pair for pair in browser.cookies.items() if "laurel-s-" in pair[0]]
    path = f"{launch}/badges/{desk.badge_of(one)}/download/json"
    reply = web.Browser().get(path, headers={"Authorization": f"Bearer {token}", "Accept": "text/html"})
    assert reply.status == 200 and reply.header("Content-Disposition").startswith('attachment; filename="task-one.json"')
    assert reply.body == browser.get(path).body


def test_everything_is_checked_without_the_network(desk, one, tmp_path):
    browser, launch = desk.learner(one)
    reply = browser.get(f"{launch}/download/badges.zip")
    assert reply.header("Content-Type") == "application/zip" and 'filename="laurel-badges.zip"' in reply.header("Content-Disposition")
    archive = zipfile.ZipFile(io.BytesIO(reply.body))
    assert archive.testzip() is None
    files = {i.filename: archive.read(i) for i in archive.infolist()}
    assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    kinds = sorted({name.split("/")[0] for name in files})
    assert kinds == ["README.txt", "awards", "issuers", "keys", "status", "urls.json"]
    urls = json.loads(files["urls.json"])
    assert set(urls.values()) <= set(files) and all(u.startswith(desk.laurel.base) for u in urls)
    # By programs that are not ours, from the files alone.
    [folder] = {name.rsplit("/", 1)[0] for name in files if one in name}
    credential = json.loads(files[f"{folder}/credential.json"])
    did = next(json.loads(files[n]) for n in files if n.endswith("/did.json"))
    entry = credential["credentialStatus"]
    listed = json.loads(files[urls[entry["statusListCredential"]]])
    assert int(entry["statusListIndex"]) not in openbadges.bits(listed)[0]
    if openbadges.is_there():
        assert openbadges.proof_is_right(credential, did) and openbadges.proof_is_right(listed, did)
    header = json.loads(base64.urlsafe_b64decode(files[f"{folder}/credential.jwt"].split(b".")[0] + b"=="))
    openbadges.token_payload(files[f"{folder}/credential.jwt"].decode(), json.loads(files[urls[header["kid"]]]))
    # By ours, with a network that is not there.
    path = tmp_path / "laurel-badges.zip"
    path.write_bytes(reply.body)
    (tmp_path / "all").mkdir()
    archive.extractall(tmp_path / "all")
    without = ["unshare", "--net", "--map-root-user"] if subprocess.run(
        ["unshare", "--net", "--map-root-user", "true"], capture_output=True).returncode == 0 else []
    for name in ("credential.json", "credential.jwt", "badge.png", "badge.svg"):
        done = subprocess.run([*without, str(laurel.program()), "-c", str(tmp_path / "none.conf"), "verify",
                               str(tmp_path / "all" / folder / name), "--from", str(path)], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0 and "Valid." in done.stdout and "compare" in done.stdout, done.stdout + done.stderr
    command = [*without, str(laurel.program()), "-c", str(tmp_path / "none.conf"), "verify"]
    good = str(tmp_path / "all" / folder / "credential.json")
    assert subprocess.run([*command, good], capture_output=True, timeout=120).returncode == 1, "there is no network"
    # An archive without the list, and one whose list says otherwise.
    for change in ("status", "issuers", "keys"):
        bad = tmp_path / f"without-{change}.zip"
        with zipfile.ZipFile(bad, "w") as out:
            for name, data in files.items():
                if not name.startswith(change):
                    out.writestr(name, data)
        what = good.replace(".json", ".jwt") if change == "keys" else good
        assert subprocess.run([*command, what, "--from", str(bad)], capture_output=True, timeout=120).returncode == 1, change
    (tmp_path / "no.zip").write_bytes(b"PK\x03\x04 no")
    done = subprocess.run([*command, good, "--from", str(tmp_path / "no.zip")], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "archive" in done.stderr and done.stderr.count("\n") == 1
    # The same twice but for the moment that README.txt names.
    again = zipfile.ZipFile(io.BytesIO(browser.get(f"{launch}/download/badges.zip").body))
    assert [i.filename for i in again.infolist()] == [i.filename for i in archive.infolist()]
    assert all(again.read(n) == files[n] for n in files if n != "README.txt")


def test_a_revoked_badge_in_an_archive_is_refused_by_its_own_list(desk, tmp_path):
    award = desk.award("task-plain")
    desk.laurel.cli("award", "revoke", award, "--reason", "x")
    browser, launch = desk.learner(award)
    path = tmp_path / "one.zip"
    path.write_bytes(browser.get(f"{launch}/badges/{desk.badge_of(award)}/download/zip").body)
    archive = zipfile.ZipFile(path)
    [name] = [n for n in archive.namelist() if n.endswith("credential.json")]
    done = desk.check(archive.read(name), "--from", str(path))
    assert done[0] == 1 and done[1]["status"] == "failed" and done[1]["signature"] == "passed"
    assert not re.search(r"/download/pdf", browser.get(f"{launch}/badges/{desk.badge_of(award)}").text)


@pytest.mark.parametrize("name, data", [
    ("GIF", b"GIF89a\x01\x00\x01\x00\x80\x00\x00"), ("JPEG", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"),
    ("PNG of nothing", b"\x89PNG\r\n\x1a\n<svg/>"), ("HTML", b"<html><script>alert(1)</script></html>"), ("PDF", b"%PDF-1.5 "),
    ("SVG with entities", b'<!DOCTYPE svg [<!ENTITY a "aaaa">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>')])
def test_a_picture_that_lies_about_its_type_is_no_badge(desk, name, data):
    edge = "laurel-test-edge"
    body = (f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="badge.png"\r\nContent-Type: image/png\r\n\r\n'.encode()
            + data + f"\r\n--{edge}--\r\n".encode())
    page = web.Browser().request("POST", desk.laurel.base + "/verify", body=body, headers={
        "Content-Type": f"multipart/form-data; boundary={edge}", "Sec-Fetch-Site": "same-origin"})
    assert page.status == 200 and "No badge was found in this" in page.text and "<script>alert" not in page.text
    status, checks, words = desk.check(data)
    assert status == 1 and checks["format"] == "failed" and len(words) > 20, words


def test_what_a_picture_holds_counts_not_what_it_is_called(desk, one):
    """A drawing that is called .png, and a baked picture with another credential behind the first."""
    assert desk.check(desk.get(f"/awards/{one}.svg").body)[0] == 0
    baked = desk.get(f"/awards/{one}.png").body
    inside = b"openbadgecredential\0\0\0\0\0{}"
    extra = struct.pack(">I", len(inside)) + b"iTXt" + inside + struct.pack(">I", zlib.crc32(b"iTXt" + inside))
    assert desk.check(baked[:33] + extra + baked[33:])[0] == 1


def test_more_than_fits_into_one_file_leaves_pictures_out_and_says_so(desk, one):
    """200 more badges of one learner, long ago: more pictures than an answer may hold."""
    desk.laurel.rows("WITH one AS (SELECT * FROM award WHERE public_id = %s), many AS ("
                     " INSERT INTO award (institution_id, badge_id, person_id, state, rule_version, reasons, issued_at, revoked_at, signed_at)"
                     " SELECT institution_id, badge_id, person_id, 4, rule_version, reasons, issued_at - n * interval '1 day', now(), now()"
                     " FROM one, generate_series(1, 200) n RETURNING institution_id, id)"
                     " INSERT INTO credential (institution_id, award_id, form, body, digest, key_id, valid_from, signed_at)"
                     " SELECT m.institution_id, m.id, c.form, c.body, c.digest, c.key_id, c.valid_from, c.signed_at"
                     " FROM many m, credential c JOIN one ON c.award_id = one.id RETURNING 1", (one,))
    browser, launch = desk.learner(one)
    reply = browser.get(f"{launch}/download/badges.zip")
    assert reply.status == 200 and len(reply.body) <= 8 << 20
    archive = zipfile.ZipFile(io.BytesIO(reply.body))
    names = archive.namelist()
    assert archive.testzip() is None and sum(n.endswith("credential.json") for n in names) >= 201
    pictures, awards = (sum(n.endswith(end) for n in names) for end in ("badge.png", "credential.json"))
    assert 0 < pictures < awards and f"{awards - pictures} PNG pictures" in archive.read("README.txt").decode()
