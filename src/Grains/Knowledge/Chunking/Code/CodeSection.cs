using System.Globalization;

namespace Sophia.Knowledge;

/// <summary>What a chunk of code is called: the names in it and its place, <c>src/Log/LogGrain.cs:10-42 · Sophia.Log.LogGrain.Append(LogEntry)</c>. The place comes first, so that a view that shortens keeps it.</summary>
internal static class CodeSection
{
    private const string AfterPlace = " · ";

    public static string Of(IReadOnlyList<CodeUnit> units, string path, int firstLine, int lastLine)
    {
        var names = Names(units);
        var place = path + ":" + firstLine.ToString(CultureInfo.InvariantCulture) + (firstLine == lastLine ? "" : "-" + lastLine.ToString(CultureInfo.InvariantCulture));
        if (names.Length > CodeChunker.MaxSectionLength)
            names = names[..(CodeChunker.MaxSectionLength - 1)].TrimEnd() + "…";
        return names.Length == 0 ? place : place + AfterPlace + names;
    }

    /// <summary>A section without its line numbers, which are nobody's words.</summary>
    public static string Words(string section)
    {
        var end = section.IndexOf(AfterPlace, StringComparison.Ordinal) is >= 0 and var found ? found : section.Length;
        return section[..end].LastIndexOf(':') is >= 0 and var colon ? section.Remove(colon, end - colon) : section;
    }

    /// <summary>Whether one scope is, or lies in, the other.</summary>
    public static bool AreRelated(string a, string b) =>
        a.Length == 0 || b.Length == 0 || a == b || a.StartsWith(b + ".", StringComparison.Ordinal) || b.StartsWith(a + ".", StringComparison.Ordinal);

    private static string Names(IReadOnlyList<CodeUnit> units)
    {
        var scope = units.MaxBy(unit => unit.Scope.Length).Scope;
        var signatures = units.Where(unit => unit.Signature is not null).Select(unit => unit.Signature!).Distinct(StringComparer.Ordinal).ToList();
        return signatures.Count switch
        {
            0 => scope,
            1 => units.First(unit => unit.Signature is not null).Name,
            _ => scope.Length == 0 ? string.Join(", ", signatures) : $"{scope}: {string.Join(", ", signatures)}",
        };
    }
}
