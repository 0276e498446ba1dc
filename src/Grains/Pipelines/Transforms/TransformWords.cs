using Sophia.Operations;

namespace Sophia.Pipelines;

/// <summary>Says what a step does in the words of its definition: "cast amount: number, paid: boolean".</summary>
internal static class TransformWords
{
    /// <summary>The longest text, in UTF-16 units.</summary>
    public const int MaxLength = 120;

    public static string Of(TransformDefinition step)
    {
        var said = $"{step.Kind.ToString().ToLowerInvariant()} {What(step)}".TrimEnd();
        return TextEnd.Clip(said, MaxLength);
    }

    private static string What(TransformDefinition step) => step.Kind switch
    {
        TransformKind.Filter => step.Text,
        TransformKind.Flatten => step.Fields.Count == 0 ? $"\"{step.Text}\"" : $"{Names(step)} by \"{step.Text}\"",
        TransformKind.Select or TransformKind.Split => Names(step),
        TransformKind.Mask => string.Join(", ", step.Fields.Select(field => $"{field.Name}: {(field.Value == "keep" ? $"keep last {field.Argument}" : field.Value)}")),
        _ => string.Join(", ", step.Fields.Select(field => $"{field.Name}: {field.Value}")),
    };

    private static string Names(TransformDefinition step) => string.Join(", ", step.Fields.Select(field => field.Name));
}
