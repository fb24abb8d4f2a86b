"""Credentials between our code and other people's: credential_pipe (ours, in C) and js/verify.js (@digitalbazaar's
eddsa-rdfc-2022 cryptosuite, jsonld.js, rdf-canonize; pinned in js/package-lock.json, installed by tests/run.sh)."""
import base64
import json
import pathlib
import shutil
import subprocess
import sys

from . import laurel, openbadges

JS = pathlib.Path(__file__).parent / "js"


def is_there():
    """Whether both can run; says loudly when not."""
    missing = ("node is not installed" if shutil.which("node") is None else
               f"{JS}/node_modules is absent: `npm ci --ignore-scripts` there" if not (JS / "node_modules/jsonld").is_dir() else "")
    if missing:
        print(f"\n{'*' * 64}\nNOT RUN: @digitalbazaar's verifier: {missing}\n{'*' * 64}\n", file=sys.stderr)
    return not missing and openbadges.is_there()


class Pipe:
    """An issuer with keys of its own: signs with Laurel's code, and verifies as `laurel verify` does."""

    def __init__(self):
        self.process = subprocess.Popen([str(laurel.program().parent / "tests/credential_pipe")], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        hello = json.loads(self.process.stdout.readline())
        self.did, self.rsa, self.kid = hello["did"], hello["rsa"], hello["kid"]
        self.did_url = "https://badges.example.edu/issuers/" + self.did["id"].split(":")[-1] + "/did.json"

    def ask(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def sign(self, credential):
        """The credential with its proof, its token, and its N-Quads; or {"error"}."""
        made = self.ask({"sign": credential})
        return made if "error" in made else {**made, "secured": {**credential, "proof": [made["proof"]]}}

    def verify(self, badge, sources, now="2026-06-01T00:00:00Z"):
        """The report; `badge` is a credential or a token, `sources` what the web holds."""
        text = badge if isinstance(badge, str) else json.dumps(badge)
        return self.ask({"verify": text, "now": now, "sources": {
            url: page if isinstance(page, str) else json.dumps(page) for url, page in sources.items()}})

    def close(self):
        _, complaints = self.process.communicate()
        assert self.process.returncode == 0 and not complaints, complaints[-3000:]


def judge(did, jobs):
    """js/verify.js's answers; a job is {"verify": credential} or {"canonise": document}."""
    done = subprocess.run(["node", str(JS / "verify.js"), str(openbadges.FOLDER / "contexts")], capture_output=True, text=True,
                          input=json.dumps({"did": did, "jobs": jobs}), timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def unpad(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def pad(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
