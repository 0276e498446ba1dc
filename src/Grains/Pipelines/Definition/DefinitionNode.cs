namespace Sophia.Pipelines;

/// <summary>A definition's text as a tree that remembers its lines. YAML and JSON both end here.</summary>
internal abstract record DefinitionNode(int Line)
{
    public sealed record Scalar(string Text, bool Quoted, int Line) : DefinitionNode(Line)
    {
        /// <summary>Nothing was written: an empty value, <c>~</c> or <c>null</c>.</summary>
        public bool IsNull => !Quoted && Text is "" or "~" or "null";

        public override string Shown => Quoted || Text.Length > 0 ? $"\"{(Text.Length <= 60 ? Text : Text[..57] + "...")}\"" : "nothing";
    }

    public sealed record Mapping(IReadOnlyList<DefinitionEntry> Entries, int Line) : DefinitionNode(Line)
    {
        public override string Shown => "a mapping";
    }

    public sealed record Sequence(IReadOnlyList<DefinitionNode> Items, int Line) : DefinitionNode(Line)
    {
        public override string Shown => "a list";
    }

    /// <summary>How an error names it.</summary>
    public abstract string Shown { get; }
}

internal readonly record struct DefinitionEntry(string Key, int Line, DefinitionNode Value);

/// <summary>The text is no YAML or JSON, or is larger or deeper than a definition may be.</summary>
internal sealed class DefinitionTextException(int line, string message) : Exception(message)
{
    public int Line { get; } = line;
}

/// <summary>How large a definition may be; a text past any of these is refused before it costs anything.</summary>
internal static class DefinitionLimits
{
    /// <summary>The longest text, in UTF-16 units. 256 KB.</summary>
    public const int MaxCharacters = 256 * 1024;

    /// <summary>How deep mappings and lists may nest.</summary>
    public const int MaxDepth = 24;

    /// <summary>How many values a definition may hold, those that aliases repeat counted each time.</summary>
    public const int MaxNodes = 20_000;

    /// <summary>How many mistakes are told at once.</summary>
    public const int MaxErrors = 100;
}
