namespace Sophia.Operations;

/// <summary>Judges the variables named SOPHIA_* that a process finds. Pure: what a value must be is asked of whoever reads it.</summary>
internal static class VariableRules
{
    private const string Prefix = "SOPHIA_";

    /// <summary>Nobody has set it: the command itself says by it where it lies.</summary>
    private const string SetByTheCommand = "SOPHIA_ROOT";

    /// <summary>Variables that Sophia does not read, and values that she would refuse; nothing where there are none.</summary>
    /// <param name="found">All variables of the process by name.</param>
    public static IReadOnlyList<DoctorFinding> Judge(IReadOnlyDictionary<string, string> found)
    {
        var ours = found.Where(variable => variable.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)).OrderBy(variable => variable.Key, StringComparer.Ordinal).ToList();
        var findings = ours.Select(variable => Unknown(variable.Key) ?? Invalid(variable.Key, variable.Value, name => found.GetValueOrDefault(name))).OfType<DoctorFinding>().ToList();
        var set = ours.Count(variable => variable.Value.Length > 0 && variable.Key != SetByTheCommand);
        return findings.Count > 0 ? findings : [new("SOPHIA_* variables", FindingState.Ok, set == 0 ? "none is set" : $"{set} set, all known and readable", "They say what differs from the defaults (.env.example).")];
    }

    private static DoctorFinding? Unknown(string name) => KnownVariables.All.ContainsKey(name) ? null
        : new(name, FindingState.Warning, "Sophia reads no variable of this name", "A misspelt one changes nothing, and nobody says so.", Nearest(name) is { } near ? $"Did you mean {near}?" : "Unset it, or see .env.example for the names that there are.");

    private static DoctorFinding? Invalid(string name, string value, Func<string, string?> all)
    {
        if (value.Length == 0 || KnownVariables.Refusal(name, value, all) is not { } refusal)
            return null;
        return new(name, FindingState.Missing, refusal, "Sophia does not start with it.", "Correct it, or unset it for its default.");
    }

    /// <summary>The known name that a misspelt one comes nearest to; null where none is near.</summary>
    public static string? Nearest(string name)
    {
        var written = name.ToUpperInvariant();
        var (best, distance) = KnownVariables.All.Keys.Select(known => (known, NearNames.Distance(written, known))).MinBy(pair => pair.Item2);
        return distance <= Math.Max(2, (best.Length - Prefix.Length) / 3) ? best : null;
    }
}
