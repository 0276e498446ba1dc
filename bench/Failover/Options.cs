using System.Globalization;

namespace Sophia.Bench;

/// <summary>What the measurement is told on the command line.</summary>
/// <param name="Kills">For each setting. Default 20, range 1 to 200.</param>
/// <param name="Settings">Of SOPHIA_MEMBERSHIP. Default shipped and patient.</param>
/// <param name="Within">When to begin no further kill, for each setting. Default 15 minutes.</param>
internal sealed record Options(int Kills, IReadOnlyList<string> Settings, TimeSpan Within)
{
    public const string Usage = "bench failover [--kills 20] [--settings shipped,patient] [--minutes 15]: the Orleans build, PostgreSQL and Redis";

    public static Options? Read(string[] words)
    {
        var (kills, settings, minutes) = (20, (string[])["shipped", "patient"], 15);
        for (var n = 0; n < words.Length; n += 2)
            switch (words[n], words.ElementAtOrDefault(n + 1))
            {
                case ("--kills", { } text) when int.TryParse(text, CultureInfo.InvariantCulture, out kills) && kills is >= 1 and <= 200:
                case ("--minutes", { } time) when int.TryParse(time, CultureInfo.InvariantCulture, out minutes) && minutes is >= 1 and <= 120:
                    break;
                case ("--settings", { } names):
                    settings = names.Split(',');
                    break;
                default:
                    return null;
            }
        return settings.All(name => name is "shipped" or "patient") ? new Options(kills, settings, TimeSpan.FromMinutes(minutes)) : null;
    }
}
