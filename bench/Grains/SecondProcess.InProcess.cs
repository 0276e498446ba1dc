namespace Sophia.Bench;

/// <summary>InProcess is one process.</summary>
internal static class SecondProcess
{
    public static Task<bool> IsMe(string[] args) => Task.FromResult(false);

    public static Task<SecondSilo?> Start() => Task.FromResult<SecondSilo?>(null);
}
