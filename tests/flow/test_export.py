"""`laurel export --static`: badges stay good without Laurel, as files behind nginx under the same name."""
import base64
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from flow.test_credentials import BADGE, PLAIN, PROMPT_S, Desk
from support import laurel, web

openbadges = pytest.importorskip("support.openbadges", reason="needs python3-pyld and python3-jsonschema")
# People get pages at these addresses, which the folder does not have.
FORMS = {"awards": "application/vc+ld+json", "badges": "application/ld+json", "issuers": "application/ld+json"}


def as_program(desk, path):
    _, folder, name = (path + "/").split("/")[:3]
    return desk.get(path, Accept=FORMS[folder]) if folder in FORMS and path.count("/") == 2 and "." not in name else desk.get(path)


class Exit:
    """A school that closed down: what it had issued, and the folder that is left, served by nginx at its old address."""

    def __init__(self, desk):
        self.desk, place = desk, desk.laurel
        self.good = [desk.shared(), desk.shared("task-plain"), desk.shared()]
        self.revoked, self.suspended = desk.shared(), desk.shared()
        self.private, self.withdrawn = desk.award("task-plain"), desk.shared("task-plain")
        desk.laurel.cli("key", "rotate", "--badge-issuer", "northside")
        self.good.append(desk.shared())
        # What people saved while Laurel was there.
        self.saved = {award: (desk.get(f"/awards/{award}.json").text, desk.get(f"/awards/{award}.jwt").text)
                      for award in [*self.good, self.revoked, self.suspended]}
        place.cli("award", "revoke", self.revoked, "--reason", "Not the lion's own work.")
        place.rows("UPDATE award SET state = 3, suspended_at = now() WHERE public_id = %s RETURNING 1", (self.suspended,))
        place.rows("UPDATE award SET shared_at = NULL WHERE public_id = %s RETURNING 1", (self.withdrawn,))
        desk.sign_again(self.suspended)
        self.public = [f"/.well-known/jwks.json", *self.addresses()]
        self.served = {path: as_program(desk, path) for path in self.public}
        self.token = desk.get(f"/awards/{self.good[0]}", Accept="application/vc+jwt")
        self.folder = place.folder / "exit"
        self.summary = place.cli("export", "--static", self.folder, "--json").json()

    def addresses(self):
        """Of everything public, as Laurel's own documents name them."""
        desk = self.desk
        for award in [*self.good, self.revoked, self.suspended]:
            credential = desk.json(f"/awards/{award}.json")
            issuer, badge = credential["issuer"]["id"].split(":")[-1], credential["credentialSubject"]["achievement"]["id"]
            yield from (f"/awards/{award}", f"/awards/{award}.json", f"/awards/{award}.jwt",
                        desk.path(credential["credentialStatus"]["statusListCredential"]),
                        f"/issuers/{issuer}", f"/issuers/{issuer}.json", f"/issuers/{issuer}/did.json", f"/revocations/{issuer}",
                        desk.path(badge), desk.path(badge) + ".json", desk.path(badge) + "/image.svg")
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


@pytest.fixture(scope="module")
def left(cluster):
    if not openbadges.is_there():
        pytest.skip("contexts and schemas are absent")
    with laurel.school(cluster, seed=20261211) as (place, lms):
        left = Exit(Desk(place, lms))
        left.close_down()
        yield left


def independent(left, credential):
    """Proof, dates and status as PyLD and cryptography see them, from what nginx serves: whether it is good."""
    desk = left.desk
    document = desk.did_document(credential["issuer"]["id"])
    if not openbadges.proof_is_right(credential, document):
        return False
    entry = credential["credentialStatus"]
    listed = desk.json(desk.path(entry["statusListCredential"]))
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


def test_all_that_was_public_is_served_as_before(left):
    for path, before in left.served.items():
        now = as_program(left.desk, path)
        assert now.status == before.status == 200, path
        assert now.body == before.body, path
        assert now.header("Content-Type") == before.header("Content-Type"), path
        assert now.header("Access-Control-Allow-Origin") == "*", path
    token = left.desk.get(f"/awards/{left.good[0]}", Accept="application/vc+jwt")
    assert (token.body, token.header("Content-Type")) == (left.token.body, left.token.header("Content-Type"))


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


def test_the_picture_has_the_badge_inside(left):
    for award in left.good:
        picture = left.desk.get(f"/awards/{award}.svg")
        assert picture.header("Content-Type") == "image/svg+xml"
        [inside] = re.findall(r"<!\[CDATA\[(.*?)\]\]>", picture.text, re.S)
        assert json.loads(inside) == left.desk.json(f"/awards/{award}.json")
        assert left.desk.verify(picture.text)[0] == 0


def test_nothing_private_is_in_the_folder(left):
    place, files = left.desk.laurel, [f for f in left.folder.rglob("*") if f.is_file()]
    shown = [*left.good, left.revoked, left.suspended]
    assert left.summary["awards"] == len(shown) and left.summary["unsigned_awards"] == 0
    assert {f.stem for f in files if f.parent.name == "awards"} == set(shown)
    text = "\n".join(f"{f.name}\n{f.read_text()}" for f in files)
    assert left.private not in text and left.withdrawn not in text
    names = [user["name"] for user in left.desk.lms.facts["users"]]
    for word in ["PRIVATE KEY", '"d":', place.key_file.read_text().strip(), "laurel_app", *names, *(n.split()[-1] for n in names)]:
        assert word and word not in text, word
    for path in ("/", "/awards/", "/README.txt", "/nginx.conf", f"/awards/{left.private}", "/../laurel.conf"):
        assert left.desk.get(path).status in (400, 404), path


def test_every_file_is_a_documents_or_said_in_the_text(left):
    known = re.compile(r"(awards/ID(\.json|\.jwt|\.svg)?|status/ID(\.json|\.jwt)?|keys/ID|revocations/ID|issuers/ID(\.json|/did\.json)"
                       r"|badges/ID(\.json|/image\.svg)|\.well-known/jwks\.json|README\.txt|nginx\.conf|\.htaccess|laurel-export\.json)")
    for file in left.folder.rglob("*"):
        name = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", str(file.relative_to(left.folder)))
        assert file.is_dir() or known.fullmatch(name), file
    assert not re.search(r"@[A-Z]+@", "".join((left.folder / f).read_text() for f in ("README.txt", "nginx.conf", ".htaccess")))


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
    # The disk is full, or a file is in the way: here a limit on how large files may grow.
    command = [str(laurel.program()), "-c", str(plain.config), "export", "--static", str(folder)]
    done = subprocess.run(["sh", "-c", 'trap "" XFSZ; ulimit -f 1; exec "$@"', "sh", *command], capture_output=True, text=True)
    assert done.returncode == 1 and "cannot be written" in done.stderr, done
    assert sorted(f.name for f in folder.iterdir()) == before and rest.exists()
    plain.cli("export", "--static", folder)
    assert sorted(f.name for f in folder.iterdir()) == before and not rest.exists()


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
