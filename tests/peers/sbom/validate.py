"""Judges documents by the validators of SPDX and of CycloneDX.

Takes files, and prints one line for each thing that is wrong. Ends with 1 where
there is one. What ends in `.cdx.json` is CycloneDX, what ends in `.spdx.json`
SPDX.
"""

import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from spdx_tools.spdx.parser.error import SPDXParsingError
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document


def cyclonedx(path):
    with open(path, encoding="utf-8") as file:
        error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(file.read())
    return [] if error is None else [str(error)]


def spdx(path):
    try:
        document = parse_file(path)
    except SPDXParsingError as error:
        return error.get_messages()
    return [
        f"{message.validation_message} ({message.context.spdx_id})"
        for message in validate_full_spdx_document(document, "SPDX-2.3")
    ]


def main():
    wrong = 0
    for path in sys.argv[1:]:
        for line in cyclonedx(path) if path.endswith(".cdx.json") else spdx(path):
            print(f"{path}: {line}")
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
