namespace Sophia.Operations;

/// <summary>What people type to reach this program: the command in the repository, or the one that was installed.</summary>
public static class SophiaCommand
{
    public static string Name { get; } = Environment.GetEnvironmentVariable("SOPHIA_ROOT") is { Length: > 0 } ? "./sophia" : "sophia";
}
