"""A badge's own picture: what a badge file names as "image" (DESIGN 3.3), judged, kept, and shown wherever the badge is."""
import base64
import io
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
import zipfile

import pytest

from support import laurel
from support.laurel import wait_until

from .test_forms import baked_in, pixels
from .test_public_pages import PROMPT_S, Desk, Learner

image = pytest.importorskip("PIL.Image", reason="needs python3-pil")

SVG = ('<?xml version="1.0"?><!-- by hand --><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
       '<style>.a{fill:#0a7}</style><circle class="a" cx="50" cy="50" r="40" style="stroke:#123"/></svg>')


def png(width, height, seed=7):
    """A picture without two equal neighbours, half of it see-through."""
    picture = image.new("RGBA", (width, height))
    picture.putdata([((x * seed) % 256, (y * 5) % 256, (x * y) % 256, 255 if x < width // 2 else 96 + y % 64)
                     for y in range(height) for x in range(width)])
    return picture


def file_of(picture, format="PNG"):
    out = io.BytesIO()
    picture.save(out, format)
    return out.getvalue()


class Studio(Desk):
    def __init__(self, place, lms):
        super().__init__(place, lms)
        self.folder = place.folder / "file"
        self.folder.mkdir()

    def file(self, pictures=None, **more):
        """A badge file of the badge "lion" with `more`, in a folder with these pictures and no others."""
        shutil.rmtree(self.folder)
        self.folder.mkdir()
        for name, content in (pictures or {}).items():
            (self.folder / name).parent.mkdir(exist_ok=True)
            (self.folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        known = json.loads((self.laurel.folder / "badges.json").read_text(encoding="utf-8"))
        lion = {**known["badges"][0], **more}
        path = self.folder / "badges.json"
        issuer = {**known["issuer"], "email": "badges@northside.example"}       # Open Badges 2.0 asks for it
        path.write_text(json.dumps({**known, "issuer": issuer, "badges": [lion]}), encoding="utf-8")
        return path

    def load(self, pictures=None, dry_run=False, **more):
        """Imports it: what the command says of the badge."""
        done = self.laurel.cli("badge", "import", self.file(pictures, **more), "--json", *(["--dry-run"] if dry_run else []))
        [said] = done.json()["badges"]
        return said

    def picture(self, ending="svg"):
        reply = self.get(f"/badges/{self.badges['lion']}/image.{ending}")
        assert reply.status == 200 and reply.header("Content-Type") == {"svg": "image/svg+xml", "png": "image/png"}[ending]
        return reply.body

    def kept(self):
        return [bytes(b) for b, in self.laurel.rows("SELECT bytes FROM badge_image")]

    def idle(self):
        wait_until(lambda: self.laurel.rows("SELECT 1 FROM job WHERE kind IN ('sign', 'draw')") == [], PROMPT_S, "nothing to sign or draw")


@pytest.fixture(scope="module")
def desk(cluster):
    with laurel.school(cluster, seed=20261210) as (place, lms):
        yield Studio(place, lms)


@pytest.fixture(scope="module")
def ana(desk):
    learner = Learner(desk)
    learner.choose(identity="email")
    return learner


@pytest.fixture
def drawn(desk):
    """Begins and ends with the picture that Laurel draws."""
    desk.load()
    yield desk.picture()
    desk.load()


def near(one, other, most=3):
    return all(abs(a - b) <= most for a, b in zip(one, other))


def test_an_svg_is_shown_wherever_the_badge_is(desk, ana, drawn):
    said = desk.load({"safe-lab.svg": SVG}, image="safe-lab.svg", image_alt="A green circle")
    assert (said["change"], said["image"], said["image_problem"]) == ("changed", "changed", "")
    desk.idle()
    [kept] = desk.kept()
    assert b"by hand" not in kept and b'viewBox="0 0 100 100"' in kept and b"circle" in kept
    assert desk.picture() == ana.page(f"image/{desk.badges['lion']}.svg").body == kept != drawn
    big = image.open(io.BytesIO(desk.picture("png"))).convert("RGBA")
    assert big.size == (512, 512) and big.getpixel((256, 256)) == (0, 0xaa, 0x77, 255) and big.getpixel((2, 2))[3] == 0
    preview = image.open(io.BytesIO(desk.get(f"/badges/{desk.badges['lion']}/preview.png").body)).convert("RGB")
    assert preview.size == (1200, 630) and near(preview.getpixel((260, 309)), (0, 0xaa, 0x77))
    # Baked: the same pixels, the same drawing.
    baked = desk.get(f"/awards/{ana.award}.png").body
    assert pixels(baked) == pixels(desk.picture("png")) and json.loads(baked_in(baked, b"openbadgecredential"))["id"].endswith(ana.award)
    root = ElementTree.fromstring(desk.get(f"/awards/{ana.award}.svg").body)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == 1
    assert desk.get(f"/ob2/awards/{ana.award}.svg").body.count(b"<circle") == 1
    if shutil.which("pngcheck"):
        (desk.folder / "baked.png").write_bytes(baked)
        assert subprocess.run(["pngcheck", "-q", str(desk.folder / "baked.png")], capture_output=True, timeout=30).returncode == 0
    # Named, with its caption, in credential and badge class; described on the pages.
    credential = json.loads(desk.get(f"/awards/{ana.award}.json").text)
    shown = credential["credentialSubject"]["achievement"]["image"]
    assert shown == {"id": f"{desk.laurel.base}/badges/{desk.badges['lion']}/image.svg", "type": "Image", "caption": "A green circle"}
    assert json.loads(desk.get(f"/ob2/badges/{desk.badges['lion']}").text)["image"] == {
        "id": f"{desk.laurel.base}/badges/{desk.badges['lion']}/image.png", "caption": "A green circle"}
    assert 'alt="A green circle"' in desk.get(f"/awards/{ana.award}").text and 'alt="A green circle"' in ana.page(ana.where).text
    if shutil.which("pdftoppm"):
        (desk.folder / "c.pdf").write_bytes(desk.get(f"/awards/{ana.award}.pdf").body)
        subprocess.run(["pdftoppm", "-r", "72", "-png", "-singlefile", str(desk.folder / "c.pdf"), str(desk.folder / "c")],
                       check=True, timeout=60)
        page = image.open(desk.folder / "c.png").convert("RGB")
        assert near(page.getpixel((180, 270)), (0, 0xaa, 0x77), 8)


def test_a_png_is_the_given_picture_scaled(desk, ana, drawn):
    for size in ((512, 512), (1024, 768), (90, 90)):
        given = png(*size)
        desk.load({"a/Lion.PNG": file_of(given)}, image="a/Lion.PNG")
        desk.idle()
        [kept] = desk.kept()
        own = image.open(io.BytesIO(kept)).convert("RGBA")
        assert own.size == {(512, 512): (512, 512), (1024, 768): (512, 384), (90, 90): (90, 90)}[size]
        if own.size == size:        # pixel by pixel; what is see-through is rounded (its colours are kept multiplied)
            assert all(near(a, b, 2) for a, b in zip(own.getdata(), given.getdata()))
        else:
            small = given.resize(own.size, image.BOX)
            assert sum(abs(a[0] - b[0]) for a, b in zip(own.getdata(), small.getdata())) / (512 * 384) < 16
        big = image.open(io.BytesIO(desk.picture("png"))).convert("RGBA")
        assert big.size == (512, 512)
        if size == (512, 512):
            assert all(near(a, b, 2) for a, b in zip(big.getdata(), given.getdata()))
        if size == (1024, 768):
            assert big.getpixel((100, 20))[3] == 0 and big.getpixel((100, 256))[3] == 255, "whole, in its proportions"
        assert pixels(desk.get(f"/awards/{ana.award}.png").body) == pixels(desk.picture("png"))
        # As a drawing it is a frame around it; the credential names the PNG.
        [inside] = ElementTree.fromstring(desk.picture()).iter("{http://www.w3.org/2000/svg}image")
        link = inside.get("{http://www.w3.org/1999/xlink}href")
        assert base64.b64decode(link.removeprefix("data:image/png;base64,")) == kept
        credential = json.loads(desk.get(f"/awards/{ana.award}.json").text)
        assert credential["credentialSubject"]["achievement"]["image"]["id"].endswith(f"/badges/{desk.badges['lion']}/image.png")
        (desk.folder / "badge.png").write_bytes(desk.get(f"/awards/{ana.award}.png").body)
        assert desk.laurel.cli("verify", desk.folder / "badge.png").status == 0


def test_a_dry_run_says_what_would_change_and_a_second_import_changes_nothing(desk, drawn):
    with_it = {"pictures": {"a.svg": SVG}, "image": "a.svg"}
    said = desk.load(**with_it, dry_run=True)
    assert (said["change"], said["image"]) == ("changed", "changed") and desk.kept() == [] and desk.picture() == drawn
    words = desk.laurel.cli("badge", "import", desk.file({"a.svg": SVG}, image="a.svg"), "--dry-run").out
    assert "image changes: a.svg" in words and "Nothing was changed." in words
    desk.load(**with_it)
    desk.idle()
    before = desk.laurel.rows("SELECT xmin::text, saved_at FROM badge_image"), desk.laurel.rows("SELECT count(*) FROM audit")
    said = desk.load(**with_it)
    assert (said["change"], said["image"]) == ("unchanged", "same")
    assert before == (desk.laurel.rows("SELECT xmin::text, saved_at FROM badge_image"), desk.laurel.rows("SELECT count(*) FROM audit"))
    said = desk.load()
    assert (said["change"], said["image"]) == ("changed", "removed") and desk.kept() == [] and desk.picture() == drawn


def test_another_picture_of_the_same_kind_is_drawn_and_nothing_is_signed_again(desk, ana, drawn):
    desk.load({"a.svg": SVG}, image="a.svg")
    desk.idle()
    green, signed = desk.picture("png"), desk.get(f"/awards/{ana.award}.json").text
    assert desk.load({"a.svg": SVG.replace("#0a7", "#d21")}, image="a.svg")["image"] == "changed"
    desk.idle()
    red = desk.picture("png")
    assert image.open(io.BytesIO(red)).convert("RGB").getpixel((256, 256)) == (0xdd, 0x22, 0x11) and red != green
    assert desk.get(f"/awards/{ana.award}.json").text == signed, "the address of the picture stays, so the credential does"
    assert pixels(desk.get(f"/awards/{ana.award}.png").body) == pixels(red)


def test_a_picture_that_is_not_there_is_a_note(desk, drawn):
    said = desk.load(image="gone.svg")
    assert said["image"] == "missing" and f"there is no picture {desk.folder}/gone.svg" in said["image_problem"]
    assert "a picture that Laurel draws" in said["image_problem"] and desk.picture() == drawn and desk.kept() == []
    done = desk.laurel.cli("badge", "import", desk.file(image="gone.svg"))
    assert f"note: there is no picture {desk.folder}/gone.svg" in done.out and "Imported." in done.out
    # When it comes it is taken; when it is missing again, nothing is lost.
    assert desk.load({"gone.svg": SVG}, image="gone.svg")["image"] == "changed"
    [kept] = desk.kept()
    said = desk.load(image="gone.svg")
    assert (said["change"], said["image"]) == ("unchanged", "missing") and "keeps the picture it has" in said["image_problem"]
    assert desk.kept() == [kept] and desk.picture() == kept
    # Another name is another picture.
    assert "Laurel draws" in desk.load(image="other.svg")["image_problem"] and desk.picture() == drawn


def refused(desk, path):
    done = desk.laurel.cli("badge", "import", path, check=False)
    assert done.status == 1 and desk.kept() == [] and done.err.count("\n") == 1, done.err
    return done.err


@pytest.mark.parametrize("name, content, words", [
    ("a.png", SVG, "name says PNG, but it holds SVG"),
    ("a.svg", file_of(png(2, 2)), "name says SVG, but it holds PNG"),
    ("a.png", file_of(png(2, 2).convert("RGB"), "JPEG"), "name says PNG, but it holds JPEG"),
    ("a.gif", file_of(png(2, 2), "GIF"), "save it as one of these"),
    ("a.png", file_of(png(2, 2))[:-4], "damaged"),
    ("a.png", b"\x89PNG\r\n\x1a\n" + b"x" * (2 << 20), "larger than 2 MB"),
    ("a.svg", SVG.replace("<circle", "<script>alert(1)</script><circle"), "holds a script"),
    ("a.svg", SVG.replace("<circle", '<image href="https://evil.example/a.png"/><circle'), "not inside it"),
    ("a.svg", '<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + SVG.split("-->")[1], "entities"),
    ("a.svg", SVG.split("-->")[1].replace("circle", "circle " + "x" * (512 << 10)), "larger than 512 KB"),
    ("a.svg", "", "something else")], ids=lambda value: value if isinstance(value, str) and len(value) < 40 else "")
def test_a_file_that_lies_or_does_more_than_draw_is_refused_by_name(desk, drawn, name, content, words):
    err = refused(desk, desk.file({name: content}, image=name))
    assert words in err and f"{desk.folder}/{name}" in err and "badges[0].image" in err and desk.picture() == drawn


@pytest.mark.parametrize("name", ["../secret.svg", "/etc/secret.svg", "a/../../secret.svg", "a\\b.svg", "file:secret.svg", "a//b.svg"])
def test_no_name_leads_out_of_the_folder(desk, drawn, name):
    (desk.laurel.folder / "secret.svg").write_text(SVG, encoding="utf-8")
    assert "must be the name of a file beside this one" in refused(desk, desk.file({"a/x.svg": SVG}, image=name))


def test_no_link_leads_out_of_the_folder_and_what_is_no_file_is_not_read(desk, drawn):
    (desk.laurel.folder / "secret.svg").write_text(SVG, encoding="utf-8")
    path = desk.file({"real.svg": SVG}, image="a.svg")
    (desk.folder / "a.svg").symlink_to(desk.laurel.folder / "secret.svg")
    assert "leads out of the badge file's folder" in refused(desk, path)
    path = desk.file({"real.svg": SVG}, image="b/secret.svg")
    (desk.folder / "b").symlink_to(desk.laurel.folder)
    assert "leads out of the badge file's folder" in refused(desk, path)
    for make in (os.mkfifo, os.mkdir):
        path = desk.file(image="a.svg")
        make(desk.folder / "a.svg")
        assert "is no file" in refused(desk, path)
    # Within the folder a link is one more name, as where a volume is mounted.
    path = desk.file({"real.svg": SVG}, image="a.svg")
    (desk.folder / "a.svg").symlink_to("real.svg")
    assert desk.laurel.cli("badge", "import", path).status == 0 and len(desk.kept()) == 1


def test_an_export_with_its_pictures_is_imported_as_it_was(desk, drawn):
    for name, content in (("pics/a.svg", SVG), ("b.png", file_of(png(700, 300)))):
        desk.load({name: content}, image=name, image_alt="What it is")
        [kept] = desk.kept()
        out = desk.laurel.folder / "export"
        shutil.rmtree(out, ignore_errors=True)
        alone = desk.laurel.cli("badge", "export", "--institution", "Northside College").out
        done = desk.laurel.cli("badge", "export", "--institution", "Northside College", "--images", out).out
        assert alone == done and sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()) == [name]
        assert (out / name).read_bytes() == kept
        (out / "badges.json").write_text(done, encoding="utf-8")
        again = desk.laurel.cli("badge", "import", out / "badges.json", "--json").json()["badges"]
        assert {b["change"] for b in again} == {"unchanged"} and [b["image"] for b in again if b["key"] == "lion"] == ["same"]
        desk.load()     # gone
        assert desk.kept() == []
        desk.laurel.cli("badge", "import", out / "badges.json")
        assert desk.kept() == [kept]
    assert "--images DIR" in desk.laurel.cli("badge", "export", "--help").out


def test_two_pictures_of_one_name_are_exported_as_two(desk, drawn):
    known = json.loads((desk.laurel.folder / "badges.json").read_text(encoding="utf-8"))
    for at, colour in ((0, "#0a7"), (1, "#d21")):
        path = desk.file({"a.svg": SVG.replace("#0a7", colour)})
        path.write_text(json.dumps({**known, "badges": [{**known["badges"][at], "image": "a.svg"}]}), encoding="utf-8")
        desk.laurel.cli("badge", "import", path)
    out = desk.laurel.folder / "two"
    text = desk.laurel.cli("badge", "export", "--institution", "Northside College", "--images", out).out
    named = {b["key"]: b["image"] for b in json.loads(text)["badges"] if "image" in b}
    assert set(named) == {"lion", "plain"} and "a.svg" in named.values() and len(set(named.values())) == 2
    for key, colour in (("lion", b"#0a7"), ("plain", b"#d21")):
        assert colour in (out / named[key]).read_bytes()
    path = desk.file()
    path.write_text(json.dumps({**known, "badges": known["badges"][:2]}), encoding="utf-8")
    desk.laurel.cli("badge", "import", path)
    assert desk.kept() == []


def test_what_is_exported_for_ever_shows_it_too(desk, ana, drawn):
    desk.load({"a.png": file_of(png(300, 300))}, image="a.png")
    desk.idle()
    out = desk.laurel.folder / "for-ever"
    desk.laurel.cli("export", "--static", out)
    where = out / "badges" / desk.badges["lion"]
    assert (where / "image.svg").read_bytes() == desk.picture() and (where / "image.png").read_bytes() == desk.picture("png")
    assert b"data:image/png;base64," in (out / "awards" / f"{ana.award}.svg").read_bytes()


def test_the_archive_holds_it(desk, ana, drawn):
    desk.load({"a.svg": SVG}, image="a.svg")
    desk.idle()
    archive = zipfile.ZipFile(io.BytesIO(ana.page(f"{ana.where}/download/zip").body))
    [name] = [n for n in archive.namelist() if n.endswith("badge.png")]
    assert pixels(archive.read(name)) == pixels(desk.picture("png"))


def test_the_drawings_policy_lets_nothing_in(desk, drawn):
    desk.load({"a.svg": SVG}, image="a.svg")
    reply = desk.get(f"/badges/{desk.badges['lion']}/image.svg")
    assert reply.all("Content-Security-Policy") == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"]
    assert reply.header("X-Content-Type-Options") == "nosniff" and not re.search(rb"https?://(?!www\.w3\.org/)", reply.body)
