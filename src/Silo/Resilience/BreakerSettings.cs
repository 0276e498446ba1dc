using Sophia.Hosting;

namespace Sophia.Resilience;

/// <summary>What the environment says of circuit breakers: SOPHIA_BREAKERS. Every process of a cluster is told the same.</summary>
internal static class BreakerSettings
{
    public const string Variable = "SOPHIA_BREAKERS";

    /// <exception cref="StartRefusedException">Something in it cannot be meant.</exception>
    public static Action<BreakersOptions> Read(Func<string, string?> variable)
    {
        var text = variable(Variable) ?? "";
        try
        {
            BreakerText.Read(text, new BreakersOptions());
        }
        catch (FormatException wrong)
        {
            throw new StartRefusedException($"{Variable}: {wrong.Message}");
        }
        return options => BreakerText.Read(text, options);
    }
}
