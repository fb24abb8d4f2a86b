"""Signing and checking credentials beside OpenSSL alone: bench_credential does all of it."""
import json
import subprocess

import rig

DOCUMENTS = {"bare": "the least a verifier takes", "typical": "as Laurel issues it", "shown": "the same with results and evidence",
             "full": "nearly every member there is"}
OPERATIONS = {"token": ("VC-JWT RS256, sign", 0.85), "sign": ("eddsa-rdfc-2022, sign", 0.4), "check": ("eddsa-rdfc-2022, verify", 0.6)}


def run(seconds, count):
    done = subprocess.run([rig.BUILD / "bench" / "bench_credential", str(seconds), str(count)], capture_output=True, text=True,
                          check=True)
    found = json.loads(done.stdout)
    for one in found["rounds"]:
        for document in DOCUMENTS:
            for operation in OPERATIONS:
                rate = one[document][operation]
                rate["ratio"] = rate["ours"] / rate["alone"]
    return found
