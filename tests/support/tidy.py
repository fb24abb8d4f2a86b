"""clang-tidy over the project's C sources, several at once, remembering beside ccache's memory what was clean before, for
every clone on the machine.

usage: tidy.py BUILD_FOLDER JOBS SECONDS. A source is looked at again when it, a header of ours that it includes, its
command line or .clang-tidy changed. The product comes before its tests; what does not fit the time is named and left for
the next run."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "laurel-tidy"


def ours(path):
    return path.is_relative_to(SOURCE / "module") or path.is_relative_to(SOURCE / "tests")


def command_of(entry):
    return entry.get("arguments") or shlex.split(entry["command"])


def dependencies(entry):
    """The files of ours a source includes, itself first; None when it does not compile."""
    command = command_of(entry)
    if pathlib.Path(command[0]).name == "ccache":
        command = command[1:]
    if "-o" in command:
        at = command.index("-o")
        command = command[:at] + command[at + 2:]
    done = subprocess.run([*command, "-MM", "-MT", "x"], cwd=entry["directory"], capture_output=True, text=True)
    if done.returncode != 0:
        return None
    names = done.stdout.replace("\\\n", " ").split(":", 1)[1].split()
    return sorted({(pathlib.Path(entry["directory"]) / name).resolve() for name in names})


def fingerprint(entry):
    files = dependencies(entry)
    if files is None:
        return None
    digest = hashlib.sha256((SOURCE / ".clang-tidy").read_bytes())
    digest.update(json.dumps(command_of(entry)).replace(str(SOURCE), "").encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def look(entry, folder, deadline):
    """(source, "clean" | "cached" | "late" | what is wrong)"""
    source = pathlib.Path(entry["directory"], entry["file"]).resolve()
    mark = fingerprint(entry)
    if mark and (CACHE / mark).exists():
        return source, "cached"
    if time.monotonic() > deadline:
        return source, "late"
    done = subprocess.run(["clang-tidy", "--quiet", "-p", folder, str(source)], cwd=SOURCE, capture_output=True, text=True)
    if done.returncode != 0:
        return source, done.stdout + "\n".join(l for l in done.stderr.splitlines() if "warnings generated" not in l)
    if mark:
        (CACHE / mark).touch()
    return source, "clean"


def main():
    folder, jobs, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    CACHE.mkdir(parents=True, exist_ok=True)
    entries = {}
    for entry in json.loads((pathlib.Path(folder) / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if ours(path):
            entries.setdefault(path, entry)
    deadline = time.monotonic() + seconds
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        results = list(pool.map(lambda path: look(entries[path], folder, deadline), sorted(entries)))
    wrong = [(source, text) for source, text in results if text not in ("clean", "cached", "late")]
    late = [source for source, text in results if text == "late"]
    for _source, text in wrong:
        print(text)
    known = sum(text == "cached" for _, text in results)
    print(f"{len(results)} sources, {known} clean as before, {len(wrong)} with findings")
    if late:
        print(f"note: clang-tidy ran out of time; {len(late)} sources are left for the next run")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
