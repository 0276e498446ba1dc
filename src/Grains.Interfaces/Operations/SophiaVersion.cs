using System.Reflection;

namespace Sophia.Operations;

/// <summary>What version this program is.</summary>
public static class SophiaVersion
{
    /// <summary>The label in which a silo says it to the others.</summary>
    public const string Label = "sophia.version";

    /// <summary>Characters of a commit that tell two builds apart.</summary>
    private const int CommitShown = 8;

    /// <summary>As "1.0.0+3f2a9c1d": number and commit.</summary>
    public static string Current { get; } = Short(typeof(SophiaVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown");

    public static string Short(string informational) =>
        informational.Split('+', 2) is [var number, { Length: > CommitShown } commit] ? $"{number}+{commit[..CommitShown]}" : informational;
}
