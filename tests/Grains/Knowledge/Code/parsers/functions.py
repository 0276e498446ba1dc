"""Reads paths from standard input; prints for each, as JSON, [path, [[name, first line, last line], ...]] of all functions, or null where Python cannot parse it."""
import ast
import json
import sys
import warnings

warnings.simplefilter("ignore")
for path in sys.stdin.read().splitlines():
    try:
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
        if "\r" in text.replace("\r\n", "") or "\f" in text:
            raise ValueError("lines are counted otherwise")
        found = [
            [node.name, min([node.lineno] + [decorator.lineno for decorator in node.decorator_list]), node.end_lineno]
            for node in ast.walk(ast.parse(text))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        ]
    except (SyntaxError, ValueError, UnicodeDecodeError, RecursionError):
        found = None
    print(json.dumps([path, found]))
