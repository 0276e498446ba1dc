// Reads paths from standard input; prints for each, as JSON, [path, [[name, start, end], ...]] of all functions with bodies in UTF-16 units, or null where TypeScript finds errors.
import { readFileSync } from "node:fs";
import ts from "typescript";

const kinds = new Set([
    ts.SyntaxKind.FunctionDeclaration, ts.SyntaxKind.FunctionExpression, ts.SyntaxKind.ArrowFunction, ts.SyntaxKind.MethodDeclaration,
    ts.SyntaxKind.Constructor, ts.SyntaxKind.GetAccessor, ts.SyntaxKind.SetAccessor,
]);
for (const path of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
    const source = ts.createSourceFile(path, readFileSync(path, "utf8").replace(/^\uFEFF/, ""), ts.ScriptTarget.Latest, true);
    const found = [];
    const visit = node => {
        if (kinds.has(node.kind) && node.body)
            found.push([node.name?.getText(source) ?? "", node.getStart(source, true), node.end]);
        ts.forEachChild(node, visit);
    };
    visit(source);
    console.log(JSON.stringify([path, source.parseDiagnostics.length ? null : found]));
}
