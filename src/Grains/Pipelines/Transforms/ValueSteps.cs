using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sophia.Quality;

namespace Sophia.Pipelines;

/// <summary>Computes fields from others. What cannot be computed, because a value is missing or is none of its kind, is null.</summary>
internal sealed class DeriveStep(TransformDefinition definition) : TransformStep(definition)
{
    private readonly (string Name, RuleExpression Expression)[] made = [.. definition.Fields.Select(field => (field.Name, RuleExpression.Parse(field.Value)))];

    public override bool Do(TransformRow row, TransformNotes notes)
    {
        foreach (var (name, expression) in made)
            row.Put(name, TransformJson.Of(Asked(expression, row, notes)));
        return true;
    }

    public static ExpressionValue Asked(RuleExpression expression, TransformRow row, TransformNotes notes)
    {
        var values = new ExpressionValue[expression.Fields.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = row.ValueOf(expression.Fields[i]);
        return expression.Evaluate(values, notes.Now);
    }
}

/// <summary>Lets records pass of which the condition is true. One that a missing value leaves open is not true.</summary>
internal sealed class FilterStep(TransformDefinition definition) : TransformStep(definition)
{
    private readonly RuleExpression condition = RuleExpression.Parse(definition.Text);

    public override bool Do(TransformRow row, TransformNotes notes) => DeriveStep.Asked(condition, row, notes).Truth == true;
}

/// <summary>Hides values: "hash" writes an HMAC-SHA-256 under the tenant's key in lower hex, so that equal values stay equal; "redact" writes ***; "keep" leaves the last n characters.</summary>
internal sealed class MaskStep(TransformDefinition definition, Func<byte[]> key) : TransformStep(definition)
{
    public const string Redacted = "***";

    /// <summary>What the tenant's key for hashed values is derived for.</summary>
    public static string Purpose(Tenants.TenantId tenant) => $"mask/{tenant.Value}";

    private readonly Lazy<byte[]> secret = new(key);

    public override bool Do(TransformRow row, TransformNotes notes)
    {
        foreach (var field in Definition.Fields)
        {
            var index = row.Find(field.Name);
            if (index >= 0 && TransformJson.TokenOf(row.JsonAt(index).Span) != JsonTokenType.Null)
                row.Set(index, TransformJson.Text(Masked(TransformJson.Shown(row.JsonAt(index).Span), field)));
        }
        return true;
    }

    private string Masked(string text, TransformField field) => field.Value switch
    {
        "hash" => Convert.ToHexStringLower(HMACSHA256.HashData(secret.Value, Encoding.UTF8.GetBytes(text))),
        "keep" => Kept(text, int.Parse(field.Argument, System.Globalization.CultureInfo.InvariantCulture)),
        _ => Redacted,
    };

    // A text that is no longer than what may stay would stay whole.
    private static string Kept(string text, int last)
    {
        if (text.Length <= last)
            return Redacted;
        var from = text.Length - last;
        return Redacted + text[(char.IsLowSurrogate(text[from]) ? from + 1 : from)..];
    }
}
