"""People who come from LTI 1.1 keep what they held (LTI Core 1.3, 6.1.2: the claim lti1p1)."""
import base64
import hashlib
import hmac
import json
import time

import pytest

from support.forge import LTI

from .judge import accepted, page, refused

KEY, SECRET = "old key:1", "s3cret & more"
WHERE = "Northside College"


def sign(platform, nonce, exp, secret=SECRET, key=KEY, deployment=None):
    """The standard's own words: key & deployment & iss & client & exp & nonce, joined by ampersands."""
    text = "&".join((key, deployment or platform.deployment, platform.issuer, platform.client_id, str(exp), nonce))
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


class Old:
    def __init__(self, house):
        self.laurel, self.platform = house.laurel, house.fresh()
        self.secret_file = self.laurel.folder / "old-secret"
        self.secret_file.write_text(SECRET + "\n", encoding="utf-8")
        self.cli("add", "--secret-file", self.secret_file)
        badges = self.laurel.folder / "legacy-badges.json"
        badges.write_text(json.dumps({
            "issuer": {"key": "legacy", "name": "Legacy", "url": "https://northside.example"},
            "badges": [{"key": key, "name": name, "description": "For tests.", "rule": {"manual": "x"}, "courses": [{
                "issuer": self.platform.issuer, "client_id": self.platform.client_id,
                "deployment_id": self.platform.deployment, "context_id": "course-1"}]}
                for key, name in (("old-one", "Badge of Old"), ("old-two", "Second of Old"))]}), encoding="utf-8")
        self.laurel.cli("badge", "import", badges)

    def cli(self, deed, *more, **how):
        return self.laurel.cli("platform", "legacy", deed, "--issuer", self.platform.issuer, "--client-id",
                               self.platform.client_id, "--consumer-key", KEY, *more, **how)

    def load(self, *rows, **how):
        path = self.laurel.folder / "people.csv"
        path.write_text("user_id,name,email,badge,issued_at\n" + "".join(row + "\n" for row in rows), encoding="utf-8")
        return self.cli("import", path, "--institution", WHERE, **how)

    def launch(self, sub, old_id=None, **signed):
        """A launch of this person; with old_id, with a claim that says who they were."""
        pending = self.laurel.begin(self.platform)
        exp = int(time.time()) + 300
        delta = {"exp": exp}
        if old_id is not None:
            delta[LTI + "lti1p1"] = {"user_id": old_id, "oauth_consumer_key": signed.get("key", KEY),
                                     "oauth_consumer_key_sign": sign(self.platform, pending.nonce, exp, **signed)}
        reply = self.laurel.present(pending, self.platform.token(pending.nonce, delta, sub=sub))
        return reply, pending, delta

    def sees(self, sub, old_id=None, badge="Badge of Old", **signed):
        """Whether the learner's page shows the badge as earned after such a launch."""
        reply, pending, _ = self.launch(sub, old_id, **signed)
        seen = page(self.laurel, pending.browser, accepted(reply, self.laurel), "learner")
        assert seen.status == 200 and badge in seen.text
        return "Earned 31 May 2024" in seen.text

    def holders(self):
        """(sub, badge key) of every award."""
        return sorted(self.laurel.rows(
            "SELECT p.sub, b.key FROM award a JOIN person p ON p.id = a.person_id JOIN badge b ON b.id = a.badge_id"
            " JOIN registration r ON r.id = p.registration_id WHERE r.slug = %s", (self.platform.slug,)))


@pytest.fixture(scope="module")
def old(house):
    return Old(house)


def test_somebody_known_from_before_holds_the_badge_and_stays_the_same_person(old):
    assert "1 rows: 1 people and 1 awards are new." in old.load("u1,Old Name,old@school.example,old-one,2024-05-31").out
    assert old.sees("new-1", "u1")
    assert old.sees("new-1")            # without the claim
    assert old.laurel.rows("SELECT count(*) FROM person WHERE sub IN ('new-1', 'lti1p1:old%20key%3A1:u1')") == [(1,)]
    assert "0 people and 0 awards are new" in old.load("u1,Old Name,old@school.example,old-one,2024-05-31").out


@pytest.mark.parametrize("wrong", [{"secret": "guess"}, {"secret": ""}, {"deployment": "another"}, {"key": "unknown"}])
def test_a_claim_that_the_secret_did_not_sign_is_ignored(old, wrong):
    old.load("u2,,,old-one,2024-05-31")
    assert not old.sees("thief-" + "-".join(wrong), "u2", **wrong)
    assert ("lti1p1:old%20key%3A1:u2", "old-one") in old.holders()
    assert [line for line in old.laurel.logs() if line["event"] == "legacy_claim_ignored"]


def test_a_replayed_claim_gives_nothing(old):
    """The token again, and its claim in another launch."""
    old.load("u3,,,old-one,2024-05-31")
    reply, pending, delta = old.launch("first-3", "another-user-3")
    accepted(reply, old.laurel)
    refused(old.laurel, old.laurel.present(pending, old.platform.token(pending.nonce, delta, sub="thief-3")), "nonce")
    taken = dict(delta[LTI + "lti1p1"], user_id="u3")
    again = old.laurel.begin(old.platform)
    reply = old.laurel.present(again, old.platform.token(again.nonce, {LTI + "lti1p1": taken}, sub="thief-3"))
    accepted(reply, old.laurel)
    assert ("lti1p1:old%20key%3A1:u3", "old-one") in old.holders()


def test_a_replayed_token_does_not_rename_anybody(old):
    old.load("u4,,,old-one,2024-05-31")
    pending = old.laurel.begin(old.platform)
    exp = int(time.time()) + 300
    claim = {"user_id": "u4", "oauth_consumer_key": KEY, "oauth_consumer_key_sign": sign(old.platform, pending.nonce, exp)}
    accepted(old.laurel.present(pending, old.platform.token(pending.nonce, {"exp": exp}, sub="plain-4")), old.laurel)
    late = old.platform.token(pending.nonce, {"exp": exp, LTI + "lti1p1": claim}, sub="thief-4")
    refused(old.laurel, old.laurel.present(pending, late), "nonce")
    assert ("lti1p1:old%20key%3A1:u4", "old-one") in old.holders()


def test_who_launched_before_the_import_gets_what_was_held(old):
    assert not old.sees("early-5")
    old.load("u5,,,old-one,2024-05-31", "u5,,,old-two,2024-05-31")
    assert old.sees("early-5", "u5")
    assert [holder for holder in old.holders() if holder[0] == "early-5"] == [("early-5", "old-one"), ("early-5", "old-two")]
    assert "0 people and 0 awards are new" in old.load("u5,,,old-one,2024-05-31").out


def test_the_id_may_be_left_out_where_it_did_not_change(old):
    old.load("same-6,,,old-one,2024-05-31")
    pending = old.laurel.begin(old.platform)
    exp = int(time.time()) + 300
    claim = {"oauth_consumer_key": KEY, "oauth_consumer_key_sign": sign(old.platform, pending.nonce, exp)}
    accepted(old.laurel.present(pending, old.platform.token(pending.nonce, {"exp": exp, LTI + "lti1p1": claim}, sub="same-6")),
             old.laurel)
    assert ("same-6", "old-one") in old.holders()


@pytest.mark.parametrize("row, words", [
    ("u9,,,no-such-badge,2024-05-31", "row 3: there is no badge"), (",,,old-one,2024-05-31", "row 3: user_id"),
    ("u9,,,old-one,", "row 3: a badge needs the day"), ("u9,,,old-one,2924-05-31", "row 3: issued_at"),
    ("u9,,,old-one,31.5.2024", "row 3: issued_at"), ("u" * 201 + ",,,,", "row 3: user_id"), ("\"u9,,,,", "row 3")])
def test_a_row_that_cannot_be_taken_is_named_and_nothing_is_imported(old, row, words):
    before = old.laurel.counts()
    done = old.load("good,,,old-one,2024-05-31", row, check=False)
    assert done.status == 1 and words in done.err
    assert old.laurel.counts() == before


def test_secrets_are_sealed_listed_without_and_removed(old):
    [(box,)] = old.laurel.rows("SELECT secret_sealed FROM legacy_consumer WHERE consumer_key = %s", (KEY,))
    assert SECRET.encode() not in bytes(box)
    listed = old.laurel.cli("platform", "legacy", "list", "--json")
    assert [row["consumer_key"] for row in listed.json()] == [KEY] and SECRET not in listed.out
    old.load("u7,,,old-one,2024-05-31")
    old.cli("remove")
    try:
        assert not old.sees("late-7", "u7")
        assert old.cli("remove", check=False).status == 1
    finally:
        old.cli("add", "--secret-file", old.secret_file)
    assert old.sees("late-7", "u7")
    assert SECRET not in old.laurel.serve_log.read_text(errors="replace")
