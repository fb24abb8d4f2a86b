"""The command line: help, exit statuses, and one clear sentence for whatever is wrong (DESIGN 3.1)."""
import base64
import json
import os
import re
import stat

import pytest

from support import forge, laurel

COMMANDS = ["migrate", "serve", "worker", "platform", "source", "admin", "badge", "award", "key", "sync", "verify", "doctor"]


@pytest.fixture(scope="module")
def installed(cluster):
    """A prepared installation with one platform; nothing is served."""
    platform = forge.Platform("cli")
    place = laurel.Laurel(cluster, allow=[platform.port])
    place.platform = platform
    place.prepare()
    place.add_platform(platform)
    yield place
    place.close()
    platform.close()


def one_sentence(text):
    """Errors are a line for people: no JSON, no trace, no secret."""
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) == 1, text
    assert len(lines[0]) > 15 and not lines[0].startswith("{"), text
    return lines[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(installed, command):
    result = installed.cli(command, "--help", config=False)
    assert result.out.strip() and command in result.out and not result.err


def test_help_names_every_command(installed):
    result = installed.cli("--help", config=False)
    for command in COMMANDS:
        assert command in result.out


@pytest.mark.parametrize("arguments", [
    [], ["nonsense"], ["migrate", "--nonsense"], ["platform"], ["platform", "nonsense"], ["platform", "add"],
    ["platform", "add", "--issuer"], ["source", "set"], ["badge", "import"], ["award"], ["admin", "grant"], ["key"], ["verify"],
    ["worker", "--twice"], ["-x"]], ids=lambda a: " ".join(a) or "nothing")
def test_wrong_usage_is_status_2(installed, arguments):
    result = installed.cli(*arguments, check=False)
    assert result.status == 2, result.err
    assert result.err.strip() and not result.out.strip()


@pytest.mark.parametrize("arguments", [["award", "list", "--json"], ["platform", "list", "--json"], ["doctor", "--json"],
                                       ["key", "list", "--json"], ["admin", "list", "--institution", "Northside College", "--json"]], ids=" ".join)
def test_json_is_json_on_stdout_alone(installed, arguments):
    result = installed.cli(*arguments, check=arguments[0] != "doctor")
    json.loads(result.out)


def test_no_awards_is_an_empty_array(installed):
    assert installed.cli("award", "list", "--json").json() == []


def test_the_configuration_comes_from_the_environment_too(installed):
    result = installed.cli("platform", "list", "--json", config=False, env={"LAUREL_CONF": str(installed.config)})
    assert installed.platform.issuer in result.out


def change(**values):
    return lambda place: place.write_config(**values)


def write(text):
    return lambda place: place.config.write_text(text)


BAD_CONFIGURATIONS = {
    "missing": (lambda place: place.config.unlink(), r"laurel\.conf"),
    "syntax": (write('database = "x\n'), r"line \d"),
    "unknown-key": (change(tread=5), "tread.*threads"),
    "wrong-type": (change(threads="many"), "threads"),
    "too-many-threads": (change(threads=100000), "threads"),
    "no-database": (change(database=None), "database"),
    "http-in-public": (change(base_url="http://badges.example.edu"), "base_url"),
    "base-url-with-path": (change(base_url="https://badges.example.edu/laurel"), "base_url"),
    "base-url-slash": (change(base_url="https://badges.example.edu/"), "base_url"),
    "log-level": (change(log_level="loud"), "log_level"),
    "outbound-number": (write('database = "x";\nbase_url = "https://x.example";\noutbound_allow = [5];\n'), "outbound_allow"),
}


@pytest.mark.parametrize("command", [["migrate"], ["serve"], ["award", "list"]], ids=" ".join)
@pytest.mark.parametrize("name", BAD_CONFIGURATIONS)
def test_a_bad_configuration_is_named(installed, name, command):
    spoil, words = BAD_CONFIGURATIONS[name]
    try:
        spoil(installed)
        result = installed.cli(*command, check=False)
    finally:
        installed.write_config()
    assert result.status == 1
    assert re.search(words, one_sentence(result.err)), result.err


@pytest.mark.parametrize("command", [["migrate"], ["award", "list"], ["platform", "list"], ["worker", "--once"]], ids=" ".join)
def test_an_unreachable_database_is_said(installed, command):
    try:
        nowhere = "host=/nonexistent dbname=laurel user=laurel_app password=SECRETPASSWORD"
        installed.write_config(database=nowhere, migrate_database=nowhere)
        result = installed.cli(*command, check=False)
    finally:
        installed.write_config()
    assert result.status == 1
    assert "database" in one_sentence(result.err).lower() and "SECRETPASSWORD" not in result.err


@pytest.fixture
def bare(cluster):
    """An installation without a schema."""
    place = laurel.Laurel(cluster)
    yield place
    place.close()


@pytest.mark.parametrize("command", [["award", "list"], ["worker", "--once"], ["platform", "list"]], ids=" ".join)
def test_a_database_without_a_schema_asks_for_migrate(bare, command):
    bare.key_file.write_text(base64.b64encode(b"k" * 32).decode() + "\n")
    bare.key_file.chmod(0o600)
    result = bare.cli(*command, check=False)
    assert result.status == 1 and "laurel migrate" in one_sentence(result.err)


def test_a_newer_schema_is_not_migrated_but_still_used(bare):
    bare.prepare()
    with bare.connect() as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO laurel_migration (version, name, sha256) SELECT max(version) + 1, 'later', 'x' FROM laurel_migration")
    result = bare.cli("migrate", check=False)
    assert result.status == 1 and re.search("newer|upgrade", one_sentence(result.err))
    # The release before keeps running while the next one's schema is there already.
    assert bare.cli("award", "list", "--json").json() == []


def test_an_altered_migration_is_refused(bare):
    bare.cli("migrate")
    with bare.connect() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE laurel_migration SET sha256 = reverse(sha256) WHERE version = 1")
    result = bare.cli("migrate", check=False)
    assert result.status == 1 and re.search("altered|changed|differs|another form", one_sentence(result.err))


# --- keys


def test_key_init_makes_32_private_bytes_and_never_overwrites(bare):
    bare.cli("migrate")
    bare.cli("key", "init")
    text = bare.key_file.read_text()
    assert len(base64.b64decode(text.strip(), validate=True)) == 32
    assert stat.S_IMODE(os.stat(bare.key_file).st_mode) == 0o600
    bare.cli("key", "init", check=False)
    assert bare.key_file.read_text() == text, "the master key was overwritten"


@pytest.mark.parametrize("text", ["", "short\n", base64.b64encode(b"x" * 31).decode(), base64.b64encode(b"x" * 33).decode(), "!" * 44],
                         ids=["empty", "short", "31", "33", "not-base64"])
def test_a_bad_master_key_is_refused(bare, text):
    bare.cli("migrate")
    bare.key_file.write_text(text)
    bare.key_file.chmod(0o600)
    result = bare.cli("worker", "--once", check=False)
    assert result.status == 1 and "key" in one_sentence(result.err)


# --- platforms and sources


def add_arguments(platform, **changes):
    values = {"issuer": platform.issuer, "client-id": platform.client_id + "-new", "auth-url": platform.auth_url,
              "token-url": platform.token_url, "jwks-url": platform.jwks_url, "deployment": "1",
              "institution": "Northside College", **changes}
    return ["platform", "add", *(word for k, v in values.items() if v is not None for word in (f"--{k}", v))]


@pytest.mark.parametrize("changes", [
    {"auth-url": "http://lms.example/auth"}, {"jwks-url": "file:///etc/passwd"}, {"jwks-url": "ftp://lms.example/jwks"},
    {"token-url": "https://user:pass@lms.example/token"}, {"auth-url": "javascript:alert(1)"}, {"auth-url": "https://lms.example/a#b"},
    {"deployment": "d" * 256}, {"client-id": "c" * 256}, {"issuer": ""}, {"deployment": ""}, {"institution": ""}], ids=lambda c: str(c)[:50])
def test_platform_add_refuses_what_could_never_work(installed, changes):
    before = installed.counts()
    result = installed.cli(*add_arguments(installed.platform, **changes), check=False)
    assert result.status in (1, 2) and result.err.strip()
    assert installed.counts() == before


@pytest.mark.parametrize("missing", ["issuer", "client-id", "auth-url", "token-url", "jwks-url"])
def test_platform_add_needs_its_options(installed, missing):
    result = installed.cli(*add_arguments(installed.platform, **{missing: None}), check=False)
    assert result.status == 2 and missing in result.err


def test_platform_add_prints_what_the_platform_needs(installed):
    added = installed.cli(*add_arguments(installed.platform, **{"client-id": "prints"}), "--json").json()
    assert added["registration"]
    for path in ("/lti/login", "/lti/launch", "/lti/jwks"):
        assert installed.base + path in added.values(), added


def test_source_set_names_an_unknown_platform(installed):
    token = installed.folder / "token"
    token.write_text("t\n")
    result = installed.cli("source", "set", "--issuer", "https://nobody.example", "--client-id", "x", "--deployment", "1",
                           "--kind", "moodle", "--base-url", "https://nobody.example", "--token-file", token, check=False)
    assert result.status == 1 and one_sentence(result.err)


@pytest.mark.parametrize("changes", [{"kind": "blackboard"}, {"token-file": "/nonexistent"}, {"base-url": "ftp://x.example"}, {"deployment": "unknown"}],
                         ids=lambda c: next(iter(c)))
def test_source_set_refuses(installed, changes):
    token = installed.folder / "token"
    token.write_text("t\n")
    values = {"issuer": installed.platform.issuer, "client-id": installed.platform.client_id, "deployment": installed.platform.deployment,
              "kind": "moodle", "base-url": installed.platform.issuer, "token-file": str(token), **changes}
    result = installed.cli("source", "set", *(word for k, v in values.items() for word in (f"--{k}", v)), check=False)
    assert result.status in (1, 2) and result.err.strip()


def test_admin_grant_names_an_unknown_platform(installed):
    result = installed.cli("admin", "grant", "--issuer", "https://nobody.example", "--client-id", "x", "--sub", "1",
                           "--institution", "Northside College", check=False)
    assert result.status == 1 and one_sentence(result.err)


def test_admin_grant_refuses_an_unknown_institution(installed):
    result = installed.cli("admin", "grant", "--issuer", installed.platform.issuer, "--client-id", installed.platform.client_id,
                           "--sub", "1", "--institution", "Nowhere College", check=False)
    assert result.status == 1 and one_sentence(result.err)


# --- badge files


ISSUER = {"key": "n", "name": "N", "url": "https://n.example"}
BADGE = {"key": "b", "name": "B", "description": "D", "rule": {"manual": "seen"}}


def badge_file(**badge):
    return json.dumps({"issuer": ISSUER, "badges": [{**BADGE, **badge}]})


BAD_FILES = {
    "empty": ("", "line 1"), "not-json": ("{", "line"), "array": ("[]", "."), "no-issuer": ('{"badges": []}', "issuer"),
    "duplicate-member": ('{"issuer": {"key": "a", "key": "b", "name": "N", "url": "https://n.example"}, "badges": []}', "key"),
    "bad-key": (badge_file(key="Not A Key"), r"badges\[0\]\.key"),
    "no-name": (badge_file(name=None), r"badges\[0\].*name"),
    "unknown-member": (badge_file(colour="red"), "colour"),
    "rule-missing": (json.dumps({"issuer": ISSUER, "badges": [{k: v for k, v in BADGE.items() if k != "rule"}]}), "rule"),
    "rule-unknown": (badge_file(rule={"grade": 5}), r"badges\[0\]\.rule"),
    "rule-null-threshold": (badge_file(rule={"item": "Quiz", "min_percent": None}), "min_percent"),
    "rule-two-thresholds": (badge_file(rule={"item": "Quiz", "min_percent": 80, "min_points": 5}), "rule"),
    "rule-too-deep": (badge_file(rule=json.loads('{"all": [' * 9 + '{"manual": "x"}' + "]}" * 9)), "rule"),
    "rule-at-least-too-many": (badge_file(rule={"at_least": 3, "of": [{"manual": "x"}]}), "at_least"),
    "rule-loop": (json.dumps({"issuer": ISSUER, "badges": [{**BADGE, "key": "a", "rule": {"badge": "b"}}, {**BADGE, "rule": {"badge": "a"}}]}), "a"),
    "http-url": (json.dumps({"issuer": {**ISSUER, "url": "ftp://n.example"}, "badges": []}), "url"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_badge_file_is_refused_with_its_place(installed, name):
    text, words = BAD_FILES[name]
    path = installed.folder / "bad.json"
    path.write_text(text)
    before = installed.counts()
    result = installed.cli("badge", "import", path, check=False)
    assert result.status == 1
    assert re.search(words, one_sentence(result.err)), result.err
    assert installed.counts() == before


def test_a_badge_file_that_is_not_there(installed):
    result = installed.cli("badge", "import", "/nonexistent.json", check=False)
    assert result.status == 1 and "/nonexistent.json" in one_sentence(result.err)


def test_importing_twice_changes_nothing(installed):
    path = installed.folder / "good.json"
    path.write_text(json.dumps({"issuer": {**ISSUER, "key": "twice"}, "badges": [{**BADGE, "key": "twice"}]}))
    dry = installed.counts()
    command = ["badge", "import", path, "--institution", "Northside College"]
    installed.cli(*command, "--dry-run")
    assert installed.counts() == dry, "a dry run wrote something"
    installed.cli(*command)
    before = installed.counts()
    installed.cli(*command)
    after = installed.counts()
    assert {k: v for k, v in after.items() if "audit" not in k} == {k: v for k, v in before.items() if "audit" not in k}


# --- the reference configuration


def test_the_reference_configuration_has_every_key_and_no_other(installed):
    """conf/laurel.conf, commented keys included, against the table in the program's source."""
    documented = set(re.findall(r"^(?://\s)?([a-z_]+) = ", (laurel.SOURCE / "conf/laurel.conf").read_text(), re.M))
    code = (laurel.SOURCE / "module/conf/conf_config.c").read_text()
    known = set(re.findall(r'\{"([a-z_]+)", KEY_', code))
    assert documented == known


def test_doctor_finds_what_is_wrong(installed):
    """Nothing is served here: the web server's check must fail, the database's must not."""
    result = installed.cli("doctor", check=False)
    assert result.status == 1
    assert re.search("web server|serve|reach", result.out + result.err, re.I)


def test_doctor_says_what_the_nightly_comparison_found(installed):
    found = lambda: [row for row in installed.cli("doctor", "--json", check=False).json()  # noqa: E731
                     if row["check"] == "reconciliation"]
    assert found() == []     # the first night is still to come
    installed.rows("INSERT INTO reconciliation (institution_id, context_id, badge_id, earned_not_awarded, awarded_not_earned, "
                   "unreachable) VALUES (1, 1, 1, 0, 0, 0), (2, 2, 2, 0, 0, 0) RETURNING 1")
    assert [row["level"] for row in found()] == ["ok"]
    installed.rows("UPDATE reconciliation SET earned_not_awarded = 3, awarded_not_earned = 5 * institution_id, unreachable = 7 "
                   "RETURNING 1")
    [row] = found()
    assert row["level"] == "warning" and row["ok"]
    assert re.findall(r"\d+", row["text"]) == ["2", "6", "15", "14"]
    installed.rows("DELETE FROM reconciliation RETURNING 1")
