"""Reading what people may have edited: every fault is a finding, never an exception."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

__all__ = ["checked", "record"]


def record(root: Path, path: Path, schema: str) -> tuple[dict[str, Any] | None, list[str]]:
    """A JSON record in its one form: sorted keys, two spaces, a line feed at the end."""
    label = path.relative_to(root).as_posix()
    try:
        text = path.read_bytes().decode("utf-8")
        content = json.loads(text)
    except FileNotFoundError:
        return None, [f"{label} is missing"]
    except (ValueError, RecursionError) as error:
        return None, [f"{label} was edited: it is no JSON: {error}"]
    content, findings = checked(root, content, schema, label)
    if content is None:
        return None, findings
    if json.dumps(content, sort_keys=True, indent=2, ensure_ascii=False) + "\n" != text:
        findings.append(f"{label} was edited: it is not laid out as it was written")
    return content, findings


def checked(
    root: Path, content: object, schema: str, label: str
) -> tuple[dict[str, Any] | None, list[str]]:
    """The content, where it is as `evidence/SCHEMA` of the checkout says."""
    try:
        validator = Draft202012Validator(json.loads((root / "evidence" / schema).read_bytes()))
    except FileNotFoundError:
        return None, [f"evidence/{schema} is missing"]
    except (ValueError, RecursionError) as error:
        return None, [f"evidence/{schema} is no JSON: {error}"]
    wrong = sorted(
        f"{error.json_path}: {error.message}" for error in validator.iter_errors(content)
    )
    if wrong or not isinstance(content, dict):
        return None, [f"{label} is not as evidence/{schema} says: " + "; ".join(wrong)]
    return content, []
