"""YAML and JSON → resources, each remembering file and line; the only room that reads files."""
