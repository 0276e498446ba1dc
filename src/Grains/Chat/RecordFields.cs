using System.Text.Json;
using Sophia.Knowledge;

namespace Sophia.Chat;

/// <summary>What stands beside a cited field of a record: who speaks, and what the field is called.</summary>
internal static class RecordFields
{
    /// <summary>Who says the words of a field: the name that stands beside it in its turn.</summary>
    public static string? Speaker(JsonElement record, string path) =>
        path.LastIndexOf('.') is > 0 and var dot && FieldPath.Text(record, path[..dot] + ".speaker") is { Length: > 0 } name ? name : null;

    /// <summary>A field's name for people: <c>annual_revenue</c> is "annual revenue".</summary>
    public static string Label(string path) => path[(path.LastIndexOf('.') + 1)..].Replace('_', ' ').Replace('-', ' ').Trim();
}
