using Sophia.Hosting;

namespace Sophia.Resilience;

/// <summary>What the environment says of circuit breakers: SOPHIA_BREAKERS. Every process of a cluster is told the same.</summary>
internal static class BreakerSettings
{
    public const string Variable = "SOPHIA_BREAKERS";

    /// <summary>What breakers guard, beside sources: one of another name would never be asked.</summary>
    public static readonly IReadOnlyList<string> Dependencies = [PolicyNames.Model, PolicyNames.Embedding, PolicyNames.SecondEmbedding, PolicyNames.Index];

    /// <exception cref="StartRefusedException">Something in it cannot be meant.</exception>
    public static Action<BreakersOptions> Read(Func<string, string?> variable)
    {
        var text = variable(Variable) ?? "";
        var read = new BreakersOptions();
        try
        {
            BreakerText.Read(text, read);
        }
        catch (FormatException wrong)
        {
            throw new StartRefusedException($"{Variable}: {wrong.Message}");
        }
        foreach (var dependency in read.Dependencies.Keys)
            if (!Dependencies.Contains(dependency) && !dependency.StartsWith(PolicyNames.Source, StringComparison.Ordinal) && !HandedBreakers.IsName(dependency))
                throw new StartRefusedException($"{Variable}: no breaker guards \"{dependency}\"; they guard {string.Join(", ", Dependencies)}, {PolicyNames.Source}NAME of a source and {HandedBreakers.Prefix}NAME of a program's own, and * is each that is not named.");
        return options => BreakerText.Read(text, options);
    }
}
