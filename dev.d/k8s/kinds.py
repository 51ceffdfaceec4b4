#!/usr/bin/env python3
"""kinds.py OUT SWAGGER.json FOLDER…: strict JSON schemas for kubeconform, one file per kind: those of Kubernetes from its OpenAPI
file, those of others from the CustomResourceDefinitions in the folders. A field that nobody knows is an error."""
import json
import sys
from pathlib import Path

import yaml

# YAML 1.1 has a value "=", which PyYAML reads as a tag of its own; definitions of operators say it as a word.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
LOADER.add_constructor("tag:yaml.org,2002:value", LOADER.construct_yaml_str)
LOOSE = {"oneOf": [{"type": "string"}, {"type": "integer"}]}


def strict(node, refs="_definitions.json#/definitions/"):
    if isinstance(node, list):
        return [strict(one, refs) for one in node]
    if not isinstance(node, dict):
        return node
    if node.get("format") == "int-or-string" or node.get("x-kubernetes-int-or-string") is True:
        return LOOSE
    out = {key: strict(value, refs) for key, value in node.items() if key != "format"}
    if isinstance(node.get("$ref"), str):
        out["$ref"] = refs + node["$ref"].rsplit("/", 1)[-1]
    known = isinstance(node.get("properties"), dict)
    if known and "additionalProperties" not in node and node.get("x-kubernetes-preserve-unknown-fields") is not True:
        out["additionalProperties"] = False
    if known:
        required = set(node.get("required", []) if isinstance(node.get("required"), list) else [])
        # A field that may be left out may be null.
        for key, value in out["properties"].items():
            if key not in required and isinstance(value, dict) and isinstance(value.get("type"), str):
                value["type"] = [value["type"], "null"]
    return out


def name_of(group, version, kind):
    """As kubeconform calls it: {{.ResourceKind}}{{.KindSuffix}}."""
    return "-".join([kind.lower()] + ([group.split(".")[0]] if group else []) + [version]) + ".json"


def kubernetes(swagger, out):
    definitions = {}
    for name, definition in json.loads(swagger.read_text())["definitions"].items():
        definition = strict(definition)
        if name.endswith("api.resource.Quantity"):
            definition = {"oneOf": [{"type": "string"}, {"type": "number"}]}
        elif name.endswith("IntOrString"):
            definition = LOOSE
        kinds = definition.get("x-kubernetes-group-version-kind", [])
        if len(kinds) == 1:
            group, version, kind = (kinds[0][key] for key in ("group", "version", "kind"))
            for key, value in (("kind", kind), ("apiVersion", f"{group}/{version}" if group else version)):
                if key in definition.get("properties", {}):
                    definition["properties"][key] = {"const": value}
            write(out / name_of(group, version, kind), {"$ref": f"_definitions.json#/definitions/{name}"})
        definitions[name] = definition
    write(out / "_definitions.json", {"definitions": definitions})


def custom(folder, out):
    found = 0
    for file in sorted(folder.glob("*.yaml")):
        for crd in yaml.load_all(file.read_text(), LOADER):
            if not crd or crd.get("kind") != "CustomResourceDefinition":
                continue
            spec = crd["spec"]
            for version in spec["versions"]:
                schema = strict(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = {"type": "object"}
                write(out / name_of(spec["group"], version["name"], spec["names"]["kind"]), schema)
                found += 1
    if not found:
        sys.exit(f"no CustomResourceDefinition in {folder}")


def write(file, schema):
    file.write_text(json.dumps(schema))


def main():
    out = Path(sys.argv[1])
    out.mkdir(parents=True)
    kubernetes(Path(sys.argv[2]), out)
    for folder in sys.argv[3:]:
        custom(Path(folder), out)


if __name__ == "__main__":
    main()
