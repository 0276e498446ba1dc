using System.Globalization;
using System.Text.RegularExpressions;
using Sophia.Commands;
using Sophia.Hosting;

namespace Sophia.Resilience;

/// <summary>What the environment says of limits: SOPHIA_LIMITS, a list like api=1000/s+2000,api-key=100/s, each a rate a second, a minute or an hour and perhaps a burst (default: what flows in a second, one at least).</summary>
internal static partial class LimitSettings
{
    /// <summary>What can be limited so.</summary>
    private static readonly string[] Known = ["api", "api-key"];

    /// <exception cref="StartRefusedException">The value cannot be meant.</exception>
    public static void Read(LimitsOptions options, Func<string, string?> variable)
    {
        foreach (var text in Settings.List(variable("SOPHIA_LIMITS")))
        {
            var limit = Limit().Match(text);
            if (!limit.Success || !Known.Contains(limit.Groups["name"].Value) || Number(limit.Groups["rate"]) == 0)
                throw new StartRefusedException($"\"{text}\" is no limit: SOPHIA_LIMITS is a list like api=1000/s+2000,api-key=100/s, with s, min or h.");
            var rate = Number(limit.Groups["rate"]) / limit.Groups["unit"].Value switch { "s" => 1, "min" => 60, _ => 3_600 };
            var policy = new QuotaPolicy(rate, limit.Groups["burst"].Success ? Number(limit.Groups["burst"]) : Math.Max(1, rate));
            if (policy.Burst is < 1 or > 1e9 || rate > 1e9)
                throw new StartRefusedException($"\"{text}\": a burst is 1 to 1,000,000,000, and so is a rate at most.");
            options.Resources[limit.Groups["name"].Value] = policy;
        }
    }

    private static double Number(Group group) => double.Parse(group.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<name>[a-z-]+)=(?<rate>\d{1,10})/(?<unit>s|min|h)(\+(?<burst>\d{1,10}))?$", RegexOptions.None, 1000)]
    private static partial Regex Limit();
}
