using System.Text;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Sophia.Pipelines;

/// <summary>Turns YAML or JSON into a tree, within <see cref="DefinitionLimits"/>. A text whose first sign is a brace is JSON.</summary>
/// <remarks>Aliases repeat a node that is already built, so they cost nothing to read; what they would unfold to is counted and refused.</remarks>
internal static class DefinitionText
{
    /// <exception cref="DefinitionTextException">No YAML or JSON, or too large.</exception>
    public static DefinitionNode Parse(string text)
    {
        if (text.Length > DefinitionLimits.MaxCharacters)
            throw new DefinitionTextException(1, $"expected at most {DefinitionLimits.MaxCharacters / 1024} KB of text, found {text.Length / 1024} KB");
        return text.AsSpan().TrimStart("\uFEFF \t\r\n").StartsWith("{") ? new JsonTree(text).Parse() : new YamlTree(text).Parse();
    }

    private static DefinitionTextException TooDeep(int line) => new(line, $"expected at most {DefinitionLimits.MaxDepth} levels of nesting");

    private static DefinitionTextException TooMany(int line) =>
        new(line, $"expected at most {DefinitionLimits.MaxNodes} values once every alias is unfolded");

    /// <exception cref="DefinitionTextException">It is no text that every store can hold.</exception>
    private static string Held(string text, int line) => text.Contains('\0') ? throw new DefinitionTextException(line, "expected text without the character U+0000")
        : !Whole(text) ? throw new DefinitionTextException(line, "expected text of whole characters, found half of one") : text;

    private static bool Whole(string text)
    {
        for (var at = 0; at < text.Length; at++)
            if (char.IsSurrogate(text[at]) && !(at + 1 < text.Length && char.IsSurrogatePair(text[at], text[++at])))
                return false;
        return true;
    }

    private static void AddOnce(List<DefinitionEntry> entries, DefinitionEntry entry)
    {
        foreach (var known in entries)
            if (known.Key == entry.Key)
                throw new DefinitionTextException(entry.Line, $"expected each key once, found \"{entry.Key}\" again (first on line {known.Line})");
        entries.Add(entry);
    }

    private sealed class YamlTree(string text)
    {
        private readonly Dictionary<string, (DefinitionNode Node, int Weight)> anchors = new(StringComparer.Ordinal);
        private readonly Parser parser = new(new Scanner(new StringReader(text), skipComments: true));

        public DefinitionNode Parse()
        {
            try
            {
                parser.Consume<StreamStart>();
                if (parser.Accept<StreamEnd>(out _))
                    throw new DefinitionTextException(1, "expected a mapping, found nothing");
                parser.Consume<DocumentStart>();
                var root = Node(0, out _);
                parser.Consume<DocumentEnd>();
                if (parser.Current is DocumentStart second)
                    throw new DefinitionTextException((int)second.Start.Line, "expected one document, found a second one");
                return root;
            }
            catch (YamlException wrong)
            {
                throw new DefinitionTextException((int)Math.Max(1, wrong.Start.Line), $"expected YAML: {Innermost(wrong)}");
            }
        }

        private DefinitionNode Node(int depth, out int weight)
        {
            var line = (int)parser.Current!.Start.Line;
            if (depth > DefinitionLimits.MaxDepth)
                throw TooDeep(line);
            if (parser.TryConsume<AnchorAlias>(out var alias))
            {
                if (!anchors.TryGetValue(alias.Value.Value, out var known))
                    throw new DefinitionTextException(line, $"expected an anchor that is complete, found *{alias.Value.Value}");
                weight = known.Weight;
                return known.Node;
            }
            var anchor = parser.Current is NodeEvent { Anchor.IsEmpty: false } named ? named.Anchor.Value : null;
            DefinitionNode node = parser.Current switch
            {
                Scalar => ScalarNode(out weight),
                SequenceStart => SequenceNode(depth, out weight),
                _ => MappingNode(depth, out weight),
            };
            if (weight > DefinitionLimits.MaxNodes)
                throw TooMany(line);
            if (anchor is not null)
                anchors[anchor] = (node, weight);
            return node;
        }

        private DefinitionNode.Scalar ScalarNode(out int weight)
        {
            var scalar = parser.Consume<Scalar>();
            weight = 1;
            return new DefinitionNode.Scalar(Held(scalar.Value, (int)scalar.Start.Line), scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any), (int)scalar.Start.Line);
        }

        private DefinitionNode.Sequence SequenceNode(int depth, out int weight)
        {
            var start = parser.Consume<SequenceStart>();
            var items = new List<DefinitionNode>();
            weight = 1;
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                items.Add(Node(depth + 1, out var more));
                weight = Sum(weight, more, (int)start.Start.Line);
            }
            return new DefinitionNode.Sequence(items, (int)start.Start.Line);
        }

        private DefinitionNode.Mapping MappingNode(int depth, out int weight)
        {
            var start = parser.Consume<MappingStart>();
            var entries = new List<DefinitionEntry>();
            weight = 1;
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var key = parser.Consume<Scalar>();
                var value = Node(depth + 1, out var more);
                AddOnce(entries, new DefinitionEntry(Held(key.Value, (int)key.Start.Line), (int)key.Start.Line, value));
                weight = Sum(weight, more, (int)key.Start.Line);
            }
            return new DefinitionNode.Mapping(entries, (int)start.Start.Line);
        }

        private static int Sum(int weight, int more, int line) =>
            weight + more <= DefinitionLimits.MaxNodes ? weight + more : throw TooMany(line);

        private static string Innermost(Exception wrong)
        {
            while (wrong.InnerException is { } inner)
                wrong = inner;
            return wrong.Message;
        }
    }

    private sealed class JsonTree
    {
        private readonly byte[] utf8;
        private int counted;
        private int line = 1;
        private int nodes;

        public JsonTree(string text) => utf8 = Encoding.UTF8.GetBytes(text.TrimStart('\uFEFF'));

        public DefinitionNode Parse()
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = DefinitionLimits.MaxDepth + 1, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            try
            {
                reader.Read();
                var root = Node(ref reader);
                reader.Read();
                return root;
            }
            catch (JsonException wrong)
            {
                throw new DefinitionTextException((int)(wrong.LineNumber ?? 0) + 1, $"expected JSON: {wrong.Message.Split(" LineNumber")[0]}");
            }
        }

        private DefinitionNode Node(ref Utf8JsonReader reader)
        {
            if (++nodes > DefinitionLimits.MaxNodes)
                throw TooMany(LineOf(reader.TokenStartIndex));
            var at = LineOf(reader.TokenStartIndex);
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    var entries = new List<DefinitionEntry>();
                    while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                    {
                        var keyLine = LineOf(reader.TokenStartIndex);
                        var key = Held(TextOf(ref reader, keyLine), keyLine);
                        reader.Read();
                        AddOnce(entries, new DefinitionEntry(key, keyLine, Node(ref reader)));
                    }
                    return new DefinitionNode.Mapping(entries, at);
                case JsonTokenType.StartArray:
                    var items = new List<DefinitionNode>();
                    while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                        items.Add(Node(ref reader));
                    return new DefinitionNode.Sequence(items, at);
                case JsonTokenType.String:
                    return new DefinitionNode.Scalar(Held(TextOf(ref reader, at), at), true, at);
                default:
                    return new DefinitionNode.Scalar(Encoding.UTF8.GetString(reader.ValueSpan), false, at);
            }
        }

        private static string TextOf(ref Utf8JsonReader reader, int line)
        {
            try
            {
                return reader.GetString()!;
            }
            catch (InvalidOperationException)
            {
                throw new DefinitionTextException(line, "expected text of whole characters, found half of one");
            }
        }

        // Tokens come in order, so each line break is counted once.
        private int LineOf(long offset)
        {
            line += utf8.AsSpan(counted, (int)offset - counted).Count((byte)'\n');
            counted = (int)offset;
            return line;
        }
    }
}
