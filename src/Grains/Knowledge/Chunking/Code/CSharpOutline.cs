using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Sophia.Knowledge;

/// <summary>C# by its own parser, syntax alone: methods, constructors, operators and properties with bodies are units; comments and attributes above them are theirs.</summary>
internal static class CSharpOutline
{
    /// <summary>Types within types that are followed; what lies deeper is part of the type around it.</summary>
    private const int MaxDepth = 64;

    private static readonly CSharpParseOptions Options = new(LanguageVersion.Preview, DocumentationMode.None);

    public static CodeOutline Of(string text)
    {
        var root = CSharpSyntaxTree.ParseText(text, Options).GetCompilationUnitRoot();
        var tiles = new CodeTiles(text);
        Members(root.Members, "", 0, tiles);
        return new CodeOutline(tiles.Finish(""), _ => Borders(root));
    }

    private static void Members(SyntaxList<MemberDeclarationSyntax> members, string scope, int depth, CodeTiles tiles)
    {
        for (var i = 0; i < members.Count; i++)
            if (members[i] is GlobalStatementSyntax)
                i = Statements(members, i, scope, tiles);
            else
                Member(members[i], scope, depth, tiles);
    }

    private static void Member(MemberDeclarationSyntax member, string scope, int depth, CodeTiles tiles)
    {
        switch (member)
        {
            case BaseNamespaceDeclarationSyntax space when depth < MaxDepth:
                Members(space.Members, Joined(scope, space.Name.ToString()), depth + 1, tiles);
                tiles.Close(space.FullSpan.End, Joined(scope, space.Name.ToString()));
                break;
            case TypeDeclarationSyntax type when depth < MaxDepth:
                Type(type, scope, depth, tiles);
                break;
            case EnumDeclarationSyntax or DelegateDeclarationSyntax:
                tiles.Close(member.FullSpan.Start, scope);
                tiles.Close(member.FullSpan.End, Joined(scope, member is EnumDeclarationSyntax named ? named.Identifier.Text : ((DelegateDeclarationSyntax)member).Identifier.Text));
                break;
            case var _ when Signature(member) is { } signature:
                tiles.Function(member.FullSpan.Start, member.FullSpan.End, scope, signature);
                break;
        }
    }

    private static void Type(TypeDeclarationSyntax type, string scope, int depth, CodeTiles tiles)
    {
        var inner = type.Identifier.Text.Length > 0 ? Joined(scope, type.Identifier.Text + type.TypeParameterList) : scope;
        if (type.Parent is TypeDeclarationSyntax || Precedes(type))
            tiles.Close(type.FullSpan.Start, scope);
        Members(type.Members, inner, depth + 1, tiles);
        tiles.Close(type.FullSpan.End, inner);
    }

    // What stands above the first type of a file (imports, the namespace) goes with the type's head.
    private static bool Precedes(TypeDeclarationSyntax type) => type.Parent is not (CompilationUnitSyntax or BaseNamespaceDeclarationSyntax) || type.Parent.ChildNodes().First(node => node is MemberDeclarationSyntax) != type;

    private static int Statements(SyntaxList<MemberDeclarationSyntax> members, int from, string scope, CodeTiles tiles)
    {
        tiles.Close(members[from].FullSpan.Start, scope);
        for (var i = from; ; i++)
        {
            var here = (GlobalStatementSyntax)members[i];
            if (here.Statement is LocalFunctionStatementSyntax local)
                tiles.Function(here.FullSpan.Start, here.FullSpan.End, scope, local.Identifier.Text + local.TypeParameterList + Parameters(local.ParameterList));
            if (i + 1 < members.Count && members[i + 1] is GlobalStatementSyntax)
                continue;
            tiles.Close(here.FullSpan.End, scope);
            return i;
        }
    }

    private static string? Signature(MemberDeclarationSyntax member) => member switch
    {
        MethodDeclarationSyntax method => CodeSignature.Of($"{method.ExplicitInterfaceSpecifier}{method.Identifier.Text}{method.TypeParameterList}{Parameters(method.ParameterList)}"),
        ConstructorDeclarationSyntax constructor => CodeSignature.Of(constructor.Identifier.Text + Parameters(constructor.ParameterList)),
        DestructorDeclarationSyntax destructor => $"~{destructor.Identifier.Text}()",
        OperatorDeclarationSyntax op => CodeSignature.Of($"operator {op.OperatorToken.Text}{Parameters(op.ParameterList)}"),
        ConversionOperatorDeclarationSyntax conversion => CodeSignature.Of($"operator {conversion.Type}{Parameters(conversion.ParameterList)}"),
        PropertyDeclarationSyntax property when HasBody(property, property.ExpressionBody) => CodeSignature.Of($"{property.ExplicitInterfaceSpecifier}{property.Identifier.Text}"),
        IndexerDeclarationSyntax indexer when HasBody(indexer, indexer.ExpressionBody) => CodeSignature.Of($"this{Parameters(indexer.ParameterList)}"),
        EventDeclarationSyntax @event => CodeSignature.Of(@event.Identifier.Text),
        _ => null,
    };

    private static bool HasBody(BasePropertyDeclarationSyntax property, ArrowExpressionClauseSyntax? arrow) =>
        arrow is not null || property.AccessorList is { } list && list.Accessors.Any(accessor => accessor.Body is not null || accessor.ExpressionBody is not null);

    private static string Parameters(BaseParameterListSyntax parameters)
    {
        var types = string.Join(", ", parameters.Parameters.Select(parameter => parameter.Type?.ToString() ?? parameter.Identifier.Text));
        return parameters is BracketedParameterListSyntax ? $"[{types}]" : $"({types})";
    }

    private static string Joined(string scope, string name) => scope.Length == 0 ? CodeSignature.Of(name) : CodeSignature.Of($"{scope}.{name}");

    private static IReadOnlyList<CodeBorder> Borders(SyntaxNode root) =>
        [.. root.DescendantNodes().Where(Starts).Select(node => new CodeBorder(node.FullSpan.Start, node.Ancestors().Take(CodeBorder.MaxDepth).Count())).OrderBy(border => border.At)];

    private static bool Starts(SyntaxNode node) => node switch
    {
        BlockSyntax block => block.Parent is BlockSyntax,
        StatementSyntax or MemberDeclarationSyntax or SwitchSectionSyntax or SwitchExpressionArmSyntax or AccessorDeclarationSyntax or EnumMemberDeclarationSyntax => true,
        ExpressionSyntax => node.Parent is InitializerExpressionSyntax,
        CollectionElementSyntax => true,
        _ => false,
    };
}
