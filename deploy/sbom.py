#!/usr/bin/env python3
"""cargo metadata --locked --format-version 1 | sbom.py: the crates of the image as CycloneDX 1.6, the same text for the same lock."""
import json
import sys

metadata = json.load(sys.stdin)
packages = {package["id"]: package for package in metadata["packages"]}
ours = set(metadata["workspace_members"])
# What ends up in the binaries: reached by normal and build edges, not by those of tests.
reached, todo = set(), [member for member in ours if any("bin" in target["kind"] for target in packages[member]["targets"])]
edges = {node["id"]: node["deps"] for node in metadata["resolve"]["nodes"]}
while todo:
    at = todo.pop()
    if at not in reached:
        reached.add(at)
        todo += [dep["pkg"] for dep in edges[at] if any(kind["kind"] != "dev" for kind in dep["dep_kinds"])]


def component(package):
    purl = f"pkg:cargo/{package['name']}@{package['version']}"
    licence = {"licenses": [{"expression": package["license"].replace("/", " OR ")}]} if package["license"] else {}
    return {"type": "library", "bom-ref": purl, "name": package["name"], "version": package["version"], "purl": purl, **licence}


found = sorted((component(packages[at]) for at in reached), key=lambda of: of["bom-ref"])
version = next(packages[at]["version"] for at in ours if packages[at]["name"] == "xiaoan-cases")
json.dump({
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "metadata": {"component": {"type": "container", "bom-ref": "xiaoan", "name": "xiaoan", "version": version}},
    "components": found,
}, sys.stdout, indent=1)
